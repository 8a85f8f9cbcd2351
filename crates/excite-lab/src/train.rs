//! One training run.

use std::time::{Duration, Instant};

use crate::record::run::{Epoch, Outcome, Run, Time};
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::activation::Activation;
use crate::architecture::Architecture;
use crate::data::{Dataset, Samples};
use crate::deaths::{Inputs, SampledWatch};
use crate::loss::{error, weighted_batch_loss};
use crate::network::{Network, Pass, Start};
use crate::operations::Parameters;
use crate::optimise::Descent;
use crate::{LabError, RunKey, Spec, TrainedNetwork, Watcher};

/// Activations are sampled on every third batch: with that, all vitals and deaths take a tenth of the training time of a small
/// MLP (`digits_time` prints it). As each epoch has another order, all samples get their turn.
const BATCH_STRIDE: usize = 3;

/// Gradients and updates of the weights are sampled at every sixteenth step: doing so at each would take longer
/// than computing the activations.
const STEP_STRIDE: usize = 16;

/// Samples evaluated at once.
const EVALUATION_BATCH: usize = 256;

/// A run, and the network as it is after the last step.
pub struct Trained {
    /// What was recorded.
    pub run: Run,
    /// The network.
    pub network: TrainedNetwork,
}

/// Trains one network with the function of `key` in its hidden layers, for at most its epochs or, if `stop_at` is given,
/// until the training error of an epoch is at most that. The same arguments give the same bits, on any number of
/// threads; only the times differ. A loss that becomes infinite or NaN ends the run with [`Outcome::Diverged`].
///
/// Vitals are taken of every third batch's activations, and of the weights at every sixteenth step. Units that died are listed in
/// [`Run::deaths`]: after steps 1, 2, 4, 8 and every sixteenth a unit that the batch leaves without a slope is looked at on up to 256 more
/// samples.
///
/// # Errors
/// If `spec` does not fit the data, if there are no epochs, if the learning rate is not positive and finite, or if the watcher asked to
/// stop ([`LabError::Stopped`]).
pub fn train(data: &Dataset, spec: &Spec, key: RunKey, watcher: &dyn Watcher) -> Result<Trained, LabError> {
    spec.check(data)?;
    key.check()?;
    // On a thread of the rayon pool: handing over to it in every operation, from a thread outside, takes longer than a small layer.
    rayon::scope(|_| Training::new(data, spec, key)?.run(watcher))
}

/// A run under way.
struct Training<'a> {
    data: &'a Dataset,
    key: RunKey,
    batch: usize,
    /// Of the training and of the held-out samples.
    class_weights: [Vec<f64>; 2],
    width: usize,
    train_inputs: Vec<f32>,
    test_inputs: Vec<f32>,
    network: Network,
    descent: Descent,
    random: ChaCha8Rng,
    order: Vec<usize>,
    activation: Activation,
    /// Empty vitals, from which each epoch starts.
    blank: Vec<LayerVitals>,
    /// The vitals of the epoch under way, or of the last one.
    vitals: Vec<LayerVitals>,
    deaths: SampledWatch,
    /// The error of each held-out sample after the last epoch.
    held_out_errors: Vec<f32>,
    /// The steps taken.
    steps: usize,
    trained_for: Duration,
    observed_for: Duration,
}

/// The sums over an epoch's batches.
#[derive(Default)]
struct Sums {
    samples: usize,
    loss: f64,
    errors: f64,
}

impl<'a> Training<'a> {
    fn new(data: &'a Dataset, spec: &Spec, key: RunKey) -> Result<Self, LabError> {
        let RunKey { function, learning_rate, seed, .. } = key;
        let architecture = Architecture::of(&spec.network, data)?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let start = Start { init: spec.init, gain: spec.gain, bias: spec.bias };
        let network = Network::new(architecture.clone(), start, function, &mut random);
        let descent = Descent::new(spec.optimizer, learning_rate, &network.parameters);
        let layers = architecture.hidden_layers();
        let blank: Vec<_> = layers.iter().map(|(name, units)| LayerVitals::new(name, function, *units)).collect();
        let (train_inputs, width) = (architecture.arrange(&data.train.inputs), architecture.inputs());
        let start = Instant::now();
        let deaths = SampledWatch::new(&network, function, Inputs { values: &train_inputs, width });
        let observed_for = start.elapsed();
        Ok(Self {
            data,
            key,
            batch: spec.batch,
            class_weights: [&data.train, &data.test]
                .map(|samples| spec.class_weights.of(&samples.targets, data.classes.len())),
            width,
            train_inputs,
            test_inputs: architecture.arrange(&data.test.inputs),
            network,
            descent,
            random,
            order: (0..data.train.len()).collect(),
            activation: Activation::timed(function).with_accuracy(spec.accuracy),
            vitals: blank.clone(),
            blank,
            deaths,
            held_out_errors: vec![],
            steps: 0,
            trained_for: observed_for,
            observed_for,
        })
    }

