//! The loss of a batch, its gradient, and the error that people read.

use crate::data::Targets;

/// A batch against its targets.
pub(crate) struct BatchLoss {
    /// The loss, summed over the samples.
    pub(crate) loss: f64,
    /// Wrong classes, or squared errors, summed over the samples.
    pub(crate) errors: f64,
    /// What each sample adds to the errors.
    pub(crate) each: Vec<f32>,
    /// The gradient of the mean loss by the outputs.
    pub(crate) gradient: Vec<f32>,
}

/// Cross-entropy of the softmax for classes; half the squared error for values. `outputs` holds a row for each of
/// `samples`, the indices of the targets.
pub(crate) fn batch_loss(outputs: &[f32], targets: &Targets, samples: &[usize]) -> BatchLoss {
    weighted_batch_loss(outputs, targets, samples, &[])
}

/// The same with a weight for the samples of each class: in the loss, its gradient and the errors. No weights: 1.
pub(crate) fn weighted_batch_loss(outputs: &[f32], targets: &Targets, samples: &[usize], weights: &[f64]) -> BatchLoss {
    let width = outputs.len() / samples.len();
    let scale = 1.0 / samples.len() as f64;
    let mut total = BatchLoss {
        loss: 0.0,
        errors: 0.0,
        each: Vec::with_capacity(samples.len()),
        gradient: Vec::with_capacity(outputs.len()),
    };
    for (row, &sample) in outputs.chunks(width).zip(samples) {
        match targets {
            Targets::Classes(classes) => {
                let class = classes[sample] as usize;
                total.add_class(row, class, scale, weights.get(class).copied().unwrap_or(1.0));
            }
            Targets::Values(values) => {
                let difference = f64::from(row[0]) - f64::from(values[sample]);
                total.loss += 0.5 * difference * difference;
                total.add_error(difference * difference);
                total.gradient.push((scale * difference) as f32);
            }
        }
    }
    total
}

impl BatchLoss {
    fn add_error(&mut self, error: f64) {
        self.errors += error;
        // JSON has neither infinity nor NaN.
        let error = error as f32;
        self.each.push(if error.is_finite() { error } else { f32::MAX });
    }

    fn add_class(&mut self, row: &[f32], class: usize, scale: f64, weight: f64) {
        // Largest first, so that no power overflows; f32::max would lose a NaN, and with it that the run diverged.
        let top = row.iter().fold(f64::NEG_INFINITY, |top, &z| if f64::from(z) <= top { top } else { f64::from(z) });
        // Of libm, which has the same bits on every machine.
        let powers = row.iter().map(|&z| libm::exp(f64::from(z) - top));
        let sum: f64 = powers.clone().sum();
        self.loss += weight * (libm::log(sum) - (f64::from(row[class]) - top));
        let right = row.iter().enumerate().all(|(other, &z)| other == class || z < row[class]);
        self.add_error(weight * f64::from(u8::from(!right)));
        self.gradient.extend(powers.enumerate().map(|(index, power)| {
            let wanted = f64::from(u8::from(index == class));
            (scale * weight * (power / sum - wanted)) as f32
        }));
    }
}

/// The error that people read, of `samples` samples: the share of wrong classes, or the root mean squared error.
pub(crate) fn error(targets: &Targets, errors: f64, samples: usize) -> f64 {
    let mean = errors / samples as f64;
    match targets {
        Targets::Classes(_) => mean,
        Targets::Values(_) => mean.sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_agree_with_finite_differences() {
        let outputs = [0.5_f32, -1.0, 2.0, 0.25, 0.0, -0.75];
        for (targets, width) in [(Targets::Classes(vec![2, 0]), 3), (Targets::Values(vec![1.0, -2.0]), 1)] {
            let outputs = &outputs[..2 * width];
            let gradient = batch_loss(outputs, &targets, &[0, 1]).gradient;
            for i in 0..outputs.len() {
                let loss = |step: f32| {
                    let mut moved = outputs.to_vec();
                    moved[i] += step;
                    batch_loss(&moved, &targets, &[0, 1]).loss / 2.0
                };
                let quotient = (loss(1.0 / 512.0) - loss(-1.0 / 512.0)) * 256.0;
                assert!((quotient - f64::from(gradient[i])).abs() < 1e-5, "{quotient} {}", gradient[i]);
            }
        }
    }

    #[test]
    fn weights_multiply_what_their_class_adds() {
        let (outputs, targets) = ([0.5_f32, -1.0, 2.0, 0.25], Targets::Classes(vec![0, 0]));
        let of = |weights: &[f64]| weighted_batch_loss(&outputs, &targets, &[0, 1], weights);
        let (plain, weighted) = (of(&[]), of(&[3.0, 100.0]));
        assert!((weighted.loss - 3.0 * plain.loss).abs() < 1e-12);
        assert!(weighted.gradient.iter().zip(&plain.gradient).all(|(a, b)| (a - 3.0 * b).abs() < 1e-6));
        let wrong = weighted_batch_loss(&outputs, &Targets::Classes(vec![1, 0]), &[0, 1], &[3.0, 100.0]);
        assert_eq!(wrong.errors, 100.0);
    }

    #[test]
    fn errors_count_wrong_classes_and_ties() {
        let outputs = [1.0_f32, 0.0, 0.0, 1.0, 0.5, 0.5];
        let targets = Targets::Classes(vec![0, 0, 0]);
        let errors = batch_loss(&outputs, &targets, &[0, 1, 2]).errors;
        assert_eq!(errors, 2.0);
        assert_eq!(error(&targets, errors, 3), 2.0 / 3.0);
        let values = Targets::Values(vec![0.0, 0.0]);
        assert_eq!(error(&values, batch_loss(&[3.0, 4.0], &values, &[0, 1]).errors, 2), 12.5_f64.sqrt());
    }

    #[test]
    fn infinite_and_nan_outputs_give_a_loss_that_is_not_finite() {
        let targets = Targets::Classes(vec![0]);
        for bad in [f32::NAN, f32::INFINITY] {
            assert!(!batch_loss(&[bad, 1.0], &targets, &[0]).loss.is_finite());
            assert!(!batch_loss(&[1.0, bad], &targets, &[0]).loss.is_finite());
        }
        // Large but finite outputs do not overflow.
        assert!(batch_loss(&[3e38, -3e38], &targets, &[0]).loss == 0.0);
    }
}
