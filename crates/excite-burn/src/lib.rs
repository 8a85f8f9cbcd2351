//! excite's activation functions as operations of the [burn](https://burn.dev) framework, forward and backward.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::flex().autodiff();
//! let z = Tensor::<1>::from_floats([-1.0, 0.5, 7.0], &device).require_grad();
//! let a = excite_burn::apply(z.clone(), "relu6".parse()?);
//! assert_eq!(a.to_data().try_to_vec::<f32>().unwrap(), [0.0, 0.5, 6.0]);
//!
//! // Gradients flow through it as through burn's own operations.
//! let gradients = a.sum().backward();
//! assert_eq!(z.grad(&gradients).unwrap().to_data().try_to_vec::<f32>().unwrap(), [0.0, 1.0, 0.0]);
//! # Ok::<(), excite::ParseFunctionError>(())
//! ```
//!
//! As modules with configurations, beside burn's own, there are [`Activation`], [`RowActivation`] and [`GatedUnit`].
//!
//! With the feature `watch` there is `Watched`: the vitals of layers under training, and which of their units die, when and of what.
//!
//! # Backends
//! excite's kernels run on burn's CPU backend Flex, with `Autodiff` around it or not, over f32, f64, f16 and bf16. Results go into the
//! memory of the input, and gradients into that of the gradient that comes in, where nothing else needs it. On other backends the
//! functions are burn's own, with burn's accuracy, where burn has them. This crate turns on burn's features `autodiff`, `extension` and
//! `flex`; other backends are features of the `burn` that your program depends on.
//!
//! As with burn's own operations, what cannot be done panics: shapes that differ, a quantised tensor, a function that burn lacks on a
//! backend that excite has no kernels for.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod burns_own;
mod layers;
mod operation;
#[cfg(feature = "watch")]
mod watched;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::Tensor;
use excite::{Accuracy, Engine, Function, Gate, RowFunction};
use operation::{Operations, Unary, rows_of};

#[cfg(feature = "watch")]
pub use watched::{Watched, WatchedActivation};

pub use layers::{Activation, ActivationConfig, GatedUnit, GatedUnitConfig, RowActivation, RowActivationConfig};

/// Whether excite has kernels for the backend of the tensor.
fn has_kernels<const D: usize>(z: &Tensor<D>) -> bool {
    matches!(z.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// f(z), element by element: a tensor of the shape of `z`, through which gradients flow back to `z`.
///
/// ReLU is burn's own: one comparison leaves nothing to gain, and an operation from outside takes longer to reach Flex. Its values have the
/// bits of excite's; where z is NaN, burn lets the gradient through.
///
/// # Panics
/// If `z` is quantised, or on a backend for which neither excite nor burn has the function.
pub fn apply<const D: usize>(z: Tensor<D>, f: Function) -> Tensor<D> {
    apply_at(z, f, Accuracy::default())
}

/// [`apply`] with results this near to the exact value, forward and backward, where excite's kernels run.
fn apply_at<const D: usize>(z: Tensor<D>, f: Function, accuracy: Accuracy) -> Tensor<D> {
    if !has_kernels(&z) || matches!(f, Function::Relu(_)) {
        return burns_own::activation(z, f);
    }
    let engine = Engine::default().with_accuracy(accuracy);
    Tensor::from_dispatch(<Dispatch as Operations>::unary(z.into_dispatch(), Unary::Activation(f, engine)))
}

/// f along the rows of a dimension, such as softmax: a tensor of the shape of `z`, through which gradients flow back to `z`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// let z = Tensor::<2>::from_floats([[1.0, 5.0], [1.0, 5.0]], &Device::flex());
/// let p = excite_burn::apply_along(z, 0, "softmax".parse()?);
/// assert_eq!(p.to_data().try_to_vec::<f32>().unwrap(), [0.5; 4]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
///
/// # Panics
/// If there is no dimension `dim`, `z` is quantised, or it is on a backend for which neither excite nor burn has the function.
pub fn apply_along<const D: usize>(z: Tensor<D>, dim: usize, f: RowFunction) -> Tensor<D> {
    apply_along_at(z, dim, f, Accuracy::default())
}

/// [`apply_along`] with results this near to the exact value, forward and backward, where excite's kernels run.
fn apply_along_at<const D: usize>(z: Tensor<D>, dim: usize, f: RowFunction, accuracy: Accuracy) -> Tensor<D> {
    let shape = z.dims();
    assert!(dim < D, "`{f}` of excite: there is no dimension {dim} in a tensor of {D}: dimensions are counted from 0");
    if !has_kernels(&z) {
        return burns_own::rows(z, dim, f);
    }
    let along = Unary::Along(f, rows_of(&shape, dim), Engine::default().with_accuracy(accuracy));
    Tensor::from_dispatch(<Dispatch as Operations>::unary(z.into_dispatch(), along))
}

/// f(gate) · value in one pass, through which gradients flow back to both.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// let device = Device::flex();
/// let gate = Tensor::<1>::from_floats([-1.0, 2.0], &device);
/// let value = Tensor::<1>::from_floats([3.0, 3.0], &device);
/// assert_eq!(excite_burn::gated(gate, value, "reglu".parse()?).to_data().try_to_vec::<f32>().unwrap(), [0.0, 6.0]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
///
/// # Panics
/// If the tensors differ in shape or type, or are quantised.
pub fn gated<const D: usize>(gate: Tensor<D>, value: Tensor<D>, unit: Gate) -> Tensor<D> {
    let (shape, other) = (gate.dims(), value.dims());
    assert!(shape == other, "`{unit}` of excite: the gate has the shape {shape:?} and the value {other:?}");
    if !has_kernels(&gate) {
        return burns_own::activation(gate, unit.function()) * value;
    }
    Tensor::from_dispatch(<Dispatch as Operations>::gated(gate.into_dispatch(), value.into_dispatch(), unit))
}

/// f(gate) · value, half as long as `x` in the last dimension, which holds values and then as many gates.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// let x = Tensor::<2>::from_floats([[3.0, 5.0, 2.0, -2.0]], &Device::flex());
/// assert_eq!(excite_burn::packed(x, "reglu".parse()?).to_data().try_to_vec::<f32>().unwrap(), [6.0, 0.0]);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
///
/// # Panics
/// If the last dimension is odd, or `x` is quantised.
pub fn packed<const D: usize>(x: Tensor<D>, unit: Gate) -> Tensor<D> {
    let last = x.dims().last().copied().unwrap_or(1);
    assert!(
        last % 2 == 0,
        "`{unit}` of excite: the last dimension holds values and as many gates, but has {last} elements"
    );
    let width = last / 2;
    if !has_kernels(&x) {
        let (value, gate) = (x.clone().narrow(D - 1, 0, width), x.narrow(D - 1, width, width));
        return burns_own::activation(gate, unit.function()) * value;
    }
    Tensor::from_dispatch(<Dispatch as Operations>::unary(x.into_dispatch(), Unary::Packed(unit, width)))
}
