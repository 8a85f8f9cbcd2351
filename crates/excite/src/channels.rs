//! Functions whose parameter is trained: its gradient, and one value of it for each channel, as PReLU has.

use crate::blocks::BLOCK;
use crate::dispatch::CheckedLevel;
use crate::kernels::Kernel;
use crate::slices::same_length;
use crate::{Activation, Engine, Float, LengthMismatch, Number};

/// How the elements of a slice belong to channels: as in an array of the shape outer × `channels` × `inner`.
///
/// ```
/// use excite::Channels;
/// // Images as PyTorch lays them out, N × C × H × W, with 3 channels of 32 × 32; and the rows of a dense layer of 128 units.
/// let images = Channels { channels: 3, inner: 32 * 32 };
/// let rows = Channels { channels: 128, inner: 1 };
/// assert_eq!((images.of(0), images.of(1024), images.of(3072)), (0, 1, 0));
/// assert_eq!(rows.of(129), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The number of channels.
    pub channels: usize,
    /// The number of elements that follow each other in a channel: the product of the dimensions after the channel's.
    pub inner: usize,
}

impl Channels {
    /// The channel of the element at `index`.
    ///
    /// # Panics
    /// If there are no channels, or `inner` is 0.
    pub fn of(self, index: usize) -> usize {
        index / self.inner % self.channels
    }

    fn check(self, parameters: usize, elements: usize) -> Result<(), LengthMismatch> {
        same_length("parameters", parameters, self.channels)?;
        let sample = self.channels * self.inner;
        let whole = elements.checked_div(sample).unwrap_or(0) * sample;
        same_length("x", elements, whole)
    }
}

/// y = f(x), with the parameter as second input.
#[derive(Clone, Copy)]
struct ForwardEach<A>(A, usize);

impl<A: Activation, F: Float> Kernel<F, 2> for ForwardEach<A> {
    #[inline(always)]
    fn quick(self, [x, parameter]: [F::Lane; 2]) -> (F::Lane, bool) {
        Kernel::<F, 1>::quick(crate::kernels::Forward(self.with::<F>(parameter)), [x])
    }

    #[inline(always)]
    fn careful(self, [x, parameter]: [F::Lane; 2]) -> F::Lane {
        Kernel::<F, 1>::careful(crate::kernels::Forward(self.with::<F>(parameter)), [x])
    }
}

/// dx = dy · f'(x), with the parameter as third input.
#[derive(Clone, Copy)]
struct BackwardEach<A>(A, usize);

impl<A: Activation, F: Float> Kernel<F, 3> for BackwardEach<A> {
    #[inline(always)]
    fn quick(self, [from, dy, parameter]: [F::Lane; 3]) -> (F::Lane, bool) {
        let f = ForwardEach(self.0, self.1).with::<F>(parameter);
        Kernel::<F, 2>::quick(crate::kernels::Backward(f), [from, dy])
    }

    #[inline(always)]
    fn careful(self, [from, dy, parameter]: [F::Lane; 3]) -> F::Lane {
        let f = ForwardEach(self.0, self.1).with::<F>(parameter);
        Kernel::<F, 2>::careful(crate::kernels::Backward(f), [from, dy])
    }
}

impl<A: Activation> ForwardEach<A> {
    #[inline(always)]
    fn with<F: Float>(self, parameter: F::Lane) -> A {
        self.0.with_parameter(self.1, parameter.into())
    }
}

