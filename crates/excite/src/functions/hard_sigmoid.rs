use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Native, Number};
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// min(max(x + 3, 0), 6) / 6: three straight lines in place of the sigmoid.
    ///
    /// The slope at −3 and at 3 is 0, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, HardSigmoid};
    /// assert_eq!([-4.0_f32, 0.0, 1.5, 3.0].map(|x| HardSigmoid.value(x)), [0.0, 0.5, 0.75, 1.0]);
    /// assert_eq!(HardSigmoid.slope(0.0_f32), 1.0 / 6.0);
    /// ```
    pub struct HardSigmoid;
}

/// 1/6
pub(super) const SIXTH: (f64, f64) = (0.16666666666666666, 9.251858538542970656e-18);

#[doc(hidden)]
impl Definition for HardSigmoid {
    const INFO: Info = Info {
        name: "hard_sigmoid",
        title: "Hard sigmoid",
        formula: "min(max(x + 3, 0), 6) / 6",
        origin: "Courbariaux, Bengio and David 2015, BinaryConnect; in this form Howard et al. 2019, MobileNetV3",
        advice: "A sigmoid without an exponential, for gates in fixed point. Beyond ±3 no gradient passes.",
        pytorch: "torch.nn.Hardsigmoid",
        jax: "jax.nn.hard_sigmoid",
        keras: "keras.activations.hard_sigmoid",
        onnx: "HardSigmoid(1/6, 0.5)",
        aliases: &["h_sigmoid"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.897840424729559),
        max_ulp: MaxUlp { f32: 0.501, f64: 0.501, slope_f32: 0.5, slope_f64: 0.5 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        (x.within(-3.0, 3.0) + N::lit(3.0)) / N::lit(6.0)
    }

    /// A product with the rounded 1/6, corrected by what the sum and that product lost.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let x = x.within(-3.0, 3.0);
        let (three, sixth) = (T::lit(3.0), T::lit(SIXTH.0));
        let sum = x + three;
        let lost = x - (sum - three);
        let q = sum * sixth;
        (q.mul_add(T::lit(-6.0), sum) + lost).mul_add(sixth, q)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let outside = x * N::lit(0.0);
        let inside = (x > N::lit(-3.0)) & (x < N::lit(3.0));
        if inside {
            N::lit(SIXTH.0)
        } else if x.abs() >= N::lit(3.0) {
            N::lit(0.0)
        } else {
            outside
        }
    }
}

#[doc(hidden)]
impl Reference for HardSigmoid {
    fn reference<R: Real>(self, x: R) -> R {
        let (low, high) = (x.clone() + R::from(3.0), R::from(3.0) - x);
        if !low.is_positive() {
            R::from(0.0)
        } else if high.is_positive() {
            low / R::from(6.0)
        } else {
            R::from(1.0)
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let inside = (R::from(3.0) - x.abs()).is_positive();
        if inside { R::from(1.0) / R::from(6.0) } else { R::from(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((HardSigmoid.value(f32::INFINITY), HardSigmoid.value(f64::NEG_INFINITY)), (1.0, 0.0));
        assert_eq!(
            (HardSigmoid.slope(3.0_f32), HardSigmoid.slope(-3.0_f64), HardSigmoid.slope(f32::INFINITY)),
            (0.0, 0.0, 0.0)
        );
        assert!(HardSigmoid.value(f32::NAN).is_nan() && HardSigmoid.slope(f64::NAN).is_nan());
    }
}
