//! How values are distributed.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::{Grid, Quality};
use crate::{AffineError, QFormatError};

/// Counts of values in 2048 equal bins from the least to the largest, with an edge at 0, and apart from them the values that are exactly
/// 0, the least or the largest: a ReLU gives many zeros, and one with a cap many caps.
///
/// The range has to be known first, so data is gone through twice. Distributions with the same range merge exactly.
///
/// ```
/// use excite_fixed::calibration::Distribution;
/// let values = [0.0, 0.5, 0.75, 6.0, 6.0];
/// let mut parts = [Distribution::new(0.0, 6.0)?, Distribution::new(0.0, 6.0)?];
/// parts[0].update(&values[..2]);
/// parts[1].update(&values[2..]);
/// let [mut whole, part] = parts;
/// whole.merge(&part)?;
/// assert_eq!(whole, Distribution::of(&values)?);
/// assert_eq!((whole.total(), whole.share_of_zeros()), (5, 0.2));
/// # Ok::<(), excite_fixed::calibration::CalibrationError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    least: f64,
    largest: f64,
    width: f64,
    /// The number of bins under 0.
    under_zero: usize,
    counts: Vec<u64>,
    zeros: u64,
    at_least: u64,
    at_largest: u64,
    not_finite: u64,
}

impl Distribution {
    /// The number of bins.
    pub const BINS: usize = 2048;

    /// No values yet, of those from `least` to `largest`; 0 is always within.
    ///
    /// # Errors
    /// If an end is not finite, or both are 0.
    pub fn new(least: f64, largest: f64) -> Result<Self, CalibrationError> {
        if !(least.is_finite() && largest.is_finite()) {
            return Err(CalibrationError::NotFinite);
        }
        let (least, largest) = (least.min(0.0), largest.max(0.0));
        // One bin less than there are at either side of 0: whichever way the edges fall, all values are in one.
        let width = (largest - least) / (Self::BINS - 2) as f64;
        if !(width > f64::from(f32::MIN_POSITIVE)) {
            return Err(CalibrationError::Zero);
        }
        let under_zero = libm::ceil(-least / width) as usize;
        let counts = vec![0; Self::BINS];
        Ok(Self { least, largest, width, under_zero, counts, zeros: 0, at_least: 0, at_largest: 0, not_finite: 0 })
    }

    /// The distribution of a complete set of values.
    ///
    /// # Errors
    /// If none is finite and not 0.
    pub fn of(values: &[f32]) -> Result<Self, CalibrationError> {
        let finite = values.iter().filter(|value| value.is_finite());
        let (least, largest) =
            finite.fold((0.0, 0.0), |(least, largest): (f32, f32), &y| (least.min(y), largest.max(y)));
        let mut distribution = Self::new(f64::from(least), f64::from(largest))?;
        distribution.update(values);
        Ok(distribution)
    }

    /// Adds values. What lies outside of the range counts as its end.
    pub fn update(&mut self, values: &[f32]) {
        let (inverse, offset) = (1.0 / self.width, self.under_zero as f64);
        for &value in values {
            let y = f64::from(value);
            if y == 0.0 {
                self.zeros += 1;
            } else if y >= self.largest {
                // An infinity is no value.
                *(if y.is_finite() { &mut self.at_largest } else { &mut self.not_finite }) += 1;
            } else if y <= self.least {
                *(if y.is_finite() { &mut self.at_least } else { &mut self.not_finite }) += 1;
            } else if y.is_nan() {
                self.not_finite += 1;
            } else {
                let bin = (y * inverse + offset) as usize;
                self.counts[bin.min(Self::BINS - 1)] += 1;
            }
        }
    }

    /// Adds what `other` has seen.
    ///
    /// # Errors
    /// If its range is another; then nothing was added.
    pub fn merge(&mut self, other: &Self) -> Result<(), CalibrationError> {
        if (self.least, self.largest) != (other.least, other.largest) {
            return Err(CalibrationError::Ranges);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.zeros += other.zeros;
        self.at_least += other.at_least;
        self.at_largest += other.at_largest;
        self.not_finite += other.not_finite;
        Ok(())
    }

    /// The distribution of max(y, 0): what a ReLU makes of the values.
    ///
    /// # Errors
    /// If no value is above 0.
    pub fn rectified(&self) -> Result<Self, CalibrationError> {
        if self.largest <= 0.0 {
            return Err(CalibrationError::Zero);
        }
        let mut counts = self.counts.clone();
        let under: u64 = counts[..self.under_zero].iter_mut().map(core::mem::take).sum();
        let zeros = self.zeros + self.at_least + under;
        Ok(Self { least: 0.0, counts, zeros, at_least: 0, ..*self })
    }

    /// The distribution of min(y, cap), for a cap above 0. The values of the bin that the cap is in go to the side of its middle.
    #[must_use]
    pub fn capped(&self, cap: f64) -> Self {
        if cap >= self.largest {
            return self.clone();
        }
        let mut counts = self.counts.clone();
        let first = self.under_zero + libm::round(cap / self.width) as usize;
        let above: u64 = counts[first.min(Self::BINS)..].iter_mut().map(core::mem::take).sum();
        Self { largest: cap, counts, at_largest: self.at_largest + above, ..*self }
    }

    /// The least value, or 0 if that is lower.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// The largest value, or 0 if that is higher.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// Whether there are negative values.
    pub fn has_negative(&self) -> bool {
        self.least < 0.0
    }

    /// The number of values that are neither NaN nor infinite.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.zeros + self.at_least + self.at_largest
    }

