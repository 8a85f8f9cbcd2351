//! Small networks that are trained step by step while somebody watches. They have the same bits on every machine, in a browser too.
//!
//! ```
//! use std::sync::Arc;
//! use excite_lab::data::{Dataset, Options};
//! use excite_lab::live::{Setup, Training};
//!
//! let digits = Arc::new(Dataset::digits(&Options::default()));
//! let setup = Setup { hidden: vec![16; 4], learning_rate: 1.0, ..Setup::new("relu".parse()?) };
//! let mut training = Training::new(digits, &setup)?;
//! let first = training.step().unwrap();
//! assert_eq!((first.number, first.gradient_norms.len()), (1, 5));
//! while training.steps() < 20 && training.step().is_some() {}
//! assert!(training.histories().iter().any(|history| history.is_dead()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cloud;
mod zig_zag;

use std::sync::Arc;

use excite::Function;
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

pub use crate::experiments::relu6_fixed_point::signal_to_noise;
pub use cloud::cloud;
pub use zig_zag::ZigZag;

use crate::activation::Activation;
use crate::architecture::{Architecture, NetworkSpec};
use crate::data::Dataset;
use crate::deaths::DeathWatch;
use crate::loss::{batch_loss, error};
use crate::network::{Hidden, Network, Pass, Start};
use crate::operations::Parameters;
use crate::optimise::Descent;
use crate::record::deaths::UnitHistory;
use crate::train::gather;
use crate::{Init, LabError, Optimizer};

/// A point of the plane.
pub type Point = [f64; 2];

/// Which network is trained, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation function of the hidden layers.
    pub function: Function,
    /// The gain of the hidden layers' weights; None for the function's own ([`excite::Info::gain`]).
    pub gain: Option<f64>,
    /// The learning rate, above 0.
    pub learning_rate: f64,
    /// The momentum, from 0 (none) to under 1.
    pub momentum: f64,
    /// The samples in a batch.
    pub batch: usize,
    /// The training samples, taken evenly from all, on which every unit is looked at after each step; at most as many as there are.
    pub watched: usize,
    /// The seed of the first weights and of the order of the samples.
    pub seed: u64,
}

impl Setup {
    /// One hidden layer of 64 units, plain gradient descent at a rate of 0.1 in batches of 32, every unit looked at on 256 samples.
    pub fn new(function: Function) -> Self {
        Self {
            hidden: vec![64],
            function,
            gain: None,
            learning_rate: 0.1,
            momentum: 0.0,
            batch: 32,
            watched: 256,
            seed: 1,
        }
    }
}

/// What one step of training was like, before the weights were changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The number of the step, counted from 1.
    pub number: usize,
    /// The mean loss of the batch.
    pub loss: f64,
    /// The share of the batch that was put into a wrong class; of a regression the root mean squared error.
    pub error: f64,
    /// The norm of the gradient by the weights of each layer, first layer first, the output layer last.
    pub gradient_norms: Vec<f64>,
}

/// A multi-layer perceptron under training.
pub struct Training {
    data: Arc<Dataset>,
    setup: Setup,
    layers: Vec<(String, usize)>,
    network: Network,
    activation: Activation,
    descent: Descent,
    random: ChaCha8Rng,
    /// The samples of this epoch, and how many of them were trained on.
    order: Vec<usize>,
    trained: usize,
    steps: usize,
    has_diverged: bool,
    watched: Vec<usize>,
    watch: DeathWatch,
}

impl Training {
    /// A network before its first step.
    ///
    /// # Errors
    /// If the network does not fit the data, if the rate or the gain is not a positive number, or if there are no samples to train on, to
    /// watch or in a batch.
    pub fn new(data: Arc<Dataset>, setup: &Setup) -> Result<Self, LabError> {
        let is_positive = |value: f64| value > 0.0 && value.is_finite();
        if !is_positive(setup.learning_rate) || !setup.gain.is_none_or(is_positive) {
            return Err(LabError::Plan("the learning rate and the gain must be positive numbers".to_owned()));
        }
        if data.train.is_empty() || setup.batch == 0 || setup.watched == 0 {
            return Err(LabError::Plan("there must be samples to train on, to watch and in a batch".to_owned()));
        }
        let architecture = Architecture::of(&NetworkSpec::Mlp { hidden: setup.hidden.clone() }, &data)?;
        let layers = architecture.hidden_layers();
        let mut random = ChaCha8Rng::seed_from_u64(setup.seed);
        let start = Start { init: Init::Auto, gain: setup.gain, bias: 0.0 };
        let network = Network::new(architecture, start, setup.function, &mut random).in_order();
        let samples = data.train.len();
        let count = setup.watched.min(samples);
        // From everywhere, for data may lie in order.
        let watched: Vec<usize> = (0..count).map(|index| index * samples / count).collect();
        Ok(Self {
            activation: Activation::new(setup.function),
            descent: descent(setup, &network),
            watch: watch(setup, &network, &data, &watched),
            setup: setup.clone(),
            data,
            layers,
            network,
            random,
            order: vec![],
            trained: 0,
            steps: 0,
            has_diverged: false,
            watched,
        })
    }

