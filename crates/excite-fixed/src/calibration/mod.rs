//! Choosing a quantisation: from how the values of a layer are distributed to a range, a scale or a binary point, and how good it is.
//!
//! ```
//! use excite_fixed::calibration::{Distribution, Method};
//!
//! // Outputs of a ReLU: most are small, and one is large.
//! let values: Vec<f32> = (0..10_000).map(|i| (i % 100) as f32 / 50.0).chain([40.0]).collect();
//! let distribution = Distribution::of(&values)?;
//! let [all, best] = [Method::MinMax, Method::Mse].map(|method| method.propose(&distribution, 8).unwrap());
//! assert_eq!((all.high, all.format.to_string()), (40.0, "UQ6.2".to_owned()));
//! assert!(best.affine_quality.signal_to_noise() > all.affine_quality.signal_to_noise());
//! # Ok::<(), excite_fixed::calibration::CalibrationError>(())
//! ```

mod aciq;
mod distribution;
mod grid;
mod kl;
mod min_max;
mod mse;
mod percentile;
mod quality;
#[cfg(test)]
mod tests;

use core::fmt;
use core::str::FromStr;

pub use distribution::{CalibrationError, Distribution};
pub use grid::Grid;
pub use quality::{Quality, decibels};

use crate::{AffineError, QFormat};

/// How the range of a quantisation is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// All values.
    MinMax,
    /// All but one value in 10,000 at either end.
    Percentile,
    /// The range with the least mean square error.
    Mse,
    /// The range whose quantised distribution is nearest to that of the values, by the divergence of Kullback and Leibler.
    Kl,
    /// The range that is best for a Laplace or a normal distribution of the same spread.
    Aciq,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::MinMax, Self::Percentile, Self::Mse, Self::Kl, Self::Aciq];

    /// Its name: `"min-max"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinMax => "min-max",
            Self::Percentile => "percentile",
            Self::Mse => "mse",
            Self::Kl => "kl",
            Self::Aciq => "aciq",
        }
    }

    /// Its name as a reader knows it.
    pub fn title(self) -> &'static str {
        match self {
            Self::MinMax => "min-max",
            Self::Percentile => "99.99 %",
            Self::Mse => "MSE",
            Self::Kl => "KL",
            Self::Aciq => "ACIQ",
        }
    }

    /// The range for codes of `bits` bits: its lower and its upper end. 0 is in it.
    pub fn range(self, values: &Distribution, bits: u32) -> (f64, f64) {
        match self {
            Self::MinMax => min_max::range(values),
            Self::Percentile => percentile::range(values),
            Self::Mse => mse::range(values, bits),
            Self::Kl => kl::range(values, bits),
            Self::Aciq => aciq::range(values, bits),
        }
    }

    /// The quantisations with this range: one with a scale and a zero point, and one in a Q format, signed where there are negative values.
    /// The format has the fewest integer bits that hold the range; that of [`Mse`](Self::Mse) has those with the least error.
    ///
    /// # Errors
    /// If there are no codes of `bits` bits, or the range is so narrow that its scale is no normal float.
    pub fn propose(self, values: &Distribution, bits: u32) -> Result<Proposal, CalibrationError> {
        let (low, high) = self.range(values, bits);
        let affine = Grid::spanning(bits, low, high)?;
        let format = match self {
            Self::Mse => mse::format(values, bits)?,
            _ => QFormat::holding(values.has_negative(), bits, (-low).max(high))?,
        };
        Ok(Proposal {
            method: self,
            low,
            high,
            affine,
            affine_quality: values.measure(&affine),
            format,
            format_quality: values.measure(&format.into()),
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, UnknownMethod> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or(UnknownMethod)
    }
}

/// No method has this name.
///
/// ```
/// use excite_fixed::calibration::Method;
/// assert_eq!("mse".parse(), Ok(Method::Mse));
/// let error = "mean".parse::<Method>().unwrap_err();
/// assert_eq!(error.to_string(), "the method must be min-max, percentile, mse, kl or aciq");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the method must be min-max, percentile, mse, kl or aciq")
    }
}

impl core::error::Error for UnknownMethod {}

/// A range, and the quantisations with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// How the range was chosen.
    pub method: Method,
    /// The lower end of the range; 0 where no value is negative.
    pub low: f64,
    /// The upper end of the range: the cap.
    pub high: f64,
    /// The quantisation with a scale and a zero point; its codes are unsigned.
    pub affine: Grid,
    /// How good that is.
    pub affine_quality: Quality,
    /// The Q format.
    pub format: QFormat,
    /// How good that is.
    pub format_quality: Quality,
}

impl From<AffineError> for CalibrationError {
    fn from(error: AffineError) -> Self {
        Self::Affine(error)
    }
}
