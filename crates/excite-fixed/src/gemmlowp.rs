//! The transcendental functions of gemmlowp, on 32-bit fixed-point numbers with a sign and `integer` integer bits.

use crate::arithmetic::{high_product, rounding_shift_right, saturating_shift_left};

/// 1 in Q0.31, as near as it gets.
const ONE: i32 = i32::MAX;

/// eˣ for x of [−1/4, 0) in Q0.31: Taylor's polynomial around −1/8.
fn exp_next_to_zero(x: i32) -> i32 {
    /// e^(−1/8)
    const CONSTANT: i32 = 1895147668;
    /// 1/3
    const THIRD: i32 = 715827883;
    let y = x.wrapping_add(1 << 28);
    let y2 = high_product(y, y);
    let y3 = high_product(y2, y);
    let y4 = high_product(y2, y2);
    let higher =
        rounding_shift_right(high_product(rounding_shift_right(y4, 2).wrapping_add(y3), THIRD).wrapping_add(y2), 1);
    CONSTANT.wrapping_add(high_product(CONSTANT, y.wrapping_add(higher)))
}

/// eˣ in Q0.31, for x ≤ 0 with `integer` integer bits.
pub fn exp_of_negative(x: i32, integer: u32) -> i32 {
    /// e^(−2ᵏ) for k from −2 to 4, in Q0.31.
    const POWERS: [i32; 7] = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];
    if x == 0 {
        return ONE;
    }
    let fraction = 31 - integer;
    let quarter = 1 << (fraction - 2);
    let remainder = (x & (quarter - 1)) - quarter;
    let mut result = exp_next_to_zero(saturating_shift_left(remainder, integer));
    let whole = remainder.wrapping_sub(x);
    for (k, power) in POWERS.iter().enumerate() {
        // Bits beyond the integer ones are none of x.
        if k as u32 <= integer + 1 && whole & (1 << (fraction - 2 + k as u32)) != 0 {
            result = high_product(result, *power);
        }
    }
    // Beyond −32 it is 0; only a format with more than 5 integer bits gets there.
    if integer > 5 && x < -(1 << (36 - integer)) { 0 } else { result }
}

/// 1 / ((1 + a)/2) in Q2.29, for a of [0, 1] in Q0.31, by three steps of Newton from 48/17 − 32/17·d.
fn reciprocal_of_half(a: i32) -> i32 {
    const F48_17: i32 = 1515870810;
    const F32_17: i32 = -1010580540;
    // (a + 1)/2, rounded up.
    let d = ((i64::from(a) + i64::from(ONE) + 1) >> 1) as i32;
    let mut x = F48_17.wrapping_add(high_product(d, F32_17));
    for _ in 0..3 {
        // 1 − d·x in Q2.29, whose product with x has four integer bits.
        let rest = (1 << 29) - high_product(d, x);
        x = x.wrapping_add(saturating_shift_left(high_product(x, rest), 2));
    }
    x
}

/// 1 / (1 + a) in Q0.31, for a of [0, 1].
pub fn one_over_one_plus(a: i32) -> i32 {
    saturating_shift_left(reciprocal_of_half(a), 1)
}

/// (1 − a) / (1 + a) in Q0.31, for a of [0, 1].
fn one_minus_over_one_plus(a: i32) -> i32 {
    saturating_shift_left(reciprocal_of_half(a).wrapping_sub(1 << 29), 2)
}

/// 1 / (1 + e^−x) in Q0.31.
pub fn logistic(x: i32, integer: u32) -> i32 {
    if x == 0 {
        return 1 << 30;
    }
    let of_positive = one_over_one_plus(exp_of_negative(-x.saturating_abs(), integer));
    if x > 0 { of_positive } else { ONE - of_positive }
}

/// tanh x in Q0.31.
pub fn tanh(x: i32, integer: u32) -> i32 {
    if x == 0 {
        return 0;
    }
    // e^(2x): the same bits with one more integer bit.
    let of_negative = -one_minus_over_one_plus(exp_of_negative(-x.saturating_abs(), integer + 1));
    if x < 0 { of_negative } else { -of_negative }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: f64 = 2147483648.0;

    #[test]
    fn all_are_near_what_they_approximate() {
        for integer in [0, 4, 5] {
            let scale = libm::ldexp(1.0, integer as i32 - 31);
            for code in (0..=i32::MAX).step_by(1 << 16) {
                let x = f64::from(code) * scale;
                let close = |got: i32, exact: f64, what: &str| {
                    let error = (f64::from(got) / UNIT - exact).abs();
                    assert!(error < 3e-7, "{what}({x}) is off by {error}");
                };
                close(exp_of_negative(-code, integer), libm::exp(-x), "exp");
                for sign in [1, -1] {
                    let x = f64::from(sign) * x;
                    close(logistic(sign * code, integer), 1.0 / (1.0 + libm::exp(-x)), "logistic");
                    if integer < 5 {
                        close(tanh(sign * code, integer), libm::tanh(x), "tanh");
                    }
                }
            }
        }
        for a in (0..=i32::MAX).step_by(1 << 16) {
            let exact = 1.0 / (1.0 + f64::from(a) / UNIT);
            assert!((f64::from(one_over_one_plus(a)) / UNIT - exact).abs() < 1e-8);
        }
    }
}
