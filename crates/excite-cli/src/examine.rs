//! Runs a model on its inputs, and gathers the vitals of its activations.

use std::collections::HashMap;
use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, random};
use excite_onnx::{Array, Element, Model, ModelInput, Observation, Run, Size, Values};
use excite_vitals::{Batch, InputVitals, LayerVitals, Role, Vitals};

use crate::error::Failure;
use crate::progress::Progress;

/// The samples of random inputs.
const RANDOM_SAMPLES: usize = 16;
/// The most features of the inputs that are watched one by one: more are pixels or sound, not features.
const MOST_FEATURES: usize = 4096;

/// What goes through the model.
pub struct Data {
    /// None for random numbers.
    inputs: Option<Inputs>,
    paths: Vec<PathBuf>,
    options: InputOptions,
    samples: Option<usize>,
    batch: usize,
    seed: u64,
}

impl Data {
    /// Looks for the inputs; random numbers if there are no paths.
    pub fn find(
        paths: &[PathBuf],
        options: InputOptions,
        samples: Option<usize>,
        batch: usize,
        seed: u64,
    ) -> Result<Self, Failure> {
        let inputs = (!paths.is_empty()).then(|| Inputs::find(paths, options.clone())).transpose().map_err(failed)?;
        Ok(Self { inputs, paths: paths.to_vec(), options, samples, batch, seed })
    }

    /// In a few words.
    pub fn described(&self, samples: u64) -> String {
        let count = if samples == 1 { "1 sample".to_owned() } else { format!("{samples} samples") };
        if self.inputs.is_none() {
            return format!("{count} of random numbers, seed {}", self.seed);
        }
        let names: Vec<_> = self.paths.iter().map(|path| path.display().to_string()).collect();
        match &names[..] {
            [first, _, _, ..] => format!("{count} of {first} and {} more", names.len() - 1),
            few => format!("{count} of {}", few.join(" and ")),
        }
    }

    /// The runs, one after the other.
    fn runs<'a>(&'a self, model: &'a Model) -> Box<dyn Iterator<Item = Result<Loaded, Failure>> + 'a> {
        let Some(inputs) = &self.inputs else {
            let one = |sample| random(model, 1, self.seed.wrapping_add(sample), &self.options);
            let samples = 0..self.samples.unwrap_or(RANDOM_SAMPLES) as u64;
            let runs = samples.map(one).flat_map(|runs| match runs {
                Ok(runs) => runs.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(failed(error))],
            });
            return Box::new(runs.map(|run| run.map(Loaded::Run)));
        };
        Box::new(inputs.load(model).map(|loaded| loaded.map_err(failed)))
    }

    /// How many runs there are, before they are cut into batches.
    fn len(&self) -> usize {
        self.inputs.as_ref().map_or(self.samples.unwrap_or(RANDOM_SAMPLES), |inputs| inputs.files().len())
    }
}

/// Runs the model on the data. Gives its vitals, and the activations that were not looked at, with why.
pub fn examine(
    model: &Model,
    name: &str,
    data: &Data,
    progress: &Progress,
) -> Result<(Vitals, Vec<(String, String)>), Failure> {
    let mut watch = Watch::new(model);
    let mut runs = 0;
    progress.expect(data.len() as u64);
    'runs: for loaded in data.runs(model) {
        let run = match loaded? {
            Loaded::Run(run) => run,
            Loaded::Skipped { file, why } => {
                progress.notice(&format!("left out {}: {why}", file.display()));
                progress.advance(1, "");
                continue;
            }
        };
        let parts = model.split(run, data.batch);
        progress.expect(parts.len() as u64 - 1);
        for part in parts {
            if progress.is_stopping() {
                return Err(Failure::Interrupted);
            }
            if data.samples.is_some_and(|most| watch.samples() >= most as u64) {
                break 'runs;
            }
            watch.run(model, &part)?;
            runs += 1;
            progress.advance(1, &part.name);
        }
    }
    if progress.is_stopping() {
        return Err(Failure::Interrupted);
    }
    if runs == 0 {
        return Err(Failure::Failed("none of the inputs could be read, so the model was not run".to_owned()));
    }
    let (layers, not_seen) = watch.finish(model);
    let mut vitals = Vitals::new(name, layers);
    (vitals.runs, vitals.input, vitals.random_data) = (runs, watch.input, data.inputs.is_none());
    Ok((vitals, not_seen))
}

/// The name of each activation: of those that share one, the later ones are numbered.
pub fn names<'a>(model: &'a Model) -> Vec<String> {
    let mut seen: HashMap<&'a str, usize> = HashMap::new();
    let mut numbered = |name: &'a str| {
        let times = seen.entry(name).and_modify(|times| *times += 1).or_insert(1);
        if *times == 1 { name.to_owned() } else { format!("{name} ({times})") }
    };
    model.sites().iter().map(|site| numbered(&site.name)).collect()
}

/// The input whose features are watched: the first one of floats.
pub fn watched_input(model: &Model) -> Option<&ModelInput> {
    model.inputs().iter().find(|input| input.element == Element::Float)
}

/// What was seen so far.
struct Watch {
    names: Vec<String>,
    layers: Vec<Option<LayerVitals>>,
    input: Option<InputVitals>,
}

impl Watch {
    fn new(model: &Model) -> Self {
        Self { layers: vec![None; model.sites().len()], names: names(model), input: None }
    }

    /// The samples so far.
    fn samples(&self) -> u64 {
        self.layers.iter().flatten().map(LayerVitals::samples).max().unwrap_or(0)
    }