    /// Trains on one batch, and looks which units that killed. None, and nothing is changed, once the loss is no longer finite.
    pub fn step(&mut self) -> Option<Step> {
        if self.has_diverged {
            return None;
        }
        let samples = self.next_batch();
        let pass = self.forward(&samples);
        let loss = batch_loss(&pass.outputs.values, &self.data.train.targets, &samples);
        if !loss.loss.is_finite() {
            self.has_diverged = true;
            return None;
        }
        let gradients = self.network.backward(&pass, loss.gradient, &self.activation);
        self.descent.step(&mut self.network.parameters, &gradients);
        self.steps += 1;
        self.watch.look(self.steps, &self.network);
        Some(Step {
            number: self.steps,
            loss: loss.loss / samples.len() as f64,
            error: error(&self.data.train.targets, loss.errors, samples.len()),
            gradient_norms: norms(&gradients),
        })
    }

    /// The steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The steps of an epoch, in which every sample is trained on once.
    pub fn steps_an_epoch(&self) -> usize {
        self.data.train.len().div_ceil(self.setup.batch)
    }

    /// Whether the loss ceased to be finite.
    pub fn has_diverged(&self) -> bool {
        self.has_diverged
    }

    /// Further steps are taken at this rate.
    pub fn set_learning_rate(&mut self, rate: f64) {
        self.setup.learning_rate = rate;
        self.descent.set_learning_rate(rate);
    }

    /// The units that were dead at some time on the watched samples, when, and of what.
    pub fn histories(&self) -> &[UnitHistory] {
        self.watch.histories()
    }

    /// What the units of each hidden layer do on the watched samples.
    #[expect(clippy::missing_panics_doc, reason = "a pass has a row of the layer's units for each sample")]
    pub fn vitals(&self) -> Vec<LayerVitals> {
        let pass = self.forward(&self.watched);
        let of = |((name, units), hidden): (&(String, usize), &Hidden)| {
            let mut vitals = LayerVitals::new(name, self.setup.function, *units);
            vitals.update(&hidden.z.values, &hidden.a.values).expect("whole rows of the layer's units");
            vitals
        };
        self.layers.iter().zip(&pass.hidden).map(of).collect()
    }

    /// The norm of the gradient by the weights of each layer over the watched samples, first layer first, the output layer last.
    pub fn gradient_norms(&self) -> Vec<f64> {
        let pass = self.forward(&self.watched);
        let loss = batch_loss(&pass.outputs.values, &self.data.train.targets, &self.watched);
        norms(&self.network.backward(&pass, loss.gradient, &self.activation))
    }

    /// The activations of all hidden layers on the held-out samples.
    pub fn held_out_activations(&self) -> Vec<f32> {
        let pass = self.network.forward(self.data.test.inputs.clone(), &self.activation);
        pass.hidden.iter().flat_map(|hidden| &hidden.a.values).copied().collect()
    }

    /// The network's outputs for some inputs, those of a sample one after the other.
    pub fn outputs(&self, inputs: &[f32]) -> Vec<f32> {
        self.network.forward(inputs.to_vec(), &self.activation).outputs.values
    }

    /// The incoming weights and the bias of a unit of the first hidden layer. None if there is no such unit.
    pub fn incoming(&self, unit: usize) -> Option<(&[f32], f32)> {
        let Parameters { weights, biases } = &self.network.parameters[0];
        Some((weights.rows().nth(unit)?, *biases.get(unit)?))
    }

    /// Gives a unit of the first hidden layer other weights and another bias. What was known of the units is forgotten: a unit that is dead
    /// then counts as dead from the start. False if there is no such unit, or not as many weights.
    pub fn set_incoming(&mut self, unit: usize, weights: &[f32], bias: f32) -> bool {
        let first = &mut self.network.parameters[0];
        let columns = first.weights.columns;
        let row = first.weights.values.chunks_exact_mut(columns).nth(unit).filter(|row| row.len() == weights.len());
        let (Some(row), Some(own)) = (row, first.biases.get_mut(unit)) else { return false };
        row.copy_from_slice(weights);
        *own = bias;
        self.descent = descent(&self.setup, &self.network);
        self.watch = watch(&self.setup, &self.network, &self.data, &self.watched);
        true
    }

