//! A function of one's own among those of the catalogue.

use std::collections::HashSet;

use excite::define::{Definition, Number, Precision};
use excite::{Elementwise, Engine, Facts, Function, Info, Level, Parameter, RegisterError};

/// x·|x|·a
#[derive(Clone, Copy, Debug)]
struct SignedSquare {
    scale: f64,
}

impl Definition for SignedSquare {
    const INFO: Info = Info::named("signed_square");
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "scale", meaning: "The factor.", default: 1.0, lowest: 0.0, highest: 100.0 }];

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        x * x.abs().times(self.scale)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        x.abs().times(2.0 * self.scale)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        x * x.abs()
    }

    fn parameter(&self, _: usize) -> f64 {
        self.scale
    }

    fn set_parameter(&mut self, _: usize, value: f64) {
        self.scale = value;
    }
}

#[derive(Clone, Copy)]
struct Nameless;

impl Definition for Nameless {
    fn formula<N: Number>(self, x: N) -> N {
        x
    }

    fn slope_formula<N: Number>(self, x: N) -> N {
        x
    }
}

#[derive(Clone, Copy)]
struct AnotherRelu;

impl Definition for AnotherRelu {
    const INFO: Info = Info::named("ReLU");

    fn formula<N: Number>(self, x: N) -> N {
        x
    }

    fn slope_formula<N: Number>(self, x: N) -> N {
        x
    }
}

#[test]
fn a_registered_function_goes_wherever_one_goes() {
    let f = Function::register(SignedSquare { scale: 1.0 }).unwrap();
    assert_eq!(Function::register(SignedSquare { scale: 1.0 }), Ok(f));
    assert_eq!((f.name(), f.precision(), f.parameter(0)), ("signed_square", Precision::Native, Some(1.0)));
    assert_eq!(f.reference(1.0_f64), None);

    let by_name: Function = "SignedSquare(3)".parse().unwrap();
    assert_eq!(by_name.to_string(), "signed_square(3)");
    assert_eq!(by_name, f.with_parameter(0, 3.0).unwrap());
    assert!(by_name != f && f.with_parameter(0, 101.0).is_err());
    assert_eq!(HashSet::from([f, by_name, f]).len(), 2);
    #[cfg(feature = "serde")]
    assert_eq!(serde_json::from_str::<Function>(&serde_json::to_string(&by_name).unwrap()).unwrap(), by_name);

    let x: Vec<f32> = (-100..100).map(|i| i as f32 / 16.0).collect();
    for &level in &Level::available() {
        let engine = Engine::default().with_level(level);
        let mut dx = vec![0.0; x.len()];
        let y = engine.map(&f, &x).unwrap();
        engine.backward(&f, &x, &vec![2.0; x.len()], &mut dx).unwrap();
        for i in 0..x.len() {
            assert_eq!((y[i], dx[i]), (x[i] * x[i].abs(), 4.0 * x[i].abs()), "at {} on {level}", x[i]);
        }
    }
    assert_eq!(f.backward_parameter(0, &[-2.0_f32, 3.0], &[1.0, 1.0]), Ok(5.0));
    let facts = Facts::of(f);
    assert!(facts.odd && facts.largest_slope.is_infinite());
    // E[x⁴] = 3 for standard normal x.
    assert!((f.gain() - 3.0_f64.sqrt().recip()).abs() < 1e-9, "{}", f.gain());
}

#[test]
fn a_name_that_is_taken_or_missing_is_refused() {
    let message = |result: Result<Function, RegisterError>| result.unwrap_err().to_string();
    assert!(message(Function::register(AnotherRelu)).starts_with("another function goes by the name `ReLU` already"));
    assert!(message(Function::register(Nameless)).starts_with("a function needs a name to be registered"));
    assert_eq!(Nameless.value(2.0_f32), 2.0);
}
