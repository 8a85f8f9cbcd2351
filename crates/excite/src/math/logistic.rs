//! σ(v), x·σ(v) and its slope, which GELU's tanh form and SiLU are made of, and tanh.

use super::Native;
use super::exp::{exp_m1_neg, exp_m1_neg_in_two, exp_m1_neg_whole, reduce};

/// σ(v + rest) = 1 / (1 + e^−(v + rest)) within 1 ULP, where the rest is below the last place of v.
///
/// With v = m·ln 2 + r and p = e⁻ʳ = 1 + s it is 2ᵐ / (2ᵐ + 1 + s). One Newton step on the reciprocal of the sum takes in the
/// rounding error of that sum, so that only the last rounding is left.
#[inline(always)]
pub fn logistic<T: Native>(v: T, rest: Option<T>) -> T {
    // Beyond these the result is 0 and 1.
    let v = v.at_least(T::SIGMOID_ZERO).at_most(T::SIGMOID_ONE);
    // All of the sum is multiplied by the guard, with which 2^m is a normal number even where σ(v) is not.
    let reduced = reduce(v, T::GUARD_EXPONENT);
    let (power, guard) = (reduced.power, T::GUARD);
    let s = exp_m1_neg(&reduced);
    let d = s.mul_add(guard, power + guard);
    // d + d_lo = 2^m + 1 + s, but for what is below 2^-26 of it: d − 1 is exact, or 2^m is large and cancels it.
    let d_lo = s.mul_add(guard, power - (d - guard));
    // e^−(r + rest) is e⁻ʳ·(1 − rest).
    let d_lo = match rest {
        Some(rest) => (d - power).mul_add(-rest, d_lo),
        None => d_lo,
    };
    let y = T::ONE / d;
    let residual = y.mul_add(-d_lo, y.mul_add(-d, T::ONE));
    y.mul_add(residual, y) * power
}

/// x·σ(v + rest) = x / (1 + e^−(v + rest)) within 1 ULP, where the rest is below the last place of v, x has the sign of v, and
/// |x| ≤ |v| or |x| ≤ 10⁵. x itself where σ(v) rounds to 1.
///
/// With v = m·ln 2 + r and s = e⁻ʳ − 1 it is x·2ᵐ / (2ᵐ + 1 + s); the rounding errors of the sum, of its inverse and of the product
/// with x are all taken into the last addition.
#[inline(always)]
pub fn times_logistic<T: Native>(x: T, v: T, rest: Option<T>) -> T {
    let reduced = reduce(v.at_least(T::SILU_ZERO), T::GUARD_EXPONENT);
    let (power, guard) = (reduced.power, T::GUARD);
    let (s, s_lo) = exp_m1_neg_whole(&reduced, rest);
    let d = s.mul_add(guard, power + guard);
    let d_lo = s_lo.mul_add(guard, s.mul_add(guard, power - (d - guard)));
    let inverse = T::ONE / d;
    let residual = inverse.mul_add(-d_lo, inverse.mul_add(-d, T::ONE));
    // Lifted, so that neither a tiny x nor a tiny result loses digits before the last multiplication.
    let lift = guard * guard;
    let lifted = x * lift;
    let product = lifted * inverse;
    let lost = lifted.mul_add(inverse, -product);
    let y = (product.mul_add(residual, lost) + product) * power * (T::ONE / lift);
    // The sum of zeros has lost its sign.
    if v > T::SILU_SELF { x } else { y.copysign(x) }
}

/// Below this slope over σ the terms cancel.
const NEAR_ROOT: f64 = 0.01;

/// σ(v)·(1 + w·σ(−v)), the slope of x·σ(v) where w = x·v', within 1 ULP; and whether it is doubtful, because it is near its root. v and w
/// are in two parts.
///
/// With p = e⁻ʳ and c = 2ᵐ + p it is 2ᵐ/c·(1 + w·p/c), both above and below 0.
#[inline(always)]
pub fn times_logistic_slope<T: Native>((v, v_lo): (T, Option<T>), (w, w_lo): (T, Option<T>)) -> (T, bool) {
    let reduced = reduce(v.at_least(T::SILU_ZERO).at_most(T::SILU_SELF), T::GUARD_EXPONENT);
    let (power, guard) = (reduced.power, T::GUARD);
    let (s, s_lo) = exp_m1_neg_whole(&reduced, v_lo);
    let p = s.mul_add(guard, guard);
    let p_lo = s_lo.mul_add(guard, s.mul_add(guard, guard - p));
    let (larger, smaller) = (p.at_least(power), p.at_most(power));
    let c = larger + smaller;
    let c_lo = (smaller - (c - larger)) + p_lo;
    let inverse = T::ONE / c;
    let residual = inverse.mul_add(-c_lo, inverse.mul_add(-c, T::ONE));
    // σ(−v) = p / c
    let q = p * inverse;
    let q_lo = q.mul_add(residual, p_lo.mul_add(inverse, p.mul_add(inverse, -q)));
    let bend = w * q;
    let bend_lo = w.mul_add(q_lo, w.mul_add(q, -bend));
    let bend_lo = match w_lo {
        Some(w_lo) => w_lo.mul_add(q, bend_lo),
        None => bend_lo,
    };
    // What rounding loses is exact: where the bend is below −1, the sum is.
    let n = T::ONE + bend;
    let n_lo = (bend - (n - T::ONE)) + bend_lo;
    let slope = n.mul_add(inverse, n.mul_add(residual, n_lo) * inverse) * power;
    (slope, n.abs() < T::lit(NEAR_ROOT))
}

/// tanh x for x ≥ 0 as a sum of two; what is not above [`Native::TANH_ONE`] only.
///
/// With 2x = m·ln 2 + r and s = e⁻ʳ − 1 it is (2ᵐ − 1 − s) / (2ᵐ + 1 + s) = n / d. The quotient is corrected by its residual
/// n − q·d, in which every rounding error so far is kept.
#[inline(always)]
pub fn tanh_in_two<T: Native>(x: T) -> (T, T) {
    let reduced = reduce(x + x, T::ZERO);
    let power = reduced.power;
    let (s, s_lo) = exp_m1_neg_in_two(&reduced);
    let less = power - T::ONE;
    let more = power + T::ONE;
    // From 2^24 on (2^53 in f64) 2^m ± 1 rounds: by how much both together, which near q = 1 is what counts.
    let rounded_off = (more - less) - T::lit(2.0);
    let n = less - s;
    let n_lo = (((less - n) - s) - s_lo) + rounded_off;
    let inverse = T::ONE / (more + s);
    let q = n * inverse;
    let residual = q.mul_add(-s, q.mul_add(-more, n)) + n_lo;
    (q, residual * inverse)
}
