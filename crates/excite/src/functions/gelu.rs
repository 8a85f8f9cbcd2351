use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{EXP_HALF, fma, half_square_exp_m1, in_two, polynomial};
use crate::math::{Native, Number, Root, half_square_exp_short, tail_short, tail_slope_short};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// x·Φ(x), with Φ the normal distribution function, by the error function: smooth, slightly negative below 0.
    ///
    /// ```
    /// use excite::{Elementwise, Gelu};
    /// assert_eq!(Gelu.value(1.0_f32), 0.8413448);
    /// assert_eq!(Gelu.slope(0.0_f32), 0.5);
    /// // The tail keeps its digits, where 1 + erf(x/√2) would leave none.
    /// assert_eq!(Gelu.value(-13.0_f32), -7.952314e-38);
    /// ```
    pub struct Gelu;
}

/// Beyond ±LIMIT the normal tail is 0 in f64 too.
const LIMIT: f64 = 40.0;

/// The same in f32, for the value and for the slope.
const SHORT_LIMIT: f64 = 15.0;

/// 1/√(2π)
const PEAK: (f64, f64) = (0.398942280401432702863, -2.4923272022777300443948836738695232e-17);

/// Of the slope.
const ROOT: Root = Root {
    at: (-0.7517915246935645, 1.4956759177009883e-17),
    steepness: (0.4314939923140469, 2.7308688141129613e-17),
    rest: [
        -1.121438018842664e-05,
        8.615947861116571e-05,
        0.00018633974623233514,
        -0.0007448268386746817,
        -0.002239538068073497,
        0.004539228379125415,
        0.019421679838189067,
        -0.014771522148244337,
        -0.1140082332972217,
        -0.018199676398671087,
        0.388284982990552,
    ],
};

/// (s + 3)·P(s) in (s − 3) / (s + 3) for 0 ≤ s ≤ 13.27: error 2^-24.6, and then those of the neighbours in f32 that give the least error of
/// the whole formula.
const FAST_TAIL: [f32; 9] = [
    -0.00027308406,
    -0.00091227784,
    0.0010770577,
    0.0069291163,
    -0.010479109,
    -0.047257017,
    0.23001915,
    -0.5093322,
    0.72908366,
];

/// (e^(−t/2) − 1) / t for |t| ≤ ln 2, highest power first, chosen with it.
const FAST_EXP: [f32; 6] = [2.1635009e-5, -0.00026171372, 0.0026045023, -0.020833312, 0.124999866, -0.4999999];

/// The least f32 within the range.
const FAST_MINIMUM: f32 = -0.1699712;

/// −1 times the root of the slope, in two parts.
const FAST_ROOT: (f32, f32) = in_two(-ROOT.at.0);

/// (P(s) − s/√(2π)) / (s₀ − s) in (s − 3) / (s + 3), where s₀ is the root, for 0 ≤ s ≤ 13.68.
const FAST_SLOPE_TAIL: [f32; 8] =
    [-9.8823584e-5, -8.235431e-5, 0.001078749, 0.00019858076, -0.014071575, 0.05359686, -0.119975604, 0.47829765];

