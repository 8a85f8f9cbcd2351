//! Activation functions for neural networks: forward and backward over slices, accurate to 1 ULP, the same bits on every machine.
//!
//! ```
//! use excite::{Elementwise, Relu6, Sigmoid};
//!
//! let x = [-2.0_f32, 0.0, 2.0, 8.0];
//! let mut y = [0.0; 4];
//! Sigmoid.forward(&x, &mut y)?;
//! assert_eq!(y[1], 0.5);
//!
//! // The gradient of a loss by x, from the one by y. Sigmoid's slope follows from its output: y·(1 − y).
//! let mut dx = [0.0; 4];
//! Sigmoid.backward(&y, &[1.0; 4], &mut dx)?;
//! assert_eq!(dx[1], 0.25);
//!
//! assert_eq!(Relu6.apply(&x), [0.0, 0.0, 2.0, 6.0]);
//! # Ok::<(), excite::Error>(())
//! ```
//!
//! # Where things are
//! * [`Elementwise`] is what functions of single numbers do: the types of the catalogue ([`Relu`], [`Gelu`], ...), and any of them chosen
//!   at run time by name: [`Function`], `"relu6".parse::<Function>()`.
//! * [`Rowwise`] is what functions of whole rows do: [`Softmax`], [`LogSoftmax`], [`Softmin`], [`Sparsemax`], and [`RowFunction`] by name.
//! * [`Gate`] is GLU, ReGLU, GEGLU or SwiGLU: two inputs in one pass, or packed in one slice.
//! * [`Elementwise::per_channel`] gives a function one parameter for each channel, as PReLU has, with its gradient.
//! * [`Engine`] says how slices are computed: on which instruction set, on how many threads. `engine.forward(&f, x, y)` serves for all of
//!   these.
//! * [`Facts`] computes what a function does: its range, where it is linear, where it saturates.
//! * [`Function::from_curve`] is a function of which only points are known.
//! * [`define`] is for a function of your own: two formulas, and it goes wherever one of these goes.
//!
//! # Promises
//! * The result depends on the value alone: not on its position in the slice, the slice's length or alignment, the
//!   number of threads or the instruction set.
//! * NaN in, NaN out. Signed zeros, infinities and subnormals give the rounded limit.
//! * Each function states its largest error in ULP ([`Info::max_ulp`]), measured over all 2^32 inputs of f32. In f16 and bf16 every
//!   result is correctly rounded; in f32 too, on an engine with `Accuracy::Exact`. With [`Accuracy::Fast`] f32 results are within 4 ULP
//!   where they are normal numbers, and the bits are as much the same everywhere.
//!
//! # What it costs
//! Kernels are compiled for each function, type and instruction set: a release build of a program that has only this crate takes about a
//! minute on two cores, and the features below leave parts out. In a debug build an unoptimised kernel takes some 500 ns an element forward
//! and backward, where an unoptimised loop takes 27. With these lines in your `Cargo.toml` it is 0.9 for a [`Function`]:
//!
//! ```toml
//! [profile.dev.package.excite]
//! opt-level = 3
//! ```
//!
//! Typed functions (`Sigmoid.forward`) and your own are compiled in your crate, and stay as slow unless that is optimised too
//! (`[profile.dev] opt-level = 3`). The example `own-activation` in the repository prints these figures.
//!
//! # Features
//! * `std` (on by default): instruction sets are detected at run time, an unknown name is answered with the nearest known one, and
//!   [`Facts`] are remembered. Without it the crate needs `alloc` alone, and gives the same bits: kernels are compiled for the target's
//!   own instruction set, and fused multiply-add is a call of libm, which is slow.
//! * `rayon` (on by default): long slices are shared by several threads.
//! * `f64`, `exact`, `avx512` (on by default): kernels of f64 for functions chosen at run time, `Accuracy::Exact`, and AVX-512.
//! * `half`: f16 and bf16, by the crate of that name, which is exported.
//! * `ndarray`: `ArrayElementwise` and `ArrayRowwise`, functions over the arrays of that crate, version 0.17.
//! * `serde`: [`Function`], [`RowFunction`] and [`Gate`] as their names in configurations, and [`Facts`].
#![deny(missing_docs)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod blocks;
mod channels;
mod curve;
mod custom;
pub mod define;
mod dispatch;
mod elementwise;
mod engine;
mod error;
mod facts;
mod float;
mod functions;
mod gated;
mod info;
mod kernels;
mod math;
#[cfg(feature = "ndarray")]
mod ndarray;
mod operation;
mod parameters;
mod parse;
mod rowwise;

#[cfg(feature = "half")]
pub use half;

#[cfg(feature = "ndarray")]
pub use crate::ndarray::{ArrayElementwise, ArrayError, ArrayRowwise};
pub use channels::{Channels, PerChannel};
pub use curve::CurveError;
pub use custom::{Custom, RegisterError};
pub use dispatch::{Byte, Level};
pub use elementwise::Elementwise;
pub use engine::{Accuracy, Engine, ParseAccuracyError, Stores, Threads};
pub use error::{Error, ParameterError, ParseFunctionError};
pub use facts::{Facts, Interval};
pub use float::Float;
pub use functions::Function;
pub use functions::types::*;
pub use gated::{Gate, PackedGate};
pub use info::{FastUlp, Info, MaxUlp, SlopeFrom};
pub use operation::Operation;
pub use parameters::Parameter;
pub use rowwise::{Along, LogSoftmax, RowFunction, RowInfo, Rows, Rowwise, Softmax, Softmin, Sparsemax};
