//! The plain real numbers that [`Activation::reference`](crate::Activation::reference) is written over: f64 here, and a
//! multi-precision number in the tests that measure f64.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number with the elementary functions. It need not be fast; it must be accurate.
///
/// ```
/// use excite::{Function, reference::Real};
/// let f: Function = "tanh".parse()?;
/// assert!((f.reference(0.5_f64) - 0.46211715726000973).abs() < 1e-15);
/// assert!(Real::is_positive(&1.0_f64));
/// # Ok::<(), excite::UnknownFunction>(())
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
    /// tanh x
    fn tanh(self) -> Self;
    /// x > 0
    fn is_positive(&self) -> bool;
}

impl Real for f64 {
    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    fn is_positive(&self) -> bool {
        *self > 0.0
    }
}
