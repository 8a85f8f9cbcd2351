//! How slices are computed: on which instruction set, on how many threads, through or past the caches.

#[cfg(feature = "serde")]
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem::MaybeUninit;
use core::str::FromStr;

use crate::define::Definition;
#[cfg(feature = "exact")]
use crate::define::Precision;
use crate::dispatch::Input;
use crate::error::same_length;
use crate::kernels::{Backward, FastBackward, FastForward, Forward, Kernel};
use crate::{Elementwise, Error, Float, Level, Operation, blocks, dispatch};

/// Elements that one thread takes at a time. A slice of two pieces is the shortest that several threads share: there the
/// fastest function, ReLU, takes several times as long as handing a piece to another thread.
#[cfg(feature = "rayon")]
const PIECE: usize = 1 << 17;

/// Outputs of this size and more are written past the caches by [`Stores::Auto`].
const STREAMING_BYTES: usize = 8 << 20;

/// On how many threads a slice is computed.
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
pub enum Stores {
    /// Through the caches: the output is needed at once.
    Cached,
    /// Past the caches where the output would not stay in them anyway, through them else.
    #[default]
    Auto,
}

/// How near results come to the exact value. The bits are the same on every machine with each.
///
/// What an accuracy has no kernel for is computed as stated, which is nearer than [`Fast`](Self::Fast) asks for: f64, functions that cost
/// next to nothing, and parameters for each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accuracy {
    /// Within the bound that each function states ([`Info::max_ulp`](crate::Info::max_ulp)): 1 ULP in f32.
    #[default]
    Stated,
    /// Forward in f32: the exact value rounded to nearest, always. (f16 and bf16 are that anyway; f64 stays as stated.)
    #[cfg(feature = "exact")]
    Exact,
    /// As fast as can be within 4 ULP in f32, forward and backward, wherever the exact result is a normal number
    /// ([`Function::fast_ulp`](crate::Function::fast_ulp)). Smaller results come out smaller than the smallest normal number. Results in f16
    /// and bf16 are one of the two neighbours of the exact value.
    ///
    /// ```
    /// use excite::{Accuracy, Engine, Sigmoid};
    /// let fast = Engine::default().with_accuracy(Accuracy::Fast);
    /// let mut y = [0.0_f32; 3];
    /// fast.forward(&Sigmoid, &[f32::NEG_INFINITY, 0.0, 20.0], &mut y)?;
    /// assert_eq!(y, [0.0, 0.5, 1.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    Fast,
}

impl Accuracy {
    /// All that the library was built with, the nearest first.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "exact")]
        Self::Exact,
        Self::Stated,
        Self::Fast,
    ];

    /// `"exact"`, `"stated"` or `"fast"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            #[cfg(feature = "exact")]
            Self::Exact => "exact",
            Self::Fast => "fast",
        }
    }
}

impl fmt::Display for Accuracy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Accuracy {
    type Err = ParseAccuracyError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|known| known.name() == name).ok_or(ParseAccuracyError)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Accuracy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Accuracy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// No accuracy has this name.
///
/// ```
/// let error = "rough".parse::<excite::Accuracy>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown accuracy: choose `exact`, `stated` or `fast`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseAccuracyError;

impl fmt::Display for ParseAccuracyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("unknown accuracy: choose ")?;
        out.write_str(if cfg!(feature = "exact") { "`exact`, `stated` or `fast`" } else { "`stated` or `fast`" })
    }
}

impl core::error::Error for ParseAccuracyError {}

/// How slices are computed. The default is the fastest that the machine has; whatever is chosen but the accuracy, the bits are the same.
///
/// ```
/// use excite::{Engine, Level, Threads, Tanh};
/// let x = [0.5_f32, -3.0];
/// let (mut fast, mut plain) = ([0.0; 2], [0.0; 2]);
/// Engine::default().forward(&Tanh, &x, &mut fast)?;
/// Engine::default().with_level(Level::Baseline).with_threads(Threads::One).forward(&Tanh, &x, &mut plain)?;
/// assert_eq!(fast, plain);
/// # Ok::<(), excite::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    pub(crate) level: Level,
    threads: Threads,
    stores: Stores,
    accuracy: Accuracy,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            level: Level::best(),
            threads: Threads::default(),
            stores: Stores::default(),
            accuracy: Accuracy::default(),
        }
    }
}

/// The choices.
impl Engine {
    /// On this instruction set. One that the machine lacks is replaced by the baseline.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// On one thread or several.
    #[must_use]
    pub fn with_threads(self, threads: Threads) -> Self {
        Self { threads, ..self }
    }

    /// With results stored this way.
    #[must_use]
    pub fn with_stores(self, stores: Stores) -> Self {
        Self { stores, ..self }
    }

    /// With results this near to the exact value.
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// The instruction set.
    pub fn level(self) -> Level {
        self.level
    }

    /// How near results come to the exact value.
    pub fn accuracy(self) -> Accuracy {
        self.accuracy
    }

