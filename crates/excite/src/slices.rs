//! Forward and backward over slices: blocks, tails, threads.

use crate::{Activation, Float, LengthMismatch, Level};

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

/// How slices are worked through. The default is the fastest that the machine has; whatever is chosen, the bits are the same.
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
}

impl Default for Engine {
    fn default() -> Self {
        Self { level: Level::best(), threads: Threads::default(), writes: Writes::default() }
    }
}

/// Elements worked through at once: several vectors in flight hide the latency of a chain of operations.
const BLOCK: usize = 64;

impl Engine {
    /// y = f(x), element by element.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<A: Activation, F: Float>(self, f: A, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        same_length("y", y.len(), x.len())?;
        self.level.run(
            #[inline(always)]
            || map(x, y, |x| f.value(x)),
        );
        Ok(())
    }

    /// x = f(x), element by element.
    pub fn forward_in_place<A: Activation, F: Float>(self, f: A, x: &mut [F]) {
        self.level.run(
            #[inline(always)]
            || map_in_place(x, |x| f.value(x)),
        );
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
        self.level.run(
            #[inline(always)]
            || {
                for ((dx, &dy), &from) in dx.iter_mut().zip(dy).zip(from) {
                    *dx = dy * f.slope(from);
                }
            },
        );
        Ok(())
    }
}

/// y = f(x). The tail runs the same loop on a padded block, so that it is vectorised too.
#[inline(always)]
fn map<F: Float>(x: &[F], y: &mut [F], f: impl Fn(F) -> F) {
    let whole = x.len() - x.len() % BLOCK;
    map_whole(&x[..whole], &mut y[..whole], &f);
    let tail = x.len() - whole;
    if tail > 0 {
        let (mut from, mut to) = ([F::ZERO; BLOCK], [F::ZERO; BLOCK]);
        from[..tail].copy_from_slice(&x[whole..]);
        let padded = tail.next_multiple_of(16);
        map_whole(&from[..padded], &mut to[..padded], &f);
        y[whole..].copy_from_slice(&to[..tail]);
    }
}

#[inline(always)]
fn map_whole<F: Float>(x: &[F], y: &mut [F], f: &impl Fn(F) -> F) {
    for (x, y) in x.iter().zip(y) {
        *y = f(*x);
    }
}

#[inline(always)]
fn map_in_place<F: Float>(x: &mut [F], f: impl Fn(F) -> F) {
    for x in x {
        *x = f(*x);
    }
}

fn same_length(slice: &'static str, found: usize, expected: usize) -> Result<(), LengthMismatch> {
    if found == expected { Ok(()) } else { Err(LengthMismatch { slice, found, expected }) }
}
