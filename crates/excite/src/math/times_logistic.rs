//! x·σ(v) and its slope, which SiLU, Swish and GELU's tanh form are made of.

use super::Native;
use super::exp::{EXP_LOWEST, exp_m1_neg_whole, reduce};
use super::native::Constant;

/// Above this x·σ(x) is x: at 18 and 38 1 − σ(x) is a quarter of the last place below 1.
pub const SELF: Constant = Constant { f32: 30.0, f64: 60.0 };

/// x·σ(v + rest) = x / (1 + e^−(v + rest)) within 1 ULP, where the rest is below the last place of v, x has the sign of v, and
/// |x| ≤ |v| or |x| ≤ 10⁵. x itself where σ(v) rounds to 1.
///
/// With v = m·ln 2 + r and s = e⁻ʳ − 1 it is x·2ᵐ / (2ᵐ + 1 + s); the rounding errors of the sum, of its inverse and of the product
/// with x are all taken into the last addition.
#[inline(always)]
pub fn times_logistic<T: Native>(x: T, v: T, rest: Option<T>) -> T {
    let reduced = reduce(v.at_least(T::pick(EXP_LOWEST)), T::GUARD_EXPONENT);
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
    if v > T::pick(SELF) { x } else { y.copysign(x) }
}

/// Below this slope over σ the terms cancel.
const NEAR_ROOT: f64 = 0.01;

/// σ(v)·(1 + w·σ(−v)), the slope of x·σ(v) where w = x·v', within 1 ULP; and whether it is doubtful, because it is near its root. v and w
/// are in two parts.
///
/// With p = e⁻ʳ and c = 2ᵐ + p it is 2ᵐ/c·(1 + w·p/c), both above and below 0.
#[inline(always)]
pub fn times_logistic_slope<T: Native>((v, v_lo): (T, Option<T>), (w, w_lo): (T, Option<T>)) -> (T, bool) {
    let reduced = reduce(v.at_least(T::pick(EXP_LOWEST)).at_most(T::pick(SELF)), T::GUARD_EXPONENT);
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
