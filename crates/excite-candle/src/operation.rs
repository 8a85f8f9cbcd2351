//! The two custom operations: f over one tensor, and its gradient over two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Error, Layout, Result, Shape, Tensor};
use excite::{Engine, Float, Function, SlopeFrom};

type Clock = Option<Arc<AtomicU64>>;

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

impl CustomOp1 for Forward {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let f = self.function;
        let y = timed(&self.clock, || match x {
            CpuStorage::F32(x) => forward(f, elements(x, layout, f.name())?).map(CpuStorage::F32),
            #[cfg(feature = "all-dtypes")]
            CpuStorage::F64(x) => forward(f, elements(x, layout, f.name())?).map(CpuStorage::F64),
            #[cfg(feature = "all-dtypes")]
            CpuStorage::F16(x) => forward(f, elements(x, layout, f.name())?).map(CpuStorage::F16),
            #[cfg(feature = "all-dtypes")]
            CpuStorage::BF16(x) => forward(f, elements(x, layout, f.name())?).map(CpuStorage::BF16),
            other => Err(unsupported(f, other.dtype())),
        })?;
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let saved = match self.function.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => y,
        };
        let backward = Backward { function: self.function, clock: self.clock.clone() };
        saved.contiguous()?.apply_op2_no_bwd(&dy.contiguous()?, &backward).map(Some)
    }
}

impl CustomOp2 for Backward {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn cpu_fwd(
        &self,
        saved: &CpuStorage,
        saved_layout: &Layout,
        dy: &CpuStorage,
        dy_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let f = self.function;
        let saved_and_dy = (saved_layout, dy_layout);
        let dx = timed(&self.clock, || match (saved, dy) {
            (CpuStorage::F32(saved), CpuStorage::F32(dy)) => backward(f, saved, dy, saved_and_dy).map(CpuStorage::F32),
            #[cfg(feature = "all-dtypes")]
            (CpuStorage::F64(saved), CpuStorage::F64(dy)) => backward(f, saved, dy, saved_and_dy).map(CpuStorage::F64),
            #[cfg(feature = "all-dtypes")]
            (CpuStorage::F16(saved), CpuStorage::F16(dy)) => backward(f, saved, dy, saved_and_dy).map(CpuStorage::F16),
            #[cfg(feature = "all-dtypes")]
            (CpuStorage::BF16(saved), CpuStorage::BF16(dy)) => {
                backward(f, saved, dy, saved_and_dy).map(CpuStorage::BF16)
            }
            (_, other) => Err(unsupported(f, other.dtype())),
        })?;
        Ok((dx, dy_layout.shape().clone()))
    }
}

fn forward<F: Float>(f: Function, x: &[F]) -> Result<Vec<F>> {
    filled(x.len(), |range, y| f.forward_on(Engine::default(), &x[range], y))
}

fn backward<F: Float>(
    f: Function,
    saved: &[F],
    dy: &[F],
    (saved_layout, dy_layout): (&Layout, &Layout),
) -> Result<Vec<F>> {
    let (saved, dy) = (elements(saved, saved_layout, f.name())?, elements(dy, dy_layout, f.name())?);
    filled(saved.len(), |range, dx| f.backward_on(Engine::default(), &saved[range.clone()], &dy[range], dx))
}

/// Elements that are worked through at once while the result is being allocated: few enough to stay in the first cache.
const CHUNK: usize = 4096;

/// Up to this many elements the result grows chunk by chunk, so that filling it with zeros first costs next to nothing;
/// a longer one is handed to the engine whole, so that several threads may work on it.
const CHUNKED: usize = 1 << 19;

/// A vector of `len` elements, written by `fill`, which gets a range of them and that part of the vector.
fn filled<F: Float>(
    len: usize,
    mut fill: impl FnMut(std::ops::Range<usize>, &mut [F]) -> std::result::Result<(), excite::LengthMismatch>,
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

/// The elements of a contiguous tensor.
fn elements<'a, F: Float>(storage: &'a [F], layout: &Layout, op: &'static str) -> Result<&'a [F]> {
    let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op })?;
    Ok(&storage[start..end])
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

fn unsupported(f: Function, found: DType) -> Error {
    let name = f.name();
    let found = found.as_str();
    Error::Msg(format!("`{name}` of excite takes tensors of {DTYPES}, not {found}: convert it with `to_dtype` first"))
}
