//! Functions over the arrays of the [ndarray](::ndarray) crate, in any layout (feature `ndarray`).

use alloc::vec::Vec;
use core::fmt;

use ::ndarray::{ArrayRef, ArrayView, Axis, Dimension};

use crate::{Elementwise, Engine, Float, Rows, Rowwise};

/// Arrays did not fit each other, or have no such axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArrayError {
    /// Arrays that had to be of one shape were not.
    Shape {
        /// What the array of the other shape is for: `"y"`, `"dy"` or `"dx"`.
        array: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the first array.
        expected: Vec<usize>,
    },
    /// There is no such axis.
    Axis {
        /// The axis that was asked for, from 0.
        axis: usize,
        /// The number of axes that the arrays have.
        axes: usize,
    },
}

impl fmt::Display for ArrayError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { array, found, expected } => write!(
                out,
                "array `{array}` has the shape {found:?} where the input has {expected:?}: broadcast or reshape it first"
            ),
            Self::Axis { axis, axes } => {
                write!(out, "there is no axis {axis} in an array of {axes}: axes are counted from 0")
            }
        }
    }
}

impl core::error::Error for ArrayError {}

/// An [`Elementwise`] function over arrays, element by element. Owned arrays and views are taken alike; they may be transposed,
/// reversed, broadcast or cut out of larger ones.
///
/// Where all arrays lie in memory without gaps and in one order they go to the [`Engine`] whole, and so to several threads if they are
/// large. Others go through a buffer piece by piece, which gives the same bits.
///
/// ```
/// use excite::{ArrayElementwise, Engine, Function, Relu};
/// use ndarray::{Array2, array};
///
/// let x = array![[-1.0_f32, 2.0], [3.0, -4.0]];
/// let mut y = Array2::zeros((2, 2));
/// Relu.forward_array(Engine::default(), &x.t(), &mut y)?;
/// assert_eq!(y, array![[0.0, 3.0], [2.0, 0.0]]);
///
/// let f: Function = "relu6".parse()?;
/// f.forward_array_in_place(Engine::default(), &mut y.column_mut(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ArrayElementwise: Elementwise {
    /// y = f(x).
    ///
    /// # Errors
    /// If the arrays differ in shape.
    fn forward_array<F: Float, D: Dimension>(
        self,
        engine: Engine,
        x: &ArrayRef<F, D>,
        y: &mut ArrayRef<F, D>,
    ) -> Result<(), ArrayError> {
        same_shape("y", y, x)?;
        each([x], y, |[x], y| engine.forward(&self, x, y).expect(SAME_LENGTH));
        Ok(())
    }

    /// x = f(x).
    fn forward_array_in_place<F: Float, D: Dimension>(self, engine: Engine, x: &mut ArrayRef<F, D>) {
        if let Some(x) = x.as_slice_memory_order_mut() {
            return engine.forward_in_place(&self, x);
        }
        in_pieces(x.iter_mut(), |places, piece| {
            for (to, from) in piece.iter_mut().zip(places) {
                *to = **from;
            }
            engine.forward_in_place(&self, piece);
        });
    }

    /// dx = dy · f'(x). `from` holds the inputs or the outputs of the forward pass, as
    /// [`slope_from`](Elementwise::slope_from) says.
    ///
    /// # Errors
    /// If the arrays differ in shape.
    fn backward_array<F: Float, D: Dimension>(
        self,
        engine: Engine,
        from: &ArrayRef<F, D>,
        dy: &ArrayRef<F, D>,
        dx: &mut ArrayRef<F, D>,
    ) -> Result<(), ArrayError> {
        same_shape("dy", dy, from)?;
        same_shape("dx", dx, from)?;
        each([from, dy], dx, |[from, dy], dx| engine.backward(&self, from, dy, dx).expect(SAME_LENGTH));
        Ok(())
    }
}

/// What slices of one length cannot fail with.
const SAME_LENGTH: &str = "the slices are of one length";

impl<E: Elementwise> ArrayElementwise for E {}

/// A [`Rowwise`] function over arrays, along any axis.
///
/// Arrays in standard layout, or in Fortran's, go to the [`Engine`] whole; others are copied first.
///
/// ```
/// use excite::{ArrayRowwise, Engine, Softmax};
/// use ndarray::{Array2, Axis, array};
///
/// let x = array![[1.0_f32, 5.0], [1.0, f32::NEG_INFINITY]];
/// let mut y = Array2::zeros((2, 2));
/// Softmax::default().forward_along(Engine::default(), Axis(0), &x, &mut y)?;
/// assert_eq!(y, array![[0.5, 1.0], [0.5, 0.0]]);
/// # Ok::<(), excite::ArrayError>(())
/// ```
pub trait ArrayRowwise: Rowwise {
    /// y = f(x) along an axis.
    ///
    /// # Errors
    /// If the arrays differ in shape, or have no such axis.
    fn forward_along<F: Float, D: Dimension>(
        self,
        engine: Engine,
        axis: Axis,
        x: &ArrayRef<F, D>,
        y: &mut ArrayRef<F, D>,
    ) -> Result<(), ArrayError> {
        same_shape("y", y, x)?;
        along(axis, [x], y, |rows, [x], y| engine.forward(&self.along(rows), x, y).expect(SAME_LENGTH))
    }

