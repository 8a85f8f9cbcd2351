use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::{activation, parameters};
use crate::{Info, MaxUlp};

activation! {
    /// x + sin²(a·x) / a: the identity with a wave on it.
    ///
    /// ```
    /// use excite::{Elementwise, Snake};
    /// let f = Snake::new(1.0)?;
    /// assert_eq!(f.value(1.0_f32), 1.7080734);
    /// assert_eq!(f.slope(0.0_f32), 1.0);
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    pub struct Snake {
        /// The frequency of the wave.
        a = 1.0, from 1e-3 to 1e3;
    }
}

/// Beyond this the wave is below the last place of a pair.
const LARGE: f64 = 1e40;

impl Snake {
    #[inline(always)]
    fn with_wave<N: Number>(self, x: N, sin: N) -> N {
        let wave = sin * sin * (N::lit(1.0) / N::lit(self.a));
        let far_or_zero = (x.abs() > N::lit(LARGE)) | !(x.abs() > N::lit(0.0));
        // At infinity there is no sine, and the sum of zeros has lost its sign.
        if far_or_zero { x } else { x + wave }
    }
}

#[doc(hidden)]
impl Definition for Snake {
    const INFO: Info = Info {
        name: "snake",
        title: "Snake",
        formula: "x + sin²(a·x) / a",
        origin: "Ziyin, Hartwig and Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to Fix It",
        advice: "For periodic signals, audio above all: it keeps the trend and can learn the period with a.",
        pytorch: "",
        jax: "",
        keras: "",
        onnx: "",
        aliases: &["snake1d"],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(0.87458098293137017),
        max_ulp: MaxUlp { f64: 0.9, slope_f64: 1.2, ..MaxUlp::ROUNDED },
    };

    parameters! {}

    const PRECISION: Precision = Precision::Extended;
    const SLOPE_PRECISION: Precision = Precision::Extended;

    const PERIODIC: bool = true;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let (sin, _) = x.times(self.a).sin_cos();
        self.with_wave(x, sin)
    }

    /// 1 + sin(2ax), which is 2·sin²(ax + π/4) and does not cancel.
    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let sin = x.times(self.a).sin_shifted();
        (sin * sin).times(2.0)
    }

    fn formula_beyond<N: Number>(self, x: N) -> N {
        let (sin, _) = x.times(self.a).sin_cos_any_range();
        self.with_wave(x, sin)
    }

    fn slope_formula_beyond<N: Number>(self, x: N) -> N {
        let sin = x.times(self.a).sin_shifted_any_range();
        (sin * sin).times(2.0)
    }

    /// x·sin(2ax) / a − sin²(ax) / a²
    #[inline(always)]
    fn slope_by_parameter<N: Number>(self, _: usize, x: N) -> N {
        let inverse = N::lit(1.0) / N::lit(self.a);
        let (sin, cos) = x.times(self.a).sin_cos();
        (x * cos.times(2.0) - sin * inverse) * sin * inverse
    }
}

#[doc(hidden)]
impl Reference for Snake {
    fn reference<R: Real>(self, x: R) -> R {
        let is_zero = !x.is_positive() && !(-x.clone()).is_positive();
        if is_zero || (x.clone().abs() - R::from(LARGE)).is_positive() {
            return x;
        }
        let a = R::from(self.a);
        x.clone() + (a.clone() * x).sin().squared() / a
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        let ax = R::from(self.a) * x;
        (ax.clone().sin() + ax.cos()).squared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        let f = Snake::DEFAULT;
        assert_eq!((f.value(f32::INFINITY), f.value(f64::NEG_INFINITY)), (f32::INFINITY, f64::NEG_INFINITY));
        assert!(f.value(-0.0_f32).is_sign_negative());
        assert_eq!(f.value(1e30_f32), 1e30);
        assert!(f.value(f32::NAN).is_nan() && f.slope(f64::NAN).is_nan());
    }
}
