//! e⁻ˣ in two parts, so that what is built on it rounds once.

use super::Float;

/// x = m·ln 2 + r with |r| ≤ ln 2 / 2.
pub struct Reduced<F> {
    /// 2^m times the `shift` that was asked for, which is a power of two.
    pub power: F,
    /// r, exact but for `lo`.
    pub hi: F,
    /// The rest of r.
    pub lo: F,
}

/// Splits x by Cody and Waite's two-constant reduction. m + log2(shift) must be a normal exponent. NaN stays NaN in `hi`.
#[inline(always)]
pub fn reduce<F: Float>(x: F, shift_exponent: F) -> Reduced<F> {
    let to_exponent = F::TO_EXPONENT + shift_exponent;
    let rounded = x.mul_add(F::LOG2_E, to_exponent);
    let m = rounded - to_exponent;
    Reduced { power: rounded.power_from_low_bits(), hi: m.mul_add(-F::LN2_HI, x), lo: -m * F::LN2_LO }
}

/// e^−(r + `r_lo`) − 1 as a sum of two, for |r| ≤ ln 2 / 2: −r + r²·q(r), with q the minimax polynomial [`Float::EXP`].
#[inline(always)]
pub fn exp_m1_neg<F: Float>(r: F, r_lo: F) -> (F, F) {
    let [highest, rest @ ..] = F::EXP else { unreachable!("the polynomial has coefficients") };
    let q = rest.iter().fold(*highest, |q, &coefficient| q.mul_add(r, coefficient));
    let bend = (r * r).mul_add(q, -r_lo);
    let s = bend - r;
    // |r| ≥ |bend| but where both are below the last place that matters, so this error of the sum is exact.
    (s, bend - (s + r))
}
