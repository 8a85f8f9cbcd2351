//! Sigmoid and tanh of gemmlowp on 16-bit fixed-point numbers: [`gemmlowp`](crate::gemmlowp) with half the bits. LiteRT's built-in
//! kernels of 16 bits are these where the scale is 2⁻¹² (or 2⁻¹¹ for tanh).

use crate::arithmetic::{high_product_16, rounding_shift_right};

/// 1 in Q0.15, as near as it gets.
const ONE: i16 = i16::MAX;

fn saturating_shift_left(x: i16, n: u32) -> i16 {
    (i32::from(x) << n).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

fn half(x: i16, n: u32) -> i16 {
    rounding_shift_right(x.into(), n) as i16
}

/// A constant of 32 bits in 16.
const fn constant(of: i32) -> i16 {
    rounding_shift_right(of, 16) as i16
}

/// eˣ for x of [−1/4, 0) in Q0.15.
fn exp_next_to_zero(x: i16) -> i16 {
    const CONSTANT: i16 = constant(1895147668);
    const THIRD: i16 = constant(715827883);
    let y = x.wrapping_add(1 << 12);
    let y2 = high_product_16(y, y);
    let y3 = high_product_16(y2, y);
    let y4 = high_product_16(y2, y2);
    let higher = half(high_product_16(half(y4, 2).wrapping_add(y3), THIRD).wrapping_add(y2), 1);
    CONSTANT.saturating_add(high_product_16(CONSTANT, y.wrapping_add(higher)))
}

/// eˣ in Q0.15, for x ≤ 0 with `integer` integer bits, of which there are 3 or 4.
fn exp_of_negative(x: i16, integer: u32) -> i16 {
    /// e^(−2ᵏ) for k from −2 on.
    const POWERS: [i16; 6] = [
        constant(1672461947),
        constant(1302514674),
        constant(790015084),
        constant(290630308),
        constant(39332535),
        constant(720401),
    ];
    if x == 0 {
        return ONE;
    }
    let fraction = 15 - integer;
    let quarter = 1_i16 << (fraction - 2);
    let remainder = (x & (quarter - 1)) - quarter;
    let mut result = exp_next_to_zero(saturating_shift_left(remainder, integer));
    let whole = remainder.wrapping_sub(x);
    for (k, power) in POWERS.iter().enumerate().take(integer as usize + 2) {
        if whole & (1 << (fraction - 2 + k as u32)) != 0 {
            result = high_product_16(result, *power);
        }
    }
    result
}

/// 1 / ((1 + a)/2) in Q2.13, for a of [0, 1] in Q0.15.
fn reciprocal_of_half(a: i16) -> i16 {
    const F48_17: i16 = constant(1515870810);
    const F32_17: i16 = constant(-1010580540);
    let d = ((i32::from(a) + i32::from(ONE) + 1) >> 1) as i16;
    let mut x = F48_17.wrapping_add(high_product_16(d, F32_17));
    for _ in 0..3 {
        let rest = (1_i16 << 13).wrapping_sub(high_product_16(d, x));
        x = x.wrapping_add(saturating_shift_left(high_product_16(x, rest), 2));
    }
    x
}

/// 1 / (1 + e^−x) in Q0.15, for x in Q3.12.
pub fn logistic(x: i16) -> i16 {
    if x == 0 {
        return 1 << 14;
    }
    let exponential = exp_of_negative(-x.saturating_abs(), 3);
    let of_positive = saturating_shift_left(reciprocal_of_half(exponential), 1);
    if x > 0 { of_positive } else { ONE.wrapping_sub(of_positive) }
}

/// tanh x in Q0.15, for x in Q3.12.
pub fn tanh(x: i16) -> i16 {
    if x == 0 {
        return 0;
    }
    // e^(2x): the same bits with one more integer bit.
    let exponential = exp_of_negative(-x.saturating_abs(), 4);
    let of_positive = saturating_shift_left(reciprocal_of_half(exponential).wrapping_sub(1 << 13), 2);
    if x > 0 { of_positive } else { -of_positive }
}
