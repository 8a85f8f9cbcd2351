use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp, SlopeFrom};

activation! {
    /// max(x, 0): cheap, does not saturate for x > 0, not zero-centred; a unit whose inputs are all negative is dead.
    ///
    /// The slope at 0 is 0, the left one, as in PyTorch, TensorFlow and JAX. NaN stays NaN and −0 becomes +0.
    ///
    /// ```
    /// use excite::{Elementwise, Relu};
    /// assert_eq!([-1.0_f32, 0.0, 2.0].map(|x| Relu.value(x)), [0.0, 0.0, 2.0]);
    /// assert_eq!([0.0_f32, 2.0].map(|y| Relu.slope(y)), [0.0, 1.0]);
    /// assert!(Relu.value(f32::NAN).is_nan());
    /// ```
    pub struct Relu;
}

#[doc(hidden)]
impl Definition for Relu {
    const INFO: Info = Info {
        name: "relu",
        title: "ReLU",
        formula: "max(x, 0)",
        origin: "Fukushima 1969; Nair and Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines",
        advice: "The first to try. If units die, lower the learning rate, centre the inputs, or let some slope through \
                 for negative inputs.",
        pytorch: "torch.nn.ReLU",
        jax: "jax.nn.relu",
        keras: "keras.activations.relu",
        onnx: "Relu",
        gain: Some(core::f64::consts::SQRT_2),
        aliases: &[],
        max_ulp: MaxUlp::NONE,
    };

    /// y > 0 exactly where x > 0.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Selects;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        // Not F::max, which turns NaN into 0.
        if x <= N::lit(0.0) { N::lit(0.0) } else { x }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        if y > N::lit(0.0) { N::lit(1.0) } else { (y * N::lit(0.0)).abs() }
    }
}

#[doc(hidden)]
impl Reference for Relu {
    fn reference<R: Real>(self, x: R) -> R {
        if x.is_positive() { x } else { R::from(0.0) }
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        R::from(if y.is_positive() { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Relu.value(f32::INFINITY), f32::INFINITY);
        assert_eq!(Relu.value(f32::NEG_INFINITY), 0.0);
        assert!(Relu.value(-0.0_f64).is_sign_positive());
        assert_eq!(Relu.value(f32::from_bits(1)), f32::from_bits(1));
        assert!(Relu.slope(f32::NAN).is_nan());
        assert_eq!(Relu.slope(f32::INFINITY), 1.0);
    }
}
