use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x moved towards 0 by λ, and 0 within ±λ.
    ///
    /// The slope at ±λ is 0, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, SoftShrink};
    /// let f = SoftShrink::new(0.5)?;
    /// assert_eq!([-2.0_f32, 0.25, 1.0].map(|x| f.value(x)), [-1.5, 0.0, 0.5]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct SoftShrink {
        /// Inputs up to this size give 0.
        lambda = 0.5, from 0.0 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for SoftShrink {
    const INFO: Info = Info {
        name: "soft_shrink",
        title: "Soft shrink",
        formula: "x ∓ λ if |x| > λ, else 0",
        origin: "Donoho 1995, De-Noising by Soft-Thresholding",
        advice: "For sparse codes and denoising: it is the step that an L1 penalty asks for. Inputs within ±λ get no \
                 gradient.",
        pytorch: "torch.nn.Softshrink",
        jax: "",
        keras: "keras.activations.soft_shrink",
        onnx: "Shrink(0.5, 0.5)",
        aliases: &["soft_threshold"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.5443605282801334),
        max_ulp: MaxUlp { f32: 0.5, f64: 0.5, ..MaxUlp::NONE },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let moved = x - N::lit(self.lambda).copysign(x);
        if x.abs() <= N::lit(self.lambda) { N::lit(0.0) } else { moved }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let outside = if x.abs() > N::lit(self.lambda) { N::lit(1.0) } else { x };
        if x.abs() <= N::lit(self.lambda) { N::lit(0.0) } else { outside }
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        let moved = N::lit(1.0).copysign(-x);
        if x.abs() <= N::lit(self.lambda) { N::lit(0.0) } else { moved }
    }
}

#[doc(hidden)]
impl Reference for SoftShrink {
    fn reference<R: Real>(self, x: R) -> R {
        let lambda = R::from(self.lambda);
        if (x.clone() - lambda.clone()).is_positive() {
            x - lambda
        } else if (-x.clone() - lambda.clone()).is_positive() {
            x + lambda
        } else {
            R::from(0.0)
        }
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
        let f = SoftShrink::DEFAULT;
        assert_eq!(f.value(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert_eq!((f.value(0.5_f32), f.value(-0.5_f64), f.slope(0.5_f32)), (0.0, 0.0, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
