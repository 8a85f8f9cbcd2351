use super::sigmoid::logistic;
use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{EXP_LOST, EXP_LOWEST, Native, Number, fast, ln_1p_exp};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp, Sigmoid};

activation! {
    /// ln σ(x), accurate where σ(x) is near 0 and where it is near 1.
    ///
    /// ```
    /// use excite::{Elementwise, LogSigmoid};
    /// assert_eq!(LogSigmoid.value(0.0_f32), -std::f32::consts::LN_2);
    /// assert_eq!(LogSigmoid.value(-1000.0_f32), -1000.0);
    /// assert_eq!(LogSigmoid.value(100.0_f32), -3.783506e-44);
    /// ```
    pub struct LogSigmoid;
}

/// Above this ln(1 + e⁻ˣ) is e⁻ˣ to the last digit of a pair.
const TAIL: f64 = 80.0;

#[doc(hidden)]
impl Definition for LogSigmoid {
    const INFO: Info = Info {
        name: "log_sigmoid",
        title: "Log-sigmoid",
        formula: "ln σ(x) = −ln(1 + e⁻ˣ)",
        origin: "The logistic log-likelihood, Berkson 1944",
        advice: "For log-probabilities and losses, where ln of a sigmoid would lose all digits. Not for hidden \
                 layers.",
        pytorch: "torch.nn.LogSigmoid",
        jax: "jax.nn.log_sigmoid",
        keras: "keras.activations.log_sigmoid",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.0418668355353017),
        max_ulp: MaxUlp { f32: 1.0, f64: 1.0, slope_f32: 1.0, slope_f64: 1.0 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(3.2), slope: Some(3.6) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let raised = (-x.abs()).exp_scaled();
        let bent = x.at_most(N::lit(0.0)) - raised.scaled_back().ln_1p();
        // ln(1 + e) is e where e is below the last place of 1.
        if x > N::lit(TAIL) { (-raised).scaled_back() } else { bent }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let bent = -ln_1p_exp((-x).at_least(T::pick(EXP_LOWEST)).at_most(T::pick(EXP_LOST)), None, None);
        if x < -T::pick(EXP_LOST) { x } else { bent }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        Sigmoid.formula(-x)
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        (logistic(-x, None), false)
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        -fast::softplus(-x)
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        fast::logistic(-x)
    }
}

#[doc(hidden)]
impl Reference for LogSigmoid {
    fn reference<R: Real>(self, x: R) -> R {
        if x.is_positive() { -(-x).exp().ln_1p() } else { x.clone() - x.exp().ln_1p() }
    }

    /// e⁻ˣ / (1 + e⁻ˣ)
    fn reference_slope<R: Real>(self, x: R) -> R {
        Sigmoid.reference(-x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(LogSigmoid.value(f32::INFINITY).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(LogSigmoid.value(f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!((LogSigmoid.slope(f32::INFINITY), LogSigmoid.slope(f64::NEG_INFINITY)), (0.0, 1.0));
        assert_eq!(LogSigmoid.value(745.0_f64), -f64::from_bits(1));
        assert!(LogSigmoid.value(f32::NAN).is_nan() && LogSigmoid.slope(f64::NAN).is_nan());
    }
}
