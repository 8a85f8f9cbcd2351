//! Sine and cosine.

use super::pair::two_sum;
use super::{Number, Pair};

/// π/2 in three parts: the first is rounded to f64, and so is each remainder in turn.
const HALF_PI: [f64; 3] = [core::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];

const TWO_OVER_PI: f64 = core::f64::consts::FRAC_2_PI;

/// 1.5 · 2^52: adding it rounds to an integer, and leaves that integer in the low bits.
const TO_INTEGER: f64 = 6755399441055744.0;

/// Up to here x − n·π/2 keeps 2^-45 for every x that is an f32: none but 0 is nearer to a multiple of π/2 than 2^-31.
pub const LIMIT: f64 = 16777216.0;

/// Up to here x − n·π/2 keeps 2^-70 for every f64: none but 0 is nearer to a multiple of π/2 than 2^-62.
pub const PAIR_LIMIT: f64 = 1048576.0;

// Sollya, with I = [1b-60;0.6169], which is (π/4)²:
// fpminimax((sin(sqrt(x))/sqrt(x)-1)/x, 4, [|D...|], I, relative), error 2^-45
const SIN_F64: [f64; 5] = [
    -2.480527373543724031890117607667550769789954756561201065778732e-8,
    2.755598648359841298862305675188011377940711099654436111450195e-6,
    -1.98412668999409171240178029194112241384573280811309814453125e-4,
    8.3333333310583006248331622263318590703420341014862060546875e-3,
    -0.1666666666666384577499826491475687362253665924072265625,
];
// fpminimax((cos(sqrt(x))-1+x/2)/x^2, 4, [|D...|], I, relative), error 2^-49
const COS_F64: [f64; 5] = [
    2.070042692484045514716549062886503940195126460821484215557575e-9,
    -2.755636757215759897772912410257584170381051080767065286636353e-7,
    2.480158520286273625475408077800665296308579854667186737060547e-5,
    -1.3888888887267354481369618923736197757534682750701904296875e-3,
    4.16666666666646590133638028419227339327335357666015625e-2,
];
// fpminimax((sin(sqrt(x))/sqrt(x)-1)/x, 7, [|D...|], I, relative), error 2^-61
const SIN_PAIR: [f64; 8] = [
    -2.910712948649020704759757770629135159362252394110726072540274e-13,
    -8.41965664913019754983059006669675089669369061340375992585905e-14,
    1.599599941654172968325898899862231618274055477968431659974158e-10,
    -2.505181089174526939829664936871395086726010958955157548189163e-8,
    2.755731847201331840397330041891876817317097447812557220458984e-6,
    -1.984126984029384516746569167011671197542455047369003295898437e-4,
    8.33333333333277463672583706966179306618869304656982421875e-3,
    -0.1666666666666666574148081281236954964697360992431640625,
];
// fpminimax((cos(sqrt(x))-1+x/2)/x^2, 6, [|D...|], I, relative), error 2^-63
const COS_PAIR: [f64; 7] = [
    3.438627915106644061830092824568101677614557695750185928318388e-14,
    -1.1444227716982842614172251969755666383202208358227380813332275e-11,
    2.087655327670718006960520675852760463797608281311113387346268e-9,
    -2.755731847078600683867562973899945077960182970855385065078735e-7,
    2.48015873002316863200813340517569827170718692582845687866211e-5,
    -1.388888888888784207964466332896336098201572895050048828125e-3,
    4.1666666666666664353702032030923874117434024810791015625e-2,
];

#[inline(always)]
fn horner<const N: usize>(coefficients: [f64; N], x: f64) -> f64 {
    coefficients[1..].iter().fold(coefficients[0], |sum, &coefficient| sum.mul_add(x, coefficient))
}

