//! The numbers of the tuned kernels: f32 and f64.

use super::exp::ExpConstants;
use super::{Number, Pair, trig};

/// A constant that a kernel tuned to f32 and f64 needs in each.
///
/// ```
/// use excite::define::{Constant, Native};
/// /// From here on x² is infinite.
/// const SQUARE_INFINITE: Constant = Constant { f32: 1.8446744e19, f64: 1.3407807929942597e154 };
/// assert_eq!(f32::pick(SQUARE_INFINITE), 1.8446744e19);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// In f32.
    pub f32: f32,
    /// In f64.
    pub f64: f64,
}

/// f32 or f64, for which a kernel is tuned. Sealed, because every [`Constant`] belongs to one of them.
pub trait Native: ExpConstants + Number + Into<f64> {
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// Up to here [`sin_turned`](Self::sin_turned) is accurate.
    #[doc(hidden)]
    const TUNED_SIN_LIMIT: Self;
    /// The largest finite number.
    #[doc(hidden)]
    const MAX: Self;

    /// The constant for this type.
    fn pick(constant: Constant) -> Self;

    /// The one of the two that is for this type.
    #[doc(hidden)]
    fn pick_all(short: &'static [f32], long: &'static [f64]) -> &'static [Self];

    /// The constant `head + tail` in two parts: rounded, and the rest.
    #[doc(hidden)]
    fn in_two(head: f64, tail: f64) -> (Self, Self);

    /// Computed in a number twice as long and rounded once: by `short` in f64 for f32, by `long` in a pair for f64.
    #[doc(hidden)]
    fn widened(self, short: impl FnOnce(f64) -> f64, long: impl FnOnce(Pair) -> Pair) -> Self;

    /// Computed in f32 by `short` or in f64 by `long`, whichever it is.
    #[doc(hidden)]
    fn by_type(self, short: impl FnOnce(f32) -> f32, long: impl FnOnce(f64) -> f64) -> Self;

    /// 2^k, where the low bits of `self` hold k plus the exponent bias.
    #[doc(hidden)]
    fn power_from_low_bits(self) -> Self;

    /// sin(x + quarters·π/2), within 1 ULP for |x| ≤ [`TUNED_SIN_LIMIT`](Self::TUNED_SIN_LIMIT).
    #[doc(hidden)]
    fn sin_turned(self, quarters: u32) -> Self;
}

/// x · factor as a sum of two, the factor being in two parts.
#[inline(always)]
pub fn product_in_two<T: Native>(x: T, (factor, factor_lo): (T, T)) -> (T, T) {
    let product = x * factor;
    (product, x.mul_add(factor_lo, x.mul_add(factor, -product)))
}

/// 1 / `number` in two parts.
#[inline(always)]
pub fn inverse_in_two<T: Native>(number: f64) -> (T, T) {
    let inverse = 1.0 / number;
    T::in_two(inverse, inverse.mul_add(-number, 1.0) * inverse)
}

macro_rules! native {
    ($float:ident, $digits:literal, { $($constants:tt)* }) => {
        impl Native for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const MAX: Self = $float::MAX;
            $($constants)*

            #[inline(always)]
            fn pick(constant: Constant) -> Self {
                constant.$float
            }

            #[inline(always)]
            fn in_two(head: f64, tail: f64) -> (Self, Self) {
                let rounded = head as Self;
                (rounded, ((head - f64::from(rounded)) + tail) as Self)
            }

            #[inline(always)]
            fn power_from_low_bits(self) -> Self {
                Self::from_bits(self.to_bits() << ($digits - 1))
            }
        }
    };
}

native!(f32, 24, {
    const TUNED_SIN_LIMIT: Self = trig::TUNED_LIMIT;

    #[inline(always)]
    fn pick_all(short: &'static [f32], _: &'static [f64]) -> &'static [Self] {
        short
    }

    #[inline(always)]
    fn by_type(self, short: impl FnOnce(f32) -> f32, _: impl FnOnce(f64) -> f64) -> Self {
        short(self)
    }

    #[inline(always)]
    fn widened(self, short: impl FnOnce(f64) -> f64, _: impl FnOnce(Pair) -> Pair) -> Self {
        short(self.into()) as Self
    }

    #[inline(always)]
    fn sin_turned(self, quarters: u32) -> Self {
        trig::sin_turned_f32(self, quarters)
    }
});

native!(f64, 53, {
    const TUNED_SIN_LIMIT: Self = trig::PAIR_LIMIT;

    #[inline(always)]
    fn pick_all(_: &'static [f32], long: &'static [f64]) -> &'static [Self] {
        long
    }

    #[inline(always)]
    fn by_type(self, _: impl FnOnce(f32) -> f32, long: impl FnOnce(f64) -> f64) -> Self {
        long(self)
    }

    #[inline(always)]
    fn widened(self, _: impl FnOnce(f64) -> f64, long: impl FnOnce(Pair) -> Pair) -> Self {
        long(self.into()).to_f64()
    }

    #[inline(always)]
    fn sin_turned(self, quarters: u32) -> Self {
        trig::sin_turned_pair(self.into(), quarters).to_f64()
    }
});
