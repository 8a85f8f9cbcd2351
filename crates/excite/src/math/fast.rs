//! What the formulas of `Accuracy::Fast` share: eˣ in f32, within 2 ULP or so.
//!
//! Here and in the formulas coefficients come from Lawson's iteration over the linearised problem (Sanathanan and Koerner) at Chebyshev
//! points, in numpy, rounded to f32 and written highest power first. Errors are relative.

use super::Number;

/// a · b + c, rounded once.
#[inline(always)]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    Number::mul_add(a, b, c)
}

/// The polynomial in x with these coefficients, highest power first.
#[inline(always)]
pub fn polynomial<const N: usize>(coefficients: [f32; N], x: f32) -> f32 {
    let mut sum = coefficients[0];
    for &coefficient in &coefficients[1..] {
        sum = fma(sum, x, coefficient);
    }
    sum
}

/// eʳ for |r| ≤ ln 2 / 2: error 2^-23.4, and none at 0.
const EXP: [f32; 6] =
    [0.008290272206068039, 0.04189816117286682, 0.1666763871908188, 0.4999914765357971, 0.9999997019767761, 1.0];

/// The same, with an error of 2^-28.9: for results that have other errors too.
const EXP_FINE: [f32; 7] = [
    0.0013843605993315578,
    0.008374195545911789,
    0.04166800528764725,
    0.16666430234909058,
    0.4999999403953552,
    1.0,
    1.0,
];

/// (eʳ − 1) / r for |r| ≤ ln 2 / 2: error 2^-26.2, and none at 0.
const EXP_M1: [f32; 6] =
    [0.0013882516650483012, 0.008366547524929047, 0.04166720062494278, 0.1666654348373413, 0.4999999701976776, 1.0];

/// 1.5·2^23 + 127: adding it rounds to an integer, and leaves in the low bits that integer plus the exponent bias.
const TO_EXPONENT: f32 = 12582912.0 + 127.0;

/// ln 2 rounded, and the rest.
const LN2: (f32, f32) = (core::f32::consts::LN_2, -1.9046543e-9);

/// ln 2 in 10 bits, so that products with integers below 2^14 are exact, and the rest.
const LN2_SHORT: (f32, f32) = (0.693359375, -2.1219444e-4);

/// By how much [`Exp`] may be raised: 2^16, so that e^−x is still a number where x·e^−x is normal.
pub const RAISE: f32 = 65536.0;
/// 1 / [`RAISE`].
pub const LOWERING: f32 = 1.0 / RAISE;

/// How eˣ is computed, with x = n·ln 2 + r.
#[derive(Clone, Copy)]
pub struct Exp {
    /// r
    pub r: f32,
    /// 2ⁿ, raised. 0 where n and the raise are −127 together, infinite where they are 128, and nothing beyond.
    pub power: f32,
}

impl Exp {
    /// n for a number near enough to x, and 2ⁿ raised.
    #[inline(always)]
    fn split(near: f32, raise: f32) -> (f32, f32) {
        let to_exponent = TO_EXPONENT + raise;
        let rounded = fma(near, core::f32::consts::LOG2_E, to_exponent);
        (rounded - to_exponent, f32::from_bits(rounded.to_bits() << 23))
    }

    /// For eˣ·2^`raise`.
    #[inline(always)]
    pub fn of(x: f32, raise: f32) -> Self {
        let (n, power) = Self::split(x, raise);
        // The first product is exact with the sum: the last place is no finer than that of x or of ln 2.
        Self { r: fma(n, -LN2.1, fma(n, -LN2.0, x)), power }
    }

    /// For e^2x, where r is half as large: 2x = n·ln 2 + 2r. Leaves out the last digits of n·ln 2.
    #[inline(always)]
    pub fn of_twice(x: f32) -> Self {
        let rounded = fma(x, 2.0 * core::f32::consts::LOG2_E, TO_EXPONENT);
        let n = rounded - TO_EXPONENT;
        Self { r: fma(n, -0.5 * LN2.0, x), power: f32::from_bits(rounded.to_bits() << 23) }
    }