/// −value where the bit of weight 2 in `quadrant` is set.
#[inline(always)]
fn signed(value: f64, quadrant: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

/// (sin x, cos x) for |x| ≤ [`LIMIT`], within 2^-44 of each where x is an f32.
#[inline(always)]
pub fn sin_cos_f64(x: f64) -> (f64, f64) {
    let rounded = x.mul_add(TWO_OVER_PI, TO_INTEGER);
    turned_f64(x, rounded - TO_INTEGER, rounded.to_bits())
}

/// sin(x + π/4) for |x| ≤ [`LIMIT`], within 2^-44 where x is an f32.
#[inline(always)]
pub fn sin_shifted_f64(x: f64) -> f64 {
    let rounded = x.mul_add(TWO_OVER_PI, 0.5) + TO_INTEGER;
    turned_f64(x, rounded - TO_INTEGER - 0.5, rounded.to_bits()).0
}

/// (sin r, cos r) of r = x − n·π/2, turned by as many quarters.
#[inline(always)]
fn turned_f64(x: f64, n: f64, quadrant: u64) -> (f64, f64) {
    // The first difference is exact where it is small: its last place is half of that of HALF_PI[0] or that of x.
    let r = n.mul_add(-HALF_PI[1], n.mul_add(-HALF_PI[0], x));
    let square = r * r;
    let sin = (square * r).mul_add(horner(SIN_F64, square), r);
    let cos = (square * square).mul_add(horner(COS_F64, square), square.mul_add(-0.5, 1.0));
    let (sin, cos) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, sin) };
    (signed(sin, quadrant), signed(cos, quadrant + 1))
}

/// (sin r, cos r), turned by as many quarters, for |r| ≤ π/4: r and r² in pairs, which leaves an error of about 2^-56.
#[inline(always)]
fn turned(r: Pair, quadrant: u64) -> (Pair, Pair) {
    let square = Pair::product(r.head, r.head);
    let cubic = square.head * r.head * horner(SIN_PAIR, square.head);
    let half = square.times(-0.5);
    let near_cos = Pair::quick_sum(1.0, half.head);
    // sin(head + tail) = sin head + tail·cos head, and the like for the cosine.
    let sin = Pair::quick_sum(r.head, cubic);
    let sin = Pair::quick_sum(sin.head, r.tail.mul_add(near_cos.head, sin.tail));
    let quartic = square.head * square.head * horner(COS_PAIR, square.head);
    let small = quartic + r.tail.mul_add(-r.head, half.tail + near_cos.tail);
    let cos = Pair::quick_sum(near_cos.head, small);
    let (sin, cos) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, sin) };
    let signed =
        |value: Pair, quadrant| Pair { head: signed(value.head, quadrant), tail: signed(value.tail, quadrant) };
    (signed(sin, quadrant), signed(cos, quadrant + 1))
}

/// π/2 in three parts for f32: rounded; as much of the remainder as ten bits hold; and the rest.
const HALF_PI_F32: [f32; 3] = [core::f32::consts::FRAC_PI_2, -4.371395334601402e-8, 2.5633440682570896e-12];

/// 1.5 · 2^23: `TO_INTEGER` for f32.
const TO_INTEGER_F32: f32 = 12582912.0;

/// Up to here n in x − n·π/2 has at most 13 bits, and an f32 holds its products with the second part of π/2.
pub const TUNED_LIMIT: f32 = 8192.0;

// Remez's algorithm on [0; (π/4)²], rounded, highest power first.
// sin(√s) = √s·(1 + s·p(s)), relative error 2^-26.9; the highest is 0 for as many coefficients as the cosine has.
const SIN_F32: [f32; 4] = [0.0, -1.951398007804528e-4, 8.332150988280773e-3, -0.16666653752326965];
// cos(√s) = 1 + s·p(s), relative error 2^-29.9.
const COS_F32: [f32; 4] = [2.446249345666729e-5, -1.3887644745409489e-3, 4.1666653007268906e-2, -0.5];

/// sin(x + quarters·π/2) for |x| ≤ [`TUNED_LIMIT`], within 0.97 ULP; 0 for −0 too.
///
/// With x = n·π/2 + r + rest it is ±(r + rest)·(1 + s·p(s)) or ±(1 + s·p(s)), where s = (r + rest)².
#[inline(always)]
pub fn sin_turned_f32(x: f32, quarters: u32) -> f32 {
    let rounded = Number::mul_add(x, core::f32::consts::FRAC_2_PI, TO_INTEGER_F32);
    let n = rounded - TO_INTEGER_F32;
    let quadrant = rounded.to_bits().wrapping_add(quarters);
    // Exact: the last place is no finer than that of x or of the first part, and |r| is less than 1.
    let near = Number::mul_add(n, -HALF_PI_F32[0], x);
    let r = Number::mul_add(n, -HALF_PI_F32[1], near);
    // What r rounds off. The difference is exact: r is at least half of `near`, or both have few digits, and r is exact too.
    let lost = Number::mul_add(n, -HALF_PI_F32[1], near - r);
    let rest = Number::mul_add(n, -HALF_PI_F32[2], lost);
    let s = r * r;
    let s_lost = Number::mul_add(r, r, -s);
    let is_cos = quadrant & 1 == 1;
    let mut p = 0.0;
    for (sin, cos) in SIN_F32.into_iter().zip(COS_F32) {
        p = Number::mul_add(p, s, if is_cos { cos } else { sin });
    }
    let (base, small) = if is_cos { (1.0, Number::mul_add(r, -rest, -0.5 * s_lost)) } else { (r, rest) };
    let sum = base + Number::mul_add(base * s, p, small);
    f32::from_bits(sum.to_bits() ^ ((quadrant & 2) << 30))
}

