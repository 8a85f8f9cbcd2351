//! The network to train, and how.

use excite::Accuracy;
use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::data::Dataset;
use crate::{ClassWeights, Init, LabError, NetworkSpec, Optimizer};

/// The network to train, and how: all that the runs of one comparison have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The network.
    pub network: NetworkSpec,
    /// The rule by which weights are changed.
    pub optimizer: Optimizer,
    /// How weights are drawn.
    pub init: Init,
    /// The gain of the hidden layers' weights; None for each function's own ([`excite::Info::gain`]).
    pub gain: Option<f64>,
    /// The bias that every hidden unit starts with.
    pub bias: f64,
    /// The samples in a batch.
    pub batch: usize,
    /// How much each class counts.
    pub class_weights: ClassWeights,
    /// How near the activation functions come to the exact value, forward and backward.
    #[serde(default, skip_serializing_if = "is_stated")]
    pub accuracy: Accuracy,
}

/// Finished runs of earlier versions name none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on references")]
fn is_stated(accuracy: &Accuracy) -> bool {
    *accuracy == Accuracy::Stated
}

impl Default for Spec {
    /// The network that suits the data, SGD with a momentum of 0.9, the initialisation that suits the function, batches
    /// of 32.
    fn default() -> Self {
        Self {
            network: NetworkSpec::default(),
            optimizer: Optimizer::default(),
            init: Init::default(),
            gain: None,
            bias: 0.0,
            batch: 32,
            class_weights: ClassWeights::default(),
            accuracy: Accuracy::default(),
        }
    }
}

impl Spec {
    /// The network's layers in words, and the accuracy of its activation functions where it is another than the stated:
    /// `"MLP 64-64-64-10"`, `"MLP 64-64-64-10, fast activations"`.
    ///
    /// # Errors
    /// If the network does not fit the data.
    pub fn describe(&self, data: &Dataset) -> Result<String, LabError> {
        let network = Architecture::of(&self.network, data)?;
        Ok(match self.accuracy {
            Accuracy::Stated => network.to_string(),
            accuracy => format!("{network}, {accuracy} activations"),
        })
    }

    pub(crate) fn check(&self, data: &Dataset) -> Result<(), LabError> {
        let refuse = |text: &str| Err(LabError::Plan(text.to_owned()));
        Architecture::of(&self.network, data)?;
        if self.batch == 0 {
            return refuse("a batch must have at least one sample");
        }
        if data.train.is_empty() || data.test.is_empty() {
            return refuse("there must be at least one sample to train on and one held out");
        }
        if self.gain.is_some_and(|gain| !(gain > 0.0 && gain.is_finite())) {
            return refuse("the gain must be a positive number");
        }
        if !self.bias.is_finite() {
            return refuse("the initial bias must be a finite number");
        }
        if self.class_weights == ClassWeights::Balanced && data.classes.is_empty() {
            return Err(LabError::Plan(format!(
                "classes can be weighted where there are classes, and {} is a regression",
                data.name
            )));
        }
        match self.optimizer {
            Optimizer::Sgd { momentum } if !(0.0..1.0).contains(&momentum) => {
                refuse("the momentum must be from 0 to under 1")
            }
            _ => Ok(()),
        }
    }
}
