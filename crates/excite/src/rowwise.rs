//! Functions of whole rows: softmax and its like.

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

use core::mem::MaybeUninit;

use crate::define::{Native, Real};
use crate::dispatch::CheckedLevel;
use crate::error::{check_parameters, whole_parts};
use crate::{Engine, Error, Float, Operation, Parameter, ParameterError};
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

    fn check(self, slice: &'static str, elements: usize) -> Result<(), Error> {
        whole_parts(slice, elements, self.sample())
    }
}

/// The name, formula, origin and other facts of a function of rows.
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

/// How a function of rows is computed.
pub trait RowDefinition: Copy + Send + Sync + 'static {
    /// The function's name, formula, origin and other facts.
    const INFO: RowInfo;

    /// The description of each of its parameters.
    const PARAMETERS: &'static [Parameter];

    /// The value of the parameter of that index, which it has.
    fn parameter(&self, index: usize) -> f64;

    /// Sets the parameter of that index, which it has.
    fn set_parameter(&mut self, index: usize, value: f64);

    /// What is wrong with the parameters together.
    fn conflict(&self) -> Option<&'static str>;

    /// Replaces a row by its result.
    fn forward_row<T: Native>(self, row: &mut Row<T>);

    /// Replaces dy by dx, from the row of results.
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>);

    /// The result of a row, written down plainly over any kind of real number: the yardstick that the fast one is measured with.
    fn reference<R: Real>(self, row: &[R]) -> Vec<R>;
}

/// A function of whole rows, forward and backward: softmax and its like, and any [`RowFunction`] chosen at run time. In each, −∞ masks an
/// element: it gets exactly what the limit is. A row that is −∞ as a whole gives [`RowInfo::all_masked`]; one that holds NaN or +∞ gives
/// NaN.
///
/// Sums are taken in f64, in an order that depends on the length of the row alone: the bits are the same on every machine.
pub trait Rowwise: Copy + Send + Sync + 'static {
    /// The function's name, formula, origin and other facts.
    fn info(&self) -> &'static RowInfo;

    /// The description of each of its parameters.
    fn parameters(&self) -> &'static [Parameter];

    /// The value of the parameter of that index; None if it has none of that index.
    fn parameter(&self, index: usize) -> Option<f64>;

    /// The same function with these values of all its parameters.
    ///
    /// # Errors
    /// If there are not as many values as parameters, or they make no sense.
    fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError>;

    /// The result of a row by the plain formula, over any kind of real number: the yardstick that the fast one is measured with.
    fn reference<R: Real>(&self, row: &[R]) -> Vec<R>;

    /// The function along these rows, as an [`Operation`] that an [`Engine`] computes. What it keeps of the forward pass for the
    /// backward pass is y.
    fn along(self, rows: Rows) -> Along<Self> {
        Along { function: self, rows }
    }

    /// y = f(x) along rows, on the default [`Engine`].
    ///
    /// ```
    /// use excite::{Rows, Rowwise, Softmax};
    /// let x = [3.0_f32, 3.0, 1.0, f32::NEG_INFINITY];
    /// let mut y = [0.0; 4];
    /// Softmax::default().forward(Rows::of(2), &x, &mut y)?;
    /// assert_eq!(y, [0.5, 0.5, 1.0, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` does not hold whole rows or the slices differ in length.
    fn forward<F: Float>(self, rows: Rows, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Engine::default().forward(&self.along(rows), x, y)
    }

    /// The gradient of a loss by x, from `y` = f(x) and the gradient by it, on the default [`Engine`].
    ///
    /// ```
    /// use excite::{Rows, Rowwise, Softmax};
    /// let mut dx = [0.0_f32; 2];
    /// Softmax::default().backward(Rows::of(2), &[0.25, 0.75], &[1.0, 0.0], &mut dx)?;
    /// assert_eq!(dx, [0.1875, -0.1875]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `y` does not hold whole rows or the slices differ in length.
    fn backward<F: Float>(self, rows: Rows, y: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Engine::default().backward(&self.along(rows), y, dy, dx)
    }

    /// y = f(x) along rows, over slices that fit.
    #[doc(hidden)]
    fn run_forward<F: Float>(&self, engine: Engine, rows: Rows, x: &[F], y: &mut [MaybeUninit<F>]);

    /// The gradient by x along rows, over slices that fit.
    #[doc(hidden)]
    fn run_backward<F: Float>(&self, engine: Engine, rows: Rows, y: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]);
}

/// A function of rows along the rows of a slice, made by [`Rowwise::along`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Along<R> {
    function: R,
    rows: Rows,
}

