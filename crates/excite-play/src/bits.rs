//! A network's activations in the bits of a fixed-point format.

use std::sync::Arc;

use excite::{Function, Relu, ReluN};
use excite_fixed::{Overflow, QFormat, Rounding};
use excite_lab::LabError;
use excite_lab::data::Dataset;
use excite_lab::live::{Setup, Training, signal_to_noise};
use serde::{Deserialize, Serialize};

/// The bits of a number.
const BITS: u32 = 8;
/// The integer bits from which the best are chosen.
const INTEGERS: std::ops::RangeInclusive<i8> = -2..=7;
/// The steps of the training: five epochs.
const STEPS: usize = 225;
const RATE: f64 = 0.1;
const BINS: usize = 48;

/// Asks for a network with this cap; none for a ReLU without one.
#[derive(Deserialize)]
pub struct StartRequest {
    cap: Option<f64>,
    seed: u64,
}

/// How far the training is.
#[derive(Serialize)]
pub struct Progress {
    share: f64,
}

/// Asks for a format, and for one activation in it.
#[derive(Deserialize)]
pub struct FormatRequest {
    integer: i8,
    signed: bool,
    value: f32,
}

/// The activations in a format.
#[derive(Serialize)]
pub struct InFormat {
    /// Its name: `UQ3.5`.
    name: String,
    /// The sign bits, integer bits and fraction bits; integer or fraction bits may be fewer than none.
    layout: [i8; 3],
    step: f64,
    largest: f64,
    /// Of the activations, in decibels. None if there is no noise at all.
    snr: Option<f64>,
    /// The share of activations beyond the largest number.
    clipped: f64,
    /// The largest activation.
    largest_activation: f32,
    /// From 0 to the largest activation: how many activations fall into each bin, those of exactly 0 left out, and their mean error.
    counts: Vec<u32>,
    errors: Vec<f64>,
    zeros: f64,
    one: One,
    /// The format of as many bits and the same sign with the highest ratio, and that.
    best: (String, f64),
    best_integer: i8,
}

/// One activation in a format.
#[derive(Serialize)]
pub struct One {
    /// The bits, the highest first.
    bits: String,
    rounded: f64,
    error: f64,
}

/// A network with a cap, under training and then in fixed point.
pub struct Bits {
    training: Training,
    activations: Vec<f32>,
}

impl Bits {
    pub fn new(digits: &Arc<Dataset>, request: &StartRequest) -> Result<Self, LabError> {
        let capped = |cap| ReluN::new(cap).map(Function::from).map_err(|error| LabError::Plan(error.to_string()));
        let function = request.cap.map_or(Ok(Relu.into()), capped)?;
        let setup = Setup {
            hidden: vec![32; 2],
            learning_rate: RATE,
            // Whether a unit dies is not the question here.
            watched: 1,
            seed: request.seed,
            ..Setup::new(function)
        };
        Ok(Self { training: Training::new(digits.clone(), &setup)?, activations: vec![] })
    }

    /// Takes some steps of the training, or the last ones.
    pub fn train(&mut self, steps: usize) -> Progress {
        for _ in 0..steps {
            if self.training.steps() == STEPS || self.training.step().is_none() {
                break;
            }
        }
        if self.training.steps() == STEPS && self.activations.is_empty() {
            self.activations = self.training.held_out_activations();
        }
        Progress { share: self.training.steps() as f64 / STEPS as f64 }
    }

    /// The activations in a format. None before the training is done, or if there is no such format.
    pub fn in_format(&self, request: &FormatRequest) -> Option<InFormat> {
        let FormatRequest { integer, signed, value } = *request;
        let format = QFormat::with_bits(signed, BITS, integer).ok()?;
        let largest = self.activations.iter().copied().reduce(f32::max)?;
        let count = self.activations.len() as f64;
        let (mut counts, mut errors) = (vec![0_u32; BINS], vec![0.0; BINS]);
        for &activation in self.activations.iter().filter(|activation| **activation > 0.0) {
            let bin = ((f64::from(activation / largest) * BINS as f64) as usize).min(BINS - 1);
            counts[bin] += 1;
            errors[bin] += (f64::from(activation) - rounded(activation, format)).abs();
        }
        errors.iter_mut().zip(&counts).for_each(|(error, &count)| *error /= f64::from(count.max(1)));
        let share = |of: &dyn Fn(f32) -> bool| self.activations.iter().filter(|a| of(**a)).count() as f64 / count;
        let ratio = |format: QFormat| signal_to_noise(&self.activations, format);
        let formats = INTEGERS.filter_map(|integer| QFormat::with_bits(signed, BITS, integer).ok());
        let (best_ratio, best) = formats.map(|format| (ratio(format), format)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(InFormat {
            name: format.to_string(),
            layout: [i8::from(signed), format.integer_bits(), format.fraction_bits()],
            step: format.step(),
            largest: format.max(),
            snr: Some(ratio(format)).filter(|ratio| ratio.is_finite()),
            clipped: share(&|a| f64::from(a) > format.max()),
            largest_activation: largest,
            counts,
            errors,
            zeros: share(&|a| a == 0.0),
            one: one(value, format),
            best: (best.to_string(), best_ratio),
            best_integer: best.integer_bits(),
        })
    }
}

fn rounded(value: f32, format: QFormat) -> f64 {
    format.quantise(f64::from(value), Rounding::HalfEven, Overflow::Saturate)
}

fn one(value: f32, format: QFormat) -> One {
    let code = format.code(f64::from(value), Rounding::HalfEven, Overflow::Saturate);
    let mask = (1_i64 << format.bits()) - 1;
    let width = format.bits() as usize;
    let rounded = format.value(code);
    One { bits: format!("{:0width$b}", code & mask), rounded, error: rounded - f64::from(value) }
}