impl Engine {
    /// y = f(x), where the parameter of that `index` has a value for each channel, as in PReLU.
    ///
    /// ```
    /// use excite::{Channels, Engine, Prelu};
    /// let rows = Channels { channels: 2, inner: 1 };
    /// let mut y = [0.0_f32; 4];
    /// Engine::default().forward_per_channel(Prelu::default(), 0, rows, &[0.5, 0.25], &[-1.0, -1.0, 2.0, -4.0], &mut y)?;
    /// assert_eq!(y, [-0.5, -0.25, 2.0, -1.0]);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many parameters as channels, `x` does not hold whole samples, or `y` differs from it in length.
    ///
    /// # Panics
    /// If the function has no parameter of that `index`.
    pub fn forward_per_channel<A: Activation, F: Float>(
        self,
        f: A,
        index: usize,
        layout: Channels,
        parameters: &[F],
        x: &[F],
        y: &mut [F],
    ) -> Result<(), LengthMismatch> {
        layout.check(parameters.len(), x.len())?;
        same_length("y", y.len(), x.len())?;
        if layout.inner == 1 {
            for (x, y) in x.chunks(layout.channels).zip(y.chunks_mut(layout.channels)) {
                self.map(ForwardEach(f, index), [x, parameters], y);
            }
            return Ok(());
        }
        let runs = x.chunks(layout.inner.max(1)).zip(y.chunks_mut(layout.inner.max(1)));
        for ((x, y), parameter) in runs.zip(parameters.iter().cycle()) {
            self.forward(f.with_parameter(index, parameter.to_f64()), x, y)?;
        }
        Ok(())
    }

    /// dx = dy · f'(x), where the parameter of that `index` has a value for each channel; and the gradient of each of these, the
    /// sum of dy · ∂f/∂parameter over the channel, added to `d_parameters`. `from` holds the inputs of the forward pass.
    ///
    /// Sums are taken in f64 in an order that depends on the layout alone.
    ///
    /// # Errors
    /// If there are not as many parameters or gradients as channels, `from` does not hold whole samples, or slices differ from it
    /// in length.
    ///
    /// # Panics
    /// If the function has no parameter of that `index`, or takes its slope from the output.
    #[expect(clippy::too_many_arguments, reason = "the inputs and outputs of a backward pass are what they are")]
    pub fn backward_per_channel<A: Activation, F: Float>(
        self,
        f: A,
        index: usize,
        layout: Channels,
        parameters: &[F],
        from: &[F],
        dy: &[F],
        dx: &mut [F],
        d_parameters: &mut [f64],
    ) -> Result<(), LengthMismatch> {
        layout.check(parameters.len(), from.len())?;
        same_length("d_parameters", d_parameters.len(), layout.channels)?;
        same_length("dy", dy.len(), from.len())?;
        same_length("dx", dx.len(), from.len())?;
        assert!(A::SLOPE_FROM == crate::SlopeFrom::Input, "the gradient of a parameter needs the input");
        let run = if layout.inner == 1 { layout.channels } else { layout.inner };
        let runs = from.chunks(run.max(1)).zip(dy.chunks(run.max(1))).zip(dx.chunks_mut(run.max(1)));
        for (number, ((from, dy), dx)) in runs.enumerate() {
            if layout.inner == 1 {
                self.map(BackwardEach(f, index), [from, dy, parameters], dx);
                for (channel, gradient) in d_parameters.iter_mut().enumerate() {
                    let f = f.with_parameter(index, parameters[channel].to_f64());
                    *gradient += dy[channel].to_f64() * f.slope_by_parameter(index, from[channel].to_f64());
                }
            } else {
                let channel = number % layout.channels;
                let f = f.with_parameter(index, parameters[channel].to_f64());
                self.backward(f, from, dy, dx)?;
                d_parameters[channel] += self.backward_parameter(f, index, from, dy)?;
            }
        }
        Ok(())
    }

