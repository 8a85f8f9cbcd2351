use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{Exp, LOWERING, fma};
use crate::math::{Native, Number, Root, times_logistic, times_logistic_slope};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2, the approximation of GELU that GPT-2 and BERT were trained with.
    ///
    /// ```
    /// use excite::{Elementwise, GeluTanh};
    /// assert_eq!(GeluTanh.value(1.0_f32), 0.841192);
    /// assert_eq!(GeluTanh.slope(0.0_f32), 0.5);
    /// assert_eq!(GeluTanh.value(f32::NEG_INFINITY).to_bits(), (-0.0_f32).to_bits());
    /// ```
    pub struct GeluTanh;
}

/// Beyond ±LIMIT, e^(−2·√(2/π)·(x + κx³)) is 0 in f64 too.
const LIMIT: f64 = 25.0;

/// 2·√(2/π)
const TWICE_ROOT: (f64, f64) = (1.59576912160573081145, -9.9693088091109201777894753547790465e-17);

const KAPPA: f64 = 0.044715;

/// Their product.
const TWICE_ROOT_KAPPA: (f64, f64) = (0.07135481627260025, -4.1218577217431825e-18);

/// Three times that.
const SIX_ROOT_KAPPA: (f64, f64) = (0.21406444881780073, 1.5122146425849084567e-18);

/// x·(2·√(2/π) + factor·x²) for |x| ≤ `LIMIT` as a sum of two, the factor being in two parts.
#[inline(always)]
fn cubic_in_two<T: Native>(x: T, (cubic, cubic_lo): (T, T)) -> (T, T) {
    let (root, root_lo) = T::in_two(TWICE_ROOT.0, TWICE_ROOT.1);
    // Cut to a last place with which `cut − factor` is exact for all factors, which are below 140, as far as it counts.
    let cut = (root + T::lit(64.0)) - T::lit(64.0);
    let cut_lo = (root - cut) + root_lo;
    let square = x * x;
    let square_lo = x.mul_add(x, -square);
    let factor = square.mul_add(cubic, cut);
    let small = square_lo.mul_add(cubic, square.mul_add(cubic_lo, cut_lo));
    let factor_lo = square.mul_add(cubic, cut - factor) + small;
    let product = x * factor;
    (product, x.mul_add(factor_lo, x.mul_add(factor, -product)))
}

/// v = 2·√(2/π)·(x + κx³): the function is x·σ(v).
#[inline(always)]
fn inner<N: Number>(x: N, square: N) -> N {
    x * N::constant(TWICE_ROOT.0, TWICE_ROOT.1) * (square.times(KAPPA) + N::lit(1.0))
}

/// Of the slope.
const ROOT: Root = Root {
    at: (-0.7524614220710163, 3.4358218314355225e-17),
    steepness: (0.4304000910248585, 1.659904826469907e-17),
    rest: [
        -3.495617169443609e-05,
        0.00012425227802639787,
        0.0002639276405268104,
        -0.0009274420230205452,
        -0.002422731845875097,
        0.005261059254921913,
        0.019682309459833118,
        -0.016619328343052565,
        -0.11394448308095899,
        -0.015782853521848023,
        0.38751844613578895,
    ],
};

/// From here on the value is x.
const FAST_SELF: f32 = 6.0;

/// The least f32 within the range.
const FAST_MINIMUM: f32 = -0.17004074;

/// v / x = 2·√(2/π)·(1 + κx²) in two parts, for |x| ≤ 12.
#[inline(always)]
fn fast_steepness(x: f32) -> (f32, f32) {
    // Cut to a last place with which `CUT − factor` is exact for all factors, which are below 16.
    const CUT: f32 = 1.595_768_928_527_832;
    const CUT_LO: f32 = (TWICE_ROOT.0 - CUT as f64) as f32;
    const CUBIC: f32 = TWICE_ROOT_KAPPA.0 as f32;
    const CUBIC_LO: f32 = (TWICE_ROOT_KAPPA.0 - CUBIC as f64) as f32;
    let square = x * x;
    let square_lo = fma(x, x, -square);
    let factor = fma(square, CUBIC, CUT);
    (factor, fma(square, CUBIC, CUT - factor) + fma(square, CUBIC_LO, fma(square_lo, CUBIC, CUT_LO)))
}

