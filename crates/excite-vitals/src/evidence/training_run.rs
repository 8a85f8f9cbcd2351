//! A training run in figures.

use excite::{Facts, Function};
use serde::{Deserialize, Serialize};

use crate::in_words::{number, percent};
use crate::{LayerRecord, null};

/// A training run in the figures that a judgement rests on. `excite compare` writes it into the networks that it saves, so that
/// `excite check` judges them by the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrainingRun {
    /// The function of the hidden layers.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub function: Function,
    /// The number of classes; 0 for a regression.
    pub classes: usize,
    /// The error of guessing without looking at the input: the most frequent class, or the mean of the targets.
    pub chance: f64,
    /// The number of training samples.
    pub train_samples: usize,
    /// The number of held-out samples.
    pub test_samples: usize,
    /// The training error of the last epoch: the share of wrong classes, or the root mean squared error over the standard deviation of the
    /// targets.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub train_error: f64,
    /// The lowest training error of any epoch.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub lowest_train_error: f64,
    /// The lowest error on held-out samples after any epoch.
    #[serde(deserialize_with = "null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub lowest_test_error: f64,
    /// The number of epochs whose errors are known; 0 where none are.
    pub epochs: usize,
    /// Whether the loss became infinite or NaN.
    pub diverged: bool,
    /// The learning rate.
    pub learning_rate: f64,
    /// The best learning rate that a search found. None if none was made, or no rate learnt anything.
    pub best_learning_rate: Option<f64>,
    /// The training error that was reached at that rate, the worse of the runs of the search.
    pub best_train_error: Option<f64>,
    /// The bias that every hidden unit started with.
    pub bias: f64,
    /// The gain of the initial weights, over the function's own.
    pub gain: f64,
    /// The mean of the inputs as the network sees them.
    pub input_mean: f64,
    /// The standard deviation of the inputs as the network sees them.
    pub input_std: f64,
    /// The largest |input|.
    pub largest_input: f64,
    /// The hidden units that were watched for deaths; 0 if none were.
    pub units: usize,
    /// How many of these were dead before the first step, and at the end.
    pub born_dead: usize,
    /// How many of these were alive before the first step, and dead at the end.
    pub died: usize,
    /// The vitals of the hidden layers over the first epoch.
    pub start: Vec<LayerRecord>,
    /// Those over the last epoch.
    pub end: Vec<LayerRecord>,
}

/// How much a network learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// More than guessing.
    Something,
    /// Its training samples, and nothing that holds for others.
    ByHeart,
    /// Nothing.
    Nothing,
}

/// The held-out samples from which on their error alone may tell that nothing was learnt.
const TEST_SAMPLES: usize = 50;

/// Above this mean ‖Δw‖ / ‖w‖ a rate counts as too high, where no best rate is known. 1e-3 is usual.
const HUGE_UPDATE: f64 = 0.015;

impl TrainingRun {
    /// The key under which the metadata of an ONNX model hold it, as JSON.
    pub const METADATA: &str = "excite.training";

    /// How much it learnt; where no errors are known, nothing speaks against something.
    pub fn learnt(&self) -> Learnt {
        if !self.knows_errors() {
            return Learnt::Something;
        }
        let is_guessing_held_out = match self.classes {
            // The mean of the targets is what guessing has on the same samples too: by chance the ratio of the two differs little from 1.
            0 => !(self.lowest_test_error < 0.95 * self.chance),
            _ => self.is_guessing(self.lowest_test_error, self.test_samples),
        };
        if self.is_guessing(self.lowest_train_error, self.train_samples) {
            Learnt::Nothing
        } else if self.test_samples < TEST_SAMPLES || !is_guessing_held_out {
            Learnt::Something
        } else if self.lowest_train_error < 0.75 * self.chance {
            Learnt::ByHeart
        } else {
            Learnt::Nothing
        }
    }

