use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x, and 0 within ±λ.
    ///
    /// The slope at ±λ is 0, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, HardShrink};
    /// let f = HardShrink::new(0.5)?;
    /// assert_eq!([-2.0_f32, 0.25, 1.0].map(|x| f.value(x)), [-2.0, 0.0, 1.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct HardShrink {
        /// Inputs up to this size give 0.
        lambda = 0.5, from 0.0 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for HardShrink {
    const INFO: Info = Info {
        name: "hard_shrink",
        title: "Hard shrink",
        formula: "x if |x| > λ, else 0",
        origin: "Donoho and Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage",
        advice: "For sparse codes where what remains must keep its size. Inputs within ±λ get no gradient, and it \
                 jumps at ±λ.",
        pytorch: "torch.nn.Hardshrink",
        jax: "",
        keras: "keras.activations.hard_shrink",
        onnx: "Shrink(0, 0.5)",
        aliases: &["hard_threshold"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.015796354719734),
        max_ulp: MaxUlp::NONE,
    };

    parameters! {}

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        if x.abs() <= N::lit(self.lambda) { N::lit(0.0) } else { x }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let outside = if x.abs() > N::lit(self.lambda) { N::lit(1.0) } else { x };
        if x.abs() <= N::lit(self.lambda) { N::lit(0.0) } else { outside }
    }
}

#[doc(hidden)]
impl Reference for HardShrink {
    fn reference<R: Real>(self, x: R) -> R {
        if (x.clone().abs() - R::from(self.lambda)).is_positive() { x } else { R::from(0.0) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(if (x.abs() - R::from(self.lambda)).is_positive() { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = HardShrink::DEFAULT;
        assert_eq!(f.value(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert_eq!((f.value(0.5_f32), f.value(-0.5_f64), f.slope(0.5_f32)), (0.0, 0.0, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
