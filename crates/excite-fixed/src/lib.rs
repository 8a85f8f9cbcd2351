//! Fixed point: numbers as whole multiples of a power of two.
//!
//! A [`QFormat`] says how many bits such a number has and where its point is; [`Rounding`] and [`Overflow`] say what becomes of the
//! numbers that it does not hold.
//!
//! ```
//! use excite_fixed::{Overflow, QFormat, Rounding};
//!
//! // ReLU6 ends at 6, for which three integer bits are enough: five are left for the fraction of an unsigned byte.
//! let format: QFormat = "UQ3.5".parse()?;
//! let code = format.code(5.3, Rounding::HalfEven, Overflow::Saturate);
//! assert_eq!((code, format.value(code)), (170, 5.3125));
//! # Ok::<(), excite_fixed::QFormatError>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod q_format;
mod rounding;

pub use q_format::{Overflow, QFormat, QFormatError};
pub use rounding::Rounding;
