//! Affine quantisation: a code stands for (code − zero point) times a scale.

use alloc::vec::Vec;
use core::fmt;

use excite::Error;

use crate::{Code, Rounding};

/// What the codes of a tensor stand for: value = scale · (code − zero point).
///
/// The scale is an f32, as all formats of models have it.
///
/// ```
/// use excite_fixed::Affine;
/// // The outputs of ReLU6 in a byte.
/// let relu6 = Affine::<u8>::new(6.0 / 255.0, 0)?;
/// assert_eq!([-1.0, 3.0, 6.0, 7.0].map(|y| relu6.code(y)), [0, 127, 255, 255]);
/// assert!((relu6.value(127) - 2.988).abs() < 1e-3);
///
/// let error = Affine::<u8>::new(0.1, 300).unwrap_err();
/// assert_eq!(error.to_string(), "the zero point 300 is not a code of uint8: it must be from 0 to 255");
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine<C> {
    scale: f32,
    zero_point: C,
}

impl<C: Code> Affine<C> {
    /// The quantisation with this scale and zero point.
    ///
    /// # Errors
    /// If the scale is not a positive, normal float, or the zero point not a code.
    pub fn new(scale: f32, zero_point: i32) -> Result<Self, AffineError> {
        // A subnormal scale has lost digits, and its inverse is infinite.
        if !(scale.is_normal() && scale > 0.0) {
            return Err(AffineError::Scale(scale));
        }
        if !(C::MIN_CODE..=C::MAX_CODE).contains(&zero_point) {
            return Err(AffineError::ZeroPoint { zero_point, code: C::NAME, least: C::MIN_CODE, largest: C::MAX_CODE });
        }
        Ok(Self { scale, zero_point: C::saturated(zero_point) })
    }

    /// The finest quantisation that holds all values from `least` to `largest`, and 0 exactly.
    ///
    /// ```
    /// use excite_fixed::Affine;
    /// let affine = Affine::<i8>::spanning(-1.0, 3.0)?;
    /// assert_eq!((affine.scale(), affine.zero_point()), (4.0 / 255.0, -64));
    /// # Ok::<(), excite_fixed::AffineError>(())
    /// ```
    ///
    /// # Errors
    /// If the ends are not finite, are the wrong way round, or both are 0.
    pub fn spanning(least: f32, largest: f32) -> Result<Self, AffineError> {
        let (scale, steps) = span(f64::from(least), f64::from(largest), C::MAX_CODE - C::MIN_CODE)?;
        Self::new(scale, C::MIN_CODE + steps)
    }

    /// From one value to the next.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The code of 0.
    pub fn zero_point(&self) -> C {
        self.zero_point
    }

    /// The value of a code; exact.
    pub fn value(&self, code: C) -> f64 {
        f64::from(self.scale) * f64::from(code.to_i32() - self.zero_point.to_i32())
    }

    /// A value as a number of steps from the zero point, not rounded.
    pub(crate) fn steps(&self, value: f64) -> f64 {
        value / f64::from(self.scale)
    }

    /// The code nearest to a value, half to even counted from the zero point. That of NaN is the zero point.
    pub fn code(&self, value: f64) -> C {
        let steps = Rounding::HalfEven.round(self.steps(value));
        let steps = if steps.is_nan() { 0.0 } else { steps };
        C::saturated_f64(steps + f64::from(self.zero_point.to_i32()))
    }

    /// The codes of values.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn quantise(&self, values: &[f32], codes: &mut [C]) -> Result<(), Error> {
        check_lengths(values.len(), codes.len())?;
        for (&value, code) in values.iter().zip(codes) {
            *code = self.code(f64::from(value));
        }
        Ok(())
    }

    /// The values of codes, rounded to f32.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn dequantise(&self, codes: &[C], values: &mut [f32]) -> Result<(), Error> {
        check_lengths(codes.len(), values.len())?;
        for (&code, value) in codes.iter().zip(values) {
            *value = self.value(code) as f32;
        }
        Ok(())
    }
}

