//! What an engine computes from one slice into another.

use core::mem::MaybeUninit;

use crate::dispatch::Input;
use crate::error::same_length;
use crate::{Elementwise, Engine, Error, Float};

/// What an [`Engine`] computes from one slice into another: every [`Elementwise`] function, with parameters for each channel too
/// ([`PerChannel`](crate::PerChannel)), functions of rows along an axis ([`Along`](crate::Along)) and packed gated units
/// ([`PackedGate`](crate::PackedGate)). So one verb serves for all.
///
/// ```
/// use excite::{Engine, Gate, Relu, Rows, Rowwise, Softmax};
/// let engine = Engine::default();
/// let mut y = [0.0_f32; 4];
/// engine.forward(&Relu, &[-1.0, 1.0, 2.0, -2.0], &mut y)?;
/// engine.forward(&Softmax::default().along(Rows::of(2)), &[3.0, 3.0, 1.0, f32::NEG_INFINITY], &mut y)?;
/// assert_eq!(y, [0.5, 0.5, 1.0, 0.0]);
/// engine.forward(&Gate::ReGlu.packed(1), &[3.0, 2.0, 3.0, -2.0], &mut y[..2])?;
/// assert_eq!(y[..2], [6.0, 0.0]);
/// # Ok::<(), excite::Error>(())
/// ```
pub trait Operation<F: Float> {
    /// The number of outputs for this number of inputs.
    #[doc(hidden)]
    fn outputs(&self, inputs: usize) -> Result<usize, Error>;

    /// Whether as many values as these can be kept from the forward pass, come as gradients by y, and be gradients by x.
    #[doc(hidden)]
    fn check_backward(&self, from: usize, dy: usize, dx: usize) -> Result<(), Error> {
        self.outputs(from)?;
        same_length("dy", dy, from)?;
        same_length("dx", dx, from)
    }

    /// y = f(x), over slices that fit. Writes every element of y.
    #[doc(hidden)]
    fn run_forward(&self, engine: Engine, x: &[F], y: &mut [MaybeUninit<F>]);

    /// The gradient by x, over slices that fit. Writes every element of dx.
    #[doc(hidden)]
    fn run_backward(&self, engine: Engine, from: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]);
}

impl<E: Elementwise, F: Float> Operation<F> for E {
    fn outputs(&self, inputs: usize) -> Result<usize, Error> {
        Ok(inputs)
    }

    fn run_forward(&self, engine: Engine, x: &[F], y: &mut [MaybeUninit<F>]) {
        Elementwise::run_forward(self, engine, Input::Slice(x), y);
    }

    fn run_backward(&self, engine: Engine, from: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]) {
        Elementwise::run_backward(self, engine, from, Input::Slice(dy), dx);
    }
}
