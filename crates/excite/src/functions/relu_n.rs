use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp, SlopeFrom};

activation! {
    /// min(max(x, 0), n): a ReLU with any cap.
    ///
    /// The slope at 0 and at the cap is 0, as in ReLU6. NaN stays NaN and −0 becomes +0.
    ///
    /// ```
    /// use excite::{Elementwise, ReluN};
    /// let f = ReluN::new(2.5)?;
    /// assert_eq!([-1.0_f32, 2.0, 9.0].map(|x| f.value(x)), [0.0, 2.0, 2.5]);
    /// assert_eq!([0.0_f32, 2.0, 2.5].map(|y| f.slope(y)), [0.0, 1.0, 0.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct ReluN {
        /// The largest output n.
        cap = 20.0, from 1e-6 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for ReluN {
    const INFO: Info = Info {
        name: "relu_n",
        title: "ReLU-n",
        formula: "min(max(x, 0), n)",
        origin: "Hannun et al. 2014, Deep Speech (n = 20); Choi et al. 2018, PACT (n trained)",
        advice: "Where activations must stay in a known range, above all for fixed point: the cap is the range. \
                 ReLU6 is the one with n = 6.",
        pytorch: "",
        jax: "",
        keras: "keras.layers.ReLU(max_value)",
        onnx: "Clip(0, n)",
        aliases: &["clipped_relu", "pact"],
        gain: Some(core::f64::consts::SQRT_2),
        max_ulp: MaxUlp::NONE,
    };

    parameters! {}

    /// 0 < y < n exactly where 0 < x < n.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let floored = if x <= N::lit(0.0) { N::lit(0.0) } else { x };
        floored.at_most(N::lit(self.cap))
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        let inside = if y < N::lit(self.cap) { N::lit(1.0) } else { y * N::lit(0.0) };
        if y <= N::lit(0.0) { N::lit(0.0) } else { inside }
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        if x < N::lit(self.cap) { N::lit(0.0) } else { N::lit(1.0) }
    }
}

#[doc(hidden)]
impl Reference for ReluN {
    fn reference<R: Real>(self, x: R) -> R {
        let cap = R::from(self.cap);
        if !x.is_positive() {
            R::from(0.0)
        } else if (cap.clone() - x.clone()).is_positive() {
            x
        } else {
            cap
        }
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        let inside = y.is_positive() && (R::from(self.cap) - y).is_positive();
        R::from(if inside { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = ReluN::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (20.0, 0.0));
        assert!(f.value(-0.0_f32).is_sign_positive());
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
