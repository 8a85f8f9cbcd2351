//! eˣ in parts, which leaves the tuned kernels that are built on it a single rounding.

use super::Native;
use super::native::Constant;

/// What eˣ is computed with. As nobody else can have it, it also seals [`Native`].
pub trait ExpConstants: Sized + 'static {
    const LOG2_E: Self;
    /// ln 2 rounded, and the rest. x − m·`LN2_HI` is exact in one fused multiply-add where m is x / ln 2 rounded: its last
    /// place is no finer than that of x or of `LN2_HI`, and it is less than half of `LN2_HI`.
    const LN2_HI: Self;
    const LN2_LO: Self;
    /// 1.5 · 2^(digits − 1) + exponent bias: adding it rounds to an integer, and leaves in the low bits that
    /// integer plus the bias, which is the exponent field of a power of two.
    const TO_EXPONENT: Self;
    /// A power of two larger than the span of the subnormals, by which eˣ is raised so that it has all its digits.
    const GUARD: Self;
    /// The exponent of `GUARD`.
    const GUARD_EXPONENT: Self;
    /// Coefficients of q in e⁻ʳ ≈ 1 − r + r²·q(r) for |r| ≤ ln 2 / 2, highest power first.
    const EXP: &'static [Self];
}

impl ExpConstants for f32 {
    const LOG2_E: Self = core::f32::consts::LOG2_E;
    const LN2_HI: Self = core::f32::consts::LN_2;
    const LN2_LO: Self = -1.904654299957767878541823431924499865639744745879320e-9;
    const TO_EXPONENT: Self = 12582912.0 + 127.0;
    const GUARD_EXPONENT: Self = 48.0;
    const GUARD: Self = 281474976710656.0;
    // Sollya: fpminimax(exp(-x)-1+x, [|2,...,6|], [|SG...|], [-0.34667;0.34667], absolute); error 5.3e-9.
    const EXP: &'static [Self] = &[
        1.369733014144003391265869140625e-3,
        -8.36895592510700225830078125e-3,
        4.16707359254360198974609375e-2,
        -0.16666518151760101318359375,
        0.499999821186065673828125,
    ];
}

impl ExpConstants for f64 {
    const LOG2_E: Self = core::f64::consts::LOG2_E;
    const LN2_HI: Self = core::f64::consts::LN_2;
    const LN2_LO: Self = 2.3190468138462996154948554638754786504120680e-17;
    const TO_EXPONENT: Self = 6755399441055744.0 + 1023.0;
    const GUARD_EXPONENT: Self = 80.0;
    const GUARD: Self = 1208925819614629174706176.0;
    // Sollya: fpminimax(exp(-x)-1+x, [|2,...,11|], [|D...|], [-0.34667;0.34667], absolute); error 3.5e-18.
    const EXP: &'static [Self] = &[
        -2.51178527803886128063565815089763777478992778924294e-8,
        2.7631073486657339482837282725047334253076769527979e-7,
        -2.7557216328061943651055176740527485890197567641735e-6,
        2.48014906029770042749076769394989128159068059176207e-5,
        -1.9841269917352636373113206058604873760486952960491e-4,
        1.38888889462715167145978600871103481040336191654205e-3,
        -8.3333333333072186904777467475469165947288274765015e-3,
        4.1666666666518852035761000252023222856223583221436e-2,
        -0.16666666666666699048171551567065762355923652648926,
        0.50000000000000122124532708767219446599483489990234,
    ];
}

/// Below this eˣ is 0: ln of half the smallest subnormal is −103.97 and −745.13.
pub const EXP_ZERO: Constant = Constant { f32: -104.0, f64: -746.0 };

/// From here on eˣ is infinite.
const EXP_INFINITE: Constant = Constant { f32: 89.0, f64: 710.0 };

/// Above this e⁻ˣ is lost beside 1: at 17.33 and 37.43 it is half of the last place below 1.
pub const EXP_LOST: Constant = Constant { f32: 18.0, f64: 38.0 };

/// The lowest x for which [`reduce`] may raise eˣ by the guard. Below it 10⁵·eˣ is less than half of the smallest subnormal.
pub const EXP_LOWEST: Constant = Constant { f32: -120.0, f64: -760.0 };

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

/// q(r) in e⁻ʳ ≈ 1 − r + r²·q(r) for |r| ≤ ln 2 / 2: the minimax polynomial [`ExpConstants::EXP`].
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

/// e^(x + rest) · [`ExpConstants::GUARD`] for x ≤ 0, within 0.9 ULP, where rest is below the last place of x; 0 where eˣ is below half of
/// the smallest subnormal number.
#[inline(always)]
pub fn exp_guarded<F: Native>(x: F, rest: F) -> F {
    let Reduced { power, m, r } = reduce(x, F::GUARD_EXPONENT);
    let negative = m.mul_add(F::LN2_LO, -r) - rest;
    let s = (negative * negative).mul_add(bend(negative), -negative);
    // NaN stays NaN.
    if x < F::pick(EXP_ZERO) { F::ZERO } else { s.mul_add(power, power) }
}

/// e^(x + rest) · [`ExpConstants::GUARD`] for [`EXP_LOWEST`] ≤ x ≤ 0 as a sum of two, where the rest is below the last place of x.
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

/// e^(x − top) for many x ≤ top of any size, where x − top has digits that its rounding would lose: both are reduced by
/// ln 2, which is exact, and their remainders are subtracted.
#[derive(Clone, Copy)]
pub struct ExpBelow<F> {
    top: F,
    /// What rounding to an integer leaves, less the m of the top: of the m of x it leaves that of x.
    to_m: F,
    /// The remainder of the top, in two parts: the head so short that subtracting it is exact.
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

    /// e^(x − top) · [`ExpConstants::GUARD`] within 0.8 ULP, exact at the top; 0 where e^(x − top) is below half of the smallest subnormal
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
        if difference < F::pick(EXP_ZERO) { F::ZERO } else { s.mul_add(power, power) }
    }
}

/// eˣ for any x, within 1 ULP.
#[inline(always)]
pub fn exp<F: Native>(x: F) -> F {
    let x = x.at_least(F::pick(EXP_ZERO)).at_most(F::pick(EXP_INFINITE));
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
    let beyond = (factor.0 > F::lit(LARGE_FACTOR)) & (x < F::pick(EXP_LOWEST));
    let Reduced { power, m, r } = reduce(x.at_least(F::pick(EXP_LOWEST)), F::GUARD_EXPONENT);
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
    let Reduced { power, r, .. } = reduce(x.at_least(-F::pick(EXP_LOST)), F::ZERO);
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
