//! Functions of rows, along a dimension.

use candle_core::shape::Dim;
use candle_core::{D, Error, Module, Result, Tensor};
use excite::{Accuracy, Engine, Float, Operation, RowFunction, Rows, Rowwise, SlopeFrom};

use crate::candles_own;
use crate::operation::{Forward, Unary};

/// f along the rows of a dimension, such as softmax: a tensor of the shape of `z`, contiguous, through which gradients flow back
/// to `z`.
///
/// ```
/// use candle_core::{D, Device, Tensor};
/// let z = Tensor::new(&[[1.0_f32, 1.0], [3.0, f32::NEG_INFINITY]], &Device::Cpu)?;
/// let p = excite_candle::apply_along(&z, D::Minus1, "softmax".parse()?)?;
/// assert_eq!(p.to_vec2::<f32>()?, [[0.5, 0.5], [1.0, 0.0]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If there is no such dimension, `z` is not of f32, f64, f16 or bf16, or it is not on the CPU and candle has no such function.
#[expect(clippy::needless_pass_by_value, reason = "candle's own operations take it so")]
pub fn apply_along(z: &Tensor, dim: impl Dim, f: RowActivation) -> Result<Tensor> {
    let activation = f;
    let f = activation.function;
    let dim = dim.to_index(z.shape(), f.name())?;
    if !z.device().is_cpu() {
        return candles_own::rows(z, dim, f);
    }
    let rows = Rows { len: z.dim(dim)?, inner: z.dims()[dim + 1..].iter().product() };
    z.contiguous()?.apply_op1(Forward { of: Along { f, rows }, engine: activation.engine(), clock: None })
}

/// A function of rows as a layer, along the last dimension or [another](Self::along).
///
/// ```
/// use candle_core::{Device, Module, Tensor};
/// use excite_candle::RowActivation;
///
/// let z = Tensor::new(&[[1.0_f32, 5.0], [1.0, 5.0]], &Device::Cpu)?;
/// assert_eq!(RowActivation::new(excite::Softmax::default()).along(0).forward(&z)?.to_vec2::<f32>()?, [[0.5; 2]; 2]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// With the feature `serde` it is a function's name in configurations, such as `"softmax"`, along the last dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct RowActivation {
    function: RowFunction,
    #[cfg_attr(feature = "serde", serde(skip))]
    dim: Option<usize>,
    #[cfg_attr(feature = "serde", serde(skip))]
    accuracy: Accuracy,
}

impl RowActivation {
    /// The layer that applies `function` along the last dimension.
    pub fn new(function: impl Into<RowFunction>) -> Self {
        Self { function: function.into(), dim: None, accuracy: Accuracy::default() }
    }

    /// The same along another dimension, counted from 0.
    #[must_use]
    pub fn along(self, dim: usize) -> Self {
        Self { dim: Some(dim), ..self }
    }

    /// The same with results this near to the exact value, forward and backward, on the CPU.
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// The function that it applies.
    pub fn function(&self) -> RowFunction {
        self.function
    }

    fn engine(self) -> Engine {
        Engine::default().with_accuracy(self.accuracy)
    }
}

impl Module for RowActivation {
    fn forward(&self, z: &Tensor) -> Result<Tensor> {
        match self.dim {
            Some(dim) => apply_along(z, dim, *self),
            None => apply_along(z, D::Minus1, *self),
        }
    }
}

impl<F: Into<RowFunction>> From<F> for RowActivation {
    fn from(function: F) -> Self {
        Self::new(function)
    }
}

/// By name, with an error of candle's type.
impl std::str::FromStr for RowActivation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        name.parse::<RowFunction>().map(Self::new).map_err(Error::wrap)
    }
}

/// f along these rows.
#[derive(Clone, Copy)]
struct Along {
    f: RowFunction,
    rows: Rows,
}

impl Unary for Along {
    fn name(&self) -> &'static str {
        self.f.name()
    }

    fn slope_from(&self) -> SlopeFrom {
        SlopeFrom::Output
    }

    fn over<F: Float>(&self) -> impl Operation<F> {
        self.f.along(self.rows)
    }
}
