//! A network under training, watched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{DType, Error, Module, Result, Tensor};
use candle_nn::VarMap;
use excite_vitals::Vitals;
use excite_vitals::deaths::{Event, Mix, TrainingReport, TrainingWatch, Unit};

use crate::Activation;

/// Watches a network under training: the vitals of its layers, and which of their units die, at which step and of what.
///
/// Its [`activation`](Self::activation)s are layers that show what goes through them. At each [`look`](Self::look) the network is run on the
/// same samples, and where a unit has died since the last look, also with only a part of what the variables changed by.
///
/// ```
/// use candle_core::{DType, Device, Module, Tensor};
/// use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
/// use excite_candle::Watched;
///
/// let variables = VarMap::new();
/// let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
/// let watched = Watched::new("mlp", &variables);
/// let network = candle_nn::seq()
///     .add(candle_nn::linear(4, 16, vb.pp("hidden"))?)
///     .add(watched.activation("hidden", "relu".parse()?))
///     .add(candle_nn::linear(16, 1, vb.pp("output"))?);
/// let mut optimizer = SGD::new(variables.all_vars(), 0.1)?;
/// let x = Tensor::randn(0_f32, 1.0, (64, 4), &Device::Cpu)?;
/// for step in 0..10 {
///     watched.look(step, || network.forward(&x))?;
///     optimizer.backward_step(&(network.forward(&x)? * 10.0)?.sqr()?.mean_all()?)?;
/// }
/// println!("{}", watched.report());
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// Clones watch the same network. The variables are set for the time of a look, and set back; training in another thread must wait for it.
#[derive(Clone)]
pub struct Watched {
    variables: VarMap,
    shared: Arc<Mutex<State>>,
}

struct State {
    watch: TrainingWatch,
    /// The variables at the last look, by their names.
    before: HashMap<String, Tensor>,
}

/// An activation function as a layer that shows what goes through it: made by [`Watched::activation`].
#[derive(Clone)]
pub struct WatchedActivation {
    activation: Activation,
    layer: usize,
    watched: Watched,
}

impl Watched {
    /// A watch over a network of that name, whose layers are made from `variables`.
    pub fn new(model: &str, variables: &VarMap) -> Self {
        let state = State { watch: TrainingWatch::new(model), before: HashMap::new() };
        Self { variables: variables.clone(), shared: Arc::new(Mutex::new(state)) }
    }

    /// The activation of a layer, in the order of the network. The weights and the biases that lead into it are the variables
    /// `{name}.weight` and `{name}.bias`, as of a layer made from `vb.pp(name)`. They tell the axis of the units: the last after a linear
    /// layer, the second after a convolution; without them it is the second of four axes and more, else the last.
    pub fn activation(&self, name: &str, activation: Activation) -> WatchedActivation {
        let layer = self.lock().watch.add_layer(name, activation.function());
        WatchedActivation { activation, layer, watched: self.clone() }
    }

    /// Looks at all units after `step` steps: the first time before any, then after each or after some. `run` runs the network on the same
    /// samples each time. What has happened since the last look is given back, each unit by the number of its layer and its own.
    ///
    /// # Errors
    /// What `run` gives, or if a variable cannot be set.
    pub fn look(&self, step: usize, mut run: impl FnMut() -> Result<Tensor>) -> Result<Vec<(Unit, Event)>> {
        let after = self.copies()?;
        let (mut watch, before) = {
            let mut state = self.lock();
            (std::mem::replace(&mut state.watch, TrainingWatch::new("")), std::mem::take(&mut state.before))
        };
        // The variables are as they are after the step until another mix is asked for.
        let mut is_mixed = false;
        let names: Vec<String> = watch.names().map(str::to_owned).collect();
        let events = watch.look(step, |watch, mix| {
            if mix != Mix::After || is_mixed {
                is_mixed = true;
                self.set(mix, &names, &before, &after)?;
            }
            // The layers show themselves to the watch behind the lock.
            std::mem::swap(&mut self.lock().watch, watch);
            let done = run().map(|_| ());
            std::mem::swap(&mut self.lock().watch, watch);
            done
        });
        let restored = if is_mixed { self.set(Mix::After, &names, &before, &after) } else { Ok(()) };
        let mut state = self.lock();
        (state.watch, state.before) = (watch, if events.is_ok() { after } else { before });
        restored.and(events)
    }