/// sin(x + quarters·π/2) for |x| ≤ [`PAIR_LIMIT`], within 2^-55.
#[inline(always)]
pub fn sin_turned_pair(x: Pair, quarters: u32) -> Pair {
    let (sin, cos) = sin_cos_pair(x);
    let turned = if quarters & 1 == 1 { cos } else { sin };
    if quarters & 2 == 2 { -turned } else { turned }
}

/// (sin x, cos x) for |x| ≤ [`PAIR_LIMIT`], within 2^-55 of each.
#[inline(always)]
pub fn sin_cos_pair(x: Pair) -> (Pair, Pair) {
    let rounded = x.head.mul_add(TWO_OVER_PI, TO_INTEGER);
    let (n, quadrant) = (rounded - TO_INTEGER, rounded.to_bits());
    let second = Pair::product(n, HALF_PI[1]);
    let r = two_sum(n.mul_add(-HALF_PI[0], x.head), -second.head);
    let tail = n.mul_add(-HALF_PI[2], x.tail - second.tail) + r.tail;
    turned(Pair::quick_sum(r.head, tail), quadrant)
}

/// sin(x + π/4) for |x| ≤ [`PAIR_LIMIT`], within 2^-55.
#[inline(always)]
pub fn sin_shifted_pair(x: Pair) -> Pair {
    let rounded = x.head.mul_add(TWO_OVER_PI, 0.5) + TO_INTEGER;
    let (n, quadrant) = (rounded - TO_INTEGER - 0.5, rounded.to_bits());
    // Next to 0 nothing cancels, and next to a root the first two differences do: all three keep what they round off.
    let (first, second) = (Pair::product(n, HALF_PI[0]), Pair::product(n, HALF_PI[1]));
    let near = two_sum(x.head, -first.head);
    let nearer = two_sum(near.head, -first.tail);
    let r = two_sum(nearer.head, -second.head);
    let tail = n.mul_add(-HALF_PI[2], x.tail - second.tail) + near.tail + nearer.tail + r.tail;
    turned(Pair::quick_sum(r.head, tail), quadrant).0
}

/// (sin x, cos x) for any x; NaN for infinite ones.
pub fn sin_cos_f64_any(x: f64) -> (f64, f64) {
    let (sin, cos) = sin_cos_pair_any(Pair::from(x));
    (sin.to_f64(), cos.to_f64())
}

/// (sin x, cos x) for any x, the tail of which counts as a small change; NaN for infinite ones.
pub fn sin_cos_pair_any(x: Pair) -> (Pair, Pair) {
    if !x.head.is_finite() {
        return (Pair::from(f64::NAN), Pair::from(f64::NAN));
    }
    if x.head.abs() <= PAIR_LIMIT {
        return sin_cos_pair(x);
    }
    let (quadrant, fraction) = quarters(x.head.abs(), 0);
    let r = fraction * Pair::constant(HALF_PI[0], HALF_PI[1]);
    let tail = if x.head < 0.0 { -x.tail } else { x.tail };
    let (sin, cos) = turned(r + Pair::from(tail), quadrant);
    (if x.head < 0.0 { -sin } else { sin }, cos)
}