#[doc(hidden)]
impl Definition for Gelu {
    const INFO: Info = Info {
        name: "gelu",
        title: "GELU",
        formula: "x·Φ(x) = x·(1 + erf(x/√2)) / 2",
        origin: "Hendrycks and Gimpel 2016, Gaussian Error Linear Units",
        advice: "The usual choice in transformers. The tanh form and SiLU are cheaper and behave alike; do not exchange \
                 them in a trained model.",
        pytorch: "torch.nn.GELU",
        jax: "jax.nn.gelu(approximate=False)",
        keras: "keras.activations.gelu",
        onnx: "Gelu",
        aliases: &["gelu_erf", "gelu_python"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.5335304411954107),
        max_ulp: MaxUlp { f32: 0.65, f64: 1.2, slope_f32: 0.68, slope_f64: 1.0 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const FAST: FastUlp = FastUlp { value: Some(3.9), slope: Some(4.0) };

    /// With t = Φ(−|x|) = e^(−x²/2)·P(|x|): x·(1 − t) above 0 and x·t below.
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let x = x.at_least(N::lit(-LIMIT));
        let size = x.abs().at_most(N::lit(LIMIT));
        let tail = ((size * size).times(-0.5).exp_scaled() * size.normal_tail()).nudged_towards_zero();
        if x > N::lit(0.0) { x * (N::lit(1.0) - tail.scaled_back()) } else { (x * tail).scaled_back() }
    }

    /// max(x, 0) − |x|·t, with the digits that f32 needs.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let y = x.widened(
            #[inline(always)]
            |x| {
                let size = x.abs().at_most(SHORT_LIMIT);
                x.at_least(-0.0) - size * half_square_exp_short(size) * tail_short(size)
            },
            #[inline(always)]
            |x| self.formula(x),
        );
        // A pair knows no infinity.
        if x > T::lit(LIMIT) { x } else { y }
    }

    /// Φ(x) + x·φ(x), which is 1 − t above 0 and t below with t = e^(−x²/2)·(P(|x|) − |x|/√(2π)).
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let size = x.abs().at_most(N::lit(LIMIT));
        let less = size.normal_tail() - size * N::constant(PEAK.0, PEAK.1);
        let tail = ((size * size).times(-0.5).exp_scaled() * less).scaled_back();
        ROOT.beside(x, if x > N::lit(0.0) { N::lit(1.0) - tail } else { tail })
    }

    /// The same with the root taken out of the brackets.
    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        let slope = x.widened(
            #[inline(always)]
            |x| {
                let size = x.abs().at_most(SHORT_LIMIT);
                let tail = (-ROOT.at.0 - size) * half_square_exp_short(size) * tail_slope_short(size);
                if x > 0.0 { 1.0 - tail } else { tail }
            },
            #[inline(always)]
            |x| self.slope_formula(x),
        );
        (slope, false)
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // At 13.27 the power is 0.
        let size = x.abs().at_most(13.27);
        let (bend, power) = half_square_exp_m1(size, 0.0, FAST_EXP);
        let share = size / (size + 3.0);
        let tail = polynomial(FAST_TAIL, fma(2.0, share, -1.0));
        fma(-fma(tail, bend, tail), share * power, x.at_least(-0.0)).at_least(FAST_MINIMUM)
    }

    /// The same with the root taken out of the brackets.
    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        // At 13.68 the raised power is 0.
        let size = x.abs().at_most(13.68);
        let (bend, power) = half_square_exp_m1(size, 8.0, EXP_HALF);
        let tail = polynomial(FAST_SLOPE_TAIL, fma(2.0, size / (size + 3.0), -1.0));
        let near = (FAST_ROOT.0 - size) + FAST_ROOT.1;
        let t = fma(tail, bend, tail) * (near * power) * (1.0 / 256.0);
        if x > 0.0 { 1.0 - t } else { t }
    }
}

#[doc(hidden)]
impl Reference for Gelu {
    fn reference<R: Real>(self, x: R) -> R {
        // Φ(x) vanishes faster than x grows.
        let x = if (x.clone() + R::from(LIMIT)).is_positive() { x } else { R::from(-LIMIT) };
        x.clone() * (-x / R::from(2.0).sqrt()).erfc() * R::from(0.5)
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let size = x.clone().abs();
        let inside = (R::from(LIMIT) - size.clone()).is_positive();
        let x = if inside { x } else { R::from(if x.is_positive() { LIMIT } else { -LIMIT }) };
        let size = x.clone().abs();
        let density = (x.clone().squared() * R::from(-0.5)).exp() / (R::pi() * R::from(2.0)).sqrt();
        let beyond = (size.clone() / R::from(2.0).sqrt()).erfc() * R::from(0.5);
        // −(… − 0) is −0 where both are 0, which is the limit.
        let size = x.clone().abs();
        if x.is_positive() { R::from(1.0) - beyond + size * density } else { -(size * density - beyond) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!((Gelu.value(f32::INFINITY), Gelu.value(f64::INFINITY)), (f32::INFINITY, f64::INFINITY));
        assert_eq!(Gelu.value(f32::NEG_INFINITY).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(Gelu.value(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(Gelu.value(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!((Gelu.slope(f32::INFINITY), Gelu.slope(f64::NEG_INFINITY)), (1.0, 0.0));
        assert!(Gelu.value(f32::NAN).is_nan() && Gelu.slope(f64::NAN).is_nan());
        // The last that are not 0.
        assert!(Gelu.value(-14.1_f32) < 0.0 && Gelu.value(-38.4_f64) < 0.0);
        assert_eq!(Gelu.value(f32::from_bits(2)), f32::from_bits(1));
    }
}