    fn run(&mut self, model: &Model, run: &Run) -> Result<(), Failure> {
        self.take_input(model, run)?;
        let mut fault = None;
        model
            .observe(run, |seen| {
                if fault.is_none() {
                    fault = self.take(&seen).err();
                }
            })
            .map_err(failed)?;
        fault.map_or(Ok(()), |what| Err(Failure::Failed(format!("{}: {what}", run.name))))
    }

    fn take(&mut self, seen: &Observation<'_>) -> Result<(), String> {
        let Some(function) = seen.site.function.each() else { return Ok(()) };
        let role = match seen.site.role {
            excite_onnx::Role::Hidden => Role::Hidden,
            excite_onnx::Role::Gate => Role::Gate,
            excite_onnx::Role::Output => Role::Output,
        };
        let name = &self.names[seen.index];
        let new = || LayerVitals::new(name, function, seen.units()).with_role(role);
        let layer = self.layers[seen.index].get_or_insert_with(new);
        if layer.units().len() != seen.units() {
            return Err(format!(
                "layer `{name}` has {} units here and had {} before, so its axis of units must be another: give it with --unit-axis",
                seen.units(),
                layer.units().len()
            ));
        }
        let batch =
            Batch::new(seen.z, seen.a).with_positions(seen.positions()).with_samples(seen.samples.min(seen.outer()));
        layer.update_batch(batch).map_err(|error| format!("layer `{name}`: {error}"))
    }

    fn take_input(&mut self, model: &Model, run: &Run) -> Result<(), Failure> {
        let Some(input) = watched_input(model) else { return Ok(()) };
        let Some((_, array)) = run.tensors.iter().find(|(name, _)| *name == input.name) else { return Ok(()) };
        let (features, positions) = features(input, &array.shape);
        let vitals = self.input.get_or_insert_with(|| InputVitals::new(features));
        let updated = vitals.update(&floats(array), positions);
        updated.map_err(|error| Failure::Failed(format!("{}: input `{}`: {error}", run.name, input.name)))
    }

    /// The layers that were seen, and the activations that were not, with why.
    fn finish(&mut self, model: &Model) -> (Vec<LayerVitals>, Vec<(String, String)>) {
        let mut not_seen = Vec::new();
        for ((site, name), layer) in model.sites().iter().zip(&self.names).zip(&self.layers) {
            if site.function.each().is_none() {
                not_seen.push((name.clone(), format!("{} works on rows and has no units of its own", site.function)));
            } else if layer.is_none() {
                not_seen.push((name.clone(), "no value reached it in any run".to_owned()));
            }
        }
        not_seen.extend(
            model.unseen().iter().map(|unseen| (unseen.name.clone(), format!("{}: {}", unseen.op, unseen.why))),
        );
        (self.layers.iter_mut().filter_map(Option::take).collect(), not_seen)
    }
}

/// How many features an input has, and how many values of one lie next to one another. An axis that may be of any length is one of
/// positions; where no other is left, all values are of one feature.
fn features(input: &ModelInput, shape: &[usize]) -> (usize, usize) {
    let sizes = input.shape.as_deref().unwrap_or_default();
    let fixed = |axis: usize| match sizes.get(axis) {
        Some(Size::Fixed(size)) => Some(*size),
        _ => None,
    };
    let is_colour = |axis: usize| matches!(fixed(axis), Some(1 | 3 | 4));
    let candidates: &[usize] = match shape.len() {
        3 => &[2, 1],
        4 if is_colour(3) && !is_colour(1) => &[3],
        2 | 4 | 5 => &[1],
        _ => &[],
    };
    let axis = candidates.iter().copied().find(|&axis| fixed(axis).is_some_and(|size| size <= MOST_FEATURES));
    axis.map_or((1, 1), |axis| (shape[axis], shape[axis + 1..].iter().product()))
}

fn floats(array: &Array) -> std::borrow::Cow<'_, [f32]> {
    match &array.values {
        Values::F32(values) => values.into(),
        Values::F64(values) => values.iter().map(|&value| value as f32).collect(),
        Values::I64(values) => values.iter().map(|&value| value as f32).collect(),
        Values::I8(values) => values.iter().map(|&value| f32::from(value)).collect(),
        Values::U8(values) => values.iter().map(|&value| f32::from(value)).collect(),
    }
}

/// The error's own sentence, which says where.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over")]
fn failed(error: excite_onnx::Error) -> Failure {
    Failure::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_of_an_input_are_its_fixed_axis() {
        let input = |sizes: &[Size]| ModelInput {
            name: "x".into(),
            element: Element::Float,
            data_type: "float".into(),
            shape: Some(sizes.to_vec()),
        };
        let (any, fixed) = (Size::Dynamic("n".into()), Size::Fixed);
        let pictures = input(&[any.clone(), fixed(3), fixed(8), fixed(8)]);
        assert_eq!(features(&pictures, &[2, 3, 8, 8]), (3, 64));
        let colours_last = input(&[any.clone(), fixed(8), fixed(8), fixed(3)]);
        assert_eq!(features(&colours_last, &[2, 8, 8, 3]), (3, 1));
        assert_eq!(features(&input(&[any.clone(), fixed(5)]), &[2, 5]), (5, 1));
        assert_eq!(features(&input(&[any.clone(), any.clone()]), &[2, 5]), (1, 1), "sound of any length");
        assert_eq!(features(&input(&[any.clone(), any, fixed(7)]), &[2, 9, 7]), (7, 1));
    }
}
