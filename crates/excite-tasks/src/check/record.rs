//! The record of a check.

use excite_vitals::DiagnosisRecord;
use excite_vitals::in_words::{percent, plural};
use serde::{Deserialize, Serialize};

use crate::SkippedLayer;

/// What `excite check --json` and `excite merge --json` print.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckRecord {
    /// The diagnosis.
    #[serde(flatten)]
    pub diagnosis: DiagnosisRecord,
    /// The command that makes it again.
    pub command: String,
    /// The data in a few words.
    pub data: String,
    /// The engine that ran the model; absent where vitals were merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineRecord>,
    /// The activations that were not looked at.
    pub not_seen: Vec<SkippedLayer>,
    /// What the network computes without the units that were found, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ablations: Vec<AblationRecord>,
}

/// The engine that ran a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EngineRecord {
    /// `embedded` or `onnxruntime`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The precision in which float tensors are computed: `float32`, or `as declared`.
    pub precision: String,
    /// What else there is to say, such as that a float16 model runs in float32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What changed in the outputs when the units that a rule had found were set to 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AblationRecord {
    /// The identifier of the rule.
    pub rule: String,
    /// How many units were set to 0.
    pub units: usize,
    /// How many more it had found, which cannot be set: within recurrent nodes and branches.
    pub left_out: usize,
    /// What became of each output.
    pub outputs: Vec<OutputChange>,
}

/// What became of an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutputChange {
    /// Its name.
    pub name: String,
    /// How many samples there were, if the output has the shape [samples, classes].
    pub samples: Option<usize>,
    /// In how many of them another class is the largest.
    pub changed_labels: Option<usize>,
    /// The largest difference of a value over the largest value before; None if all values were 0 before.
    pub largest_relative_difference: Option<f64>,
}

impl AblationRecord {
    /// In a sentence for each output, and one for the units that could not be set.
    ///
    /// ```
    /// use excite_tasks::{AblationRecord, OutputChange};
    /// let output = OutputChange {
    ///     name: "logits".into(),
    ///     samples: Some(40),
    ///     changed_labels: Some(6),
    ///     largest_relative_difference: Some(0.031),
    /// };
    /// let ablation = AblationRecord { rule: "dormant-units".into(), units: 987, left_out: 0, outputs: vec![output] };
    /// let unknown = AblationRecord { outputs: Vec::new(), ..ablation.clone() };
    /// assert!(unknown.sentences()[0].ends_with("is not known: no output is computed."));
    /// assert_eq!(
    ///     ablation.sentences(),
    ///     ["With the 987 units of dormant-units set to 0, `logits` changes by up to 3.1 % of its largest value, and the label of 6 of 40 samples."]
    /// );
    /// ```
    pub fn sentences(&self) -> Vec<String> {
        let units = if self.units == 1 { "the one unit".to_owned() } else { format!("the {} units", self.units) };
        let beginning = format!("With {units} of {} set to 0,", self.rule);
        let sentence = |output: &OutputChange| {
            let change = match output.largest_relative_difference {
                Some(0.0) => "does not change".to_owned(),
                Some(share) => format!("changes by up to {} of its largest value", percent(share)),
                None => "is no longer 0".to_owned(),
            };
            let labels = match (output.changed_labels, output.samples) {
                (Some(0), Some(samples)) => format!(", and no label of {}", plural(samples, "sample")),
                (Some(changed), Some(samples)) => {
                    format!(", and the label of {changed} of {}", plural(samples, "sample"))
                }
                _ => String::new(),
            };
            let labels = if change == "does not change" { String::new() } else { labels };
            format!("{beginning} `{}` {change}{labels}.", output.name)
        };
        let left = format!(
            "{} of {} inside recurrent nodes or branches stayed.",
            plural(self.left_out, "more unit"),
            self.rule
        );
        let left = (self.left_out > 0).then_some(left);
        if self.units > 0 && self.outputs.is_empty() {
            let unknown =
                format!("What changes with {units} of {} set to 0 is not known: no output is computed.", self.rule);
            return std::iter::once(unknown).chain(left).collect();
        }
        self.outputs.iter().filter(|_| self.units > 0).map(sentence).chain(left).collect()
    }
}
