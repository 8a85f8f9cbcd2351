//! Chooses fixed-point formats and scales for the activations of a model, and shows what they cost.

mod distributions;
mod kernels;
mod proposals;
mod recommendation;
mod simulation;

use excite_fixed::QFormat;
use excite_fixed::calibration::Grid;

use self::distributions::{Distributions, LayerDistribution};
pub use self::kernels::{Kernel, KernelEntry};
pub use self::simulation::read_labels;
use super::record::{Quantisation, Recommendation};
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel, SkippedLayer, Watcher};

/// How a model is quantised.
///
/// ```
/// let options = excite_tasks::QuantiseOptions { bits: vec![4, 8], ..Default::default() };
/// assert_eq!(options.cap, 6.0);
/// ```
#[derive(Clone, Debug)]
pub struct QuantiseOptions {
    /// The numbers of bits, from 4 to 16.
    pub bits: Vec<u32>,
    /// The cap of a ReLU to ask about.
    pub cap: f64,
    /// More Q formats to try on every activation.
    pub formats: Vec<QFormat>,
    /// Whether the model is run with quantised activations, to see what becomes of its outputs.
    pub simulate: bool,
    /// The class of each sample, for the accuracy.
    pub labels: Option<Vec<i64>>,
}

impl Default for QuantiseOptions {
    /// 8 bits, a cap of 6, and a simulation.
    fn default() -> Self {
        Self { bits: vec![8], cap: 6.0, formats: Vec::new(), simulate: true, labels: None }
    }
}

impl QuantiseOptions {
    /// The numbers of bits that can be asked for.
    pub const BITS: std::ops::RangeInclusive<u32> = 4..=*Grid::BITS.end();

    /// The same with the numbers of bits ascending, each once.
    fn checked(&self) -> Result<Self, Error> {
        let mut bits = self.bits.clone();
        bits.sort_unstable();
        bits.dedup();
        match bits.iter().find(|bits| !Self::BITS.contains(bits)) {
            Some(&found) => return Err(Error::Bits { found: Some(found) }),
            None if bits.is_empty() => return Err(Error::Bits { found: None }),
            None => {}
        }
        if !(self.cap > 0.0 && self.cap.is_finite()) {
            return Err(Error::Cap { found: self.cap });
        }
        Ok(Self { bits, ..self.clone() })
    }
}

/// What was found for a model.
pub struct ModelQuantisation {
    /// The proposals, and what they do to the outputs.
    pub record: Quantisation,
    layers: Vec<LayerDistribution>,
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
        distributions::measure(model, data, &steps)?;
    let mut layers = Vec::new();
    for distribution in &distributions {
        match proposals::layer(distribution, &options) {
            Ok(layer) => layers.push(layer),
            Err(why) => left_out.push(SkippedLayer { name: distribution.name.clone(), why: why.to_string() }),
        }
    }
    let verdict = proposals::verdict(&layers, options.cap).unwrap_or_default();
    let (mut simulations, mut accuracy) = (Vec::new(), None);
    if options.simulate {
        let schemes = simulation::schemes(model.model(), &distributions, &layers, &options.bits);
        (simulations, accuracy) =
            simulation::simulate(model.model(), data, runs, &schemes, options.labels.as_deref(), &steps)?;
    }
    let stays = |layer: &&LayerDistribution| !model.model().replaceable().contains(&layer.site);
    let chosen = recommendation::chosen(&simulations);
    let record = Quantisation {
        version: Quantisation::VERSION,
        command: String::new(),
        model: model.name().to_owned(),
        data: data.describe(samples),
        samples,
        random_data: data.is_random(),
        headline: recommendation::headline(chosen, &layers, data.is_random()),
        recommended: chosen.map(Recommendation::of),
        verdict,
        cap: options.cap,
        bits: options.bits,
        layers,
        left_out,
        simulations,
        not_simulated: distributions.iter().filter(stays).map(|layer| layer.name.clone()).collect(),
        accuracy,
    };
    Ok(ModelQuantisation { record, layers: distributions })
}
