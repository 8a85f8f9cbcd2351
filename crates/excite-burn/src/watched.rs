//! A network under training, watched.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use excite::Function;
use excite_vitals::deaths::{Event, Mix, TrainingReport, TrainingWatch, Unit};
use excite_vitals::{Vitals, VitalsError};

use crate::apply;

/// Watches a network under training: the vitals of its layers, and which of their units die, at which step and of what.
///
/// Its [`activation`](Self::activation)s are modules that show what goes through them. At each [`look`](Self::look) the network is run on the
/// same samples, and where a unit has died since the last look, also with only a part of what its parameters changed by.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::{Device, Tensor};
/// use excite_burn::{Watched, WatchedActivation};
///
/// #[derive(Module, Debug)]
/// struct Layer {
///     weight: Param<Tensor<2>>,
///     activation: WatchedActivation,
/// }
///
/// let device = Device::flex();
/// let watched = Watched::new("layer");
/// let weight = Param::from_tensor(Tensor::from_floats([[1.0, -1.0]], &device));
/// let layer = Layer { weight, activation: watched.activation("", "relu".parse()?) };
/// let samples = Tensor::<2>::from_floats([[1.0], [2.0]], &device);
/// watched.look(0, &layer, |layer| {
///     layer.activation.forward(samples.clone().matmul(layer.weight.val()));
/// })?;
/// assert!(watched.report().to_string().contains("unit 1: born dead"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Watched {
    shared: Arc<Mutex<State>>,
}

struct State {
    watch: TrainingWatch,
    /// The parameters at the last look, by their paths: `hidden.weight`.
    before: HashMap<String, TensorData>,
}

/// An activation function as a module that shows what goes through it: made by [`Watched::activation`].
#[derive(Module, Debug)]
pub struct WatchedActivation {
    #[module(skip)]
    function: Function,
    #[module(skip)]
    layer: usize,
    #[module(skip)]
    watched: Watched,
}

impl WatchedActivation {
    /// f(z), element by element.
    ///
    /// # Panics
    /// As [`apply`] does, and if `z` has another number of units than before.
    pub fn forward<const D: usize>(&self, z: Tensor<D>) -> Tensor<D> {
        self.watched.show(self.layer, &z);
        apply(z, self.function)
    }
}

impl Watched {
    /// A watch over a network of that name.
    pub fn new(model: &str) -> Self {
        let state = State { watch: TrainingWatch::new(model), before: HashMap::new() };
        Self { shared: Arc::new(Mutex::new(state)) }
    }

    /// The activation of a layer, in the order of the network. The weights and the biases that lead into it are the parameters `weight` and
    /// `bias` at the path `name` in the module that is looked at, as of a `Linear` in a field of that name. The units lie along the second
    /// axis of what a convolution gives (four axes and more, or weights of three), else along the last.
    pub fn activation(&self, name: &str, function: Function) -> WatchedActivation {
        let layer = self.lock().watch.add_layer(name, function);
        WatchedActivation { function, layer, watched: self.clone() }
    }

    /// Looks at all units of the network after `step` steps: the first time before any, then after each or after some. `run` runs a network
    /// on the same samples each time. What has happened since the last look is given back, each unit by the number of its layer and its
    /// own.
    ///
    /// # Errors
    /// If a parameter cannot be read.
    pub fn look<M: Module>(
        &self,
        step: usize,
        network: &M,
        mut run: impl FnMut(&M),
    ) -> Result<Vec<(Unit, Event)>, VitalsError> {
        let (mut watch, before) = {
            let mut state = self.lock();
            (std::mem::replace(&mut state.watch, TrainingWatch::new("")), std::mem::take(&mut state.before))
        };
        let names: Vec<String> = watch.names().map(str::to_owned).collect();
        let events = watch.look(step, |watch, mix| {
            let mut mixer = Mixer { path: Vec::new(), mix, names: &names, before: &before };
            let mixed = if mix == Mix::After { network.clone() } else { network.clone().map(&mut mixer) };
            // The layers show themselves to the watch behind the lock.
            std::mem::swap(&mut self.lock().watch, watch);
            run(&mixed);
            std::mem::swap(&mut self.lock().watch, watch);
            Ok::<(), VitalsError>(())
        });
        let mut after = Snapshot::default();
        network.visit(&mut after);
        let mut state = self.lock();
        (state.watch, state.before) = (watch, after.parameters);
        events
    }

