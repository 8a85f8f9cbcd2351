//! How near the results of a contender come to the exact ones, over f32 inputs from everywhere.

use excite::{Function, RowFunction, Rowwise};

use crate::peers::{ROW, Subject};

/// Every such f32 bit pattern is an input.
pub const STRIDE: u32 = 4099;

/// A library is as accurate as is asked for if no normal result is further off than this.
pub const CLASS_ULP: f64 = 3.0;

/// The inputs for the elements of functions: whole rows and whole vectors of them, so the last begin a second turn.
pub fn inputs() -> Vec<f32> {
    let count = (u32::MAX / STRIDE + 1).next_multiple_of(ROW as u32);
    (0..count).map(|i| f32::from_bits(i.wrapping_mul(STRIDE))).collect()
}

/// The exact results, in f64: by the formulas that the library's own tests measure with, which share no code with its kernels.
pub fn exact(subject: Subject, x: &[f32]) -> Vec<f64> {
    match subject {
        Subject::Element(f) => x.iter().map(|&x| exact_value(f, x)).collect(),
        Subject::Row(f) => x.chunks(ROW).flat_map(|row| exact_row(f, row)).collect(),
    }
}

fn exact_value(f: Function, x: f32) -> f64 {
    // The formulas are for numbers; NaN, whose result is no normal number, is left out.
    if x.is_nan() {
        f64::NAN
    } else {
        f.reference(f64::from(x)).expect("every function of the catalogue has a reference")
    }
}

fn exact_row(f: RowFunction, row: &[f32]) -> Vec<f64> {
    f.reference(&row.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>())
}

/// The largest error where the exact result, rounded, is a normal f32, in units in the last place; infinite where a result there is
/// infinite or NaN.
pub fn worst_ulp(y: &[f32], exact: &[f64]) -> f64 {
    y.iter()
        .zip(exact)
        .filter(|(_, exact)| (**exact as f32).is_normal())
        .map(|(y, exact)| if y.is_finite() { (f64::from(*y) - exact).abs() / ulp(*exact) } else { f64::INFINITY })
        .fold(0.0, f64::max)
}

/// The distance of the f32 around a normal one.
fn ulp(exact: f64) -> f64 {
    let exponent = (exact.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    2_f64.powi(exponent.max(f32::MIN_EXP - 1) - (f32::MANTISSA_DIGITS as i32 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_seen() {
        assert_eq!(ulp(1.0), f64::from(f32::EPSILON));
        assert_eq!(ulp(1.99), f64::from(f32::EPSILON));
        assert_eq!(worst_ulp(&[1.0], &[1.0]), 0.0);
        assert_eq!(worst_ulp(&[1.0 + f32::EPSILON], &[1.0]), 1.0);
        assert_eq!(worst_ulp(&[f32::NAN], &[1.0]), f64::INFINITY);
        assert_eq!(worst_ulp(&[0.0], &[1e-40]), 0.0, "subnormal results are left out");
        assert!(worst_ulp(&[0.0], &[1e-30]) > 1e6);
    }

    #[test]
    fn the_inputs_reach_everywhere() {
        let x = inputs();
        assert!(x.len().is_multiple_of(ROW) && x.len() > 1_000_000);
        assert!(x.iter().any(|x| *x > 1e38) && x.iter().any(|x| *x < -1e38) && x.iter().any(|x| x.is_subnormal()));
    }
}
