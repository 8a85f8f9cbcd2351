use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x for x > 0 and a·x below, with a small slope a: a ReLU whose units cannot die.
    ///
    /// The slope at 0 is a, the left one, as in PyTorch. In f32 the parameter is rounded to f32 first.
    ///
    /// ```
    /// use excite::{Elementwise, LeakyRelu};
    /// let f = LeakyRelu::new(0.25)?;
    /// assert_eq!([-2.0_f32, 3.0].map(|x| f.value(x)), [-0.5, 3.0]);
    /// assert_eq!([-2.0_f32, 3.0].map(|x| f.slope(x)), [0.25, 1.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct LeakyRelu {
        /// The slope for x ≤ 0.
        negative_slope = 0.01, from -1e3 to 1e3;
    }
}

#[doc(hidden)]
impl Definition for LeakyRelu {
    const INFO: Info = Info {
        name: "leaky_relu",
        title: "Leaky ReLU",
        formula: "x if x > 0, else a·x",
        origin: "Maas, Hannun and Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models",
        advice: "Where ReLU's units die: it costs the same, and some gradient always gets through.",
        pytorch: "torch.nn.LeakyReLU",
        jax: "jax.nn.leaky_relu",
        keras: "keras.activations.leaky_relu(negative_slope=0.01)",
        onnx: "LeakyRelu",
        aliases: &["lrelu"],
        // √(2 / (1 + a²)) for a = 0.01.
        gain: Some(1.4141428569978354),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.5, slope_f32: 0.4, slope_f64: 0.0 },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        if x > N::lit(0.0) { x } else { x.times(self.negative_slope) }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        // NaN stays NaN, which a comparison alone would lose.
        let low = N::lit(self.negative_slope);
        if x > N::lit(0.0) {
            N::lit(1.0)
        } else if x <= N::lit(0.0) {
            low
        } else {
            x
        }
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        if x > N::lit(0.0) { N::lit(0.0) } else { x }
    }
}

#[doc(hidden)]
impl Reference for LeakyRelu {
    fn reference<R: Real>(self, x: R) -> R {
        if x.is_positive() { x } else { x * R::from(self.negative_slope) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(if x.is_positive() { 1.0 } else { self.negative_slope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = LeakyRelu::DEFAULT;
        assert_eq!(f.value(f32::INFINITY), f32::INFINITY);
        assert_eq!(f.value(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert!(f.value(f64::NAN).is_nan());
        assert!(f.slope(f64::NAN).is_nan());
    }
}
