//! Several activation functions on the same data and network: the runs, side by side, and the judgement.

use excite::Function;
use serde::{Deserialize, Serialize};

pub use excite_vitals::statistics::{MedianInterval, Spread, ranges_apart_by_chance};

use super::deaths::DeathCounts;
use super::judgement;
use super::paired::Difference;
use super::run::{LayerRecord, Outcome, Run};
use super::side_by_side::FunctionRuns;
use excite_vitals::judgement::Judgement;

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

impl ActivationResult {
    /// Sums the runs of one function up. The speed-ups need the other functions and stay None.
    pub(super) fn of(
        FunctionRuns { function: name, sweep, learning_rate, best_rate, runs }: FunctionRuns,
        target_error: f64,
        data: &DataSummary,
        settings: &Settings,
    ) -> Self {
        let reached: Vec<f64> = runs.iter().filter_map(|run| run.epochs_to(target_error)).collect();
        let sound: Vec<&Run> = runs.iter().filter(|run| run.outcome == Outcome::Finished).collect();
        let test_errors: Vec<f64> =
            sound.iter().filter_map(|run| run.epochs.last()).map(|epoch| epoch.test_error).collect();
        let shown = if sound.is_empty() { runs.iter().collect() } else { sound.clone() };
        let layers = || shown.iter().filter_map(|run| run.epochs.last()).flat_map(|epoch| &epoch.layers);
        let mean = |figure: fn(&LayerRecord) -> f64| layers().map(figure).sum::<f64>() / layers().count().max(1) as f64;
        let paces: Vec<f64> = runs.iter().map(|run| run.time.training / run.epochs.len().max(1) as f64).collect();
        let training: f64 = runs.iter().map(|run| run.time.training).sum();
        let share = |seconds: f64| if training > 0.0 { seconds / training } else { 0.0 };
        let missed = runs.len() - reached.len();
        Self {
            name,
            sweep,
            learning_rate,
            judgement: judgement::of_runs(data, settings, best_rate, &runs),
            behind_best: None,
            epochs_interval: MedianInterval::of(&reached, missed),
            epochs_to_target: Spread::with_missed(&reached, missed),
            reached: reached.len(),
            diverged: runs.len() - sound.len(),
            speed_up_over_slowest: None,
            speed_up_over_tanh: None,
            test_error: Spread::of(&test_errors),
            test_error_interval: MedianInterval::of(&test_errors, runs.len() - sound.len()),
            dead: mean(|layer| layer.dead),
            deaths: DeathCounts::of(runs.iter().map(|run| &run.deaths)),
            saturated: mean(|layer| layer.saturated),
            mean_activation: mean(|layer| layer.mean),
            seconds_per_epoch: Spread::of(&paces).map_or(0.0, |paces| paces.median),
            activation_share: share(runs.iter().map(|run| run.time.activation).sum()),
            vitals_share: share(runs.iter().map(|run| run.time.vitals).sum()),
            runs,
        }
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
