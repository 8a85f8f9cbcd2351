//! What quantisation does to a model's outputs, counted over runs.

use excite_fixed::calibration::decibels;
use excite_onnx::{Array, Values};
use excite_vitals::statistics::share_interval;

use crate::quantisation::SimulatedOutput;

/// What was counted of all outputs.
#[derive(Clone, Default)]
pub(super) struct Tally {
    outputs: Vec<OutputTally>,
    correct: usize,
}

#[derive(Clone, Default)]
struct OutputTally {
    name: String,
    signal: f64,
    noise: f64,
    /// Whether it has the shape [samples, classes].
    has_classes: bool,
    samples: usize,
    changed: usize,
}

impl Tally {
    /// Adds the outputs of a run beside those in floats.
    pub fn add(&mut self, exact: &[(String, Array)], outputs: &[(String, Array)], labels: Option<&[i64]>) {
        self.outputs.resize(exact.len(), OutputTally::default());
        let first = exact.iter().position(|(_, array)| classes(array).is_some());
        for (index, (((name, exact), (_, output)), tally)) in
            exact.iter().zip(outputs).zip(&mut self.outputs).enumerate()
        {
            let (Values::F32(y), Values::F32(quantised)) = (&exact.values, &output.values) else { continue };
            tally.name.clone_from(name);
            // Masks are infinite by intent.
            for (&y, &quantised) in y.iter().zip(quantised).filter(|(y, _)| y.is_finite()) {
                tally.signal += f64::from(y).powi(2);
                tally.noise += (f64::from(quantised) - f64::from(y)).powi(2);
            }
            let Some(classes) = classes(exact) else { continue };
            tally.has_classes = true;
            for (y, quantised) in y.chunks(classes).zip(quantised.chunks(classes)) {
                tally.changed += usize::from(largest(y) != largest(quantised));
                if Some(index) == first {
                    let label = labels.and_then(|labels| labels.get(tally.samples));
                    self.correct += usize::from(label == Some(&(largest(quantised) as i64)));
                }
                tally.samples += 1;
            }
        }
    }

    /// The samples that have a class.
    pub fn rows(&self) -> usize {
        self.outputs.iter().find(|output| output.has_classes).map_or(0, |output| output.samples)
    }

    /// The share of the labels that are the largest class.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.rows().max(1) as f64
    }

    /// What became of each output.
    pub fn outputs(&self) -> Vec<SimulatedOutput> {
        self.outputs.iter().map(OutputTally::record).collect()
    }

    /// The power of the noise of each output over that of its signal.
    pub fn noise(&self) -> Vec<f64> {
        let ratio = |output: &OutputTally| {
            if output.noise == 0.0 { 0.0 } else { output.noise / output.signal.max(f64::MIN_POSITIVE) }
        };
        self.outputs.iter().map(ratio).collect()
    }

    /// How many samples have another largest class; None without classes.
    pub fn top1_changed(&self) -> Option<u64> {
        self.outputs.iter().find(|output| output.has_classes).map(|output| output.changed as u64)
    }
}

impl OutputTally {
    fn record(&self) -> SimulatedOutput {
        SimulatedOutput {
            name: self.name.clone(),
            signal_to_noise: decibels(self.signal, self.noise),
            top1_changed: self.has_classes.then_some(self.changed as u64),
            samples: self.samples as u64,
            top1_interval: self.has_classes.then(|| share_interval(self.changed as u64, self.samples as u64)),
        }
    }
}

/// The classes of an output of the shape [samples, classes].
fn classes(array: &Array) -> Option<usize> {
    match array.shape[..] {
        [_, classes] if classes > 1 => Some(classes),
        _ => None,
    }
}

/// The place of the largest number; the first of equal ones.
fn largest(row: &[f32]) -> usize {
    let place = row.iter().enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a });
    place.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(shape: &[usize], values: &[f32]) -> Vec<(String, Array)> {
        vec![("y".to_owned(), Array { shape: shape.to_vec(), values: Values::F32(values.to_vec()) })]
    }

    #[test]
    fn changed_classes_and_right_ones_are_counted() {
        let exact = output(&[3, 2], &[1.0, 0.0, 0.0, 2.0, 3.0, 0.0]);
        let other = output(&[3, 2], &[1.0, 0.5, 1.0, 0.5, 3.0, 0.0]);
        let mut tally = Tally::default();
        tally.add(&exact, &other, Some(&[0, 0, 1]));
        let record = tally.outputs[0].record();
        assert_eq!((record.top1_changed, record.samples, tally.accuracy()), (Some(1), 3, 2.0 / 3.0));
        assert!((record.signal_to_noise - 10.0 * (14.0_f64 / 3.5).log10()).abs() < 1e-12);
        let mut pictures = Tally::default();
        pictures.add(&output(&[1, 2, 1], &[1.0, 2.0]), &output(&[1, 2, 1], &[1.0, 2.0]), None);
        assert_eq!((pictures.outputs[0].record().top1_changed, pictures.rows()), (None, 0));
        assert!(pictures.outputs[0].record().signal_to_noise.is_infinite());
    }
}
