//! From a model and its inputs to the vitals of its activations.

use std::collections::BTreeMap;

use excite_vitals::{Batch, LayerVitals, Role as VitalsRole, Vitals, VitalsError};

use crate::{Error, Model, Observation, Role, Run};

/// Runs a model on each input, and takes the vitals of all activations of one number. Rows, as those of a softmax, have no vitals, and activations
/// that no run shows are left out.
///
/// Inputs are cut into runs of `batch` samples at most, where the model lets them be. Whoever passes inputs that were made up sets
/// [`Vitals::random_data`].
///
/// ```
/// use excite_onnx::{Model, examine, inputs};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
/// let model = Model::open(format!("{folder}/x100_w32full_pair.onnx"))?;
/// let runs = inputs::random(&model, 2, 1, &inputs::InputOptions::default())?;
/// let mut vitals = examine("x100", &model, runs.into_iter().map(Ok), 8)?;
/// vitals.random_data = true;
/// assert_eq!((vitals.runs, vitals.layers.len()), (2, 16));
/// assert_eq!(vitals.layers[0].function().name(), "gelu");
/// # Ok::<(), excite_onnx::Error>(())
/// ```
///
/// # Errors
/// If an input is in error or does not fit, or the engine fails.
pub fn examine(
    name: &str,
    model: &Model,
    inputs: impl IntoIterator<Item = Result<Run, Error>>,
    batch: usize,
) -> Result<Vitals, Error> {
    let mut layers = BTreeMap::new();
    let mut runs = 0;
    for input in inputs {
        for run in model.split(input?, batch) {
            let mut fault = None;
            model.observe(&run, |seen| {
                if fault.is_none() {
                    fault = update(&mut layers, seen).err();
                }
            })?;
            if let Some(error) = fault {
                return Err(Error::input(&run.name, error.to_string()));
            }
            runs += 1;
        }
    }
    let mut vitals = Vitals::new(name, layers.into_values().collect());
    vitals.runs = runs;
    Ok(vitals)
}

fn update(layers: &mut BTreeMap<usize, LayerVitals>, seen: Observation) -> Result<(), VitalsError> {
    let Some(function) = seen.site.function.each() else { return Ok(()) };
    let layer = layers.entry(seen.index).or_insert_with(|| {
        LayerVitals::new(&seen.site.name, function, seen.units()).with_role(match seen.site.role {
            Role::Hidden => VitalsRole::Hidden,
            Role::Gate => VitalsRole::Gate,
            Role::Output => VitalsRole::Output,
        })
    });
    layer.update_batch(Batch::new(seen.z, seen.a).with_positions(seen.positions()).with_samples(seen.samples))
}
