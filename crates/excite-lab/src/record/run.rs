//! The record of a training run: what each epoch reached, and the vitals of every layer in it.

use excite::Function;
pub use excite_vitals::LayerRecord;
use excite_vitals::null;
use excite_vitals::sketch::Histogram;
use serde::{Deserialize, Serialize};

use super::deaths::Deaths;

/// One training run of one network: one activation function, one learning rate, one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// The activation function of the hidden layers.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub activation: Function,
    /// The seed of the initialisation and of the order of the samples.
    pub seed: u64,
    /// The learning rate.
    pub learning_rate: f64,
    /// One record an epoch, in order. A run that diverged ends with the epoch in which it did.
    pub epochs: Vec<Epoch>,
    /// How it ended.
    pub outcome: Outcome,
    /// The pre-activations of each hidden layer in the last epoch: every 16th value.
    pub histograms: Vec<Histogram>,
    /// The error of each held-out sample after the last epoch: of a classification its weight where it is wrong, else 0; of a regression
    /// the squared error. Their mean is the test error, or its square. Empty of a run that diverged.
    pub held_out_errors: Vec<f32>,
    /// Which hidden units died, when and of what.
    pub deaths: Deaths,
    /// Where the time went.
    pub time: Time,
}

impl Run {
    /// The number of epochs after which the training error is at or under `target`, in fractions of an epoch by straight lines
    /// between the epochs' errors; at least 1, for no error is known from before the first epoch. None if it never is.
    pub fn epochs_to(&self, target: f64) -> Option<f64> {
        let index = self.epochs.iter().position(|epoch| epoch.train_error <= target)?;
        let Some(before) = index.checked_sub(1).map(|index| self.epochs[index].train_error) else { return Some(1.0) };
        Some(index as f64 + (before - target) / (before - self.epochs[index].train_error))
    }
}

/// How a training run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran all its epochs, or until the target where it was asked to stop there.
    Finished,
    /// The loss became infinite or NaN: the learning rate is too high.
    Diverged,
}

/// One epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Epoch {
    /// The mean loss over the epoch's training batches. NaN in the epoch in which a run diverged; `null` in JSON.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub train_loss: f64,
    /// The error on the training data, over the epoch's batches as they were trained on: the share of wrong classes, or for a
    /// regression the root of the mean squared error over the standard deviation of the target.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub train_error: f64,
    /// The same error on the held-out data, after the epoch.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub test_error: f64,
    /// The vitals of each hidden layer over the epoch, first layer first.
    pub layers: Vec<LayerRecord>,
}

/// Where the time of a run went, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Time {
    /// Training epochs, without the evaluation on held-out data.
    pub training: f64,
    /// Of that, the activation functions, forward and backward.
    pub activation: f64,
    /// Of that, collecting the vitals.
    pub vitals: f64,
}