#[doc(hidden)]
impl Definition for GeluTanh {
    const INFO: Info = Info {
        name: "gelu_tanh",
        title: "GELU (tanh)",
        formula: "x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2",
        origin: "Hendrycks and Gimpel 2016, Gaussian Error Linear Units",
        advice: "Where a model was trained with it (GPT-2, BERT, Gemma). For a new one GELU itself or SiLU will do.",
        pytorch: "torch.nn.GELU(approximate='tanh')",
        jax: "jax.nn.gelu",
        keras: "keras.activations.gelu(approximate=True)",
        onnx: "Gelu(approximate=tanh)",
        aliases: &[
            "gelu_new",
            "new_gelu",
            "gelu_approximate",
            "gelu_pytorch_tanh",
            "gelu_python_tanh",
            "gelu_fast",
            "gelu_accurate",
        ],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.5335805216661548),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.9, slope_f32: 0.95, slope_f64: 1.1 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(2.6), slope: None };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.at_least(N::lit(-LIMIT));
        let size = x.abs().at_most(N::lit(LIMIT));
        let e = (-inner(size, size * size)).exp_scaled().nudged_towards_zero();
        let above = x * (N::lit(1.0) + e.scaled_back()).inverse();
        if x > N::lit(0.0) { above } else { (above * e).scaled_back() }
    }

    /// x·σ(v), with v in two parts: what it is off by counts as often as v is large.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let low = x.at_least(T::lit(-LIMIT));
        let near = low.at_most(T::lit(LIMIT));
        let (v, v_lo) = cubic_in_two(near, T::in_two(TWICE_ROOT_KAPPA.0, TWICE_ROOT_KAPPA.1));
        times_logistic(low, v, Some(v_lo))
    }

    /// As for SiLU, with v' = 2·√(2/π)·(1 + 3κx²): with e = e^(−|v|) and q = 1 / (1 + e) it is q·(1 + x·v'·e·q) above 0 and
    /// e·q·(1 + x·v'·q) below.
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let x = x.within(-LIMIT, LIMIT);
        let square = x * x;
        let raised = (-inner(x.abs(), square)).exp_scaled();
        let e = raised.scaled_back();
        let q = (N::lit(1.0) + e).inverse();
        let steepness = N::constant(TWICE_ROOT.0, TWICE_ROOT.1) * (square.times(KAPPA).times(3.0) + N::lit(1.0));
        let bend = x * steepness * q;
        let below = (q * raised * (N::lit(1.0) + bend)).scaled_back();
        ROOT.beside(x, if x > N::lit(0.0) { q * bend.mul_add(e, N::lit(1.0)) } else { below })
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let near = x.within(-LIMIT, LIMIT);
        let (v, v_lo) = cubic_in_two(near, T::in_two(TWICE_ROOT_KAPPA.0, TWICE_ROOT_KAPPA.1));
        let (rise, rise_lo) = cubic_in_two(near, T::in_two(SIX_ROOT_KAPPA.0, SIX_ROOT_KAPPA.1));
        times_logistic_slope((v, Some(v_lo)), (rise, Some(rise_lo)))
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // At −10.53 the raised power of e^−v is infinite.
        let near = x.at_least(-10.53);
        let (factor, factor_lo) = fast_steepness(near);
        let exp = Exp::of_product(near * -factor, near, (-factor, -factor_lo), -16.0);
        let y = near / fma(exp.fine_factor(), exp.power, LOWERING) * LOWERING;
        if x > FAST_SELF { x } else { y.at_least(FAST_MINIMUM) }
    }
}

#[doc(hidden)]
impl Reference for GeluTanh {
    fn reference<R: Real>(self, x: R) -> R {
        let x = if (x.clone() + R::from(LIMIT)).is_positive() { x } else { R::from(-LIMIT) };
        let one = R::from(1.0);
        let size = x.clone().abs();
        let size = if (R::from(LIMIT) - size.clone()).is_positive() { size } else { R::from(LIMIT) };
        let root = (R::from(2.0) / R::pi()).sqrt();
        let inner = root * (size.clone() + R::from(KAPPA) * size.clone().squared() * size);
        let e = (inner * R::from(-2.0)).exp();
        if x.is_positive() { x / (one + e) } else { x * e.clone() / (one + e) }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let one = R::from(1.0);
        let size = x.clone().abs();
        let size = if (R::from(LIMIT) - size.clone()).is_positive() { size } else { R::from(LIMIT) };
        let root = (R::from(2.0) / R::pi()).sqrt() * R::from(2.0);
        let square = size.clone().squared();
        let e = (-(root.clone() * (size.clone() + R::from(KAPPA) * square.clone() * size.clone()))).exp();
        let rise = size * root * (one.clone() + R::from(3.0) * (R::from(KAPPA) * square));
        let sum = one + e.clone();
        if x.is_positive() {
            (sum.clone() + rise * e) / (sum.clone() * sum)
        } else {
            e * (sum.clone() - rise) / (sum.clone() * sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((GeluTanh.value(f32::INFINITY), GeluTanh.value(f64::INFINITY)), (f32::INFINITY, f64::INFINITY));
        assert_eq!(GeluTanh.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(GeluTanh.value(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!((GeluTanh.slope(f32::INFINITY), GeluTanh.slope(f64::NEG_INFINITY)), (1.0, 0.0));
        assert!(GeluTanh.value(f32::NAN).is_nan() && GeluTanh.slope(f64::NAN).is_nan());
        // Where 1 + tanh leaves no digit.
        assert!(GeluTanh.value(-10.0_f32) < 0.0 && GeluTanh.value(-21.0_f64) < 0.0);
    }
}
