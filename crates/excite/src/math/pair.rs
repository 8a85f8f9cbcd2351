//! The sum of two f64, which holds twice as many digits.

use core::cmp::Ordering;
use core::ops::{Add, Div, Mul, Neg, Sub};

use super::Number;
use super::{exp_wide, ln_1p, normal, trig};

/// The unevaluated sum `head + tail`, where `tail` is at most half of the last place of `head`: about 106 binary digits. What f64
/// results are evaluated in, so that they are rounded once at the end. (Dekker 1971; Joldes, Muller and Popescu 2017, Tight
/// and Rigorous Error Bounds for Basic Building Blocks of Double-Word Arithmetic.)
///
/// ```
/// use excite::define::{Number, Pair};
/// let third = Pair::lit(1.0) / Pair::lit(3.0);
/// assert_eq!(third.to_f64(), 1.0 / 3.0);
/// assert!((third.times(3.0) - Pair::lit(1.0)).to_f64().abs() < 1e-31);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub(super) head: f64,
    pub(super) tail: f64,
}

impl Pair {
    /// The sum rounded.
    #[inline(always)]
    pub fn to_f64(self) -> f64 {
        let sum = self.head + self.tail;
        // Where the head has overflowed the tail is NaN, and the sum of zeros has lost its sign.
        if sum.abs() > 0.0 { sum } else { self.head }
    }

    /// The sum rounded to f32, once.
    pub fn to_f32(self) -> f32 {
        self.to_odd() as f32
    }

    /// The sum rounded to f64 towards the odd neighbour, so that a second rounding to a shorter type is as if it were the only
    /// one.
    pub(crate) fn to_odd(self) -> f64 {
        let Self { head, tail } = two_sum(self.head, self.tail);
        let inexact = tail != 0.0 && head.is_finite();
        if !inexact || head.to_bits() & 1 == 1 {
            return head;
        }
        // The even head lies to one side of the sum: the odd neighbour is on the other.
        let away_from_zero = (tail > 0.0) == (head > 0.0);
        f64::from_bits(if away_from_zero { head.to_bits() + 1 } else { head.to_bits() - 1 })
    }

    /// a + b with its rounding error, where |a| ≥ |b| or a = 0.
    #[inline(always)]
    pub(super) fn quick_sum(a: f64, b: f64) -> Self {
        let head = a + b;
        Self { head, tail: b - (head - a) }
    }

    /// a · b with its rounding error.
    #[inline(always)]
    pub(super) fn product(a: f64, b: f64) -> Self {
        let head = a * b;
        Self { head, tail: a.mul_add(b, -head) }
    }
}

/// a + b with its rounding error.
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> Pair {
    let head = a + b;
    let of_b = head - a;
    let of_a = head - of_b;
    Pair { head, tail: (a - of_a) + (b - of_b) }
}

impl From<f64> for Pair {
    #[inline(always)]
    fn from(head: f64) -> Self {
        Self { head, tail: 0.0 }
    }
}

/// Pairs are compared by their heads, which tells formulas apart that agree where they meet.
impl PartialEq for Pair {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head
    }
}

impl PartialOrd for Pair {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.head.partial_cmp(&other.head)
    }
    #[inline(always)]
    fn lt(&self, other: &Self) -> bool {
        self.head < other.head
    }
    #[inline(always)]
    fn le(&self, other: &Self) -> bool {
        self.head <= other.head
    }
    #[inline(always)]
    fn gt(&self, other: &Self) -> bool {
        self.head > other.head
    }
    #[inline(always)]
    fn ge(&self, other: &Self) -> bool {
        self.head >= other.head
    }
}

impl Neg for Pair {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self { head: -self.head, tail: -self.tail }
    }
}

impl Add for Pair {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // The error is relative to |self| + |other|: where they cancel, to more than the sum. No formula needs better.
        let sum = two_sum(self.head, other.head);
        Self::quick_sum(sum.head, sum.tail + (self.tail + other.tail))
    }
}

impl Sub for Pair {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Pair {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let Self { head, tail } = Self::product(self.head, other.head);
        Self::quick_sum(head, self.head.mul_add(other.tail, self.tail.mul_add(other.head, tail)))
    }
}

impl Div for Pair {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.over(other, 1.0 / other.head)
    }
}

impl Pair {
    /// self / other, given 1 / other to about f64's precision.
    #[inline(always)]
    fn over(self, other: Self, inverse: f64) -> Self {
        let quotient = self.head * inverse;
        let rest = quotient.mul_add(-other.tail, quotient.mul_add(-other.head, self.head) + self.tail);
        Self::quick_sum(quotient, rest * inverse)
    }
}

/// Far below the accuracy of every function of a pair, and well above its last place.
const LESSENING: f64 = 1.0 / (1_u128 << 90) as f64;

impl Number for Pair {
    const SIN_LIMIT: f64 = trig::PAIR_LIMIT;

    #[inline(always)]
    fn lit(value: f64) -> Self {
        value.into()
    }

    #[inline(always)]
    fn constant(head: f64, tail: f64) -> Self {
        Self { head, tail }
    }

    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        let Self { head, tail } = Self::product(self.head, factor);
        Self::quick_sum(head, self.tail.mul_add(factor, tail))
    }

    #[inline(always)]
    fn nudged_towards_zero(self) -> Self {
        Self { tail: self.head.mul_add(-LESSENING, self.tail), ..self }
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }

    #[inline(always)]
    fn polynomial_f64(self, coefficients: &[f64]) -> Self {
        self.head.polynomial_f64(coefficients).into()
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let sign = 1.0_f64.copysign(self.head);
        Self { head: self.head.abs(), tail: self.tail * sign }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        let flip = 1.0_f64.copysign(self.head) * 1.0_f64.copysign(sign.head);
        Self { head: self.head * flip, tail: self.tail * flip }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.head.sqrt();
        let rest = root.mul_add(-root, self.head) + self.tail;
        // √0 has no inverse.
        let twice = if root > 0.0 { root + root } else { 1.0 };
        Self::quick_sum(root, rest / twice)
    }

    #[inline(always)]
    fn inverse(self) -> Self {
        Self::from(1.0).over(self, Number::inverse(self.head))
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exp_wide::pair(self, 0.0)
    }

    #[inline(always)]
    fn exp_scaled(self) -> Self {
        exp_wide::pair(self.at_least(Self::from(exp_wide::LOWEST_RAISED)), exp_wide::RAISED_BY)
    }

    #[inline(always)]
    fn scaled_back(self) -> Self {
        let (head, tail) = (self.head * exp_wide::LOWERING, self.tail * exp_wide::LOWERING);
        // Near the subnormal numbers there is no room for a tail, and the head must have been rounded with it.
        let subnormal = head.abs() < f64::MIN_POSITIVE / f64::EPSILON;
        Self {
            head: if subnormal { self.to_f64() * exp_wide::LOWERING } else { head },
            tail: if subnormal { 0.0 } else { tail },
        }
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        exp_wide::pair_m1(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        ln_1p::pair(self)
    }

    #[inline(always)]
    fn normal_tail(self) -> Self {
        normal::tail_pair(self)
    }

    #[inline(always)]
    fn sin_cos(self) -> (Self, Self) {
        trig::sin_cos_pair(self)
    }

    #[inline(always)]
    fn sin_shifted(self) -> Self {
        trig::sin_shifted_pair(self)
    }

    fn sin_shifted_any_range(self) -> Self {
        trig::sin_shifted_pair_any(self)
    }

    fn sin_cos_any_range(self) -> (Self, Self) {
        trig::sin_cos_pair_any(self)
    }
}