    /// Trains the epochs, or until the training error of one is low enough.
    fn run(mut self, watcher: &dyn Watcher) -> Result<Trained, LabError> {
        let RunKey { function, learning_rate, seed, epochs: planned, stop_at } = self.key;
        let note = self.key.to_string();
        let (mut epochs, mut outcome) = (vec![], Outcome::Finished);
        for index in 0..planned {
            let (epoch, diverged) = self.epoch(watcher)?;
            let reached = stop_at.is_some_and(|target| epoch.train_error <= target);
            if diverged {
                outcome = Outcome::Diverged;
            }
            let ended = diverged || reached;
            // The epochs that an early end saves count as done, so that the time left is estimated well.
            let done = if ended { planned - index } else { 1 };
            watcher.epochs_done(done as u64, &note);
            epochs.push(epoch);
            if ended {
                break;
            }
        }
        if outcome == Outcome::Finished {
            let start = Instant::now();
            self.timed_vitals(|training| {
                let inputs = Inputs { values: &training.train_inputs, width: training.width };
                training.deaths.finish(training.steps, &training.network, inputs);
            });
            self.trained_for += start.elapsed();
        }
        let histograms = self.vitals.iter().map(|layer| layer.histogram().clone()).collect();
        let time = self.time();
        let deaths = self.deaths.into_deaths();
        let held_out_errors = if outcome == Outcome::Finished { self.held_out_errors } else { vec![] };
        let run = Run {
            activation: function,
            seed,
            learning_rate,
            epochs,
            outcome,
            held_out_errors,
            histograms,
            deaths,
            time,
        };
        Ok(Trained { run, network: TrainedNetwork::new(self.network, function, self.data) })
    }

    /// Trains one epoch; also says whether it diverged, at which point it ended.
    fn epoch(&mut self, watcher: &dyn Watcher) -> Result<(Epoch, bool), LabError> {
        let start = Instant::now();
        self.vitals.clone_from(&self.blank);
        self.order.shuffle(&mut self.random);
        let order = std::mem::take(&mut self.order);
        let mut sums = Sums::default();
        let mut diverged = false;
        for (step, samples) in order.chunks(self.batch).enumerate() {
            if watcher.stop_requested() {
                return Err(LabError::Stopped);
            }
            diverged = !self.step(samples, step, &mut sums);
            if diverged {
                break;
            }
        }
        self.order = order;
        self.trained_for += start.elapsed();
        let count = sums.samples.max(1);
        let epoch = Epoch {
            train_loss: if sums.samples == 0 { f64::MAX } else { bounded(sums.loss / count as f64) },
            train_error: self.error(if diverged { None } else { Some(sums.errors) }, count),
            test_error: if diverged { self.error(None, 1) } else { self.test_error() },
            layers: self.vitals.iter().map(LayerVitals::record).collect(),
        };
        Ok((epoch, diverged))
    }

    /// The step of that index, on one batch. False if the loss is not finite.
    fn step(&mut self, samples: &[usize], index: usize, sums: &mut Sums) -> bool {
        let pass = self.network.forward(gather(&self.train_inputs, self.width, samples), &self.activation);
        let (targets, weights) = (&self.data.train.targets, &self.class_weights[0]);
        let loss = weighted_batch_loss(&pass.outputs.values, targets, samples, weights);
        if !loss.loss.is_finite() {
            return false;
        }
        sums.samples += samples.len();
        sums.loss += loss.loss;
        sums.errors += loss.errors;
        if index.is_multiple_of(BATCH_STRIDE) {
            self.timed_vitals(|training| training.see_activations(&pass));
        }
        if SampledWatch::is_due(self.steps) {
            self.timed_vitals(|training| {
                let inputs = Inputs { values: &training.train_inputs, width: training.width };
                training.deaths.look(training.steps, &training.network, &pass, samples, inputs);
            });
        }
        let gradients = self.network.backward(&pass, loss.gradient, &self.activation);
        let look_at_weights = index.is_multiple_of(STEP_STRIDE);
        let before = if look_at_weights { self.timed_vitals(|training| training.weights()) } else { vec![] };
        self.descent.step(&mut self.network.parameters, &gradients);
        self.steps += 1;
        if look_at_weights {
            self.timed_vitals(|training| training.see_weights(&gradients, &before));
        }
        true
    }

