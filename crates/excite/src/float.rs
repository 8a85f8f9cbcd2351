//! The element types: f32, f64, f16 and bf16.

use core::fmt::{Debug, Display};

#[cfg(feature = "half")]
use half::{bf16, f16};

use crate::blocks::BLOCK;
#[cfg(feature = "half")]
use crate::dispatch;
use crate::dispatch::CheckedLevel;
use crate::functions::Compiled;
use crate::math::{Native, Number, Pair};

/// An element type of slices: `f32`, `f64`, and with the feature `half` [`half::f16`] and [`half::bf16`].
///
/// ```
/// use excite::{Elementwise, Float, Sigmoid};
/// fn at_one<F: Float>() -> f64 {
///     Sigmoid.value(F::from_f64(1.0)).to_f64()
/// }
/// assert_eq!(at_one::<f64>(), 0.7310585786300049);
/// assert_eq!(at_one::<half::bf16>(), 0.73046875);
/// ```
pub trait Float: Compiled + Copy + Default + Debug + Display + PartialOrd + Send + Sync + 'static {
    /// What it is loaded into: f64 for f64, f32 for all others.
    #[doc(hidden)]
    type Lane: Native;
    /// A number about twice as long as the lane, or one in which the result is rounded to this type only.
    #[doc(hidden)]
    type Wide: Number;
    /// Whether a formula must not be evaluated in `Wide` for infinite and huge numbers: a pair has none.
    #[doc(hidden)]
    const WIDE_IS_FINITE: bool;
    /// Whether results are rounded from a longer lane, f16's and bf16's, so that [`near_tie`](Self::near_tie) matters.
    #[doc(hidden)]
    const IS_SHORT: bool;
    /// Whether the exact mode differs from the usual one: results of f16 and bf16 are exact anyway, and f64 has none.
    #[doc(hidden)]
    const HAS_EXACT: bool;
    /// Whether its lane is f32, which the fast formulas are for.
    #[doc(hidden)]
    const HAS_FAST: bool;

    /// The number nearest to `value`.
    fn from_f64(value: f64) -> Self;
    /// The value as f64, exact.
    fn to_f64(self) -> f64;
    /// Whether this is NaN.
    fn is_nan(self) -> bool;

    #[doc(hidden)]
    fn to_lane(self) -> Self::Lane;
    /// Rounds to nearest. A lane longer than this type has been rounded to odd before, so that this is the only rounding.
    #[doc(hidden)]
    fn from_lane(lane: Self::Lane) -> Self;
    #[doc(hidden)]
    fn load(level: CheckedLevel, block: &[Self; BLOCK]) -> [Self::Lane; BLOCK];
    #[doc(hidden)]
    fn store(level: CheckedLevel, lanes: &[Self::Lane; BLOCK]) -> [Self; BLOCK];

    #[doc(hidden)]
    fn wide(lane: Self::Lane) -> Self::Wide;
    #[doc(hidden)]
    fn from_wide(number: Self::Wide) -> Self::Lane;
    /// Whether a result that is off by less than `ulps` + 1 ULP of the lane may round to the wrong neighbour in this type.
    #[doc(hidden)]
    #[inline(always)]
    fn near_tie(lane: Self::Lane, ulps: u8) -> bool {
        let _ = (lane, ulps);
        false
    }
    /// a · b, rounded once in the end.
    #[doc(hidden)]
    fn product_of_two(a: Self::Lane, b: Self::Lane) -> Self::Lane;
    /// factor · number, where an infinite factor stays what it is.
    #[doc(hidden)]
    fn product(factor: Self::Lane, number: Self::Wide) -> Self::Lane;
    #[doc(hidden)]
    fn from_pair(number: Pair) -> Self::Lane;
}

impl Float for f32 {
    type Lane = f32;
    type Wide = f64;
    const WIDE_IS_FINITE: bool = false;
    const IS_SHORT: bool = false;
    const HAS_EXACT: bool = true;
    const HAS_FAST: bool = true;

    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    #[inline(always)]
    fn to_lane(self) -> f32 {
        self
    }
    #[inline(always)]
    fn from_lane(lane: f32) -> Self {
        lane
    }
    #[inline(always)]
    fn load(_: CheckedLevel, block: &[Self; BLOCK]) -> [f32; BLOCK] {
        *block
    }
    #[inline(always)]
    fn store(_: CheckedLevel, lanes: &[f32; BLOCK]) -> [Self; BLOCK] {
        *lanes
    }
    #[inline(always)]
    fn product_of_two(a: f32, b: f32) -> f32 {
        a * b
    }
    #[inline(always)]
    fn wide(lane: f32) -> f64 {
        lane.into()
    }
    #[inline(always)]
    fn from_wide(number: f64) -> f32 {
        number as f32
    }
    #[inline(always)]
    fn product(factor: f32, number: f64) -> f32 {
        (f64::from(factor) * number) as f32
    }
    fn from_pair(number: Pair) -> f32 {
        number.to_f32()
    }
}

