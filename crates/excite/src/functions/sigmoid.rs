use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Constant, EXP_LOST, EXP_ZERO, Native, Number, exp_m1_neg, fast, reduce};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp, SlopeFrom};

activation! {
    /// 1 / (1 + e⁻ˣ), the logistic function: squashes to [0, 1], saturates on both sides, not zero-centred.
    ///
    /// ```
    /// use excite::{Elementwise, Sigmoid};
    /// assert_eq!(Sigmoid.value(0.0_f32), 0.5);
    /// // The tail is not cut off: −100 gives a subnormal, not 0.
    /// assert_eq!(Sigmoid.value(-100.0_f32), 3.783506e-44);
    /// // The slope from the output y: y·(1 − y).
    /// assert_eq!(Sigmoid.slope(0.5_f32), 0.25);
    /// ```
    pub struct Sigmoid;
}

/// Below this σ(x) is 0, as eˣ is.
const ZERO: Constant = EXP_ZERO;

/// Above this σ(x) is 1.
const ONE: Constant = EXP_LOST;

/// σ(v + rest) = 1 / (1 + e^−(v + rest)) within 1 ULP, where the rest is below the last place of v.
///
/// With v = m·ln 2 + r and p = e⁻ʳ = 1 + s it is 2ᵐ / (2ᵐ + 1 + s). One Newton step on the reciprocal of the sum takes in the
/// rounding error of that sum, so that only the last rounding is left.
#[inline(always)]
pub fn logistic<T: Native>(v: T, rest: Option<T>) -> T {
    let v = v.at_least(T::pick(ZERO)).at_most(T::pick(ONE));
    // All of the sum is multiplied by the guard, with which 2^m is a normal number even where σ(v) is not.
    let reduced = reduce(v, T::GUARD_EXPONENT);
    let (power, guard) = (reduced.power, T::GUARD);
    let s = exp_m1_neg(&reduced);
    let d = s.mul_add(guard, power + guard);
    // d + d_lo = 2^m + 1 + s, but for what is below 2^-26 of it: d − 1 is exact, or 2^m is large and cancels it.
    let d_lo = s.mul_add(guard, power - (d - guard));
    // e^−(r + rest) is e⁻ʳ·(1 − rest).
    let d_lo = match rest {
        Some(rest) => (d - power).mul_add(-rest, d_lo),
        None => d_lo,
    };
    let y = T::ONE / d;
    let residual = y.mul_add(-d_lo, y.mul_add(-d, T::ONE));
    y.mul_add(residual, y) * power
}

#[doc(hidden)]
impl Definition for Sigmoid {
    const INFO: Info = Info {
        name: "sigmoid",
        title: "Sigmoid",
        formula: "1 / (1 + e⁻ˣ)",
        origin: "Verhulst 1838 (logistic function); Rumelhart, Hinton and Williams 1986 in networks",
        advice: "For gates and for probabilities at the output. In hidden layers it saturates, its slope is at most a \
                 quarter, and its outputs are all positive.",
        pytorch: "torch.nn.Sigmoid",
        jax: "jax.nn.sigmoid",
        keras: "keras.activations.sigmoid",
        onnx: "Sigmoid",
        gain: Some(1.0),
        aliases: &["logistic", "expit"],
        max_ulp: MaxUlp { f32: 1.0, f64: 1.0, slope_f32: 0.5, slope_f64: 0.5 },
    };

    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Native;
    const FAST: FastUlp = FastUlp { value: Some(3.5), slope: None };

    /// e^|x| never appears, so that nothing overflows and the tail keeps its digits.
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let e = (-x.abs()).exp_scaled();
        let above = (N::lit(1.0) + e.scaled_back()).inverse();
        if x > N::lit(0.0) { above } else { (e * above).scaled_back() }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        logistic(x, None)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        (-y).mul_add(y, y)
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        fast::logistic(x)
    }
}

#[doc(hidden)]
impl Reference for Sigmoid {
    fn reference<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        if x.is_positive() {
            one.clone() / (one + (-x).exp())
        } else {
            let e = x.exp();
            e.clone() / (one + e)
        }
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        y.clone() * (R::from(1.0) - y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Sigmoid.value(f32::INFINITY), 1.0);
        assert_eq!(Sigmoid.value(f32::NEG_INFINITY), 0.0);
        assert_eq!(Sigmoid.value(f64::INFINITY), 1.0);
        assert_eq!(Sigmoid.value(f64::NEG_INFINITY), 0.0);
        assert!(Sigmoid.value(f32::NAN).is_nan());
        assert!(Sigmoid.value(-f64::NAN).is_nan());
        assert_eq!(Sigmoid.value(f32::from_bits(1)), 0.5);
        assert_eq!(Sigmoid.value(-103.0_f32), f32::from_bits(1));
        assert_eq!(Sigmoid.value(-745.0_f64), f64::from_bits(1));
    }
}
