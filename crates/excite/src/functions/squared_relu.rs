use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// max(x, 0)²: a ReLU whose slope grows.
    ///
    /// ```
    /// use excite::{Elementwise, SquaredRelu};
    /// assert_eq!([-2.0_f32, 3.0].map(|x| SquaredRelu.value(x)), [0.0, 9.0]);
    /// assert_eq!(SquaredRelu.slope(3.0_f32), 6.0);
    /// ```
    pub struct SquaredRelu;
}

#[doc(hidden)]
impl Definition for SquaredRelu {
    const INFO: Info = Info {
        name: "squared_relu",
        title: "Squared ReLU",
        formula: "max(x, 0)²",
        origin: "So et al. 2021, Primer: Searching for Efficient Transformers for Language Modeling",
        advice: "In transformers, in place of GELU: cheap, and sparse. It grows fast, so keep what goes in \
                 normalised.",
        pytorch: "",
        jax: "",
        keras: "",
        onnx: "",
        aliases: &["relu2", "relu_squared"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(0.816496580927726),
        max_ulp: MaxUlp { f32: 0.5, f64: 0.5, ..MaxUlp::NONE },
    };

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let above = if x <= N::lit(0.0) { N::lit(0.0) } else { x };
        above * above
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let above = if x <= N::lit(0.0) { N::lit(0.0) } else { x };
        above + above
    }
}

#[doc(hidden)]
impl Reference for SquaredRelu {
    fn reference<R: Real>(self, x: R) -> R {
        if x.is_positive() { x.squared() } else { R::from(0.0) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        if x.is_positive() { x.clone() + x } else { R::from(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((SquaredRelu.value(1e30_f32), SquaredRelu.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert!(SquaredRelu.value(f32::NAN).is_nan() && SquaredRelu.slope(f64::NAN).is_nan());
    }
}
