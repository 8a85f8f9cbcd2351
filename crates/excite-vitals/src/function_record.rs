//! A function in a record: its text, and its curve where no name stands for it.

use excite::Function;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A function as records have it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct FunctionRecord {
    /// Its activation function: the name with parameters, or `unnamed (...)` with a formula.
    function: String,
    /// Of an unnamed one the points (x, y) of its curve, with straight lines between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    curve: Option<Vec<(f64, f64)>>,
}

pub(crate) fn serialize<S: Serializer>(function: &Function, serializer: S) -> Result<S::Ok, S::Error> {
    let curve = function.curve().map(<[_]>::to_vec);
    FunctionRecord { function: function.to_string(), curve }.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Function, D::Error> {
    let FunctionRecord { function, curve } = FunctionRecord::deserialize(deserializer)?;
    match curve {
        Some(points) => Function::from_curve(&function, &points).map_err(de::Error::custom),
        None => function.parse().map_err(de::Error::custom),
    }
}