    /// Whether an error over `samples` samples is within 3.5 standard errors, or a twentieth, of that of guessing.
    fn is_guessing(&self, error: f64, samples: usize) -> bool {
        let samples = samples.max(1) as f64;
        // Of a regression the standard error of a root mean square, about 1/√(2 n) of it.
        let spread = match self.classes {
            0 => self.chance / (2.0 * samples).sqrt(),
            _ => (self.chance * (1.0 - self.chance) / samples).sqrt(),
        };
        // NaN is no better than guessing.
        !(error < self.chance - (3.5 * spread).max(0.05 * self.chance).min(0.5 * self.chance))
    }

    pub(crate) fn knows_errors(&self) -> bool {
        self.epochs > 0
    }

    /// Whether the rate is at least twice the best that was found; where none was looked for, whether steps were huge.
    pub fn is_rate_too_high(&self) -> bool {
        match self.best_learning_rate {
            Some(best) => self.learning_rate >= 2.0 * best,
            None => self.largest_update() > HUGE_UPDATE,
        }
    }

    /// The largest mean ‖Δw‖ / ‖w‖ of a hidden layer, at the start or at the end.
    fn largest_update(&self) -> f64 {
        self.start.iter().chain(&self.end).map(|layer| layer.update_ratio).fold(0.0, f64::max)
    }

    /// Whether the training error is more than twice what the best rate reached.
    pub fn is_behind_best(&self) -> bool {
        self.best_train_error.is_some_and(|best| self.train_error > 2.0 * best && self.train_error > best + 0.02)
    }

    /// Whether the inputs lie far to one side, or are spread far too wide or narrow.
    pub fn has_raw_inputs(&self) -> bool {
        self.input_mean.abs() > self.input_std || self.input_std > 3.0
    }

    /// Whether the inputs are so large that steps in proportion to them are too.
    pub fn has_huge_inputs(&self) -> bool {
        self.has_raw_inputs() && self.largest_input > 30.0
    }

    /// The norm of the gradient of the first hidden layer's weights over that of the last's, at the start or at the end, whichever is
    /// farther from 1. None under three layers, or where one of them is 0.
    pub fn gradient_ratio(&self) -> Option<f64> {
        let ratio = |layers: &[LayerRecord]| {
            let ([first, _, .., last] | [first, last]) = layers else { return None };
            let ratio = first.gradient_norm / last.gradient_norm;
            (layers.len() >= 3 && ratio > 0.0 && ratio.is_finite()).then_some(ratio)
        };
        let ratios = [ratio(&self.start), ratio(&self.end)];
        ratios.into_iter().flatten().max_by(|a, b| a.ln().abs().total_cmp(&b.ln().abs()))
    }

    pub(crate) fn has_unbounded_derivative(&self) -> bool {
        !(self.function.slope_at(100.0_f64).abs() < 10.0 && self.function.slope_at(-100.0_f64).abs() < 10.0)
    }

    /// Whether its function is flat on both sides, so that units saturate.
    pub(crate) fn can_saturate(&self) -> bool {
        let range = Facts::of(self.function).range;
        range.low.is_finite() && range.high.is_finite()
    }

    /// An error in words.
    pub(crate) fn error(&self, error: f64) -> String {
        if self.classes == 0 { number(error) } else { percent(error) }
    }

    /// The rate beside the best one: `the rate, 0.3, is ten times the best one found`.
    pub(crate) fn rate_in_words(&self) -> String {
        let rate = number(self.learning_rate);
        match self.best_learning_rate {
            Some(best) if self.is_rate_too_high() => {
                format!("the rate, {rate}, is {} times the best one found", number(self.learning_rate / best))
            }
            _ if self.is_rate_too_high() => {
                let update = self.largest_update();
                // 381,010 % says less than 3,800 times.
                let moved =
                    if update < 10.0 { percent(update) } else { format!("{} times their size", number(update)) };
                format!("the rate, {rate}, moved weights by {moved} a step")
            }
            _ => format!("the rate was {rate}"),
        }
    }
}
