//! Functions with parameters: their gradients, and as text.

use excite::{Function, Parameter};
use proptest::prelude::*;

/// The distance of the points that differences are taken between.
const STEP: f64 = 1.0 / 1024.0;

/// f'(at) by central differences of fourth order: off by STEP⁴/30 times the fifth derivative (Abramowitz and Stegun 25.3.6).
fn difference(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    (8.0 * (f(at + STEP) - f(at - STEP)) - (f(at + 2.0 * STEP) - f(at - 2.0 * STEP))) / (12.0 * STEP)
}

/// How far a difference may be from the slope. High differences of the slope bound what a kink nearby adds, those of the value what
/// a jump adds; elsewhere they are next to nothing.
fn tolerance(value: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64, at: f64) -> f64 {
    let around = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|steps| at + steps * STEP);
    let [a, b, c, d, e] = around.map(value);
    let jump = (e - 4.0 * d + 6.0 * c - 4.0 * b + a).abs() / STEP;
    let size = c.abs();
    let [a, b, c, d, e] = around.map(slope);
    let kink = (e - 3.0 * d + 3.0 * c - b).abs() + (d - 3.0 * c + 3.0 * b - a).abs();
    f64::MIN_POSITIVE + 1e-9 * (size + c.abs()) + jump + kink
}

/// A function with one of its parameters, whose place is given, somewhere around the default.
fn around_default(f: Function, index: usize, place: f64) -> f64 {
    let Parameter { default, lowest, highest, .. } = f.parameters()[index];
    let reach = if default == 0.0 { 0.5 } else { 0.5 * default.abs() };
    (default + reach * place).clamp(lowest + 3.0 * STEP, highest - 3.0 * STEP)
}

/// A number of any size between the limits of a parameter.
fn anywhere(parameter: &Parameter, place: f64, size: f64) -> f64 {
    let Parameter { default, lowest, highest, .. } = *parameter;
    (default + place * 10.0_f64.powf(size)).clamp(lowest, highest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn slopes_agree_with_differences_of_the_reference(x in -40.0..40.0_f64, near in -8.0..8.0_f64) {
        for (f, x) in Function::ALL.iter().flat_map(|f| [(f, x), (f, near)]) {
            let (found, expected) = (f.slope_at(x), difference(|x| f.reference(x).unwrap(), x));
            let tolerance = tolerance(|x| f.reference(x).unwrap(), |x| f.slope_at(x), x);
            prop_assert!((found - expected).abs() <= tolerance, "{f} at {x}: {found:e} against {expected:e}");
        }
    }

    #[test]
    fn slopes_by_parameters_agree_with_differences_of_the_reference(x in -8.0..8.0_f64, place in -1.0..1.0_f64) {
        for f in Function::ALL {
            for (index, parameter) in f.parameters().iter().enumerate() {
                let at = around_default(*f, index, place);
                let with = |value| f.with_parameter(index, value).unwrap();
                let found = with(at).slope_by_parameter(index, x);
                let expected = difference(|value| with(value).reference(x).unwrap(), at);
                let tolerance = tolerance(|value| with(value).reference(x).unwrap(), |value| with(value).slope_by_parameter(index, x), at);
                prop_assert!(
                    (found - expected).abs() <= tolerance,
                    "{f} at {x} by {} at {at}: {found:e} against {expected:e}", parameter.name
                );
            }
        }
    }

    #[test]
    fn slopes_with_other_parameters_agree_with_differences(x in -8.0..8.0_f64, place in -1.0..1.0_f64) {
        for f in Function::ALL {
            for index in 0..f.parameters().len() {
                let f = f.with_parameter(index, around_default(*f, index, place)).unwrap();
                let (found, expected) = (f.slope_at(x), difference(|x| f.reference(x).unwrap(), x));
                let tolerance = tolerance(|x| f.reference(x).unwrap(), |x| f.slope_at(x), x);
                prop_assert!((found - expected).abs() <= tolerance, "{f} at {x}: {found:e} against {expected:e}");
            }
        }
    }

    #[test]
    fn text_and_function_are_the_same(places in prop::collection::vec((-1.0..1.0_f64, -20.0..6.0_f64), 4)) {
        for f in Function::ALL {
            let mut changed = *f;
            for (index, (parameter, &(place, size))) in f.parameters().iter().zip(&places).enumerate() {
                // A lower bound above the upper is refused.
                let Ok(next) = changed.with_parameter(index, anywhere(parameter, place, size)) else { continue };
                changed = next;
                let text = changed.to_string();
                prop_assert_eq!(text.parse::<Function>(), Ok(changed), "{}", text);
            }
            prop_assert_eq!(f.to_string(), f.name());
        }
    }
}
