//! Runs a model with its activations quantised, and compares its outputs with those in floats.

use std::path::Path;

use excite_fixed::calibration::{Grid, Method, decibels};
use excite_npy::{Kind, Npy};
use excite_onnx::{Array, Model, Values};

use super::LayerDistribution;
use super::proposals::is_relu;
use crate::quantisation::{QuantisedLayer, SimulatedOutput, Simulation, Width};
use crate::watcher::Steps;
use crate::{Data, Error};

/// A quantisation for each activation of a model.
pub(super) struct Scheme {
    bits: u32,
    name: String,
    /// By the activations' places in the model; None for activations that stay in floats.
    grids: Vec<Option<Grid>>,
}

/// Up to this number of widths all methods are simulated; beyond it only the one with the least error.
const FEW_WIDTHS: usize = 3;

/// The schemes worth simulating: scales with zero points, Q formats, and, where the activation is a ReLU, the formats
/// for the cap.
pub(super) fn schemes(
    model: &Model,
    distributions: &[LayerDistribution],
    layers: &[QuantisedLayer],
    bits: &[u32],
) -> Vec<Scheme> {
    let scheme = |bits: u32, name: String, grid: &dyn Fn(&QuantisedLayer, &Width) -> Option<Grid>| {
        let mut grids = vec![None; model.sites().len()];
        for layer in layers {
            let site = distributions.iter().find(|one| one.name == layer.name).map(|one| one.site);
            let width = layer.widths.iter().find(|width| width.bits == bits);
            if let Some((site, width)) = site.filter(|site| model.replaceable().contains(site)).zip(width) {
                grids[site] = grid(layer, width);
            }
        }
        Scheme { bits, name, grids }
    };
    let are_few = bits.len() <= FEW_WIDTHS;
    let mut schemes = Vec::new();
    for &bits in bits {
        let methods = Method::ALL.into_iter().filter(|method| are_few || *method == Method::Mse);
        for method in methods {
            schemes.push(scheme(bits, format!("scales, {}", method.title()), &|_, width| {
                let range = width.by(method)?;
                Grid::spanning(bits, range.low, range.high).ok()
            }));
        }
        let best = |width: &Width| Some(Grid::from(width.by(Method::Mse)?.fixed.format));
        schemes.push(scheme(bits, "Q formats, MSE".to_owned(), &|_, width| best(width)));
        let effect =
            layers.iter().flat_map(|layer| &layer.widths).find(|width| width.bits == bits && width.cap.is_some());
        if let Some(effect) = effect.and_then(|width| width.cap.as_ref()).filter(|_| are_few) {
            for fixed in [&effect.with, &effect.with_signed] {
                let capped = Some(Grid::from(fixed.format));
                schemes.push(scheme(bits, format!("{} for ReLUs", fixed.format), &|layer, width| {
                    if is_relu(layer.function) { capped } else { best(width) }
                }));
            }
        }
    }
    schemes
}

/// Reads the labels of samples, the index of each one's class, from an .npy file.
///
/// # Errors
/// If it cannot be read, or does not hold a row of whole numbers.
pub fn read_labels(path: &Path) -> Result<Vec<i64>, Error> {
    let wrong = |fault: &str| Error::Labels { path: path.to_owned(), fault: fault.to_owned() };
    let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let npy = Npy::parse(&bytes).map_err(|error| wrong(&error.to_string()))?;
    if npy.element.kind == Kind::Float || npy.shape.iter().filter(|&&size| size != 1).count() > 1 {
        return Err(wrong("they are no row of whole numbers"));
    }
    Ok(npy.bytes.chunks_exact(npy.element.size).map(|bytes| npy.element.integer(bytes)).collect())
}

/// Runs the model on the data in floats and in every scheme. Gives what became of the outputs, and the accuracy in floats.
pub(super) fn simulate(
    model: &Model,
    data: &Data,
    runs: u64,
    schemes: &[Scheme],
    labels: Option<&[i64]>,
    steps: &Steps<'_>,
) -> Result<(Vec<Simulation>, Option<f64>), Error> {
    let mut tallies = vec![Tally::default(); schemes.len()];
    let mut plain = Tally::default();
    data.first_batches(model, steps, runs, |part| {
        let exact = model.run_replacing(part, |_, _| ())?;
        for (scheme, tally) in schemes.iter().zip(&mut tallies) {
            let outputs = model.run_replacing(part, |site, values| {
                if let Some(grid) = &scheme.grids[site] {
                    grid.quantise_in_place(values);
                }
            });
            tally.add(&exact, &outputs?, labels);
        }
        plain.add(&exact, &exact, labels);
        Ok(())
    })?;
    if let Some(labels) = labels
        && plain.rows() != labels.len()
    {
        return Err(Error::LabelCount { labels: labels.len(), samples: plain.rows() });
    }
    let simulated = schemes.iter().zip(&tallies).map(|(scheme, tally)| Simulation {
        bits: scheme.bits,
        scheme: scheme.name.clone(),
        outputs: tally.outputs.iter().map(OutputTally::record).collect(),
        accuracy: labels.map(|_| tally.accuracy()),
    });
    Ok((simulated.collect(), labels.map(|_| plain.accuracy())))
}

/// What was counted of all outputs.
#[derive(Clone, Default)]
struct Tally {
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
    fn add(&mut self, exact: &[(String, Array)], outputs: &[(String, Array)], labels: Option<&[i64]>) {
        self.outputs.resize(exact.len(), OutputTally::default());
        let first = exact.iter().position(|(_, array)| classes(array).is_some());
        for (index, (((name, exact), (_, output)), tally)) in
            exact.iter().zip(outputs).zip(&mut self.outputs).enumerate()
        {
            let (Values::F32(y), Values::F32(quantised)) = (&exact.values, &output.values) else { continue };
            tally.name.clone_from(name);
            for (&y, &quantised) in y.iter().zip(quantised) {
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
    fn rows(&self) -> usize {
        self.outputs.iter().find(|output| output.has_classes).map_or(0, |output| output.samples)
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.rows().max(1) as f64
    }
}

impl OutputTally {
    fn record(&self) -> SimulatedOutput {
        SimulatedOutput {
            name: self.name.clone(),
            signal_to_noise: decibels(self.signal, self.noise),
            top1_changed: self.has_classes.then_some(self.changed as u64),
            samples: self.samples as u64,
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
