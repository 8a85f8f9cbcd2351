//! Which results are correctly rounded. (By how much the others are off is measured by `cargo xtask verify`.)

use excite::{Accuracy, Facts, Function, Level, SlopeFrom};
use half::{bf16, f16};

use crate::bits::Bits;
use crate::inputs;
use crate::sameness::{backward, engine, forward};

/// More than the references are off by in f64, relative to the result.
const OFF: f64 = 1e-13;

/// `exact` rounded, where it is sure to what.
fn rounded<F: Bits>(exact: f64) -> Option<F> {
    let (low, high) = (F::from_f64(exact * (1.0 - OFF)), F::from_f64(exact * (1.0 + OFF)));
    (low == high).then_some(low)
}

/// Fails with the first that is not the reference rounded; says how many could be told.
fn assert_rounded<F: Bits>(
    found: &[F],
    x: &[F],
    reference: impl Fn(f64) -> f64,
    what: impl std::fmt::Display,
) -> usize {
    let numbers = found.iter().zip(x).filter(|(_, x)| !x.is_nan());
    let sure = numbers.filter_map(|(found, x)| Some((found, x, rounded(reference(x.to_f64()))?)));
    sure.inspect(|(found, x, expected)| assert_eq!(*found, expected, "{what} of {x:?} ({})", F::NAME)).count()
}

/// Every number that there is.
fn short_results_are_correctly_rounded<F: Bits>() {
    let all: Vec<F> = inputs::all();
    let engine = engine(Level::best(), Accuracy::Stated);
    for &f in Function::ALL {
        let y = forward(f, engine, &all);
        let sure = assert_rounded(&y, &all, |x| f.reference(x).unwrap(), f);
        assert!(sure > 60_000, "{f}: {sure}");
        let range = Facts::of(f).range;
        let possible = |x: &F| f.slope_from() == SlopeFrom::Input || (range.low..=range.high).contains(&x.to_f64());
        let from: Vec<F> = all.iter().copied().filter(possible).collect();
        let slopes = backward(f, engine, &from, &vec![F::from_f64(1.0); from.len()]);
        let sure =
            assert_rounded(&slopes, &from, |from| f.reference_slope(from).unwrap(), format_args!("slope of {f}"));
        assert!(sure > from.len() / 10 * 9, "{f}: {sure} of {}", from.len());
    }
}

#[test]
fn f16_results_are_correctly_rounded() {
    short_results_are_correctly_rounded::<f16>();
}

#[test]
fn bf16_results_are_correctly_rounded() {
    short_results_are_correctly_rounded::<bf16>();
}

#[test]
fn exact_f32_results_are_correctly_rounded() {
    // Beside inputs of every kind many ordinary ones: ties are rare.
    let ordinary = (0..100_000).map(|i| (inputs::fraction(i) * 200.0 - 100.0) as f32);
    let x: Vec<f32> = inputs::all().into_iter().chain(ordinary).collect();
    for &f in Function::ALL {
        let y = forward(f, engine(Level::best(), Accuracy::Exact), &x);
        let sure = assert_rounded(&y, &x, |x| f.reference(x).unwrap(), f);
        assert!(sure > x.len() / 10 * 9, "{f}: {sure} of {}", x.len());
    }
}