    /// The gradient of a parameter: the sum of dy · ∂f/∂parameter over all elements. `x` holds the inputs of the forward pass.
    ///
    /// ```
    /// use excite::{Engine, LeakyRelu};
    /// let f = LeakyRelu { negative_slope: 0.1 };
    /// // Where x is negative, f is a·x, and its derivative by a is x.
    /// assert_eq!(Engine::default().backward_parameter(f, 0, &[-2.0_f32, 3.0, -1.0], &[1.0, 1.0, 0.5])?, -2.5);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    ///
    /// # Panics
    /// If the function has no parameter of that `index`.
    pub fn backward_parameter<A: Activation, F: Float>(
        self,
        f: A,
        index: usize,
        x: &[F],
        dy: &[F],
    ) -> Result<f64, LengthMismatch> {
        same_length("dy", dy.len(), x.len())?;
        assert!(index < A::PARAMETERS.len(), "{} has no parameter {index}", A::INFO.name);
        let mut sums = [0.0; BLOCK];
        self.level.run_checked(
            #[inline(always)]
            |level| {
                let (blocks, tail) = x.as_chunks::<BLOCK>();
                let (dy_blocks, dy_tail) = dy.as_chunks::<BLOCK>();
                for (x, dy) in blocks.iter().zip(dy_blocks) {
                    add_products(level, f, index, x, dy, &mut sums);
                }
                let (mut x, mut dy) = ([F::default(); BLOCK], [F::default(); BLOCK]);
                x[..tail.len()].copy_from_slice(tail);
                dy[..tail.len()].copy_from_slice(dy_tail);
                add_products(level, f, index, &x, &dy, &mut sums);
            },
        );
        Ok(sums.iter().sum())
    }
}

/// sums += dy · ∂f/∂parameter. Padding adds nothing: there dy is 0.
#[inline(always)]
fn add_products<A: Activation, F: Float>(
    level: CheckedLevel,
    f: A,
    index: usize,
    x: &[F; BLOCK],
    dy: &[F; BLOCK],
    sums: &mut [f64; BLOCK],
) {
    let (x, dy) = (F::load(level, x), F::load(level, dy));
    for i in 0..BLOCK {
        let (x, dy): (f64, f64) = (x[i].into(), dy[i].into());
        sums[i] = Number::mul_add(dy, f.slope_by_parameter(index, x), sums[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LeakyRelu, Parameters};

    /// A gradient by central differences of the loss Σ y·dy.
    fn difference(loss: impl Fn(f64) -> f64, at: f64) -> f64 {
        (loss(at + 1e-6) - loss(at - 1e-6)) / 2e-6
    }

    #[test]
    fn gradients_per_channel_agree_with_differences() {
        let f = LeakyRelu::DEFAULT;
        for layout in [Channels { channels: 3, inner: 1 }, Channels { channels: 3, inner: 70 }] {
            let n = 2 * layout.channels * layout.inner;
            let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
            let dy: Vec<f64> = (0..n).map(|i| (i as f64 * 1.3).cos()).collect();
            let slopes = [0.1, 0.2, 0.3];
            let (mut dx, mut d_slopes, mut y) = (vec![0.0; n], [0.0; 3], vec![0.0; n]);
            let engine = Engine::default();
            engine.backward_per_channel(f, 0, layout, &slopes, &x, &dy, &mut dx, &mut d_slopes).unwrap();
            for channel in 0..3 {
                let found = difference(
                    |slope| {
                        let mut changed = slopes;
                        changed[channel] = slope;
                        let mut y = vec![0.0; n];
                        engine.forward_per_channel(f, 0, layout, &changed, &x, &mut y).unwrap();
                        y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
                    },
                    slopes[channel],
                );
                assert!((d_slopes[channel] - found).abs() < 1e-7, "{layout:?}: {} for {found}", d_slopes[channel]);
            }
            engine.forward_per_channel(f, 0, layout, &slopes, &x, &mut y).unwrap();
            for i in 0..n {
                let slope = if x[i] > 0.0 { 1.0 } else { slopes[layout.of(i)] };
                assert_eq!((y[i], dx[i]), (slope * x[i], slope * dy[i]));
            }
        }
    }

    #[test]
    fn what_is_no_whole_number_of_samples_is_refused() {
        let layout = Channels { channels: 2, inner: 3 };
        let mut y = [0.0_f32; 7];
        let error = Engine::default().forward_per_channel(LeakyRelu::DEFAULT, 0, layout, &[0.1; 2], &[1.0; 7], &mut y);
        assert_eq!(error.unwrap_err().slice, "x");
        let error = Engine::default().forward_per_channel(LeakyRelu::DEFAULT, 0, layout, &[0.1; 3], &[1.0; 6], &mut y);
        assert_eq!(error.unwrap_err().slice, "parameters");
    }
}
