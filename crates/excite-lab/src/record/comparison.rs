//! Several activation functions on the same data and network: the runs, side by side, and the judgement.

use excite::Function;
use excite_vitals::judgement::Judgement;
use serde::{Deserialize, Serialize};

pub use excite_vitals::statistics::{MedianInterval, Spread, ranges_apart_by_chance};

use super::deaths::DeathCounts;
use super::run::Run;

/// The result of comparing activation functions: what was asked, what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What it comes to, in at most 25 words.
    pub headline: String,
    /// The function that serves the data best: whose test error is clearly under that of every other. None if there is no clear winner.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub best: Option<Function>,
    /// Whether all that was asked for was run; false after an interruption.
    pub complete: bool,
}

impl Comparison {
    /// The version of the serialised form.
    pub const VERSION: u32 = 2;
}

/// What kind of thing is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes; error is the share of wrong ones.
    Classification,
    /// A number; error is the root mean squared error over the target's standard deviation.
    Regression,
}

/// The data in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DataSummary {
    /// What it is called, or the path it came from.
    pub name: String,
    /// The kind of task.
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
    /// The largest |input| as the network sees them.
    pub largest_input: f64,
    /// The error of guessing without looking at the input: the most frequent class, or the mean of the targets.
    pub chance: f64,
}

/// What was trained and how, in words and figures for the reader of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether every class counts as much as every other, in the loss and in the errors, and not every sample.
    #[serde(default)]
    pub balanced: bool,
    /// Whether the inputs were standardised.
    pub standardised: bool,
    /// The bias that every hidden unit started with.
    pub bias: f64,
    /// The gain of the hidden layers' initial weights; None for each function's own.
    pub gain: Option<f64>,
    /// The command line that repeats the comparison.
    pub command: String,
}

/// What one activation function did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationResult {
    /// The function's name.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub name: Function,
    /// The learning rates tried, lowest first; empty where the rate was given.
    pub sweep: Vec<SweepPoint>,
    /// The learning rate of the runs.
    pub learning_rate: f64,
    /// Epochs to the target error. In the median, seeds that did not reach it stand above all others, so it is None,
    /// more than the epochs given, where half of the seeds or more did not; the lowest and the highest are of the seeds
    /// that did.
    pub epochs_to_target: Option<Spread>,
    /// The confidence interval of that median. None under two seeds, and where the lower end is that of a seed that did not reach it.
    #[serde(default)]
    pub epochs_interval: Option<MedianInterval>,
    /// The judgement of its networks: that of the worst of its runs.
    pub judgement: Judgement,
    /// How far its test error lies above that of the function with the lowest. None of that one, and where it is not known.
    pub behind_best: Option<Difference>,
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
    /// The confidence interval of the median of the test errors; seeds that diverged stand above all others.
    #[serde(default)]
    pub test_error_interval: Option<MedianInterval>,
    /// The share of dead units in the last epoch, mean over layers and seeds.
    pub dead: f64,
    /// Which units were born dead, killed and revived over all runs, and of what.
    #[serde(default)]
    pub deaths: DeathCounts,
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

/// How far a function's test error lies above that of the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// Over the seeds that both finished.
    pub mean: f64,
    /// The lower end of its 95 % interval, by a bootstrap over seeds and held-out samples.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Difference {
    /// Whether the interval leaves out 0.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The best learning rate that a search found for a function.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BestRate {
    /// The learning rate.
    pub learning_rate: f64,
    /// The training error at the end of the search's runs, the worst of them.
    pub train_error: f64,
}

/// One learning rate of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SweepPoint {
    /// The learning rate.
    pub learning_rate: f64,
    /// Epochs to the target, None if it was not reached in the sweep's epochs.
    pub epochs_to_target: Option<f64>,
    /// The training loss after the sweep's epochs; None if the run diverged.
    pub train_loss: Option<f64>,
}
