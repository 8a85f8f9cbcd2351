//! The error of a result in units in the last place of the exact one.

use half::{bf16, f16};

/// How the numbers of a binary format are spaced.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Binary digits, the leading one included.
    pub digits: i32,
    /// The smallest number above 0 is 2 to this.
    pub lowest: i32,
    /// What rounds to 2 to this or more is infinite.
    pub infinite: i32,
}

impl Format {
    /// binary64.
    pub const F64: Self = Self { digits: 53, lowest: -1074, infinite: 1024 };
}

/// A float that is short enough to be judged in f64, and to be swept over as a whole.
pub trait Short: excite::Float {
    /// How its numbers are spaced.
    const FORMAT: Format;
    /// The number of its bits.
    const BITS: u32;
    /// The number that these bits stand for, the lowest [`BITS`](Self::BITS).
    fn from_bits(bits: u32) -> Self;
    /// The bits that stand for the number.
    fn to_bits(self) -> u32;
}

macro_rules! short {
    ($($float:ident $bits:ident { digits: $digits:expr, lowest: $lowest:expr, infinite: $infinite:expr })*) => {$(
        impl Short for $float {
            const FORMAT: Format = Format { digits: $digits, lowest: $lowest, infinite: $infinite };
            const BITS: u32 = $bits::BITS;
            #[inline(always)]
            fn from_bits(bits: u32) -> Self {
                $float::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn to_bits(self) -> u32 {
                $float::to_bits(self).into()
            }
        }
    )*};
}

short! {
    f32 u32 { digits: 24, lowest: -149, infinite: 128 }
    f16 u16 { digits: 11, lowest: -24, infinite: 16 }
    bf16 u16 { digits: 8, lowest: -133, infinite: 128 }
}

/// What is to be said of one result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The distance from the exact value in the spacing of the format's numbers there. Infinite where one is NaN and the other is
    /// not, where the exact value is too large for the format and the result is not infinite, or where a zero has the other sign.
    pub distance: f64,
    /// Whether the result is something else than the exact value rounded to nearest.
    pub misrounded: bool,
    /// Whether the exact value is known too roughly to say either.
    pub doubtful: bool,
}

/// The most that the exact value may be uncertain, in units in the last place.
const UNCERTAINTY: f64 = 1.0 / 4096.0;

/// Judges `found` against `exact`, which may be off by up to `uncertain`. Branch-free, so that a loop over it becomes vector
/// instructions.
#[inline(always)]
pub fn judge(format: Format, found: f64, exact: f64, uncertain: f64) -> Judgement {
    let infinite = power_of_two(format.infinite);
    let surely_infinite = exact.abs() - uncertain > infinite;
    // Infinity stands for the power of two that is the first to round to it.
    let (found, exact) = (within(infinite, found), within(infinite, exact));
    // Scaled by a power of two, so that the numbers of the format around `exact` are the integers.
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    let lowest = i64::from(format.lowest + format.digits - 1);
    let last_place = if exponent < lowest { lowest } else { exponent } - i64::from(format.digits - 1);
    let scale = f64::from_bits(((1023 - last_place) as u64) << 52);
    let (found_places, exact_places) = (found * scale, exact * scale);
    let rounded = exact_places.round_ties_even();
    let from_tie = ((exact_places - rounded).abs() - 0.5).abs();
    let uncertain_places = uncertain * scale;

    let both_nan = found.is_nan() & exact.is_nan();
    let one_nan = found.is_nan() ^ exact.is_nan();
    let other_sign = found.is_sign_negative() ^ exact.is_sign_negative();
    let other_zero = (found == 0.0) & (exact == 0.0) & other_sign;
    let not_infinite = (exact.abs() == infinite) & (found.abs() < infinite);
    let other_kind = one_nan | other_zero | not_infinite;

    let distance = if both_nan { 0.0 } else { (found_places - exact_places).abs() };
    let distance = if other_kind { f64::INFINITY } else { distance };
    let misrounded = (found_places != rounded) | ((rounded == 0.0) & other_sign);
    let known = (from_tie > uncertain_places) & (uncertain_places <= UNCERTAINTY) | surely_infinite | exact.is_nan();
    Judgement { distance, misrounded: misrounded & !both_nan, doubtful: !known }
}

/// From here on a result is a normal f32. Of smaller ones `Accuracy::Fast` only promises to keep them below it.
const NORMAL: f64 = f32::MIN_POSITIVE as f64;

/// Judges as [`judge`] does, by what `Accuracy::Fast` promises: the distance where the exact value is a normal f32; a number of the right
/// sign and no larger than the smallest of them elsewhere; and none out of the function's range.
#[inline(always)]
pub fn judge_fast(format: Format, range: (f64, f64), found: f64, exact: f64, uncertain: f64) -> Judgement {
    let judged = judge(format, found, exact, uncertain);
    let tiny = exact.abs() < NORMAL;
    let rightly_tiny = (found.abs() <= NORMAL) & (found.is_sign_negative() == exact.is_sign_negative());
    let outside = (found < range.0) | (found > range.1);
    let distance = if rightly_tiny { 0.0 } else { f64::INFINITY };
    let distance = if tiny { distance } else { judged.distance };
    let known = uncertain <= exact.abs() * power_of_two(-format.digits) * UNCERTAINTY;
    Judgement {
        distance: if outside { f64::INFINITY } else { distance },
        misrounded: judged.misrounded & !tiny,
        doubtful: !(tiny | known | exact.is_nan() | exact.is_infinite()),
    }
}