    /// For e^(x·factor), where the factor is in two parts and their product near enough to `near`.
    #[inline(always)]
    pub fn of_product(near: f32, x: f32, factor: (f32, f32), raise: f32) -> Self {
        let (n, power) = Self::split(near, raise);
        // n·LN2_SHORT is exact, and so x·factor loses nothing before it is small.
        let r = fma(x, factor.0, -(n * LN2_SHORT.0));
        Self { r: fma(n, -LN2_SHORT.1, fma(x, factor.1, r)), power }
    }

    /// eʳ: times the power it is eˣ.
    #[inline(always)]
    pub fn factor(self) -> f32 {
        polynomial(EXP, self.r)
    }

    /// eʳ with a finer polynomial.
    #[inline(always)]
    pub fn fine_factor(self) -> f32 {
        polynomial(EXP_FINE, self.r)
    }

    /// eʳ − 1, near 0 too.
    #[inline(always)]
    pub fn factor_m1(self) -> f32 {
        polynomial(EXP_M1, self.r) * self.r
    }
}

/// Below this eˣ is 0, and x itself may be taken for it: 2^-127 has the exponent field 0.
pub const EXP_FLUSHED: f32 = -88.0;

/// eˣ for x ≤ 0; 0 where it is no normal number.
#[inline(always)]
pub fn exp_below_0(x: f32) -> f32 {
    let exp = Exp::of(x.at_least(EXP_FLUSHED), 0.0);
    exp.factor() * exp.power
}

/// factor·eˣ for x ≤ 0 and a factor from 2^-16 to 2^15.
#[inline(always)]
pub fn times_exp_below_0(factor: f32, x: f32) -> f32 {
    // At −99.2 the raised power is 0.
    let exp = Exp::of(x.at_least(-99.2), 16.0);
    exp.factor() * exp.power * (factor * LOWERING)
}

/// eˣ − 1 for x ≤ 0.
#[inline(always)]
pub fn exp_m1_below_0(x: f32) -> f32 {
    let exp = Exp::of(x.at_least(EXP_FLUSHED), 0.0);
    fma(exp.factor_m1(), exp.power, exp.power - 1.0)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn logistic(x: f32) -> f32 {
    // From 88.4 on the power is infinite, and at −88 it is 0.
    let exp = Exp::of((-x).at_most(89.0).at_least(EXP_FLUSHED), 0.0);
    1.0 / fma(exp.factor(), exp.power, 1.0)
}

/// (u − ln(1 + u)) / u² for 0 ≤ u ≤ 1: error 2^-24.6 of the logarithm.
const BEND_TOP: [f32; 3] = [0.0024244962260127068, 0.28090882301330566, 0.4999975860118866];
const BEND_BOTTOM: [f32; 3] = [0.32439956068992615, 1.2283904552459717, 1.0];

/// ln(1 + eˣ).
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let u = exp_below_0(-x.abs());
    let bend = polynomial(BEND_TOP, u) / polynomial(BEND_BOTTOM, u);
    x.at_least(0.0) + fma(-(u * u), bend, u)
}

/// (e^(−t/2) − 1) / t for |t| ≤ ln 2, from [`EXP_FINE`].
pub const EXP_HALF: [f32; 6] = {
    let mut coefficients = [0.0; 6];
    let (mut i, mut scale) = (6, -0.5);
    while i > 0 {
        i -= 1;
        coefficients[i] = EXP_FINE[i] * scale;
        scale *= -0.5;
    }
    coefficients
};

/// e^(−x²/2) in two: it is power·(1 + the first), raised by 2^`raise`, by coefficients such as [`EXP_HALF`]. x² is never rounded, as it would cost 7 digits where it is large.
#[inline(always)]
pub fn half_square_exp_m1(x: f32, raise: f32, coefficients: [f32; 6]) -> (f32, f32) {
    let to_exponent = TO_EXPONENT + raise;
    let rounded = fma(x * x, -0.5 * core::f32::consts::LOG2_E, to_exponent);
    let n = rounded - to_exponent;
    // x² less −2n·ln 2.
    let rest = fma(n, 2.0 * LN2_SHORT.1, fma(x, x, n * (2.0 * LN2_SHORT.0)));
    (polynomial(coefficients, rest) * rest, f32::from_bits(rounded.to_bits() << 23))
}

/// A constant in two parts: rounded, and the rest.
pub const fn in_two(value: f64) -> (f32, f32) {
    let head = value as f32;
    (head, (value - head as f64) as f32)
}
