//! The inverse square root unit x / √(1 + αx²) (Carlile et al. 2017, Improving Deep Learning by Inverse Square Root Linear Units).

use excite::define::{Definition, Number};
use excite::{Info, Parameter};

/// x / √(1 + αx²): like tanh, without an exponential. It goes to ±1/√α.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Isru {
    alpha: f64,
}

impl Default for Isru {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

/// Beyond this the function is at its limit, and x² still is a number in f32.
const FAR: f64 = 1e17;

impl Definition for Isru {
    const INFO: Info = {
        let mut info = Info::named("isru");
        info.title = "ISRU";
        info.formula = "x / √(1 + αx²)";
        info
    };

    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "alpha",
        meaning: "How soon it bends: the limits are ±1/√α.",
        default: 1.0,
        lowest: 1e-3,
        highest: 1e3,
    }];

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.within(-FAR, FAR);
        x / x.times(self.alpha).mul_add(x, N::lit(1.0)).sqrt()
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let x = x.within(-FAR, FAR);
        let root = N::lit(1.0) / x.times(self.alpha).mul_add(x, N::lit(1.0)).sqrt();
        root * root * root
    }

    fn parameter(&self, _: usize) -> f64 {
        self.alpha
    }

    fn set_parameter(&mut self, _: usize, value: f64) {
        self.alpha = value;
    }
}
