//! Q formats: where the point lies among the bits of a number.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::Rounding;

/// The form of a fixed-point number: signed or not, its integer bits and its fraction bits. Its codes are whole numbers, and a code
/// stands for itself times 2^−fraction.
///
/// `Q3.4` is signed, with 3 integer bits, 4 fraction bits and the sign besides: a byte, from −8 to 7.9375. `UQ3.5` is an unsigned byte,
/// from 0 to 7.96875. The sign is not counted as an integer bit: the convention of Texas Instruments and gemmlowp. In that of ARM, which
/// counts it, `Q3.4` is written Q4.4.
///
/// Either number may be negative, where the point lies outside the bits: `UQ-2.10` has 8 bits for values under a quarter.
///
/// ```
/// use excite_fixed::QFormat;
/// let byte: QFormat = "Q3.4".parse()?;
/// assert_eq!((byte.bits(), byte.step(), byte.min(), byte.max()), (8, 0.0625, -8.0, 7.9375));
/// let small: QFormat = "UQ-2.10".parse()?;
/// assert_eq!((small.bits(), small.max()), (8, 0.2490234375));
/// # Ok::<(), excite_fixed::QFormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QFormat {
    signed: bool,
    integer: i8,
    fraction: i8,
}

/// What becomes of a number beyond the ends of a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// The end that is nearest.
    #[default]
    Saturate,
    /// What the lowest bits hold, as integers of processors wrap around. An infinity, which has no lowest bits, becomes 0.
    Wrap,
}

impl QFormat {
    /// The most bits of a number.
    pub const MOST_BITS: u32 = 32;

    /// The signed format with these integer and fraction bits, and one more for the sign.
    ///
    /// # Errors
    /// If that is no bit at all, or more than [`MOST_BITS`](Self::MOST_BITS).
    pub const fn signed(integer: i8, fraction: i8) -> Result<Self, QFormatError> {
        Self { signed: true, integer, fraction }.checked()
    }

    /// The unsigned format with these integer and fraction bits.
    ///
    /// # Errors
    /// If that is no bit at all, or more than [`MOST_BITS`](Self::MOST_BITS).
    pub const fn unsigned(integer: i8, fraction: i8) -> Result<Self, QFormatError> {
        Self { signed: false, integer, fraction }.checked()
    }

    const fn checked(self) -> Result<Self, QFormatError> {
        let bits = self.integer as i32 + self.fraction as i32 + self.signed as i32;
        if bits < 1 || bits > Self::MOST_BITS as i32 { Err(QFormatError::Bits(bits)) } else { Ok(self) }
    }

    /// Whether there are negative numbers.
    pub const fn is_signed(self) -> bool {
        self.signed
    }

    /// The integer bits, the sign not counted.
    pub const fn integer_bits(self) -> i8 {
        self.integer
    }

    /// The fraction bits.
    pub const fn fraction_bits(self) -> i8 {
        self.fraction
    }

    /// All bits, the sign with them.
    pub const fn bits(self) -> u32 {
        (self.integer as i32 + self.fraction as i32 + self.signed as i32) as u32
    }

    /// From one number to the next: 2^−fraction.
    pub const fn step(self) -> f64 {
        power_of_two(-(self.fraction as i32))
    }

    /// The lowest code.
    pub const fn min_code(self) -> i64 {
        if self.signed { -(1 << (self.bits() - 1)) } else { 0 }
    }

    /// The highest code.
    pub const fn max_code(self) -> i64 {
        (1 << (self.bits() - self.signed as u32)) - 1
    }

    /// The least number.
    pub const fn min(self) -> f64 {
        self.value(self.min_code())
    }

    /// The largest number.
    pub const fn max(self) -> f64 {
        self.value(self.max_code())
    }

    /// The number that `code` stands for; exact for all codes of the format.
    pub const fn value(self, code: i64) -> f64 {
        code as f64 * self.step()
    }

    /// The code for `value`. That of NaN is 0.
    ///
    /// ```
    /// use excite_fixed::{Overflow, QFormat, Rounding};
    /// let format: QFormat = "Q3.4".parse()?;
    /// let [saturated, wrapped] =
    ///     [Overflow::Saturate, Overflow::Wrap].map(|overflow| format.code(8.5, Rounding::HalfEven, overflow));
    /// assert_eq!((saturated, wrapped), (127, 136 - 256));
    /// # Ok::<(), excite_fixed::QFormatError>(())
    /// ```
    pub fn code(self, value: f64, rounding: Rounding, overflow: Overflow) -> i64 {
        let mut steps = value * power_of_two(i32::from(self.fraction));
        if steps == 0.0 && value != 0.0 {
            // Too small for a float: any number that is not 0 and as small rounds alike.
            steps = f64::MIN_POSITIVE.copysign(value);
        }
        let whole = rounding.round(steps);
        match overflow {
            Overflow::Saturate if whole.is_nan() => 0,
            Overflow::Saturate => whole.clamp(self.min_code() as f64, self.max_code() as f64) as i64,
            Overflow::Wrap => {
                let codes = 1_i64 << self.bits();
                // The remainder of floats is exact; of infinities it is NaN, which becomes 0.
                let code = (libm::fmod(whole, codes as f64) as i64).rem_euclid(codes);
                if code > self.max_code() { code - codes } else { code }
            }
        }
    }

