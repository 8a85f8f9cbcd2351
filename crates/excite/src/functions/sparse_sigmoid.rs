use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// min(max((x + 1) / 2, 0), 1): the slope of [`SparsePlus`](crate::SparsePlus).
    ///
    /// The slope at −1 and at 1 is 0, as in JAX.
    ///
    /// ```
    /// use excite::{Elementwise, SparseSigmoid};
    /// assert_eq!([-2.0_f32, 0.0, 1.0].map(|x| SparseSigmoid.value(x)), [0.0, 0.5, 1.0]);
    /// assert_eq!(SparseSigmoid.slope(0.0_f32), 0.5);
    /// ```
    pub struct SparseSigmoid;
}

#[doc(hidden)]
impl Definition for SparseSigmoid {
    const INFO: Info = Info {
        name: "sparse_sigmoid",
        title: "Sparse sigmoid",
        formula: "min(max((x + 1) / 2, 0), 1)",
        origin: "JAX (jax.nn.sparse_sigmoid); the twin of the sigmoid as sparsemax is of softmax, Martins and \
                 Astudillo 2016",
        advice: "A gate that closes and opens fully. Beyond ±1 no gradient passes.",
        pytorch: "",
        jax: "jax.nn.sparse_sigmoid",
        keras: "keras.activations.sparse_sigmoid",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.6243215587888255),
        max_ulp: MaxUlp { f32: 0.5, f64: 0.5, ..MaxUlp::NONE },
    };

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Selects;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        (x.within(-1.0, 1.0) + N::lit(1.0)).times(0.5)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let outside = if x.abs() >= N::lit(1.0) { N::lit(0.0) } else { x };
        if x.abs() < N::lit(1.0) { N::lit(0.5) } else { outside }
    }
}

#[doc(hidden)]
impl Reference for SparseSigmoid {
    fn reference<R: Real>(self, x: R) -> R {
        let sum = x.clone() + R::from(1.0);
        if !sum.is_positive() {
            R::from(0.0)
        } else if (x - R::from(1.0)).is_positive() {
            R::from(1.0)
        } else {
            sum * R::from(0.5)
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        R::from(if (R::from(1.0) - x.abs()).is_positive() { 0.5 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((SparseSigmoid.value(f32::INFINITY), SparseSigmoid.value(f64::NEG_INFINITY)), (1.0, 0.0));
        assert_eq!((SparseSigmoid.slope(1.0_f32), SparseSigmoid.slope(-1.0_f32)), (0.0, 0.0));
        assert!(SparseSigmoid.value(f32::NAN).is_nan() && SparseSigmoid.slope(f64::NAN).is_nan());
    }
}
