//! Networks whose activations are rounded: how much of them each format keeps.

use excite::Function;
use excite_fixed::calibration::decibels;
use excite_fixed::{Overflow, QFormat, Rounding};

use super::super::trial::Trial;
use crate::LabError;
use crate::activation::Activation;
use crate::data::Dataset;
use crate::initialise::Init;
use crate::loss::{batch_loss, error};
use crate::network::{Network, Start};
use crate::record::experiment::Measure;

pub(super) const HIDDEN: [usize; 2] = [64, 64];
pub(super) const LEARNING_RATE: f64 = 0.03;
/// The first weights of all networks are those for ReLU: the functions differ in their caps alone.
pub(super) const GAIN: f64 = std::f64::consts::SQRT_2;
pub(super) const BITS: std::ops::RangeInclusive<i8> = 2..=16;
/// The integer bits that are tried.
pub(super) const INTEGERS: std::ops::RangeInclusive<i8> = -3..=8;
/// The number of training activations by which the formats are chosen.
pub(super) const CHOSEN_BY: usize = 1 << 15;
/// The decibels that a bit is worth: 20 log10 of 2.
pub(super) const A_BIT: f64 = 6.020_599_913_279_624;

pub(super) fn unsigned(bits: i8, integer: i8) -> QFormat {
    QFormat::with_bits(false, bits as u32, integer).expect("2 to 16 bits")
}

pub(super) fn signed(bits: i8, integer: i8) -> QFormat {
    QFormat::with_bits(true, bits as u32, integer).expect("2 to 16 bits")
}

/// The nearest number of the format, half to even; what lies beyond its end is the end.
pub(super) fn rounded(y: f32, format: QFormat) -> f64 {
    format.quantise(f64::from(y), Rounding::HalfEven, Overflow::Saturate)
}

/// The signal-to-noise ratio of `values` in `format`, rounded half to even, in decibels: 10 log10 of Σy² over Σ(y − rounded y)². What lies
/// beyond the ends of the format becomes its end.
///
/// ```
/// use excite_lab::live::signal_to_noise;
/// let format = "UQ3.5".parse()?;
/// assert!((signal_to_noise(&[3.0 + 1.0 / 128.0], format) - 51.7).abs() < 0.1);
/// # Ok::<(), excite_fixed::QFormatError>(())
/// ```
pub fn signal_to_noise(values: &[f32], format: QFormat) -> f64 {
    let (signal, noise) = values.iter().fold((0.0, 0.0), |(signal, noise), &y| {
        (signal + f64::from(y).powi(2), noise + (f64::from(y) - rounded(y, format)).powi(2))
    });
    decibels(signal, noise)
}

/// The format of `bits` bits with the highest signal-to-noise ratio.
pub(super) fn best(values: &[f32], bits: i8) -> QFormat {
    let ratio = |integer: &i8| signal_to_noise(values, unsigned(bits, *integer));
    let integer = INTEGERS.max_by(|a, b| ratio(a).total_cmp(&ratio(b))).expect("there is a range");
    unsigned(bits, integer)
}

/// Of the formats of `bits` bits tried, the one with the fewest integer bits m for which no value is above 2^m.
pub(super) fn holding(largest: f64, bits: i8) -> QFormat {
    let format = QFormat::holding(false, bits as u32, largest);
    let integer = format.map_or(*INTEGERS.start(), QFormat::integer_bits);
    unsigned(bits, integer.clamp(*INTEGERS.start(), *INTEGERS.end()))
}

/// A format, with its signal-to-noise ratio and the accuracy in it.
pub(super) struct Quality {
    pub(super) format: QFormat,
    pub(super) ratio: f64,
    pub(super) accuracy: f64,
}

/// What one trained network's activations are like.
pub(super) struct Seed {
    /// The largest activation on training data.
    pub(super) largest: f64,
    /// In floats.
    pub(super) accuracy: f64,
    /// By the number of bits.
    pub(super) best: Vec<Quality>,
    pub(super) holding: Vec<Quality>,
    /// The signal-to-noise ratio in a byte, by integer bits: unsigned and signed.
    pub(super) bytes: Vec<[f64; 2]>,
}