    /// The number of the format for `value`: the value of its code.
    pub fn quantise(self, value: f64, rounding: Rounding, overflow: Overflow) -> f64 {
        self.value(self.code(value, rounding, overflow))
    }
}

/// 2^exponent, for exponents of normal floats.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

impl fmt::Display for QFormat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.signed { "Q" } else { "UQ" };
        write!(out, "{sign}{}.{}", self.integer, self.fraction)
    }
}

impl FromStr for QFormat {
    type Err = QFormatError;

    fn from_str(text: &str) -> Result<Self, QFormatError> {
        let parts = || {
            let (signed, numbers) = match text.strip_prefix("UQ") {
                Some(numbers) => (false, numbers),
                None => (true, text.strip_prefix('Q')?),
            };
            let (integer, fraction) = numbers.split_once('.')?;
            // A plus sign, which the parser of integers takes, is not part of the notation.
            let number = |digits: &str| digits.parse::<i8>().ok().filter(|_| !digits.starts_with('+'));
            Some(Self { signed, integer: number(integer)?, fraction: number(fraction)? })
        };
        parts().ok_or_else(|| QFormatError::Unknown(text.to_owned()))?.checked()
    }
}

/// Why there is no such format.
#[derive(Clone, Debug, PartialEq)]
pub enum QFormatError {
    /// The text is not the name of a format.
    Unknown(String),
    /// A number would have this number of bits.
    Bits(i32),
    /// No format holds numbers up to this one.
    Range(f64),
}

impl fmt::Display for QFormatError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) => write!(
                out,
                "`{text}` is not a Q format: write Q3.4 for 3 integer bits, 4 fraction bits and a sign, or UQ3.5 for 3 and 5 without"
            ),
            Self::Bits(bits) => write!(
                out,
                "a fixed-point number of {bits} bits cannot be: its integer bits, its fraction bits and its sign must be 1 to {} bits",
                QFormat::MOST_BITS
            ),
            Self::Range(largest) => {
                write!(out, "no fixed-point format reaches to {largest}: it must be a number above 0 of a usual size")
            }
        }
    }
}

impl core::error::Error for QFormatError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    fn format(text: &str) -> QFormat {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_read_and_written() {
        for name in ["Q3.4", "UQ3.5", "Q0.15", "UQ-2.10", "Q10.-3", "Q0.0", "UQ0.32", "Q0.31", "UQ-120.127"] {
            assert_eq!(format(name).to_string(), name);
        }
        for text in
            ["", "Q", "UQ", "q3.4", "Q3", "Q3.", "Q.4", "Q3.4.5", "Q3.+4", "Q 3.4", "SQ3.4", "Q300.-290", "Qx.y"]
        {
            assert_eq!(text.parse::<QFormat>(), Err(QFormatError::Unknown(text.to_owned())));
        }
        assert_eq!(QFormat::signed(3, -4), Err(QFormatError::Bits(0)));
        assert_eq!(QFormat::unsigned(3, 5), Ok(format("UQ3.5")));
        for (text, bits) in [("UQ0.0", 0), ("UQ-3.2", -1), ("Q0.32", 33), ("UQ33.0", 33)] {
            assert_eq!(text.parse::<QFormat>(), Err(QFormatError::Bits(bits)));
        }
    }

    #[test]
    fn ranges_are_those_of_the_bits() {
        for (name, bits, step, least, largest) in [
            ("UQ3.5", 8, 1.0 / 32.0, 0.0, 255.0 / 32.0),
            ("Q3.4", 8, 1.0 / 16.0, -8.0, 127.0 / 16.0),
            ("Q0.15", 16, 1.0 / 32768.0, -1.0, 32767.0 / 32768.0),
            ("UQ-2.10", 8, 1.0 / 1024.0, 0.0, 255.0 / 1024.0),
            ("Q10.-3", 8, 8.0, -1024.0, 1016.0),
            ("UQ0.32", 32, 1.0 / 4294967296.0, 0.0, 1.0 - 1.0 / 4294967296.0),
            ("Q0.0", 1, 1.0, -1.0, 0.0),
        ] {
            let format = format(name);
            assert_eq!(
                (format.bits(), format.step(), format.min(), format.max()),
                (bits, step, least, largest),
                "{name}"
            );
        }
    }

