use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x where it is above a threshold t, and a value v elsewhere.
    ///
    /// The slope at t is 0, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, Threshold};
    /// let f = Threshold::new(1.0, -5.0)?;
    /// assert_eq!([0.5_f32, 1.0, 2.0].map(|x| f.value(x)), [-5.0, -5.0, 2.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Threshold {
        /// Inputs up to this give `value`.
        threshold = 0.0, from -1e30 to 1e30;
        /// What these give.
        value as replacement = 0.0, from -1e30 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for Threshold {
    const INFO: Info = Info {
        name: "threshold",
        title: "Threshold",
        formula: "x if x > t, else v",
        origin: "PyTorch (torch.nn.Threshold)",
        advice: "The general form of ReLU: with t = 0 and v = 0 it is ReLU. It jumps unless v = t.",
        pytorch: "torch.nn.Threshold",
        jax: "",
        keras: "keras.activations.threshold",
        onnx: "",
        aliases: &[],
        gain: Some(core::f64::consts::SQRT_2),
        max_ulp: MaxUlp::NONE,
    };

    parameters! {}

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        if x <= N::lit(self.threshold) { N::lit(self.value) } else { x }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let above = if x > N::lit(self.threshold) { N::lit(1.0) } else { x };
        if x <= N::lit(self.threshold) { N::lit(0.0) } else { above }
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, index: usize, x: N) -> N {
        // Where the threshold lies the function jumps: there it has no slope, and elsewhere it does not change.
        if (index == 1) & (x <= N::lit(self.threshold)) { N::lit(1.0) } else { N::lit(0.0) }
    }
}

#[doc(hidden)]
impl Reference for Threshold {
    fn reference<R: Real>(self, x: R) -> R {
        if (x.clone() - R::from(self.threshold)).is_positive() { x } else { R::from(self.value) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(if (x - R::from(self.threshold)).is_positive() { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Threshold::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
