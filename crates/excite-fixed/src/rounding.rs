//! How a number becomes a whole one.

use core::fmt;

/// Which whole number stands for one between two of them.
///
/// The names are those of IEEE 754 and of the fixed-point kernels: ONNX Runtime and PyTorch quantise half to even, TensorFlow Lite half
/// away from zero; shifts to the right floor, and with half a unit added first they round half up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// The nearest, and the even one of two that are as near.
    #[default]
    HalfEven,
    /// The nearest, and of two that are as near the one farther from zero.
    HalfAway,
    /// The nearest, and of two that are as near the larger.
    HalfUp,
    /// The largest that is not above.
    Floor,
    /// The nearer to zero of the two.
    TowardZero,
}

impl Rounding {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::HalfEven, Self::HalfAway, Self::HalfUp, Self::Floor, Self::TowardZero];

    /// The whole number for `x`, as a float. NaN and infinities stay what they are.
    ///
    /// ```
    /// use excite_fixed::Rounding;
    /// assert_eq!(Rounding::ALL.map(|rounding| rounding.round(-2.5)), [-2.0, -3.0, -2.0, -3.0, -2.0]);
    /// ```
    pub fn round(self, x: f64) -> f64 {
        match self {
            Self::HalfEven => libm::rint(x),
            Self::HalfAway => libm::round(x),
            Self::HalfUp => {
                // Not the floor of x + 0.5: that sum rounds, and 0.49999999999999994 would become 1.
                let below = libm::floor(x);
                if x - below >= 0.5 { below + 1.0 } else { below }
            }
            Self::Floor => libm::floor(x),
            Self::TowardZero => libm::trunc(x),
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::HalfEven => "half to even",
            Self::HalfAway => "half away from zero",
            Self::HalfUp => "half up",
            Self::Floor => "floor",
            Self::TowardZero => "toward zero",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_and_signs_go_where_the_names_say() {
        let inputs = [-2.5, -1.5, -0.75, -0.5, -0.25, 0.0, 0.5, 0.75, 1.5, 2.5];
        for (rounding, expected) in [
            (Rounding::HalfEven, [-2.0, -2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0]),
            (Rounding::HalfAway, [-3.0, -2.0, -1.0, -1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0]),
            (Rounding::HalfUp, [-2.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0]),
            (Rounding::Floor, [-3.0, -2.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0]),
            (Rounding::TowardZero, [-2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]),
        ] {
            assert_eq!(inputs.map(|x| rounding.round(x)), expected, "{rounding}");
        }
    }

    #[test]
    fn next_to_a_tie_the_nearest_is_taken() {
        for half in [0.5_f64, 1.5, -0.5, -1.5, -2.5, 1e6 + 0.5] {
            let (below, above) = (half.next_down(), half.next_up());
            for rounding in [Rounding::HalfEven, Rounding::HalfAway, Rounding::HalfUp] {
                assert_eq!(rounding.round(below), half - 0.5, "{rounding} of {below}");
                assert_eq!(rounding.round(above), half + 0.5, "{rounding} of {above}");
            }
        }
    }

    #[test]
    fn what_is_whole_or_not_finite_stays() {
        for rounding in Rounding::ALL {
            for x in [-3.0, 0.0, 7.0, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(rounding.round(x), x, "{rounding}");
            }
            assert!(rounding.round(f64::NAN).is_nan(), "{rounding}");
        }
        // So small that adding anything to it rounds.
        assert_eq!(Rounding::ALL.map(|rounding| rounding.round(-1e-300)), [0.0, 0.0, 0.0, -1.0, 0.0]);
    }
}
