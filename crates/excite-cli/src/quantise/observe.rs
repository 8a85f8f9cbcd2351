//! How the activations of a model are distributed: their ranges in a first run over the data, their histograms in a second.

use excite_fixed::calibration::Distribution;
use excite_onnx::Model;
use excite_vitals::quantisation::LeftOut;
use excite_vitals::{LayerVitals, Vitals};

use crate::error::Failure;
use crate::examine::{self, Data, failed};
use crate::progress::Progress;

/// One activation and what it was seen to do.
pub struct Seen {
    /// Its place among the model's.
    pub site: usize,
    pub name: String,
    pub function: excite::Function,
    /// Its results.
    pub a: Distribution,
    /// Its pre-activations; None where all of them are 0.
    pub z: Option<Distribution>,
}

/// All that was seen of a model.
pub struct Observed {
    pub layers: Vec<Seen>,
    pub left_out: Vec<LeftOut>,
    pub samples: u64,
    /// How many runs of the model the data are.
    pub runs: u64,
    pub random_data: bool,
}

/// Runs the model twice.
pub fn observe(model: &Model, name: &str, data: &Data, progress: &Progress) -> Result<Observed, Failure> {
    let (vitals, left_out) = examine::examine(model, name, data, progress)?;
    let mut left_out: Vec<_> = left_out.into_iter().map(|layer| LeftOut { name: layer.name, why: layer.why }).collect();
    let mut layers = Vec::new();
    for (site, name) in model.site_names().into_iter().enumerate() {
        let Some(layer) = vitals.layer(&name) else { continue };
        match empty(site, layer) {
            Ok(seen) => layers.push(seen),
            Err(why) => left_out.push(LeftOut { name, why }),
        }
    }
    if layers.is_empty() {
        let why = left_out.iter().map(|layer| format!("`{}`: {}", layer.name, layer.why)).collect::<Vec<_>>();
        return Err(Failure::Failed(format!(
            "{name}: no activation gave values to choose a format by ({}): give other data with --input",
            why.join("; ")
        )));
    }
    fill(model, data, &vitals, &mut layers, progress)?;
    let Vitals { runs, random_data, .. } = vitals;
    Ok(Observed { layers, left_out, samples: vitals.samples(), runs, random_data })
}

/// A layer whose ranges are known, and its histograms not yet.
fn empty(site: usize, layer: &LayerVitals) -> Result<Seen, String> {
    let (a, z) = (layer.activations(), layer.pre_activations());
    if a.count == 0 {
        return Err("none of its values is finite".to_owned());
    }
    Ok(Seen {
        site,
        name: layer.name().to_owned(),
        function: layer.function(),
        a: Distribution::new(a.min, a.max).map_err(|error| error.to_string())?,
        z: if z.count == 0 { None } else { Distribution::new(z.min, z.max).ok() },
    })
}

fn fill(model: &Model, data: &Data, vitals: &Vitals, layers: &mut [Seen], progress: &Progress) -> Result<(), Failure> {
    let mut at = vec![None; model.sites().len()];
    layers.iter().enumerate().for_each(|(index, layer)| at[layer.site] = Some(index));
    data.again(model, progress, vitals.runs, |part| {
        let observed = model.observe(part, |seen| {
            let Some(layer) = at[seen.index].map(|index| &mut layers[index]) else { return };
            layer.a.update(seen.a);
            if let Some(z) = &mut layer.z {
                z.update(seen.z);
            }
        });
        observed.map_err(failed)
    })
}
