use crate::define::{Definition, Precision, Real, Reference};
use crate::functions::hard_sigmoid::SIXTH;
use crate::math::{Native, Number};
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// x·min(max(x + 3, 0), 6) / 6: SiLU with a hard sigmoid.
    ///
    /// The slope at −3 is 0 and at 3 it is 3/2: the left ones. (PyTorch takes 1 at 3.)
    ///
    /// ```
    /// use excite::{Elementwise, HardSwish};
    /// assert_eq!([-4.0_f32, 1.0, 5.0].map(|x| HardSwish.value(x)), [-0.0, 2.0 / 3.0, 5.0]);
    /// assert_eq!(HardSwish.slope(0.0_f32), 0.5);
    /// ```
    pub struct HardSwish;
}

#[doc(hidden)]
impl Definition for HardSwish {
    const INFO: Info = Info {
        name: "hard_swish",
        title: "Hard swish",
        formula: "x·min(max(x + 3, 0), 6) / 6",
        origin: "Howard et al. 2019, Searching for MobileNetV3",
        advice: "SiLU without an exponential, for mobile networks and fixed point.",
        pytorch: "torch.nn.Hardswish",
        jax: "jax.nn.hard_silu",
        keras: "keras.activations.hard_silu",
        onnx: "HardSwish",
        aliases: &["hard_silu", "h_swish", "jax.nn.hard_swish", "keras.activations.hard_swish"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.7366572127665416),
        max_ulp: MaxUlp { f32: 0.501, f64: 0.501, slope_f32: 0.501, slope_f64: 0.501 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let low = x.at_least(N::lit(-3.0));
        let bent = low * (low + N::lit(3.0)) / N::lit(6.0);
        if x > N::lit(3.0) { x } else { bent }
    }

    /// A product with the rounded 1/6, corrected by what the sum and the products lost.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let inside = x.within(-3.0, 3.0);
        let (three, sixth) = (T::lit(3.0), T::lit(SIXTH.0));
        let sum = inside + three;
        let lost = inside - (sum - three);
        let product = inside * sum;
        let rest = inside.mul_add(lost, inside.mul_add(sum, -product));
        let q = product * sixth;
        let bent = (q.mul_add(T::lit(-6.0), product) + rest).mul_add(sixth, q);
        if x > three { x } else { bent.copysign(x) }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let bent = (x + x + N::lit(3.0)) * N::constant(SIXTH.0, SIXTH.1);
        let low = if x <= N::lit(-3.0) { N::lit(0.0) } else { bent };
        if x > N::lit(3.0) { N::lit(1.0) } else { low }
    }

    /// The quotient, corrected by its residual, which holds what the sum lost.
    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let inside = x.within(-3.0, 3.0);
        let (three, sixth) = (T::lit(3.0), T::lit(SIXTH.0));
        let twice = inside + inside;
        let sum = twice + three;
        // Exact for |twice| ≤ 3, where the sum loses digits, and beyond that the other way round.
        let of_three = sum - twice;
        let lost = (twice - (sum - of_three)) + (three - of_three);
        let q = sum * sixth;
        let bent = (q.mul_add(T::lit(-6.0), sum) + lost).mul_add(sixth, q);
        let low = if x <= -three { T::ZERO } else { bent };
        (if x > three { T::ONE } else { low }, false)
    }
}

#[doc(hidden)]
impl Reference for HardSwish {
    fn reference<R: Real>(self, x: R) -> R {
        let low = x.clone() + R::from(3.0);
        if !low.is_positive() {
            -R::from(0.0)
        } else if (x.clone() - R::from(3.0)).is_positive() {
            x
        } else {
            x * low / R::from(6.0)
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        if !(x.clone() + R::from(3.0)).is_positive() {
            R::from(0.0)
        } else if (x.clone() - R::from(3.0)).is_positive() {
            R::from(1.0)
        } else {
            (x.clone() + x + R::from(3.0)) / R::from(6.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(HardSwish.value(f32::INFINITY), f32::INFINITY);
        assert_eq!(HardSwish.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(
            (HardSwish.slope(3.0_f32), HardSwish.slope(-3.0_f32), HardSwish.slope(f64::INFINITY)),
            (1.5, 0.0, 1.0)
        );
        assert!(HardSwish.value(-0.0_f32).is_sign_negative());
        assert!(HardSwish.value(f32::NAN).is_nan() && HardSwish.slope(f64::NAN).is_nan());
    }
}
