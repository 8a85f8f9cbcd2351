//! Batch normalisation as it is in training, without a scale and a shift to learn.

use crate::matrix::Matrix;

/// Added to the variance, as PyTorch's `BatchNorm1d` does.
const EPSILON: f32 = 1e-5;

/// Brings pre-activations to mean 0 and standard deviation 1 over the rows, and gives what each column was divided by; a column that
/// hardly varies becomes smaller.
pub(crate) fn standardise(mut z: Matrix) -> (Matrix, Vec<f32>) {
    let means = column_means(&z);
    let columns = z.columns;
    for row in z.values.chunks_exact_mut(columns) {
        row.iter_mut().zip(&means).for_each(|(z, mean)| *z -= mean);
    }
    let squares = Matrix::new(z.values.iter().map(|z| z * z).collect(), columns);
    let deviations: Vec<f32> = column_means(&squares).into_iter().map(|square| (square + EPSILON).sqrt()).collect();
    for row in z.values.chunks_exact_mut(columns) {
        row.iter_mut().zip(&deviations).for_each(|(z, deviation)| *z /= deviation);
    }
    (z, deviations)
}

/// The gradient by what was standardised to `z`, through the mean and the deviation too, from the gradient by `z`.
pub(crate) fn standardise_backward(z: &Matrix, deviations: &[f32], gradient: &Matrix) -> Matrix {
    let along = gradient.values.iter().zip(&z.values).map(|(gradient, z)| gradient * z).collect();
    let (shift, scale) = (column_means(gradient), column_means(&Matrix::new(along, z.columns)));
    let mut to = Vec::with_capacity(z.values.len());
    for (gradient, z) in gradient.rows().zip(z.rows()) {
        let by_column = shift.iter().zip(&scale).zip(deviations);
        to.extend(
            gradient
                .iter()
                .zip(z)
                .zip(by_column)
                .map(|((gradient, z), ((shift, scale), deviation))| (gradient - shift - z * scale) / deviation),
        );
    }
    Matrix::new(to, z.columns)
}

fn column_means(matrix: &Matrix) -> Vec<f32> {
    let share = (1.0 / matrix.row_count() as f64) as f32;
    matrix.column_sums().into_iter().map(|sum| sum * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let z: Vec<f32> = (0..12).map(|i| (i * 7919 % 101) as f32 / 25.0 - 2.0).collect();
        let gradient: Vec<f32> = (0..12).map(|i| (i * 31 % 17) as f32 / 8.0 - 1.0).collect();
        // Σ gradient · standardised z, whose gradient by the latter is `gradient`.
        let sum = |z: &[f32]| {
            let (standardised, _) = standardise(Matrix::new(z.to_vec(), 3));
            standardised.values.iter().zip(&gradient).map(|(z, g)| f64::from(z * g)).sum::<f64>()
        };
        let (standardised, deviations) = standardise(Matrix::new(z.clone(), 3));
        let back = standardise_backward(&standardised, &deviations, &Matrix::new(gradient.clone(), 3));
        for at in 0..12 {
            let moved = |step: f32| {
                let mut moved = z.clone();
                moved[at] += step;
                sum(&moved)
            };
            let quotient = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((quotient - f64::from(back.values[at])).abs() < 2e-3, "{at}: {quotient} for {}", back.values[at]);
        }
    }
}
