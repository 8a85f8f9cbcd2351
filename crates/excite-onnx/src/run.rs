//! Runs a model, and shows what its activations see and give.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::engine::{EngineInfo, Floats, Given, Value};
use crate::plan::{ExecutionPlan, Piece, Recurrent, Show, TensorId};
use crate::recurrent::{Operands, pre_activations};
use crate::site::{ActivationSite, Affine};
use crate::units::{LaidOut, lay_out};
use crate::{Array, Error, InputSet, Model, Values};

/// What one activation sees and gives in one run.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The activation.
    pub site: &'a ActivationSite,
    /// Its place among [`Model::sites`].
    pub index: usize,
    /// The pre-activations, in row-major order: the arguments of the function.
    pub z: &'a [f32],
    /// The activations, as many.
    pub a: &'a [f32],
    /// The shape of both. Recurrent gates have \[steps · sequences, units\].
    pub shape: &'a [usize],
    /// The axis of the units.
    pub unit_axis: usize,
    /// How many independent samples these are of: the first axis, where it is not that of the units; of recurrent gates the sequences.
    pub samples: usize,
}

impl Observation<'_> {
    /// How many units there are.
    pub fn units(&self) -> usize {
        self.shape[self.unit_axis]
    }

    /// The product of the axes before that of the units. z and a are \[outer, units, positions\].
    pub fn outer(&self) -> usize {
        self.shape[..self.unit_axis].iter().product()
    }

    /// The product of the axes after that of the units.
    pub fn positions(&self) -> usize {
        self.shape[self.unit_axis + 1..].iter().product()
    }
}

impl Model {
    /// As [`run`](Self::run), for what [`observe`](Self::observe) is to be timed against.
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn plain_run(&self, run: &InputSet) -> Result<(), Error> {
        self.run(run).map(drop)
    }

    /// Runs the model, and gives the outputs that are tensors of numbers, by name.
    ///
    /// ```
    /// use excite_onnx::{Model, inputs};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    /// let model = Model::open(format!("{folder}/nmp.onnx"))?;
    /// let run = &inputs::random(&model, 1, 0, &inputs::InputOptions::default())?[0];
    /// let outputs = model.run(run)?;
    /// assert_eq!((outputs.len(), outputs[0].1.shape.len()), (3, 3));
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn run(&self, run: &InputSet) -> Result<Vec<(String, Array)>, Error> {
        self.on_engine_threads(|| {
            let mut kept = self.values(run)?;
            self.plain.pieces.iter().try_for_each(|piece| self.run_piece(piece, &mut kept, run))?;
            let ids = self.plain.pieces.iter().flat_map(|piece| &piece.shows).find_map(|shown| match shown {
                Show::Outputs(ids) => Some(ids),
                _ => None,
            });
            let outputs = self.outputs().iter().zip(ids.into_iter().flatten());
            Ok(outputs.filter_map(|(name, id)| Some((name.clone(), kept.get(*id)?.array()?))).collect())
        })
    }

