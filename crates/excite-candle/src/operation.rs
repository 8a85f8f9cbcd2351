//! The custom operations of one tensor: each a kernel over slices, forward, and another for its gradient.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Error, Layout, Result, Shape, Tensor, WithDType};
use excite::{Engine, Float, Function, Operation, SlopeFrom};

pub(crate) type Clock = Option<Arc<AtomicU64>>;

/// What an operation does with the elements of contiguous tensors of one type of floats.
pub(crate) trait Kernel<const N: usize> {
    fn name(&self) -> &'static str;
    fn run<F: Float>(&self, inputs: [&[F]; N]) -> std::result::Result<Vec<F>, excite::Error>;
}

/// Runs a kernel on contiguous tensors, all of one type.
pub(crate) fn run<const N: usize>(kernel: &impl Kernel<N>, inputs: [(&CpuStorage, &Layout); N]) -> Result<CpuStorage> {
    match inputs[0].0.dtype() {
        DType::F32 => run_on::<f32, N>(kernel, inputs),
        #[cfg(feature = "all-dtypes")]
        DType::F64 => run_on::<f64, N>(kernel, inputs),
        #[cfg(feature = "all-dtypes")]
        DType::F16 => run_on::<half::f16, N>(kernel, inputs),
        #[cfg(feature = "all-dtypes")]
        DType::BF16 => run_on::<half::bf16, N>(kernel, inputs),
        other => Err(unsupported(kernel.name(), other)),
    }
}

fn run_on<F: Float + WithDType, const N: usize>(
    kernel: &impl Kernel<N>,
    inputs: [(&CpuStorage, &Layout); N],
) -> Result<CpuStorage> {
    let name = kernel.name();
    let mut slices: [&[F]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(inputs) {
        let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op: name })?;
        if storage.dtype() != F::DTYPE {
            let (expected, found) = (F::DTYPE.as_str(), storage.dtype().as_str());
            return Err(Error::Msg(format!(
                "`{name}` of excite takes tensors of one type, not {expected} beside {found}: convert one with `to_dtype` first"
            )));
        }
        *slice = &storage.as_slice::<F>()?[start..end];
    }
    let result = kernel.run(slices).map_err(|error| Error::Msg(format!("`{name}` of excite: {error}")))?;
    Ok(F::to_cpu_storage_owned(result))
}

/// An operation on one tensor.
pub(crate) trait Unary: Copy + Send + Sync + 'static {
    fn name(&self) -> &'static str;

    /// What the gradient is computed from.
    fn slope_from(&self) -> SlopeFrom;

    /// The shape of the result.
    fn shape(&self, input: &Shape) -> Shape {
        input.clone()
    }

    /// The operation over slices.
    fn over<F: Float>(&self) -> impl Operation<F>;
}

impl Unary for Function {
    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn slope_from(&self) -> SlopeFrom {
        Self::slope_from(self)
    }

    fn over<F: Float>(&self) -> impl Operation<F> {
        *self
    }
}

/// y = f(x), for a contiguous x.
pub(crate) struct Forward<U> {
    pub(crate) of: U,
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
}

/// The gradient by x, from the saved input or output and dy.
struct Backward<U> {
    of: U,
    engine: Engine,
    clock: Clock,
}

impl<U: Unary> Kernel<1> for Forward<U> {
    fn name(&self) -> &'static str {
        self.of.name()
    }

    fn run<F: Float>(&self, [x]: [&[F]; 1]) -> std::result::Result<Vec<F>, excite::Error> {
        timed(&self.clock, || self.engine.map(&self.of.over(), x))
    }
}

impl<U: Unary> Kernel<2> for Backward<U> {
    fn name(&self) -> &'static str {
        self.of.name()
    }

    fn run<F: Float>(&self, [saved, dy]: [&[F]; 2]) -> std::result::Result<Vec<F>, excite::Error> {
        timed(&self.clock, || self.engine.backward_map(&self.of.over(), saved, dy))
    }
}

impl<U: Unary> CustomOp1 for Forward<U> {
    fn name(&self) -> &'static str {
        self.of.name()
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(x, layout)])?, self.of.shape(layout.shape())))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        self.backward(x, y, dy).map(Some)
    }
}

impl<U: Unary> Forward<U> {
    /// The gradient by x, from a forward pass y = f(x) and the gradient by y.
    pub(crate) fn backward(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        let saved = match self.of.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => y,
        };
        let backward = Backward { of: self.of, engine: self.engine, clock: self.clock.clone() };
        saved.contiguous()?.apply_op2(&dy.contiguous()?, backward)
    }
}

impl<U: Unary> CustomOp2 for Backward<U> {
    fn name(&self) -> &'static str {
        self.of.name()
    }

    fn cpu_fwd(&self, saved: &CpuStorage, at: &Layout, dy: &CpuStorage, dy_at: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(saved, at), (dy, dy_at)])?, at.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, _: &Tensor, _: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Err(no_second_derivative(self.of.name()))
    }
}

fn timed<T>(clock: &Clock, work: impl FnOnce() -> T) -> T {
    let Some(clock) = clock else { return work() };
    let start = Instant::now();
    let done = work();
    clock.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    done
}

/// What tensors may hold.
const DTYPES: &str = if cfg!(feature = "all-dtypes") {
    "f32, f64, f16 or bf16"
} else {
    "f32 (of f64, f16 and bf16 too with the feature `all-dtypes` of excite-candle)"
};

fn unsupported(name: &str, found: DType) -> Error {
    let found = found.as_str();
    Error::Msg(format!("`{name}` of excite takes tensors of {DTYPES}, not {found}: convert it with `to_dtype` first"))
}

/// Gradients are custom operations that have none themselves: without this error candle would leave them out silently.
pub(crate) fn no_second_derivative(name: &str) -> Error {
    Error::Msg(format!(
        "`{name}` of excite has no second derivative: its gradient cannot be differentiated again; use candle's own operations there"
    ))
}