    #[test]
    fn numbers_beyond_the_ends_saturate_or_wrap() {
        let byte = format("Q3.4");
        let saturated = |x| byte.code(x, Rounding::HalfEven, Overflow::Saturate);
        let wrapped = |x| byte.code(x, Rounding::HalfEven, Overflow::Wrap);
        assert_eq!([7.96875, 8.0, 1e300, f64::INFINITY].map(saturated), [127; 4]);
        assert_eq!([-8.03125, -9.0, -1e300, f64::NEG_INFINITY].map(saturated), [-128; 4]);
        // As the lowest byte of the whole number of sixteenths.
        for x in [7.9375, 8.0, 15.9375, 16.0, -8.0, -8.0625, -100.0, 123456.0625] {
            assert_eq!(wrapped(x), i64::from((x * 16.0) as i64 as i8), "{x}");
        }
        assert_eq!([1e300, f64::INFINITY, f64::NAN].map(wrapped), [0; 3]);
        assert_eq!(saturated(f64::NAN), 0);
        let unsigned = format("UQ3.5");
        assert_eq!(unsigned.code(-1.0, Rounding::HalfEven, Overflow::Saturate), 0);
        assert_eq!(unsigned.code(-1.0, Rounding::HalfEven, Overflow::Wrap), 256 - 32);
    }

    #[test]
    fn numbers_too_small_for_a_float_once_scaled_still_have_a_sign() {
        let coarse = format("Q127.-120");
        let floor = |x| coarse.code(x, Rounding::Floor, Overflow::Saturate);
        assert_eq!([-5e-324, -0.0, 5e-324].map(floor), [-1, 0, 0]);
    }

    /// ReLU6's two bytes, over values N(0, 2.5²) clipped to 0 to 6: the signal-to-noise ratios and the codes in use that are stated of
    /// them, 48.8 dB with 193 codes and 42.8 dB with 97. The integrals over the normal density are sums over a fine grid.
    #[test]
    fn relu6_in_a_byte_has_the_signal_to_noise_ratio_of_its_step() {
        for (name, decibels, codes) in [("UQ3.5", 48.8, 193), ("Q3.4", 42.8, 97)] {
            let format = format(name);
            let (mut signal, mut noise) = (0.0, 0.0);
            let mut used = [false; 256];
            for i in 0..400_000 {
                let x = (f64::from(i) + 0.5) / 400_000.0 * 40.0 - 20.0;
                let weight = (-0.5 * (x / 2.5) * (x / 2.5)).exp();
                let y = x.clamp(0.0, 6.0);
                let code = format.code(y, Rounding::HalfEven, Overflow::Saturate);
                used[code as usize] = true;
                signal += weight * y * y;
                noise += weight * (y - format.value(code)).powi(2);
            }
            assert_eq!(used.iter().filter(|&&used| used).count(), codes, "{name}");
            assert!(
                (10.0 * (signal / noise).log10() - decibels).abs() < 0.1,
                "{name}: {}",
                10.0 * (signal / noise).log10()
            );
        }
    }

    fn any_format() -> impl Strategy<Value = QFormat> {
        (any::<bool>(), any::<i8>(), any::<i8>()).prop_filter_map("too many or no bits", |(signed, i, f)| {
            QFormat { signed, integer: i, fraction: f }.checked().ok()
        })
    }

    proptest! {
        #[test]
        fn every_code_is_that_of_its_value(format in any_format(), share in 0.0..=1.0_f64) {
            let code = format.min_code() + (share * (format.max_code() - format.min_code()) as f64) as i64;
            for rounding in Rounding::ALL {
                for overflow in [Overflow::Saturate, Overflow::Wrap] {
                    prop_assert_eq!(format.code(format.value(code), rounding, overflow), code);
                }
            }
        }

        #[test]
        fn rounding_to_the_nearest_errs_by_half_a_step_at_most(format in any_format(), share in 0.0..=1.0_f64) {
            let x = format.min() + share * (format.max() - format.min());
            for rounding in [Rounding::HalfEven, Rounding::HalfAway, Rounding::HalfUp] {
                let error = (format.quantise(x, rounding, Overflow::Saturate) - x).abs();
                prop_assert!(error <= 0.5 * format.step(), "{rounding}: {error}");
            }
        }

        #[test]
        fn wrapping_is_congruent_and_in_range(format in any_format(), steps in -1i64 << 52..1 << 52) {
            let code = format.code(format.value(steps), Rounding::Floor, Overflow::Wrap);
            prop_assert!((format.min_code()..=format.max_code()).contains(&code));
            prop_assert_eq!((code - steps).rem_euclid(1 << format.bits()), 0);
        }
    }
}