    fn forward(&self, samples: &[usize]) -> Pass {
        let width = self.network.architecture().inputs();
        self.network.forward(gather(&self.data.train.inputs, width, samples), &self.activation)
    }

    /// The next samples of this epoch, or the first of a new one.
    fn next_batch(&mut self) -> Vec<usize> {
        if self.trained >= self.order.len() {
            self.order = (0..self.data.train.len()).collect();
            self.order.shuffle(&mut self.random);
            self.trained = 0;
        }
        let batch: Vec<usize> = self.order[self.trained..].iter().copied().take(self.setup.batch).collect();
        self.trained += batch.len();
        batch
    }
}

fn descent(setup: &Setup, network: &Network) -> Descent {
    Descent::new(Optimizer::Sgd { momentum: setup.momentum }, setup.learning_rate, &network.parameters)
}

fn watch(setup: &Setup, network: &Network, data: &Dataset, watched: &[usize]) -> DeathWatch {
    DeathWatch::new(network, setup.function, gather(&data.train.inputs, network.architecture().inputs(), watched))
}

/// The norm of the gradient by each layer's weights.
fn norms(gradients: &[Parameters]) -> Vec<f64> {
    let squares = |layer: &Parameters| layer.weights.values.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
    gradients.iter().map(|layer| squares(layer).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Options;

    fn digits() -> Arc<Dataset> {
        Arc::new(Dataset::digits(&Options::default()))
    }

    fn setup(name: &str) -> Setup {
        Setup { hidden: vec![16; 4], ..Setup::new(name.parse().unwrap()) }
    }

    #[test]
    fn training_learns_and_repeats_bit_by_bit() {
        let losses = || {
            let mut training = Training::new(digits(), &setup("tanh")).unwrap();
            (0..200).map(|_| training.step().unwrap().loss).collect::<Vec<_>>()
        };
        let once = losses();
        assert_eq!(once, losses());
        assert!(once[190..].iter().sum::<f64>() < 0.3 * once[..10].iter().sum::<f64>(), "{once:?}");
    }

    #[test]
    fn a_rate_that_is_too_high_kills_and_then_diverges_or_goes_on() {
        let mut training =
            Training::new(digits(), &Setup { learning_rate: 3.0, watched: usize::MAX, ..setup("relu") }).unwrap();
        while training.steps() < 30 && training.step().is_some() {}
        let dead = training.histories().iter().filter(|history| history.is_dead()).count();
        let by_vitals: f64 = training.vitals().iter().map(|layer| 16.0 * layer.record().dead).sum();
        assert!(dead > 10, "{dead}");
        assert_eq!(dead as f64, by_vitals.round());
        let mut wild = Training::new(digits(), &Setup { learning_rate: 1e30, ..setup("leaky_relu") }).unwrap();
        while wild.steps() < 30 && wild.step().is_some() {}
        assert!(wild.has_diverged() && wild.step().is_none());
    }

    #[test]
    fn gradients_of_sigmoid_shrink_towards_the_first_layer() {
        let deep = Setup { hidden: vec![64; 10], ..Setup::new("sigmoid".parse().unwrap()) };
        let norms = Training::new(digits(), &deep).unwrap().gradient_norms();
        assert!(norms.len() == 11 && norms[0] < 1e-3 * norms[9], "{norms:?}");
    }

    #[test]
    fn a_unit_moved_off_the_data_is_dead_and_stays() {
        let data = Arc::new(cloud(200, 1));
        let mut training =
            Training::new(data, &Setup { hidden: vec![4], ..Setup::new("relu".parse().unwrap()) }).unwrap();
        assert!(training.histories().is_empty());
        assert!(training.set_incoming(2, &[1.0, 0.5], -9.0) && !training.set_incoming(9, &[1.0, 0.5], -9.0));
        assert!(training.histories().len() == 1 && training.histories()[0].is_born_dead());
        let before = training.incoming(0).map(|(weights, bias)| (weights.to_vec(), bias));
        (0..50).for_each(|_| assert!(training.step().is_some()));
        assert_eq!(training.incoming(2), Some((&[1.0_f32, 0.5][..], -9.0)));
        assert_ne!(training.incoming(0).map(|(weights, bias)| (weights.to_vec(), bias)), before);
    }

    #[test]
    fn what_cannot_be_trained_is_refused() {
        for wrong in [
            Setup { learning_rate: 0.0, ..setup("relu") },
            Setup { gain: Some(-1.0), ..setup("relu") },
            Setup { batch: 0, ..setup("relu") },
            Setup { hidden: vec![0], ..setup("relu") },
        ] {
            assert!(matches!(Training::new(digits(), &wrong), Err(LabError::Plan(_))));
        }
    }
}
