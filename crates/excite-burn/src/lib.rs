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
//! # Limits
//! Tensors of f32, f64, f16 and bf16 on burn's CPU backend Flex, with `Autodiff` around it or not. As with burn's own operations, what
//! cannot be done panics: another backend, a quantised tensor, shapes that differ.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod operation;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use excite::{Function, Gate, RowFunction};
use operation::{Operations, rows_of};

/// f(z), element by element: a tensor of the shape of `z`, through which gradients flow back to `z`.
///
/// # Panics
/// If `z` is quantised, or not on the backend Flex.
pub fn apply<const D: usize>(z: Tensor<D>, f: Function) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as Operations>::activation(z.into_dispatch(), f))
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
/// If there is no dimension `dim`, or `z` is quantised or not on the backend Flex.
pub fn apply_along<const D: usize>(z: Tensor<D>, dim: usize, f: RowFunction) -> Tensor<D> {
    let shape = z.dims();
    assert!(dim < D, "`{f}` of excite: there is no dimension {dim} in a tensor of {D}: dimensions are counted from 0");
    Tensor::from_dispatch(<Dispatch as Operations>::along(z.into_dispatch(), f, rows_of(&shape, dim)))
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
/// If the tensors differ in shape or type, are quantised, or are not on the backend Flex.
pub fn gated<const D: usize>(gate: Tensor<D>, value: Tensor<D>, unit: Gate) -> Tensor<D> {
    let (shape, other) = (gate.dims(), value.dims());
    assert!(shape == other, "`{unit}` of excite: the gate has the shape {shape:?} and the value {other:?}");
    Tensor::from_dispatch(<Dispatch as Operations>::gated(gate.into_dispatch(), value.into_dispatch(), unit))
}
