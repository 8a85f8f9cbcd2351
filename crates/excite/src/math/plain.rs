//! f32 and f64 as numbers that formulas are evaluated in.

use super::{Number, Pair, exp_wide, ln_1p, normal, std_or_libm, trig};

impl Number for f64 {
    const SIN_LIMIT: f64 = trig::LIMIT;

    #[inline(always)]
    fn lit(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn constant(head: f64, _: f64) -> Self {
        head
    }

    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        self * factor
    }

    #[inline(always)]
    fn nudged_towards_zero(self) -> Self {
        self - self * (2.0 * Self::EPSILON)
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        std_or_libm::fma(self, a, b)
    }

    #[inline(always)]
    fn polynomial_f64(self, coefficients: &[f64]) -> Self {
        coefficients.iter().fold(0.0, |sum, &coefficient| Self::mul_add(sum, self, coefficient))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f64::copysign(self, sign)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        std_or_libm::sqrt(self)
    }

    /// The divider works beside the other units: a reciprocal in f32 and a step of Newton's takes as long.
    #[inline(always)]
    fn inverse(self) -> Self {
        1.0 / self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exp_wide::f64(self)
    }

    #[inline(always)]
    fn exp_scaled(self) -> Self {
        exp_wide::f64_below_0(self)
    }

    #[inline(always)]
    fn scaled_back(self) -> Self {
        self
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        exp_wide::f64_m1(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        ln_1p::f64(self)
    }

    #[inline(always)]
    fn normal_tail(self) -> Self {
        normal::tail_f64(self)
    }

    #[inline(always)]
    fn sin_cos(self) -> (Self, Self) {
        trig::sin_cos_f64(self)
    }

    #[inline(always)]
    fn sin_shifted(self) -> Self {
        trig::sin_shifted_f64(self)
    }

    fn sin_shifted_any_range(self) -> Self {
        trig::sin_shifted_pair_any(Pair::from(self)).to_f64()
    }

    fn sin_cos_any_range(self) -> (Self, Self) {
        trig::sin_cos_f64_any(self)
    }
}

/// Arithmetic rounds to f32 at each step; all other functions go through f64 and are rounded once.
impl Number for f32 {
    const SIN_LIMIT: f64 = trig::LIMIT;

    #[inline(always)]
    fn lit(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn constant(head: f64, _: f64) -> Self {
        head as Self
    }

    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        self * factor as Self
    }

    #[inline(always)]
    fn nudged_towards_zero(self) -> Self {
        self - self * (2.0 * Self::EPSILON)
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        std_or_libm::fmaf(self, a, b)
    }

    #[inline(always)]
    fn polynomial_f64(self, coefficients: &[f64]) -> Self {
        f64::from(self).polynomial_f64(coefficients) as Self
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f32::copysign(self, sign)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        std_or_libm::sqrtf(self)
    }

    #[inline(always)]
    fn inverse(self) -> Self {
        1.0 / self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        Number::exp(f64::from(self)) as Self
    }

    #[inline(always)]
    fn exp_scaled(self) -> Self {
        Number::exp(f64::from(self)) as Self
    }

    #[inline(always)]
    fn scaled_back(self) -> Self {
        self
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        Number::exp_m1(f64::from(self)) as Self
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        Number::ln_1p(f64::from(self)) as Self
    }

    #[inline(always)]
    fn normal_tail(self) -> Self {
        Number::normal_tail(f64::from(self)) as Self
    }

    #[inline(always)]
    fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = Number::sin_cos(f64::from(self));
        (sin as Self, cos as Self)
    }

    #[inline(always)]
    fn sin_shifted(self) -> Self {
        f64::from(self).sin_shifted() as Self
    }

    fn sin_shifted_any_range(self) -> Self {
        f64::from(self).sin_shifted_any_range() as Self
    }

    fn sin_cos_any_range(self) -> (Self, Self) {
        let (sin, cos) = f64::from(self).sin_cos_any_range();
        (sin as Self, cos as Self)
    }
}
