//! The functions as modules, each with its configuration, as burn's own activations have.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::Tensor;
use excite::{Accuracy, Function, Gate, RowFunction};

use crate::{apply_along_at, apply_at, packed};

/// The configuration of [`Activation`]: `{"function":"gelu"}`.
///
/// ```
/// use burn::config::Config;
/// use excite_burn::ActivationConfig;
///
/// let read = ActivationConfig::load_binary(br#"{"function":"leaky_relu(0.1)"}"#).unwrap();
/// assert_eq!(read.function, excite::LeakyRelu::new(0.1)?.into());
/// assert_eq!(read.init().function(), read.function);
/// # Ok::<(), excite::ParameterError>(())
/// ```
#[derive(Config, Debug)]
pub struct ActivationConfig {
    /// The function.
    pub function: Function,
}

impl ActivationConfig {
    /// The module.
    pub fn init(&self) -> Activation {
        Activation { function: self.function, accuracy: Accuracy::default() }
    }
}

/// A function of single elements as a module.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use excite_burn::ActivationConfig;
///
/// let relu6 = ActivationConfig::new("relu6".parse()?).init();
/// let z = Tensor::<1>::from_floats([-1.0, 0.5, 7.0], &Device::flex());
/// assert_eq!(relu6.forward(z).to_data().try_to_vec::<f32>().unwrap(), [0.0, 0.5, 6.0]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
#[derive(Module, Debug)]
pub struct Activation {
    #[module(skip)]
    function: Function,
    #[module(skip)]
    accuracy: Accuracy,
}

impl Activation {
    /// The same with results this near to the exact value, forward and backward, where excite's kernels run. A configuration does not hold it.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use excite::Accuracy;
    /// use excite_burn::ActivationConfig;
    ///
    /// let gelu = ActivationConfig::new("gelu".parse()?).init().with_accuracy(Accuracy::Fast);
    /// let y = gelu.forward(Tensor::<1>::from_floats([0.0, 20.0], &Device::flex()));
    /// assert_eq!(y.to_data().try_to_vec::<f32>().unwrap(), [0.0, 20.0]);
    /// # Ok::<(), excite::ParseFunctionError>(())
    /// ```
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// f(z), element by element.
    ///
    /// # Panics
    /// As [`apply`](crate::apply) does.
    pub fn forward<const D: usize>(&self, z: Tensor<D>) -> Tensor<D> {
        apply_at(z, self.function, self.accuracy)
    }

    /// The function that it applies.
    pub fn function(&self) -> Function {
        self.function
    }
}

/// The configuration of [`RowActivation`]: `{"function":"softmax","dim":1}`.
#[derive(Config, Debug)]
pub struct RowActivationConfig {
    /// The function.
    pub function: RowFunction,
    /// The dimension along which the rows go; the last if there is none here.
    pub dim: Option<usize>,
}

impl RowActivationConfig {
    /// The module.
    pub fn init(&self) -> RowActivation {
        RowActivation { function: self.function, dim: self.dim, accuracy: Accuracy::default() }
    }
}

/// A function of rows, such as softmax, as a module.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use excite_burn::RowActivationConfig;
///
/// let softmax = RowActivationConfig::new("softmax".parse()?).init();
/// let z = Tensor::<2>::from_floats([[1.0, 1.0], [5.0, 5.0]], &Device::flex());
/// assert_eq!(softmax.forward(z).to_data().try_to_vec::<f32>().unwrap(), [0.5; 4]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
#[derive(Module, Debug)]
pub struct RowActivation {
    #[module(skip)]
    function: RowFunction,
    #[module(skip)]
    dim: Option<usize>,
    #[module(skip)]
    accuracy: Accuracy,
}

impl RowActivation {
    /// The same with results this near to the exact value, forward and backward, where excite's kernels run.
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// f along the rows of its dimension.
    ///
    /// # Panics
    /// As [`apply_along`](crate::apply_along) does.
    pub fn forward<const D: usize>(&self, z: Tensor<D>) -> Tensor<D> {
        apply_along_at(z, self.dim.unwrap_or(D.saturating_sub(1)), self.function, self.accuracy)
    }
}

/// The configuration of [`GatedUnit`]: `{"unit":"swiglu"}`.
#[derive(Config, Debug)]
pub struct GatedUnitConfig {
    /// The unit.
    pub unit: Gate,
}

impl GatedUnitConfig {
    /// The module.
    pub fn init(&self) -> GatedUnit {
        GatedUnit { unit: self.unit }
    }
}

/// A gated unit as a module over tensors whose last dimension holds values and then as many gates.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use excite_burn::GatedUnitConfig;
///
/// let unit = GatedUnitConfig::new("reglu".parse()?).init();
/// let x = Tensor::<2>::from_floats([[3.0, 5.0, 2.0, -2.0]], &Device::flex());
/// assert_eq!(unit.forward(x).to_data().try_to_vec::<f32>().unwrap(), [6.0, 0.0]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
#[derive(Module, Debug)]
pub struct GatedUnit {
    #[module(skip)]
    unit: Gate,
}

impl GatedUnit {
    /// f(gate) · value, half as long as `x` in the last dimension.
    ///
    /// # Panics
    /// As [`packed`] does.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        packed(x, self.unit)
    }
}
