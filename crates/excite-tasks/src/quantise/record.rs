//! The record of a quantisation: the scales and Q formats that are proposed for the activations of a network, and what they cost.
//!
//! In JSON a ratio that is infinite, because nothing is lost, is `null`.

use excite::Function;
use excite_fixed::QFormat;
use excite_fixed::calibration::{Grid, Method};
use serde::{Deserialize, Serialize};

pub use super::decision::{LayerFormat, LayerSensitivity, LayerWeights, Recommendation};
use crate::SkippedLayer;
use crate::json::as_text;

/// What was proposed for a model, and what it does to the model's outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quantisation {
    /// The version of this form.
    pub version: u32,
    /// The command that makes it again.
    pub command: String,
    /// The model's name.
    pub model: String,
    /// The data that went through it, in a few words.
    pub data: String,
    /// The number of independent samples.
    pub samples: u64,
    /// Whether the inputs were random numbers.
    pub random_data: bool,
    /// What to take and what it costs, in at most 25 words.
    pub headline: String,
    /// The setting to take; None where the model was not run with quantised activations.
    pub recommended: Option<Recommendation>,
    /// What each layer costs the outputs, the costliest first; empty where that was not measured.
    pub sensitivity: Vec<LayerSensitivity>,
    /// The number of samples that the sensitivity was measured on.
    pub sensitivity_samples: u64,
    /// The layers with constant weights, with what int8 weights lose and the accumulator that they need.
    pub weights: Vec<LayerWeights>,
    /// What a cap buys here, in words; empty where no activation is a ReLU.
    pub verdict: String,
    /// The cap that was asked about.
    pub cap: f64,
    /// The numbers of bits, ascending.
    pub bits: Vec<u32>,
    /// The activations, in the order of the network.
    pub layers: Vec<QuantisedLayer>,
    /// The activations that nothing is proposed for: the name, and why.
    pub left_out: Vec<SkippedLayer>,
    /// The model run with quantised activations.
    pub simulations: Vec<Simulation>,
    /// The activations that stayed in floats there: no tensor of the graph holds them.
    pub not_simulated: Vec<String>,
    /// The accuracy of the model in floats, if labels were given.
    pub accuracy: Option<f64>,
}

impl Quantisation {
    /// The version of the form.
    pub const VERSION: u32 = 3;
}

/// One activation of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuantisedLayer {
    /// Its name.
    pub name: String,
    /// Its function.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub function: Function,
    /// The least value it gave, or 0 if that is lower.
    pub least: f64,
    /// The largest value it gave, or 0 if that is higher.
    pub largest: f64,
    /// The number of values.
    pub values: u64,
    /// The share of them that are exactly 0.
    pub zeros: f64,
    /// How many more were NaN or infinite.
    pub not_finite: u64,
    /// The least and the largest value that its function can give, where its format holds all of these whatever the data showed, as for a
    /// sigmoid; None where the data alone chose the range.
    pub bounds: Option<[f64; 2]>,
    /// The format that it has in the model already, where a tool quantised it.
    pub converted: Option<ConvertedFormat>,
    /// The counts in equal bins from the least to the largest value, zeros left out.
    pub histogram: Vec<u64>,
    /// The proposals, by the number of bits.
    pub widths: Vec<Width>,
}

/// The format that a tool chose for an activation when it quantised the model, beside the best of as many bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConvertedFormat {
    /// The number of bits.
    pub bits: u32,
    /// The step from one code to the next.
    pub scale: f64,
    /// The code of 0.
    pub zero_point: i64,
    /// The least number that it holds.
    pub low: f64,
    /// The largest number that it holds.
    pub high: f64,
    /// How the activation's values fare.
    pub fit: Fit,
    /// How they fare with the best scale of as many bits.
    pub best: Fit,
    /// The upper end of the range with that scale.
    pub best_high: f64,
    /// A remark on its range; empty where it fits.
    pub note: String,
}

/// The proposals for an activation in one number of bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Width {
    /// The number of bits.
    pub bits: u32,
    /// What each method proposes.
    pub proposals: Vec<Proposal>,
    /// Formats that were asked about.
    pub formats: Vec<Fixed>,
    /// What a cap buys, where the function is a ReLU with or without one.
    pub cap: Option<CapEffect>,
}

impl Width {
    /// The proposal with the highest ratio by scale and zero point; of equal ones the first.
    ///
    /// # Panics
    /// If there are none.
    pub fn best(&self) -> &Proposal {
        let better = |a: &'_ Proposal, b: &'_ Proposal| b.affine.signal_to_noise > a.affine.signal_to_noise;
        let best = self.proposals.iter().reduce(|a, b| if better(a, b) { b } else { a });
        best.expect("every method proposes something")
    }

