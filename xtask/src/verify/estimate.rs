//! A real number in f64, with a bound on how far off it is.

use std::f64::consts::PI;
use std::ops::{Add, Div, Mul, Neg, Sub};

use excite::define::Real;

/// What a reference is worked out in for results of up to 24 digits. Every operation adds what it may have rounded off, so that
/// it is known of each result whether f64 was good enough for it.
///
/// ```text
/// |true value − value| ≤ error
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// The value, off by at most `error`.
    pub value: f64,
    /// NaN or infinite where nothing is known.
    pub error: f64,
}

/// Half of the last place of f64: what an operation rounds off, relative to its result.
const ROUNDING: f64 = 1.0 / (1_u64 << 53) as f64;

/// What an elementary function may be off by, relative to its result: 4 units in the last place. The worst known of the C
/// library's exp, expm1, log1p, tanh, sin and cos in f64 is 2.2 (Gladman, Innocente, Mather and Zimmermann, Accuracy of
/// Mathematical Functions); erfc of the crate libm states less than 1.
const FUNCTION: f64 = 1.0 / (1_u64 << 50) as f64;

impl Estimate {
    /// The value of an elementary function, whose argument's error brings in `carried`.
    #[inline(always)]
    fn function(value: f64, carried: f64) -> Self {
        Self { value, error: carried + value.abs() * FUNCTION }
    }

    /// What the error of the argument brings into the value of a function: 0 for an exact argument; `far_off` where the argument
    /// is beyond ±`far` and off by a small part of itself only; `bound` where it is off by less than `near`.
    #[inline(always)]
    fn carried(self, near: f64, bound: f64, far: f64, far_off: f64) -> f64 {
        let size = self.value.abs();
        if self.error == 0.0 {
            0.0
        } else if size > far && self.error < size / 64.0 {
            far_off
        } else if self.error < near {
            bound
        } else {
            f64::INFINITY
        }
    }
}

/// Whether a product with x is exact, but for underflow. True of 0 too.
#[inline(always)]
fn is_power_of_two(x: f64) -> bool {
    x.to_bits() << 12 == 0
}

/// Whether x has at most 26 digits, so that the product of two such is exact.
#[inline(always)]
fn is_short(x: f64) -> bool {
    x.to_bits() << 37 == 0
}

impl From<f64> for Estimate {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Self { value, error: 0.0 }
    }
}

impl Add for Estimate {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let value = a + b;
        // The rounding error of a sum is itself a float (Knuth's two-sum).
        let of_b = value - a;
        let rounding = (a - (value - of_b)) + (b - of_b);
        Self { value, error: self.error + other.error + rounding.abs() }
    }
}

impl Neg for Estimate {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl Sub for Estimate {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Estimate {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let value = self.value * other.value;
        let exact =
            is_power_of_two(self.value) | is_power_of_two(other.value) | (is_short(self.value) & is_short(other.value));
        let rounding = if exact { 0.0 } else { value.abs() * ROUNDING };
        let carried = self.value.abs() * other.error + (other.value.abs() + other.error) * self.error;
        Self { value, error: carried + rounding }
    }
}

impl Div for Estimate {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        let rounding = if is_power_of_two(other.value) { 0.0 } else { value.abs() * ROUNDING };
        let least = other.value.abs() - other.error;
        // Where nothing is carried there is no need for a second division.
        let carried = self.error + value.abs() * other.error;
        let carried = if carried == 0.0 {
            0.0
        } else if least > 0.0 {
            carried / least
        } else {
            f64::INFINITY
        };
        Self { value, error: carried + rounding }
    }
}

impl Real for Estimate {
    #[inline(always)]
    fn exp(self) -> Self {
        let value = self.value.exp();
        // e^δ − 1 ≤ 2δ for δ ≤ 1. Below −760 the value is 0, and less than 2^-1074 if off.
        let far = if value == 0.0 { 760.0 } else { f64::INFINITY };
        Self::function(value, self.carried(1.0, 2.0 * value * self.error, far, 0.0))
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        let value = self.value.exp_m1();
        // Below −40 what is missing to −1 stays under 2^-53.
        let far = if value == -1.0 { 40.0 } else { f64::INFINITY };
        Self::function(value, self.carried(1.0, 2.0 * (value + 1.0) * self.error, far, ROUNDING))
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        let value = self.value.ln_1p();
        let least = 1.0 + self.value - self.error;
        Self::function(value, if least > 0.0 { self.error / least } else { f64::INFINITY })
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        // The derivative is at most 1. Beyond ±20 what is missing to ±1 stays under 2^-53.
        Self::function(self.value.tanh(), self.carried(f64::INFINITY, self.error, 20.0, ROUNDING))
    }

    #[inline(always)]
    fn sin(self) -> Self {
        Self::function(self.value.sin(), self.error)
    }

    #[inline(always)]
    fn cos(self) -> Self {
        Self::function(self.value.cos(), self.error)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        let carried = if self.error == 0.0 {
            0.0
        } else if self.value > 2.0 * self.error {
            // 1 / (2√(x − δ)) ≤ 1 / √x for δ ≤ x / 2.
            self.error / value
        } else {
            f64::INFINITY
        };
        Self { value, error: carried + value * ROUNDING }
    }

    #[inline(always)]
    fn erfc(self) -> Self {
        let value = Real::erfc(self.value);
        // |erfc' x| = 2/√π·e^(−x²) is at most 1.2, and at most (2x + 1.5)·erfc x for x ≥ 0, from
        // erfc x ≥ 2/√π·e^(−x²) / (x + √(x² + 2)); with δ·(x + 1) < 1/4 at most twice that at x − δ. Beyond ±28 the value is
        // 0 or 2.
        let slope = 2.0 * value * (2.0 * self.value.max(0.0) + 1.5);
        let near = 0.25 / (self.value.abs() + 1.0);
        Self::function(value, self.carried(near, self.error * slope, 28.0, 0.0))
    }

    #[inline(always)]
    fn pi() -> Self {
        Self { value: PI, error: PI * ROUNDING }
    }

    #[inline(always)]
    fn is_positive(&self) -> bool {
        self.value > 0.0
    }
}
