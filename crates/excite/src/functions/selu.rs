use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{exp_m1_below_0, times_exp_below_0};
use crate::math::{Native, Number, exp_m1_in_two, times_exp};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// An ELU with α = 1.6732632423543772 scaled by λ = 1.0507009873554805, for which mean 0 and variance 1 are a fixed point.
    ///
    /// The slope at 0 is λ·α, the left one, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, Selu};
    /// assert_eq!([-1.0_f32, 1.0].map(|x| Selu.value(x)), [-1.1113307, 1.050701]);
    /// ```
    pub struct Selu;
}

/// α and λ to the precision of f64, as PyTorch and TensorFlow have them.
const ALPHA: f64 = 1.6732632423543772848170429916717;
const LAMBDA: f64 = 1.0507009873554804934193349852946;

/// α·λ
const PRODUCT: (f64, f64) = (1.7580993408473766, 5.75014648756476e-17);

#[doc(hidden)]
impl Definition for Selu {
    const INFO: Info = Info {
        name: "selu",
        title: "SELU",
        formula: "λ·x if x > 0, else λ·α·(eˣ − 1)",
        origin: "Klambauer et al. 2017, Self-Normalizing Neural Networks",
        advice: "In plain deep networks without normalisation: with LeCun initialisation it keeps mean 0 and \
                 variance 1 from layer to layer.",
        pytorch: "torch.nn.SELU",
        jax: "jax.nn.selu",
        keras: "keras.activations.selu",
        onnx: "Selu",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(0.75),
        max_ulp: MaxUlp { f32: 0.95, f64: 0.95, slope_f32: 0.95, slope_f64: 1.0 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(2.6), slope: Some(3.8) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let below = x.at_most(N::lit(0.0)).exp_m1().times(ALPHA);
        (if x >= N::lit(0.0) { x } else { below }).times(LAMBDA)
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let (factor, factor_lo) = T::in_two(PRODUCT.0, PRODUCT.1);
        let (e, e_lo) = exp_m1_in_two(x.at_most(T::ZERO), None);
        let below = e.mul_add(factor, e_lo.mul_add(factor, e * factor_lo));
        // λ − 1 is small, and so is what its rounding does.
        let above = x.mul_add(T::lit(LAMBDA - 1.0), x);
        if x >= T::ZERO { above } else { below }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let below = x.at_most(N::lit(0.0)).exp_scaled().times(ALPHA).times(LAMBDA).scaled_back();
        if x > N::lit(0.0) { N::lit(LAMBDA) } else { below }
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let (below, doubtful) = times_exp(T::in_two(PRODUCT.0, PRODUCT.1), x.at_most(T::ZERO), None);
        (if x > T::ZERO { T::lit(LAMBDA) } else { below }, doubtful)
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        let below = PRODUCT.0 as f32 * exp_m1_below_0(x.at_most(0.0));
        // At −0 too x itself is right.
        if x >= 0.0 { x * LAMBDA as f32 } else { below }
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let below = times_exp_below_0(PRODUCT.0 as f32, x.at_most(0.0));
        if x > 0.0 { LAMBDA as f32 } else { below }
    }
}

#[doc(hidden)]
impl Reference for Selu {
    fn reference<R: Real>(self, x: R) -> R {
        let bent = if (-x.clone()).is_positive() { x.exp_m1() * R::from(ALPHA) } else { x };
        bent * R::from(LAMBDA)
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(LAMBDA) * if x.is_positive() { R::from(1.0) } else { x.exp() * R::from(ALPHA) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((Selu.value(f32::INFINITY), Selu.value(f64::NEG_INFINITY)), (f32::INFINITY, -1.7580993408473766));
        assert!(Selu.value(-0.0_f32).is_sign_negative());
        assert_eq!(Selu.slope(f32::NEG_INFINITY), 0.0);
        assert!(Selu.value(f32::NAN).is_nan() && Selu.slope(f64::NAN).is_nan());
    }
}
