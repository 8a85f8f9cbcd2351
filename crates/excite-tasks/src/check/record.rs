//! The record of a check.

use excite_vitals::DiagnosisRecord;
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
    /// The activations that were not looked at.
    pub not_seen: Vec<SkippedLayer>,
}
