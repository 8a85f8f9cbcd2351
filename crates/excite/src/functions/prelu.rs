use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, LeakyRelu, MaxUlp};

activation! {
    /// x for x > 0 and a·x below, where the slope a is trained, most often one for each channel: see
    /// [`Elementwise::per_channel`](crate::Elementwise::per_channel).
    ///
    /// The slope at 0 is a, the left one, as in PyTorch. In f32 the parameter is rounded to f32 first.
    ///
    /// ```
    /// use excite::{Elementwise, Prelu};
    /// let f = Prelu::new(0.5)?;
    /// assert_eq!([-2.0_f32, 3.0].map(|x| f.value(x)), [-1.0, 3.0]);
    /// assert_eq!(f.slope_by_parameter(0, -2.0), -2.0);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Prelu {
        /// The slope for x ≤ 0.
        weight = 0.25, from -1e3 to 1e3;
    }
}

impl Prelu {
    #[inline(always)]
    fn leaky(self) -> LeakyRelu {
        LeakyRelu { negative_slope: self.weight }
    }
}

#[doc(hidden)]
impl Definition for Prelu {
    const INFO: Info = Info {
        name: "prelu",
        title: "PReLU",
        formula: "x if x > 0, else a·x",
        origin: "He et al. 2015, Delving Deep into Rectifiers",
        advice: "A leaky ReLU that learns its slope, one for each channel. Leave the slope out of weight decay.",
        pytorch: "torch.nn.PReLU",
        jax: "",
        keras: "keras.layers.PReLU",
        onnx: "PRelu",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.3719886811400707),
        max_ulp: MaxUlp { f32: 0.5, f64: 0.5, ..MaxUlp::NONE },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        self.leaky().formula(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        self.leaky().slope_formula(x)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        if x > N::lit(0.0) { N::lit(0.0) } else { x }
    }
}

#[doc(hidden)]
impl Reference for Prelu {
    fn reference<R: Real>(self, x: R) -> R {
        self.leaky().reference(x)
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        self.leaky().reference_slope(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Prelu::DEFAULT;
        assert_eq!(f.value(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
