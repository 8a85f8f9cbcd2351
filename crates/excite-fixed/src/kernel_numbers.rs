//! A kernel in numbers, from which its source is written.

use alloc::vec::Vec;

use crate::arithmetic::{Multiplier, RoundingSteps};

/// A kernel in numbers, whatever the type of its codes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KernelNumbers {
    /// The outputs for all codes, from the lowest up.
    Table(Vec<i32>),
    /// The codes themselves, between two ends.
    Clamp { least: i32, largest: i32 },
    /// Two lines that meet in the zero points.
    TwoLines { input: i32, output: i32, below: SideNumbers, above: SideNumbers },
    /// Straight lines between points: see [`Table16`](crate::Table16).
    Segments {
        shifts: Vec<u8>,
        offsets: Vec<u16>,
        points: Vec<u32>,
        block_bits: u32,
        fraction: u32,
        zero_point: i32,
        saturates: bool,
    },
    /// Two lines as TensorFlow Lite computes them, by multipliers.
    Multipliers { input: i32, output: i32, below: Multiplier, above: Multiplier, least: i32, largest: i32 },
    /// Sigmoid or tanh as TensorFlow Lite and CMSIS-NN compute them in 16 bits.
    Sigmoid16 { is_tanh: bool, multiplier: i32, shift: u32, points: Vec<i32> },
    /// TensorFlow Lite's table of 513 points.
    Points513(Vec<i32>),
}

/// One of two lines: see [`TwoLines`](crate::TwoLines).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SideNumbers {
    pub factor: [u32; 3],
    pub falls: bool,
    pub limit: u32,
    pub end: i32,
    pub has_ties: bool,
}

impl SideNumbers {
    /// Whether any step is multiplied: none is where all have one output.
    pub fn is_multiplied(&self) -> bool {
        self.limit > 1 && self.factor != [0; 3]
    }

    /// The size of the factor.
    pub fn value(&self) -> f64 {
        let [low, middle, high] = self.factor.map(f64::from);
        (high + (middle + low / 65536.0) / 65536.0) / 65536.0
    }
}

/// A softmax in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowNumbers {
    /// Of 8 bits, by gemmlowp's arithmetic: e^(−d) for differences from 0 to 255 codes, with 31 bits of fraction.
    Exponentials(Vec<u32>),
    /// Of 16 bits: tables of exponentials and of reciprocals, the multiplier of a difference, and whether 32768 wraps.
    Tables { multiplier: i32, shift: i32, rounding: RoundingSteps, exp: Vec<i32>, reciprocal: Vec<i32>, wraps: bool },
}
