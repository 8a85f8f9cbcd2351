//! The error of f64 results, against a multi-precision library. Only for tests: it is slow.

use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Sub};

use astro_float::{BigFloat, Consts, RoundingMode};
use excite::Function;
use excite::reference::Real;

/// Bits of the mantissa: over three times what f64 has.
const PRECISION: usize = 192;
const ROUNDING: RoundingMode = RoundingMode::ToEven;

thread_local! {
    static CONSTANTS: RefCell<Consts> = RefCell::new(Consts::new().expect("memory for constants"));
}

/// A number of [`PRECISION`] bits.
#[derive(Clone)]
struct Precise(BigFloat);

impl From<f64> for Precise {
    fn from(value: f64) -> Self {
        // astro-float 0.9.6 reads subnormals as half of what they are: read a normal multiple, and scale it back.
        let normal = |value| Self(BigFloat::from_f64(value, PRECISION));
        if value.is_subnormal() { normal(value * 2.0_f64.powi(64)) * normal(2.0_f64.powi(-64)) } else { normal(value) }
    }
}

macro_rules! operator {
    ($($operator:ident $name:ident),*) => {$(
        impl $operator for Precise {
            type Output = Self;
            fn $name(self, other: Self) -> Self {
                Self(BigFloat::$name(&self.0, &other.0, PRECISION, ROUNDING))
            }
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Precise {
    type Output = Self;
    fn neg(self) -> Self {
        Self(BigFloat::neg(&self.0))
    }
}

impl Real for Precise {
    fn exp(self) -> Self {
        CONSTANTS.with_borrow_mut(|constants| Self(self.0.exp(PRECISION, ROUNDING, constants)))
    }

    fn tanh(self) -> Self {
        CONSTANTS.with_borrow_mut(|constants| Self(self.0.tanh(PRECISION, ROUNDING, constants)))
    }

    fn is_positive(&self) -> bool {
        BigFloat::is_positive(&self.0) && !self.0.is_zero()
    }
}

/// The distance from `found` to `exact` in the spacing of f64 numbers at `exact`; the spacing of the subnormals is 2^-1074.
fn ulp_error(found: f64, exact: &Precise) -> f64 {
    let exponent = exact.0.exponent().unwrap_or(-1074) - 53;
    let difference = (Precise::from(found) - exact.clone()).0.abs();
    // 2^1074 in two steps: it is no f64.
    let spacings = -exponent.max(-1074);
    let scale = |power: i32| Precise::from(2.0_f64.powi(power));
    let in_spacings = Precise(difference) * scale(spacings / 2) * scale(spacings - spacings / 2);
    to_f64(&in_spacings)
}

/// The value rounded, for a number of ordinary size.
fn to_f64(value: &Precise) -> f64 {
    value.0.to_string().parse().expect("a decimal number")
}

/// The largest f64 error of `f` over `inputs`, and where.
fn worst(f: Function, inputs: impl Iterator<Item = f64>) -> (f64, f64) {
    inputs
        .map(|x| (ulp_error(f.value(x), &f.reference(Precise::from(x))), x))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .expect("there are inputs")
}

/// `per_binade` inputs of each binade and sign from 2^-60 to 2^10, beyond which sigmoid and tanh are constant or x itself.
fn stratified(per_binade: u64) -> impl Iterator<Item = f64> {
    (-60..10).flat_map(move |exponent| {
        (0..per_binade).flat_map(move |i| {
            let fraction = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 12;
            let x = f64::from_bits(fraction | 1.0_f64.to_bits()) * 2.0_f64.powi(exponent);
            [x, -x]
        })
    })
}

#[test]
fn f64_results_are_within_the_stated_bound() {
    for f in Function::ALL {
        let near = (0..4000).map(|i| (f64::from(i) / 2000.0 - 1.0) * 40.0);
        let tail = (0..1000).map(|i| -700.0 - f64::from(i) * 0.046);
        let (error, at) = worst(*f, stratified(100).chain(near).chain(tail));
        println!("{f}: worst f64 error {error:.4} ULP at {at:e}");
        assert!(error <= f.info().max_ulp_f64, "{f}: {error} ULP at {at:e}");
    }
}

#[test]
fn the_f64_reference_is_accurate_enough_to_judge_f32() {
    for f in Function::ALL {
        let at_most =
            stratified(20).map(|x| ulp_error(f.reference(x), &f.reference(Precise::from(x)))).fold(0.0, f64::max);
        // An error of 8 ULP in f64 is 1.5e-8 ULP in f32.
        assert!(at_most <= 8.0, "{f}: the reference is off by {at_most} ULP");
    }
}

#[test]
fn the_checker_can_fail() {
    let one = Precise::from(1.0);
    assert_eq!(ulp_error(1.0, &one), 0.0);
    assert_eq!(ulp_error(1.0_f64.next_up(), &one), 1.0);
    assert_eq!(ulp_error(0.0, &Precise::from(f64::from_bits(3))), 3.0);
}
