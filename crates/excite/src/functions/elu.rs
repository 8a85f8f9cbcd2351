use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{exp_m1_below_0, times_exp_below_0};
use crate::math::{Native, Number, exp_m1_in_two, times_exp};
use crate::parameters::{activation, parameters};
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x above 0, and α·(eˣ − 1) below: saturates at −α.
    ///
    /// The slope at 0 is α, the left one, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, Elu};
    /// let f = Elu::new(1.0)?;
    /// assert_eq!([-1.0_f32, 2.0].map(|x| f.value(x)), [-0.63212055, 2.0]);
    /// assert_eq!(f.slope(-1.0_f32), 0.36787945);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Elu {
        /// Minus the limit at −∞.
        alpha = 1.0, from 0.0 to 1e30;
    }
}

#[doc(hidden)]
impl Definition for Elu {
    const INFO: Info = Info {
        name: "elu",
        title: "ELU",
        formula: "x if x > 0, else α·(eˣ − 1)",
        origin: "Clevert, Unterthiner and Hochreiter 2015, Fast and Accurate Deep Network Learning by Exponential \
                 Linear Units",
        advice: "A ReLU with outputs nearer to zero mean, whose units do not die. Costs an exponential below 0.",
        pytorch: "torch.nn.ELU",
        jax: "jax.nn.elu",
        keras: "keras.activations.elu",
        onnx: "Elu",
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
        let below = x.at_most(N::lit(0.0)).exp_m1().times(self.alpha);
        // At −0 too x itself is right.
        if x >= N::lit(0.0) { x } else { below }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let (alpha, alpha_lo) = T::in_two(self.alpha, 0.0);
        let (e, e_lo) = exp_m1_in_two(x.at_most(T::ZERO), None);
        let below = e.mul_add(alpha, e_lo.mul_add(alpha, e * alpha_lo));
        // At −0 too x itself is right.
        if x >= T::ZERO { x } else { below }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let below = x.at_most(N::lit(0.0)).exp_scaled().times(self.alpha).scaled_back();
        if x > N::lit(0.0) { N::lit(1.0) } else { below }
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let (below, doubtful) = times_exp(T::in_two(self.alpha, 0.0), x.at_most(T::ZERO), None);
        (if x > T::ZERO { T::ONE } else { below }, doubtful)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        let below = x.at_most(N::lit(0.0)).exp_m1();
        if x > N::lit(0.0) { N::lit(0.0) } else { below }
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        let below = self.alpha as f32 * exp_m1_below_0(x.at_most(0.0));
        // At −0 too x itself is right.
        if x >= 0.0 { x } else { below }
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let below = times_exp_below_0(self.alpha as f32, x.at_most(0.0));
        if x > 0.0 { 1.0 } else { below }
    }

    fn suits_fast(self) -> bool {
        // With others the tail is lifted or lowered too far.
        (1e-4..=1e4).contains(&self.alpha)
    }
}

#[doc(hidden)]
impl Reference for Elu {
    fn reference<R: Real>(self, x: R) -> R {
        if (-x.clone()).is_positive() { x.exp_m1() * R::from(self.alpha) } else { x }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        if x.is_positive() { R::from(1.0) } else { x.exp() * R::from(self.alpha) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Elu::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, -1.0));
        assert_eq!((f.slope(f64::INFINITY), f.slope(f32::NEG_INFINITY), f.slope(0.0_f32)), (1.0, 0.0, 1.0));
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert_eq!(f.value(-f32::MIN_POSITIVE), -f32::MIN_POSITIVE);
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
