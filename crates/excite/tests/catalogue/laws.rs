//! What must hold for any input.

use std::any::type_name;

use excite::{Accuracy, Facts, Function, Level};
use half::{bf16, f16};
use proptest::prelude::*;

use crate::bits::{Bits, for_every_float};
use crate::inputs;
use crate::sameness::{backward, engine, forward, saved};

/// Any number by its bits, or one from where functions bend.
fn number<F: Bits>() -> impl Strategy<Value = F> {
    let any = any::<u64>().prop_map(|bits| F::from_bits(bits & (F::sign() | (F::sign() - 1))));
    let near = (-40.0..40.0_f64).prop_map(F::from_f64);
    prop_oneof![any, near].prop_filter("NaN", |x| !x.is_nan())
}

/// Consecutive numbers upwards from `first`, to infinity at most.
fn neighbours<F: Bits>(first: F) -> Vec<F> {
    (0..64).map(|steps| first.up(steps)).take_while(|x| !x.is_nan()).collect()
}

/// What the laws are tried with: what is exact keeps them where what is stated does.
const ACCURACIES: [Accuracy; 2] = [Accuracy::Stated, Accuracy::Fast];

fn values<F: Bits>(f: Function, accuracy: Accuracy, x: &[F]) -> Vec<F> {
    forward(f, engine(Level::best(), accuracy), x)
}

/// In f64 but for the last place: there results are not correctly rounded, but nearly so. What is fast may fall by as much as it is off.
fn monotone_functions_are_monotone<F: Bits>(first: F) -> Result<(), TestCaseError> {
    let x = neighbours(first);
    for accuracy in ACCURACIES {
        let slack = match (F::BITS, accuracy) {
            (32, Accuracy::Fast) => 8,
            (64, _) | (_, Accuracy::Fast) => 1,
            _ => 0,
        };
        for f in Function::ALL.iter().filter(|f| Facts::of(**f).monotone) {
            // What has no limit at infinity is NaN there.
            let falls = values(*f, accuracy, &x).windows(2).position(|pair| pair[0].up(-slack) > pair[1]);
            prop_assert!(falls.is_none(), "{}, {}, falls after {:?} ({})", f, accuracy, x[falls.unwrap_or(0)], F::NAME);
        }
    }
    Ok(())
}

fn odd_functions_are_odd<F: Bits>(first: F) -> Result<(), TestCaseError> {
    let x = neighbours(first);
    let opposite: Vec<F> = x.iter().map(|x| F::from_bits(x.to_bits() ^ F::sign())).collect();
    let odd_ones = Function::ALL.iter().filter(|f| Facts::of(**f).odd);
    for (f, accuracy) in odd_ones.flat_map(|f| ACCURACIES.map(|accuracy| (f, accuracy))) {
        let pairs = values(*f, accuracy, &x).into_iter().zip(values(*f, accuracy, &opposite));
        for (i, (above, below)) in pairs.enumerate() {
            let odd = above.to_f64() == -below.to_f64() || (above.is_nan() && below.is_nan());
            prop_assert!(odd, "{} at ±{:?} is {:?} and {:?} ({})", f, x[i], above, below, F::NAME);
        }
    }
    Ok(())
}

