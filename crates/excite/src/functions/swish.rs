use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{EXP_LOWEST, Native, Number, Root, SELF, product_in_two, times_logistic, times_logistic_slope};
use crate::parameters::{activation, parameters};
use crate::{FastUlp, Info, MaxUlp, Silu};

activation! {
    /// x·σ(βx). With β = 1 it is [`Silu`](crate::Silu).
    ///
    /// ```
    /// use excite::{Elementwise, Swish};
    /// let f = Swish::new(2.0)?;
    /// assert_eq!(f.value(1.0_f32), 0.8807971);
    /// assert_eq!(f.slope(0.0_f32), 0.5);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Swish {
        /// How sharply it bends.
        beta = 1.0, from 1e-3 to 1e3;
    }
}

/// e^−LIMIT is 0 in f64 too, and LIMIT / β no hindrance.
const LIMIT: f64 = 1000.0;

/// Of the slope, in βx.
const ROOT: Root = Root {
    at: (-1.2784645427610737, -1.0946994183093437e-16),
    steepness: (0.2178117057198001, -3.974332795880862e-18),
    rest: [
        2.346029682463866e-06,
        -2.942631888842464e-06,
        -2.9733542213263917e-05,
        -4.090534237428612e-05,
        0.00018570724361186496,
        0.0007985218818397998,
        0.000126627410081122,
        -0.006606589138356696,
        -0.015222655223188032,
        0.018874814223782312,
        0.1466487969969469,
    ],
};

#[doc(hidden)]
impl Definition for Swish {
    const INFO: Info = Info {
        name: "swish",
        title: "Swish (β)",
        formula: "x / (1 + e^(−βx))",
        origin: "Ramachandran, Zoph and Le 2017, Searching for Activation Functions",
        advice: "SiLU with a sharpness that can be trained: from x / 2 for small β to ReLU for large.",
        pytorch: "",
        jax: "",
        keras: "",
        onnx: "Swish(alpha)",
        aliases: &["silu_beta"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.6765324703310907),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.9, slope_f32: 0.8, slope_f64: 1.0 },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(3.65), slope: None };

    /// e^|βx| never appears, so that nothing overflows and the tail keeps its digits.
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.at_least(N::lit(-LIMIT / self.beta));
        let raised = (-x.times(self.beta).abs()).exp_scaled().nudged_towards_zero();
        let above = x * (N::lit(1.0) + raised.scaled_back()).inverse();
        if x > N::lit(0.0) { above } else { (above * raised).scaled_back() }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let low = x.at_least(T::pick(EXP_LOWEST) / T::lit(self.beta));
        let (z, z_lo) = product_in_two(low, T::in_two(self.beta, 0.0));
        times_logistic(low, z, Some(z_lo))
    }

    /// With z = βx, e = e^(−|z|) and q = 1 / (1 + e): σ(z)·(1 + z·(1 − σ(z))), which is q·(1 + z·e·q) above 0 and
    /// e·q·(1 + z·q) below.
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        // Above the limit the slope is 1, and infinity would meet e = 0.
        let z = x.times(self.beta).within(-LIMIT, LIMIT);
        let raised = (-z.abs()).exp_scaled();
        let e = raised.scaled_back();
        let q = (N::lit(1.0) + e).inverse();
        let zq = z * q;
        let below = (q * raised * (N::lit(1.0) + zq)).scaled_back();
        ROOT.beside(z, if z > N::lit(0.0) { q * zq.mul_add(e, N::lit(1.0)) } else { below })
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let beta = T::lit(self.beta);
        let near = x.at_least(T::pick(EXP_LOWEST) / beta).at_most(T::pick(SELF) / beta);
        let (z, z_lo) = product_in_two(near, T::in_two(self.beta, 0.0));
        times_logistic_slope((z, Some(z_lo)), (z, Some(z_lo)))
    }

    /// x²·σ'(βx)
    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        let x = x.within(-LIMIT / self.beta, LIMIT / self.beta);
        let e = (-x.times(self.beta).abs()).exp_scaled().scaled_back();
        let q = (N::lit(1.0) + e).inverse();
        x * x * e * q * q
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        Silu.fast(x)
    }

    fn suits_fast(self) -> bool {
        self.beta == 1.0
    }
}

#[doc(hidden)]
impl Reference for Swish {
    fn reference<R: Real>(self, x: R) -> R {
        let (one, limit) = (R::from(1.0), R::from(LIMIT / self.beta));
        if x.is_positive() {
            x.clone() / (one + (-(x * R::from(self.beta))).exp())
        } else {
            // The exponential vanishes faster than x grows.
            let x = if (x.clone() + limit.clone()).is_positive() { x } else { -limit };
            let e = (x.clone() * R::from(self.beta)).exp();
            x * e.clone() / (one + e)
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        let size = (x.clone() * R::from(self.beta)).abs();
        let size = if (R::from(LIMIT) - size.clone()).is_positive() { size } else { R::from(LIMIT) };
        let e = (-size.clone()).exp();
        let sum = one + e.clone();
        if x.is_positive() {
            (sum.clone() + size * e) / (sum.clone() * sum)
        } else {
            e.clone() * (sum.clone() - size) / (sum.clone() * sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Swish::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::INFINITY)), (f32::INFINITY, f64::INFINITY));
        assert_eq!(f.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!((f.slope(f32::INFINITY), f.slope(f32::NEG_INFINITY).abs()), (1.0, 0.0));
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