    /// Stores through the caches: the system fills new memory with zeros there when it is first written, so that past them each line would
    /// be moved twice.
    pub(crate) fn in_new_memory(self) -> Self {
        Self { stores: Stores::Cached, ..self }
    }

    /// One thread, and stores through the caches: for pieces that stay there.
    pub(crate) fn within_caches(self) -> Self {
        Self { threads: Threads::One, stores: Stores::Cached, ..self }
    }
}

/// The verbs.
impl Engine {
    /// y = f(x).
    ///
    /// # Errors
    /// If the slices do not fit each other or the operation.
    pub fn forward<F: Float>(self, f: &impl Operation<F>, x: &[F], y: &mut [F]) -> Result<(), Error> {
        same_length("y", y.len(), f.outputs(x.len())?)?;
        f.run_forward(self, x, dispatch::as_uninit(y));
        Ok(())
    }

    /// y = f(x) in memory that need not be initialised, which saves a pass over it; gives it back as initialised.
    ///
    /// ```
    /// use excite::{Engine, Relu};
    /// let mut y = Vec::with_capacity(2);
    /// let y = Engine::default().forward_uninit(&Relu, &[-1.0_f32, 2.0], &mut y.spare_capacity_mut()[..2])?;
    /// assert_eq!(y, [0.0, 2.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices do not fit each other or the operation.
    pub fn forward_uninit<'a, F: Float>(
        self,
        f: &impl Operation<F>,
        x: &[F],
        y: &'a mut [MaybeUninit<F>],
    ) -> Result<&'a mut [F], Error> {
        same_length("y", y.len(), f.outputs(x.len())?)?;
        Ok(dispatch::written(y, |y| f.run_forward(self, x, y)))
    }

    /// f(x) in a new vector.
    ///
    /// # Errors
    /// If the input does not fit the operation. Every length fits an [`Elementwise`] function, which has
    /// [`apply`](Elementwise::apply) without an error.
    pub fn map<F: Float>(self, f: &impl Operation<F>, x: &[F]) -> Result<Vec<F>, Error> {
        let len = f.outputs(x.len())?;
        Ok(dispatch::collected(len, |y| f.run_forward(self.in_new_memory(), x, y)))
    }

    /// x = f(x).
    pub fn forward_in_place<F: Float>(self, f: &impl Elementwise, x: &mut [F]) {
        f.run_forward(self, Input::InPlace, dispatch::as_uninit(x));
    }

    /// The gradient of a loss by x, from the gradient by y: dx = dy · f'(x) for functions of single elements. `from` holds what the
    /// function keeps of its forward pass: the inputs or the outputs, as [`Elementwise::slope_from`] says.
    ///
    /// # Errors
    /// If the slices do not fit each other or the operation.
    pub fn backward<F: Float>(self, f: &impl Operation<F>, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        f.check_backward(from.len(), dy.len(), dx.len())?;
        f.run_backward(self, from, dy, dispatch::as_uninit(dx));
        Ok(())
    }

    /// [`backward`](Self::backward) in memory that need not be initialised; gives it back as initialised.
    ///
    /// # Errors
    /// If the slices do not fit each other or the operation.
    pub fn backward_uninit<'a, F: Float>(
        self,
        f: &impl Operation<F>,
        from: &[F],
        dy: &[F],
        dx: &'a mut [MaybeUninit<F>],
    ) -> Result<&'a mut [F], Error> {
        f.check_backward(from.len(), dy.len(), dx.len())?;
        Ok(dispatch::written(dx, |dx| f.run_backward(self, from, dy, dx)))
    }

    /// The gradient by x in a new vector, as long as `from`. See [`backward`](Self::backward).
    ///
    /// ```
    /// use excite::{Engine, Relu};
    /// assert_eq!(Engine::default().backward_map(&Relu, &[-1.0_f32, 2.0], &[3.0, 4.0])?, [0.0, 4.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices do not fit each other or the operation.
    pub fn backward_map<F: Float>(self, f: &impl Operation<F>, from: &[F], dy: &[F]) -> Result<Vec<F>, Error> {
        f.check_backward(from.len(), dy.len(), from.len())?;
        Ok(dispatch::collected(from.len(), |dx| f.run_backward(self.in_new_memory(), from, dy, dx)))
    }

    /// dy = dy · f'(x): the gradient by x in the place of the gradient by y. See [`backward`](Self::backward).
    ///
    /// ```
    /// use excite::{Engine, Relu};
    /// let mut gradient = [3.0_f32, 4.0];
    /// Engine::default().backward_in_place(&Relu, &[-1.0, 2.0], &mut gradient)?;
    /// assert_eq!(gradient, [0.0, 4.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_in_place<F: Float>(self, f: &impl Elementwise, from: &[F], dy: &mut [F]) -> Result<(), Error> {
        same_length("dy", dy.len(), from.len())?;
        Elementwise::run_backward(f, self, from, Input::InPlace, dispatch::as_uninit(dy));
        Ok(())
    }

    /// The gradient of a parameter. See [`Elementwise::backward_parameter`].
    ///
    /// # Errors
    /// If the slices differ in length, or there is no parameter of that index.
    pub fn backward_parameter<F: Float>(
        self,
        f: &impl Elementwise,
        index: usize,
        x: &[F],
        dy: &[F],
    ) -> Result<f64, Error> {
        same_length("dy", dy.len(), x.len())?;
        let count = f.parameters().len();
        if index >= count {
            return Err(Error::Parameter { function: f.info().name, index, count });
        }
        Ok(f.run_backward_parameter(self, index, x, dy))
    }
}

