//! The range that a function has of itself, and what a format makes of it.

use excite::{Facts, Function};

/// The range of a function that squashes its inputs into one. Not of a ReLU with a cap, whose cap is a choice.
pub(super) fn bounds(f: Function) -> Option<(f64, f64)> {
    if matches!(f, Function::Relu6(_) | Function::ReluN(_)) || f.curve().is_some() {
        return None;
    }
    let range = Facts::of(f).range;
    let is = |low: f64, high: f64| (range.low - low).abs() < 1e-6 && (range.high - high).abs() < 1e-6;
    [(0.0, 1.0), (-1.0, 1.0)].into_iter().find(|&(low, high)| is(low, high))
}

/// The same by a name, also of a ReLU with a cap and of functions of rows: all that has ends.
pub(super) fn bounds_of(function: &str) -> Option<(f64, f64)> {
    match function {
        "softmax" => Some((0.0, 1.0)),
        "relu6" => Some((0.0, 6.0)),
        _ => function.parse().ok().and_then(bounds),
    }
}

/// What a format makes of a range: a sentence where it cuts it, or is much wider; else nothing.
pub(super) fn note((least, largest): (f64, f64), low: f64, high: f64, scale: f64) -> String {
    // The largest code of 1/256 is 255/256, as TensorFlow Lite itself has it.
    if high < largest - 1.01 * scale {
        return format!("cut at {high:.3}: the function gives up to {largest}");
    }
    if low > least + 1.01 * scale {
        return format!("cut at {low:.3}: the function gives down to {least}");
    }
    let spare = ((high - low) / (largest - least)).log2();
    if spare >= 1.0 {
        return format!("{spare:.0} bits wider than the function's range of {least} to {largest}");
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_squash_have_a_range() {
        let of = |name: &str| bounds(name.parse().unwrap());
        for name in ["sigmoid", "hard_sigmoid"] {
            assert_eq!(of(name), Some((0.0, 1.0)), "{name}");
        }
        for name in ["tanh", "softsign"] {
            assert_eq!(of(name), Some((-1.0, 1.0)), "{name}");
        }
        for name in ["relu", "relu6", "relu_n(1)", "gelu", "elu", "silu", "identity"] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn a_format_that_cuts_a_range_is_said() {
        assert_eq!(note((0.0, 1.0), 0.0, 255.0 / 256.0, 1.0 / 256.0), "");
        assert!(note((0.0, 1.0), 0.0, 0.42, 0.42 / 255.0).starts_with("cut at 0.420: the function gives up to 1"));
        assert!(note((-1.0, 1.0), -0.5, 1.0, 1.5 / 255.0).starts_with("cut at -0.500"));
        assert!(note((0.0, 1.0), 0.0, 4.0, 4.0 / 255.0).starts_with("2 bits wider"));
    }
}
