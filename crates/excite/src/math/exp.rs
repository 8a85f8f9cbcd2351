//! eˣ: in parts for the tuned kernels, which leaves what is built on it a single rounding; and whole in f64 and in pairs.

use super::pair::two_sum;
use super::{Native, Number, Pair};

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
pub fn reduce<F: Native>(x: F, shift: F) -> Reduced<F> {
    let to_exponent = F::TO_EXPONENT + shift;
    let rounded = x.mul_add(F::LOG2_E, to_exponent);
    let m = rounded - to_exponent;
    Reduced { power: rounded.power_from_low_bits(), m, r: m.mul_add(-F::LN2_HI, x) }
}

/// q(r) in e⁻ʳ ≈ 1 − r + r²·q(r) for |r| ≤ ln 2 / 2: the minimax polynomial [`Native::EXP`].
#[inline(always)]
fn bend<F: Native>(r: F) -> F {
    let [highest, rest @ ..] = F::EXP else { unreachable!("the polynomial has coefficients") };
    rest.iter().fold(*highest, |q, &coefficient| q.mul_add(r, coefficient))
}

/// e⁻ʳ − 1 with the whole of r, for any m.
#[inline(always)]
pub fn exp_m1_neg<F: Native>(reduced: &Reduced<F>) -> F {
    let r = reduced.m.mul_add(-F::LN2_LO, reduced.r);
    (r * r).mul_add(bend(r), -r)
}

/// e^−(r + rest) − 1 with the whole of r, for any m, as a sum of two: the second holds all rounding errors.
#[inline(always)]
pub fn exp_m1_neg_whole<F: Native>(reduced: &Reduced<F>, rest: Option<F>) -> (F, F) {
    let (s, s_lo) = in_two(reduced.r);
    let rest = match rest {
        Some(rest) => reduced.m.mul_add(-F::LN2_LO, rest),
        None => reduced.m * -F::LN2_LO,
    };
    // e^−(r + rest) is e⁻ʳ·(1 − rest).
    (s, s_lo - rest.mul_add(s, rest))
}

/// e⁻ʳ − 1 as a sum of two, the second its rounding error. Leaves out m·`LN2_LO`: for uses in which it fades as m grows.
#[inline(always)]
pub fn exp_m1_neg_in_two<F: Native>(reduced: &Reduced<F>) -> (F, F) {
    in_two(reduced.r)
}

/// e⁻ʳ − 1 for |r| ≤ ln 2 / 2 as a sum of two, the second its rounding error.
#[inline(always)]
fn in_two<F: Native>(r: F) -> (F, F) {
    let (square, bend) = (r * r, bend(r));
    let s = square.mul_add(bend, -r);
    // s + r is exact: |r| is more than twice the bend.
    (s, square.mul_add(bend, -(s + r)))
}

/// e^(x + rest) · [`Native::GUARD`] for x ≤ 0, within 0.9 ULP, where rest is below the last place of x; 0 where eˣ is below half of
/// the smallest subnormal number.
#[inline(always)]
pub fn exp_guarded<F: Native>(x: F, rest: F) -> F {
    let Reduced { power, m, r } = reduce(x, F::GUARD_EXPONENT);
    let negative = m.mul_add(F::LN2_LO, -r) - rest;
    let s = (negative * negative).mul_add(bend(negative), -negative);
    // NaN stays NaN.
    if x < F::SIGMOID_ZERO { F::ZERO } else { s.mul_add(power, power) }
}

/// e^(x + rest) · [`Native::GUARD`] for [`Native::SILU_ZERO`] ≤ x ≤ 0 as a sum of two, where the rest is below the last place of x.
#[inline(always)]
pub fn exp_guarded_in_two<F: Native>(x: F, rest: Option<F>) -> (F, F) {
    let Reduced { power, m, r } = reduce(x, F::GUARD_EXPONENT);
    let (s, s_lo) = in_two(-r);
    let rest = match rest {
        Some(rest) => m.mul_add(-F::LN2_LO, rest),
        None => m * -F::LN2_LO,
    };
    // e^(r + rest) is eʳ·(1 + rest).
    let s_lo = rest.mul_add(s, rest) + s_lo;
    let head = s.mul_add(power, power);
    (head, s_lo.mul_add(power, s.mul_add(power, power - head)))
}

/// e^(x − top) for many x ≤ top of any size, where x − top has digits that its rounding would lose: both are reduced by ln 2, which
/// is exact, and what is left of them is subtracted.
#[derive(Clone, Copy)]
pub struct ExpBelow<F> {
    top: F,
    /// What rounding to an integer leaves, less the m of the top: of the m of x it leaves that of x.
    to_m: F,
    /// What is left of the top, in two: the head so short that subtracting it is exact.
    r: F,
    r_lo: F,
}

/// Above this m has too many digits for [`ExpBelow`].
const LARGE_TOP: f64 = 1e5;

