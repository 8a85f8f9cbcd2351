//! The elementary functions to any number of digits: a few times faster than astro-float's own, which prove their last digit, and
//! with those that it lacks.

use std::sync::OnceLock;

use astro_float::{BigFloat, Consts, RoundingMode};

/// Of every operation.
pub const ROUNDING: RoundingMode = RoundingMode::ToEven;

/// Beyond this eˣ counts as infinite or 0: far outside of f64, and inside the exponents of astro-float.
const EXP_LIMIT: f64 = (1 << 28) as f64;

/// What the functions need, to a given number of digits.
pub struct Constants {
    /// The digits of all that is worked out.
    digits: usize,
    ln_2: BigFloat,
    /// π to as many digits more as f64 has before the point.
    pub pi: BigFloat,
    sqrt_pi: BigFloat,
    /// 1 / n!
    inverse_factorials: Vec<BigFloat>,
    /// 1 / n, the first for n = 1.
    inverses: Vec<BigFloat>,
}

/// A sine of an f64 needs π to this many digits more: the exponent of the largest f64, and as much again as a multiple of π/2 can
/// come near to an f64.
const PI_DIGITS: usize = 1024 + 128;

impl Constants {
    /// Those for that many digits, made once.
    pub fn of(digits: usize) -> &'static Self {
        const STEP: usize = 256;
        static MADE: [OnceLock<Constants>; 5] = [const { OnceLock::new() }; 5];
        MADE[digits / STEP].get_or_init(|| {
            let mut constants = Consts::new().expect("memory for constants");
            let inverse = |n: u64| whole(1).div(&whole(n), digits, ROUNDING);
            let inverse_factorials = (1..=digits as u64 / 4).scan(whole(1), |factorial, n| {
                let inverse = factorial.clone();
                *factorial = factorial.div(&whole(n), digits, ROUNDING);
                Some(inverse)
            });
            let pi = constants.pi(digits + PI_DIGITS, ROUNDING);
            Self {
                digits,
                ln_2: constants.ln_2(digits + 64, ROUNDING),
                sqrt_pi: pi.sqrt(digits, ROUNDING),
                pi,
                inverse_factorials: inverse_factorials.collect(),
                inverses: (1..=digits as u64 / 16).map(inverse).collect(),
            }
        })
    }

    fn add(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        a.add(b, self.digits, ROUNDING)
    }

    fn sub(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        a.sub(b, self.digits, ROUNDING)
    }

    fn mul(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        a.mul(b, self.digits, ROUNDING)
    }

    fn div(&self, a: &BigFloat, b: &BigFloat) -> BigFloat {
        a.div(b, self.digits, ROUNDING)
    }

    /// c₀ + c₁·x + c₂·x² + …, with every `step`-th of the coefficients, as far as the terms count beside the first.
    fn polynomial(&self, x: &BigFloat, coefficients: &[BigFloat], step: usize) -> BigFloat {
        let exponent = |x: &BigFloat| i64::from(x.exponent().unwrap_or(0));
        let least = exponent(&coefficients[0]) - self.digits as i64;
        let counts = |(n, coefficient): &(usize, &BigFloat)| exponent(coefficient) + *n as i64 * exponent(x) > least;
        let all = coefficients.iter().step_by(step);
        let terms = if x.is_zero() { 1 } else { all.clone().enumerate().take_while(counts).count() };
        assert!(terms < all.len(), "more terms are needed than there are");
        let mut highest_first = all.take(terms).rev();
        let highest = highest_first.next().expect("the first counts").clone();
        highest_first.fold(highest, |sum, coefficient| self.add(&self.mul(&sum, x), coefficient))
    }
}

fn whole(n: u64) -> BigFloat {
    BigFloat::from_word(n, 64)
}

/// x · 2^by
pub fn scaled(x: &BigFloat, by: i32) -> BigFloat {
    let mut scaled = x.clone();
    if let (Some(exponent), false) = (x.exponent(), x.is_zero()) {
        scaled.set_exponent(exponent.saturating_add(by));
    }
    scaled
}

/// The value cut off to f64.
pub fn to_f64(x: &BigFloat) -> f64 {
    let Some(exponent) = x.exponent() else {
        return if x.is_nan() { f64::NAN } else { f64::INFINITY.copysign(if x.is_negative() { -1.0 } else { 1.0 }) };
    };
    let sign = if x.is_negative() { -1.0 } else { 1.0 };
    let top = x.mantissa_digits().and_then(<[u64]>::last).copied().unwrap_or(0);
    // 0.5 ≤ mantissa < 1, or 0.
    let mantissa = (top >> 11) as f64 / (1_u64 << 53) as f64;
    // In two steps, because 2^exponent need not be an f64 where the product is one.
    let half = exponent.clamp(-1200, 1200) / 2;
    let rest = exponent.clamp(-1200, 1200) - half;
    sign * mantissa * 2.0_f64.powi(half) * 2.0_f64.powi(rest)
}

