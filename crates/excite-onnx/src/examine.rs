//! From a model and its inputs to the vitals of its activations.

use std::borrow::Cow;
use std::collections::HashMap;

use excite::Function;
use excite_vitals::{Batch, InputVitals, LayerVitals, Vitals};

use crate::error::printable;
use crate::noise::Noise;
use crate::{Array, Element, Error, InputSet, Model, ModelInput, Observation, Size, Values};

/// The most features of the inputs that are watched one by one: more are pixels or sound, not features.
const MOST_FEATURES: usize = 4096;

/// Runs a model on inputs, one run after the other, and takes the vitals of its input and of all activations of one number. Rows, as those
/// of a softmax, have no vitals.
///
/// ```
/// use excite_onnx::{Examination, Model, inputs};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
/// let model = Model::open(format!("{folder}/x100_w32full_pair.onnx"))?;
/// let mut examination = Examination::new(&model);
/// for run in inputs::random(&model, 2, 1, &inputs::InputOptions::default())? {
///     // No more than 8 samples at once.
///     for part in model.split(run, 8) {
///         examination.run(&part)?;
///     }
/// }
/// let (mut vitals, unexamined) = examination.finish("x100");
/// vitals.random_data = true;
/// assert_eq!((vitals.runs, vitals.layers.len()), (2, 16));
/// assert_eq!(vitals.layers[0].function().name(), "gelu");
/// assert!(unexamined[0].why.starts_with("softmax works on rows"), "{unexamined:?}");
/// # Ok::<(), excite_onnx::Error>(())
/// ```
pub struct Examination<'a> {
    model: &'a Model,
    names: Vec<String>,
    /// Of each activation the first that is the same layer, which has the vitals of all of them.
    layer_of: Vec<usize>,
    layers: Vec<Option<LayerVitals>>,
    /// The runs in which a layer was seen last.
    last_run: Vec<Option<u64>>,
    input: Option<InputVitals>,
    noise: Noise,
    runs: u64,
}

/// An activation without vitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexamined {
    /// The name of the activation.
    pub name: String,
    /// Why it has none.
    pub why: String,
}

impl<'a> Examination<'a> {
    /// Before the first run.
    pub fn new(model: &'a Model) -> Self {
        let sites = model.sites().len();
        Self {
            model,
            names: model.site_names(),
            layer_of: (0..sites).map(|site| model.layer_of(site)).collect(),
            layers: vec![None; sites],
            last_run: vec![None; sites],
            input: None,
            noise: Noise::default(),
            runs: 0,
        }
    }

    /// The samples so far.
    pub fn samples(&self) -> u64 {
        self.layers.iter().flatten().map(LayerVitals::samples).max().unwrap_or(0)
    }

    /// The runs so far.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Runs the model once more.
    ///
    /// # Errors
    /// If the input does not fit the model, the engine fails, or a layer has another number of units than in the run before.
    pub fn run(&mut self, run: &InputSet) -> Result<(), Error> {
        self.take_input(run)?;
        let mut fault = None;
        let model = self.model;
        model.observe_what_is_needed(run, |seen| {
            if fault.is_none() {
                fault = self.take(&seen).err();
            }
        })?;
        self.runs += 1;
        fault.map_or(Ok(()), |what| Err(Error::input(&run.name, what)))
    }

    /// The vitals, under the name of the model; and the activations that have none.
    pub fn finish(self, name: &str) -> (Vitals, Vec<Unexamined>) {
        let mut unexamined = Vec::new();
        for (index, (site, name)) in self.model.sites().iter().zip(&self.names).enumerate() {
            let (name, layer) = (name.clone(), &self.layers[self.layer_of[index]]);
            if site.function.each().is_none() {
                unexamined.push(Unexamined {
                    name,
                    why: format!("{} works on rows and has no units of its own", site.function),
                });
            } else if layer.is_none() {
                unexamined.push(Unexamined {
                    name,
                    why: "no floating-point values with an axis of units reached it in any run".to_owned(),
                });
            }
        }
        let unseen = self.model.unseen().iter();
        unexamined.extend(
            unseen
                .map(|unseen| Unexamined { name: unseen.name.clone(), why: format!("{}: {}", unseen.op, unseen.why) }),
        );
        let mut vitals = Vitals::new(name, self.layers.into_iter().flatten().collect());
        (vitals.runs, vitals.input, vitals.noise) = (self.runs, self.input, self.noise.is_noise());
        (vitals, unexamined)
    }