    /// Takes in the gradients of a step.
    ///
    /// # Errors
    /// If a gradient does not fit its layer.
    pub fn gradients<M: Module>(&self, network: &M, gradients: &Gradients) -> Result<(), VitalsError> {
        let names: Vec<String> = self.lock().watch.names().map(str::to_owned).collect();
        let mut found = GradientsOfLayers { path: Vec::new(), names: &names, gradients, found: Vec::new() };
        network.visit(&mut found);
        let watch = &mut self.lock().watch;
        found.found.into_iter().try_for_each(|(layer, values, fan_in)| watch.show_gradient(layer, &values, fan_in))
    }

    /// The vitals of all batches outside looks, which [`Vitals::write`] writes for `excite merge`.
    pub fn vitals(&self) -> Vitals {
        self.lock().watch.vitals()
    }

    /// What was found so far.
    pub fn report(&self) -> TrainingReport {
        self.lock().watch.report()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show<const D: usize>(&self, layer: usize, z: &Tensor<D>) {
        let values = numbers(z);
        let mut state = self.lock();
        let name = state.watch.names().nth(layer).unwrap_or_default();
        let weight = state.before.get(&joined(name, "weight")).map(|weight| weight.shape().num_dims());
        let dims = z.dims();
        let is_last = D < 2 || weight.map_or(D < 4, |axes| axes <= 2);
        let (units, positions) =
            if is_last { (dims.last().copied().unwrap_or(1), 1) } else { (dims[1], dims[2..].iter().product()) };
        if let Err(error) = state.watch.show(layer, &values, units, positions) {
            drop(state);
            panic!("{error}");
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watched").finish_non_exhaustive()
    }
}

fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_into_vec_as().unwrap_or_default()
}

/// The path of a parameter of a layer; a layer without a name is the whole network.
fn joined(layer: &str, part: &str) -> String {
    if layer.is_empty() { part.to_owned() } else { format!("{layer}.{part}") }
}

/// The parameters by their paths.
#[derive(Default)]
struct Snapshot {
    path: Vec<String>,
    parameters: HashMap<String, TensorData>,
}

impl ModuleVisitor for Snapshot {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.parameters.insert(self.path.join("."), parameter.val().to_data());
    }
}

/// Takes only a part of a step. All that is not a layer's own counts as upstream of it: what lies behind it changes nothing there.
struct Mixer<'a> {
    path: Vec<String>,
    mix: Mix,
    names: &'a [String],
    before: &'a HashMap<String, TensorData>,
}

impl Mixer<'_> {
    fn is(&self, path: &str, layer: usize, part: &str) -> bool {
        self.names.get(layer).is_some_and(|name| joined(name, part) == path)
    }
}

impl ModuleMapper for Mixer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let Some(before) = self.before.get(&path) else { return parameter };
        let takes_step = match self.mix {
            Mix::After => true,
            Mix::Halfway => false,
            Mix::OwnWeights(layer) => self.is(&path, layer, "weight"),
            Mix::OwnBiases(layer) => self.is(&path, layer, "bias"),
            Mix::Upstream(layer) => !self.is(&path, layer, "weight") && !self.is(&path, layer, "bias"),
        };
        if takes_step {
            return parameter;
        }
        parameter.map(|now| {
            let then = Tensor::<D>::from_data(before.clone(), &now.device()).cast(now.dtype());
            if self.mix == Mix::Halfway { (then + now).mul_scalar(0.5) } else { then }
        })
    }
}

/// The gradients by the weights of the layers, a row for each unit.
struct GradientsOfLayers<'a> {
    path: Vec<String>,
    names: &'a [String],
    gradients: &'a Gradients,
    found: Vec<(usize, Vec<f32>, usize)>,
}

impl ModuleVisitor for GradientsOfLayers<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let Some(layer) = self.names.iter().position(|name| joined(name, "weight") == path) else { return };
        let Some(gradient) = parameter.val().grad(self.gradients) else { return };
        // A linear layer of burn has a column for each unit.
        let gradient = if D == 2 { gradient.swap_dims(0, 1) } else { gradient };
        let units = gradient.dims()[0].max(1);
        let values = numbers(&gradient);
        let fan_in = values.len() / units;
        self.found.push((layer, values, fan_in));
    }
}