/// eˣ − 1 and m, with x = m·ln 2 + r, where the first is of r.
fn exp_parts(x: &BigFloat, constants: &Constants) -> (BigFloat, i32) {
    let m = (to_f64(x) / std::f64::consts::LN_2).round() as i32;
    let digits = constants.digits;
    let r = if m == 0 {
        x.clone()
    } else {
        let multiple = constants.ln_2.mul(&BigFloat::from_i32(m, 64), digits + 64, ROUNDING);
        x.sub(&multiple, digits, ROUNDING)
    };
    // The series is taken at h = r / 2^k, and e^h − 1 doubled k times by t → t·(t + 2), which keeps its relative accuracy.
    let smallest = digits.isqrt() as i32 - 2;
    let doublings = (r.exponent().unwrap_or(0) + smallest).clamp(0, smallest);
    let h = scaled(&r, -doublings);
    let series = constants.polynomial(&h, &constants.inverse_factorials[1..], 1);
    let mut t = constants.mul(&series, &h);
    let two = whole(2);
    for _ in 0..doublings {
        t = constants.mul(&t, &constants.add(&t, &two));
    }
    (t, m)
}

/// eˣ
pub fn exp(x: &BigFloat, constants: &Constants) -> BigFloat {
    match to_f64(x) {
        x if x > EXP_LIMIT => astro_float::INF_POS,
        x if x < -EXP_LIMIT => BigFloat::new(constants.digits),
        _ => {
            let (t, m) = exp_parts(x, constants);
            scaled(&constants.add(&t, &whole(1)), m)
        }
    }
}

/// eˣ − 1
pub fn exp_m1(x: &BigFloat, constants: &Constants) -> BigFloat {
    match to_f64(x) {
        x if x > EXP_LIMIT => astro_float::INF_POS,
        // eˣ is below the last digit.
        x if x < -(constants.digits as f64) => whole(1).neg(),
        _ => {
            let (t, m) = exp_parts(x, constants);
            if m == 0 {
                return t;
            }
            let power = scaled(&whole(1), m);
            constants.add(&scaled(&t, m), &constants.sub(&power, &whole(1)))
        }
    }
}

/// ln(1 + x)
pub fn ln_1p(x: &BigFloat, constants: &Constants) -> BigFloat {
    /// ln(1 + x) = x − x²/2 + x³/3 − …
    fn near_0(x: &BigFloat, constants: &Constants) -> BigFloat {
        let sum = constants.polynomial(&x.neg(), &constants.inverses, 1);
        constants.mul(&sum, x)
    }
    if x.is_zero() || x.exponent().is_some_and(|exponent| exponent < -24) {
        return near_0(x, constants);
    }
    let Some(exponent) = x.exponent() else { return x.clone() };
    let one_more = constants.add(x, &whole(1));
    // y from f64, and what is missing: ln((1 + x) / e^y), where the quotient is 1 but for some 2^-52.
    let shift = exponent.max(0);
    let y = to_f64(&scaled(&one_more, -shift)).ln() + f64::from(shift) * std::f64::consts::LN_2;
    let y = BigFloat::from_f64(y, constants.digits);
    let power = exp(&y, constants);
    let missing = constants.div(&constants.sub(&one_more, &power), &power);
    constants.add(&y, &near_0(&missing, constants))
}

/// tanh x
pub fn tanh(x: &BigFloat, constants: &Constants) -> BigFloat {
    // t = e^(−2|x|) − 1; tanh |x| = −t / (2 + t).
    let t = exp_m1(&scaled(&x.abs(), 1).neg(), constants);
    let size = constants.div(&t.neg(), &constants.add(&whole(2), &t));
    if x.is_negative() { size.neg() } else { size }
}

