use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{Exp, LOWERING, fma};
use crate::math::{Constant, EXP_LOWEST, Native, Number, Root, exp_m1_neg_whole, reduce};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x·tanh(ln(1 + eˣ)): smooth, slightly negative below 0, x itself far above.
    ///
    /// ```
    /// use excite::{Elementwise, Mish};
    /// assert_eq!(Mish.value(1.0_f32), 0.8650984);
    /// assert_eq!(Mish.slope(0.0_f32), 0.6);
    /// assert_eq!(Mish.value(-100.0_f32), -3.72e-42);
    /// ```
    pub struct Mish;
}

/// e^−LIMIT is 0 in f64 too.
const LIMIT: f64 = 1000.0;

/// Above this the value is x.
const SELF: Constant = Constant { f32: 9.5, f64: 19.5 };

/// Of the slope.
const ROOT: Root = Root {
    at: (-1.1924312145154952, -4.8484829848031044e-17),
    steepness: (0.2669479140495345, 1.5332816617135587e-17),
    rest: [
        -1.72992708103044e-05,
        -5.582891567360688e-05,
        -4.1961496031696126e-05,
        0.00025412936386191073,
        0.0009898181021289196,
        0.0010924055409445854,
        -0.0033606849270232685,
        -0.01582112656173338,
        -0.020271822716684245,
        0.04190782104360987,
        0.20473126408010586,
    ],
};

/// From here on the value is x, and up to there nothing overflows.
const FAST_SELF: f32 = 20.0;

/// The least f32 within the range.
const FAST_MINIMUM: f32 = -0.3088434;

#[doc(hidden)]
impl Definition for Mish {
    const INFO: Info = Info {
        name: "mish",
        title: "Mish",
        formula: "x·tanh(ln(1 + eˣ))",
        origin: "Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function",
        advice: "Where a model was trained with it (YOLOv4). For a new one SiLU behaves alike and costs less.",
        pytorch: "torch.nn.Mish",
        jax: "jax.nn.mish",
        keras: "keras.activations.mish",
        onnx: "Mish",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.4868475812732081),
        max_ulp: MaxUlp { f32: 0.85, f64: 0.9, slope_f32: 0.501, slope_f64: 1.0 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Extended;
    const FAST: FastUlp = FastUlp { value: Some(4.0), slope: None };

    /// tanh(ln(1 + E)) is n / (n + 2) with n = E·(E + 2): with e = e^(−|x|) below 0 E = e, and above E = 1 / e, where all is
    /// multiplied by e².
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.at_least(N::lit(-LIMIT));
        let raised = (-x.abs()).exp_scaled();
        let e = raised.scaled_back();
        let above = N::lit(1.0) + e.times(2.0);
        let below = e + N::lit(2.0);
        let square = e * e;
        let positive = x > N::lit(0.0);
        let sum = if positive { above + square.times(2.0) } else { square + e.times(2.0) + N::lit(2.0) };
        let scaled = x * sum.inverse();
        if positive { scaled * above } else { (scaled * below * raised).scaled_back() }
    }