    /// Runs the model and shows each activation as soon as it is computed. Every node is run once at most; the tensors
    /// kept are the inputs of nodes still to come, and the tensors of the activation that is shown. Activations without
    /// numbers in this run, such as those in the branch of an If that was not taken, are not shown. Work that `show`
    /// does with rayon is done on the threads that the model runs on.
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn observe(&self, run: &InputSet, show: impl FnMut(Observation<'_>) + Send) -> Result<(), Error> {
        self.on_engine_threads(|| self.observe_by(&self.plan, run, show))
    }

    /// As [`observe`](Self::observe), but without the activations that follow from the pre-activations: `a` is empty there.
    pub(crate) fn observe_what_is_needed(
        &self,
        run: &InputSet,
        show: impl FnMut(Observation<'_>) + Send,
    ) -> Result<(), Error> {
        self.on_engine_threads(|| self.observe_by(&self.examining, run, show))
    }

    fn observe_by(
        &self,
        plan: &ExecutionPlan,
        run: &InputSet,
        mut show: impl FnMut(Observation<'_>),
    ) -> Result<(), Error> {
        let mut kept = self.values(run)?;
        for piece in &plan.pieces {
            self.run_piece(piece, &mut kept, run)?;
            for shown in &piece.shows {
                match shown {
                    Show::Tensors { site, pre_activation, output } => {
                        let Some(z) = kept.get(*pre_activation).and_then(Value::floats) else { continue };
                        let a = match output.map(|output| kept.get(output).and_then(Value::floats)) {
                            None => Cow::default(),
                            Some(Some((_, a))) if a.len() == z.1.len() => a,
                            Some(_) => continue,
                        };
                        self.show_tensors(*site, z, a, &mut show);
                    }
                    Show::Recurrent(node) => self.show_gates(node, &kept, &mut show)?,
                    Show::Replaced { .. } | Show::Outputs(_) => {}
                }
            }
            piece.drops.iter().for_each(|id| drop(kept.remove(*id)));
        }
        Ok(())
    }

    /// Runs the model to its outputs, and lets `replace` change the results of each activation, given by its place among
    /// [`sites`](Self::sites), before anything reads them. Gives the outputs of floats by name. Activations that are not
    /// [`replaceable`](Self::replaceable) stay as they are.
    ///
    /// ```
    /// use excite_onnx::{Model, inputs};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    /// let model = Model::open(format!("{folder}/nmp.onnx"))?;
    /// let run = &inputs::random(&model, 1, 0, &inputs::InputOptions::default())?[0];
    /// let (plain, silent) = (model.run_replacing(run, |_, _| ())?, model.run_replacing(run, |_, a| a.fill(0.0))?);
    /// assert_eq!(plain.len(), 3);
    /// assert_ne!(plain, silent);
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn run_replacing(
        &self,
        run: &InputSet,
        mut replace: impl FnMut(usize, &mut [f32]) + Send,
    ) -> Result<Vec<(String, Array)>, Error> {
        self.on_engine_threads(|| self.run_to_outputs(&self.replacing, run, |site, _, a| replace(site, a)))
    }

    /// As [`run_replacing`](Self::run_replacing), and lends `compute` the pre-activations too, from which it may compute the results again.
    /// They are what the activation's function is applied to.
    ///
    /// ```
    /// use excite_onnx::{Model, inputs};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    /// let model = Model::open(format!("{folder}/nmp.onnx"))?;
    /// let run = &inputs::random(&model, 1, 0, &inputs::InputOptions::default())?[0];
    /// let again = model.run_recomputing(run, |site, z, a| {
    ///     let f = model.sites()[site].function.each().unwrap();
    ///     a.iter_mut().zip(z).for_each(|(a, &z)| *a = f.value(z));
    /// })?;
    /// assert_eq!(again.len(), 3);
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn run_recomputing(
        &self,
        run: &InputSet,
        compute: impl FnMut(usize, &[f32], &mut [f32]) + Send,
    ) -> Result<Vec<(String, Array)>, Error> {
        self.on_engine_threads(|| self.run_to_outputs(&self.recomputing, run, compute))
    }

    fn run_to_outputs(
        &self,
        plan: &ExecutionPlan,
        run: &InputSet,
        mut replace: impl FnMut(usize, &[f32], &mut [f32]),
    ) -> Result<Vec<(String, Array)>, Error> {
        let mut kept = self.values(run)?;
        let mut given = Vec::new();
        for piece in &plan.pieces {
            self.run_piece(piece, &mut kept, run)?;
            self.finish_replacing(piece, &mut kept, &mut replace, &mut given);
        }
        Ok(given)
    }

    /// Replaces the results of the activations that a piece computes, and takes the outputs that it gives.
    pub(crate) fn finish_replacing(
        &self,
        piece: &Piece,
        kept: &mut Kept<'_>,
        replace: &mut impl FnMut(usize, &[f32], &mut [f32]),
        given: &mut Vec<(String, Array)>,
    ) {
        for shown in &piece.shows {
            match shown {
                Show::Replaced { site, pre_activation, output } => {
                    let ActivationSite { argument, result, .. } = &self.sites()[*site];
                    let z = pre_activation.and_then(|id| kept.get(id)?.floats());
                    let z = z.map(|(_, z)| changed(*argument, z, Affine::of).into_owned()).unwrap_or_default();
                    if let Some(value) = kept.get_mut(*output) {
                        value.replace(|values| {
                            values.iter_mut().for_each(|value| *value = result.before(*value));
                            replace(*site, &z, values);
                            values.iter_mut().for_each(|value| *value = result.of(*value));
                        });
                    }
                }
                Show::Outputs(ids) => {
                    let outputs = self.outputs().iter().zip(ids);
                    given.extend(outputs.filter_map(|(name, id)| {
                        let (shape, values) = kept.get(*id)?.floats()?;
                        Some((name.clone(), Array { shape, values: Values::F32(values.into_owned()) }))
                    }));
                }
                Show::Tensors { .. } | Show::Recurrent(_) => {}
            }
        }
        piece.drops.iter().for_each(|id| drop(kept.remove(*id)));
    }

    /// Runs the nodes of a piece, and keeps what it gives.
    pub(crate) fn run_piece(&self, piece: &Piece, kept: &mut Kept<'_>, run: &InputSet) -> Result<(), Error> {
        let last_read = piece.reads.iter().filter(|&&(_, last)| last).map(|&(id, _)| id);
        let owned: Vec<_> = last_read.filter_map(|id| Some((id, kept.remove(id)?))).collect();
        let is_owned = |id: TensorId| owned.iter().any(|(owned, _)| *owned == id);
        let shared: Vec<_> = piece.reads.iter().map(|&(id, _)| id).filter(|&id| !is_owned(id)).collect();
        let shared = shared.into_iter().filter_map(|id| Some((id, Given::Shared(kept.get(id)?))));
        let inputs = owned.into_iter().map(|(id, value)| (id, Given::Owned(value))).chain(shared).collect();
        // What was given to the model is there already.
        let gives: Vec<_> = piece.gives.iter().copied().filter(|id| kept.get(*id).is_none()).collect();
        let given = self.engine.run(piece, inputs, &gives).map_err(|what| failed(&what, run))?;
        kept.own.extend(gives.into_iter().zip(given));
        Ok(())
    }

    /// Does some work on the threads that the engine runs on.
    pub(crate) fn on_engine_threads<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let (mut work, mut result) = (Some(work), None);
        self.engine.on_threads(&mut || result = work.take().map(|work| work()));
        result.unwrap_or_else(|| Err(Error::engine("running the model", "its threads are gone")))
    }

    /// The engine that runs the model.
    ///
    /// ```
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    /// let model = excite_onnx::Model::open(format!("{folder}/nmp.onnx"))?;
    /// assert_eq!((model.engine().name, model.engine().precision), ("embedded", "float32"));
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    pub fn engine(&self) -> EngineInfo {
        self.engine.info()
    }

    fn show_tensors(
        &self,
        index: usize,
        (shape, z): Floats<'_>,
        a: Cow<'_, [f32]>,
        show: &mut impl FnMut(Observation),
    ) {
        let site = &self.sites()[index];
        let (z, a) = if self.float16_sites[index] { (beyond_float16(z), beyond_float16(a)) } else { (z, a) };
        let z = changed(site.argument, z, Affine::of);
        let a = if site.output.is_empty() { site.computed(&z).into() } else { changed(site.result, a, Affine::before) };
        let Some(LaidOut { shape, unit_axis, z, a }) = lay_out(site.unit_axis, shape, z, a) else { return };
        if !z.is_empty() {
            let first = usize::from(self.stacked_sites[index]);
            let samples = if unit_axis <= first { 1 } else { shape[first] };
            show(Observation { site, index, z: &z, a: &a, shape: &shape, unit_axis, samples });
        }
    }

    fn show_gates(&self, node: &Recurrent, kept: &Kept<'_>, show: &mut impl FnMut(Observation)) -> Result<(), Error> {
        let tensor = |id| kept.get(id).and_then(Value::floats);
        let (Some(x), Some(w), Some(r), Some(y)) = (tensor(node.x), tensor(node.w), tensor(node.r), tensor(node.y))
        else {
            return Ok(());
        };
        let units = y.0.last().copied().unwrap_or(0);
        let lengths = node.lengths.and_then(|id| match kept.get(id)?.array()?.values {
            Values::I64(lengths) => Some(lengths.iter().map(|&length| usize::try_from(length).unwrap_or(0)).collect()),
            _ => None,
        });
        let (b, initial) = (node.b.and_then(tensor), node.initial.and_then(tensor));
        let (initial_cell, peepholes) = (node.initial_cell.and_then(tensor), node.peepholes.and_then(tensor));
        let samples = node.recurrence.sequences(&x.0);
        let operands = Operands { x, w, r, b, lengths, initial, initial_cell, peepholes, y };
        let mut index = node.first_site;
        for direction in &node.recurrence.directions {
            for z in pre_activations(&node.recurrence, direction, &operands)? {
                let site = &self.sites()[index];
                let z = changed(site.argument, z.into(), Affine::of);
                let a = site.computed(&z);
                if !z.is_empty() {
                    let shape = [z.len() / units, units];
                    show(Observation { site, index, z: &z, a: &a, shape: &shape, unit_axis: 1, samples });
                }
                index += 1;
            }
        }
        Ok(())
    }

    /// The inputs of a run as the engine takes them.
    pub(crate) fn values(&self, run: &InputSet) -> Result<Kept<'static>, Error> {
        self.check(run)?;
        let mut values = Kept::default();
        for (input, &id) in self.inputs().iter().zip(&self.input_ids) {
            if let Some((_, array)) = run.tensors.iter().find(|(name, _)| *name == input.name) {
                values.own.insert(id, self.engine.value(input, array).map_err(|what| Error::input(&input.name, what))?);
            }
        }
        Ok(values)
    }
}

/// The tensors that are there between two pieces.
#[derive(Default)]
pub(crate) struct Kept<'a> {
    pub own: HashMap<TensorId, Value>,
    /// Those of the run that this one leaves, where it has none of its own.
    pub before: Option<&'a HashMap<TensorId, Value>>,
}