/// x within ±limit; NaN stays NaN.
#[inline(always)]
fn within(limit: f64, x: f64) -> f64 {
    let x = if x > limit { limit } else { x };
    if x < -limit { -limit } else { x }
}

#[inline(always)]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f32_error(found: f32, exact: f64) -> f64 {
        judge(f32::FORMAT, found.into(), exact, 0.0).distance
    }

    fn correctly_rounded(found: f32, exact: f64) -> bool {
        !judge(f32::FORMAT, found.into(), exact, 0.0).misrounded
    }

    #[test]
    fn measures_in_the_last_place_of_the_exact_result() {
        assert_eq!(f32_error(1.0, 1.0), 0.0);
        assert_eq!(f32_error(1.0_f32.next_up(), 1.0), 1.0);
        assert_eq!(f32_error(1.0_f32.next_down(), 1.0), 0.5);
        assert_eq!(f32_error(f32::from_bits(3), 2.0_f64.powi(-149)), 2.0);
        assert_eq!(f32_error(0.0, 2.0_f64.powi(-151)), 0.25);
        assert_eq!(judge(f16::FORMAT, 1.0, 1.0 + 2.0_f64.powi(-12), 0.0).distance, 0.25);
        assert_eq!(judge(bf16::FORMAT, 1.0, 1.0 + 2.0_f64.powi(-9), 0.0).distance, 0.25);
    }

    #[test]
    fn what_is_not_a_finite_number_must_agree() {
        assert_eq!(f32_error(f32::NAN, f64::NAN), 0.0);
        assert_eq!(f32_error(0.0, f64::NAN), f64::INFINITY);
        assert_eq!(f32_error(f32::NAN, 0.0), f64::INFINITY);
        assert_eq!(f32_error(f32::INFINITY, f64::INFINITY), 0.0);
        assert_eq!(f32_error(f32::INFINITY, 1e60), 0.0);
        assert_eq!(f32_error(f32::MAX, f64::INFINITY), f64::INFINITY);
        assert!(f32_error(f32::NEG_INFINITY, f64::INFINITY) > 1e6);
        assert_eq!(f32_error(f32::INFINITY, f32::MAX.into()), 1.0);
        assert_eq!(f32_error(-0.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn tells_the_neighbour_from_the_nearest() {
        assert!(correctly_rounded(0.1, 0.1));
        assert!(correctly_rounded(f32::NAN, f64::NAN));
        assert!(!correctly_rounded(f32::NAN, 1.0) && !correctly_rounded(1.0, f64::NAN));
        assert!(!correctly_rounded(0.1_f32.next_up(), 0.1));
        assert!(!correctly_rounded(-0.0, 0.0));
        assert!(!correctly_rounded(-0.0, 1e-60) && correctly_rounded(-0.0, -1e-60));
        assert!(correctly_rounded(f32::INFINITY, 3.4028235677973366e38));
        assert!(!correctly_rounded(f32::MAX, 3.4028235677973366e38));
    }

    #[test]
    fn agrees_with_rounding_by_the_machine() {
        for i in 0..1_000_000_u64 {
            let exact = f64::from_bits(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            assert!(correctly_rounded(exact as f32, exact), "{exact:e}");
            let near = f64::from((i as f32).sqrt()) * (1.0 + 2.0_f64.powi(-24));
            assert!(correctly_rounded(near as f32, near), "{near:e}");
            assert!(near == 0.0 || !correctly_rounded((near as f32).next_up(), near), "{near:e}");
        }
    }

    #[test]
    fn fast_results_are_judged_where_they_are_normal_and_must_stay_in_range() {
        let error = |found: f32, exact: f64| judge_fast(f32::FORMAT, (-1.0, 1.0), found.into(), exact, 0.0).distance;
        assert_eq!(error(0.5_f32.next_up(), 0.5), 1.0);
        assert_eq!(error(0.0, 1e-39), 0.0);
        assert_eq!(error(f32::MIN_POSITIVE, 1e-39), 0.0);
        assert_eq!(error(f32::MIN_POSITIVE.next_up(), 1e-39), f64::INFINITY);
        assert_eq!(error(0.0, -1e-39), f64::INFINITY);
        assert_eq!(error(1.0_f32.next_up(), 1.0), f64::INFINITY);
        assert_eq!(error(f32::NAN, f64::NAN), 0.0);
        assert_eq!(error(f32::NAN, 1e-39), f64::INFINITY);
        assert_eq!(error(0.5, f64::NAN), f64::INFINITY);
        assert!(judge_fast(f32::FORMAT, (-1.0, 1.0), 0.5, 0.5, 1e-9).doubtful);
    }

    #[test]
    fn says_where_the_exact_value_is_known_too_roughly() {
        let tie = 1.0 + 2.0_f64.powi(-24);
        assert!(judge(f32::FORMAT, 1.0, tie, 1e-15).doubtful);
        assert!(judge(f32::FORMAT, 1.0, tie + 1e-15, 2e-15).doubtful);
        assert!(!judge(f32::FORMAT, 1.0, tie + 2e-15, 1e-15).doubtful);
        assert!(judge(f32::FORMAT, 1.0, 1.0, 1e-9).doubtful);
        assert!(judge(f32::FORMAT, 1.0, 1.0, f64::NAN).doubtful);
        assert!(!judge(f32::FORMAT, 1.0, f64::NAN, f64::NAN).doubtful);
        assert!(!judge(f32::FORMAT, 0.0, 0.0, 0.0).doubtful);
        assert!(!judge(f32::FORMAT, f64::INFINITY, 1e200, 1e190).doubtful);
        assert!(judge(f32::FORMAT, f64::INFINITY, 1e200, 1e201).doubtful);
    }
}
