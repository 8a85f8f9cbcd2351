use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x where it is above α, and 0 elsewhere.
    ///
    /// The slope at α is 0.
    ///
    /// ```
    /// use excite::{Elementwise, ThresholdedRelu};
    /// let f = ThresholdedRelu::new(1.0)?;
    /// assert_eq!([0.5_f32, 1.0, 2.0].map(|x| f.value(x)), [0.0, 0.0, 2.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct ThresholdedRelu {
        /// Inputs up to this give 0.
        alpha = 1.0, from 0.0 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for ThresholdedRelu {
    const INFO: Info = Info {
        name: "thresholded_relu",
        title: "Thresholded ReLU",
        formula: "x if x > α, else 0",
        origin: "Konda, Memisevic and Krueger 2014, Zero-bias autoencoders and the benefits of co-adapting features",
        advice: "In autoencoders without biases. It jumps at α, so small changes there are not small.",
        pytorch: "",
        jax: "",
        keras: "",
        onnx: "ThresholdedRelu",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.5799030817610499),
        max_ulp: MaxUlp::NONE,
    };

    parameters! {}

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        if x <= N::lit(self.alpha) { N::lit(0.0) } else { x }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let above = if x > N::lit(self.alpha) { N::lit(1.0) } else { x };
        if x <= N::lit(self.alpha) { N::lit(0.0) } else { above }
    }
}

#[doc(hidden)]
impl Reference for ThresholdedRelu {
    fn reference<R: Real>(self, x: R) -> R {
        if (x.clone() - R::from(self.alpha)).is_positive() { x } else { R::from(0.0) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(if (x - R::from(self.alpha)).is_positive() { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = ThresholdedRelu::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