impl Seed {
    pub(super) fn new(data: &Dataset, f: Function, seed: u64, epochs: usize) -> Result<Self, LabError> {
        let start = Start { init: Init::KaimingNormal, gain: Some(GAIN), bias: 0.0 };
        let mut trial = Trial::new(data, &HIDDEN, f, start, seed)?;
        let mut descent = trial.descent(LEARNING_RATE);
        for _ in 0..epochs {
            trial.epoch(&mut descent);
        }
        let network = &trial.network;
        let (_, training) = evaluated(network, f, &data.train, None);
        let (accuracy, held_out) = evaluated(network, f, &data.test, None);
        let largest = f64::from(training.iter().copied().fold(0.0, f32::max));
        let sample: Vec<f32> = training.iter().copied().step_by((training.len() / CHOSEN_BY).max(1)).collect();
        let quality = |format: QFormat| -> Result<Quality, LabError> {
            let (accuracy, _) = evaluated(network, f, &data.test, Some(format));
            Ok(Quality { format, ratio: signal_to_noise(&held_out, format), accuracy })
        };
        Ok(Self {
            largest,
            accuracy,
            best: BITS.map(|bits| quality(best(&sample, bits))).collect::<Result<_, _>>()?,
            holding: BITS.map(|bits| quality(holding(largest, bits))).collect::<Result<_, _>>()?,
            bytes: INTEGERS
                .map(|integer| [unsigned, signed].map(|format| signal_to_noise(&held_out, format(8, integer))))
                .collect(),
        })
    }
}

/// The accuracy on `samples` with activations in `format`, or in floats, and the hidden activations.
pub(super) fn evaluated(
    network: &Network,
    f: Function,
    samples: &crate::data::Samples,
    format: Option<QFormat>,
) -> (f64, Vec<f32>) {
    let activation = Activation::new(f);
    let pass = network.forward_with(samples.inputs.clone(), |z| {
        let mut a = activation.forward(z);
        if let Some(format) = format {
            a.values.iter_mut().for_each(|y| *y = rounded(*y, format) as f32);
        }
        a
    });
    let all: Vec<usize> = (0..samples.len()).collect();
    let errors = batch_loss(&pass.outputs.values, &samples.targets, &all).errors;
    let activations = pass.hidden.iter().flat_map(|hidden| &hidden.a.values).copied().collect();
    (1.0 - error(&samples.targets, errors, all.len()), activations)
}

/// One function.
pub(super) struct Case {
    pub(super) function: Function,
    pub(super) seeds: Vec<Seed>,
}

impl Case {
    pub(super) fn figures(&self, figure: impl Fn(&Seed) -> f64) -> Vec<f64> {
        self.seeds.iter().map(figure).collect()
    }

    /// A cap that is not 6 by its value, for that is all the name says.
    pub(super) fn name(&self) -> String {
        match self.function {
            Function::ReluN(f) => format!("cap {}", f.cap()),
            other => other.to_string(),
        }
    }

    /// The signal-to-noise ratios in the byte with `integer` integer bits.
    pub(super) fn in_byte(&self, integer: i8, signed: bool) -> Vec<f64> {
        self.figures(|seed| seed.bytes[(integer - INTEGERS.start()) as usize][usize::from(signed)])
    }

    pub(super) fn in_best_byte(&self) -> Vec<f64> {
        self.figures(|seed| at(&seed.best, 8).ratio)
    }

    pub(super) fn in_byte_that_holds_all(&self) -> Vec<f64> {
        self.figures(|seed| at(&seed.holding, 8).ratio)
    }

    pub(super) fn measures(&self) -> Vec<Measure> {
        let name = self.name();
        let percent = |share: f64| 100.0 * share;
        let mut measures = vec![
            Measure::new(&name, "largest activation", "", &self.figures(|seed| seed.largest)),
            Measure::new(&name, "accuracy in floats", "%", &self.figures(|seed| percent(seed.accuracy))),
        ];
        for (integer, is_signed) in [(2, false), (3, false), (4, false), (2, true), (3, true), (4, true)] {
            let format = if is_signed { signed(8, integer) } else { unsigned(8, integer) };
            measures.push(Measure::new(&name, &format!("SNR in {format}"), "dB", &self.in_byte(integer, is_signed)));
        }
        let mut measure =
            |quantity: &str, unit: &str, figures: &[f64]| measures.push(Measure::new(&name, quantity, unit, figures));
        let integers = |seed: &Seed| f64::from(at(&seed.best, 8).format.integer_bits());
        measure("integer bits of best byte", "", &self.figures(integers));
        let holding = |seed: &Seed| f64::from(at(&seed.holding, 8).format.integer_bits());
        measure("integer bits of byte that holds all", "", &self.figures(holding));
        let change = |seed: &Seed| percent(at(&seed.best, 8).accuracy - seed.accuracy);
        measure("accuracy gained in best 8 bits", "points", &self.figures(change));
        measure("SNR in best byte", "dB", &self.in_best_byte());
        measure("SNR in byte that holds all", "dB", &self.in_byte_that_holds_all());
        for bits in [8, 6, 4] {
            let accuracy = |seed: &Seed| percent(at(&seed.best, bits).accuracy);
            measure(&format!("accuracy in best {bits} bits"), "%", &self.figures(accuracy));
        }
        measure("accuracy in 4 bits that hold all", "%", &self.figures(|seed| percent(at(&seed.holding, 4).accuracy)));
        measures
    }
}

pub(super) fn at(by_bits: &[Quality], bits: i8) -> &Quality {
    &by_bits[(bits - BITS.start()) as usize]
}