/// √x
pub fn sqrt(x: &BigFloat, constants: &Constants) -> BigFloat {
    let (Some(exponent), true) = (x.exponent(), x.is_positive() && !x.is_zero()) else {
        return x.sqrt(constants.digits, ROUNDING);
    };
    // x = m · 2^(2k) with m of ordinary size; 1/√m from f64, then by Newton's iteration with twice the digits at each step.
    let k = exponent.div_euclid(2);
    let m = scaled(x, -2 * k);
    let mut inverse = BigFloat::from_f64(1.0 / to_f64(&m).sqrt(), constants.digits);
    let mut digits = 48;
    while digits < constants.digits {
        let missing = constants.sub(&whole(1), &constants.mul(&m, &constants.mul(&inverse, &inverse)));
        inverse = constants.add(&inverse, &scaled(&constants.mul(&inverse, &missing), -1));
        digits *= 2;
    }
    scaled(&constants.mul(&m, &inverse), k)
}

/// (sin x, cos x)
pub fn sin_cos(x: &BigFloat, constants: &Constants) -> (BigFloat, BigFloat) {
    // x = n·π/2 + r: n has as many digits as x before the point, which r loses.
    let digits = constants.digits + PI_DIGITS;
    let half_pi = scaled(&constants.pi, -1);
    let (n, r) = if to_f64(x).abs() < 0.75 {
        (BigFloat::new(64), x.clone())
    } else {
        let n = x.div(&half_pi, digits, ROUNDING).add(&scaled(&whole(1), -1), digits, ROUNDING).floor();
        let r = x.sub(&n.mul(&half_pi, digits, ROUNDING), digits, ROUNDING);
        (n, constants.add(&r, &BigFloat::new(64)))
    };
    let quarter = scaled(&n, -2);
    let turn = to_f64(&scaled(&quarter.sub(&quarter.floor(), digits, ROUNDING), 2));
    let minus_square = constants.mul(&r, &r).neg();
    let sin = constants.mul(&constants.polynomial(&minus_square, &constants.inverse_factorials[1..], 2), &r);
    let cos = constants.polynomial(&minus_square, &constants.inverse_factorials, 2);
    match turn as u8 {
        0 => (sin, cos),
        1 => (cos, sin.neg()),
        2 => (sin.neg(), cos.neg()),
        _ => (cos.neg(), sin),
    }
}

/// 1 − erf x = 2/√π · ∫ₓ^∞ e^(−t²) dt
pub fn erfc(x: &BigFloat, constants: &Constants) -> BigFloat {
    let size = to_f64(x);
    if size < 0.0 {
        return constants.sub(&whole(2), &erfc(&x.neg(), constants));
    }
    // There the two methods take about the same time.
    if size < 5.0 { erfc_by_series(x, constants) } else { erfc_by_fraction(x, constants) }
}

/// 1 − erf x, with erf x = 2x/√π · e^(−x²) · (1 + 2x²/3 · (1 + 2x²/5 · (1 + …))) (Abramowitz and Stegun 7.1.6). The sum does not
/// cancel; the difference loses 40 digits at x = 5.
fn erfc_by_series(x: &BigFloat, constants: &Constants) -> BigFloat {
    let square = constants.mul(x, x);
    let twice = scaled(&square, 1);
    let (mut sum, mut term) = (whole(1), whole(1));
    for odd in (3..).step_by(2) {
        term = constants.div(&constants.mul(&term, &twice), &whole(odd));
        sum = constants.add(&sum, &term);
        let negligible = sum.exponent().unwrap_or(0) - constants.digits as i32;
        if term.is_zero() || term.exponent().is_none_or(|exponent| exponent < negligible) {
            break;
        }
    }
    let erf = constants.mul(&constants.mul(&scaled(x, 1), &exp(&square.neg(), constants)), &sum);
    constants.sub(&whole(1), &constants.div(&erf, &constants.sqrt_pi))
}

/// erfc x = e^(−x²)/√π / (x + (1/2) / (x + (2/2) / (x + (3/2) / (x + …)))) for x > 0 (Abramowitz and Stegun 7.1.14).
fn erfc_by_fraction(x: &BigFloat, constants: &Constants) -> BigFloat {
    let square = x.mul(x, 2 * constants.digits, ROUNDING);
    let exp = exp(&square.neg(), constants);
    if exp.is_zero() {
        return exp;
    }
    // K levels leave a relative error of about e^(−2x·√(2K)) where K is large beside x²; the levels added were found by trial from
    // x = 5 to 200.
    let levels = (constants.digits as f64 * std::f64::consts::LN_2 / to_f64(x)).powi(2) / 8.0;
    let levels = levels as u64 + constants.digits as u64 / 6 + 2;
    let fraction = (1..=levels)
        .rev()
        .fold(x.clone(), |below, level| constants.add(x, &constants.div(&scaled(&whole(level), -1), &below)));
    constants.div(&exp, &constants.mul(&constants.sqrt_pi, &fraction))
}

