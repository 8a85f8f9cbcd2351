//! What a network computes without some of its units.

use std::collections::HashMap;

use crate::site::UnitAxis;
use crate::{Array, Error, InputSet, Model, Values};

/// Sets units to 0 and counts what that changes in the outputs.
///
/// ```
/// use excite_onnx::{Ablation, Model, inputs};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
/// let model = Model::open(format!("{folder}/nmp.onnx"))?;
/// let first = model.site_names()[0].clone();
/// let mut ablation = Ablation::new(&model, &[(first, vec![0, 1])]);
/// for run in inputs::random(&model, 2, 1, &inputs::InputOptions::default())? {
///     ablation.run(&run)?;
/// }
/// let ablated = ablation.finish();
/// assert_eq!((ablated.units, ablated.outputs.len()), (2, 3));
/// # Ok::<(), excite_onnx::Error>(())
/// ```
pub struct Ablation<'a> {
    model: &'a Model,
    /// Of each site the units that are set to 0.
    units: Vec<Vec<usize>>,
    /// How many units each site has, and how many values of one lie next to one another, by the shapes of the inputs.
    layouts: HashMap<Vec<Vec<usize>>, Vec<(usize, usize)>>,
    ablated: Ablated,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ablated {
    /// How many units were set to 0.
    pub units: usize,
    /// How many were to be, and could not: those of gates within recurrent nodes and of branches, and those along two axes apart.
    pub left_out: usize,
    /// What became of the outputs.
    pub outputs: Vec<AblatedOutput>,
}

/// What became of an output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AblatedOutput {
    /// Its name.
    pub name: String,
    /// Of an output [samples, classes], how many samples there were, and in how many another class was the largest.
    pub classes: Option<ChangedClasses>,
    /// The largest difference of a value, and the largest size of one before.
    pub largest_difference: f64,
    /// The largest size of a value with all units.
    pub largest_value: f64,
}

/// Samples with another class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangedClasses {
    /// How many were looked at.
    pub samples: usize,
    /// How many have another class without the units.
    pub changed: usize,
}

impl AblatedOutput {
    /// The largest difference over the largest value; infinite if something became of nothing.
    pub fn relative_difference(&self) -> f64 {
        match (self.largest_difference, self.largest_value) {
            (0.0, _) => 0.0,
            (difference, value) => difference / value,
        }
    }
}

impl<'a> Ablation<'a> {
    /// Without these units of these layers, by the names that [`Model::site_names`] gives.
    pub fn new(model: &'a Model, layers: &[(String, Vec<usize>)]) -> Self {
        let names = model.site_names();
        let mut all =
            Self { model, units: vec![Vec::new(); names.len()], layouts: HashMap::new(), ablated: Ablated::default() };
        for (layer, units) in layers {
            // Units along two axes that are not neighbours do not lie together in the tensor.
            let together = |site: usize| match model.sites()[site].unit_axis {
                UnitAxis::Two(first, second) => second == first + 1,
                _ => true,
            };
            // All the steps of a layer.
            let first = names.iter().position(|name| name == layer);
            let steps: Vec<usize> =
                (0..names.len()).filter(|&site| first.is_some_and(|first| model.layer_of(site) == first)).collect();
            if !steps.is_empty() && steps.iter().all(|site| model.replaceable().contains(site) && together(*site)) {
                all.ablated.units += units.len();
                steps.into_iter().for_each(|site| all.units[site].extend(units));
            } else {
                all.ablated.left_out += units.len();
            }
        }
        all
    }

    /// Runs the model with all units and without those.
    ///
    /// # Errors
    /// If the input does not fit the model, or the engine fails.
    pub fn run(&mut self, run: &InputSet) -> Result<(), Error> {
        let shapes = run.tensors.iter().map(|(_, array)| array.shape.clone()).collect::<Vec<_>>();
        if !self.layouts.contains_key(&shapes) {
            let mut layouts = vec![(0, 0); self.units.len()];
            self.model.observe(run, |seen| layouts[seen.index] = (seen.units(), seen.positions()))?;
            self.layouts.insert(shapes.clone(), layouts);
        }
        let (ablated, layouts) = (&self.units, &self.layouts[&shapes]);
        let before = self.model.run_replacing(run, |_, _| ())?;
        let after = self.model.run_replacing(run, |site, values| {
            let (units, positions) = layouts[site];
            if units * positions == 0 {
                return;
            }
            for sample in values.chunks_exact_mut(units * positions) {
                let of_sample = ablated[site].iter().filter(|&&unit| unit < units);
                of_sample.for_each(|unit| sample[unit * positions..][..positions].fill(0.0));
            }
        })?;
        self.take(&before, &after);
        Ok(())
    }

    /// What was found.
    pub fn finish(self) -> Ablated {
        self.ablated
    }

    fn take(&mut self, before: &[(String, Array)], after: &[(String, Array)]) {
        let outputs = &mut self.ablated.outputs;
        for ((name, before), (_, after)) in before.iter().zip(after) {
            let output = match outputs.iter().position(|output| output.name == *name) {
                Some(at) => &mut outputs[at],
                None => {
                    outputs.push(AblatedOutput { name: name.clone(), ..AblatedOutput::default() });
                    let last = outputs.len() - 1;
                    &mut outputs[last]
                }
            };
            let (Values::F32(values), Values::F32(others)) = (&before.values, &after.values) else { continue };
            for (&value, &other) in values.iter().zip(others) {
                let (value, other) = (f64::from(value), f64::from(other));
                output.largest_value = output.largest_value.max(value.abs());
                output.largest_difference = output.largest_difference.max((value - other).abs());
            }
            if let &[_, classes] = &before.shape[..]
                && classes > 1
            {
                let rows = values.chunks_exact(classes).zip(others.chunks_exact(classes));
                let counted = output.classes.get_or_insert_with(ChangedClasses::default);
                for (row, other) in rows {
                    counted.samples += 1;
                    counted.changed += usize::from(largest(row) != largest(other));
                }
            }
        }
    }
}

/// The place of the largest value; the first of several.
fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}
