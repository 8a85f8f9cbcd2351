use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Native, Number};
use crate::parameters::activation;
use crate::{Info, MaxUlp};

activation! {
    /// 0 below −1, x above 1, and a parabola between that meets both smoothly.
    ///
    /// ```
    /// use excite::{Elementwise, SparsePlus};
    /// assert_eq!([-1.0_f32, 0.0, 2.0].map(|x| SparsePlus.value(x)), [0.0, 0.25, 2.0]);
    /// assert_eq!(SparsePlus.slope(0.0_f32), 0.5);
    /// ```
    pub struct SparsePlus;
}

#[doc(hidden)]
impl Definition for SparsePlus {
    const INFO: Info = Info {
        name: "sparse_plus",
        title: "Sparse plus",
        formula: "0 if x ≤ −1, (x + 1)² / 4 if x < 1, else x",
        origin: "JAX (jax.nn.sparse_plus); the twin of softplus as sparsemax is of softmax, Martins and Astudillo \
                 2016",
        advice: "A smooth ReLU without an exponential that is exactly 0 below −1.",
        pytorch: "",
        jax: "jax.nn.sparse_plus",
        keras: "keras.activations.sparse_plus",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.3803368628588104),
        max_ulp: MaxUlp { f32: 0.501, f64: 0.51, slope_f32: 0.5, slope_f64: 0.5 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let sum = x.within(-1.0, 1.0) + N::lit(1.0);
        let bent = (sum * sum).times(0.25);
        if x >= N::lit(1.0) { x } else { bent }
    }

    /// The square, with what the sum and the product lost.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let inside = x.within(-1.0, 1.0);
        let sum = inside + T::ONE;
        let lost = inside - (sum - T::ONE);
        let square = sum * sum;
        let rest = (sum + sum).mul_add(lost, sum.mul_add(sum, -square));
        let bent = (square + rest) * T::lit(0.25);
        if x >= T::ONE { x } else { bent }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        (x.within(-1.0, 1.0) + N::lit(1.0)).times(0.5)
    }
}

#[doc(hidden)]
impl Reference for SparsePlus {
    fn reference<R: Real>(self, x: R) -> R {
        let sum = x.clone() + R::from(1.0);
        if !sum.is_positive() {
            R::from(0.0)
        } else if (x.clone() - R::from(1.0)).is_positive() {
            x
        } else {
            sum.squared() * R::from(0.25)
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let sum = x.clone() + R::from(1.0);
        if !sum.is_positive() {
            R::from(0.0)
        } else if (x - R::from(1.0)).is_positive() {
            R::from(1.0)
        } else {
            sum * R::from(0.5)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((SparsePlus.value(f32::INFINITY), SparsePlus.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert!(SparsePlus.value(f32::NAN).is_nan() && SparsePlus.slope(f64::NAN).is_nan());
    }
}
