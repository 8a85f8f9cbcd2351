//! A number of many digits, for what f64 cannot judge.

use std::ops::{Add, Div, Mul, Neg, Sub};

use astro_float::{BigFloat, Sign};
use excite::define::Real;

use super::series::{self, Constants, ROUNDING};
use super::ulp::Format;

/// A number of `BITS` binary digits, over astro-float's arithmetic: a multiple of 256 up to 1024. Elementary functions are worked
/// out with [`GUARD`] digits more.
#[derive(Clone, Debug)]
pub struct Precise<const BITS: usize>(BigFloat);

/// What most results are judged with: nearly five times the digits of f64, at the cost of two and a half times.
pub type Usual = Precise<256>;

/// What is tried where [`Usual`] cannot tell to which side a result is to be rounded.
pub type Wide = Precise<1024>;

/// Digits that functions are worked out with beyond those of the result.
const GUARD: usize = 64;

/// Digits that a reference as a whole may lose: its results are taken to be right to BITS − LOST of them.
const LOST: i32 = 64;

impl<const BITS: usize> Precise<BITS> {
    fn constants() -> &'static Constants {
        Constants::of(BITS + GUARD)
    }

    fn power_of_two(exponent: i32) -> Self {
        Self(series::scaled(&BigFloat::from_word(1, 64), exponent))
    }

    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// |self| < 2^exponent
    fn is_below(&self, exponent: i32) -> bool {
        self.is_zero() || self.0.exponent().is_some_and(|own| own <= exponent)
    }

    /// The value cut off to f64: for what need not be exact.
    pub fn to_f64(&self) -> f64 {
        series::to_f64(&self.0)
    }

    /// The distance from `found` to this exact value, in the spacing of the format's numbers there.
    pub fn distance(&self, format: Format, found: f64) -> f64 {
        let infinite = Self::power_of_two(format.infinite);
        let beyond = !self.is_below(format.infinite);
        if found.is_nan() || (found == 0.0 && self.is_zero() && found.is_sign_negative() != self.0.is_negative()) {
            return f64::INFINITY;
        }
        if beyond {
            return if found == f64::INFINITY.copysign(self.to_f64()) { 0.0 } else { f64::INFINITY };
        }
        let found = match found {
            f64::INFINITY => infinite,
            f64::NEG_INFINITY => -infinite,
            found => found.into(),
        };
        let difference = (found - self.clone()).0.abs();
        series::to_f64(&series::scaled(&difference, -self.last_place(format)))
    }

    /// The exponent of the last place of the format's numbers around this.
    fn last_place(&self, format: Format) -> i32 {
        let exponent = if self.is_zero() { i32::MIN / 2 } else { self.0.exponent().expect("a finite number") };
        (exponent - format.digits).max(format.lowest)
    }

    /// The format's number that is nearest to the exact value, and whether the digits suffice to say so. What is exactly halfway,
    /// as far as can be told, goes to the even one.
    pub fn nearest(&self, format: Format) -> (f64, bool) {
        let sign = if self.0.is_negative() { -1.0 } else { 1.0 };
        if self.is_zero() || !self.is_below(format.infinite) {
            return (if self.is_zero() { 0.0 } else { f64::INFINITY } * sign, true);
        }
        let last_place = self.last_place(format);
        let places = Self(series::scaled(&self.0.abs(), -last_place));
        // At most 53 digits stand before the point: f64 holds them all.
        let whole = places.to_f64().floor();
        let from_tie = places.clone() - Self::from(whole) - Self::from(0.5);
        let doubtful = from_tie.is_below(places.0.exponent().unwrap_or(0) - (BITS as i32 - LOST));
        let up = if doubtful { whole % 2.0 == 1.0 } else { from_tie.is_positive() };
        let rounded = Self(series::scaled(&Self::from(whole + f64::from(up)).0, last_place));
        let rounded = if rounded.is_below(format.infinite) { rounded.to_f64() } else { f64::INFINITY };
        (rounded * sign, !doubtful)
    }
}

impl<const BITS: usize> From<f64> for Precise<BITS> {
    fn from(value: f64) -> Self {
        if value == 0.0 {
            let zero = BigFloat::new(BITS);
            return Self(if value.is_sign_negative() { zero.neg() } else { zero });
        }
        if !value.is_finite() {
            return Self(BigFloat::from_f64(value, BITS));
        }
        // By hand, because astro-float 0.9.6 reads subnormals as half of what they are.
        let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32;
        let fraction = value.to_bits() << 12 >> 12;
        let (mantissa, exponent) = if exponent == 0 {
            (fraction << fraction.leading_zeros(), 12 - 1022 - fraction.leading_zeros() as i32)
        } else {
            ((fraction | 1 << 52) << 11, exponent - 1022)
        };
        let sign = if value < 0.0 { Sign::Neg } else { Sign::Pos };
        Self(BigFloat::from_words(&[mantissa], sign, exponent))
    }
}

