//! A network that experiments look into.

use candle_core::Tensor;
use candle_core::backprop::GradStore;
use excite::Function;
use excite_candle::Activation;
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::LabError;
use crate::data::Dataset;
use crate::initialise::Init;
use crate::loss::batch_loss;
use crate::network::{Architecture, Network, NetworkSpec, Pass, Start};
use crate::operations::with_values;
use crate::optimise::Descent;
use crate::train::gather;

/// An MLP and the data it is trained on.
pub(super) struct Trial<'a> {
    pub(super) network: Network,
    data: &'a Dataset,
    function: Function,
    layers: Vec<(String, usize)>,
    random: ChaCha8Rng,
}

/// The start that suits `function`.
pub(super) fn usual_start() -> Start {
    Start { init: Init::Auto, gain: None, bias: 0.0 }
}

/// What a layer did whose pre-activations and activations are given.
pub(super) fn layer_vitals(
    name: &str,
    function: Function,
    units: usize,
    z: &Tensor,
    a: &Tensor,
) -> Result<LayerVitals, LabError> {
    let mut vitals = LayerVitals::new(name, function, units);
    with_values(z, |z| with_values(a, |a| vitals.update(z, a)))??.map_err(candle_core::Error::wrap)?;
    Ok(vitals)
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        data: &'a Dataset,
        hidden: &[usize],
        function: Function,
        start: Start,
        seed: u64,
    ) -> Result<Self, LabError> {
        let architecture = Architecture::of(&NetworkSpec::Mlp { hidden: hidden.to_vec() }, data)?;
        let layers = architecture.hidden_layers();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let network = Network::new(architecture, start, function, &mut random)?;
        Ok(Self { network, data, function, layers, random })
    }

    /// `count` training samples, drawn anew at each call; all of them, in another order each time, if there are no more.
    pub(super) fn draw(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.data.train.len()).collect();
        let (drawn, _) = all.partial_shuffle(&mut self.random, count);
        drawn.to_vec()
    }

    pub(super) fn forward(&self, samples: &[usize]) -> Result<Pass, LabError> {
        let inputs = &self.data.train.inputs;
        let width = inputs.len() / self.data.train.len();
        Ok(self.network.forward(gather(inputs, width, samples), &Activation::new(self.function))?)
    }

    /// The gradients of the mean loss over `samples`.
    pub(super) fn gradients(&self, pass: &Pass, samples: &[usize]) -> Result<GradStore, LabError> {
        let loss = with_values(&pass.outputs, |outputs| batch_loss(outputs, &self.data.train.targets, samples))?;
        Ok(self.network.backward(pass, loss.gradient, &Activation::new(self.function))?)
    }

    /// What the hidden layers do on all training samples.
    pub(super) fn vitals(&self) -> Result<Vec<LayerVitals>, LabError> {
        let all: Vec<usize> = (0..self.data.train.len()).collect();
        self.vitals_of(&self.forward(&all)?)
    }

    /// What the hidden layers did in `pass`.
    pub(super) fn vitals_of(&self, pass: &Pass) -> Result<Vec<LayerVitals>, LabError> {
        let of = |((name, units), (z, a)): (&(String, usize), &(Tensor, Tensor))| {
            layer_vitals(name, self.function, *units, z, a)
        };
        self.layers.iter().zip(&pass.hidden).map(of).collect()
    }

    /// The gradients by the weights of hidden layer number `layer`, counted from 0, a row for each unit, and by its biases.
    pub(super) fn layer_gradients(
        &self,
        gradients: &GradStore,
        layer: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), LabError> {
        let (weights, biases) = &self.network.parameters()[layer];
        let values = |variable| match gradients.get(variable) {
            Some(gradient) => with_values(gradient, <[f32]>::to_vec),
            // Through which nothing was passed.
            None => Ok(vec![0.0; variable.elem_count()]),
        };
        Ok((values(weights)?, values(biases)?))
    }

    /// The optimiser's usual rule at work on this network.
    pub(super) fn descent(&self, learning_rate: f64) -> Descent {
        let variables =
            self.network.parameters().iter().flat_map(|(weights, biases)| [weights.clone(), biases.clone()]);
        Descent::new(crate::Optimizer::default(), learning_rate, variables)
    }

    /// Trains for one epoch in batches of 32.
    pub(super) fn epoch(&mut self, descent: &mut Descent) -> Result<(), LabError> {
        for samples in self.draw(usize::MAX).chunks(32) {
            let pass = self.forward(samples)?;
            descent.step(&self.gradients(&pass, samples)?)?;
        }
        Ok(())
    }
}
