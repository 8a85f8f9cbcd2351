//! The numbers that codes stand for, for codes of any number of bits.

use crate::affine::span;
use crate::{Affine, AffineError, QFormat, QFormatError, Rounding};

/// The numbers that a quantisation can give: scale · (code − zero point), for the codes from one to another.
///
/// Both forms of quantisation are such grids: a [`QFormat`], whose scale is a power of two and whose zero point is 0, and a scale and a
/// zero point for codes of any number of bits.
///
/// ```
/// use excite_fixed::calibration::Grid;
/// let relu6 = Grid::spanning(8, 0.0, 6.0)?;
/// assert_eq!((relu6.scale(), relu6.zero_point()), (f64::from(6.0_f32 / 255.0), 0));
/// assert_eq!([-1.0, 3.01, 7.0].map(|y| relu6.code(y)), [0, 128, 255]);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    scale: f64,
    zero_point: i64,
    least: i64,
    largest: i64,
}

impl From<QFormat> for Grid {
    fn from(format: QFormat) -> Self {
        Self { scale: format.step(), zero_point: 0, least: format.min_code(), largest: format.max_code() }
    }
}

impl Grid {
    /// The fewest and the most bits of a grid with a zero point.
    pub const BITS: core::ops::RangeInclusive<u32> = 2..=16;

    /// The finest grid of unsigned codes of `bits` bits that reaches from `low` to `high`, and holds 0.
    ///
    /// # Errors
    /// If the ends are not finite, the wrong way round, both 0, or so near that the scale is no normal float.
    ///
    /// # Panics
    /// If there are fewer than 2 bits or more than 16.
    pub fn spanning(bits: u32, low: f64, high: f64) -> Result<Self, AffineError> {
        assert!(Self::BITS.contains(&bits), "2 to 16 bits");
        let largest = (1 << bits) - 1;
        let (scale, zero_point) = span(low, high, largest)?;
        Ok(Self { scale: f64::from(scale), zero_point: i64::from(zero_point), least: 0, largest: i64::from(largest) })
    }

    /// The grid with this scale and zero point, and codes from `least` to `largest`.
    ///
    /// ```
    /// use excite_fixed::calibration::Grid;
    /// let sigmoid = Grid::new(1.0 / 256.0, 0, 0, 255)?;
    /// assert_eq!((sigmoid.low(), sigmoid.high()), (0.0, 255.0 / 256.0));
    /// # Ok::<(), excite_fixed::AffineError>(())
    /// ```
    ///
    /// # Errors
    /// If the scale is no positive normal float.
    ///
    /// # Panics
    /// If the zero point is no code.
    pub fn new(scale: f32, zero_point: i64, least: i64, largest: i64) -> Result<Self, AffineError> {
        assert!((least..=largest).contains(&zero_point), "the zero point is a code");
        Affine::<u8>::new(scale, 0)?;
        Ok(Self { scale: f64::from(scale), zero_point, least, largest })
    }

    /// The same grid, whose codes end with that of `cap`.
    #[must_use]
    pub fn up_to(self, cap: f64) -> Self {
        Self { largest: self.code(cap), ..self }
    }

    /// From one number to the next.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The code of 0.
    pub fn zero_point(&self) -> i64 {
        self.zero_point
    }

    /// The lowest and the highest code.
    pub fn codes(&self) -> (i64, i64) {
        (self.least, self.largest)
    }

    /// The least number.
    pub fn low(&self) -> f64 {
        self.value(self.least)
    }

    /// The largest number.
    pub fn high(&self) -> f64 {
        self.value(self.largest)
    }

    /// The number that a code stands for.
    pub fn value(&self, code: i64) -> f64 {
        self.scale * (code - self.zero_point) as f64
    }

    /// The code nearest to a value, half to even. That of NaN is the zero point.
    pub fn code(&self, value: f64) -> i64 {
        let steps = Rounding::HalfEven.round(value / self.scale);
        let steps = if steps.is_nan() { 0.0 } else { steps };
        let (least, largest) = (self.least - self.zero_point, self.largest - self.zero_point);
        self.zero_point + steps.clamp(least as f64, largest as f64) as i64
    }