#[cfg(test)]
mod tests {
    use astro_float::Radix;

    use super::*;

    /// Values by mpmath 1.3 with 60 digits.
    const KNOWN: &[(&str, f64, &str)] = &[
        ("exp", 1e-310, "1.00000000000000000000000000000000000000000000000000000000000"),
        ("exp", -0.7, "4.96585303791409536757617611785564938634236162650315121366559e-1"),
        ("exp", 1.5, "4.48168907033806482260205546011927581900574986836966705677265"),
        ("exp", 700.5, "1.67218596206749855724103607930212031114494226137130413524964e+304"),
        ("exp", -745.0, "2.82235073047193707635344008205978262082436306291017790263405e-324"),
        ("exp", -20000.5, "7.82014298779916587439731985602624008587458278154247810585126e-8687"),
        ("exp_m1", 1e-310, "9.99999999999996944932750289769196936057731524703811503348409e-311"),
        ("exp_m1", 1e-05, "1.00000500001666679013728861546617194253770262239309167342110e-5"),
        ("exp_m1", -0.7, "-5.03414696208590463242382388214435061365763837349684878633441e-1"),
        ("exp_m1", 1.5, "3.48168907033806482260205546011927581900574986836966705677265"),
        ("exp_m1", -30.25, "-9.99999999999927122759041803075806568225130220540510700507641e-1"),
        ("exp_m1", 700.5, "1.67218596206749855724103607930212031114494226137130413524964e+304"),
        ("ln_1p", 1e-310, "9.99999999999996944932750289769196936057731524703811503348409e-311"),
        ("ln_1p", 1e-05, "9.99995000033333165137569208339202344460171376242792673344659e-6"),
        ("ln_1p", -0.9375, "-2.77258872223978123766892848583270627230200053744102101648272"),
        ("ln_1p", 0.5, "4.05465108108164381978013115464349136571990423462494197614014e-1"),
        ("ln_1p", 30.25, "3.44201937618241050496781375676220978242580379408504265749658"),
        ("ln_1p", 1e+300, "6.90775527898213705257902196660513681150659990441493231550394e+2"),
        ("tanh", 1e-310, "9.99999999999996944932750289769196936057731524703811503348409e-311"),
        ("tanh", -1e-05, "-9.99999999966666748471053905850950186750569827586812780561586e-6"),
        ("tanh", 0.5, "4.62117157260009758502318483643672548730289280330113038552732e-1"),
        ("tanh", 40.0, "9.99999999999999999999999999999999963902972243091696553757433e-1"),
        ("sin", 1e-310, "9.99999999999996944932750289769196936057731524703811503348409e-311"),
        ("cos", 1e-310, "1.00000000000000000000000000000000000000000000000000000000000"),
        ("sin", 0.5, "4.79425538604203000273287935215571388081803367940600675188617e-1"),
        ("cos", 0.5, "8.77582561890372716116281582603829651991645197109744052997611e-1"),
        ("sin", -3.0, "-1.41120008059867222100744802808110279846933264252265584151883e-1"),
        ("cos", -3.0, "-9.89992496600445457271572794731261302393679096615588328814086e-1"),
        ("sin", 22.0, "-8.85130929040387592169025681577233246328920395133256644233084e-3"),
        ("cos", 22.0, "-9.99960826394637126454174739212693774135988467479419293059382e-1"),
        ("sin", 5.319372648326541e+255, "9.99999999999999999999999999999999999890152377992531312498043e-1"),
        ("cos", 5.319372648326541e+255, "-4.68716592425462761112258280196388439877791471897108378325698e-19"),
        ("sin", -1e+22, "8.52200849767188801772705893753029368261762150410043656256509e-1"),
        ("cos", -1e+22, "5.23214785395138945497594473384709492140919972439387953527211e-1"),
        ("sqrt", 1e-310, "9.99999999999998472466375144883431788541334256353157646847580e-156"),
        ("sqrt", 2.0, "1.41421356237309504880168872420969807856967187537694807317668"),
        ("sqrt", 1e+300, "1.00000000000000002625238012760220977975850310849237145835942e+150"),
        ("erfc", 1e-310, "1.00000000000000000000000000000000000000000000000000000000000"),
        ("erfc", -0.5, "1.52049987781304653768274665389196452873645157575796370005881"),
        ("erfc", 0.5, "4.79500122186953462317253346108035471263548424242036299941194e-1"),
        ("erfc", 2.5, "4.06952017444958939564215739974912720348677403713420139120779e-4"),
        ("erfc", 4.99, "1.70226610509967217500569138336181867977472952575341803897954e-12"),
        ("erfc", 5.01, "1.38833662930854593009279824540615223696795089374463862884247e-12"),
        ("erfc", 10.0, "2.08848758376254475700078629495778861156081811932116372701221e-45"),
        ("erfc", 26.5, "2.21090766426373427592923902291582603907541815430160257164447e-307"),
        ("erfc", -3.0, "1.99997790950300141455862722387041767962015229291260075034276"),
        ("erfc", 38.5, "2.70908204552232693386343230574674482848766491552718600327266e-646"),
    ];

