//! The operations on the backend Flex, and around it with their gradients.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};
use burn::tensor::{Bytes, DType, Element, Shape};
use bytemuck::Pod;
use excite::{Engine, Error, Float, Function, Gate, RowFunction, Rows, Rowwise, SlopeFrom};
use half::{bf16, f16};

/// What burn dispatches to the backend of its tensors.
#[backend_extension(Flex, Autodiff)]
pub trait Operations: Backend {
    /// y = f(x)
    fn unary(x: FloatTensor<Self>, f: Unary) -> FloatTensor<Self>;

    /// y = f(gate) · value
    fn gated(gate: FloatTensor<Self>, value: FloatTensor<Self>, unit: Gate) -> FloatTensor<Self>;
}

/// An operation on one tensor.
#[derive(Clone, Copy, Debug)]
pub enum Unary {
    /// A function of single elements.
    Activation(Function, Engine),
    /// A function of rows.
    Along(RowFunction, Rows, Engine),
    /// A gated unit over rows that hold values and then gates; the number is that of the values, and of the gates.
    Packed(Gate, usize),
}

/// How the elements of a tensor of that shape belong to rows along a dimension.
pub fn rows_of(shape: &[usize], dim: usize) -> Rows {
    Rows { len: shape[dim], inner: shape[dim + 1..].iter().product() }
}

impl Unary {
    /// What the gradient is computed from.
    fn saves(self) -> SlopeFrom {
        match self {
            Self::Activation(f, _) => f.slope_from(),
            Self::Along(..) => SlopeFrom::Output,
            Self::Packed(..) => SlopeFrom::Input,
        }
    }

    /// f(x), in the memory of x if nothing else needs that.
    fn forward<F: Number>(self, mut x: FlexTensor) -> Result<FlexTensor, Error> {
        if let (Self::Activation(f, engine), Some(x)) = (self, x.try_storage_mut::<F>()) {
            engine.forward_in_place(&f, x);
        } else {
            let shape = x.layout().shape().clone();
            let from = x.storage::<F>();
            return Ok(match self {
                Self::Activation(f, engine) => whole(engine.map(&f, from)?, shape),
                Self::Along(f, rows, engine) => whole(engine.map(&f.along(rows), from)?, shape),
                Self::Packed(unit, width) => {
                    let mut dims = shape.to_vec();
                    if let Some(last) = dims.last_mut() {
                        *last = width;
                    }
                    whole(Engine::default().map(&unit.packed(width), from)?, Shape::from(dims))
                }
            });
        }
        Ok(x)
    }

    /// The gradient by x, in the memory of dy if nothing else needs that.
    fn backward<F: Number>(self, from: &FlexTensor, mut dy: FlexTensor) -> Result<FlexTensor, Error> {
        let shape = from.layout().shape().clone();
        let from = from.storage::<F>();
        if let (Self::Activation(f, engine), Some(dy)) = (self, dy.try_storage_mut::<F>()) {
            engine.backward_in_place(&f, from, dy)?;
        } else {
            let dy = dy.storage::<F>();
            return Ok(match self {
                Self::Activation(f, engine) => whole(engine.backward_map(&f, from, dy)?, shape),
                Self::Along(f, rows, engine) => whole(engine.backward_map(&f.along(rows), from, dy)?, shape),
                Self::Packed(unit, width) => {
                    whole(Engine::default().backward_map(&unit.packed(width), from, dy)?, shape)
                }
            });
        }
        Ok(dy)
    }
}

/// A type of elements that both excite and burn have.
trait Number: Float + Element + Pod {}
impl<F: Float + Element + Pod> Number for F {}

/// A tensor of these elements.
fn whole<F: Number>(elements: Vec<F>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(elements), Layout::contiguous(shape), F::dtype())
}

/// The tensor with nothing but its elements in its memory, in order.
fn contiguous(x: FlexTensor) -> FlexTensor {
    let only = x.to_contiguous();
    // So that `only` is the one owner of the memory, if there is no other.
    drop(x);
    only
}

