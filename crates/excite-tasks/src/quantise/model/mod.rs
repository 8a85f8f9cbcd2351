//! Chooses fixed-point formats and scales for the activations of a model, and shows what they cost.

mod candidates;
mod decide;
mod distributions;
mod kernels;
mod proposals;
mod recommendation;
mod search;
mod sensitivity;
mod simulation;
mod tally;
mod weights;
mod widths;
mod written;

use excite_fixed::QFormat;
use excite_fixed::calibration::Grid;

use self::decide::Decision;
use self::distributions::{Distributions, LayerDistribution};
pub use self::kernels::{KernelEntry, ModelKernels};
pub use self::simulation::read_labels;
use super::record::Quantisation;
use super::{Budget, FormatsFile};
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel, SkippedLayer, Watcher};

/// How a model is quantised.
///
/// ```
/// let options = excite_tasks::QuantiseOptions { bits: vec![4, 8], ..Default::default() };
/// assert_eq!(options.cap, 6.0);
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct QuantiseOptions {
    /// The numbers of bits, from 4 to 16.
    pub bits: Vec<u32>,
    /// The cap of a ReLU to ask about.
    pub cap: f64,
    /// More Q formats to try on every activation.
    pub formats: Vec<QFormat>,
    /// Whether the model is run with quantised activations, to see what becomes of its outputs.
    pub simulate: bool,
    /// Whether it is run with one layer quantised at a time too, to see what each costs, and which format is best for it.
    pub sensitivity: bool,
    /// The widths that layers may have where one is too few for some, from 4 to 16 bits; empty for those of `bits`.
    pub widths: Vec<u32>,
    /// What quantisation may cost the outputs; empty for what counts as enough, [`Budget::ENOUGH`].
    pub budgets: Vec<Budget>,
    /// Whether scales are powers of two and zero points 0: Q formats alone.
    pub power_of_two: bool,
    /// Whether the data may narrow the range of a sigmoid, a tanh and the like, which is otherwise kept.
    pub calibrate_bounded: bool,
    /// The bits of the weights in all quantised runs, from 2 to 8, with a scale for each unit; None for floats.
    pub weight_bits: Option<u32>,
    /// The format of each layer, where they are not to be chosen.
    pub given: Option<FormatsFile>,
    /// The class of each sample, for the accuracy.
    pub labels: Option<Vec<i64>>,
}

impl Default for QuantiseOptions {
    /// 8 bits, a cap of 6, and a simulation.
    fn default() -> Self {
        Self {
            bits: vec![8],
            cap: 6.0,
            formats: Vec::new(),
            simulate: true,
            sensitivity: true,
            widths: Vec::new(),
            budgets: Vec::new(),
            power_of_two: false,
            calibrate_bounded: false,
            weight_bits: None,
            given: None,
            labels: None,
        }
    }
}

impl QuantiseOptions {
    /// The numbers of bits that can be asked for.
    pub const BITS: std::ops::RangeInclusive<u32> = 4..=*Grid::BITS.end();

    /// The numbers of bits that weights can have.
    pub const WEIGHT_BITS: std::ops::RangeInclusive<u32> = 2..=8;

    /// The same with the numbers of bits ascending, each once.
    fn checked(&self) -> Result<Self, Error> {
        let ascending = |bits: &[u32]| {
            let mut bits = bits.to_vec();
            bits.sort_unstable();
            bits.dedup();
            match bits.iter().find(|bits| !Self::BITS.contains(bits)) {
                Some(&found) => Err(Error::Bits { found: Some(found) }),
                None => Ok(bits),
            }
        };
        let bits = ascending(&self.bits)?;
        if bits.is_empty() {
            return Err(Error::Bits { found: None });
        }
        let widths = if self.widths.is_empty() { bits.clone() } else { ascending(&self.widths)? };
        if let Some(found) = self.weight_bits.filter(|bits| !Self::WEIGHT_BITS.contains(bits)) {
            return Err(Error::WeightBits { found });
        }
        if !(self.cap > 0.0 && self.cap.is_finite()) {
            return Err(Error::Cap { found: self.cap });
        }
        Ok(Self { bits, widths, ..self.clone() })
    }
}

/// What was found for a model.
pub struct ModelQuantisation {
    /// The proposals, and what they do to the outputs.
    pub record: Quantisation,
    layers: Vec<LayerDistribution>,
    /// How many runs of the model the data are.
    runs: u64,
    written: written::Written,
}

/// Runs the model on the data, proposes scales and Q formats for its activations, and runs it again with quantised activations.
///
/// ```
/// use excite_tasks::{Data, NamedModel, QuantiseOptions, quantise};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models/nmp.onnx");
/// let model = NamedModel::open(path)?;
/// let options = QuantiseOptions { simulate: false, ..QuantiseOptions::default() };
/// let quantised = quantise(&model, &Data::random(0).with_samples(2), &options, &())?;
/// let layer = &quantised.record.layers[0];
/// assert_eq!((layer.function.name(), layer.widths[0].best_fixed().format.bits()), ("relu", 8));
/// # Ok::<(), excite_tasks::Error>(())
/// ```
///
/// # Errors
/// If an input cannot be read or does not fit the model, the engine fails, the options make no sense, or the watcher stops it.
pub fn quantise(
    model: &NamedModel,
    data: &Data,
    options: &QuantiseOptions,
    watcher: &dyn Watcher,
) -> Result<ModelQuantisation, Error> {
    let (options, steps) = (options.checked()?, Steps::new(watcher));
    let Distributions { layers: distributions, mut left_out, samples, runs } =
        distributions::measure(model, data, options.calibrate_bounded, &steps)?;
    let mut layers = Vec::new();
    for distribution in &distributions {
        match proposals::layer(distribution, &options) {
            Ok(layer) => layers.push(layer),
            Err(why) => left_out.push(SkippedLayer { name: distribution.name.clone(), why: why.to_string() }),
        }
    }
    let verdict = proposals::verdict(&layers, options.cap).unwrap_or_default();
    // Outputs of values that are rounded already do not show the cost of rounding.
    let is_converted = layers.iter().any(|layer| layer.converted.is_some());
    let decision = if options.simulate && !is_converted {
        decide::decide(model, data, (samples, runs), &options, &distributions, &layers, &steps)?
    } else {
        Decision::default()
    };
    let stays = |layer: &&LayerDistribution| !model.model().replaceable().contains(&layer.site);
    let written = written::Written::of(model, &options, &decision);
    let record = Quantisation {
        version: Quantisation::VERSION,
        command: String::new(),
        model: model.name().to_owned(),
        data: data.describe(samples),
        samples,
        random_data: data.is_random(),
        headline: recommendation::headline(decision.recommended.as_ref(), &layers, data.is_random()),
        recommended: decision.recommended,
        sensitivity: decision.sensitivity,
        sensitivity_samples: decision.sensitivity_samples,
        weights: decision.weights,
        verdict,
        cap: options.cap,
        bits: options.bits,
        layers,
        left_out,
        simulations: decision.simulations,
        not_simulated: distributions.iter().filter(stays).map(|layer| layer.name.clone()).collect(),
        accuracy: decision.accuracy,
    };
    Ok(ModelQuantisation { record, layers: distributions, runs, written })
}
