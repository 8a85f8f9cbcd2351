//! Forward and backward over slices: blocks, tails, threads.

use crate::kernels::{Backward, Exact, Forward, Kernel};
use crate::{Activation, Float, LengthMismatch, Level, blocks, dispatch};

/// Elements that one thread takes at a time. A slice of two pieces is the shortest that is shared out: there the
/// fastest function, ReLU, takes several times as long as handing a piece to another thread.
#[cfg(feature = "rayon")]
const PIECE: usize = 1 << 17;

/// Elements that are copied at a time where input and output are the same slice.
const COPIED: usize = 1024;

/// Outputs of this size and more are written past the caches by [`Writes::Auto`].
const STREAMING_BYTES: usize = 8 << 20;

/// On how many threads a slice is worked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// The caller's thread alone.
    One,
    /// Several where the slice is long enough for them to pay (and the feature `rayon` is on): those of the rayon
    /// pool that the caller is in.
    #[default]
    Auto,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// Through the caches: the output is needed at once.
    Cached,
    /// Past the caches where the output would not stay in them anyway, through them else.
    #[default]
    Auto,
}

/// How near results come to the exact value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accuracy {
    /// Within the bound that each function states ([`Info::max_ulp`](crate::Info::max_ulp)): 1 ULP in f32.
    #[default]
    Stated,
    /// Forward in f32: the exact value rounded to nearest, always. (f16 and bf16 are that anyway; f64 stays as stated.)
    Exact,
}

/// How slices are worked through. The default is the fastest that the machine has; whatever is chosen but the accuracy, the bits are the same.
///
/// ```
/// use excite::{Engine, Level, Tanh, Threads};
/// let engine = Engine { level: Level::Baseline, threads: Threads::One, ..Engine::default() };
/// let mut y = [0.0_f32; 3];
/// engine.forward(Tanh, &[-1.0, 0.0, 1.0], &mut y)?;
/// assert_eq!(y, [-0.7615942, 0.0, 0.7615942]);
/// # Ok::<(), excite::LengthMismatch>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    /// The instruction set. One that the machine lacks is replaced by the baseline.
    pub level: Level,
    /// The number of threads.
    pub threads: Threads,
    /// How results are written.
    pub writes: Writes,
    /// How near results come to the exact value.
    pub accuracy: Accuracy,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            level: Level::best(),
            threads: Threads::default(),
            writes: Writes::default(),
            accuracy: Accuracy::default(),
        }
    }
}

impl Engine {
    /// y = f(x), element by element.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<A: Activation, F: Float>(self, f: A, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        same_length("y", y.len(), x.len())?;
        self.forward_same_length(f, x, y);
        Ok(())
    }

    fn forward_same_length<A: Activation, F: Float>(self, f: A, x: &[F], y: &mut [F]) {
        match self.accuracy {
            Accuracy::Stated => self.map(Forward(f), [x], y),
            Accuracy::Exact => self.map(Exact(f), [x], y),
        }
    }

    /// x = f(x), element by element.
    pub fn forward_in_place<A: Activation, F: Float>(self, f: A, x: &mut [F]) {
        // A copy that stays in the nearest cache costs less than the code of a second loop over every function.
        let here = Self { threads: Threads::One, writes: Writes::Cached, ..self };
        self.in_pieces([], x, move |[], x| {
            let mut copy = [F::default(); COPIED];
            for x in x.chunks_mut(COPIED) {
                let copy = &mut copy[..x.len()];
                copy.copy_from_slice(x);
                here.forward_same_length(f, copy, x);
            }
        });
    }

    /// dx = dy · f'(x), element by element. `from` holds the inputs or the outputs of the forward pass, as
    /// [`Activation::SLOPE_FROM`] says.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward<A: Activation, F: Float>(
        self,
        f: A,
        from: &[F],
        dy: &[F],
        dx: &mut [F],
    ) -> Result<(), LengthMismatch> {
        same_length("dy", dy.len(), from.len())?;
        same_length("dx", dx.len(), from.len())?;
        self.map(Backward(f), [from, dy], dx);
        Ok(())
    }

    /// y = kernel(inputs), element by element, in pieces if that pays.
    pub(crate) fn map<F: Float, const N: usize>(self, kernel: impl Kernel<F, N>, inputs: [&[F]; N], y: &mut [F]) {
        let streaming = self.writes == Writes::Auto && size_of_val(y) >= STREAMING_BYTES;
        self.in_pieces(inputs, y, move |inputs, y| {
            // Up to the first whole cache line, from which on the caches can be passed by.
            let head = if streaming { y.as_ptr().align_offset(dispatch::CACHE_LINE).min(y.len()) } else { 0 };
            let (unaligned, aligned) = y.split_at_mut(head);
            for (first, y) in [(0, unaligned), (head, aligned)] {
                let inputs = inputs.map(|input| &input[first..first + y.len()]);
                self.level.run_checked(
                    #[inline(always)]
                    |level| blocks::map(level, kernel, inputs, y, streaming),
                );
            }
        });
    }

    /// Calls `work` on the whole of the slices, or on pieces of them on several threads.
    fn in_pieces<F: Float, const N: usize>(
        self,
        inputs: [&[F]; N],
        y: &mut [F],
        work: impl Fn([&[F]; N], &mut [F]) + Sync,
    ) {
        self.in_pieces_of(1, inputs, y, work);
    }

    /// The same, where a piece holds whole samples of so many elements.
    pub(crate) fn in_pieces_of<F: Float, const N: usize>(
        self,
        sample: usize,
        inputs: [&[F]; N],
        y: &mut [F],
        work: impl Fn([&[F]; N], &mut [F]) + Sync,
    ) {
        let _ = sample;
        #[cfg(feature = "rayon")]
        if self.threads == Threads::Auto && y.len() >= 2 * PIECE {
            use rayon::prelude::*;
            let size = PIECE.div_ceil(sample.max(1)) * sample.max(1);
            return y.par_chunks_mut(size).enumerate().for_each(|(piece, y)| {
                let first = piece * size;
                work(inputs.map(|input| &input[first..first + y.len()]), y);
            });
        }
        work(inputs, y);
    }
}

pub(crate) fn same_length(slice: &'static str, found: usize, expected: usize) -> Result<(), LengthMismatch> {
    if found == expected { Ok(()) } else { Err(LengthMismatch { slice, found, expected }) }
}
