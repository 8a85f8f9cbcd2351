//! The vitals of a layer in the figures of a training run.

use serde::{Deserialize, Serialize};

/// The vitals of one hidden layer over one epoch of training, in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerRecord {
    /// The layer's name: `"hidden 1"`.
    pub name: String,
    /// The number of units: features, or channels of an image layer.
    pub units: usize,
    /// The number of values seen of each unit.
    pub samples: u64,
    /// The share of units, 0 to 1, through which no gradient passed for any sample: slope 0 throughout.
    pub dead: f64,
    /// The share of values, 0 to 1, at which the slope is under 5 % of the function's largest; the side where a rectifier is off does not count.
    pub saturated: f64,
    /// The share of units, 0 to 1, saturated for over 95 % of their values.
    pub saturated_units: f64,
    /// The mean activation.
    pub mean: f64,
    /// The standard deviation of the activations.
    pub std: f64,
    /// ‖μ‖ / ‖σ‖ over the units' means and standard deviations: 0 for zero-centred units.
    pub off_centre: f64,
    /// The mean over the sampled steps of the norm of the loss gradient by the layer's weights.
    pub gradient_norm: f64,
    /// The share, 0.5 to 1, of a unit's incoming weight gradients that have their majority's sign; mean over units and sampled steps.
    pub same_sign: f64,
    /// The mean over the sampled steps of ‖Δw‖ / ‖w‖.
    pub update_ratio: f64,
}
