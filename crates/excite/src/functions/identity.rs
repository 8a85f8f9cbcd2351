use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// x itself: no activation.
    ///
    /// ```
    /// use excite::{Elementwise, Identity};
    /// assert_eq!((Identity.value(-3.5_f32), Identity.slope(-3.5_f32)), (-3.5, 1.0));
    /// ```
    pub struct Identity;
}

#[doc(hidden)]
impl Definition for Identity {
    const INFO: Info = Info {
        name: "identity",
        title: "Identity",
        formula: "x",
        origin: "The output of a linear model",
        advice: "At the output of a regression, or to switch an activation off. Between two linear layers it makes \
                 one of them superfluous.",
        pytorch: "torch.nn.Identity",
        jax: "jax.nn.identity",
        keras: "keras.activations.linear",
        onnx: "Identity",
        aliases: &["linear", "none"],
        gain: Some(1.0),
        max_ulp: MaxUlp::NONE,
    };

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        x
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        // NaN stays NaN.
        if x.abs() >= N::lit(0.0) { N::lit(1.0) } else { x }
    }
}

#[doc(hidden)]
impl Reference for Identity {
    fn reference<R: Real>(self, x: R) -> R {
        x
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let _ = x;
        R::from(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Identity.slope(f32::INFINITY), 1.0);
        assert!(Identity.value(f32::NAN).is_nan() && Identity.slope(f64::NAN).is_nan());
    }
}
