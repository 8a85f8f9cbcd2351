//! ln(1 + eᶻ), which softplus and log-sigmoid are.

use super::Native;
use super::exp::exp_guarded_in_two;

/// Coefficients of w in ln(1 + f) ≈ f − f²/2 + f³·w(f), highest power first, in f32 and in f64.
// Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 9, [|SG...|], [-0.25;0.5], absolute); error 1e-8.
const LN_1P_F32: &[f32] = &[
    -3.8291700184345245361328125e-2,
    8.6151622235774993896484375e-2,
    -0.105147369205951690673828125,
    0.112456738948822021484375,
    -0.12486459314823150634765625,
    0.142808258533477783203125,
    -0.16666710376739501953125,
    0.19999997317790985107421875,
    -0.25,
    0.3333333432674407958984375,
];

// Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 19, [|D...|], [-0.25;0.5], absolute); error 4.8e-17.
const LN_1P_F64: &[f64] = &[
    -8.56167243787467162341453530416401918046176433563232421875e-3,
    2.98709273275340365938479436636043828912079334259033203125e-2,
    -4.956980431322031976915098994140862487256526947021484375e-2,
    5.66920706270341023813585934476577676832675933837890625e-2,
    -5.7138820763982807460212853811754030175507068634033203125e-2,
    5.8696504900390529535503247871019993908703327178955078125e-2,
    -6.2298833124438131314537514526818995364010334014892578125e-2,
    6.664402124489961221076583797184866853058338165283203125e-2,
    -7.14393426563371403137381321357679553329944610595703125e-2,
    7.692538507067227249169860670008347369730472564697265625e-2,
    -8.33330597690914720576671470553264953196048736572265625e-2,
    9.0908998949064401262631918143597431480884552001953125e-2,
    -0.10000000271067631396615382755044265650212764739990234375,
    0.11111111292192150934443617416036431677639484405517578125,
    -0.12500000000561495294704172920319251716136932373046875,
    0.142857142840270345818254327241447754204273223876953125,
    -0.1666666666664644858020238871176843531429767608642578125,
    0.2000000000000571043212715949266566894948482513427734375,
    -0.250000000000000499600361081320443190634250640869140625,
    0.333333333333333314829616256247390992939472198486328125,
];

/// Below this ln(1 + eᶻ) is eᶻ.
const TAIL: f64 = -60.0;

/// From here on 1 + e is taken as twice a number near 1.
const UPPER: f64 = 0.5;

/// 1 / (1 + f) is 1 − 0.8·f, exactly at 0 and within 0.14 for −1/4 ≤ f ≤ 1/2: enough for a term below the last place,
/// as it is unless f is small.
const INVERSE_SLOPE: f64 = -0.8;

/// factor · ln(1 + e^(z + rest)) within 1 ULP for z from [`EXP_LOWEST`](super::EXP_LOWEST) to [`EXP_LOST`](super::EXP_LOST), where the rest is below the
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
    let [highest, others @ ..] = T::pick_all(LN_1P_F32, LN_1P_F64) else {
        unreachable!("the polynomial has coefficients")
    };
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