macro_rules! operator {
    ($($operator:ident $name:ident),*) => {$(
        impl<const BITS: usize> $operator for Precise<BITS> {
            type Output = Self;
            fn $name(self, other: Self) -> Self {
                Self(self.0.$name(&other.0, BITS, ROUNDING))
            }
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);

impl<const BITS: usize> Neg for Precise<BITS> {
    type Output = Self;
    fn neg(mut self) -> Self {
        self.0.inv_sign();
        self
    }
}

impl<const BITS: usize> Real for Precise<BITS> {
    fn exp(self) -> Self {
        Self(series::exp(&self.0, Self::constants()))
    }

    fn exp_m1(self) -> Self {
        Self(series::exp_m1(&self.0, Self::constants()))
    }

    fn ln_1p(self) -> Self {
        Self(series::ln_1p(&self.0, Self::constants()))
    }

    fn tanh(self) -> Self {
        Self(series::tanh(&self.0, Self::constants()))
    }

    fn sin(self) -> Self {
        Self(series::sin_cos(&self.0, Self::constants()).0)
    }

    fn cos(self) -> Self {
        Self(series::sin_cos(&self.0, Self::constants()).1)
    }

    fn sqrt(self) -> Self {
        Self(series::sqrt(&self.0, Self::constants()))
    }

    fn erfc(self) -> Self {
        Self(series::erfc(&self.0, Self::constants()))
    }

    fn pi() -> Self {
        Self(Self::constants().pi.clone())
    }

    fn is_positive(&self) -> bool {
        self.0.is_positive() && !self.0.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::ulp::Short;

    #[test]
    fn every_f64_is_read_and_written_as_it_is() {
        for i in 0..100_000_u64 {
            let x = f64::from_bits(i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (i % 64));
            assert!(!x.is_finite() || Usual::from(x).to_f64().to_bits() == x.to_bits(), "{x:e}");
            assert!(!x.is_finite() || Wide::from(x).nearest(Format::F64) == (x, true), "{x:e}");
        }
    }

    #[test]
    fn distances_are_in_the_last_place() {
        let one = Usual::from(1.0);
        assert_eq!(one.distance(Format::F64, 1.0), 0.0);
        assert_eq!(one.distance(Format::F64, 1.0_f64.next_up()), 1.0);
        assert_eq!(Usual::from(f64::from_bits(3)).distance(Format::F64, 0.0), 3.0);
        assert_eq!(one.distance(f32::FORMAT, 1.0_f32.next_down().into()), 0.5);
        assert_eq!(one.distance(Format::F64, f64::NAN), f64::INFINITY);
        assert_eq!(one.distance(half::f16::FORMAT, f64::INFINITY), 65535.0 * 1024.0);
        assert_eq!(Usual::from(1e300).exp().distance(Format::F64, f64::MAX), f64::INFINITY);
        assert_eq!(Usual::from(1e300).distance(f32::FORMAT, f64::INFINITY), 0.0);
        assert_eq!(Usual::from(0.0).distance(Format::F64, -0.0), f64::INFINITY);
    }

    #[test]
    fn rounds_to_nearest_and_says_where_it_cannot_tell() {
        let tie = Usual::from(1.0) + Usual::from(2.0_f64.powi(-24));
        let little = |exponent| Usual::from(2.0_f64.powi(exponent));
        assert_eq!(tie.nearest(f32::FORMAT), (1.0, false));
        assert_eq!((tie.clone() + little(-180)).nearest(f32::FORMAT), (1.0 + 2.0_f64.powi(-23), true));
        assert_eq!((tie.clone() - little(-180)).nearest(f32::FORMAT), (1.0, true));
        assert!(!(tie + little(-220)).nearest(f32::FORMAT).1);
        assert_eq!(Usual::from(-0.1).nearest(f32::FORMAT), ((-0.1_f32).into(), true));
        assert_eq!(Usual::from(3.4028235677973366e38).nearest(f32::FORMAT), (f64::INFINITY, false));
        assert_eq!(Usual::from(-3.5e38).nearest(f32::FORMAT), (f64::NEG_INFINITY, true));
        let (underflow, _) = Usual::from(-1e-60).nearest(f32::FORMAT);
        assert!(underflow == 0.0 && underflow.is_sign_negative());
    }
}
