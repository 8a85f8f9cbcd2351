use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{Exp, LOWERING, fma};
use crate::math::{EXP_LOWEST, Native, Number, SELF, times_logistic, times_logistic_slope};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp, Swish};

activation! {
    /// x·σ(x) = x / (1 + e⁻ˣ), also called Swish: smooth, slightly negative below 0, x itself far above.
    ///
    /// ```
    /// use excite::{Elementwise, Silu};
    /// assert_eq!(Silu.value(1.0_f32), 0.7310586);
    /// assert_eq!(Silu.slope(0.0_f32), 0.5);
    /// // The limit at −∞, where the textbook formula gives NaN.
    /// assert_eq!(Silu.value(f32::NEG_INFINITY).to_bits(), (-0.0_f32).to_bits());
    /// ```
    pub struct Silu;
}

/// The function with its one parameter left at 1.
const SWISH: Swish = Swish { beta: 1.0 };

/// From here on σ(x) is 1.
const FAST_SELF: f32 = 30.0;

/// The least f32 within the range.
const FAST_MINIMUM: f32 = -0.27846453;

#[doc(hidden)]
impl Definition for Silu {
    const INFO: Info = Info {
        name: "silu",
        title: "SiLU",
        formula: "x / (1 + e⁻ˣ)",
        origin: "Elfwing, Uchibe and Doya 2017; Ramachandran, Zoph and Le 2017, Searching for Activation Functions (Swish)",
        advice: "The usual choice in modern convolutional networks and, gated, in language models. Costs an exponential.",
        pytorch: "torch.nn.SiLU",
        jax: "jax.nn.silu",
        keras: "keras.activations.silu",
        onnx: "Swish(alpha=1)",
        aliases: &["jax.nn.swish", "keras.activations.swish"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.6765324703310907),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.9, slope_f32: 0.8, slope_f64: 1.0 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(3.65), slope: None };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        SWISH.formula(x)
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let low = x.at_least(T::pick(EXP_LOWEST));
        times_logistic(low, low, None)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        SWISH.slope_formula(x)
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let near = x.at_least(T::pick(EXP_LOWEST)).at_most(T::pick(SELF));
        times_logistic_slope((near, None), (near, None))
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // At −100 the raised power of e⁻ˣ is infinite.
        let near = x.at_least(-100.0);
        let exp = Exp::of(-near, -16.0);
        let y = near / fma(exp.factor(), exp.power, LOWERING) * LOWERING;
        if x > FAST_SELF { x } else { y.at_least(FAST_MINIMUM) }
    }
}

#[doc(hidden)]
impl Reference for Silu {
    fn reference<R: Real>(self, x: R) -> R {
        SWISH.reference(x)
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        SWISH.reference_slope(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Silu.value(f32::INFINITY), f32::INFINITY);
        assert_eq!(Silu.value(f64::INFINITY), f64::INFINITY);
        assert_eq!(Silu.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(Silu.value(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!((Silu.slope(f32::INFINITY), Silu.slope(f64::INFINITY)), (1.0, 1.0));
        assert_eq!(Silu.slope(f32::NEG_INFINITY), 0.0);
        assert!(Silu.value(f32::NAN).is_nan() && Silu.slope(f64::NAN).is_nan());
        // The last that is not 0.
        assert!(Silu.value(-108.0_f32) < 0.0 && Silu.value(-751.0_f64) < 0.0);
    }
}