    /// With x = m·ln 2 + r, P = 2ᵐ and p = e⁻ʳ it is x·P·n / d, where n = P + 2p and d = P·n + 2p²; the rounding errors of n, of d,
    /// of the quotient and of the product with x are all taken into the last addition.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let near = x.at_least(T::pick(EXP_LOWEST)).at_most(T::pick(SELF));
        let reduced = reduce(near, T::GUARD_EXPONENT);
        let (s, s_lo) = exp_m1_neg_whole(&reduced, None);
        let lowering = T::ONE / T::GUARD;
        let power = reduced.power * lowering;
        let p = T::ONE + s;
        let p_lo = (s - (p - T::ONE)) + s_lo;
        let twice = p + p;
        let (larger, smaller) = (twice.at_least(power), twice.at_most(power));
        let n = larger + smaller;
        let n_lo = (p_lo + p_lo) + (smaller - (n - larger));
        let square = twice * p;
        let square_lo = (twice + twice).mul_add(p_lo, twice.mul_add(p, -square));
        let rise = power * n;
        let (larger, smaller) = (rise.at_least(square), rise.at_most(square));
        let d = larger + smaller;
        let d_lo = (smaller - (d - larger)) + power.mul_add(n_lo, square_lo);
        let inverse = T::ONE / d;
        let q = n * inverse;
        let residual = q.mul_add(-d, n) + q.mul_add(-d_lo, n_lo);
        // Lifted, so that neither a tiny x nor a tiny result loses digits before the last multiplication.
        let lifted = near * T::GUARD;
        let product = lifted * q;
        let lost = lifted.mul_add(q, -product);
        let y = (lifted.mul_add(residual * inverse, lost) + product) * reduced.power * (lowering * lowering);
        // The sum of zeros has lost its sign.
        if x > T::pick(SELF) { x } else { y.copysign(x) }
    }

    /// (n·(n + 2) + 4x·E·(E + 1)) / (n + 2)², in the same terms.
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let x = x.within(-LIMIT, LIMIT);
        let raised = (-x.abs()).exp_scaled();
        let e = raised.scaled_back();
        let square = e * e;
        let positive = x > N::lit(0.0);
        let above = N::lit(1.0) + e.times(2.0);
        let sum = if positive { above + square.times(2.0) } else { square + e.times(2.0) + N::lit(2.0) };
        let inverse = sum.inverse();
        let bend = x.times(4.0) * (e + N::lit(1.0));
        let top = if positive { above * sum + bend * square } else { (e + N::lit(2.0)) * sum + bend };
        let scaled = top * inverse * inverse;
        ROOT.beside(x, if positive { scaled } else { (scaled * raised).scaled_back() })
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // At −99.2 the raised power is 0.
        let near = x.at_least(-99.2);
        let exp = Exp::of(near, 16.0);
        let e = exp.fine_factor() * exp.power;
        // E·(E + 2), raised.
        let n = fma(e * LOWERING, e, e + e);
        let y = near * (n / fma(n, LOWERING, 2.0)) * LOWERING;
        if x > FAST_SELF { x } else { y.at_least(FAST_MINIMUM) }
    }
}

#[doc(hidden)]
impl Reference for Mish {
    fn reference<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        if x.is_positive() {
            let e = (-x.clone()).exp();
            let top = one + e.clone() + e.clone();
            x * top.clone() / (top + e.clone().squared() * R::from(2.0))
        } else {
            let x = if (x.clone() + R::from(LIMIT)).is_positive() { x } else { R::from(-LIMIT) };
            let e = x.clone().exp();
            let top = e.clone() * (e + R::from(2.0));
            x * top.clone() / (top + R::from(2.0))
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        let size = x.clone().abs();
        let size = if (R::from(LIMIT) - size.clone()).is_positive() { size } else { R::from(LIMIT) };
        let e = (-size.clone()).exp();
        // tanh(s) + x·σ(x)·(1 − tanh²(s)), over one denominator.
        if x.is_positive() {
            let top = one.clone() + e.clone() + e.clone();
            let sum = top.clone() + e.clone().squared() * R::from(2.0);
            (top * sum.clone() + R::from(4.0) * size * e.clone().squared() * (one + e)) / sum.squared()
        } else {
            let sum = e.clone().squared() + e.clone() + e.clone() + R::from(2.0);
            let top = (e.clone() + R::from(2.0)) * sum.clone() - R::from(4.0) * size * (one + e.clone());
            e * top / sum.squared()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((Mish.value(f32::INFINITY), Mish.value(f64::INFINITY)), (f32::INFINITY, f64::INFINITY));
        assert_eq!(Mish.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(Mish.value(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!((Mish.slope(f32::INFINITY), Mish.slope(f64::INFINITY)), (1.0, 1.0));
        assert!(Mish.value(-108.0_f32) < 0.0 && Mish.value(-750.0_f64) < 0.0);
        assert!(Mish.value(f32::NAN).is_nan() && Mish.slope(f64::NAN).is_nan());
    }
}
