//! ln(1 + eᶻ), which softplus and log-sigmoid are.

use super::Native;
use super::exp::exp_guarded_in_two;

/// Below this ln(1 + eᶻ) is eᶻ.
const TAIL: f64 = -60.0;

/// From here on 1 + e is taken as twice a number near 1.
const UPPER: f64 = 0.5;

/// 1 / (1 + f) is 1 − 0.8·f, exactly at 0 and within 0.14 for −1/4 ≤ f ≤ 1/2: enough for what is below the last place, as it is unless f is small.
const INVERSE_SLOPE: f64 = -0.8;

/// factor · ln(1 + e^(z + rest)) within 1 ULP for z from [`Native::SILU_ZERO`] to [`Native::SIGMOID_ONE`], where the rest is below the
/// last place of z. The factor is in two parts, and no further from 1 than 10⁶ times.
///
/// With e = e^−|z| it is max(z, 0) + ln(1 + e), and 1 + e is 1 + f or 2·(1 + f), where ln(1 + f) = f − f²/2 + f³·w(f). Every term that is not
/// small is added with all its digits.
#[inline(always)]
pub fn ln_1p_exp<T: Native>(z: T, rest: Option<T>, factor: Option<(T, T)>) -> T {
    let positive = z > T::ZERO;
    let rest_of_size = rest.map(
        #[inline(always)]
        |rest| if positive { -rest } else { rest },
    );
    let (raised, raised_lo) = exp_guarded_in_two(-z.abs(), rest_of_size);
    let lowering = T::ONE / T::GUARD;
    let (e, e_lo) = (raised * lowering, raised_lo * lowering);

    let upper = e > T::lit(UPPER);
    let half = T::lit(0.5);
    let f = if upper { (e - T::ONE) * half } else { e };
    let f_lo = if upper { e_lo * half } else { e_lo };
    let (ln_2, ln_2_lo) = if upper { (T::LN2_HI, T::LN2_LO) } else { (T::ZERO, T::ZERO) };
    let square = f * f;
    let [highest, others @ ..] = T::LN_1P else { unreachable!("the polynomial has coefficients") };
    let w = others.iter().fold(*highest, |w, &coefficient| w.mul_add(f, coefficient));
    let bent = (square * f).mul_add(w, square * -half);
    let small = f_lo.mul_add(f.mul_add(T::lit(INVERSE_SLOPE), T::ONE), bent + ln_2_lo);

    let logarithm = ln_2 + f;
    let lost = f - (logarithm - ln_2);
    let line = z.at_least(T::ZERO);
    let (larger, smaller) = (line.at_least(logarithm), line.at_most(logarithm));
    let sum = larger + smaller;
    let lost = (smaller - (sum - larger)) + lost;
    let lost = match rest {
        Some(rest) if positive => lost + rest,
        _ => lost,
    };

    let tail = z < T::lit(TAIL);
    let (head, low) = if tail { (raised, raised_lo) } else { (sum, lost + small) };
    let product = match factor {
        Some((factor, factor_lo)) => head.mul_add(factor, head.mul_add(factor_lo, low * factor)),
        None => head + low,
    };
    if tail { product * lowering } else { product }
}
