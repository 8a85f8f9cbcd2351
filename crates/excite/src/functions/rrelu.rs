use crate::define::{Definition, Precision, Real, Reference};
use crate::error::same_length;
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Error, Float, Info, LeakyRelu, MaxUlp};

activation! {
    /// x for x > 0 and a·x below, where a is drawn between two bounds in training: see [`Rrelu::train`]. This is the function in use,
    /// with a the middle of the two.
    ///
    /// The slope at 0 is the left one, as in PyTorch.
    ///
    /// ```
    /// use excite::{Elementwise, Rrelu};
    /// let f = Rrelu::new(0.25, 0.75)?;
    /// assert_eq!([-2.0_f32, 3.0].map(|x| f.value(x)), [-1.0, 3.0]);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Rrelu {
        /// The lower bound of the slope for x ≤ 0.
        lower = 0.125, from -1e3 to 1e3;
        /// The upper bound of the slope for x ≤ 0.
        upper = 1.0 / 3.0, from -1e3 to 1e3;
    }
    valid(|f| f.lower <= f.upper, "lower must not be above upper")
}

impl Rrelu {
    /// What it is in use.
    #[inline(always)]
    fn leaky(self) -> LeakyRelu {
        LeakyRelu { negative_slope: self.mean_slope() }
    }

    /// The slope for x ≤ 0 in use.
    #[inline(always)]
    fn mean_slope(self) -> f64 {
        0.5 * (self.lower + self.upper)
    }

    /// The pass forward in training: draws a slope for every element (1 where x > 0, else evenly between the bounds), stores it
    /// in `slopes`, and sets y = slope · x. The pass backward is dx = slope · dy.
    ///
    /// The slope of element i depends on `seed` and i alone. Give each step a seed of its own.
    ///
    /// ```
    /// use excite::Rrelu;
    /// let (mut slopes, mut y) = ([0.0_f32; 3], [0.0; 3]);
    /// Rrelu::default().train(7, &[-1.0, 2.0, -1.0], &mut slopes, &mut y)?;
    /// assert!(slopes[1] == 1.0 && y[1] == 2.0);
    /// assert!((0.125..=0.3334).contains(&slopes[0]) && slopes[0] != slopes[2] && y[0] == -slopes[0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn train<F: Float>(self, seed: u64, x: &[F], slopes: &mut [F], y: &mut [F]) -> Result<(), Error> {
        same_length("slopes", slopes.len(), x.len())?;
        same_length("y", y.len(), x.len())?;
        for (i, ((x, slope), y)) in x.iter().zip(slopes).zip(y).enumerate() {
            let drawn = self.lower + (self.upper - self.lower) * evenly(seed, i as u64);
            *slope = F::from_f64(if x.to_f64() > 0.0 { 1.0 } else { drawn });
            *y = F::from_f64(x.to_f64() * slope.to_f64());
        }
        Ok(())
    }
}

/// A number from 0 to 1 for each pair: `SplitMix64` (Steele, Lea and Flood 2014) with the index as its counter.
fn evenly(seed: u64, index: u64) -> f64 {
    let mut bits = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) as f64 / u64::MAX as f64
}

#[doc(hidden)]
impl Definition for Rrelu {
    const INFO: Info = Info {
        name: "rrelu",
        title: "RReLU",
        formula: "x if x > 0, else x·(l + u) / 2",
        origin: "Xu et al. 2015, Empirical Evaluation of Rectified Activations in Convolutional Network",
        advice: "Randomised in training, which regularises a little; in use it is a leaky ReLU with the mean slope.",
        pytorch: "torch.nn.RReLU",
        jax: "",
        keras: "",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(1.3784796645460572),
        max_ulp: MaxUlp { f32: 0.9, f64: 0.5, slope_f32: 0.5, slope_f64: 0.0 },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Native;
    const SLOPE_PRECISION: Precision = Precision::Native;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        self.leaky().formula(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        self.leaky().slope_formula(x)
    }

    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        if x > N::lit(0.0) { N::lit(0.0) } else { x.times(0.5) }
    }
}

#[doc(hidden)]
impl Reference for Rrelu {
    fn reference<R: Real>(self, x: R) -> R {
        self.leaky().reference(x)
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        self.leaky().reference_slope(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Rrelu::DEFAULT;
        assert_eq!(f.value(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
