use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{exp_m1_below_0, times_exp_below_0};
use crate::math::{EXP_LOWEST, Native, Number, exp_m1_in_two, inverse_in_two, product_in_two, times_exp};
use crate::parameters::{activation, parameters};
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x above 0, and α·(e^(x/α) − 1) below: saturates at −α, and its slope is 1 at 0 for every α.
    ///
    /// ```
    /// use excite::{Elementwise, Celu};
    /// let f = Celu::new(2.0)?;
    /// assert_eq!([-2.0_f32, 2.0].map(|x| f.value(x)), [-1.2642411, 2.0]);
    /// assert_eq!(f.slope(0.0_f32), 1.0);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Celu {
        /// Minus the limit at −∞.
        alpha = 1.0, from 1e-6 to 1e6;
    }
}

/// e^−LIMIT is next to nothing.
const LIMIT: f64 = 600.0;

/// From here on x + x²/2α is x, and below it x / α has all its digits.
const NEAR_ZERO: f64 = -1e-30;

impl Celu {
    /// x / α in two parts, for x ≤ 0, cut off where its exponential is 0.
    #[inline(always)]
    fn scaled_in_two<T: Native>(self, x: T) -> (T, T) {
        product_in_two(
            x.at_most(T::ZERO).at_least(T::pick(EXP_LOWEST) * T::lit(self.alpha)),
            inverse_in_two(self.alpha),
        )
    }
}

#[doc(hidden)]
impl Definition for Celu {
    const INFO: Info = Info {
        name: "celu",
        title: "CELU",
        formula: "x if x > 0, else α·(e^(x/α) − 1)",
        origin: "Barron 2017, Continuously Differentiable Exponential Linear Units",
        advice: "An ELU whose slope does not jump at 0 for any α.",
        pytorch: "torch.nn.CELU",
        jax: "jax.nn.celu",
        keras: "keras.activations.celu",
        onnx: "Celu",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.2451983007007066),
        max_ulp: MaxUlp { f32: 0.8, f64: 1.0, slope_f32: 0.9, slope_f64: 1.0 },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(1.6), slope: Some(2.3) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let scale = N::lit(1.0) / N::lit(self.alpha);
        let below = (x.at_most(N::lit(0.0)) * scale).exp_m1().times(self.alpha);
        if x >= N::lit(0.0) { x } else { below }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let (z, z_lo) = self.scaled_in_two(x);
        let (e, e_lo) = exp_m1_in_two(z, Some(z_lo));
        let (alpha, alpha_lo) = T::in_two(self.alpha, 0.0);
        let below = e.mul_add(alpha, e_lo.mul_add(alpha, e * alpha_lo));
        if x >= T::lit(NEAR_ZERO) { x } else { below }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let scale = N::lit(1.0) / N::lit(self.alpha);
        let below = (x.at_most(N::lit(0.0)) * scale).exp_scaled().scaled_back();
        if x > N::lit(0.0) { N::lit(1.0) } else { below }
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let (z, z_lo) = self.scaled_in_two(x);
        let (below, doubtful) = times_exp((T::ONE, T::ZERO), z, Some(z_lo));
        (if x > T::ZERO { T::ONE } else { below }, doubtful)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        let z = x.at_most(N::lit(0.0)).at_least(N::lit(-LIMIT * self.alpha)) / N::lit(self.alpha);
        let below = z.exp_m1() - z * z.exp();
        if x > N::lit(0.0) { N::lit(0.0) } else { below }
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        let below = exp_m1_below_0(x.at_most(0.0));
        // At −0 too x itself is right.
        if x >= 0.0 { x } else { below }
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let below = times_exp_below_0(1.0, x.at_most(0.0));
        if x > 0.0 { 1.0 } else { below }
    }

    fn suits_fast(self) -> bool {
        self.alpha == 1.0
    }
}

#[doc(hidden)]
impl Reference for Celu {
    fn reference<R: Real>(self, x: R) -> R {
        let alpha = R::from(self.alpha);
        if (-x.clone()).is_positive() { (x / alpha.clone()).exp_m1() * alpha } else { x }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        if x.is_positive() { R::from(1.0) } else { (x / R::from(self.alpha)).exp() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Celu::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, -1.0));
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert_eq!(f.slope(f64::NEG_INFINITY), 0.0);
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
