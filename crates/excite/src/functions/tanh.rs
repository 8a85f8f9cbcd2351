use crate::define::{Definition, Precision, Real, Reference};
use crate::math::fast::{Exp, fma, polynomial};
use crate::math::{Constant, Native, Number, exp_m1_neg_in_two, reduce};
use crate::parameters::activation;
use crate::{FastUlp, Info, MaxUlp, SlopeFrom};

activation! {
    /// tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ): zero-centred, saturates on both sides.
    ///
    /// ```
    /// use excite::{Elementwise, Tanh};
    /// assert_eq!(Tanh.value(0.5_f32), 0.46211717);
    /// assert_eq!(Tanh.value(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
    /// // The slope from the output y: 1 − y².
    /// assert_eq!(Tanh.slope(0.5_f32), 0.75);
    /// ```
    pub struct Tanh;
}

/// Above this tanh x is 1: at 9.02 and 19.07 1 − tanh x is half of the last place below 1.
const ONE: Constant = Constant { f32: 9.5, f64: 19.5 };

/// tanh x as a sum of two numbers, for 0 ≤ x ≤ [`ONE`] only.
///
/// With 2x = m·ln 2 + r and s = e⁻ʳ − 1 it is (2ᵐ − 1 − s) / (2ᵐ + 1 + s) = n / d. The quotient is corrected by its residual
/// n − q·d, in which every rounding error so far is kept.
#[inline(always)]
fn tanh_in_two<T: Native>(x: T) -> (T, T) {
    let reduced = reduce(x + x, T::ZERO);
    let power = reduced.power;
    let (s, s_lo) = exp_m1_neg_in_two(&reduced);
    let less = power - T::ONE;
    let more = power + T::ONE;
    // From 2^24 on (2^53 in f64) 2^m ± 1 rounds: by how much both together, which near q = 1 is what counts.
    let rounded_off = (more - less) - T::lit(2.0);
    let n = less - s;
    let n_lo = (((less - n) - s) - s_lo) + rounded_off;
    let inverse = T::ONE / (more + s);
    let q = n * inverse;
    let residual = q.mul_add(-s, q.mul_add(-more, n)) + n_lo;
    (q, residual * inverse)
}

/// (tanh(r) / r − 1) / r² in r² for |r| ≤ ln 2 / 4: error 2^-24.1 of tanh.
const FAST_BEND: [f32; 2] = [0.131_104_53, -0.333_312_7];

#[doc(hidden)]
impl Definition for Tanh {
    const INFO: Info = Info {
        name: "tanh",
        title: "Tanh",
        formula: "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
        origin: "Riccati 1757 (hyperbolic functions); LeCun et al. 1998, Efficient BackProp, in networks",
        advice: "Where a bounded, zero-centred output is wanted: recurrent networks, small networks, control. It saturates, \
                 so scale the initialisation.",
        pytorch: "torch.nn.Tanh",
        jax: "jax.numpy.tanh",
        keras: "keras.activations.tanh",
        onnx: "Tanh",
        gain: Some(5.0 / 3.0),
        aliases: &[],
        max_ulp: MaxUlp { f32: 1.0, f64: 1.2, slope_f32: 0.5, slope_f64: 0.5 },
    };

    const SLOPE_FROM: SlopeFrom = SlopeFrom::Output;

    const PRECISION: Precision = Precision::Tuned;
    const SLOPE_PRECISION: Precision = Precision::Native;
    const FAST: FastUlp = FastUlp { value: Some(2.6), slope: None };

    /// With t = e^(−2|x|) − 1: tanh |x| = −t / (2 + t).
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let t = x.abs().times(-2.0).exp_m1();
        (-t * (N::lit(2.0) + t).inverse()).copysign(x)
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        let (tanh, rest) = tanh_in_two(x.abs().at_most(T::pick(ONE)));
        (tanh + rest).copysign(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        (-y).mul_add(y, N::lit(1.0))
    }

    /// With x = m·ln 2 / 2 + r and t = tanh r it is (2ᵐ − 1 + (2ᵐ + 1)·t) / (2ᵐ + 1 + (2ᵐ − 1)·t), by the theorem of addition.
    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        // Twice x, for e^2x. There is no rest of ln 2, for as m grows it counts less.
        let size = x.abs().at_most(Native::pick(ONE));
        let Exp { r, power } = Exp::of_twice(size);
        let square = r * r;
        let t = fma(r * square, polynomial(FAST_BEND, square), r);
        let (less, more) = (power - 1.0, power + 1.0);
        (fma(more, t, less) / fma(less, t, more)).copysign(x)
    }
}

#[doc(hidden)]
impl Reference for Tanh {
    fn reference<R: Real>(self, x: R) -> R {
        x.tanh()
    }

    fn reference_slope<R: Real>(self, y: R) -> R {
        (R::from(1.0) - y.clone()) * (R::from(1.0) + y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(Tanh.value(f32::INFINITY), 1.0);
        assert_eq!(Tanh.value(f64::NEG_INFINITY), -1.0);
        assert!(Tanh.value(f32::NAN).is_nan());
        assert_eq!(Tanh.value(-0.0_f64).to_bits(), (-0.0_f64).to_bits());
        for tiny in [f32::from_bits(1), f32::from_bits(12345), 1e-38, 1e-20, 1e-5] {
            assert_eq!(Tanh.value(tiny), tiny);
            assert_eq!(Tanh.value(-tiny), -tiny);
        }
    }
}
