//! The plan of a comparison.

use crate::record::comparison::Settings;
use excite::Function;

use crate::data::Dataset;
use crate::schedule::Schedule;
use crate::{ClassWeights, LabError, LearningRate, Spec};

/// The functions to compare, and how to compare them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The functions, in the order in which their results are wanted.
    pub activations: Vec<Function>,
    /// The number of runs of each, with the seeds 1, 2 and so on.
    pub seeds: usize,
    /// The epochs of each run.
    pub epochs: usize,
    /// The training error to reach, at which each run ends. None: runs go on for all epochs, and the target is the
    /// smallest of 5, 10, 15, 20, 25, 30, 40, ... 90 % that more than half of the functions reached on most seeds,
    /// functions that diverged aside.
    pub until_error: Option<f64>,
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// The network and how it is trained.
    pub spec: Spec,
}

impl Default for Plan {
    /// All functions, three seeds, 30 epochs, a learning rate chosen for each function, and the default [`Spec`].
    fn default() -> Self {
        Self {
            activations: Function::ALL.to_vec(),
            seeds: 3,
            epochs: 30,
            until_error: None,
            learning_rate: LearningRate::default(),
            spec: Spec::default(),
        }
    }
}

impl Plan {
    /// Whether such a comparison can be made of `data`; [`compare()`](crate::compare()) checks that first of all.
    ///
    /// # Errors
    /// If the plan makes no sense or does not fit the data, in a sentence.
    pub fn check(&self, data: &Dataset) -> Result<(), LabError> {
        let refuse = |text: &str| Err(LabError::Plan(text.to_owned()));
        if self.activations.is_empty() {
            return refuse("name at least one activation function to compare");
        }
        if self.seeds == 0 {
            return refuse("there must be at least one seed");
        }
        if self.epochs == 0 {
            return refuse("there must be at least one epoch");
        }
        if self.until_error.is_some_and(|error| !(error > 0.0 && error < 1.0)) {
            return refuse("the training error to reach must be between 0 and 1: 0.05 is 5 %");
        }
        self.spec.check(data)
    }

    pub(crate) fn schedule(&self) -> Schedule<'_> {
        Schedule {
            functions: &self.activations,
            optimizer: self.spec.optimizer,
            learning_rate: self.learning_rate,
            target: self.until_error,
            seeds: self.seeds,
            epochs: self.epochs,
            stop_at: self.until_error,
            explains: true,
        }
    }

    /// What was trained, in words. The command is left empty for the caller to fill in.
    pub(crate) fn settings(&self, data: &Dataset) -> Result<Settings, LabError> {
        let spec = &self.spec;
        let gain = spec.gain.map_or("gain by function".to_owned(), |gain| format!("gain {gain}"));
        let bias = if spec.bias == 0.0 { String::new() } else { format!(", bias {}", spec.bias) };
        let summary = data.summary();
        Ok(Settings {
            network: spec.describe(data)?,
            optimizer: spec.optimizer.to_string(),
            initialisation: format!("{}, {gain}{bias}", spec.init),
            batch: spec.batch,
            epochs: self.epochs,
            seeds: self.seeds,
            balanced: spec.class_weights == ClassWeights::Balanced,
            standardised: summary.input_mean.abs() < 1e-3 && summary.input_std <= 1.0 + 1e-3,
            bias: spec.bias,
            gain: spec.gain,
            command: String::new(),
        })
    }
}
