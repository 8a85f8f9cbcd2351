//! A network that experiments look into.

use candle_core::backprop::GradStore;
use candle_core::{Device, Module, Tensor};
use excite::Function;
use excite_candle::Activation;
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::LabError;
use crate::data::Dataset;
use crate::initialise::Init;
use crate::loss::{BatchLoss, batch_loss};
use crate::network::{Architecture, Network, NetworkSpec, Pass, Start};
use crate::operations::{Dense, with_values};
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
    standardised: bool,
}

/// The start that suits `function`.
pub(super) fn usual_start() -> Start {
    Start { init: Init::Auto, gain: None, bias: 0.0 }
}

/// Each column with mean 0 and standard deviation 1; one that hardly varies becomes smaller.
fn standardise(z: &Tensor) -> candle_core::Result<Tensor> {
    /// Added to the variance, as PyTorch's `BatchNorm1d` does.
    const EPSILON: f64 = 1e-5;
    let centred = z.broadcast_sub(&z.mean_keepdim(0)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(0)? + EPSILON)?.sqrt()?;
    centred.broadcast_div(&deviation)
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
        Ok(Self { network, data, function, layers, random, standardised: false })
    }

    /// With the pre-activations of each hidden unit brought to mean 0 and standard deviation 1 over the samples of each pass, as batch
    /// normalisation does in training, without a scale and a shift to learn.
    pub(super) fn standardised(self) -> Self {
        Self { standardised: true, ..self }
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
        let (inputs, activation) = (gather(inputs, width, samples), Activation::new(self.function));
        if self.standardised {
            return Ok(self.forward_standardised(Tensor::from_vec(inputs, (samples.len(), width), &Device::Cpu)?)?);
        }
        Ok(self.network.forward(inputs, &activation)?)
    }

    fn forward_standardised(&self, inputs: Tensor) -> candle_core::Result<Pass> {
        let (output, before) = self.network.parameters().split_last().expect("a network has an output layer");
        let activation = Activation::new(self.function);
        let (mut x, mut hidden) = (inputs, vec![]);
        for (index, (weights, biases)) in before.iter().enumerate() {
            let z = standardise(&x.apply_op3(weights, biases, Dense { input_gradient: index > 0 })?)?;
            x = activation.forward(&z)?;
            hidden.push((z, x.clone()));
        }
        Ok(Pass::without_inputs(x.apply_op3(&output.0, &output.1, Dense { input_gradient: true })?, hidden))
    }

    /// The loss over `samples`.
    pub(super) fn loss(&self, pass: &Pass, samples: &[usize]) -> Result<BatchLoss, LabError> {
        Ok(with_values(&pass.outputs, |outputs| batch_loss(outputs, &self.data.train.targets, samples))?)
    }

    /// The gradients of the mean loss over `samples`.
    pub(super) fn gradients(&self, pass: &Pass, samples: &[usize]) -> Result<GradStore, LabError> {
        self.backward(pass, self.loss(pass, samples)?.gradient)
    }

    /// The gradients of a loss from its gradient by the outputs.
    fn backward(&self, pass: &Pass, gradient: Vec<f32>) -> Result<GradStore, LabError> {
        if self.standardised {
            // The gradient of Σ outputs · (∂loss/∂outputs) by the weights is that of the loss.
            let gradient = Tensor::from_vec(gradient, pass.outputs.shape(), &Device::Cpu)?;
            return Ok((&pass.outputs * gradient)?.sum_all()?.backward()?);
        }
        Ok(self.network.backward(pass, gradient, &Activation::new(self.function))?)
    }

    /// What the hidden layers do on all training samples.
    pub(super) fn vitals(&self) -> Result<Vec<LayerVitals>, LabError> {
        let all: Vec<usize> = (0..self.data.train.len()).collect();
        self.vitals_of(&self.forward(&all)?)
    }

    /// What the hidden layers did in `pass`.
    pub(super) fn vitals_of(&self, pass: &Pass) -> Result<Vec<LayerVitals>, LabError> {
        let of = |((name, units), (z, a)): (&(String, usize), &(Tensor, Tensor))| {
            let mut vitals = LayerVitals::new(name, self.function, *units);
            with_values(z, |z| with_values(a, |a| vitals.update(z, a)))??.map_err(candle_core::Error::wrap)?;
            Ok(vitals)
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
        self.descent_by(Optimizer::default(), learning_rate)
    }

    /// A rule at work on this network.
    pub(super) fn descent_by(&self, rule: Optimizer, learning_rate: f64) -> Descent {
        Descent::new(rule, learning_rate, self.network.variables())
    }

    /// Trains for one epoch in batches of [`BATCH`]; `step` does what a step is, with the gradients of each. Gives the share of the samples
    /// that were put into a wrong class; None where the loss ceased to be finite, at which it ends.
    pub(super) fn epoch_by(
        &mut self,
        mut step: impl FnMut(&Network, &mut GradStore) -> Result<(), LabError>,
    ) -> Result<Option<f64>, LabError> {
        let mut errors = 0.0;
        for samples in self.draw(usize::MAX).chunks(BATCH) {
            let pass = self.forward(samples)?;
            let loss = self.loss(&pass, samples)?;
            if !loss.loss.is_finite() {
                return Ok(None);
            }
            errors += loss.errors;
            step(&self.network, &mut self.backward(&pass, loss.gradient)?)?;
        }
        Ok(Some(errors / self.data.train.len() as f64))
    }

    /// Trains for one epoch in batches of [`BATCH`], whatever becomes of the loss.
    pub(super) fn epoch(&mut self, descent: &mut Descent) -> Result<(), LabError> {
        for samples in self.draw(usize::MAX).chunks(BATCH) {
            let pass = self.forward(samples)?;
            descent.step(&self.gradients(&pass, samples)?)?;
        }
        Ok(())
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
            trial.vitals().unwrap()
        };
        for layer in vitals(-4.0) {
            for unit in layer.units() {
                assert!(unit.z.mean.abs() < 1e-4 && (unit.z.std() - 1.0).abs() < 1e-2, "{unit:?}");
            }
        }
        let (low, none) = (vitals(-4.0), vitals(0.0));
        assert!((low[1].record().mean - none[1].record().mean).abs() < 1e-4);
    }

    #[test]
    fn the_gradient_through_the_standardising_layer_agrees_with_finite_differences() {
        let data = Dataset::digits(&Options::default());
        let trial = Trial::new(&data, &[8, 8], "tanh".parse().unwrap(), usual_start(), 1).unwrap().standardised();
        let samples: Vec<usize> = (0..64).collect();
        let loss = || trial.loss(&trial.forward(&samples).unwrap(), &samples).unwrap().loss / samples.len() as f64;
        let pass = trial.forward(&samples).unwrap();
        let gradients = trial.gradients(&pass, &samples).unwrap();
        let weights = &trial.network.parameters()[0].0;
        let gradient = gradients.get(weights).unwrap();
        let norm = f64::from(gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()).sqrt();
        let (direction, before) = ((gradient / norm).unwrap(), weights.as_tensor().copy().unwrap());
        let at = |step: f64| {
            weights.set(&(&before + (&direction * step).unwrap()).unwrap()).unwrap();
            loss()
        };
        let quotient = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert!((quotient / norm - 1.0).abs() < 0.02, "{quotient} for {norm}");
    }
}
