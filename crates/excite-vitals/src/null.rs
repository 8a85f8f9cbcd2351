//! Numbers that are not finite: JSON has none, and serde writes them as `null`.

use serde::{Deserialize, Deserializer};

/// Reads a number; `null` is NaN. For `#[serde(deserialize_with = "...")]`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Loss(#[serde(deserialize_with = "excite_vitals::null::nan")] f64);
/// let losses: Vec<Loss> = serde_json::from_str("[0.5, null]")?;
/// assert!(losses[0].0 == 0.5 && losses[1].0.is_nan());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// If it is neither a number nor null.
pub fn nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, f64::NAN)
}

/// Reads a number; `null` is infinity.
///
/// # Errors
/// If it is neither a number nor null.
pub fn infinity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, f64::INFINITY)
}

/// Forms for machines hold every number, and have no null in its place.
fn number<'de, D: Deserializer<'de>>(deserializer: D, null: f64) -> Result<f64, D::Error> {
    if deserializer.is_human_readable() {
        return Ok(Option::deserialize(deserializer)?.unwrap_or(null));
    }
    f64::deserialize(deserializer)
}
