//! Fixed point: numbers as whole multiples of a power of two.
//!
//! A [`QFormat`] says how many bits such a number has and where its point is; [`Rounding`] and [`Overflow`] say what becomes of the
//! numbers that it does not hold.
//!
//! ```
//! use excite::fixed::{Overflow, QFormat, Rounding};
//!
//! // ReLU6 ends at 6, for which three integer bits are enough: five are left for the fraction of an unsigned byte.
//! let format: QFormat = "UQ3.5".parse()?;
//! let code = format.code(5.3, Rounding::HalfEven, Overflow::Saturate);
//! assert_eq!((code, format.value(code)), (170, 5.3125));
//! # Ok::<(), excite::fixed::QFormatError>(())
//! ```

mod q_format;
mod rounding;

pub use q_format::{Overflow, QFormat, QFormatError};
pub use rounding::Rounding;
