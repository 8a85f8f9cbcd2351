//! The operations on the backend Flex, and around it with their gradients.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};
use burn::tensor::{Bytes, DType, Element};
use bytemuck::Pod;
use excite::{Engine, Error, Float, Function, Gate, RowFunction, Rows, SlopeFrom};
use half::{bf16, f16};

/// What burn dispatches to the backend of its tensors.
#[backend_extension(Flex, Autodiff)]
pub trait Operations: Backend {
    /// y = f(x)
    fn activation(x: FloatTensor<Self>, f: Function) -> FloatTensor<Self>;

    /// y = f(x) along rows
    fn along(x: FloatTensor<Self>, f: RowFunction, rows: Rows) -> FloatTensor<Self>;

    /// y = f(gate) · value
    fn gated(gate: FloatTensor<Self>, value: FloatTensor<Self>, unit: Gate) -> FloatTensor<Self>;
}

/// How the elements of a tensor of that shape belong to rows along a dimension.
pub fn rows_of(shape: &[usize], dim: usize) -> Rows {
    Rows { len: shape[dim], inner: shape[dim + 1..].iter().product() }
}

/// What a kernel does with slices of one type of floats: outputs = f(inputs).
trait Kernel<const INPUTS: usize, const OUTPUTS: usize> {
    fn run<F: Float>(&self, inputs: [&[F]; INPUTS], outputs: [&mut [F]; OUTPUTS]) -> Result<(), Error>;
}

struct Activation(Function);
struct ActivationBackward(Function);
struct Along(RowFunction, Rows);
struct AlongBackward(RowFunction, Rows);
struct Gated(Gate);
struct GatedBackward(Gate);

impl Kernel<1, 1> for Activation {
    fn run<F: Float>(&self, [x]: [&[F]; 1], [y]: [&mut [F]; 1]) -> Result<(), Error> {
        Engine::default().forward(&self.0, x, y)
    }
}

impl Kernel<2, 1> for ActivationBackward {
    fn run<F: Float>(&self, [from, dy]: [&[F]; 2], [dx]: [&mut [F]; 1]) -> Result<(), Error> {
        Engine::default().backward(&self.0, from, dy, dx)
    }
}

impl Kernel<1, 1> for Along {
    fn run<F: Float>(&self, [x]: [&[F]; 1], [y]: [&mut [F]; 1]) -> Result<(), Error> {
        Engine::default().forward(&self.0.along(self.1), x, y)
    }
}

impl Kernel<2, 1> for AlongBackward {
    fn run<F: Float>(&self, [y, dy]: [&[F]; 2], [dx]: [&mut [F]; 1]) -> Result<(), Error> {
        Engine::default().backward(&self.0.along(self.1), y, dy, dx)
    }
}

impl Kernel<2, 1> for Gated {
    fn run<F: Float>(&self, [gate, value]: [&[F]; 2], [y]: [&mut [F]; 1]) -> Result<(), Error> {
        Engine::default().forward(&self.0.along(gate), value, y)
    }
}

impl Kernel<3, 2> for GatedBackward {
    fn run<F: Float>(&self, inputs: [&[F]; 3], outputs: [&mut [F]; 2]) -> Result<(), Error> {
        Engine::default().backward(&self.0, inputs, outputs)
    }
}

/// The outputs of a kernel over whole tensors of one type, shaped like the first.
fn run<const I: usize, const O: usize>(kernel: &impl Kernel<I, O>, inputs: [FlexTensor; I]) -> [FlexTensor; O] {
    match inputs[0].dtype() {
        DType::F32 => run_on::<f32, I, O>(kernel, inputs),
        DType::F64 => run_on::<f64, I, O>(kernel, inputs),
        DType::F16 => run_on::<f16, I, O>(kernel, inputs),
        DType::BF16 => run_on::<bf16, I, O>(kernel, inputs),
        other => panic!("excite takes tensors of f32, f64, f16 or bf16, not {other:?}: convert it with `cast` first"),
    }
}

fn run_on<F: Float + Element + Pod, const I: usize, const O: usize>(
    kernel: &impl Kernel<I, O>,
    inputs: [FlexTensor; I],
) -> [FlexTensor; O] {
    let inputs = inputs.map(|input| input.to_contiguous());
    let shape = inputs[0].layout().shape();
    let slices = inputs.each_ref().map(|input| {
        input.as_slice::<F>().unwrap_or_else(|| {
            panic!("excite takes tensors of one type, not {:?} beside {:?}", F::dtype(), input.dtype())
        })
    });
    let mut outputs: [Vec<F>; O] = std::array::from_fn(|_| vec![F::default(); slices[0].len()]);
    kernel.run(slices, outputs.each_mut().map(Vec::as_mut_slice)).unwrap_or_else(|error| panic!("{error}"));
    outputs.map(|y| FlexTensor::new(Bytes::from_elems(y), Layout::contiguous(shape.clone()), F::dtype()))
}

fn run_one<const I: usize>(kernel: &impl Kernel<I, 1>, inputs: [FlexTensor; I]) -> FlexTensor {
    let [y] = run(kernel, inputs);
    y
}

impl Operations for Flex {
    fn activation(x: FlexTensor, f: Function) -> FlexTensor {
        run_one(&Activation(f), [x])
    }

    fn along(x: FlexTensor, f: RowFunction, rows: Rows) -> FlexTensor {
        run_one(&Along(f, rows), [x])
    }

    fn gated(gate: FlexTensor, value: FlexTensor, unit: Gate) -> FlexTensor {
        run_one(&Gated(unit), [gate, value])
    }
}

/// The step back through a function of one tensor: a kernel over what was saved and the gradient by the output.
#[derive(Debug)]
struct Unary;

/// The kernel of a step back.
#[derive(Clone, Debug)]
enum UnaryKernel {
    Activation(Function),
    Along(RowFunction, Rows),
}

impl Backward<Flex, 1> for Unary {
    type State = (UnaryKernel, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (kernel, saved) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |dy| match kernel {
            UnaryKernel::Activation(f) => run_one(&ActivationBackward(f), [saved, dy]),
            UnaryKernel::Along(f, rows) => run_one(&AlongBackward(f, rows), [saved, dy]),
        });
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
        let gradients = run(&GatedBackward(unit), [gate, value, dy]);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// Does `forward` on the tensor inside, and leaves a step back that has what `saved` takes of input and output.
fn tracked<C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<Flex, C>>,
    kernel: UnaryKernel,
    forward: impl FnOnce(FlexTensor) -> FlexTensor,
    saves: SlopeFrom,
) -> FloatTensor<Autodiff<Flex, C>> {
    let (x, node) = x.into_parts();
    let y = forward(x.clone());
    match Unary.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let saved = match saves {
                SlopeFrom::Input => x,
                SlopeFrom::Output => y.clone(),
            };
            step.finish((kernel, saved), y)
        }
        OpsKind::UnTracked(step) => step.finish(y),
    }
}

impl<C: CheckpointStrategy> Operations for Autodiff<Flex, C> {
    fn activation(x: FloatTensor<Self>, f: Function) -> FloatTensor<Self> {
        tracked::<C>(x, UnaryKernel::Activation(f), |x| Flex::activation(x, f), f.slope_from())
    }

    fn along(x: FloatTensor<Self>, f: RowFunction, rows: Rows) -> FloatTensor<Self> {
        tracked::<C>(x, UnaryKernel::Along(f, rows), |x| Flex::along(x, f, rows), SlopeFrom::Output)
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
