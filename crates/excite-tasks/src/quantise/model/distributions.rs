//! How the activations of a model are distributed: their ranges in a first run over the data, their histograms in a second.

use excite_fixed::calibration::{Distribution, Grid};
use excite_onnx::TensorCodes;
use excite_vitals::{LayerVitals, Vitals};

use crate::quantise::bounds::bounds;
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel, SkippedLayer, check};

/// The values of one activation.
pub(super) struct LayerDistribution {
    /// Its place among the model's.
    pub site: usize,
    pub name: String,
    pub function: excite::Function,
    /// Whether the functions of its units differ, as those of a PReLU with a slope for each channel.
    pub units_differ: bool,
    /// The range of its function, where its format keeps all of it.
    pub bounds: Option<(f64, f64)>,
    /// The codes that the model gives its results already, and the numbers that these are.
    pub converted: Option<Grid>,
    /// Its results.
    pub a: Distribution,
    /// Its pre-activations; None where all of them are 0.
    pub z: Option<Distribution>,
}

/// The values of all activations of a model.
pub(super) struct Distributions {
    pub layers: Vec<LayerDistribution>,
    pub left_out: Vec<SkippedLayer>,
    pub samples: u64,
    /// How many runs of the model the data are.
    pub runs: u64,
}

/// Runs the model twice.
pub(super) fn measure(
    model: &NamedModel,
    data: &Data,
    calibrate_bounded: bool,
    steps: &Steps<'_>,
) -> Result<Distributions, Error> {
    let (vitals, mut left_out) = check::measure(model, data, steps)?;
    let mut layers = Vec::new();
    for (site, name) in model.model().site_names().into_iter().enumerate() {
        let Some(layer) = vitals.layer(&name) else { continue };
        let units_differ = !model.model().sites()[site].unit_functions.is_empty();
        match empty(site, layer, units_differ) {
            Ok(distribution) => {
                let bounds = bounds(layer.function()).filter(|_| !calibrate_bounded && !units_differ);
                let converted = model.model().converted(site).and_then(grid);
                layers.push(LayerDistribution { bounds, converted, ..distribution });
            }
            Err(why) => left_out.push(SkippedLayer { name, why }),
        }
    }
    if layers.is_empty() {
        let why = left_out.iter().map(|layer| format!("`{}`: {}", layer.name, layer.why)).collect::<Vec<_>>();
        return Err(Error::NothingToQuantise { model: model.name().to_owned(), why: why.join("; ") });
    }
    fill(model, data, &vitals, &mut layers, steps)?;
    Ok(Distributions { layers, left_out, samples: vitals.samples(), runs: vitals.runs })
}

/// The numbers that codes of the model stand for.
fn grid(codes: TensorCodes) -> Option<Grid> {
    let (least, largest) = (codes.least.into(), codes.largest.into());
    let zero_point = i64::from(codes.zero_point);
    if !(least..=largest).contains(&zero_point) {
        return None;
    }
    Grid::new(codes.scale, zero_point, least, largest).ok()
}

/// A layer whose ranges are known, and its histograms not yet.
fn empty(site: usize, layer: &LayerVitals, units_differ: bool) -> Result<LayerDistribution, String> {
    let (a, z) = (layer.activations(), layer.pre_activations());
    if a.count == 0 {
        return Err("none of its values is finite".to_owned());
    }
    Ok(LayerDistribution {
        site,
        name: layer.name().to_owned(),
        function: layer.function(),
        units_differ,
        bounds: None,
        converted: None,
        a: Distribution::new(a.min, a.max).map_err(|error| error.to_string())?,
        z: if z.count == 0 { None } else { Distribution::new(z.min, z.max).ok() },
    })
}

fn fill(
    model: &NamedModel,
    data: &Data,
    vitals: &Vitals,
    layers: &mut [LayerDistribution],
    steps: &Steps<'_>,
) -> Result<(), Error> {
    let mut at = vec![None; model.model().sites().len()];
    layers.iter().enumerate().for_each(|(index, layer)| at[layer.site] = Some(index));
    (0..at.len()).for_each(|site| at[site] = at[model.model().layer_of(site)]);
    data.first_batches(model.model(), steps, vitals.runs, |part| {
        model.model().observe(part, |seen| {
            let Some(layer) = at[seen.index].map(|index| &mut layers[index]) else { return };
            layer.a.update(seen.a);
            if let Some(z) = &mut layer.z {
                z.update(seen.z);
            }
        })?;
        Ok(())
    })
}