    /// The number of the grid nearest to a value.
    pub fn quantise(&self, value: f64) -> f64 {
        self.value(self.code(value))
    }

    /// Replaces values by the nearest numbers of the grid, all in f32: what ONNX's QuantizeLinear and DequantizeLinear do, one after the
    /// other. NaN stays NaN.
    ///
    /// ```
    /// use excite_fixed::calibration::Grid;
    /// let mut y = [-1.0, 0.4, 1.5, 2.5, 300.0];
    /// Grid::spanning(8, 0.0, 255.0)?.quantise_in_place(&mut y);
    /// assert_eq!(y, [0.0, 0.0, 2.0, 2.0, 255.0]);
    /// # Ok::<(), excite_fixed::AffineError>(())
    /// ```
    pub fn quantise_in_place(&self, values: &mut [f32]) {
        // Adding 1.5·2²³ rounds to a whole number, half to even; steps are at most 2¹⁶.
        const TO_WHOLE: f32 = 12_582_912.0;
        let scale = self.scale as f32;
        let (least, largest) = ((self.least - self.zero_point) as f32, (self.largest - self.zero_point) as f32);
        for value in values {
            let steps = (*value / scale).clamp(least, largest);
            *value = (steps + TO_WHOLE - TO_WHOLE) * scale;
        }
    }

    /// ∫(t − quantised t)² dt from the lowest threshold to `y`, in closed form: each step adds scale³/12, and what lies beyond the ends a
    /// cube of its distance.
    pub(super) fn error_up_to(&self, y: f64) -> f64 {
        let half = 0.5 * self.scale;
        let cube = |x: f64| x * x * x;
        let (low, high) = (self.low(), self.high());
        if y < low - half {
            return (cube(half) - cube(low - y)) / 3.0;
        }
        let cells = (self.largest - self.least + 1) as f64;
        let cell = 2.0 * cube(half) / 3.0;
        if y > high + half {
            return cells * cell + (cube(y - high) - cube(half)) / 3.0;
        }
        let steps = (y - low) / self.scale + 0.5;
        let whole = libm::floor(steps);
        whole * cell + (cube((steps - whole - 0.5) * self.scale) + cube(half)) / 3.0
    }
}

impl QFormat {
    /// The format of `bits` bits in all, of which `integer` are left of the point.
    ///
    /// # Errors
    /// If that leaves fewer than one bit in all, or a number of bits on either side that cannot be written.
    pub const fn with_bits(signed: bool, bits: u32, integer: i8) -> Result<Self, QFormatError> {
        let fraction = bits as i32 - signed as i32 - integer as i32;
        if bits > Self::MOST_BITS || fraction > i8::MAX as i32 || fraction < i8::MIN as i32 {
            return Err(QFormatError::Bits(bits as i32));
        }
        if signed { Self::signed(integer, fraction as i8) } else { Self::unsigned(integer, fraction as i8) }
    }

    /// The format of `bits` bits with the fewest integer bits m for which `largest` is at most 2^m: the finest that
    /// holds numbers up to `largest`, but for the last step before 2^m.
    ///
    /// ```
    /// use excite_fixed::QFormat;
    /// let formats = [0.2, 1.0, 6.0, 8.0, 8.1].map(|largest| QFormat::holding(false, 8, largest).unwrap().to_string());
    /// assert_eq!(formats, ["UQ-2.10", "UQ0.8", "UQ3.5", "UQ3.5", "UQ4.4"]);
    /// ```
    ///
    /// # Errors
    /// As [`with_bits`](Self::with_bits); or if `largest` is 0, NaN or infinite.
    pub fn holding(signed: bool, bits: u32, largest: f64) -> Result<Self, QFormatError> {
        // x is at most 2^exponent, and above half of it unless it is that power of two itself.
        let (fraction, exponent) = libm::frexp(largest);
        let integer = if fraction == 0.5 { exponent - 1 } else { exponent };
        match i8::try_from(integer) {
            Ok(integer) if largest > 0.0 && largest.is_finite() => Self::with_bits(signed, bits, integer),
            _ => Err(QFormatError::Range(largest)),
        }
    }
}
