//! The numbers that a formula is evaluated in: f32 and f64 themselves, and the [`Pair`](super::Pair) of two f64.

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A number that a formula can be evaluated in. A formula is written once over it, and evaluated in the number itself where
/// plain arithmetic rounds once, and in a number about twice as long else: f64 for f32, f16 and bf16,
/// [`Pair`](super::Pair) for f64.
///
/// All of it is branch-free and gives the same bits on every machine. NaN stays NaN. An infinite argument gives the limit in f32
/// and f64; a `Pair` is never given one.
///
/// ```
/// use excite::define::Number;
/// fn logistic<N: Number>(x: N) -> N {
///     (N::lit(1.0) + (-x).exp()).inverse()
/// }
/// assert_eq!(logistic(0.0_f64), 0.5);
/// ```
pub trait Number:
    Copy
    + Debug
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant that f64 holds exactly (f32 rounds it).
    fn lit(value: f64) -> Self;

    /// The constant `head + tail`, for constants that need more digits than f64 has.
    fn constant(head: f64, tail: f64) -> Self;

    /// self · factor, cheaper than by a number; exact for powers of two.
    fn times(self, factor: f64) -> Self;

    /// A little less in size, by less than the accuracy of the functions below: for factors that come nearer to a number than any
    /// rounding tells and never reach it, so that what they multiply stays beside a tie.
    fn nudged_towards_zero(self) -> Self;

    /// self · a + b; rounded once in f32 and f64.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// The polynomial in self with these coefficients, highest power first, to the digits of f64: for terms that are
    /// small beside the number they are added to.
    fn polynomial_f64(self, coefficients: &[f64]) -> Self;

    /// |self|
    fn abs(self) -> Self;

    /// |self| with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// √self, for self ≥ 0.
    fn sqrt(self) -> Self;

    /// 1 / self.
    fn inverse(self) -> Self;

    /// eˣ. In f64 it is 0 below −708.7 and stays at e^709 above, where the range of f64 all but ends. In a `Pair` x must be in
    /// [−700, 709].
    fn exp(self) -> Self;

    /// eˣ · R for x ≤ 0, where R is 1 in f64 and 2^128 in a `Pair`, so that f64 results deep in the tail keep all digits
    /// until [`scaled_back`](Self::scaled_back). 0 from about −800 on.
    fn exp_scaled(self) -> Self;

    /// self / R: the last step of a result built on [`exp_scaled`](Self::exp_scaled). Rounds once where that is subnormal.
    fn scaled_back(self) -> Self;

    /// eˣ − 1, accurate near 0 too. x ≤ 709.
    fn exp_m1(self) -> Self;

    /// ln(1 + x) for 0 ≤ x ≤ 1, accurate near 0 too.
    fn ln_1p(self) -> Self;

    /// Φ(−x)·e^(x²/2) for 0 ≤ x ≤ 40, with Φ the normal distribution function: from 1/2 at 0 down to about 0.4/x.
    fn normal_tail(self) -> Self;

    /// (sin x, cos x) for |x| ≤ [`SIN_LIMIT`](Self::SIN_LIMIT).
    fn sin_cos(self) -> (Self, Self);

    /// sin(x + π/4) for |x| ≤ [`SIN_LIMIT`](Self::SIN_LIMIT), with all digits next to its roots too.
    fn sin_shifted(self) -> Self;

    /// Up to here [`sin_cos`](Self::sin_cos) is accurate.
    const SIN_LIMIT: f64;

    /// (sin x, cos x) for any x; NaN for infinite ones. Slow, and not branch-free.
    fn sin_cos_any_range(self) -> (Self, Self);

    /// sin(x + π/4) for any x; NaN for infinite ones. Slow, and not branch-free.
    fn sin_shifted_any_range(self) -> Self;

    /// The smaller of the two; NaN stays NaN, unlike in `min`.
    #[inline(always)]
    fn at_most(self, highest: Self) -> Self {
        if highest < self { highest } else { self }
    }

    /// The larger of the two; NaN stays NaN, unlike in `max`.
    #[inline(always)]
    fn at_least(self, lowest: Self) -> Self {
        if lowest > self { lowest } else { self }
    }

    /// self within [lowest, highest]; NaN stays NaN.
    #[inline(always)]
    fn within(self, lowest: f64, highest: f64) -> Self {
        self.at_least(Self::lit(lowest)).at_most(Self::lit(highest))
    }
}