    fn see_activations(&mut self, pass: &Pass) {
        for (vitals, hidden) in self.vitals.iter_mut().zip(&pass.hidden) {
            vitals.update(&hidden.z.values, &hidden.a.values).expect("whole rows of the layer's units");
        }
    }

    /// The weights of the hidden layers.
    fn weights(&self) -> Vec<Vec<f32>> {
        let hidden = self.network.parameters.iter().take(self.vitals.len());
        hidden.map(|layer| layer.weights.values.clone()).collect()
    }

    /// Takes vitals of a step by its gradients, and the weights of the hidden layers before it.
    fn see_weights(&mut self, gradients: &[Parameters], before: &[Vec<f32>]) {
        let layers = self.network.parameters.iter().zip(gradients).zip(before);
        for (vitals, ((after, gradient), before)) in self.vitals.iter_mut().zip(layers) {
            let gradient = &gradient.weights;
            vitals.update_gradient(&gradient.values, gradient.columns).expect("a row for each of the layer's units");
            vitals.update_step(update_ratio(before, &after.weights.values));
        }
    }

    fn timed_vitals<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let start = Instant::now();
        let done = work(self);
        self.observed_for += start.elapsed();
        done
    }

    fn test_error(&mut self) -> f64 {
        let Samples { targets, .. } = &self.data.test;
        // Its own, because evaluation is no part of the training time.
        let activation = self.activation.untimed();
        let all: Vec<usize> = (0..self.data.test.len()).collect();
        let mut errors = 0.0;
        self.held_out_errors.clear();
        for samples in all.chunks(EVALUATION_BATCH) {
            let pass = self.network.forward(gather(&self.test_inputs, self.width, samples), &activation);
            let loss = weighted_batch_loss(&pass.outputs.values, targets, samples, &self.class_weights[1]);
            errors += loss.errors;
            self.held_out_errors.extend(loss.each);
        }
        bounded(error(targets, errors, all.len()))
    }

    /// The error of `samples` samples; of a diverged run the worst there is.
    fn error(&self, errors: Option<f64>, samples: usize) -> f64 {
        let classes = !self.data.classes.is_empty();
        match errors {
            Some(errors) => bounded(error(&self.data.train.targets, errors, samples)),
            None if classes => 1.0,
            None => f64::MAX,
        }
    }

    fn time(&self) -> Time {
        Time {
            training: self.trained_for.as_secs_f64(),
            activation: self.activation.time().as_secs_f64(),
            vitals: self.observed_for.as_secs_f64(),
        }
    }
}

/// JSON has neither infinity nor NaN.
fn bounded(figure: f64) -> f64 {
    if figure.is_finite() { figure } else { f64::MAX }
}

/// The inputs of these samples, of `width` values each.
pub(crate) fn gather(inputs: &[f32], width: usize, samples: &[usize]) -> Vec<f32> {
    let mut rows = Vec::with_capacity(samples.len() * width);
    for &sample in samples {
        rows.extend_from_slice(&inputs[sample * width..][..width]);
    }
    rows
}

/// ‖after − before‖ / ‖before‖.
fn update_ratio(before: &[f32], after: &[f32]) -> f64 {
    // Several sums side by side become vector instructions.
    let (mut step, mut weight) = ([0.0_f32; 16], [0.0_f32; 16]);
    for (before, after) in before.chunks(16).zip(after.chunks(16)) {
        for ((before, after), (step, weight)) in before.iter().zip(after).zip(step.iter_mut().zip(&mut weight)) {
            *step += (after - before) * (after - before);
            *weight += before * before;
        }
    }
    let total = |sums: [f32; 16]| sums.into_iter().map(f64::from).sum::<f64>();
    (total(step) / total(weight)).sqrt()
}
