//! For those who define a function: its mathematics, over any kind of number, and how precisely it is evaluated.
//!
//! A function is a type that implements [`Definition`]: two formulas. It is then [`Elementwise`](crate::Elementwise), as all of the
//! catalogue, at the same speed. Registered as a [`Function`](crate::Function) it goes wherever one goes: by name into configurations,
//! and into the adapters of candle, burn and ndarray.
//!
//! ```
//! use excite::define::{Definition, Number};
//! use excite::{Function, Info};
//!
//! /// x·|x|: a square that keeps the sign.
//! #[derive(Clone, Copy, Debug)]
//! struct SignedSquare;
//!
//! impl Definition for SignedSquare {
//!     const INFO: Info = Info::named("signed_square");
//!
//!     #[inline(always)]
//!     fn formula<N: Number>(self, x: N) -> N {
//!         x * x.abs()
//!     }
//!
//!     #[inline(always)]
//!     fn slope_formula<N: Number>(self, x: N) -> N {
//!         x.abs().times(2.0)
//!     }
//! }
//!
//! let f = Function::register(SignedSquare)?;
//! assert_eq!(f.value(-3.0_f32), -9.0);
//! assert_eq!("signed_square".parse(), Ok(f));
//! # Ok::<(), excite::RegisterError>(())
//! ```
//!
//! # Accuracy
//! [`Precision::Native`], the default, evaluates the formula in the type of the numbers, as a plain loop would, and is as fast.
//! [`Precision::Extended`] evaluates it in a number twice as long and rounds once. A kernel made for f32 and f64 is
//! [`Definition::tuned`].

mod definition;
mod dual;
mod real;

pub use crate::math::{Constant, Native, Number, Pair};
pub use definition::{Definition, Precision, Reference};
pub use real::Real;

pub(crate) use dual::derivative;