/// The scale with which `steps` steps reach from `least` to `largest`, and how many of these are under 0.
pub(crate) fn span(least: f64, largest: f64, steps: i32) -> Result<(f32, i32), AffineError> {
    let (least, largest) = (least.min(0.0), largest.max(0.0));
    let scale = ((largest - least) / f64::from(steps)) as f32;
    let below = Rounding::HalfEven.round(-least / f64::from(scale));
    // Any affine tensor has this scale; a float becomes the nearest i32.
    Affine::<u8>::new(scale, 0)?;
    Ok((scale, (below as i32).clamp(0, steps)))
}

pub(crate) fn check_lengths(expected: usize, found: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { slice: "y", found, expected }) }
}

/// A quantisation for each channel of a tensor.
///
/// ```
/// use excite_fixed::PerChannel;
/// let weights = PerChannel::<i8>::new(&[0.5, 0.25], &[0, 0])?;
/// let mut codes = [0; 4];
/// // Two channels of two numbers.
/// weights.quantise(&[1.0, -2.0, 1.0, -2.0], 2, &mut codes).unwrap();
/// assert_eq!(codes, [2, -4, 4, -8]);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PerChannel<C> {
    channels: Vec<Affine<C>>,
}

impl<C: Code> PerChannel<C> {
    /// The quantisations with these scales and zero points.
    ///
    /// # Errors
    /// If there are not as many zero points as scales, or one of them is not as [`Affine::new`] takes it.
    pub fn new(scales: &[f32], zero_points: &[i32]) -> Result<Self, AffineError> {
        if scales.len() != zero_points.len() {
            return Err(AffineError::Channels { scales: scales.len(), zero_points: zero_points.len() });
        }
        let channels = scales.iter().zip(zero_points).map(|(&scale, &zero_point)| Affine::new(scale, zero_point));
        Ok(Self { channels: channels.collect::<Result<_, _>>()? })
    }

    /// The quantisation of each channel.
    pub fn channels(&self) -> &[Affine<C>] {
        &self.channels
    }

    /// The codes of a tensor whose shape is […, channels, `inner`]: `inner` numbers of a channel lie side by side.
    ///
    /// # Errors
    /// If the slices differ in length.
    ///
    /// # Panics
    /// If `inner` is 0.
    pub fn quantise(&self, values: &[f32], inner: usize, codes: &mut [C]) -> Result<(), Error> {
        check_lengths(values.len(), codes.len())?;
        let runs = values.chunks(inner).zip(codes.chunks_mut(inner));
        for ((values, codes), channel) in runs.zip(self.channels.iter().cycle()) {
            channel.quantise(values, codes)?;
        }
        Ok(())
    }

    /// The values of a tensor whose shape is […, channels, `inner`].
    ///
    /// # Errors
    /// If the slices differ in length.
    ///
    /// # Panics
    /// If `inner` is 0.
    pub fn dequantise(&self, codes: &[C], inner: usize, values: &mut [f32]) -> Result<(), Error> {
        check_lengths(codes.len(), values.len())?;
        let runs = codes.chunks(inner).zip(values.chunks_mut(inner));
        for ((codes, values), channel) in runs.zip(self.channels.iter().cycle()) {
            channel.dequantise(codes, values)?;
        }
        Ok(())
    }
}

/// Why there is no such quantisation, or no such kernel on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AffineError {
    /// The scale is 0, negative, subnormal, NaN or infinite.
    Scale(f32),
    /// The zero point is not a code.
    ZeroPoint {
        /// What was given.
        zero_point: i32,
        /// The name of the type of the codes.
        code: &'static str,
        /// The lowest code.
        least: i32,
        /// The highest code.
        largest: i32,
    },
    /// There are more scales than zero points, or fewer.
    Channels {
        /// The number of scales.
        scales: usize,
        /// The number of zero points.
        zero_points: usize,
    },
}

impl fmt::Display for AffineError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale(scale) => {
                let what = match scale {
                    scale if scale.is_nan() => "NaN",
                    scale if scale.is_infinite() => "infinite",
                    scale if *scale == 0.0 => "0",
                    scale if *scale < 0.0 => "negative",
                    _ => "subnormal",
                };
                write!(
                    out,
                    "the scale {scale:e} is {what}: it must be positive, finite and at least {:e}",
                    f32::MIN_POSITIVE
                )
            }
            Self::ZeroPoint { zero_point, code, least, largest } => {
                write!(out, "the zero point {zero_point} is not a code of {code}: it must be from {least} to {largest}")
            }
            Self::Channels { scales, zero_points } => {
                write!(out, "there are {scales} scales and {zero_points} zero points: each channel needs one of each")
            }
        }
    }
}

