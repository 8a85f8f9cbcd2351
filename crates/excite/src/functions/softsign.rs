use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Native, Number};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x / (1 + |x|): zero-centred, saturates slowly on both sides.
    ///
    /// ```
    /// use excite::{Elementwise, Softsign};
    /// assert_eq!([-1.0_f32, 0.0, 3.0].map(|x| Softsign.value(x)), [-0.5, 0.0, 0.75]);
    /// assert_eq!(Softsign.slope(1.0_f32), 0.25);
    /// ```
    pub struct Softsign;
}

/// From here on the value is ±1 in f64 too.
const LIMIT: f64 = 1e20;

/// Beyond this a correction of the slope is subnormal in f32.
const SLOPE_LIMIT: f64 = 1e12;

/// 1 + size as a sum of two.
#[inline(always)]
fn one_plus<T: Native>(size: T) -> (T, T) {
    let sum = T::ONE + size;
    let of_size = sum - T::ONE;
    (sum, (T::ONE - (sum - of_size)) + (size - of_size))
}

/// From here on the value is ±1.
const FAST_LIMIT: f32 = 1e30;

#[doc(hidden)]
impl Definition for Softsign {
    const INFO: Info = Info {
        name: "softsign",
        title: "Softsign",
        formula: "x / (1 + |x|)",
        origin: "Turian, Bergstra and Bengio 2009; Glorot and Bengio 2010",
        advice: "A tanh that saturates slowly, without an exponential: its slope falls as 1/x².",
        pytorch: "torch.nn.Softsign",
        jax: "jax.nn.soft_sign",
        keras: "keras.activations.softsign",
        onnx: "Softsign",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(2.3375333631085397),
        max_ulp: MaxUlp { f32: 0.55, f64: 0.55, slope_f32: 0.55, slope_f64: 1.7 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(1.6), slope: Some(4.0) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.within(-LIMIT, LIMIT);
        x * (N::lit(1.0) + x.abs()).inverse()
    }

    /// The quotient, corrected by its residual and by what the sum lost.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let x = x.within(-LIMIT, LIMIT);
        let (sum, lost) = one_plus(x.abs());
        let inverse = T::ONE / sum;
        let q = x * inverse;
        let residual = q.mul_add(-lost, q.mul_add(-sum, x));
        residual.mul_add(inverse, q).copysign(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let q = (N::lit(1.0) + x.abs()).inverse();
        q * q
    }

    /// The square of the inverse, which is corrected by its residual and by what the sum lost.
    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let size = x.abs();
        let (sum, lost) = one_plus(size);
        let inverse = T::ONE / sum;
        let rest = inverse.mul_add(-lost, inverse.mul_add(-sum, T::ONE)) * inverse;
        let slope = inverse.mul_add(inverse, (inverse + inverse) * rest);
        (slope, !(size <= T::lit(SLOPE_LIMIT)))
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // Beyond, the quotient is ±1.
        let near = x.at_least(-FAST_LIMIT).at_most(FAST_LIMIT);
        near / (1.0 + near.abs())
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let inverse = 1.0 / (1.0 + x.abs());
        inverse * inverse
    }
}

#[doc(hidden)]
impl Reference for Softsign {
    fn reference<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        if (x.clone().abs() - R::from(LIMIT)).is_positive() {
            R::from(if x.is_positive() { 1.0 } else { -1.0 })
        } else {
            x.clone() / (one + x.abs())
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        one.clone() / (one + x.abs()).squared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((Softsign.value(f32::INFINITY), Softsign.value(f64::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!(Softsign.slope(f32::INFINITY), 0.0);
        assert!(Softsign.value(-0.0_f32).is_sign_negative());
        assert!(Softsign.value(f32::NAN).is_nan() && Softsign.slope(f64::NAN).is_nan());
    }
}
