//! What was left out.

use serde::{Deserialize, Serialize};

/// An activation that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkippedLayer {
    /// Its name.
    pub name: String,
    /// Why it was.
    pub why: String,
}
