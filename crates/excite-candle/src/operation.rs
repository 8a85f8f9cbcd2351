//! The custom operations: each a kernel over slices, forward, and another for its gradient.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Error, Layout, Result, Shape, Tensor, WithDType};
use excite::{Engine, Float, Function, SlopeFrom};

type Clock = Option<Arc<AtomicU64>>;

/// What an operation does with the elements of contiguous tensors of one type of floats.
pub(crate) trait Kernel<const N: usize> {
    fn name(&self) -> &'static str;
    fn run<F: Float>(&self, inputs: [&[F]; N]) -> Result<Vec<F>>;
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
    let mut slices: [&[F]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(inputs) {
        let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op: kernel.name() })?;
        *slice = &storage.as_slice::<F>()?[start..end];
    }
    kernel.run(slices).map(F::to_cpu_storage_owned)
}

/// y = f(x), for a contiguous x.
pub(crate) struct Forward {
    pub(crate) function: Function,
    pub(crate) clock: Clock,
}

/// dx = dy · f'(x), from the saved input or output, as [`Function::slope_from`] says, and dy.
struct Backward {
    function: Function,
    clock: Clock,
}

impl Kernel<1> for Forward {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn run<F: Float>(&self, [x]: [&[F]; 1]) -> Result<Vec<F>> {
        timed(&self.clock, || filled(x.len(), |range, y| Engine::default().forward(&self.function, &x[range], y)))
    }
}

impl Kernel<2> for Backward {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn run<F: Float>(&self, [saved, dy]: [&[F]; 2]) -> Result<Vec<F>> {
        timed(&self.clock, || {
            filled(saved.len(), |range, dx| {
                Engine::default().backward(&self.function, &saved[range.clone()], &dy[range], dx)
            })
        })
    }
}

impl CustomOp1 for Forward {
    fn name(&self) -> &'static str {
        Kernel::name(self)
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(x, layout)])?, layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        self.backward(x, y, dy).map(Some)
    }
}

impl Forward {
    /// dx = dy · f'(x).
    pub(crate) fn backward(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        let saved = match self.function.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => y,
        };
        let backward = Backward { function: self.function, clock: self.clock.clone() };
        saved.contiguous()?.apply_op2_no_bwd(&dy.contiguous()?, &backward)
    }
}

impl CustomOp2 for Backward {
    fn name(&self) -> &'static str {
        Kernel::name(self)
    }

    fn cpu_fwd(&self, saved: &CpuStorage, at: &Layout, dy: &CpuStorage, dy_at: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(saved, at), (dy, dy_at)])?, dy_at.shape().clone()))
    }
}

/// Elements that are worked through at once while the result is being allocated: few enough to stay in the first cache.
const CHUNK: usize = 4096;

/// Up to this many elements the result grows chunk by chunk, so that filling it with zeros first costs next to nothing;
/// a longer one is handed to the engine whole, so that several threads may work on it.
const CHUNKED: usize = 1 << 19;

/// A vector of `len` elements, written by `fill`, which gets a range of them and that part of the vector.
pub(crate) fn filled<F: Float>(
    len: usize,
    mut fill: impl FnMut(Range<usize>, &mut [F]) -> std::result::Result<(), excite::Error>,
) -> Result<Vec<F>> {
    let mut to = Vec::with_capacity(len);
    let step = if len <= CHUNKED { CHUNK } else { len };
    while to.len() < len {
        let start = to.len();
        let end = len.min(start + step);
        to.resize(end, F::default());
        fill(start..end, &mut to[start..]).map_err(Error::wrap)?;
    }
    Ok(to)
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