    /// The Q format with the highest ratio among those proposed.
    ///
    /// # Panics
    /// If there are none.
    pub fn best_fixed(&self) -> &Fixed {
        let better = |a: &Fixed, b: &Fixed| b.fit.signal_to_noise > a.fit.signal_to_noise;
        let fixed = self.proposals.iter().map(|proposal| &proposal.fixed);
        fixed.reduce(|a, b| if better(a, b) { b } else { a }).expect("every method proposes something")
    }

    /// The proposal of this method.
    pub fn by(&self, method: Method) -> Option<&Proposal> {
        self.proposals.iter().find(|proposal| proposal.method == method)
    }
}

/// How values fare in a quantisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fit {
    /// The signal-to-noise ratio in decibels; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub signal_to_noise: f64,
    /// The share of the values beyond the ends.
    pub clipped: f64,
    /// The number of codes that occur.
    pub codes: u64,
}

/// What one method proposes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proposal {
    /// The method; by its name in JSON: `"mse"`.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub method: Method,
    /// The lower end of the range.
    pub low: f64,
    /// The upper end of the range: the cap.
    pub high: f64,
    /// The scale.
    pub scale: f64,
    /// The zero point among unsigned codes; signed ones are less by half of their number.
    pub zero_point: i64,
    /// How values fare with that scale and zero point.
    pub affine: Fit,
    /// The Q format for the range.
    pub fixed: Fixed,
}

impl Proposal {
    /// The numbers that its scale and zero point give in `bits` bits, which are those of its [`Width`].
    pub fn grid(&self, bits: u32) -> Option<Grid> {
        let largest = (1_i64 << bits) - 1;
        if !(0..=largest).contains(&self.zero_point) {
            return None;
        }
        Grid::new(self.scale as f32, self.zero_point, 0, largest).ok()
    }
}

/// A Q format, and how values fare in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fixed {
    /// The format; by its name in JSON: `"UQ3.5"`.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub format: QFormat,
    /// Its integer bits, the sign not counted.
    pub integer_bits: i8,
    /// Its fraction bits.
    pub fraction_bits: i8,
    /// Its least number.
    pub low: f64,
    /// Its largest number.
    pub high: f64,
    /// How values fare.
    pub fit: Fit,
}

/// What a cap buys a ReLU, judged by its pre-activations on the given data. Without the cap, and with the best one, the
/// ratio is that of the outputs of an unbounded ReLU; with the cap it is that of the outputs of a ReLU that has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapEffect {
    /// The share of the pre-activations above the cap.
    pub above: f64,
    /// The largest pre-activation.
    pub largest: f64,
    /// Without a cap: the unsigned format that holds all.
    pub without: Fixed,
    /// Without a cap: the unsigned format with the highest ratio, which may clip.
    pub without_best: Fixed,
    /// With the cap: the unsigned format that holds it, UQ3.5 for 6 in a byte.
    pub with: Fixed,
    /// With the cap: the signed format that holds it, Q3.4 for 6 in a byte.
    pub with_signed: Fixed,
    /// With the cap: the finest scale, cap / (2^bits − 1).
    pub with_scale: Fit,
    /// With the cap: a scale chosen by the data with the least error. Of the same values as `with`, so that the two can be compared.
    pub with_data_scale: Fit,
    /// The unbounded ReLU's outputs in the unsigned format that holds the cap, clipped at the cap, and that counted as noise: what a
    /// cap costs where a network was trained without.
    pub imposed: Fit,
    /// The cap with the highest ratio.
    pub best: f64,
    /// How an unbounded ReLU's outputs fare with that cap, and the scale that spans it.
    pub best_fit: Fit,
    /// The fraction bits that the cap saves in the format that holds all.
    pub fraction_bits: i32,
}

/// The model, run with the activations quantised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Simulation {
    /// The number of bits.
    pub bits: u32,
    /// How the activations were quantised, in a few words.
    pub scheme: String,
    /// What became of each output of floats.
    pub outputs: Vec<SimulatedOutput>,
    /// The accuracy, if labels were given.
    pub accuracy: Option<f64>,
}

/// An output of a model whose activations were quantised, beside that of the model in floats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SimulatedOutput {
    /// Its name.
    pub name: String,
    /// The signal-to-noise ratio in decibels; infinite, and `null` in JSON, where nothing is lost.
    #[serde(deserialize_with = "excite_vitals::null::infinity")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub signal_to_noise: f64,
    /// The number of samples with another largest class; only of outputs of the shape \[samples, classes\].
    pub top1_changed: Option<u64>,
    /// The number of samples with a largest class.
    pub samples: u64,
    /// The least and the largest share of all inputs whose largest class changes that go with these samples, with 95 % confidence; None
    /// without classes.
    pub top1_interval: Option<[f64; 2]>,
}
