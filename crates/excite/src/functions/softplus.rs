use super::sigmoid::logistic;
use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{EXP_LOST, EXP_LOWEST, Native, Number, fast, inverse_in_two, ln_1p_exp, product_in_two};
use crate::parameters::{activation, parameters};
use crate::{FastUlp, Info, MaxUlp, Sigmoid};

activation! {
    /// ln(1 + e^(βx)) / β, a smooth ReLU; its slope is the sigmoid of βx. Where βx is above the threshold it is x itself, as in PyTorch: with the
    /// default of 20 that changes nothing in f32, and 2·10⁻⁹ in f64.
    ///
    /// ```
    /// use excite::{Elementwise, Softplus};
    /// let f = Softplus::default();
    /// assert_eq!(f.value(0.0_f32), std::f32::consts::LN_2);
    /// // The tail keeps its digits.
    /// assert_eq!(f.value(-100.0_f32), 3.783506e-44);
    /// assert_eq!(f.slope(0.0_f32), 0.5);
    /// ```
    pub struct Softplus {
        /// How sharply it bends.
        beta = 1.0, from 1e-6 to 1e6;
        /// Where β·x is above this, the value is x.
        threshold = 20.0, from 0.0 to 1e30;
    }
}

/// Below this ln(1 + eᶻ) is eᶻ to the last digit of a pair.
const TAIL: f64 = -80.0;

#[doc(hidden)]
impl Definition for Softplus {
    const INFO: Info = Info {
        name: "softplus",
        title: "Softplus",
        formula: "ln(1 + e^(βx)) / β; x where βx > threshold",
        origin: "Dugas et al. 2000, Incorporating Second-Order Functional Knowledge for Better Option Pricing",
        advice: "Where an output must be positive, such as a scale. In hidden layers ReLU is cheaper and mostly \
                 better.",
        pytorch: "torch.nn.Softplus",
        jax: "jax.nn.softplus",
        keras: "keras.activations.softplus",
        onnx: "Softplus",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.0418668355353017),
        max_ulp: MaxUlp { f32: 1.0, f64: 1.0, slope_f32: 1.0, slope_f64: 1.0 },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(3.2), slope: Some(3.5) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let z = x.times(self.beta);
        let raised = (-z.abs()).exp_scaled();
        let e = raised.scaled_back();
        let scale = N::lit(1.0) / N::lit(self.beta);
        let bent = (z.at_least(N::lit(0.0)) + e.ln_1p()) * scale;
        // ln(1 + e) is e where e is below the last place of 1.
        let tail = (raised * scale).scaled_back();
        let low = if z < N::lit(TAIL) { tail } else { bent };
        if z > N::lit(self.threshold) { x } else { low }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let beta = T::lit(self.beta);
        let highest = T::pick(EXP_LOST) / beta;
        let (z, z_lo) =
            product_in_two(x.at_least(T::pick(EXP_LOWEST) / beta).at_most(highest), T::in_two(self.beta, 0.0));
        let bent = ln_1p_exp(z, Some(z_lo), Some(inverse_in_two(self.beta)));
        if (x > highest) | (x * beta > T::lit(self.threshold)) { x } else { bent }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let z = x.times(self.beta);
        let sigmoid = Sigmoid.formula(z);
        if z > N::lit(self.threshold) { N::lit(1.0) } else { sigmoid }
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let beta = T::lit(self.beta);
        let near = x.at_least(T::pick(EXP_LOWEST) / beta).at_most(T::pick(EXP_LOST) / beta);
        let (z, z_lo) = product_in_two(near, T::in_two(self.beta, 0.0));
        let sigmoid = logistic(z, Some(z_lo));
        (if x * beta > T::lit(self.threshold) { T::ONE } else { sigmoid }, false)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, index: usize, x: N) -> N {
        // β's: (x·σ(βx) − value) / β. The threshold's is 0 but where it jumps.
        let z = x.times(self.beta);
        let less = (x.within(-1e100, 1e100) * Sigmoid.formula(z) - self.formula(x)) / N::lit(self.beta);
        if (index == 1) | (z > N::lit(self.threshold)) { N::lit(0.0) } else { less }
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        let bent = fast::softplus(x);
        if x > self.threshold as f32 { x } else { bent }
    }

    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let sigmoid = fast::logistic(x);
        if x > self.threshold as f32 { 1.0 } else { sigmoid }
    }

    fn suits_fast(self) -> bool {
        self.beta == 1.0
    }
}

#[doc(hidden)]
impl Reference for Softplus {
    fn reference<R: Real>(self, x: R) -> R {
        let beta = R::from(self.beta);
        let z = x.clone() * beta.clone();
        if (z.clone() - R::from(self.threshold)).is_positive() {
            x
        } else if z.is_positive() {
            (z.clone() + (-z).exp().ln_1p()) / beta
        } else {
            z.exp().ln_1p() / beta
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let z = x * R::from(self.beta);
        if (z.clone() - R::from(self.threshold)).is_positive() { R::from(1.0) } else { Sigmoid.reference(z) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Softplus::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert_eq!((f.slope(f32::INFINITY), f.slope(f64::NEG_INFINITY)), (1.0, 0.0));
        assert_eq!((f.value(-103.0_f32), f.value(-745.0_f64)), (f32::from_bits(1), f64::from_bits(1)));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
