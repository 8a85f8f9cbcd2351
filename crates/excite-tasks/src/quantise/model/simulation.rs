//! Runs of a model with its activations quantised, beside those in floats.

use std::path::Path;

use excite_fixed::calibration::{Grid, Method};
use excite_npy::{Kind, Npy};
use excite_onnx::{InputSet, Model};

use super::LayerDistribution;
use super::proposals::is_relu;
use super::tally::Tally;
use crate::quantisation::{QuantisedLayer, Simulation, Width};
use crate::watcher::Steps;
use crate::{Data, Error};

/// The grid of each activation, by its place in the model; None for activations that stay in floats.
pub(super) type Grids = Vec<Option<Grid>>;

/// A quantisation for each activation of a model.
pub(super) struct Scheme {
    pub bits: u32,
    pub name: String,
    pub grids: Grids,
    /// The method, where all layers have scales by one.
    pub method: Option<Method>,
}

/// Up to this number of widths all methods are simulated; of more widths all of them in 8 bits alone, and in others the one with the least
/// error.
const FEW_WIDTHS: usize = 3;

/// The places of a layer's activations that can be quantised: several where it is a step of a recurrent network that was unrolled.
pub(super) fn sites(model: &Model, layer: &LayerDistribution) -> Vec<usize> {
    model.replaceable().iter().copied().filter(|&site| model.layer_of(site) == model.layer_of(layer.site)).collect()
}

/// The grids in which each layer has its own.
pub(super) fn grids(model: &Model, layers: &[LayerDistribution], grid: impl Fn(usize) -> Option<Grid>) -> Grids {
    let mut grids = vec![None; model.sites().len()];
    for (place, layer) in layers.iter().enumerate() {
        let own = grid(place);
        sites(model, layer).into_iter().for_each(|site| grids[site] = own);
    }
    grids
}

/// The schemes worth simulating: scales with zero points, Q formats, and, where the activation is a ReLU, the formats
/// for the cap.
pub(super) fn schemes(
    model: &Model,
    distributions: &[LayerDistribution],
    layers: &[QuantisedLayer],
    bits: &[u32],
) -> Vec<Scheme> {
    let all = |bits: u32, grid: &dyn Fn(&QuantisedLayer, &Width) -> Option<Grid>| {
        grids(model, distributions, |place| {
            let layer = layers.iter().find(|layer| layer.name == distributions[place].name)?;
            grid(layer, layer.widths.iter().find(|width| width.bits == bits)?)
        })
    };
    let scheme = |bits: u32, name: String, grids: Grids| Scheme { bits, name, grids, method: None };
    let usual = bits.iter().copied().min_by_key(|bits| bits.abs_diff(8));
    let few = bits.len() <= FEW_WIDTHS;
    let mut schemes = Vec::new();
    for &bits in bits {
        let are_few = few || Some(bits) == usual;
        let methods = Method::ALL.into_iter().filter(|method| are_few || *method == Method::Mse);
        for method in methods {
            let grids = all(bits, &|_, width| width.by(method)?.grid(bits));
            let name = format!("scales, {}", method.title());
            schemes.push(Scheme { method: Some(method), ..scheme(bits, name, grids) });
        }
        let best = |width: &Width| Some(Grid::from(width.by(Method::Mse)?.fixed.format));
        schemes.push(scheme(bits, "Q formats, MSE".to_owned(), all(bits, &|_, width| best(width))));
        let effect =
            layers.iter().flat_map(|layer| &layer.widths).find(|width| width.bits == bits && width.cap.is_some());
        if let Some(effect) = effect.and_then(|width| width.cap.as_ref()).filter(|_| are_few) {
            for fixed in [&effect.with, &effect.with_signed] {
                let capped = Some(Grid::from(fixed.format));
                let grids = all(bits, &|layer, width| if is_relu(layer.function) { capped } else { best(width) });
                schemes.push(scheme(bits, format!("{} for ReLUs", fixed.format), grids));
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

/// A model with the data that it is run on.
pub(super) struct Bench<'a> {
    pub model: &'a Model,
    /// The model with rounded weights, if quantised runs have these.
    pub rounded: Option<&'a Model>,
    pub data: &'a Data,
    pub samples: u64,
    /// How many runs the data are.
    pub runs: u64,
    pub labels: Option<&'a [i64]>,
    pub steps: &'a Steps<'a>,
}

impl Bench<'_> {
    /// Runs the model on the data in floats and on each of several grids. Gives what became of the outputs, and the accuracy in floats.
    pub fn simulate(&self, schemes: &[&Grids]) -> Result<(Vec<Tally>, Option<f64>), Error> {
        let mut tallies = vec![Tally::default(); schemes.len()];
        let mut plain = Tally::default();
        self.data.first_batches(self.model, self.steps, self.runs, |part| {
            let exact = self.model.run_replacing(part, |_, _| ())?;
            for (grids, tally) in schemes.iter().zip(&mut tallies) {
                if self.steps.is_stopping() {
                    return Err(Error::Stopped);
                }
                tally.add(&exact, &self.quantised(part, grids)?, self.labels);
            }
            plain.add(&exact, &exact, self.labels);
            Ok(())
        })?;
        if let Some(labels) = self.labels
            && plain.rows() != labels.len()
        {
            return Err(Error::LabelCount { labels: labels.len(), samples: plain.rows() });
        }
        Ok((tallies, self.labels.map(|_| plain.accuracy())))
    }

    /// The outputs on grids.
    fn quantised(&self, part: &InputSet, grids: &Grids) -> Result<Vec<(String, excite_onnx::Array)>, Error> {
        let model = self.rounded.unwrap_or(self.model);
        Ok(model.run_replacing(part, |site, values| {
            if let Some(grid) = &grids[site] {
                grid.quantise_in_place(values);
            }
        })?)
    }
}

impl Scheme {
    pub fn record(&self, tally: &Tally, labels: Option<&[i64]>) -> Simulation {
        Simulation {
            bits: self.bits,
            scheme: self.name.clone(),
            outputs: tally.outputs(),
            accuracy: labels.map(|_| tally.accuracy()),
        }
    }
}
