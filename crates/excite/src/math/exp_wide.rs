//! eˣ whole, in f64 and in pairs.

use super::exp::ExpConstants;
use super::pair::two_sum;
use super::{Number, Pair};

/// x = m·ln 2 + r in f64, where the low bits of `m_bits` hold m plus the exponent bias plus what was asked for.
struct Parts {
    m: f64,
    m_bits: u64,
    /// x − m·LN2_HI, exact.
    r: f64,
}

#[inline(always)]
fn parts(x: f64, raised_by: f64) -> Parts {
    let to_exponent = f64::TO_EXPONENT + raised_by;
    let rounded = x.mul_add(f64::LOG2_E, to_exponent);
    let m = rounded - to_exponent;
    Parts { m, m_bits: rounded.to_bits(), r: m.mul_add(-f64::LN2_HI, x) }
}

/// 2^m, raised.
#[inline(always)]
fn power(parts: &Parts) -> f64 {
    f64::from_bits(parts.m_bits << 52)
}

// Sollya: fpminimax((exp(x)-1-x)/x^2, 8, [|D...|], [-0.34667;0.34667], relative); relative error of eˣ 2^-49.7.
const EXP_F64: [f64; 9] = [
    2.757613602318182392503481247664209874415064405184239149093628e-7,
    2.762509057823788191979568623635188373555138241499662399291992e-6,
    2.48016268954617215747229103106619163554569240659475326538086e-5,
    1.984120879239442724380898530611716523708309978246688842773437e-4,
    1.38888888379460804199660994839859995408914983272552490234375e-3,
    8.3333333536890485948589457620983012020587921142578125e-3,
    4.1666666666814448916067448180911014787852764129638671875e-2,
    0.166666666666483553882471824181266129016876220703125,
    0.499999999999999389377336456163902767002582550048828125,
];

/// eʳ − 1 for |r| ≤ ln 2 / 2.
#[inline(always)]
fn small_m1(r: f64) -> f64 {
    let [highest, rest @ ..] = EXP_F64;
    let q = rest.iter().fold(highest, |q, &coefficient| q.mul_add(r, coefficient));
    (r * r).mul_add(q, r)
}

/// Below this 2^m has the exponent field 0 and is 0.
const LOWEST: f64 = -709.0;
/// From 709.44 on 2^m would be infinite.
const HIGHEST: f64 = 709.0;

/// eˣ, within 2^-49; 0 below −708.7 and e^709 from there on.
#[inline(always)]
pub fn f64(x: f64) -> f64 {
    f64_below_0(x.at_most(HIGHEST))
}

/// eˣ for x ≤ 0, within 2^-49; 0 below −708.7.
#[inline(always)]
pub fn f64_below_0(x: f64) -> f64 {
    let x = x.at_least(LOWEST);
    let parts = parts(x, 0.0);
    let r = parts.m.mul_add(-f64::LN2_LO, parts.r);
    let power = power(&parts);
    small_m1(r).mul_add(power, power)
}

/// eˣ − 1, within 2^-48; −1 below −709.
#[inline(always)]
pub fn f64_m1(x: f64) -> f64 {
    let x = x.at_least(LOWEST).at_most(HIGHEST);
    let parts = parts(x, 0.0);
    let r = parts.m.mul_add(-f64::LN2_LO, parts.r);
    let power = power(&parts);
    small_m1(r).mul_add(power, power - 1.0)
}

// Sollya: fpminimax((exp(x)-1-x-x^2/2)/x^3, 10, [|D...|], [-0.34667;0.34667], relative); relative error of eˣ 2^-64.
const EXP_PAIR: [f64; 11] = [
    1.950966930890092101579957722313931993418645305382597143761814e-10,
    2.091571721070831062496696463445453040286281520820921286940575e-9,
    2.50407532569854780243038443535152914876107388408854603767395e-8,
    2.755727061949855494151113977085998385518905706703662872314453e-7,
    2.755733285618161334802438122704160150533425621688365936279297e-6,
    2.4801587328611928405519559959202524623833596706390380859375e-5,
    1.98412698341031402092526914060499620973132550716400146484375e-4,
    1.3888888888882520815382104473201252403669059276580810546875e-3,
    8.33333333333487191740829302943893708288669586181640625e-3,
    4.166666666666667129259593593815225176513195037841796875e-2,
    0.1666666666666666574148081281236954964697360992431640625,
];

/// eʳ − 1 for |r| ≤ ln 2 / 2: the terms r and r²/2 in a pair, which leaves an error of 2^-60.
#[inline(always)]
fn small_m1_pair(r: Pair) -> Pair {
    let [highest, rest @ ..] = EXP_PAIR;
    let q = rest.iter().fold(highest, |q, &coefficient| q.mul_add(r.head, coefficient));
    let square = Pair::product(r.head, r.head);
    let cubic = square.head * r.head * q;
    let sum = Pair::quick_sum(r.head, 0.5 * square.head);
    // e^(head + tail) = e^head + tail·e^head, where 1 + head + head²/2 is near enough.
    let of_tail = r.tail.mul_add(sum.head, r.tail);
    let small = 0.5_f64.mul_add(square.tail, of_tail) + sum.tail;
    let cubic = Pair::quick_sum(sum.head, cubic);
    Pair::quick_sum(cubic.head, cubic.tail + small)
}

/// r with all its digits.
#[inline(always)]
fn remainder(parts: &Parts, tail: f64) -> Pair {
    let r = two_sum(parts.r, -(parts.m * f64::LN2_LO));
    // What the product above lost, and the third part of ln 2, are below 2^-96.
    Pair::quick_sum(r.head, r.tail + tail)
}

/// How far [`Number::exp_scaled`] raises a pair: by 2^128.
pub const RAISED_BY: f64 = 128.0;
/// 2^-128.
pub const LOWERING: f64 = 2.938735877055718769921841343055614194546663891e-39;
/// Below this 2^(m + 128) would not be a normal number.
pub const LOWEST_RAISED: f64 = -796.0;

/// eˣ · 2^`raised_by` for a pair, within 2^-60. x / ln 2 + `raised_by` must be an exponent of normal numbers.
#[inline(always)]
pub fn pair(x: Pair, raised_by: f64) -> Pair {
    let parts = parts(x.head, raised_by);
    let s = small_m1_pair(remainder(&parts, x.tail));
    let power = power(&parts);
    let sum = Pair::quick_sum(1.0, s.head);
    let sum = Pair::quick_sum(sum.head, sum.tail + s.tail);
    Pair { head: sum.head * power, tail: sum.tail * power }
}

/// eˣ − 1 for a pair, within 2^-59; −1 below −709. x must be below 709.
#[inline(always)]
pub fn pair_m1(x: Pair) -> Pair {
    let x = x.at_least(Pair::from(LOWEST));
    let parts = parts(x.head, 0.0);
    let s = small_m1_pair(remainder(&parts, x.tail));
    let power = power(&parts);
    let scaled = Pair { head: s.head * power, tail: s.tail * power };
    let less = two_sum(power, -1.0);
    less + scaled
}
