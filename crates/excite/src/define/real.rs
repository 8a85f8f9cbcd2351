//! The plain real numbers that [`Reference`](super::Reference) is written over: f64 here, and a
//! multi-precision number in the tests that measure f64.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::math::std_or_libm;

/// A real number with the elementary functions. It need not be fast; it must be accurate.
///
/// ```
/// use excite::Function;
/// use excite::define::Real;
/// let f: Function = "tanh".parse()?;
/// assert!((f.reference(0.5_f64).unwrap() - 0.46211715726000973).abs() < 1e-15);
/// assert!(Real::is_positive(&1.0_f64));
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
pub trait Real:
    Clone
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// eˣ
    fn exp(self) -> Self;
    /// eˣ − 1
    fn exp_m1(self) -> Self;
    /// ln(1 + x)
    fn ln_1p(self) -> Self;
    /// tanh x
    fn tanh(self) -> Self;
    /// sin x
    fn sin(self) -> Self;
    /// cos x
    fn cos(self) -> Self;
    /// √x
    fn sqrt(self) -> Self;
    /// 1 − erf x = 2/√π · ∫ₓ^∞ e^(−t²) dt
    fn erfc(self) -> Self;
    /// π
    fn pi() -> Self;
    /// x > 0
    fn is_positive(&self) -> bool;

    /// x² as the exact square: in f64 the square rounded, which is all that a reference for f32 needs.
    fn squared(self) -> Self {
        self.clone() * self
    }

    /// |x|
    fn abs(self) -> Self {
        if self.is_positive() { self } else { -self }
    }
}

impl Real for f64 {
    fn exp(self) -> Self {
        std_or_libm::exp(self)
    }

    fn exp_m1(self) -> Self {
        std_or_libm::expm1(self)
    }

    fn ln_1p(self) -> Self {
        std_or_libm::log1p(self)
    }

    fn tanh(self) -> Self {
        std_or_libm::tanh(self)
    }

    fn sin(self) -> Self {
        std_or_libm::sin(self)
    }

    fn cos(self) -> Self {
        std_or_libm::cos(self)
    }

    fn sqrt(self) -> Self {
        std_or_libm::sqrt(self)
    }

    fn erfc(self) -> Self {
        libm::erfc(self)
    }

    fn pi() -> Self {
        core::f64::consts::PI
    }

    fn is_positive(&self) -> bool {
        *self > 0.0
    }
}