    fn take(&mut self, seen: &Observation<'_>) -> Result<(), String> {
        let Some(function) = seen.site.function.each() else { return Ok(()) };
        let index = self.layer_of[seen.index];
        let name = &self.names[index];
        let layer = match &mut self.layers[index] {
            Some(layer) => layer,
            empty => {
                let shared = LayerVitals::new(name, function, seen.units()).with_role(seen.site.role);
                let first = |f: &Function| f.parameter(0).filter(|_| f.name() == function.name());
                let own: Option<Vec<f32>> =
                    seen.site.unit_functions.iter().map(|f| first(f).map(|value| value as f32)).collect();
                let own = own.filter(|_| seen.site.functions_lie_along(seen.unit_axis, seen.shape.len()));
                // Functions that are not one for each unit, but for each pixel too, are those of the values' places.
                let own = own.and_then(|own| shared.clone().with_unit_parameters(&own).ok());
                empty.insert(own.unwrap_or(shared))
            }
        };
        if layer.units().len() != seen.units() {
            return Err(format!(
                "layer `{name}` has {} units here and had {} before, so its axis of units must be another: give it with --unit-axis",
                seen.units(),
                layer.units().len()
            ));
        }
        let batch = if seen.a.is_empty() { Batch::pre_activations(seen.z) } else { Batch::new(seen.z, seen.a) };
        let batch = batch.with_positions(seen.positions()).with_samples(seen.samples.min(seen.outer()));
        let differ_within_units = layer.unit_parameters().is_empty() && !seen.site.unit_functions.is_empty();
        let slopes = if differ_within_units { seen.site.slopes(seen.z, seen.shape) } else { None };
        let batch = slopes.as_deref().map_or(batch, |slopes| batch.with_slopes(slopes));
        let is_next_step = self.last_run[index].replace(self.runs) == Some(self.runs);
        let batch = if is_next_step { batch.of_counted_samples() } else { batch };
        layer.update_batch(batch).map_err(|error| format!("layer `{name}`: {error}"))
    }

    fn take_input(&mut self, run: &InputSet) -> Result<(), Error> {
        let Some(input) = self.model.watched_input() else { return Ok(()) };
        let Some((_, array)) = run.tensors.iter().find(|(name, _)| *name == input.name) else { return Ok(()) };
        let (features, positions) = features(input, &array.shape);
        let vitals = self.input.get_or_insert_with(|| InputVitals::new(features));
        let values = floats(array);
        self.noise.update(&values, &array.shape);
        let updated = vitals.update(&values, positions);
        updated.map_err(|error| Error::input(&run.name, format!("`{}`: {error}", input.name)))
    }
}

impl Model {
    /// The name of each activation, in the order of [`sites`](Self::sites). Where several share a name, the later ones
    /// are numbered. Control characters are escaped.
    pub fn site_names(&self) -> Vec<String> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut names = Vec::new();
        for site in self.sites() {
            let times = seen.entry(&site.name).and_modify(|times| *times += 1).or_insert(1);
            let name = printable(&site.name);
            names.push(if *times == 1 { name } else { format!("{name} ({times})") });
        }
        names
    }

    /// The input whose features an [`Examination`] watches: the first one of floats.
    pub fn watched_input(&self) -> Option<&ModelInput> {
        self.inputs().iter().find(|input| input.element == Element::Float)
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

fn floats(array: &Array) -> Cow<'_, [f32]> {
    match &array.values {
        Values::F32(values) => values.into(),
        Values::F64(values) => values.iter().map(|&value| value as f32).collect(),
        Values::I64(values) => values.iter().map(|&value| value as f32).collect(),
        Values::I8(values) => values.iter().map(|&value| f32::from(value)).collect(),
        Values::U8(values) => values.iter().map(|&value| f32::from(value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_that_are_not_asked_for_have_the_same_vitals() {
        let model = Model::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/nmp.onnx")).unwrap();
        let runs = crate::inputs::random(&model, 2, 7, &crate::inputs::InputOptions::default()).unwrap();
        let mut spared = 0;
        let (mut examined, mut observed) = (Examination::new(&model), Examination::new(&model));
        for run in &runs {
            examined.run(run).unwrap();
            model.observe_what_is_needed(run, |seen| spared += usize::from(seen.a.is_empty())).unwrap();
            model.observe(run, |seen| observed.take(&seen).unwrap()).unwrap();
        }
        assert_eq!(spared, 3 * 2, "the three ReLUs in each run");
        for (examined, observed) in examined.layers.iter().zip(&observed.layers) {
            assert_eq!(examined.as_ref().unwrap().units(), observed.as_ref().unwrap().units());
        }
    }

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
