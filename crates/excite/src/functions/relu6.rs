use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp, SlopeFrom};

activation! {
    /// min(max(x, 0), 6): a ReLU whose output needs at most 3 integer bits in fixed point.
    ///
    /// The slope at 0 and at 6 is 0, as in PyTorch and TensorFlow. NaN stays NaN and −0 becomes +0.
    ///
    /// ```
    /// use excite::{Elementwise, Relu6};
    /// assert_eq!([-1.0_f32, 2.0, 9.0].map(|x| Relu6.value(x)), [0.0, 2.0, 6.0]);
    /// assert_eq!([0.0_f32, 2.0, 6.0].map(|y| Relu6.slope(y)), [0.0, 1.0, 0.0]);
    /// ```
    pub struct Relu6;
}

#[doc(hidden)]
impl Definition for Relu6 {
    const INFO: Info = Info {
        name: "relu6",
        title: "ReLU6",
        formula: "min(max(x, 0), 6)",
        origin: "Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10",
        advice: "For networks that will run in fixed point: the cap leaves 5 of 8 unsigned bits for the fraction. \
                 Elsewhere ReLU does the same without clipping.",
        pytorch: "torch.nn.ReLU6",
        jax: "jax.nn.relu6",
        keras: "keras.activations.relu6",
        onnx: "Clip(0, 6)",
        gain: Some(core::f64::consts::SQRT_2),
        aliases: &[],
        max_ulp: MaxUlp::NONE,
    };

    /// 0 < y < 6 exactly where 0 < x < 6.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let six = N::lit(6.0);
        let floored = if x <= N::lit(0.0) { N::lit(0.0) } else { x };
        if floored >= six { six } else { floored }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        let inside = if y < N::lit(6.0) { N::lit(1.0) } else { y * N::lit(0.0) };
        if y <= N::lit(0.0) { N::lit(0.0) } else { inside }
    }
}

#[doc(hidden)]
impl Reference for Relu6 {
    fn reference<R: Real>(self, x: R) -> R {
        let six = R::from(6.0);
        if !x.is_positive() {
            R::from(0.0)
        } else if (six.clone() - x.clone()).is_positive() {
            x
        } else {
            six
        }
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        let inside = y.is_positive() && (R::from(6.0) - y).is_positive();
        R::from(if inside { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Relu6.value(f32::INFINITY), 6.0);
        assert_eq!(Relu6.value(f64::NEG_INFINITY), 0.0);
        assert!(Relu6.value(-0.0_f32).is_sign_positive());
        assert!(Relu6.value(f64::NAN).is_nan());
        assert!(Relu6.slope(f32::NAN).is_nan());
        assert_eq!(Relu6.value(6.0_f32.next_down()), 6.0_f32.next_down());
        assert_eq!(Relu6.slope(6.0_f32.next_down()), 1.0);
    }
}
