//! Activation functions in fixed point: on codes of 8 or 16 bits that stand for numbers.
//!
//! ```
//! use excite_fixed::{Affine, Profile};
//!
//! // What the codes stand for: (code − zero point) times a scale.
//! let input = Affine::<i8>::new(0.05, 12)?;
//! let output = Affine::<i8>::new(1.0 / 256.0, -128)?;
//!
//! // The nearest code to the value, for any function of the catalogue.
//! let sigmoid = Profile::Exact.kernel("sigmoid".parse().unwrap(), input, output).unwrap();
//! let mut y = [0; 3];
//! sigmoid.apply(&[-128, 12, 127], &mut y).unwrap();
//! assert_eq!(y, [-128, 0, 127]);
//!
//! // Or the code that another library gives, bit for bit.
//! let relu6 = Profile::Tflite.kernel("relu6".parse().unwrap(), input, output).unwrap();
//! assert_eq!(relu6.code(20), -26);
//! # Ok::<(), excite_fixed::AffineError>(())
//! ```
//!
//! # Where things are
//! * [`QFormat`] says where the point of a fixed-point number is, [`Rounding`] and [`Overflow`] what becomes of numbers that it does not
//!   hold.
//! * [`Affine`] and [`PerChannel`] are the scales and zero points of quantised tensors; a [`Code`] is one of their integers.
//! * [`calibration`] chooses ranges, scales and Q formats by how values are distributed, and says how much of them is left.
//! * [`arithmetic`] has the multiplications and shifts of gemmlowp.
//! * [`Table8`], [`Table16`], [`TwoLines`] and [`Softmax`] are the kernels of this library: tables, straight lines between few points,
//!   and integer arithmetic.
//! * [`SumKernel`] takes the int32 sums of a convolution, and requantises them on the way.
//! * [`Profile`] chooses whose results a [`Kernel`] gives: those, or those of LiteRT, ONNX Runtime, PyTorch, TensorFlow Lite Micro or
//!   CMSIS-NN. The repository's page on fixed point says on how many codes they were compared.
//! * [`Source`] writes kernels down as C99, Rust or JSON.
//!
//! Making a kernel takes floats; running one takes integers alone, but for the softmax of ONNX Runtime and PyTorch and 16-bit kernels of
//! ONNX Runtime, which are defined by floats. Results do not depend on the machine. The crate needs `alloc`, not `std`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod affine;
pub mod arithmetic;
pub mod calibration;
mod code;
mod gemmlowp;
mod gemmlowp16;
mod kernel_numbers;
mod profiles;
mod q_format;
mod rounding;
mod softmax;
mod source;
mod sums;
mod table16;
mod table8;
mod two_lines;

pub use affine::{Affine, AffineError, PerChannel};
pub use code::{Code, codes};
pub use profiles::{Kernel, Profile, ProfileError, SoftmaxKernel, UnknownProfile};
pub use q_format::{Overflow, QFormat, QFormatError};
pub use rounding::Rounding;
pub use softmax::Softmax;
pub use source::{Source, SourceError};
pub use sums::{SumKernel, SumKernelError};
pub use table8::Table8;
pub use table16::Table16;
pub use two_lines::TwoLines;
