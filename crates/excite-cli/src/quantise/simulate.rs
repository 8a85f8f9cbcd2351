//! Runs a model with its activations quantised, and compares its outputs with those in floats.

use std::path::Path;

use excite_fixed::QFormat;
use excite_fixed::calibration::{Grid, Method, decibels};
use excite_npy::{Kind, Npy};
use excite_onnx::{Array, Model, Values};
use excite_vitals::quantisation::{QuantisedLayer, SimulatedOutput, Simulation, Width};

use super::observe::Observed;
use super::propose::is_relu;
use crate::error::Failure;
use crate::examine::{Data, failed};
use crate::progress::Progress;

/// A quantisation for each activation of a model.
pub struct Scheme {
    bits: u32,
    name: String,
    /// By the activations' places in the model; None for those that stay in floats.
    grids: Vec<Option<Grid>>,
}

/// Up to so many widths all methods are simulated, beyond that the one with the least error alone.
const FEW_WIDTHS: usize = 3;

/// What is worth simulating: by scale and zero point, by Q format, and with the formats for the cap where the activation is a ReLU.
pub fn schemes(model: &Model, observed: &Observed, layers: &[QuantisedLayer], bits: &[u32]) -> Vec<Scheme> {
    let scheme = |bits: u32, name: String, grid: &dyn Fn(&QuantisedLayer, &Width) -> Option<Grid>| {
        let mut grids = vec![None; model.sites().len()];
        for layer in layers {
            let site = observed.layers.iter().find(|seen| seen.name == layer.name).map(|seen| seen.site);
            let width = layer.widths.iter().find(|width| width.bits == bits);
            if let Some((site, width)) = site.filter(|site| model.replaceable().contains(site)).zip(width) {
                grids[site] = grid(layer, width);
            }
        }
        Scheme { bits, name, grids }
    };
    let format = |text: &str| text.parse::<QFormat>().ok().map(Grid::from);
    let are_few = bits.len() <= FEW_WIDTHS;
    let mut schemes = Vec::new();
    for &bits in bits {
        let methods = Method::ALL.into_iter().filter(|method| are_few || *method == Method::Mse);
        for method in methods {
            schemes.push(scheme(bits, format!("scales, {}", method.title()), &|_, width| {
                let range = width.by(method.name())?;
                Grid::spanning(bits, range.low, range.high).ok()
            }));
        }
        let best = |width: &Width| format(&width.by(Method::Mse.name())?.fixed.format);
        schemes.push(scheme(bits, "Q formats, MSE".to_owned(), &|_, width| best(width)));
        let effect =
            layers.iter().flat_map(|layer| &layer.widths).find(|width| width.bits == bits && width.cap.is_some());
        if let Some(effect) = effect.and_then(|width| width.cap.as_ref()).filter(|_| are_few) {
            for fixed in [&effect.with, &effect.with_signed] {
                let capped = format(&fixed.format);
                schemes.push(scheme(bits, format!("{} for ReLUs", fixed.format), &|layer, width| {
                    if is_relu(layer.function) { capped } else { best(width) }
                }));
            }
        }
    }
    schemes
}

/// The labels of samples: the index of each one's class.
pub fn read_labels(path: &Path) -> Result<Vec<i64>, Failure> {
    let wrong = |what: &str| {
        Failure::Failed(format!(
            "the labels {} cannot be used ({what}): give an .npy file with the number of the class of each sample",
            path.display()
        ))
    };
    let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let npy = Npy::parse(&bytes).map_err(|error| wrong(&error.to_string()))?;
    if npy.element.kind == Kind::Float || npy.shape.iter().filter(|&&size| size != 1).count() > 1 {
        return Err(wrong("they are no row of whole numbers"));
    }
    Ok(npy.bytes.chunks_exact(npy.element.size).map(|bytes| npy.element.integer(bytes)).collect())
}

/// Runs the model on the data in floats and in every scheme. Gives what became of the outputs, and the accuracy in floats.
pub fn simulate(
    model: &Model,
    data: &Data,
    runs: u64,
    schemes: &[Scheme],
    labels: Option<&[i64]>,
    progress: &Progress,
) -> Result<(Vec<Simulation>, Option<f64>), Failure> {
    let mut tallies = vec![Tally::default(); schemes.len()];
    let mut plain = Tally::default();
    data.again(model, progress, runs, |part| {
        let exact = model.run_replacing(part, |_, _| ()).map_err(failed)?;
        for (scheme, tally) in schemes.iter().zip(&mut tallies) {
            let outputs = model.run_replacing(part, |site, values| {
                if let Some(grid) = &scheme.grids[site] {
                    grid.quantise_in_place(values);
                }
            });
            tally.add(&exact, &outputs.map_err(failed)?, labels);
        }
        plain.add(&exact, &exact, labels);
        Ok(())
    })?;
    if let Some(labels) = labels
        && plain.rows() != labels.len()
    {
        return Err(Failure::Failed(format!(
            "there are {} labels, and the model has classes for {} samples: give one for each of those that it is run on",
            labels.len(),
            plain.rows()
        )));
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