impl Float for f64 {
    type Lane = f64;
    type Wide = Pair;
    const WIDE_IS_FINITE: bool = true;
    const IS_SHORT: bool = false;
    const HAS_EXACT: bool = false;
    const HAS_FAST: bool = false;

    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    #[inline(always)]
    fn to_lane(self) -> f64 {
        self
    }
    #[inline(always)]
    fn from_lane(lane: f64) -> Self {
        lane
    }
    #[inline(always)]
    fn load(_: CheckedLevel, block: &[Self; BLOCK]) -> [f64; BLOCK] {
        *block
    }
    #[inline(always)]
    fn store(_: CheckedLevel, lanes: &[f64; BLOCK]) -> [Self; BLOCK] {
        *lanes
    }
    #[inline(always)]
    fn product_of_two(a: f64, b: f64) -> f64 {
        a * b
    }
    #[inline(always)]
    fn wide(lane: f64) -> Pair {
        lane.into()
    }
    #[inline(always)]
    fn from_wide(number: Pair) -> f64 {
        number.to_f64()
    }
    #[inline(always)]
    fn product(factor: f64, number: Pair) -> f64 {
        factor * number.to_f64()
    }
    fn from_pair(number: Pair) -> f64 {
        number.to_f64()
    }
}

#[cfg(feature = "half")]
/// What f16 and bf16 have in common: they are loaded into f32, and results come from f64.
macro_rules! short {
    () => {
        type Lane = f32;
        type Wide = f64;
        const WIDE_IS_FINITE: bool = false;
        const IS_SHORT: bool = true;
        const HAS_EXACT: bool = false;
        const HAS_FAST: bool = true;

        fn from_f64(value: f64) -> Self {
            Self::from_lane(to_odd(value))
        }
        fn to_f64(self) -> f64 {
            self.into()
        }
        fn is_nan(self) -> bool {
            self.is_nan()
        }
        #[inline(always)]
        fn product_of_two(a: f32, b: f32) -> f32 {
            to_odd(f64::from(a) * f64::from(b))
        }
        #[inline(always)]
        fn wide(lane: f32) -> f64 {
            lane.into()
        }
        #[inline(always)]
        fn from_wide(number: f64) -> f32 {
            to_odd(number)
        }
        #[inline(always)]
        fn product(factor: f32, number: f64) -> f32 {
            to_odd(f64::from(factor) * number)
        }
        fn from_pair(number: Pair) -> f32 {
            to_odd(number.to_odd())
        }
    };
}

#[cfg(feature = "half")]
impl Float for f16 {
    short!();

    #[inline(always)]
    fn to_lane(self) -> f32 {
        self.to_f32()
    }
    #[inline(always)]
    fn from_lane(lane: f32) -> Self {
        Self::from_f32(lane)
    }
    #[inline(always)]
    fn near_tie(lane: f32, ulps: u8) -> bool {
        // Below the smallest normal f16 all are multiples of 2^-24, and halfway is an odd multiple of 2^-25.
        let halves = lane * 33554432.0;
        // Adding and subtracting 1.5·2^23 rounds to an integer, as far as it matters below.
        let whole = (halves + 12582912.0) - 12582912.0;
        let near_half = (halves - whole).abs() <= halves.abs() * f32::EPSILON * f32::from(ulps);
        near_halfway(lane, 13, ulps) | ((lane.abs() < 6.103515625e-5) & near_half & (lane != 0.0))
    }
    #[inline(always)]
    fn load(level: CheckedLevel, block: &[Self; BLOCK]) -> [f32; BLOCK] {
        dispatch::f32_from_f16(level, block)
    }
    #[inline(always)]
    fn store(level: CheckedLevel, lanes: &[f32; BLOCK]) -> [Self; BLOCK] {
        dispatch::f16_from_f32(level, lanes)
    }
}

#[cfg(feature = "half")]
impl Float for bf16 {
    short!();

