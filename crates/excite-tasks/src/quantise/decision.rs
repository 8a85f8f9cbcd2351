//! The record of what a quantisation recommends: the format of each layer, and what it costs the outputs.

use excite_fixed::QFormat;
use serde::{Deserialize, Serialize};

use super::record::{Fit, SimulatedOutput};

/// The setting that is recommended, with what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recommendation {
    /// The number of bits of most layers.
    pub bits: u32,
    /// The mean number of bits over the layers.
    pub mean_bits: f64,
    /// The setting in a few words: `"8 bits by 99.99 %"`, `"8 bits in 32 layers and 16 in 3"`.
    pub scheme: String,
    /// The format of each layer, in the order of the network.
    pub layers: Vec<LayerFormat>,
    /// The bits of the weights that the outputs were computed with; None for floats.
    pub weight_bits: Option<u32>,
    /// What becomes of each output of floats.
    pub outputs: Vec<SimulatedOutput>,
    /// The signal-to-noise ratio in decibels of the output that loses most; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub signal_to_noise: f64,
    /// The same with weights in int8, a scale for each unit; None where the weights were quantised in any case, or cannot be.
    pub signal_to_noise_with_int8_weights: Option<f64>,
    /// The budget: `"snr=20dB"`, which is also what counts as enough where none was given.
    pub budget: String,
    /// Whether the outputs stay within the budget.
    pub is_enough: bool,
    /// The accuracy, if labels were given.
    pub accuracy: Option<f64>,
}

/// The format of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerFormat {
    /// The layer.
    pub layer: String,
    /// The tensor of its results; empty where no tensor of the graph holds them.
    pub tensor: String,
    /// The number of bits.
    pub bits: u32,
    /// How the range was chosen: `"MSE"`, `"99.99 %"`, `"range of the function"`, `"given"`.
    pub by: String,
    /// The step from one code to the next.
    pub scale: f64,
    /// The code of 0.
    pub zero_point: i64,
    /// The lowest code.
    pub least_code: i64,
    /// The highest code.
    pub largest_code: i64,
    /// The least number that it holds.
    pub low: f64,
    /// The largest number that it holds.
    pub high: f64,
    /// The Q format that it is, where the scale is a power of two and the zero point 0.
    #[serde(with = "format_as_text")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub format: Option<QFormat>,
    /// How the layer's own values fare.
    pub fit: Fit,
}

/// What quantising one layer costs the outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerSensitivity {
    /// The layer.
    pub layer: String,
    /// The number of bits.
    pub bits: u32,
    /// How the range was chosen.
    pub by: String,
    /// The layer's own signal-to-noise ratio in decibels; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub own: f64,
    /// The ratio of the outputs, the worst of several, with this layer quantised and all others in floats; infinite, and `null` in JSON,
    /// where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub alone: f64,
    /// The ratio of the outputs with all layers quantised but this one; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub all_others: f64,
    /// The number of samples whose largest class changes with this layer quantised alone; None without classes.
    pub top1_changed: Option<u64>,
    /// Its part of the noise that all layers add to the outputs one at a time.
    pub share: f64,
}

/// The weights of a layer in int8, symmetric, with a scale for each unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerWeights {
    /// The tensor of the weights.
    pub tensor: String,
    /// The activation that works on the layer's results; None where there is none, as behind the last layer.
    pub layer: Option<String>,
    /// The layer's operator.
    pub op: String,
    /// The signal-to-noise ratio of the weights in decibels; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub signal_to_noise: f64,
    /// The bits of the codes that go in.
    pub input_bits: u32,
    /// The bits of a signed accumulator that holds every sum of products, whatever the inputs: proven from the weights' codes and the
    /// range of the inputs' codes.
    pub accumulator_bits: u32,
    /// Whether the bias is in it; it is not where the scale of the inputs is not known, as for the network's own inputs.
    pub with_bias: bool,
}

/// A Q format, or none, by its name.
mod format_as_text {
    use excite_fixed::QFormat;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
    pub fn serialize<S: Serializer>(format: &Option<QFormat>, to: S) -> Result<S::Ok, S::Error> {
        format.map(|format| format.to_string()).serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<QFormat>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
