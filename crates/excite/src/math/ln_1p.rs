//! ln(1 + x) for 0 ≤ x ≤ 1.

use super::{Number, Pair};

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