    /// Takes in the gradients of a step.
    ///
    /// # Errors
    /// If a gradient cannot be read, or does not fit its layer.
    pub fn gradients(&self, gradients: &GradStore) -> Result<()> {
        let variables = self.variables.data().lock().unwrap_or_else(PoisonError::into_inner);
        let watch = &mut self.lock().watch;
        let names: Vec<String> = watch.names().map(str::to_owned).collect();
        for (layer, name) in names.iter().enumerate() {
            let Some(gradient) = variables.get(&format!("{name}.weight")).and_then(|weight| gradients.get(weight))
            else {
                continue;
            };
            let values = numbers(gradient)?;
            let fan_in = values.len() / gradient.dim(0)?.max(1);
            watch.show_gradient(layer, &values, fan_in).map_err(Error::wrap)?;
        }
        Ok(())
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

    /// The variables as they are now.
    fn copies(&self) -> Result<HashMap<String, Tensor>> {
        let variables = self.variables.data().lock().unwrap_or_else(PoisonError::into_inner);
        variables.iter().map(|(name, variable)| Ok((name.clone(), variable.as_tensor().copy()?))).collect()
    }

    /// Sets the variables to a mix of what they were and what they are. All that is not a layer's own counts as upstream of it: what lies
    /// behind it changes nothing there.
    fn set(
        &self,
        mix: Mix,
        names: &[String],
        before: &HashMap<String, Tensor>,
        after: &HashMap<String, Tensor>,
    ) -> Result<()> {
        let variables = self.variables.data().lock().unwrap_or_else(PoisonError::into_inner);
        let is = |name: &str, layer: usize, part: &str| {
            name.strip_suffix(part).and_then(|rest| rest.strip_suffix('.')) == names.get(layer).map(String::as_str)
        };
        for (name, variable) in variables.iter() {
            let Some(now) = after.get(name) else { continue };
            let then = before.get(name).unwrap_or(now);
            let takes_step = match mix {
                Mix::After => true,
                Mix::Halfway => {
                    variable.set(&((then + now)? * 0.5)?)?;
                    continue;
                }
                Mix::OwnWeights(layer) => is(name, layer, "weight"),
                Mix::OwnBiases(layer) => is(name, layer, "bias"),
                Mix::Upstream(layer) => !is(name, layer, "weight") && !is(name, layer, "bias"),
            };
            variable.set(if takes_step { now } else { then })?;
        }
        Ok(())
    }

    /// Whether the units of a layer lie along the last axis.
    fn units_are_last(&self, layer: usize, axes: usize) -> bool {
        let name = self.lock().watch.names().nth(layer).map(|name| format!("{name}.weight")).unwrap_or_default();
        let variables = self.variables.data().lock().unwrap_or_else(PoisonError::into_inner);
        variables.get(&name).map_or(axes < 4, |weight| weight.dims().len() <= 2)
    }

    fn show(&self, layer: usize, z: &Tensor) -> Result<()> {
        let dims = z.dims();
        let (units, positions) = match dims {
            [] => return Ok(()),
            [units] => (*units, 1),
            [.., units] if self.units_are_last(layer, dims.len()) => (*units, 1),
            [_, units, rest @ ..] => (*units, rest.iter().product()),
        };
        let values = numbers(&z.detach())?;
        self.lock().watch.show(layer, &values, units, positions).map_err(Error::wrap)
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()
}

impl Module for WatchedActivation {
    fn forward(&self, z: &Tensor) -> Result<Tensor> {
        self.watched.show(self.layer, z)?;
        self.activation.forward(z)
    }
}