impl<F: Native> ExpBelow<F> {
    /// None where the top is too large.
    pub fn new(top: F) -> Option<Self> {
        let m = top.mul_add(F::LOG2_E, F::TO_EXPONENT) - F::TO_EXPONENT;
        let whole = m.mul_add(-F::LN2_HI, top);
        let short = F::lit(1.5);
        let r = (whole + short) - short;
        let r_lo = m.mul_add(-F::LN2_LO, whole - r);
        let to_m = F::TO_EXPONENT + F::GUARD_EXPONENT - m;
        (top.abs() <= F::lit(LARGE_TOP)).then_some(Self { top, to_m, r, r_lo })
    }

    /// e^(x − top) · [`Native::GUARD`] within 0.8 ULP, exact at the top; 0 where e^(x − top) is below half of the smallest subnormal
    /// number.
    #[inline(always)]
    pub fn exp(self, x: F) -> F {
        let difference = x - self.top;
        let rounded = difference.mul_add(F::LOG2_E, F::TO_EXPONENT + F::GUARD_EXPONENT);
        let (power, m) = (rounded.power_from_low_bits(), rounded - self.to_m);
        let negative = self.r - m.mul_add(-F::LN2_HI, x);
        let rest = m.mul_add(-F::LN2_LO, -self.r_lo);
        let whole = negative - rest;
        // The linear term is added with all its digits.
        let s = (whole * whole).mul_add(bend(whole), rest) - negative;
        // NaN stays NaN.
        if difference < F::SIGMOID_ZERO { F::ZERO } else { s.mul_add(power, power) }
    }
}

/// eˣ for any x, within 1 ULP.
#[inline(always)]
pub fn exp<F: Native>(x: F) -> F {
    let x = x.at_least(F::SIGMOID_ZERO).at_most(F::EXP_INFINITE);
    // Moved away from the end of the exponents that is near, and back at the end, which rounds once more or overflows.
    let (shift, back) =
        if x > F::ZERO { (-F::GUARD_EXPONENT, F::GUARD) } else { (F::GUARD_EXPONENT, F::ONE / F::GUARD) };
    let Reduced { power, m, r } = reduce(x, shift);
    let rest = m * F::LN2_LO;
    let negative = rest - r;
    // The linear term is r − rest with all its digits.
    let s = (negative * negative).mul_add(bend(negative), -rest) + r;
    s.mul_add(power, power) * back
}

/// Above this a factor times eˣ is not yet 0 where [`times_exp`] ends.
const LARGE_FACTOR: f64 = 1e5;

/// factor · e^(x + rest) for x ≤ 0 within 1 ULP, where the factor is in two parts and not negative, and the rest is below the last
/// place of x; and whether that is not so, for a large factor deep in the tail.
#[inline(always)]
pub fn times_exp<F: Native>(factor: (F, F), x: F, rest: Option<F>) -> (F, bool) {
    let beyond = (factor.0 > F::lit(LARGE_FACTOR)) & (x < F::SILU_ZERO);
    let Reduced { power, m, r } = reduce(x.at_least(F::SILU_ZERO), F::GUARD_EXPONENT);
    // What the tail of the factor adds is e^(tail / head), and 0 / 0 is none.
    let tail = if factor.0 > F::ZERO { factor.1 / factor.0 } else { F::ZERO };
    let rest = rest.map_or(
        tail,
        #[inline(always)]
        |rest| rest + tail,
    );
    let negative = m.mul_add(F::LN2_LO, -r) - rest;
    // r and s may have a last place that is a quarter of the result's: the rounding error of one of the two is kept.
    let lost = m.mul_add(F::LN2_LO, -r - negative) - rest;
    let s = (negative * negative).mul_add(bend(negative), -lost) - negative;
    // Lowered before the power of two where the factor is large, and after it where it is small.
    let lowering = F::ONE / F::GUARD;
    let (before, after) = if factor.0 > F::ONE { (lowering, F::ONE) } else { (F::ONE, lowering) };
    let head = factor.0 * before;
    (head.mul_add(s, head) * power * after, beyond)
}

/// e^(x + rest) − 1 for x ≤ 0 as a sum of two, where the rest is below the last place of x.
#[inline(always)]
pub fn exp_m1_in_two<F: Native>(x: F, rest: Option<F>) -> (F, F) {
    // Below this eˣ is less than half of the last place of 1.
    let Reduced { power, r, .. } = reduce(x.at_least(-F::SIGMOID_ONE), F::ZERO);
    // What m·LN2_LO would change is multiplied by 2^m: at most by 2^-4 of the last place of the result, where m is −1.
    let (s, s_lo) = in_two(-r);
    let less = power - F::ONE;
    let sum = s.mul_add(power, less);
    // less − sum is exact: 2^m·s is less than half of 1 − 2^m, or this is 0.
    let lost = s_lo.mul_add(power, s.mul_add(power, less - sum));
    // e^rest is 1 + rest.
    match rest {
        Some(rest) => (sum, rest.mul_add(sum, rest) + lost),
        None => (sum, lost),
    }
}

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