/// Calls `$body` with `$F` the type of the elements.
macro_rules! with_number {
    ($dtype:expr, $F:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $F = f32;
                $body
            }
            DType::F64 => {
                type $F = f64;
                $body
            }
            DType::F16 => {
                type $F = f16;
                $body
            }
            DType::BF16 => {
                type $F = bf16;
                $body
            }
            other => {
                panic!("excite takes tensors of f32, f64, f16 or bf16, not {other:?}: convert it with `cast` first")
            }
        }
    };
}

/// The tensors as they are, if all are of one type.
#[track_caller]
fn of_one_type<const N: usize>(tensors: [FlexTensor; N]) -> [FlexTensor; N] {
    let first = tensors[0].dtype();
    for other in tensors.iter().map(FlexTensor::dtype) {
        assert!(
            other == first,
            "excite takes tensors of one type, not {first:?} beside {other:?}: convert one with `cast` first"
        );
    }
    tensors
}

fn unwrap<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn forward(f: Unary, x: FlexTensor) -> FlexTensor {
    let x = contiguous(x);
    unwrap(with_number!(x.dtype(), F => f.forward::<F>(x)))
}

fn backward(f: Unary, from: FlexTensor, dy: FlexTensor) -> FlexTensor {
    let [from, dy] = of_one_type([from, dy].map(contiguous));
    unwrap(with_number!(from.dtype(), F => f.backward::<F>(&from, dy)))
}

fn gated<F: Number>(unit: Gate, [gate, value]: [FlexTensor; 2]) -> Result<FlexTensor, Error> {
    let y = unit.map_on(Engine::default(), [gate.storage::<F>(), value.storage::<F>()])?;
    Ok(whole(y, gate.layout().shape().clone()))
}

fn gated_backward<F: Number>(unit: Gate, inputs: &[FlexTensor; 3]) -> Result<[FlexTensor; 2], Error> {
    let slices = inputs.each_ref().map(FlexTensor::storage::<F>);
    let mut gradients = [(); 2].map(|()| vec![F::default(); slices[0].len()]);
    unit.backward_on(Engine::default(), slices, gradients.each_mut().map(Vec::as_mut_slice))?;
    Ok(gradients.map(|gradient| whole(gradient, inputs[0].layout().shape().clone())))
}

impl Operations for Flex {
    fn unary(x: FlexTensor, f: Unary) -> FlexTensor {
        forward(f, x)
    }

    fn gated(gate: FlexTensor, value: FlexTensor, unit: Gate) -> FlexTensor {
        let inputs = of_one_type([gate, value].map(contiguous));
        unwrap(with_number!(inputs[0].dtype(), F => gated::<F>(unit, inputs)))
    }
}

/// The step back through a function of one tensor, from what was saved and the gradient by the output.
#[derive(Debug)]
struct UnaryStep;

impl Backward<Flex, 1> for UnaryStep {
    type State = (Unary, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (f, saved) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |dy| backward(f, saved, dy));
    }
}

/// The step back through a gated unit, from both inputs.
#[derive(Debug)]
struct GatedStep;

impl Backward<Flex, 2> for GatedStep {
    type State = (Gate, [FlexTensor; 2]);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (unit, [gate, value]) = ops.state;
        let dy = grads.consume::<Flex>(&ops.node);
        let inputs = of_one_type([gate, value, dy].map(contiguous));
        let gradients = unwrap(with_number!(inputs[0].dtype(), F => gated_backward::<F>(unit, &inputs)));
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

impl<C: CheckpointStrategy> Operations for Autodiff<Flex, C> {
    fn unary(x: FloatTensor<Self>, f: Unary) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match UnaryStep.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                // x is handed on where it is not saved, so that y may take its memory.
                let (saved, y) = match f.saves() {
                    SlopeFrom::Input => (x.clone(), forward(f, x)),
                    SlopeFrom::Output => {
                        let y = forward(f, x);
                        (y.clone(), y)
                    }
                };
                step.finish((f, saved), y)
            }
            OpsKind::UnTracked(step) => step.finish(forward(f, x)),
        }
    }

    fn gated(gate: FloatTensor<Self>, value: FloatTensor<Self>, unit: Gate) -> FloatTensor<Self> {
        let ((gate, gate_node), (value, value_node)) = (gate.into_parts(), value.into_parts());
        let y = Flex::gated(gate.clone(), value.clone(), unit);
        match GatedStep.prepare::<C>([gate_node, value_node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((unit, [gate, value]), y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}