impl<R: Rowwise> Along<R> {
    /// y = f(x).
    ///
    /// # Errors
    /// If `x` does not hold whole rows or the slices differ in length.
    pub fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Engine::default().forward(self, x, y)
    }

    /// The gradient of a loss by x, from `y` = f(x) and the gradient by it.
    ///
    /// # Errors
    /// If `y` does not hold whole rows or the slices differ in length.
    pub fn backward<F: Float>(&self, y: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Engine::default().backward(self, y, dy, dx)
    }
}

impl<R: Rowwise, F: Float> Operation<F> for Along<R> {
    fn outputs(&self, inputs: usize) -> Result<usize, Error> {
        self.rows.check("x", inputs)?;
        Ok(inputs)
    }

    fn run_forward(&self, engine: Engine, x: &[F], y: &mut [MaybeUninit<F>]) {
        self.function.run_forward(engine, self.rows, x, y);
    }

    fn run_backward(&self, engine: Engine, from: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]) {
        self.function.run_backward(engine, self.rows, from, dy, dx);
    }
}

impl<D: RowDefinition> Rowwise for D {
    fn info(&self) -> &'static RowInfo {
        &D::INFO
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::PARAMETERS
    }

    fn parameter(&self, index: usize) -> Option<f64> {
        (index < D::PARAMETERS.len()).then(|| RowDefinition::parameter(self, index))
    }

    fn with_parameters(mut self, values: &[f64]) -> Result<Self, ParameterError> {
        for (index, &value) in values.iter().take(D::PARAMETERS.len()).enumerate() {
            self.set_parameter(index, value);
        }
        check_parameters(D::INFO.name, D::PARAMETERS, values, self.conflict())?;
        Ok(self)
    }

    fn reference<R: Real>(&self, row: &[R]) -> Vec<R> {
        RowDefinition::reference(*self, row)
    }

    fn run_forward<F: Float>(&self, engine: Engine, rows: Rows, x: &[F], y: &mut [MaybeUninit<F>]) {
        let f = *self;
        engine.in_pieces(rows.sample(), y, &|first, y| {
            let x = &x[first..][..y.len()];
            engine.level().run_checked(
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
    }

    fn run_backward<F: Float>(&self, engine: Engine, rows: Rows, y: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]) {
        let f = *self;
        engine.in_pieces(rows.sample(), dx, &|first, dx| {
            let inputs = [dy, y].map(|input| &input[first..][..dx.len()]);
            engine.level().run_checked(
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
    }
}

/// Rows that lie between each other are gathered this many at a time: what a cache line holds of them.
const GATHERED: usize = 16;

/// Calls `work` on each row of the inputs, filled up with `padding`; what it leaves in the first is stored in the output.
#[inline(always)]
fn each_row<F: Float, const N: usize>(
    level: CheckedLevel,
    rows: Rows,
    inputs: [&[F]; N],
    output: &mut [MaybeUninit<F>],
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
                    y.write(F::from_lane(buffer.get(place)));
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
        /// # Ok::<(), excite::ParseFunctionError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum RowFunction {
            $(#[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ")")]
            $function($function),)*
        }

        impl RowFunction {
            /// All of them, with default parameters.
            pub const ALL: &[Self] = &[$(Self::$function($function::DEFAULT)),*];
        }

        impl Rowwise for RowFunction {
            fn info(&self) -> &'static RowInfo {
                match self { $(Self::$function(f) => f.info(),)* }
            }

            fn parameters(&self) -> &'static [Parameter] {
                match self { $(Self::$function(f) => f.parameters(),)* }
            }

            fn parameter(&self, index: usize) -> Option<f64> {
                match self { $(Self::$function(f) => Rowwise::parameter(f, index),)* }
            }

            fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError> {
                Ok(match self { $(Self::$function(f) => Self::$function(f.with_parameters(values)?),)* })
            }

            fn reference<R: Real>(&self, row: &[R]) -> Vec<R> {
                match self { $(Self::$function(f) => Rowwise::reference(f, row),)* }
            }

            fn run_forward<F: Float>(&self, engine: Engine, rows: Rows, x: &[F], y: &mut [MaybeUninit<F>]) {
                match self { $(Self::$function(f) => f.run_forward(engine, rows, x, y),)* }
            }

            fn run_backward<F: Float>(
                &self,
                engine: Engine,
                rows: Rows,
                y: &[F],
                dy: &[F],
                dx: &mut [MaybeUninit<F>],
            ) {
                match self { $(Self::$function(f) => f.run_backward(engine, rows, y, dy, dx),)* }
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
