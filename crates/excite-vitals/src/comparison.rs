//! Several activation functions on the same data and network: the runs, side by side, and the verdict.

use excite::Function;
use serde::{Deserialize, Serialize};

use crate::run::Run;

/// The result of comparing activation functions: what was asked, what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this record's form.
    pub version: u32,
    /// The data.
    pub data: DataSummary,
    /// What was trained and how.
    pub settings: Settings,
    /// The training error to reach: the same kind of number as `Epoch::train_error`.
    pub target_error: f64,
    /// One result for each activation function, in the order asked for.
    pub activations: Vec<ActivationResult>,
    /// What was measured and how sure it is, in two sentences.
    pub verdict: String,
    /// Whether all that was asked for was run; false after an interruption.
    pub complete: bool,
}

/// What kind of thing is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes; error is the share of wrong ones.
    Classification,
    /// A number; error is the root mean squared error over the target's standard deviation.
    Regression,
}

/// The data in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// What it is called, or the path it came from.
    pub name: String,
    /// What is predicted.
    pub task: Task,
    /// The shape of one sample: `[64]`, or `[1, 28, 28]` for an image.
    pub shape: Vec<usize>,
    /// The names of the classes; empty for a regression.
    pub classes: Vec<String>,
    /// The number of training samples.
    pub train: usize,
    /// The number of held-out samples.
    pub test: usize,
    /// The mean of the inputs as the network sees them.
    pub input_mean: f64,
    /// The standard deviation of the inputs as the network sees them.
    pub input_std: f64,
}

/// What was trained and how, in words and figures for the reader of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The network: `"MLP 64-64-64-10"`.
    pub network: String,
    /// The optimiser: `"SGD, momentum 0.9"`.
    pub optimizer: String,
    /// How the weights were initialised: `"Kaiming normal, gain by function"`.
    pub initialisation: String,
    /// The samples in a batch.
    pub batch: usize,
    /// The number of epochs.
    pub epochs: usize,
    /// The number of seeds.
    pub seeds: usize,
    /// Whether the inputs were standardised.
    pub standardised: bool,
    /// The command line that repeats the comparison.
    pub command: String,
}

/// What one activation function did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivationResult {
    /// The function's name.
    pub name: Function,
    /// The learning rates tried, lowest first; empty where the rate was given.
    pub sweep: Vec<SweepPoint>,
    /// The learning rate of the runs.
    pub learning_rate: f64,
    /// Epochs to the target error over the seeds; None where fewer than half of the seeds reached it.
    pub epochs_to_target: Option<Spread>,
    /// How many seeds reached the target.
    pub reached: usize,
    /// How many seeds diverged.
    pub diverged: usize,
    /// How many times fewer epochs to the target than the slowest function that reached it.
    pub speed_up_over_slowest: Option<f64>,
    /// How many times fewer epochs to the target than tanh.
    pub speed_up_over_tanh: Option<f64>,
    /// The error on held-out data after the last epoch, over the seeds that did not diverge.
    pub test_error: Option<Spread>,
    /// The share of dead units in the last epoch, mean over layers and seeds.
    pub dead: f64,
    /// The share of saturated values in the last epoch, mean over layers and seeds.
    pub saturated: f64,
    /// The mean activation in the last epoch, mean over layers and seeds.
    pub mean_activation: f64,
    /// The seconds of one training epoch, median over the runs.
    pub seconds_per_epoch: f64,
    /// The share of that spent in the activation function, forward and backward.
    pub activation_share: f64,
    /// The share of that spent on collecting vitals.
    pub vitals_share: f64,
    /// The runs, one a seed.
    pub runs: Vec<Run>,
}

/// One learning rate of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPoint {
    /// The learning rate.
    pub learning_rate: f64,
    /// Epochs to the target, None if it was not reached in the sweep's epochs.
    pub epochs_to_target: Option<f64>,
    /// The training loss after the sweep's epochs; None if the run diverged.
    pub train_loss: Option<f64>,
}

/// A figure over several seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
}
