//! Functions of whole rows: softmax and its kin.

mod lanes;
mod log_softmax;
mod softmax;
mod softmin;
mod sparsemax;
#[cfg(test)]
mod tests;

pub use log_softmax::LogSoftmax;
pub use softmax::Softmax;
pub use softmin::Softmin;
pub use sparsemax::Sparsemax;

use alloc::vec::Vec;

use crate::dispatch::CheckedLevel;
use crate::math::Native;
use crate::reference::Real;
use crate::slices::same_length;
use crate::{Engine, Float, LengthMismatch, Parameter, Parameters};
use lanes::Row;

/// How the elements of a slice belong to rows: as in an array of the shape outer × `len` × `inner`, where each row goes along the
/// axis in the middle.
///
/// ```
/// use excite::Rows;
/// // The last axis of an array of 8 × 1000, and the channels of images laid out as N × 21 × 64 × 64.
/// let last = Rows::of(1000);
/// let channels = Rows { len: 21, inner: 64 * 64 };
/// assert_eq!(last, Rows { len: 1000, inner: 1 });
/// assert_eq!(channels.len * channels.inner, 86016);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The number of elements of a row.
    pub len: usize,
    /// The distance between neighbours in a row: the product of the dimensions after the axis.
    pub inner: usize,
}

impl Rows {
    /// Rows of `len` elements, one after the other: along the last axis.
    pub fn of(len: usize) -> Self {
        Self { len, inner: 1 }
    }

    /// The elements of all rows that lie between each other.
    fn sample(self) -> usize {
        self.len * self.inner
    }

    fn check(self, elements: usize) -> Result<(), LengthMismatch> {
        let whole = elements.checked_div(self.sample()).unwrap_or(0) * self.sample();
        same_length("x", elements, whole)
    }
}

/// What is known of a function of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowInfo {
    /// The name in this library: `"log_softmax"`.
    pub name: &'static str,
    /// The name as people write it: `"LogSoftmax"`.
    pub title: &'static str,
    /// The formula, in plain Unicode; T is the temperature.
    pub formula: &'static str,
    /// Where the function comes from.
    pub origin: &'static str,
    /// When to use it and when not, in a sentence or two.
    pub advice: &'static str,
    /// Its name in PyTorch; empty where it has none.
    pub pytorch: &'static str,
    /// Its name in JAX; empty where it has none.
    pub jax: &'static str,
    /// Its name in Keras; empty where it has none.
    pub keras: &'static str,
    /// The operator in ONNX; empty where there is none.
    pub onnx: &'static str,
    /// Other names that people use.
    pub aliases: &'static [&'static str],
    /// What a row that is −∞ as a whole gives, every element.
    pub all_masked: f64,
}

/// A function of whole rows, forward and backward. In each, −∞ masks an element: it gets exactly what the limit is. A row that is
/// −∞ as a whole gives [`RowInfo::all_masked`]; one that holds NaN or +∞ gives NaN.
///
/// Sums are taken in f64, in an order that depends on the length of the row alone: the bits are the same on every machine.
pub trait RowActivation: Parameters + Send + Sync + 'static {
    /// What is known of the function.
    const INFO: RowInfo;

    /// Replaces a row by its result.
    #[doc(hidden)]
    fn forward_row<T: Native>(self, row: &mut Row<T>);

    /// Replaces dy by dx, from the row of results.
    #[doc(hidden)]
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>);

    /// The result of a row, written down plainly over any kind of real number: the yardstick that the fast one is measured with.
    fn reference<R: Real>(self, row: &[R]) -> Vec<R>;

    /// y = f(x) along rows, on the default [`Engine`].
    ///
    /// # Errors
    /// If `x` does not hold whole rows or the slices differ in length.
    fn forward<F: Float>(self, rows: Rows, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().forward_rows(self, rows, x, y)
    }

    /// The gradient of a loss by x, from `y` = f(x) and the gradient by it, on the default [`Engine`].
    ///
    /// # Errors
    /// If `y` does not hold whole rows or the slices differ in length.
    fn backward<F: Float>(self, rows: Rows, y: &[F], dy: &[F], dx: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().backward_rows(self, rows, y, dy, dx)
    }
}

