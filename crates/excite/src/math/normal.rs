//! The upper tail of the normal distribution without its exponential, P(x) = Φ(−x)·e^(x²/2), for 0 ≤ x ≤ 40: Mills' ratio / √(2π).

use super::exp::ExpConstants;
use super::{Native, Number, Pair};

// (x + 5)·P(x) goes smoothly from 2.5 at 0 to 0.4 at infinity. With q = 1/(x + 5) and u linear in q from −1 to 1, it is a polynomial
// in u: the Chebyshev series of that function, computed to 300 bits and cut off.

/// Highest power first, for 0 ≤ x ≤ 20: relative error 2^-49; beyond 20, where e^(−x²/2) is below 2^-288, 2^-40 or so.
const F64: [f64; 18] = [
    -2.4003896503245606e-09,
    5.422442702219222e-10,
    3.8120860616074e-08,
    -8.627681188644286e-09,
    -4.7575050988878686e-07,
    -9.679059222026806e-08,
    6.062546732773922e-06,
    8.710475299276302e-06,
    -7.126558503648257e-05,
    -0.00030346553360564285,
    0.00018980930018082202,
    0.006216559869050993,
    0.03149551858028088,
    0.10131140212809539,
    0.2440573180106875,
    0.46660953589780635,
    0.7256028015731047,
    0.9248775576434703,
];

/// P(x) in f64.
#[inline(always)]
pub fn tail_f64(x: f64) -> f64 {
    let q = Number::inverse(x + 5.0);
    let u = q.mul_add(12.5, -1.5);
    let [highest, rest @ ..] = F64;
    q * rest.iter().fold(highest, |sum, &coefficient| sum.mul_add(u, coefficient))
}

/// The high powers, highest first, for 0 ≤ x ≤ 40: relative error 2^-61.
const PAIR_HIGH: [f64; 20] = [
    2.4587817313770563e-11,
    -1.3796560806489798e-11,
    -3.2120140174582483e-10,
    3.0587084313947987e-10,
    2.6398822556012635e-09,
    -3.8250673215623655e-09,
    -1.996497823604288e-08,
    3.741848484009783e-08,
    1.660643881749417e-07,
    -3.1423357925201987e-07,
    -1.6318511438335534e-06,
    1.981452225624195e-06,
    1.8309592118525784e-05,
    4.02692051221175e-06,
    -0.00019836152035552894,
    -0.0005313521412439133,
    0.0008922360020769791,
    0.011238259242227438,
    0.04643984847085298,
    0.1294816507505969,
];

/// The four low powers, as pairs.
const PAIR_LOW: [(f64, f64); 4] = [
    (0.27811948195867997, 1.5435039295825147e-17),
    (0.48437498414282826, -3.816204061246263e-18),
    (0.7004649271683128, 3.868811237645052e-17),
    (0.8496957717177205, -5.2561948679723295e-17),
];

/// P(x) in a pair: the low powers in pairs, which leaves an error of about 2^-58.
#[inline(always)]
pub fn tail_pair(x: Pair) -> Pair {
    let q = (x + Pair::from(5.0)).inverse();
    let u = q.times(11.25) + Pair::from(-1.25);
    let [highest, rest @ ..] = PAIR_HIGH;
    let high = rest.iter().fold(highest, |sum, &coefficient| sum.mul_add(u.head, coefficient));
    let low = PAIR_LOW.iter().fold(Pair::from(high), |sum, &(head, tail)| sum * u + Pair::constant(head, tail));
    q * low
}

// What follows is for results in f32: evaluated in f64, with no more digits than those need. The rational functions are minimax ones
// (Lawson's iteration over 500 points in numpy) with positive coefficients only, highest power first.

/// q in e^(−t/2) ≈ 1 + t·q(t) for |t| ≤ 2·ln 2: absolute error 2^-28.9.
const EXP_SHORT: [f64; 6] = [
    2.1630697177641364e-05,
    -0.00026169254669329534,
    0.0026042501531968235,
    -0.020833038989485027,
    0.12499998551589446,
    -0.50000001608974542,
];

/// P(x) for 0 ≤ x ≤ 15: relative error 2^-27.2.
const TAIL_TOP: [f64; 5] =
    [0.0041532674039945448, 0.040881371866063484, 0.18396984098287167, 0.43928434134020811, 0.50000000314929061];
const TAIL_BOTTOM: [f64; 6] =
    [0.010410585844946795, 0.10248051899360795, 0.47141055607524812, 1.2055511394898939, 1.6764536896098903, 1.0];

/// (P(x) − x/√(2π)) / (x₀ − x) for 0 ≤ x ≤ 15, where x₀ is the root of the top: relative error 2^-26.8.
const SLOPE_TOP: [f64; 5] =
    [0.010471157454555922, 0.095881311164653649, 0.3784993160173506, 0.75419368292785738, 0.66507798952999442];
const SLOPE_BOTTOM: [f64; 5] = [0.026247154073579956, 0.220613445788582, 0.79417063359516615, 1.3996054506939792, 1.0];

/// e^(−x²/2) for |x| ≤ 37, within 2^-28.5. Estrin's scheme, because the latency of the chain is what counts.
#[inline(always)]
pub fn half_square_exp_short(x: f64) -> f64 {
    let square = x * x;
    let rounded = square.mul_add(-0.5 * f64::LOG2_E, f64::TO_EXPONENT);
    let m = rounded - f64::TO_EXPONENT;
    let t = m.mul_add(2.0 * f64::LN2_HI, square);
    let power = rounded.power_from_low_bits();
    let [q5, q4, q3, q2, q1, q0] = EXP_SHORT;
    let t2 = t * t;
    let q = q5.mul_add(t, q4).mul_add(t2, q3.mul_add(t, q2)).mul_add(t2, q1.mul_add(t, q0));
    q.mul_add(t * power, power)
}

#[inline(always)]
fn quartic([c4, c3, c2, c1, c0]: [f64; 5], x: f64) -> f64 {
    let square = x * x;
    c4.mul_add(square, c3.mul_add(x, c2)).mul_add(square, c1.mul_add(x, c0))
}

/// P(x) for 0 ≤ x ≤ 15, within 2^-27.
#[inline(always)]
pub fn tail_short(x: f64) -> f64 {
    let [c5, c4, c3, c2, c1, c0] = TAIL_BOTTOM;
    let square = x * x;
    let bottom = c5.mul_add(x, c4).mul_add(square, c3.mul_add(x, c2)).mul_add(square, c1.mul_add(x, c0));
    quartic(TAIL_TOP, x) / bottom
}

/// (P(x) − x/√(2π)) / (x₀ − x) for 0 ≤ x ≤ 15, within 2^-26.5.
#[inline(always)]
pub fn tail_slope_short(x: f64) -> f64 {
    quartic(SLOPE_TOP, x) / quartic(SLOPE_BOTTOM, x)
}
