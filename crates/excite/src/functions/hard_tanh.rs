use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp, SlopeFrom};

activation! {
    /// min(max(x, low), high): x, clipped on both sides.
    ///
    /// The slope at both bounds is 0, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, HardTanh};
    /// let f = HardTanh::default();
    /// assert_eq!([-4.0_f32, 0.5, 3.0].map(|x| f.value(x)), [-1.0, 0.5, 1.0]);
    /// ```
    pub struct HardTanh {
        /// The least output.
        min_val = -1.0, from -1e30 to 1e30;
        /// The largest output.
        max_val = 1.0, from -1e30 to 1e30;
    }
    valid(|f| f.min_val <= f.max_val, "min_val must not be above max_val")
}

#[doc(hidden)]
impl Definition for HardTanh {
    const INFO: Info = Info {
        name: "hard_tanh",
        title: "Hard tanh",
        formula: "min(max(x, low), high)",
        origin: "Collobert 2004, Large Scale Machine Learning",
        advice: "A tanh without an exponential; exact in fixed point. Beyond the bounds no gradient passes.",
        pytorch: "torch.nn.Hardtanh",
        jax: "jax.nn.hard_tanh",
        keras: "keras.activations.hard_tanh",
        onnx: "Clip(-1, 1)",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.3920361404483098),
        max_ulp: MaxUlp::NONE,
    };

    parameters! {}

    /// low < y < high exactly where low < x < high.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        x.within(self.min_val, self.max_val)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        let inside = (y > N::lit(self.min_val)) & (y < N::lit(self.max_val));
        if inside { N::lit(1.0) } else { y * N::lit(0.0) }.abs()
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, index: usize, x: N) -> N {
        let clipped = if index == 0 { x <= N::lit(self.min_val) } else { x >= N::lit(self.max_val) };
        if clipped { N::lit(1.0) } else { N::lit(0.0) }
    }
}

#[doc(hidden)]
impl Reference for HardTanh {
    fn reference<R: Real>(self, x: R) -> R {
        if !(x.clone() - R::from(self.min_val)).is_positive() {
            R::from(self.min_val)
        } else if (R::from(self.max_val) - x.clone()).is_positive() {
            x
        } else {
            R::from(self.max_val)
        }
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        let above = (y.clone() - R::from(self.min_val)).is_positive();
        R::from(if above && (R::from(self.max_val) - y).is_positive() { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = HardTanh::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((f.slope(1.0_f32), f.slope(-1.0_f64)), (0.0, 0.0));
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
