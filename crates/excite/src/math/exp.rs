//! e⁻ˣ, in parts that leave what is built on it a single rounding.

use super::Float;

/// x = m·ln 2 + r with |r| ≤ ln 2 / 2.
pub struct Reduced<F> {
    /// 2^(m + `shift`).
    pub power: F,
    /// m as a number.
    m: F,
    /// x − m·`LN2_HI`, exact.
    r: F,
}

/// Splits x. m + `shift` must be an exponent of normal numbers. NaN stays NaN in `r`.
#[inline(always)]
pub fn reduce<F: Float>(x: F, shift: F) -> Reduced<F> {
    let to_exponent = F::TO_EXPONENT + shift;
    let rounded = x.mul_add(F::LOG2_E, to_exponent);
    let m = rounded - to_exponent;
    Reduced { power: rounded.power_from_low_bits(), m, r: m.mul_add(-F::LN2_HI, x) }
}

/// q(r) in e⁻ʳ ≈ 1 − r + r²·q(r) for |r| ≤ ln 2 / 2: the minimax polynomial [`Float::EXP`].
#[inline(always)]
fn bend<F: Float>(r: F) -> F {
    let [highest, rest @ ..] = F::EXP else { unreachable!("the polynomial has coefficients") };
    rest.iter().fold(*highest, |q, &coefficient| q.mul_add(r, coefficient))
}

/// e⁻ʳ − 1 with the whole of r, for any m.
#[inline(always)]
pub fn exp_m1_neg<F: Float>(reduced: &Reduced<F>) -> F {
    let r = reduced.m.mul_add(-F::LN2_LO, reduced.r);
    (r * r).mul_add(bend(r), -r)
}

/// e⁻ʳ − 1 as a sum of two, the second its rounding error. Leaves out m·`LN2_LO`: for uses in which it fades as m grows.
#[inline(always)]
pub fn exp_m1_neg_in_two<F: Float>(reduced: &Reduced<F>) -> (F, F) {
    let r = reduced.r;
    let (square, bend) = (r * r, bend(r));
    let s = square.mul_add(bend, -r);
    // s + r is exact: |r| is more than twice the bend.
    (s, square.mul_add(bend, -(s + r)))
}
