//! ln(1 + x) for 0 ≤ x ≤ 1, and ln(1 + eᶻ) in parts for the tuned kernels.

use super::exp::exp_guarded_in_two;
use super::{Native, Number, Pair};

/// ln(1 + e^(z + rest)) · [`Native::GUARD`] as a sum of two, where the rest is below the last place of z. z must be below
/// [`Native::SILU_SELF`], above which the result is z.
///
/// ln(1 + e) = 2·artanh(q) with q = e / (2 + e), and e = e^(−|z|); the rounding errors of e, of 2 + e and of the quotient are kept.
#[inline(always)]
pub fn softplus_guarded_in_two<T: Native>(z: T, rest: Option<T>) -> (T, T) {
    let positive = z > T::ZERO;
    let signed = rest.map(
        #[inline(always)]
        |rest| if positive { -rest } else { rest },
    );
    let (e, e_lo) = exp_guarded_in_two(-z.abs(), signed);
    let lowering = T::ONE / T::GUARD;
    let lowered = e * lowering;
    let two = T::ONE + T::ONE;
    let d = two + lowered;
    let d_lo = lowered - (d - two);
    let inverse = T::ONE / d;
    let q = e * inverse;
    let residual = q.mul_add(-d, e) + q.mul_add(-d_lo, e_lo);
    let square = (q * lowering) * (q * lowering);
    let [highest, coefficients @ ..] = T::LN_1P else { unreachable!("the polynomial has coefficients") };
    let bend = coefficients.iter().fold(
        *highest,
        #[inline(always)]
        |sum, &c| sum.mul_add(square, c),
    );
    let lo = q.mul_add(square * bend, (inverse + inverse) * residual);
    let above = z.at_least(T::ZERO) * T::GUARD;
    let lo = match rest {
        Some(rest) if positive => rest.mul_add(T::GUARD, lo),
        _ => lo,
    };
    // Either may be the larger one.
    let twice = q + q;
    let sum = above + twice;
    let of_twice = sum - above;
    (sum, ((above - (sum - of_twice)) + (twice - of_twice)) + lo)
}

// Sollya: fpminimax(atanh(sqrt(x))/sqrt(x)*2, 8, [|D...|], [1b-80;0.1112], relative); relative error 2^-49.
const ATANH: [f64; 9] = [
    0.187835466871907275088204869462060742080211639404296875,
    0.1173380376643626821220323108718730509281158447265625,
    0.1557269574079658269738501985557377338409423828125,
    0.1816914947045250861012988252696231938898563385009765625,
    0.222227192644675886068483805502182804048061370849609375,
    0.28571417667231002734951061938772909343242645263671875,
    0.40000000119554346422745538802701048552989959716796875,
    0.66666666666161944476698408834636211395263671875,
    2.000000000000003552713678800500929355621337890625,
];

/// ln(1 + x) = 2·artanh(s) with s = x / (2 + x).
#[inline(always)]
pub fn f64(x: f64) -> f64 {
    let s = x * Number::inverse(2.0 + x);
    let square = s * s;
    let [highest, rest @ ..] = ATANH;
    s * rest.iter().fold(highest, |q, &coefficient| q.mul_add(square, coefficient))
}

/// One Newton step from the f64 result l: ln(1 + x) ≈ l + (1 + x)·e⁻ˡ − 1, which is x + t + x·t with t = e⁻ˡ − 1.
#[inline(always)]
pub fn pair(x: Pair) -> Pair {
    let l = f64(x.head);
    let t = Pair::from(-l).exp_m1();
    Pair::from(l) + (x + t + x * t)
}