impl core::error::Error for AffineError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::codes;

    #[test]
    fn scales_and_zero_points_that_cannot_be_are_errors() {
        for (scale, what) in [
            (0.0, "0"),
            (-0.5, "negative"),
            (1e-40, "subnormal"),
            (f32::NAN, "NaN"),
            (f32::INFINITY, "infinite"),
            (f32::NEG_INFINITY, "infinite"),
        ] {
            let error = Affine::<i8>::new(scale, 0).unwrap_err().to_string();
            assert!(error.contains(&alloc::format!("is {what}:")), "{error}");
        }
        assert!(Affine::<i8>::new(f32::MIN_POSITIVE, -128).is_ok());
        assert!(Affine::<i8>::new(f32::MAX, 127).is_ok());
        for zero_point in [-129, 128, i32::MIN, i32::MAX] {
            assert!(matches!(Affine::<i8>::new(1.0, zero_point), Err(AffineError::ZeroPoint { .. })));
        }
        assert!(Affine::<u16>::new(1.0, 65535).is_ok() && Affine::<u16>::new(1.0, -1).is_err());
        assert!(Affine::<i16>::new(1.0, -32768).is_ok() && Affine::<i16>::new(1.0, 32768).is_err());
        let error = PerChannel::<i8>::new(&[1.0, 2.0], &[0]).unwrap_err();
        assert_eq!(error.to_string(), "there are 2 scales and 1 zero points: each channel needs one of each");
        assert_eq!(PerChannel::<i8>::new(&[1.0, 0.0], &[0, 0]).unwrap_err(), AffineError::Scale(0.0));
        for (least, largest) in [(0.0, 0.0), (f32::NEG_INFINITY, 1.0), (1.0, -1.0)] {
            assert!(matches!(Affine::<u8>::spanning(least, largest), Err(AffineError::Scale(_))), "{least} {largest}");
        }
    }

    fn round_trip<C: Code>() {
        for scale in [f32::MIN_POSITIVE, 0.1, 1.0 / 256.0, 3e38] {
            for zero_point in [C::MIN_CODE, 3, C::MAX_CODE] {
                let affine = Affine::<C>::new(scale, zero_point).unwrap();
                assert!(codes().all(|code| affine.code(affine.value(code)) == code), "{affine:?}");
                assert_eq!(affine.code(f64::INFINITY).to_i32(), C::MAX_CODE);
                assert_eq!(affine.code(f64::NEG_INFINITY).to_i32(), C::MIN_CODE);
                assert_eq!(affine.code(f64::NAN).to_i32(), zero_point);
            }
        }
    }

    #[test]
    fn every_code_is_that_of_its_value() {
        round_trip::<i8>();
        round_trip::<u8>();
        round_trip::<i16>();
        round_trip::<u16>();
    }

    #[test]
    fn a_span_is_held_and_so_is_zero() {
        for (least, largest) in [(-1.0, 3.0), (0.5, 6.0), (-7.0, -0.1), (-0.001, 1000.0)] {
            let affine = Affine::<u8>::spanning(least, largest).unwrap();
            for end in [f64::from(least.min(0.0)), f64::from(largest.max(0.0))] {
                assert!((affine.value(affine.code(end)) - end).abs() <= f64::from(affine.scale()), "{affine:?}");
            }
            assert_eq!(affine.code(0.0), affine.zero_point());
        }
    }

    #[test]
    fn channels_take_turns() {
        let weights = PerChannel::<i16>::new(&[1.0, 0.5, 0.25], &[0, 1, 2]).unwrap();
        let mut codes = [0; 6];
        weights.quantise(&[1.0; 6], 1, &mut codes).unwrap();
        assert_eq!(codes, [1, 3, 6, 1, 3, 6]);
        let mut values = [0.0; 6];
        weights.dequantise(&codes, 1, &mut values).unwrap();
        assert_eq!(values, [1.0; 6]);
        assert!(weights.quantise(&[1.0; 5], 1, &mut codes).is_err());
    }
}