impl Kept<'_> {
    fn get(&self, id: TensorId) -> Option<&Value> {
        self.own.get(&id).or_else(|| self.before?.get(&id))
    }

    fn get_mut(&mut self, id: TensorId) -> Option<&mut Value> {
        self.own.get_mut(&id)
    }

    fn remove(&mut self, id: TensorId) -> Option<Value> {
        self.own.remove(&id)
    }
}

/// Numbers, changed where `by` changes them at all.
fn changed(by: Affine, numbers: Cow<'_, [f32]>, change: fn(Affine, f32) -> f32) -> Cow<'_, [f32]> {
    if by == Affine::ITSELF { numbers } else { numbers.iter().map(|&number| change(by, number)).collect() }
}

/// The numbers with those infinite that float16 cannot hold: from halfway between its largest and the next power of two on.
fn beyond_float16(mut numbers: Cow<'_, [f32]>) -> Cow<'_, [f32]> {
    const BEYOND: f32 = 65520.0;
    if numbers.iter().any(|number| number.abs() >= BEYOND) {
        for number in numbers.to_mut().iter_mut().filter(|number| number.abs() >= BEYOND) {
            *number = f32::INFINITY.copysign(*number);
        }
    }
    numbers
}

fn failed(what: &str, run: &InputSet) -> Error {
    Error::engine("running the model", format!("{what}, with the input {}", run.name))
}
