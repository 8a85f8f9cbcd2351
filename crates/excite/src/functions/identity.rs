use crate::math::Number;
use crate::parameters::activation;
use crate::reference::Real;
use crate::{Activation, Info, MaxUlp, Work};

activation! {
    /// x itself: no activation.
    ///
    /// ```
    /// use excite::{Activation, Identity};
    /// assert_eq!((Identity.value(-3.5_f32), Identity.slope(-3.5_f32)), (-3.5, 1.0));
    /// ```
    pub struct Identity;
}

impl Activation for Identity {
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
        gain: 1.0,
        max_ulp: MaxUlp::NONE,
    };

    const WORK: Work = Work::Selects;
    const SLOPE_WORK: Work = Work::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        x
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        // NaN stays NaN.
        if x.abs() >= N::lit(0.0) { N::lit(1.0) } else { x }
    }

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

    #[test]
    fn special_values() {
        assert_eq!(Identity.slope(f32::INFINITY), 1.0);
        assert!(Identity.value(f32::NAN).is_nan() && Identity.slope(f64::NAN).is_nan());
    }
}