    /// The number of values that are NaN or infinite.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// The share of the values that are exactly 0.
    pub fn share_of_zeros(&self) -> f64 {
        self.zeros as f64 / self.total().max(1) as f64
    }

    /// The share of the values above `y`, which are taken to be spread evenly within a bin.
    pub fn share_above(&self, y: f64) -> f64 {
        let above = |(low, high, count): (f64, f64, u64)| {
            let share = if high > low { ((high - y) / (high - low)).clamp(0.0, 1.0) } else { f64::from(low > y) };
            share * count as f64
        };
        self.pieces().map(above).sum::<f64>() / self.total().max(1) as f64
    }

    /// The value that this share of the values lies under.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut left = share.clamp(0.0, 1.0) * self.total() as f64;
        for (low, high, count) in self.pieces() {
            let count = count as f64;
            if left <= count {
                return low + (high - low) * left / count;
            }
            left -= count;
        }
        self.largest
    }

    /// What becomes of the values on a grid.
    pub fn measure(&self, grid: &Grid) -> Quality {
        let total = self.total().max(1) as f64;
        let half = 0.5 * grid.scale();
        let mut codes = Codes::default();
        let (mut signal, mut clipped) = (0.0, 0.0);
        for (low, high, count) in self.pieces() {
            codes.add(grid.code(low), grid.code(if high > low { high.next_down() } else { high }));
            signal += count as f64 * (low * low + low * high + high * high) / 3.0;
            let (first, last) = (grid.low() - half, grid.high() + half);
            let inside = if high > low {
                (high.min(last) - low.max(first)).max(0.0) / (high - low)
            } else {
                f64::from((first..=last).contains(&low))
            };
            clipped += count as f64 * (1.0 - inside);
        }
        let codes = codes.count.min(self.total());
        Quality { signal: signal / total, noise: self.noise(grid), clipped: clipped / total, codes }
    }

    /// The mean square error on a grid, of values spread evenly within each bin.
    pub(super) fn noise(&self, grid: &Grid) -> f64 {
        let of_piece = |(low, high, count): (f64, f64, u64)| {
            let mean = if high > low {
                (grid.error_up_to(high) - grid.error_up_to(low)) / (high - low)
            } else {
                let error = low - grid.quantise(low);
                error * error
            };
            count as f64 * mean
        };
        self.pieces().map(of_piece).sum::<f64>() / self.total().max(1) as f64
    }

    /// Where values are, from the lowest up, and how many: the bins that hold any, and single values as pieces without a width.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let edge = move |bin: usize| (bin as f64 - self.under_zero as f64) * self.width;
        let bins = move |from: usize, to: usize| {
            let bins = self.counts[from..to].iter().enumerate();
            bins.map(move |(bin, &count)| {
                let (low, high) = (edge(from + bin).max(self.least), edge(from + bin + 1).min(self.largest));
                (low, high.max(low), count)
            })
        };
        let point = |y: f64, count: u64| core::iter::once((y, y, count));
        let pieces = point(self.least, self.at_least)
            .chain(bins(0, self.under_zero))
            .chain(point(0.0, self.zeros))
            .chain(bins(self.under_zero, Self::BINS))
            .chain(point(self.largest, self.at_largest));
        pieces.filter(|(_, _, count)| *count > 0)
    }

    /// How often |y| falls where, the zeros left out: bins of the same width from 0 on.
    pub(super) fn sizes(&self) -> (f64, Vec<u64>) {
        let reach = self.largest.max(-self.least);
        let mut sizes = vec![0; (libm::ceil(reach / self.width) as usize).max(1)];
        let last = sizes.len() - 1;
        for (low, high, count) in self.pieces().filter(|&(low, high, _)| (low, high) != (0.0, 0.0)) {
            sizes[((0.5 * (low + high).abs() / self.width) as usize).min(last)] += count;
        }
        (self.width, sizes)
    }

    /// The counts in `bins` bins of one width from the least to the largest value, for drawing, with the zeros left out.
    pub fn outline(&self, bins: usize) -> Vec<u64> {
        let mut outline = vec![0; bins];
        let per_bin = bins as f64 / (self.largest - self.least);
        for (low, high, count) in self.pieces().filter(|&(low, high, _)| (low, high) != (0.0, 0.0)) {
            let bin = ((0.5 * (low + high) - self.least) * per_bin) as usize;
            outline[bin.min(bins - 1)] += count;
        }
        outline
    }
}

/// Counts codes of ranges that come in ascending order.
#[derive(Default)]
struct Codes {
    next: Option<i64>,
    count: u64,
}

impl Codes {
    fn add(&mut self, first: i64, last: i64) {
        let first = self.next.map_or(first, |next| next.max(first));
        if last >= first {
            self.count += (last - first + 1) as u64;
            self.next = Some(last + 1);
        }
    }
}

/// Why there is no quantisation for the values.
#[derive(Clone, Debug, PartialEq)]
pub enum CalibrationError {
    /// All values are 0, or there are none.
    Zero,
    /// An end of the range is NaN or infinite.
    NotFinite,
    /// The ranges of two distributions differ.
    Ranges,
    /// The scale cannot be.
    Affine(AffineError),
    /// The format cannot be.
    Format(QFormatError),
}

impl From<QFormatError> for CalibrationError {
    fn from(error: QFormatError) -> Self {
        Self::Format(error)
    }
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => out.write_str("all values are 0, so there is nothing to choose a scale by"),
            Self::NotFinite => out.write_str("the range of the values is not finite"),
            Self::Ranges => {
                out.write_str("the distributions have different ranges: only those with the same range merge")
            }
            Self::Affine(error) => error.fmt(out),
            Self::Format(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for CalibrationError {}
