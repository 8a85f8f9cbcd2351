//! A matrix of f32, and the products that networks are trained with.
//!
//! Products are those of `matrixmultiply`, through ndarray: on the calling thread, and with the same bits on every machine of one
//! instruction set. Those of [`Sums::InOrder`] have the same bits everywhere.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// A matrix, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) values: Vec<f32>,
    /// At least one.
    pub(crate) columns: usize,
}

impl Matrix {
    pub(crate) fn new(values: Vec<f32>, columns: usize) -> Self {
        debug_assert!(values.len().is_multiple_of(columns), "whole rows");
        Self { values, columns }
    }

    pub(crate) fn row_count(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns)
    }

    /// The sum of each column.
    pub(crate) fn column_sums(&self) -> Vec<f32> {
        let mut sums = vec![0.0; self.columns];
        add_rows(&mut sums, &self.values);
        sums
    }

    pub(crate) fn view(&self) -> ArrayView2<'_, f32> {
        view(&self.values, self.columns)
    }
}

/// How the sums of a product are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sums {
    /// As is fastest on this machine.
    #[default]
    Fastest,
    /// As [`add_product_in_order`] does.
    InOrder,
}

impl Sums {
    /// a · b.
    pub(crate) fn product(self, a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) -> Matrix {
        match self {
            Self::Fastest => product(a, b),
            Self::InOrder => {
                let mut to = vec![0.0; a.nrows() * b.ncols()];
                add_product_in_order(&mut to, a, b);
                Matrix::new(to, b.ncols())
            }
        }
    }

    /// Adds a · b to the matrix `to`.
    pub(crate) fn add_product(self, to: &mut [f32], a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) {
        match self {
            Self::Fastest => add_product(to, a, b),
            Self::InOrder => add_product_in_order(to, a, b),
        }
    }
}

/// Values as a matrix.
pub(crate) fn view(values: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((values.len() / columns, columns), values).expect("whole rows")
}

/// Values as a matrix to write into.
pub(crate) fn view_mut(values: &mut [f32], columns: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((values.len() / columns, columns), values).expect("whole rows")
}

/// Adds each row of the matrix `values` to `sums`.
pub(crate) fn add_rows(sums: &mut [f32], values: &[f32]) {
    values.chunks_exact(sums.len()).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
}

/// a · b.
pub(crate) fn product(a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) -> Matrix {
    let mut to = vec![0.0; a.nrows() * b.ncols()];
    general_mat_mul(1.0, a, b, 0.0, &mut view_mut(&mut to, b.ncols()));
    Matrix::new(to, b.ncols())
}

/// Adds a · b to the matrix `to`.
pub(crate) fn add_product(to: &mut [f32], a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) {
    general_mat_mul(1.0, a, b, 1.0, &mut view_mut(to, b.ncols()));
}

/// Adds a · b to the matrix `to`: each sum in the order of its terms, each product rounded. So its bits are the same on every machine, in a
/// browser too; it is slower than [`add_product`].
pub(crate) fn add_product_in_order(to: &mut [f32], a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) {
    let b = b.as_standard_layout();
    let rows = b.as_slice().expect("standard layout");
    let columns = b.ncols();
    for (a, to) in a.outer_iter().zip(to.chunks_exact_mut(columns)) {
        for (&a, row) in a.iter().zip(rows.chunks_exact(columns)) {
            to.iter_mut().zip(row).for_each(|(to, b)| *to += a * b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition_for_views_of_any_order() {
        let a: Vec<f32> = (0..6_u8).map(f32::from).collect();
        let b: Vec<f32> = (0..12_u8).map(|i| f32::from(i) - 4.0).collect();
        let expected = |i: usize, j: usize| (0..3).map(|k| a[3 * i + k] * b[4 * k + j]).sum::<f32>();
        let product = product(&view(&a, 3), &view(&b, 4));
        assert_eq!((product.row_count(), product.columns), (2, 4));
        for (i, row) in product.rows().enumerate() {
            assert_eq!(row, [0, 1, 2, 3].map(|j| expected(i, j)));
        }
        let a_transposed: Vec<f32> = (0..6).map(|i| a[i % 2 * 3 + i / 2]).collect();
        let mut to = vec![1.0; 8];
        add_product(&mut to, &view(&a_transposed, 2).reversed_axes(), &view(&b, 4));
        assert!(to.iter().zip(&product.values).all(|(sum, product)| *sum == 1.0 + product));
        let mut in_order = vec![1.0; 8];
        add_product_in_order(&mut in_order, &view(&a_transposed, 2).reversed_axes(), &view(&b, 4));
        assert_eq!(in_order, to);
        assert_eq!(product.column_sums(), [0, 1, 2, 3].map(|j| expected(0, j) + expected(1, j)));
    }
}