fn outputs_are_within_the_range<F: Bits>(first: F) -> Result<(), TestCaseError> {
    let x = neighbours(first);
    for &f in Function::ALL {
        let range = Facts::of(f).range;
        // A top that lies between two numbers is found, and reached, to the last place only; a limit is exact.
        let is_limit = |bound: f64| [f64::INFINITY, f64::NEG_INFINITY].iter().any(|&end| f.value(end) == bound);
        let slack = |bound: f64| i64::from(!is_limit(bound));
        let low = F::from_f64(range.low).up(-slack(range.low));
        let high = F::from_f64(range.high).up(slack(range.high));
        for accuracy in ACCURACIES {
            for (x, y) in x.iter().zip(values(f, accuracy, &x)) {
                let no_limit = y.is_nan() && x.to_f64().is_infinite();
                let inside = low <= y && y <= high;
                prop_assert!(inside || no_limit, "{}, {}, of {:?} is {:?} ({})", f, accuracy, x, y, F::NAME);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn for_any_f32(x in number::<f32>()) {
        monotone_functions_are_monotone(x)?;
        odd_functions_are_odd(x)?;
        outputs_are_within_the_range(x)?;
    }

    #[test]
    fn for_any_f64(x in number::<f64>()) {
        monotone_functions_are_monotone(x)?;
        odd_functions_are_odd(x)?;
        outputs_are_within_the_range(x)?;
    }

    #[test]
    fn for_any_f16(x in number::<f16>()) {
        monotone_functions_are_monotone(x)?;
        odd_functions_are_odd(x)?;
        outputs_are_within_the_range(x)?;
    }

    #[test]
    fn for_any_bf16(x in number::<bf16>()) {
        monotone_functions_are_monotone(x)?;
        odd_functions_are_odd(x)?;
        outputs_are_within_the_range(x)?;
    }
}

/// Of any sign and with anything in the fraction, alone among numbers or not.
fn nan_gives_nan<F: Bits>() {
    let nans = inputs::groups::<F>().remove(0).x.into_iter().filter(|x| x.is_nan());
    let x: Vec<F> = nans.flat_map(|nan| [nan, F::from_f64(1.0), nan]).collect();
    assert!(x.len() >= 12, "{}", type_name::<F>());
    let ones = vec![F::from_f64(1.0); x.len()];
    for &f in Function::ALL {
        for level in Level::available() {
            for accuracy in [Accuracy::Stated, Accuracy::Exact, Accuracy::Fast] {
                let y = forward(f, engine(level, accuracy), &x);
                let slopes = backward(f, engine(level, accuracy), &saved(f, &x, &y), &ones);
                for (i, x) in x.iter().enumerate() {
                    assert_eq!(y[i].is_nan(), x.is_nan(), "{f}, {accuracy:?}, on {level}: value {:?} of {x:?}", y[i]);
                    assert_eq!(slopes[i].is_nan(), x.is_nan(), "{f} on {level}: slope {:?} of {x:?}", slopes[i]);
                }
            }
        }
    }
}
for_every_float!(nan_gives_nan);

/// What a function tends to, and the sign of zero, are the same with every accuracy.
fn limits_and_zeros_are_exact<F: Bits>() {
    let x = [f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0].map(F::from_f64);
    for &f in Function::ALL {
        let (stated, fast) = (values(f, Accuracy::Stated, &x), values(f, Accuracy::Fast, &x));
        let of_note = |(x, stated): &(&F, F)| x.to_f64() != 0.0 || stated.to_f64() == 0.0;
        for ((x, stated), fast) in x.iter().zip(stated).zip(fast).filter(|(one, _)| of_note(one)) {
            assert_eq!(
                stated.identity(),
                fast.identity(),
                "{f} of {x:?}: {stated:?} stated, {fast:?} fast ({})",
                F::NAME
            );
        }
    }
}
for_every_float!(limits_and_zeros_are_exact);

#[test]
fn facts_agree_with_each_other() {
    for &f in Function::ALL {
        let facts = Facts::of(f);
        let (narrow, wide) = (facts.linear_within_1_percent, facts.linear_within_5_percent);
        assert!(wide.low <= narrow.low && narrow.high <= wide.high, "{f}: {facts:?}");
        assert!(narrow.low <= facts.steepest_at && facts.steepest_at <= narrow.high, "{f}: {facts:?}");
        assert!(facts.largest_slope <= facts.lipschitz && facts.saturation_slope > 0.0, "{f}: {facts:?}");
        assert!(facts.range.low < facts.mean_output && facts.mean_output < facts.range.high, "{f}: {facts:?}");
        assert!(facts.zero_centred || !facts.odd, "{f}: {facts:?}");
        for x in
            [facts.saturated_below.map(|x| x - 1e-6), facts.saturated_above.map(|x| x + 1e-6)].into_iter().flatten()
        {
            assert!(f.slope_at(x).abs() < facts.saturation_slope, "{f} at {x}: {facts:?}");
        }
    }
}