    #[inline(always)]
    fn to_lane(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
    /// Adding just under half of the last place that stays, and all of it where that place is odd, rounds to nearest even.
    #[inline(always)]
    fn from_lane(lane: f32) -> Self {
        let bits = lane.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        Self::from_bits(if lane.is_nan() { 0x7fc0 } else { rounded as u16 })
    }
    #[inline(always)]
    fn near_tie(lane: f32, ulps: u8) -> bool {
        near_halfway(lane, 16, ulps) | ((lane.abs() < f32::MIN_POSITIVE) & (lane != 0.0))
    }
    #[inline(always)]
    fn load(_: CheckedLevel, block: &[Self; BLOCK]) -> [f32; BLOCK] {
        let mut lanes = [0.0; BLOCK];
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane = x.to_lane();
        }
        lanes
    }
    #[inline(always)]
    fn store(_: CheckedLevel, lanes: &[f32; BLOCK]) -> [Self; BLOCK] {
        let mut block = [Self::ZERO; BLOCK];
        for (x, lane) in block.iter_mut().zip(lanes) {
            *x = Self::from_lane(*lane);
        }
        block
    }
}

#[cfg(feature = "half")]
/// Rounds to f32 so that a second rounding to a shorter type is as if it were the only one: of the two neighbours of what no f32
/// holds, the odd one (Boldo and Melquiond 2008, Emulation of FMA and correctly rounded sums).
#[inline(always)]
fn to_odd(value: f64) -> f32 {
    let near = value as f32;
    let exact = f64::from(near);
    let bits = near.to_bits();
    let other = if exact.abs() < value.abs() { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    f32::from_bits(if (exact == value) | (bits & 1 == 1) | value.is_nan() { bits } else { other })
}

#[cfg(feature = "half")]
/// Whether the lowest `bits` bits are within `ulps` of the half of what they count up to.
#[inline(always)]
fn near_halfway(lane: f32, bits: u32, ulps: u8) -> bool {
    let halfway = 1 << (bits - 1);
    lane.to_bits().wrapping_sub(halfway - u32::from(ulps)) & ((1 << bits) - 1) <= 2 * u32::from(ulps)
}

#[cfg(all(test, feature = "half"))]
mod tests {
    use super::*;

    #[test]
    fn rounding_through_f32_rounds_once() {
        // Just above halfway between two f16: f32 would round it to halfway, and then f16 to even, which is below.
        let above_halfway = 1.0 + 2.0_f64.powi(-11) + 2.0_f64.powi(-40);
        assert_eq!(f16::from_f64(above_halfway as f32 as f64), f16::ONE);
        assert_eq!(<f16 as Float>::from_f64(above_halfway).to_f64(), 1.0 + 2.0_f64.powi(-10));
        let above_halfway = 1.0 + 2.0_f64.powi(-8) + 2.0_f64.powi(-40);
        assert_eq!(<bf16 as Float>::from_f64(above_halfway).to_f64(), 1.0 + 2.0_f64.powi(-7));
        // The same where f32 has fewer digits.
        let lowest = 2.0_f64.powi(-133);
        assert_eq!(<bf16 as Float>::from_f64(lowest * (2.5 + 1e-9)).to_f64(), 3.0 * lowest);
        assert_eq!(<bf16 as Float>::from_f64(lowest * (2.5 - 1e-9)).to_f64(), 2.0 * lowest);
        assert_eq!(<bf16 as Float>::from_f64(1e-300), bf16::ZERO);
        assert_eq!(<bf16 as Float>::from_f64(1e300), bf16::INFINITY);
        assert_eq!(<bf16 as Float>::from_f64(f64::NEG_INFINITY), bf16::NEG_INFINITY);
        assert!(<f16 as Float>::from_f64(f64::NAN).is_nan());
    }

    #[test]
    fn every_short_float_survives_its_lane() {
        for bits in 0..=u16::MAX {
            let (half, brain) = (f16::from_bits(bits), bf16::from_bits(bits));
            assert!(f16::from_lane(half.to_lane()).to_bits() == bits || half.is_nan());
            assert!(bf16::from_lane(brain.to_lane()).to_bits() == bits || brain.is_nan());
            assert_eq!(half.is_nan(), f16::from_lane(half.to_lane()).is_nan());
            assert_eq!(brain.is_nan(), bf16::from_lane(brain.to_lane()).is_nan());
        }
    }
}
