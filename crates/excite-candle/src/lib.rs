//! excite's activation functions as operations of the [candle](candle_core) framework, forward and backward.
//!
//! ```
//! use candle_core::{DType, Device, Module, Result, Tensor, Var};
//! use candle_nn::{VarBuilder, VarMap};
//! use excite_candle::Activation;
//!
//! // Any function, by name, between the layers of a network:
//! fn network(vb: VarBuilder) -> Result<candle_nn::Sequential> {
//!     let activation: Activation = "gelu".parse()?;
//!     Ok(candle_nn::seq()
//!         .add(candle_nn::linear(4, 8, vb.pp("hidden"))?)
//!         .add(activation)
//!         .add(candle_nn::linear(8, 3, vb.pp("output"))?))
//! }
//! let variables = VarMap::new();
//! let network = network(VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
//! assert_eq!(network.forward(&Tensor::zeros((2, 4), DType::F32, &Device::Cpu)?)?.dims(), [2, 3]);
//!
//! // Or applied to one tensor. Gradients flow through it as through candle's own operations.
//! let z = Var::new(&[-1.0_f32, 0.5, 7.0], &Device::Cpu)?;
//! let a = excite_candle::apply(&z, "relu6".parse()?)?;
//! assert_eq!(a.to_vec1::<f32>()?, [0.0, 0.5, 6.0]);
//! let gradients = a.sum_all()?.backward()?;
//! assert_eq!(gradients.get(&z).unwrap().to_vec1::<f32>()?, [0.0, 1.0, 0.0]);
//! # Ok::<(), candle_core::Error>(())
//! ```
//!
//! | as a function | as a layer | for |
//! |---|---|---|
//! | [`apply`] | [`Activation`] | functions of single elements, your own too ([`excite::define`]) |
//! | [`apply_along`] | [`RowActivation`] | softmax and its like along a dimension |
//! | [`gated`] | [`GatedUnit`] | GLU, ReGLU, GEGLU and SwiGLU in one pass |
//! | | [`TrainedPrelu`] | PReLU with slopes from a `VarBuilder` (feature `nn`, on by default) |
//!
//! With the feature `watch` there is `Watched`: the vitals of layers under training, and which of their units die, when and of what.
//!
//! With the feature `serde` the layers are names in configurations.
//!
//! # What differs from candle's own operations
//! * Forward and backward are one pass over the data each; candle's backward of tanh and sigmoid takes several, with a
//!   tensor allocated for each.
//! * The gradient of `ReLU` at 0 is 0, as in `PyTorch`, TensorFlow and JAX. Candle 0.11 takes 1 there.
//! * Results are accurate to 1 ULP, and do not depend on the tensor's shape or strides, or on the number of threads.
//! * There are no second derivatives: to differentiate a gradient again is an error.
//!
//! # Devices
//! excite's kernels run on the CPU, over f32, f64, f16 and bf16. Long tensors are shared by the threads of the rayon pool that the
//! caller is in. On CUDA and Metal the layers use candle's own operations, with candle's accuracy and its gradient of ReLU at 0, for the
//! functions that candle has or that are composed of few operations. For others the error says how to bring the tensor to the CPU.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod activation;
mod candles_own;
#[cfg(feature = "all-operations")]
mod gated;
mod operation;
#[cfg(feature = "nn")]
mod prelu;
#[cfg(feature = "all-operations")]
mod rows;
#[cfg(feature = "watch")]
mod watched;

use candle_core::{Module, Result, Tensor};

pub use activation::Activation;
#[cfg(feature = "all-operations")]
pub use gated::{GatedUnit, gated};
#[cfg(feature = "nn")]
pub use prelu::{TrainedPrelu, prelu};
#[cfg(feature = "all-operations")]
pub use rows::{RowActivation, apply_along};
#[cfg(feature = "watch")]
pub use watched::{Watched, WatchedActivation};

/// f(z), element by element: a tensor of the shape of `z`, contiguous, through which gradients flow back to `z`.
///
/// ```
/// use candle_core::{Device, Result, Tensor};
///
/// fn squashed(z: &Tensor) -> Result<Tensor> {
///     excite_candle::apply(z, "tanh".parse()?)
/// }
///
/// let z = Tensor::new(&[0.0_f32], &Device::Cpu)?;
/// assert_eq!(squashed(&z)?.to_vec1::<f32>()?, [0.0]);
/// assert_eq!(excite_candle::apply(&z, excite::Sigmoid.into())?.to_vec1::<f32>()?, [0.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If `z` is not of f32, f64, f16 or bf16, or it is not on the CPU and candle has no such function.
#[expect(clippy::needless_pass_by_value, reason = "so that `\"tanh\".parse()?` may stand in the call")]
pub fn apply(z: &Tensor, f: Activation) -> Result<Tensor> {
    f.forward(z)
}
