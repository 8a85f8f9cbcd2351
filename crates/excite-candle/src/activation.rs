//! Functions of single elements as a layer.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use candle_core::{Error, Module, Result, Tensor};
use excite::{Accuracy, Engine, Function};

use crate::candles_own;
use crate::operation::{Clock, Forward};

/// An activation function as a layer: by name, from any function of excite, or from one of your own
/// ([`Function::register`](excite::Function::register)).
///
/// ```
/// use candle_core::{Device, Module, Result, Tensor};
/// use excite_candle::Activation;
///
/// fn hidden(z: &Tensor) -> Result<Tensor> {
///     let activation: Activation = "leaky_relu(0.1)".parse()?;
///     activation.forward(z)
/// }
///
/// let z = Tensor::new(&[-1.0_f32, 2.0], &Device::Cpu)?;
/// assert_eq!(hidden(&z)?.to_vec1::<f32>()?, [-0.1, 2.0]);
/// assert_eq!(Activation::new(excite::Relu).forward(&z)?.to_vec1::<f32>()?, [0.0, 2.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// With the feature `serde` it is a function's name in configurations, such as `"gelu"`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Activation {
    function: Function,
    #[cfg_attr(feature = "serde", serde(skip))]
    accuracy: Accuracy,
    #[cfg_attr(feature = "serde", serde(skip))]
    clock: Clock,
}

impl Activation {
    /// The layer that applies `function`.
    pub fn new(function: impl Into<Function>) -> Self {
        Self { function: function.into(), accuracy: Accuracy::default(), clock: None }
    }

    /// The same with results this near to the exact value, forward and backward, on the CPU. A configuration does not hold it.
    ///
    /// ```
    /// use candle_core::{Device, Module, Tensor};
    /// use excite::Accuracy;
    ///
    /// let gelu = excite_candle::Activation::new(excite::Gelu).with_accuracy(Accuracy::Fast);
    /// let y = gelu.forward(&Tensor::new(&[0.0_f32, 20.0], &Device::Cpu)?)?;
    /// assert_eq!(y.to_vec1::<f32>()?, [0.0, 20.0]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// Adds the time spent in the function from now on, forward and backward, to `clock`, in nanoseconds, where excite's kernels run: on
    /// the CPU. Several layers may share one clock.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// use candle_core::{Device, Module, Tensor};
    ///
    /// let clock = Arc::new(AtomicU64::new(0));
    /// let sigmoid = excite_candle::Activation::new(excite::Sigmoid).with_clock(clock.clone());
    /// sigmoid.forward(&Tensor::randn(0_f32, 1.0, 10_000, &Device::Cpu)?)?;
    /// assert!(clock.load(Ordering::Relaxed) > 0);
    /// # Ok::<(), candle_core::Error>(())
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
    /// let relu = excite_candle::Activation::new(excite::Relu);
    /// let z = Tensor::new(&[-1.0_f32, 2.0], &Device::Cpu)?;
    /// let dz = relu.backward(&z, &relu.forward(&z)?, &Tensor::new(&[3.0_f32, 4.0], &Device::Cpu)?)?;
    /// assert_eq!(dz.to_vec1::<f32>()?, [0.0, 4.0]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the tensors differ in shape or type, or are of another type than f32, f64, f16 or bf16, or not on the CPU.
    pub fn backward(&self, z: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        self.operation().backward(z, y, dy)
    }

    /// The function that it applies.
    pub fn function(&self) -> Function {
        self.function
    }

    fn operation(&self) -> Forward<Function> {
        let engine = Engine::default().with_accuracy(self.accuracy);
        Forward { of: self.function, engine, clock: self.clock.clone() }
    }
}

impl Module for Activation {
    fn forward(&self, z: &Tensor) -> Result<Tensor> {
        if !z.device().is_cpu() {
            return candles_own::activation(z, self.function);
        }
        z.contiguous()?.apply_op1(self.operation())
    }
}

impl<F: Into<Function>> From<F> for Activation {
    fn from(function: F) -> Self {
        Self::new(function)
    }
}

/// By name, with an error of candle's type, so that `?` works in functions that return [`candle_core::Result`].
impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        name.parse::<Function>().map(Self::new).map_err(Error::wrap)
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(out)
    }
}