    /// The gradient of a loss by x along an axis, from `y` = f(x) and the gradient by it.
    ///
    /// # Errors
    /// If the arrays differ in shape, or have no such axis.
    fn backward_along<F: Float, D: Dimension>(
        self,
        engine: Engine,
        axis: Axis,
        y: &ArrayRef<F, D>,
        dy: &ArrayRef<F, D>,
        dx: &mut ArrayRef<F, D>,
    ) -> Result<(), ArrayError> {
        same_shape("dy", dy, y)?;
        same_shape("dx", dx, y)?;
        along(axis, [y, dy], dx, |rows, [y, dy], dx| engine.backward(&self.along(rows), y, dy, dx).expect(SAME_LENGTH))
    }
}

impl<R: Rowwise> ArrayRowwise for R {}

fn same_shape<F, D: Dimension>(
    array: &'static str,
    found: &ArrayRef<F, D>,
    expected: &ArrayRef<F, D>,
) -> Result<(), ArrayError> {
    if found.shape() == expected.shape() {
        return Ok(());
    }
    Err(ArrayError::Shape { array, found: found.shape().into(), expected: expected.shape().into() })
}

/// Elements that go through a buffer at a time where arrays cannot be taken whole.
const PIECE: usize = 1024;

/// output = work(inputs), all of one shape.
fn each<F: Float, D: Dimension, const N: usize>(
    inputs: [&ArrayRef<F, D>; N],
    output: &mut ArrayRef<F, D>,
    work: impl Fn([&[F]; N], &mut [F]),
) {
    let same_order = inputs.iter().all(|input| same_strides(input, output));
    let slices = inputs.map(ArrayRef::as_slice_memory_order);
    if same_order
        && slices.iter().all(Option::is_some)
        && let Some(output) = output.as_slice_memory_order_mut()
    {
        return work(slices.map(Option::unwrap_or_default), output);
    }
    let mut elements = inputs.map(|input| input.iter());
    let mut buffers = [[F::default(); PIECE]; N];
    in_pieces(output.iter_mut(), |_, piece| {
        for (buffer, elements) in buffers.iter_mut().zip(&mut elements) {
            for (to, from) in buffer[..piece.len()].iter_mut().zip(elements) {
                *to = *from;
            }
        }
        work(buffers.each_ref().map(|buffer| &buffer[..piece.len()]), piece);
    });
}

/// Calls `work` on some of the places at a time and on a buffer as long, and stores what it leaves there in these places.
fn in_pieces<'a, F: Float>(mut all: impl Iterator<Item = &'a mut F>, mut work: impl FnMut(&[&'a mut F], &mut [F])) {
    let mut places = Vec::with_capacity(PIECE);
    let mut buffer = [F::default(); PIECE];
    loop {
        places.extend(all.by_ref().take(PIECE));
        if places.is_empty() {
            return;
        }
        let piece = &mut buffer[..places.len()];
        work(&places, piece);
        for (to, from) in places.drain(..).zip(piece) {
            *to = *from;
        }
    }
}

/// Whether elements of one index are at one place in memory order. The stride of an axis of one element says nothing.
fn same_strides<F, D: Dimension>(a: &ArrayRef<F, D>, b: &ArrayRef<F, D>) -> bool {
    let strides = a.strides().iter().zip(b.strides());
    strides.zip(a.shape()).all(|((a, b), &len)| len <= 1 || a == b)
}

/// output = work(rows, inputs), all of one shape, along an axis.
fn along<F: Float, D: Dimension, const N: usize>(
    axis: Axis,
    inputs: [&ArrayRef<F, D>; N],
    output: &mut ArrayRef<F, D>,
    work: impl Fn(Rows, [&[F]; N], &mut [F]),
) -> Result<(), ArrayError> {
    let Axis(index) = axis;
    let axes = output.ndim();
    if index >= axes {
        return Err(ArrayError::Axis { axis: index, axes });
    }
    let shape = output.raw_dim();
    let rows = Rows { len: shape[index], inner: shape.slice()[index + 1..].iter().product() };
    let standard = inputs.iter().all(|input| input.is_standard_layout());
    if standard && let Some(output) = output.as_slice_mut() {
        work(rows, inputs.map(|input| input.as_slice().unwrap_or_default()), output);
        return Ok(());
    }
    if inputs.iter().all(|input| input.t().is_standard_layout())
        && let Some(output) = output.view_mut().reversed_axes().as_slice_mut()
    {
        let rows = Rows { inner: shape.slice()[..index].iter().product(), ..rows };
        work(rows, inputs.map(|input| input.as_slice_memory_order().unwrap_or_default()), output);
        return Ok(());
    }
    let inputs = inputs.map(|input| input.iter().copied().collect::<Vec<F>>());
    let mut result = alloc::vec![F::default(); output.len()];
    work(rows, inputs.each_ref().map(Vec::as_slice), &mut result);
    output.assign(&ArrayView::from_shape(shape, &result).expect("the result has as many elements"));
    Ok(())
}

#[cfg(test)]
mod tests;
