use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::Exp;
use crate::math::{Native, Number, exp};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp, SlopeFrom};

activation! {
    /// eˣ, from the subnormal numbers up to infinity.
    ///
    /// ```
    /// use excite::{Elementwise, Exponential};
    /// assert_eq!(Exponential.value(1.0_f32), std::f32::consts::E);
    /// assert_eq!(Exponential.value(-100.0_f32), 3.783506e-44);
    /// // It is its own slope.
    /// assert_eq!(Exponential.slope(2.5_f32), 2.5);
    /// ```
    pub struct Exponential;
}

/// ln of the largest f64.
const LARGEST: f64 = 709.782712893384;

/// From here on eˣ is a normal f32, and up to there finite.
const FAST_LOWEST: f32 = -87.33655;
const FAST_HIGHEST: f32 = 88.72283;

#[doc(hidden)]
impl Definition for Exponential {
    const INFO: Info = Info {
        name: "exponential",
        title: "Exponential",
        formula: "eˣ",
        origin: "The canonical link of Poisson regression, Nelder and Wedderburn 1972",
        advice: "At the output, for rates and counts. In hidden layers it explodes.",
        pytorch: "torch.exp",
        jax: "jax.numpy.exp",
        keras: "keras.activations.exponential",
        onnx: "Exp",
        aliases: &["exp"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(0.36787944117144233),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.9, ..MaxUlp::NONE },
    };

    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Selects;
    const FAST: FastUlp = FastUlp { value: Some(2.05), slope: None };

    /// The square of e^(x/2), which neither overflows nor is subnormal before eˣ is.
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let root = x.within(-1400.0, 1418.0).times(0.5).exp();
        // A pair has no infinity to overflow to.
        if x > N::lit(LARGEST) { N::lit(f64::INFINITY) } else { root * root }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        exp(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        y
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // Less the bias, the bits of the power are n in the place of the exponent: 2ⁿ itself may be infinite where eˣ is not.
        let exp = Exp::of(x, -127.0);
        let y = f32::from_bits(exp.factor().to_bits().wrapping_add(exp.power.to_bits()));
        let y = if x < FAST_LOWEST { 0.0 } else { y };
        // NaN and infinity stay what they are.
        if x <= FAST_HIGHEST { y } else { x + f32::INFINITY }
    }
}

#[doc(hidden)]
impl Reference for Exponential {
    fn reference<R: Real>(self, x: R) -> R {
        x.exp()
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(
            (Exponential.value(f32::INFINITY), Exponential.value(f64::INFINITY)),
            (f32::INFINITY, f64::INFINITY)
        );
        assert_eq!((Exponential.value(f32::NEG_INFINITY), Exponential.value(f64::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!((Exponential.value(709.79_f64), Exponential.value(-745.0_f64)), (f64::INFINITY, f64::from_bits(1)));
        assert_eq!(Exponential.value(709.7_f64), 1.6549840276802644e308);
        assert_eq!(Exponential.value(0.0_f64), 1.0);
        assert!(Exponential.value(f32::NAN).is_nan() && Exponential.slope(f64::NAN).is_nan());
    }
}
