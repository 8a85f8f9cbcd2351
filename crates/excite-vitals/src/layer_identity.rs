//! What makes a layer this one and no other.

use std::fmt;

use excite::Function;
use serde::{Deserialize, Serialize};

/// What a layer is there for. A gate and an output head may be saturated or off-centre on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Its activations are what the next layer works on.
    #[default]
    Hidden,
    /// Its activations multiply others: squeeze-and-excite, the gates of an LSTM, GLU.
    Gate,
    /// Its activations are the network's answer.
    Output,
}

/// What makes a layer this one and no other.
///
/// ```
/// use excite_vitals::LayerVitals;
/// let [relu, tanh] = ["relu", "tanh"].map(|f| LayerVitals::new("fc1", f.parse().unwrap(), 2).identity());
/// assert_ne!(relu, tanh);
/// assert_eq!(relu.to_string(), "`fc1` (relu, Hidden, 2 units, saturated under 0.05, version 3)");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LayerIdentity {
    /// Its name.
    pub name: String,
    /// Its activation function.
    pub function: Function,
    /// Its role.
    pub role: Role,
    /// The number of units.
    pub units: usize,
    /// The first parameter of each unit's function; empty where all have that of `function`.
    pub parameters: Vec<f32>,
    /// The share of the largest slope under which a value is saturated.
    pub saturation: f64,
    /// The version of the serialised form.
    pub version: u32,
}

impl fmt::Display for LayerIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, function, role, units, parameters, saturation, version } = self;
        write!(out, "`{name}` ({function}, {role:?}, {units} units, saturated under {saturation}, version {version})")?;
        if parameters.is_empty() { Ok(()) } else { write!(out, " with the parameters {parameters:?}") }
    }
}