/// The kernels that the verbs come down to.
impl Engine {
    /// y = f(x), over slices of one length.
    pub(crate) fn forward_kernel<D: Definition, F: Float>(self, f: D, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        // Constant conditions first, so that the exact kernel is compiled only where it differs from the other.
        #[cfg(feature = "exact")]
        if F::HAS_EXACT && !matches!(D::PRECISION, Precision::Selects) && self.is_exact() {
            return self.run_from(crate::kernels::Exact(f), [x], y);
        }
        if F::HAS_FAST && const { D::FAST.value.is_some() } && self.is_fast() && f.suits_fast() {
            return self.run_from(FastForward(f), [x], y);
        }
        self.run_from(Forward(f), [x], y);
    }

    /// dx = dy · f'(from), over slices of one length or in the place of dy.
    pub(crate) fn backward_kernel<D: Definition, F: Float>(
        self,
        f: D,
        from: &[F],
        dy: Input<'_, F>,
        dx: &mut [MaybeUninit<F>],
    ) {
        if F::HAS_FAST && const { D::FAST.slope.is_some() } && self.is_fast() && f.suits_fast() {
            return self.run_from(FastBackward(f), [Input::Slice(from), dy], dx);
        }
        self.run_from(Backward(f), [Input::Slice(from), dy], dx);
    }

    /// Whether `len` elements are computed on several threads where a piece holds two outputs.
    #[cfg(feature = "rayon")]
    pub(crate) fn is_parallel(self, len: usize) -> bool {
        self.threads == Threads::Auto && len >= PIECE / 2
    }

    #[inline]
    pub(crate) fn is_fast(self) -> bool {
        self.accuracy == Accuracy::Fast
    }

    #[cfg(feature = "exact")]
    #[inline]
    fn is_exact(self) -> bool {
        self.accuracy == Accuracy::Exact
    }

    /// y = kernel(inputs), element by element, in pieces if that pays.
    pub(crate) fn run<F: Float, const N: usize>(
        self,
        kernel: impl Kernel<F, N>,
        inputs: [&[F]; N],
        y: &mut [MaybeUninit<F>],
    ) {
        self.run_from(kernel, inputs.map(Input::Slice), y);
    }

    /// [`run`](Self::run), from slices or in place.
    pub(crate) fn run_from<F: Float, const N: usize>(
        self,
        kernel: impl Kernel<F, N>,
        inputs: [Input<'_, F>; N],
        y: &mut [MaybeUninit<F>],
    ) {
        // Memory that is read is in the caches already.
        let in_place = inputs.iter().any(|input| input.is_in_place());
        let streaming = self.stores == Stores::Auto && size_of_val(y) >= STREAMING_BYTES && !in_place;
        self.in_pieces(1, y, &|first, y| {
            // Up to the first whole cache line, from which on the caches can be passed by.
            let head = if streaming { y.as_ptr().align_offset(dispatch::CACHE_LINE).min(y.len()) } else { 0 };
            let (unaligned, aligned) = y.split_at_mut(head);
            for (first, y) in [(first, unaligned), (first + head, aligned)] {
                let inputs = inputs.map(|input| input.part(first, y.len()));
                self.level.run_checked(
                    #[inline(always)]
                    |level| blocks::map(level, kernel, inputs, y, streaming),
                );
            }
        });
    }

    /// Calls `work` with the whole of `y`, or with pieces of it on several threads, and the index at which each begins.
    /// A piece holds whole samples, of `sample` elements each.
    ///
    /// `work` is behind a pointer, so that the code which shares pieces out is compiled once for a type and not for each kernel.
    pub(crate) fn in_pieces<T: Send>(self, sample: usize, y: &mut [T], work: &(dyn Fn(usize, &mut [T]) + Sync)) {
        #[cfg(feature = "rayon")]
        if self.threads == Threads::Auto && y.len() >= 2 * PIECE {
            return in_parallel(PIECE.div_ceil(sample.max(1)) * sample.max(1), y, work);
        }
        let _ = sample;
        work(0, y);
    }
}

#[cfg(feature = "rayon")]
fn in_parallel<T: Send>(size: usize, y: &mut [T], work: &(dyn Fn(usize, &mut [T]) + Sync)) {
    use rayon::prelude::*;
    y.par_chunks_mut(size).enumerate().for_each(|(piece, y)| work(piece * size, y));
}
