//! excite's activation functions as operations of the [candle](candle_core) framework, forward and backward.
//!
//! ```
//! use candle_core::{Device, Module, Tensor, Var};
//! use candle_nn::{VarBuilder, VarMap};
//! use excite_candle::Activation;
//!
//! // Any function, by name, between the layers of a network:
//! let variables = VarMap::new();
//! let vb = VarBuilder::from_varmap(&variables, candle_core::DType::F32, &Device::Cpu);
//! let network = candle_nn::seq()
//!     .add(candle_nn::linear(4, 8, vb.pp("hidden"))?)
//!     .add(Activation::new("tanh".parse()?))
//!     .add(candle_nn::linear(8, 3, vb.pp("output"))?);
//! assert_eq!(network.forward(&Tensor::zeros((2, 4), candle_core::DType::F32, &Device::Cpu)?)?.dims(), [2, 3]);
//!
//! // Or applied to one tensor. Gradients flow through it as through candle's own operations.
//! let z = Var::new(&[-1.0_f32, 0.0, 7.0], &Device::Cpu)?;
//! let a = excite_candle::apply(&z, "relu6".parse()?)?;
//! assert_eq!(a.to_vec1::<f32>()?, [0.0, 0.0, 6.0]);
//! let gradients = a.sum_all()?.backward()?;
//! assert_eq!(gradients.get(&z).unwrap().to_vec1::<f32>()?, [0.0, 0.0, 0.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`apply_along`] is for softmax and its kin along a dimension, [`gated`] for GLU, ReGLU, GEGLU and SwiGLU in one pass.
//!
//! # What differs from candle's own operations
//! * Forward and backward are one pass over the data each; candle's backward of tanh and sigmoid takes several, with a
//!   tensor allocated for each.
//! * The slope of `ReLU` at 0 is 0, as in `PyTorch`, TensorFlow and JAX. Candle 0.11 takes 1 there.
//! * Results are accurate to 1 ULP, and do not depend on the tensor's shape or strides, or on the number of threads.
//!
//! # Limits
//! Tensors of f32, f64, f16 and bf16 on the CPU. The backward pass cannot be differentiated again. Long tensors are worked through
//! by the threads of the rayon pool that the caller is in.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "all-operations")]
mod gated;
mod operation;
#[cfg(feature = "all-operations")]
mod rows;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use candle_core::{Module, Result, Tensor};
use excite::Function;
use operation::Forward;

#[cfg(feature = "all-operations")]
pub use gated::gated;
#[cfg(feature = "all-operations")]
pub use rows::apply_along;

/// f(z), element by element: a tensor of the shape of `z`, contiguous, through which gradients flow back to `z`.
///
/// # Errors
/// If `z` is not of f32, f64, f16 or bf16, or not on the CPU.
pub fn apply(z: &Tensor, f: Function) -> Result<Tensor> {
    Activation::new(f).forward(z)
}

/// An activation function as a layer.
#[derive(Clone, Debug)]
pub struct Activation {
    function: Function,
    clock: Option<Arc<AtomicU64>>,
}

impl Activation {
    /// The layer that applies `function`.
    pub fn new(function: Function) -> Self {
        Self { function, clock: None }
    }

    /// Adds the time spent in the function from now on, forward and backward, to `clock`, in nanoseconds. Several
    /// layers may share one clock.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// use candle_core::{Device, Module, Tensor};
    ///
    /// let clock = Arc::new(AtomicU64::new(0));
    /// let sigmoid = excite_candle::Activation::new("sigmoid".parse()?).with_clock(clock.clone());
    /// sigmoid.forward(&Tensor::randn(0_f32, 1.0, 10_000, &Device::Cpu)?)?;
    /// assert!(clock.load(Ordering::Relaxed) > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: Arc<AtomicU64>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// dz = dy · f'(z) from a forward pass y = f(z), for those who go back through a network themselves.
    ///
    /// ```
    /// use candle_core::{Device, Module, Tensor};
    ///
    /// let relu = excite_candle::Activation::new("relu".parse()?);
    /// let z = Tensor::new(&[-1.0_f32, 2.0], &Device::Cpu)?;
    /// let dz = relu.backward(&z, &relu.forward(&z)?, &Tensor::new(&[3.0_f32, 4.0], &Device::Cpu)?)?;
    /// assert_eq!(dz.to_vec1::<f32>()?, [0.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the tensors differ in shape or type, or are of another type than f32, f64, f16 or bf16, or not on the CPU.
    pub fn backward(&self, z: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        self.operation().backward(z, y, dy)
    }

    fn operation(&self) -> Forward {
        Forward { function: self.function, clock: self.clock.clone() }
    }

    /// The function that it applies.
    pub fn function(&self) -> Function {
        self.function
    }
}

impl Module for Activation {
    fn forward(&self, z: &Tensor) -> Result<Tensor> {
        z.contiguous()?.apply_op1(self.operation())
    }
}