/// sin(x + π/4) for any x, the tail of which counts as a small change; NaN for infinite ones.
pub fn sin_shifted_pair_any(x: Pair) -> Pair {
    if !x.head.is_finite() {
        return Pair::from(f64::NAN);
    }
    if x.head.abs() <= PAIR_LIMIT {
        return sin_shifted_pair(x);
    }
    // sin(x + π/4) = −sin(−x − π/4)
    let below = x.head < 0.0;
    let (quadrant, fraction) = quarters(x.head.abs(), if below { -1 } else { 1 });
    let r = fraction * Pair::constant(HALF_PI[0], HALF_PI[1]);
    let tail = if below { -x.tail } else { x.tail };
    let (sin, _) = turned(r + Pair::from(tail), quadrant);
    if below { -sin } else { sin }
}

/// 2/π in binary, after the point: `floor(2/π · 2^1216)`.
const DIGITS: [u64; 19] = [
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
];

/// x · 2/π + `halves`/2, with −1, 0 or 1 of them, as a number of whole quarters, modulo 4, and the rest between −1/2
/// and 1/2, for x of 2^20 or more (Payne and Hanek 1983, Radian Reduction for Trigonometric Functions): digits of 2/π
/// that give multiples of 4 are left out, and the 192 digits after them are taken.
fn quarters(x: f64, halves: i32) -> (u64, Pair) {
    let bits = x.to_bits();
    let (mantissa, exponent) = ((bits & ((1 << 52) - 1)) | 1 << 52, ((bits >> 52) & 0x7ff) as i32 - 1075);
    // Digit i weighs 2^-i: with the mantissa 2^(exponent − i), which is a multiple of 4 for i ≤ exponent − 2.
    let first = (exponent - 1).max(1) as usize;
    let digits = |from: usize| {
        let (word, shift) = ((from - 1) / 64, (from - 1) % 64);
        let pair = u128::from(DIGITS[word]) << 64 | u128::from(DIGITS[word + 1]);
        (pair << shift >> 64) as u64
    };
    let window = [digits(first + 128), digits(first + 64), digits(first)];
    // mantissa · window, lowest word first.
    let mut product = [0_u64; 4];
    let mut carry = 0_u128;
    for (word, digits) in product.iter_mut().zip(window) {
        carry += u128::from(mantissa) * u128::from(digits);
        *word = carry as u64;
        carry >>= 64;
    }
    product[3] = carry as u64;
    // The binary point is this many bits above the lowest.
    let below_point = (first + 191) as i32 - exponent;
    let (quadrant, fraction) = split(product, below_point as u32);
    let high = u128::from(fraction[3]) << 64 | u128::from(fraction[2]);
    // The highest bit is the half.
    let (quadrant, high) = match halves {
        0 => (quadrant, high),
        1 => (quadrant + (high >> 127) as u64, high ^ 1 << 127),
        // Modulo 4, 3 is −1.
        _ => (quadrant + 3 + (high >> 127) as u64, high ^ 1 << 127),
    };
    let low = u128::from(fraction[1]) << 64 | u128::from(fraction[0]);
    // Beyond 1/2 the next quarter is nearer.
    if high >> 127 == 1 { (quadrant + 1, -to_pair(!high, !low)) } else { (quadrant, to_pair(high, low)) }
}

/// The integer modulo 4 above the binary point, and the bits below it, moved up to the top of 256.
fn split(product: [u64; 4], below_point: u32) -> (u64, [u64; 4]) {
    let bit = |i: u32| product[(i / 64) as usize] >> (i % 64) & 1;
    let quadrant = bit(below_point) | bit(below_point + 1) << 1;
    let (words, bits) = (((256 - below_point) / 64) as usize, (256 - below_point) % 64);
    let mut fraction = [0; 4];
    for i in words..4 {
        let from_below = if i > words && bits > 0 { product[i - words - 1] >> (64 - bits) } else { 0 };
        fraction[i] = product[i - words] << bits | from_below;
    }
    (quadrant, fraction)
}

/// A fraction of 256 bits.
fn to_pair(high: u128, low: u128) -> Pair {
    let zeros = high.leading_zeros();
    let top = if zeros == 0 { high } else { high << zeros | low >> (128 - zeros) };
    let scale = f64::from_bits(u64::from(1023 - zeros) << 52);
    let head = (top >> 75) as f64 * (1.0 / (1_u64 << 53) as f64);
    let tail = ((top << 53) >> 75) as f64 * (1.0 / (1_u128 << 106) as f64);
    Pair { head: head * scale, tail: tail * scale }
}