/// Rows that lie between each other are gathered this many at a time: what a cache line holds of them.
const GATHERED: usize = 16;

impl Engine {
    /// y = f(x) along rows.
    ///
    /// ```
    /// use excite::{Engine, Rows, Softmax};
    /// let x = [3.0_f32, 3.0, 1.0, f32::NEG_INFINITY];
    /// let mut y = [0.0; 4];
    /// Engine::default().forward_rows(Softmax::default(), Rows::of(2), &x, &mut y)?;
    /// assert_eq!(y, [0.5, 0.5, 1.0, 0.0]);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If `x` does not hold whole rows or the slices differ in length.
    pub fn forward_rows<A: RowActivation, F: Float>(
        self,
        f: A,
        rows: Rows,
        x: &[F],
        y: &mut [F],
    ) -> Result<(), LengthMismatch> {
        rows.check(x.len())?;
        same_length("y", y.len(), x.len())?;
        self.in_pieces_of(rows.sample(), [x], y, |[x], y| {
            self.level.run_checked(
                #[inline(always)]
                |level| {
                    each_row(
                        level,
                        rows,
                        [x],
                        y,
                        f64::NEG_INFINITY,
                        #[inline(always)]
                        |[row]| f.forward_row(row),
                    );
                },
            );
        });
        Ok(())
    }

    /// The gradient of a loss by x, from `y` = f(x) and the gradient of the loss by y.
    ///
    /// ```
    /// use excite::{Engine, Rows, Softmax};
    /// let mut dx = [0.0_f32; 2];
    /// Engine::default().backward_rows(Softmax::default(), Rows::of(2), &[0.25, 0.75], &[1.0, 0.0], &mut dx)?;
    /// assert_eq!(dx, [0.1875, -0.1875]);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If `y` does not hold whole rows or the slices differ in length.
    pub fn backward_rows<A: RowActivation, F: Float>(
        self,
        f: A,
        rows: Rows,
        y: &[F],
        dy: &[F],
        dx: &mut [F],
    ) -> Result<(), LengthMismatch> {
        rows.check(y.len())?;
        same_length("dy", dy.len(), y.len())?;
        same_length("dx", dx.len(), y.len())?;
        self.in_pieces_of(rows.sample(), [dy, y], dx, |inputs, dx| {
            self.level.run_checked(
                #[inline(always)]
                |level| {
                    each_row(
                        level,
                        rows,
                        inputs,
                        dx,
                        0.0,
                        #[inline(always)]
                        |[dy, y]| f.backward_row(y, dy),
                    );
                },
            );
        });
        Ok(())
    }
}

/// Calls `work` on each row of the inputs, filled up with `padding`; what it leaves in the first is stored in the output.
#[inline(always)]
fn each_row<F: Float, const N: usize>(
    level: CheckedLevel,
    rows: Rows,
    inputs: [&[F]; N],
    output: &mut [F],
    padding: f64,
    work: impl Fn([&mut Row<F::Lane>; N]),
) {
    let Rows { len, inner } = rows;
    if output.is_empty() {
        return;
    }
    if inner == 1 {
        let mut buffers = core::array::from_fn(|_| Row::new(len, padding));
        for (index, output) in output.chunks_mut(len).enumerate() {
            for (buffer, input) in buffers.iter_mut().zip(inputs) {
                buffer.load(level, &input[index * len..][..len]);
            }
            work(buffers.each_mut());
            buffers[0].store(level, output);
        }
        return;
    }
    let mut buffers: [Vec<Row<F::Lane>>; N] =
        core::array::from_fn(|_| (0..GATHERED.min(inner)).map(|_| Row::new(len, padding)).collect());
    for (sample, output) in output.chunks_mut(rows.sample()).enumerate() {
        for first in (0..inner).step_by(GATHERED) {
            let count = GATHERED.min(inner - first);
            for (buffers, input) in buffers.iter_mut().zip(inputs) {
                let input = &input[sample * rows.sample()..];
                for place in 0..len {
                    let neighbours = &input[place * inner + first..][..count];
                    for (buffer, x) in buffers.iter_mut().zip(neighbours) {
                        buffer.set(place, x.to_lane());
                    }
                }
            }
            for row in 0..count {
                for buffers in &mut buffers {
                    buffers[row].pad();
                }
                work(buffers.each_mut().map(|buffers| &mut buffers[row]));
            }
            for place in 0..len {
                let neighbours = &mut output[place * inner + first..][..count];
                for (buffer, y) in buffers[0].iter().zip(neighbours) {
                    *y = F::from_lane(buffer.get(place));
                }
            }
        }
    }
}