    fn number(x: f64) -> BigFloat {
        // astro-float 0.9.6 reads subnormals as half of what they are.
        if x.is_subnormal() { scaled(&number(x * 2.0_f64.powi(64)), -64) } else { BigFloat::from_f64(x, 64) }
    }

    fn function(name: &str, x: f64, constants: &Constants) -> BigFloat {
        let x = &number(x);
        match name {
            "exp" => exp(x, constants),
            "exp_m1" => exp_m1(x, constants),
            "ln_1p" => ln_1p(x, constants),
            "tanh" => tanh(x, constants),
            "sin" => sin_cos(x, constants).0,
            "cos" => sin_cos(x, constants).1,
            "sqrt" => sqrt(x, constants),
            "erfc" => erfc(x, constants),
            _ => panic!("{name}?"),
        }
    }

    /// The number of binary digits, from the first, to which the two agree.
    fn digits_in_common(a: &BigFloat, b: &BigFloat) -> i32 {
        let difference = a.sub(b, 2048, ROUNDING);
        if difference.is_zero() { i32::MAX } else { a.exponent().unwrap() - difference.exponent().unwrap() }
    }

    #[test]
    fn agree_with_mpmath() {
        let mut constants = Consts::new().unwrap();
        for (name, x, known) in KNOWN {
            let known = BigFloat::parse(known, Radix::Dec, 320, ROUNDING, &mut constants);
            for digits in [320, 1088] {
                let common = digits_in_common(&function(name, *x, Constants::of(digits)), &known);
                // 60 decimal digits.
                assert!(common >= 197, "{name}({x:e}) to {digits} digits: {common} are right");
            }
        }
    }

    /// The digits of which all but a few are promised are 256 and 1024.
    #[test]
    fn more_digits_agree_with_fewer() {
        for (name, x, _) in KNOWN {
            let (few, many) = (function(name, *x, Constants::of(320)), function(name, *x, Constants::of(1088)));
            let common = digits_in_common(&few, &many);
            assert!(common >= 256, "{name}({x:e}): {common} digits are right");
        }
    }

    #[test]
    fn agree_with_astro_float() {
        let (constants, mut own) = (Constants::of(1088), Consts::new().unwrap());
        for (name, x, _) in KNOWN {
            let x = &number(*x);
            let expected = match *name {
                "exp" => x.exp(1152, ROUNDING, &mut own),
                "tanh" => x.tanh(1152, ROUNDING, &mut own),
                "sin" => x.sin(1152, ROUNDING, &mut own),
                "cos" => x.cos(1152, ROUNDING, &mut own),
                "sqrt" => x.sqrt(1152, ROUNDING),
                _ => continue,
            };
            let common = digits_in_common(&function(name, to_f64(x), constants), &expected);
            assert!(common >= 1024, "{name}({}): {common} digits are right", to_f64(x));
        }
    }

    #[test]
    fn both_ways_to_erfc_agree() {
        for digits in [320, 1088] {
            let constants = Constants::of(digits);
            for x in [4.5, 5.0, 5.5] {
                let x = number(x);
                let common = digits_in_common(&erfc_by_series(&x, constants), &erfc_by_fraction(&x, constants));
                assert!(common >= digits as i32 - 64, "erfc {}: {common} of {digits} digits", to_f64(&x));
            }
        }
    }

    #[test]
    fn far_tails_are_0_or_infinite() {
        let constants = Constants::of(320);
        assert!(exp(&number(-1e300), constants).is_zero() && exp(&number(1e300), constants).is_inf_pos());
        assert_eq!(to_f64(&exp_m1(&number(-1e300), constants)), -1.0);
        assert!(erfc(&number(1e300), constants).is_zero());
        assert_eq!(to_f64(&erfc(&number(-1e300), constants)), 2.0);
        assert_eq!(to_f64(&tanh(&number(-1e300), constants)), -1.0);
    }
}
