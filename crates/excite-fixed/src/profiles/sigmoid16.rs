//! Sigmoid and tanh of 16-bit codes as TensorFlow Lite computes them: a sigmoid at 256 points, and lines between.

use alloc::boxed::Box;

use crate::kernel_numbers::KernelNumbers;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Logistic,
    Tanh,
}

/// Codes of zero point 0 to codes of scale 2⁻¹⁵.
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid16 {
    shape: Shape,
    multiplier: i32,
    shift: u32,
    table: Box<[i32; 256]>,
}

impl Sigmoid16 {
    /// The largest scale whose multiplier has 16 bits.
    pub const MOST_SCALE: f32 = 2.666_585;

    /// Whether the multiplier of a scale has 16 bits, as the library needs it.
    pub fn holds(scale: f32) -> bool {
        scale <= Self::MOST_SCALE
    }

    pub fn new(shape: Shape, scale: f32) -> Self {
        let (multiplier, shift) = multiplier(shape, scale);
        Self { shape, multiplier, shift, table: Box::new(table()) }
    }

    pub fn numbers(&self) -> KernelNumbers {
        KernelNumbers::Sigmoid16 {
            is_tanh: self.shape == Shape::Tanh,
            multiplier: self.multiplier,
            shift: self.shift,
            points: self.table.to_vec(),
        }
    }

    pub fn code(&self, code: i32) -> i32 {
        let rounding = if self.shift > 0 { 1 << (self.shift - 1) } else { 0 };
        let x = ((i64::from(code) * i64::from(self.multiplier) + rounding) >> self.shift) as i32;
        let (fraction, at_most) = match self.shape {
            Shape::Logistic => (9, 0x7fff << 10),
            Shape::Tanh => (8, 0xffff << 8),
        };
        let index = (x.unsigned_abs() >> fraction) as usize;
        let rest = (x.unsigned_abs() & ((1 << fraction) - 1)) as i32;
        let y = match self.table.get(index..index + 2) {
            Some(&[left, right]) => (left << fraction) + rest * (right - left),
            _ => at_most,
        };
        match (self.shape, x >= 0) {
            (Shape::Logistic, true) => (y + 512) >> 10,
            (Shape::Logistic, false) => ((1 << 25) - y + 511) >> 10,
            (Shape::Tanh, true) => (y - (1 << 23) + 128) >> 8,
            (Shape::Tanh, false) => (-y + (1 << 23) + 127) >> 8,
        }
    }
}

/// From codes to 24 · 512 a unit, or half of that for tanh, whose argument is twice that of the sigmoid: a multiplier, and a shift.
fn multiplier(shape: Shape, scale: f32) -> (i32, u32) {
    let exponent = libm::log2(f64::from(scale));
    let nearest = libm::round(exponent);
    let left = 12 + nearest as i32;
    if libm::fabs(exponent - nearest) < 1e-3 && (left == 0 || (left == 1 && shape == Shape::Tanh)) {
        return (3 << left, 0);
    }
    let (mut multiplier, mut shift) = (f64::from(scale) * 12288.0, 0);
    while multiplier <= 32767.0 / 2.0 && shift <= 30 {
        multiplier *= 2.0;
        shift += 1;
    }
    (multiplier as i32, shift)
}

/// The sigmoid at i/24, lowered by half of what the line to the next point errs by in the middle.
fn table() -> [i32; 256] {
    let sigmoid = |i: f64| 1.0 / (1.0 + libm::exp(-i / 24.0));
    let mut table = [0; 256];
    for (i, entry) in table.iter_mut().enumerate() {
        let i = i as f64;
        let chord = f64::midpoint(sigmoid(i), sigmoid(i + 1.0)) - sigmoid(i + 0.5);
        *entry = libm::round(65536.0 * (sigmoid(i) - chord / 2.0)) as i32;
    }
    table[255] = 65535;
    table
}
