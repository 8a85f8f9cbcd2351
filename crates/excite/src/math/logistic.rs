//! x·σ(v), which GELU's tanh form and SiLU are made of.

use super::Native;
use super::exp::{exp_m1_neg_and_rest, reduce};

/// x·σ(v + rest) = x / (1 + e^−(v + rest)) within 1 ULP, where the rest is below the last place of v, x has the sign of v, and
/// |x| ≤ |v| or |x| ≤ 25. x itself where σ(v) rounds to 1.
///
/// With v = m·ln 2 + r and s = e⁻ʳ − 1 it is x·2ᵐ / (2ᵐ + 1 + s); the rounding errors of the sum, of its inverse and of the product
/// with x are all taken into the last addition.
#[inline(always)]
pub fn times_logistic<T: Native>(x: T, v: T, rest: Option<T>) -> T {
    let reduced = reduce(v.at_least(T::SILU_ZERO), T::GUARD_EXPONENT);
    let (power, guard) = (reduced.power, T::GUARD);
    let (s, s_lo) = exp_m1_neg_and_rest(&reduced);
    // e^−(r + rest) is e⁻ʳ·(1 − rest).
    let s_lo = rest.map_or(s_lo, |rest| s_lo - rest.mul_add(s, rest));
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
