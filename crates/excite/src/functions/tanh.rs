use crate::define::{Definition, Precision, Real, Reference};
use crate::math::{Native, Number, tanh_in_two};
use crate::parameters::activation;
use crate::{Info, MaxUlp, SlopeFrom};

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

    /// With t = e^(−2|x|) − 1: tanh |x| = −t / (2 + t).
    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let t = x.abs().times(-2.0).exp_m1();
        (-t * (N::lit(2.0) + t).inverse()).copysign(x)
    }

    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        // Beyond this the result is ±1.
        let (tanh, rest) = tanh_in_two(x.abs().at_most(T::TANH_ONE));
        (tanh + rest).copysign(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, y: N) -> N {
        (-y).mul_add(y, N::lit(1.0))
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
