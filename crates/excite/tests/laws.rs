//! What must hold for any input.

use excite::{Facts, Float, Function};
use proptest::prelude::*;

fn function(name: &str) -> Function {
    name.parse().unwrap()
}

/// Any f32 that is not NaN, by its bits.
fn number() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("not NaN", |x| !x.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn monotone_functions_are_monotone_between_neighbours(x in number()) {
        for f in Function::ALL.iter().filter(|f| Facts::of(**f).monotone) {
            prop_assert!(f.value(x) <= f.value(x.next_up()), "{f} at {x:e}");
        }
    }

    #[test]
    fn outputs_stay_within_the_range(x in number(), wide in any::<u64>().prop_map(f64::from_bits)) {
        for f in Function::ALL {
            let range = Facts::of(*f).range;
            let inside = |y: f64| (range.low..=range.high).contains(&y);
            prop_assert!(inside(f.value(x).to_f64()), "{f} at {x:e}");
            prop_assert!(wide.is_nan() || inside(f.value(wide)), "{f} at {wide:e}");
        }
    }

    #[test]
    fn tanh_is_odd(x in number()) {
        let tanh = function("tanh");
        prop_assert_eq!(tanh.value(-x).to_bits(), (-tanh.value(x)).to_bits());
    }

    #[test]
    fn slopes_agree_with_differences_of_the_reference(x in -8.0..8.0_f64) {
        // Away from the kinks, where there is no slope to agree with.
        prop_assume!(x.abs() > 1e-3 && (x - 6.0).abs() > 1e-3);
        for f in Function::ALL {
            let step = 1e-5;
            let difference = (f.reference(x + step) - f.reference(x - step)) / (2.0 * step);
            prop_assert!((f.slope_at(x) - difference).abs() < 1e-8, "{f} at {x}: {} against {difference}", f.slope_at(x));
        }
    }
}
