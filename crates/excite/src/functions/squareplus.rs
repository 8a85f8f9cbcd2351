use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Native, Number, product_in_two};
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// (x + √(x² + b)) / 2: a smooth ReLU, by a hyperbola.
    ///
    /// ```
    /// use excite::{Elementwise, Squareplus};
    /// let f = Squareplus::default();
    /// assert_eq!(f.value(0.0_f32), 1.0);
    /// assert_eq!(f.slope(0.0_f32), 0.5);
    /// // Below 0 it does not cancel: nearly 1 / |x|.
    /// assert_eq!(f.value(-1e6_f32), 1e-6);
    /// ```
    pub struct Squareplus {
        /// How far it is from ReLU: (√b) / 2 at 0.
        b = 4.0, from 1e-6 to 1e6;
    }
}

/// From here on √(x² + b) is |x|, and x² might overflow.
const LARGE: f64 = 1e100;

/// 2^60: from here on b is below the last place of x² in f64 too, and in f32 neither x² nor its inverse is out of range.
const TUNED_LARGE: f64 = 1152921504606846976.0;

#[doc(hidden)]
impl Definition for Squareplus {
    const INFO: Info = Info {
        name: "squareplus",
        title: "Squareplus",
        formula: "(x + √(x² + b)) / 2",
        origin: "Barron 2021, Squareplus: A Softplus-Like Algebraic Rectifier",
        advice: "A softplus without exponential or logarithm: smooth, positive, cheap. Its tail falls as b / 4|x|.",
        pytorch: "",
        jax: "jax.nn.squareplus",
        keras: "keras.activations.squareplus",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(0.816496580927726),
        max_ulp: MaxUlp { slope_f32: 0.8, slope_f64: 1.1, ..MaxUlp::ROUNDED },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Extended;
    const SLOPE_PRECISION: Precision = Precision::Tuned;

    /// Below 0: (b / 4) / ((√(x² + b) + |x|) / 2), where the half of the sum does not overflow.
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let size = x.abs();
        let root = if size > N::lit(LARGE) { size } else { size.mul_add(size, N::lit(self.b)).sqrt() };
        let half_sum = root.times(0.5) + size.times(0.5);
        if x > N::lit(0.0) { half_sum } else { N::lit(0.25 * self.b) / half_sum }
    }

    /// (1 + x / √(x² + b)) / 2; below 0: (b / 2) / (√(x² + b)·(√(x² + b) + |x|)).
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let size = x.abs().at_most(N::lit(f64::MAX));
        let root = if size > N::lit(LARGE) { size } else { size.mul_add(size, N::lit(self.b)).sqrt() };
        let inverse = N::lit(0.5) / root;
        let above = if x > N::lit(LARGE) { N::lit(1.0) } else { root.mul_add(inverse, size * inverse) };
        if x > N::lit(0.0) { above } else { N::lit(self.b) * inverse / (root + size) }
    }

    /// q = (b / 2) / (√(x² + b)·(√(x² + b) + |x|)) below 0 and 1 − q above. The quotient is corrected by what all else rounds off.
    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let (b, b_lo) = T::in_two(self.b, 0.0);
        let (half_b, half_b_lo) = T::in_two(0.5 * self.b, 0.0);
        let size = x.abs();
        let (of_x, of_x_lo) = product_in_two(size, (size, T::ZERO));
        let square = of_x + b;
        let (larger, smaller) = (of_x.at_least(b), of_x.at_most(b));
        let square_lo = (smaller - (square - larger)) + (of_x_lo + b_lo);
        let root = square.sqrt();
        let sum = root + size;
        let product = root * sum;
        let inverse = T::ONE / product;
        let root_lo = (root.mul_add(-root, square) + square_lo) * (T::lit(0.5) * sum * inverse);
        let sum_lo = (size - (sum - root)) + root_lo;
        let product_lo = root.mul_add(sum_lo, sum.mul_add(root_lo, root.mul_add(sum, -product)));
        let quotient = half_b * inverse;
        let residual = quotient.mul_add(-product_lo, quotient.mul_add(-product, half_b) + half_b_lo);
        let below = residual.mul_add(inverse, quotient);
        (if x > T::ZERO { T::ONE - below } else { below }, !(size <= T::lit(TUNED_LARGE)))
    }

    /// 1 / (4·√(x² + b))
    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        N::lit(0.25) / x.within(-LARGE, LARGE).mul_add(x.within(-LARGE, LARGE), N::lit(self.b)).sqrt()
    }
}

#[doc(hidden)]
impl Reference for Squareplus {
    fn reference<R: Real>(self, x: R) -> R {
        let b = R::from(self.b);
        let size = x.clone().abs();
        let large = (size.clone() - R::from(LARGE)).is_positive();
        let sum = size.clone() + if large { size } else { (size.squared() + b.clone()).sqrt() };
        if x.is_positive() { sum * R::from(0.5) } else { b * R::from(0.5) / sum }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let (b, half) = (R::from(self.b), R::from(0.5));
        let size = x.clone().abs();
        if (size.clone() - R::from(LARGE)).is_positive() {
            let below = half * b / size.clone() / (size.clone() + size);
            return if x.is_positive() { R::from(1.0) } else { below };
        }
        let root = (size.clone().squared() + b.clone()).sqrt();
        let sum = root.clone() + size;
        if x.is_positive() { half * sum / root } else { half * b / (root * sum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Squareplus::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, 0.0));
        assert_eq!((f.value(1e300_f64), f.value(-1e300_f64)), (1e300, 1e-300));
        // The sum of the two halves overflows, and half of it does not.
        assert_eq!(f.value(-1.6e308_f64), 1.0 / 1.6e308);
        assert_eq!((f.slope(f32::INFINITY), f.slope(f64::NEG_INFINITY)), (1.0, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
