//! A network that experiments look into.

use excite::Function;
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::LabError;
use crate::activation::Activation;
use crate::architecture::{Architecture, NetworkSpec};
use crate::data::Dataset;
use crate::initialise::Init;
use crate::loss::{BatchLoss, batch_loss};
use crate::network::{Hidden, Network, Pass, Start};
use crate::operations::Parameters;
use crate::optimise::{Descent, Optimizer};
use crate::train::gather;

/// The samples in a batch.
pub(super) const BATCH: usize = 32;

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
        let network = Network::new(architecture, start, function, &mut random);
        Ok(Self { network, data, function, layers, random })
    }

    /// With a network as [`Network::standardised`] has it.
    pub(super) fn standardised(self) -> Self {
        Self { network: self.network.standardised(), ..self }
    }

    /// `count` training samples, drawn again at each call; if there are no more, all, in another order each time.
    pub(super) fn draw(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.data.train.len()).collect();
        let (drawn, _) = all.partial_shuffle(&mut self.random, count);
        drawn.to_vec()
    }

    pub(super) fn forward(&self, samples: &[usize]) -> Pass {
        let inputs = &self.data.train.inputs;
        let width = inputs.len() / self.data.train.len();
        self.network.forward(gather(inputs, width, samples), &Activation::new(self.function))
    }

    /// The loss over `samples`.
    pub(super) fn loss(&self, pass: &Pass, samples: &[usize]) -> BatchLoss {
        batch_loss(&pass.outputs.values, &self.data.train.targets, samples)
    }

    /// The gradients of the mean loss over `samples`.
    pub(super) fn gradients(&self, pass: &Pass, samples: &[usize]) -> Vec<Parameters> {
        self.backward(pass, self.loss(pass, samples).gradient)
    }

    /// The gradients of a loss from its gradient by the outputs.
    fn backward(&self, pass: &Pass, gradient: Vec<f32>) -> Vec<Parameters> {
        self.network.backward(pass, gradient, &Activation::new(self.function))
    }

    /// What the hidden layers do on all training samples.
    pub(super) fn vitals(&self) -> Vec<LayerVitals> {
        let all: Vec<usize> = (0..self.data.train.len()).collect();
        self.vitals_of(&self.forward(&all))
    }

    /// What the hidden layers did in `pass`.
    pub(super) fn vitals_of(&self, pass: &Pass) -> Vec<LayerVitals> {
        let of = |((name, units), hidden): (&(String, usize), &Hidden)| {
            let mut vitals = LayerVitals::new(name, self.function, *units);
            vitals.update(&hidden.z.values, &hidden.a.values).expect("whole rows of the layer's units");
            vitals
        };
        self.layers.iter().zip(&pass.hidden).map(of).collect()
    }

    /// The optimiser's usual rule at work on this network.
    pub(super) fn descent(&self, learning_rate: f64) -> Descent {
        self.descent_by(Optimizer::default(), learning_rate)
    }

    /// A rule at work on this network.
    pub(super) fn descent_by(&self, rule: Optimizer, learning_rate: f64) -> Descent {
        Descent::new(rule, learning_rate, &self.network.parameters)
    }

    /// Trains for one epoch in batches of [`BATCH`]; `step` does what a step is, with the gradients of each. Gives the share of the samples
    /// that were put into a wrong class; None where the loss ceased to be finite, at which it ends.
    pub(super) fn epoch_by(&mut self, mut step: impl FnMut(&mut Network, Vec<Parameters>)) -> Option<f64> {
        let mut errors = 0.0;
        for samples in self.draw(usize::MAX).chunks(BATCH) {
            let pass = self.forward(samples);
            let loss = self.loss(&pass, samples);
            if !loss.loss.is_finite() {
                return None;
            }
            errors += loss.errors;
            let gradients = self.backward(&pass, loss.gradient);
            step(&mut self.network, gradients);
        }
        Some(errors / self.data.train.len() as f64)
    }

    /// Trains for one epoch in batches of [`BATCH`], whatever becomes of the loss.
    pub(super) fn epoch(&mut self, descent: &mut Descent) {
        for samples in self.draw(usize::MAX).chunks(BATCH) {
            let gradients = self.gradients(&self.forward(samples), samples);
            descent.step(&mut self.network.parameters, &gradients);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Options;

    #[test]
    fn standardised_columns_have_mean_0_and_deviation_1_whatever_the_bias() {
        let data = Dataset::digits(&Options::default());
        let vitals = |bias| {
            let start = Start { bias, ..usual_start() };
            let trial = Trial::new(&data, &[8, 8], "relu".parse().unwrap(), start, 1).unwrap().standardised();
            trial.vitals()
        };
        for layer in vitals(-4.0) {
            for unit in layer.units() {
                assert!(unit.z.mean.abs() < 1e-4 && (unit.z.std() - 1.0).abs() < 1e-2, "{unit:?}");
            }
        }
        let (low, none) = (vitals(-4.0), vitals(0.0));
        assert!((low[1].record().mean - none[1].record().mean).abs() < 1e-4);
    }
}
