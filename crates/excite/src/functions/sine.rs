use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{fma, polynomial};
use crate::math::{Native, Number};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp};

activation! {
    /// sin x, for any x: large ones are reduced with as many digits of π as they need. NaN at ±∞, where there is no limit.
    ///
    /// ```
    /// use excite::{Elementwise, Sine};
    /// assert_eq!(Sine.value(1.0_f32), 0.84147096);
    /// assert_eq!(Sine.slope(0.0_f32), 1.0);
    /// assert_eq!(Sine.value(1e22_f64), -0.8522008497671888);
    /// ```
    pub struct Sine;
}

/// π in three parts, none of them negative, so that −0 stays −0.
const FAST_PI: [f32; 3] = [3.141592502593994, 1.5099578831723193e-07, 1.078060505991553e-14];

/// (sin(√s) / √s − 1) / s for 0 ≤ √s ≤ π/2: error 2^-27.3 of the sine.
const FAST_SINE: [f32; 4] =
    [2.6056311526190257e-06, -0.0001980953966267407, 0.008333065547049046, -0.16666659712791443];

/// x − (n + half)·π with the integer n that makes it small, and bits of which the lowest says whether n is odd.
#[inline(always)]
fn fast_reduced(x: f32, half: f32) -> (f32, u32) {
    const TO_INTEGER: f32 = 12582912.0;
    let turns = core::f32::consts::FRAC_1_PI;
    let rounded = if half == 0.0 { fma(x, turns, TO_INTEGER) } else { fma(x, turns, -half) + TO_INTEGER };
    let n = (rounded - TO_INTEGER) + half;
    let [first, second, third] = FAST_PI;
    (fma(n, -third, fma(n, -second, fma(n, -first, x))), rounded.to_bits())
}

/// sin r for |r| ≤ π/2, turned by n half turns.
#[inline(always)]
fn fast_signed(r: f32, n: u32) -> f32 {
    let square = r * r;
    // The sum may round to just beyond 1, and that of zeros has lost its sign.
    let y = fma(r * square, polynomial(FAST_SINE, square), r);
    let y = y.at_most(1.0).at_least(-1.0).copysign(r);
    f32::from_bits(y.to_bits() ^ (n << 31))
}

#[doc(hidden)]
impl Definition for Sine {
    const INFO: Info = Info {
        name: "sine",
        title: "Sine",
        formula: "sin x",
        origin: "Sitzmann et al. 2020, Implicit Neural Representations with Periodic Activation Functions (SIREN)",
        advice: "For networks that represent a signal, with the initialisation of SIREN. Elsewhere it has too many \
                 local optima.",
        pytorch: "torch.sin",
        jax: "jax.numpy.sin",
        keras: "keras.ops.sin",
        onnx: "Sin",
        aliases: &["sin", "siren"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.5208666231788149),
        max_ulp: MaxUlp { f32: 1.0, f64: 0.8, slope_f32: 1.0, slope_f64: 0.8 },
    };

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Tuned;
    const PERIODIC: bool = true;
    const FAST: FastUlp = FastUlp { value: Some(2.2), slope: Some(2.2) };

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let (sin, _) = x.sin_cos();
        // The sum of zeros has lost its sign.
        if x.abs() > N::lit(0.0) { sin } else { x }
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let sin = x.sin_turned(0);
        // The sum of zeros has lost its sign.
        if x.abs() > T::ZERO { sin } else { x }
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        x.sin_cos().1
    }

    #[inline(always)]
    fn tuned_slope<T: Native>(self, x: T) -> (T, bool) {
        (x.sin_turned(1), false)
    }

    fn formula_beyond<N: Number>(self, x: N) -> N {
        x.sin_cos_any_range().0
    }

    fn slope_formula_beyond<N: Number>(self, x: N) -> N {
        x.sin_cos_any_range().1
    }

    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        let (r, bits) = fast_reduced(x, 0.0);
        fast_signed(r, bits)
    }

    /// sin(|x| + π/2), so that it is even.
    #[inline(always)]
    fn fast_slope(self, x: f32) -> f32 {
        let (r, bits) = fast_reduced(x.abs(), 0.5);
        // The next half turn begins where the sine of r is 1.
        fast_signed(r, bits.wrapping_add(1))
    }
}

#[doc(hidden)]
impl Reference for Sine {
    fn reference<R: Real>(self, x: R) -> R {
        x.sin()
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        x.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert!(Sine.value(f32::INFINITY).is_nan() && Sine.value(f64::NEG_INFINITY).is_nan());
        assert!(Sine.value(-0.0_f32).is_sign_negative() && Sine.value(-0.0_f64).is_sign_negative());
        // The f64 nearest to a multiple of π/2 (Kahan).
        assert_eq!(Sine.slope(6381956970095103.0 * 2.0_f64.powi(797)), -4.687165924254628e-19);
        assert!(Sine.value(f32::NAN).is_nan() && Sine.slope(f64::NAN).is_nan());
    }
}