/// Makes [`RowFunction`] from the list of the functions.
macro_rules! row_catalogue {
    ($($function:ident),* $(,)?) => {
        /// Any function of rows, chosen at run time.
        ///
        /// ```
        /// use excite::{RowFunction, Rows};
        /// let f: RowFunction = "softmax(temperature=2)".parse()?;
        /// assert_eq!(f.name(), "softmax");
        /// assert_eq!("torch.nn.LogSoftmax".parse::<RowFunction>()?.to_string(), "log_softmax");
        /// # Ok::<(), excite::UnknownFunction>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum RowFunction {
            $(#[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ")")]
            $function($function),)*
        }

        impl RowFunction {
            /// All of them, with default parameters.
            pub const ALL: &[Self] = &[$(Self::$function(<$function as Parameters>::DEFAULT)),*];

            /// What is known of the function.
            pub fn info(&self) -> &'static RowInfo {
                match self { $(Self::$function(_) => &<$function as RowActivation>::INFO,)* }
            }

            /// What is known of its parameters.
            pub fn parameters(&self) -> &'static [Parameter] {
                match self { $(Self::$function(_) => <$function as Parameters>::PARAMETERS,)* }
            }

            /// The value of a parameter. See [`Parameters::parameter`].
            ///
            /// # Panics
            /// If the function has no parameter of that `index`.
            pub fn parameter(&self, index: usize) -> f64 {
                match self { $(Self::$function(f) => f.parameter(index),)* }
            }

            /// The same function with another value of a parameter. See [`Parameters::with_parameter`].
            ///
            /// # Panics
            /// If the function has no parameter of that `index`.
            #[must_use]
            pub fn with_parameter(self, index: usize, value: f64) -> Self {
                match self { $(Self::$function(f) => Self::$function(f.with_parameter(index, value)),)* }
            }

            /// y = f(x) along rows. See [`Engine::forward_rows`].
            ///
            /// # Errors
            /// If `x` does not hold whole rows or the slices differ in length.
            pub fn forward_on<F: Float>(
                &self,
                engine: Engine,
                rows: Rows,
                x: &[F],
                y: &mut [F],
            ) -> Result<(), LengthMismatch> {
                match *self { $(Self::$function(f) => engine.forward_rows(f, rows, x, y),)* }
            }

            /// The gradient by x. See [`Engine::backward_rows`].
            ///
            /// # Errors
            /// If `y` does not hold whole rows or the slices differ in length.
            pub fn backward_on<F: Float>(
                &self,
                engine: Engine,
                rows: Rows,
                y: &[F],
                dy: &[F],
                dx: &mut [F],
            ) -> Result<(), LengthMismatch> {
                match *self { $(Self::$function(f) => engine.backward_rows(f, rows, y, dy, dx),)* }
            }

            /// The result of a row by the plain formula. See [`RowActivation::reference`].
            pub fn reference<R: Real>(&self, row: &[R]) -> Vec<R> {
                match self { $(Self::$function(f) => f.reference(row),)* }
            }
        }

        $(impl From<$function> for RowFunction {
            fn from(f: $function) -> Self {
                Self::$function(f)
            }
        })*
    };
}

row_catalogue!(Softmax, LogSoftmax, Softmin, Sparsemax);

impl RowFunction {
    /// The name in this library: `"log_softmax"`.
    pub fn name(&self) -> &'static str {
        self.info().name
    }
}
