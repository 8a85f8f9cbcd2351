//! Functions with a value of one parameter for each channel, as PReLU has.

use core::mem::MaybeUninit;

use crate::blocks::BLOCK;
use crate::define::{Definition, Number};
use crate::dispatch::CheckedLevel;
use crate::error::{same_length, whole_parts};
use crate::{Elementwise, Engine, Error, Float, Operation};

/// How the elements of a slice belong to channels: as in an array of the shape outer × `channels` × `inner`.
///
/// ```
/// use excite::Channels;
/// // Images as PyTorch lays them out, N × C × H × W, with 3 channels of 32 × 32; and the rows of a dense layer of 128 units.
/// let images = Channels { channels: 3, inner: 32 * 32 };
/// let rows = Channels { channels: 128, inner: 1 };
/// assert_eq!((images.of(0), images.of(1024), images.of(3072)), (Some(0), Some(1), Some(0)));
/// assert_eq!(rows.of(129), Some(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The number of channels.
    pub channels: usize,
    /// The number of elements that follow each other in a channel: the product of the dimensions after the channel's.
    pub inner: usize,
}

impl Channels {
    /// The channel of the element at `index`; None if there are no channels, or none that hold an element.
    pub fn of(self, index: usize) -> Option<usize> {
        index.checked_div(self.inner)?.checked_rem(self.channels)
    }

    fn sample(self) -> usize {
        self.channels * self.inner
    }
}

/// A function with a value of one parameter for each channel, made by [`Elementwise::per_channel`].
#[derive(Clone, Copy, Debug)]
pub struct PerChannel<'a, E, F> {
    function: E,
    index: usize,
    layout: Channels,
    values: &'a [F],
}

/// Elements that go through a kernel at a time, with the value of the parameter for each: both stay in the nearest cache.
const PIECE: usize = 1024;

impl<'a, E: Elementwise, F: Float> PerChannel<'a, E, F> {
    pub(crate) fn new(function: E, index: usize, layout: Channels, values: &'a [F]) -> Result<Self, Error> {
        let count = function.parameters().len();
        if index >= count {
            return Err(Error::Parameter { function: function.info().name, index, count });
        }
        same_length("parameters", values.len(), layout.channels)?;
        Ok(Self { function, index, layout, values })
    }

    /// y = f(x).
    ///
    /// # Errors
    /// If `x` does not hold whole samples, or `y` differs from it in length.
    pub fn forward(&self, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Engine::default().forward(self, x, y)
    }

    /// dx = dy · f'(x). `from` holds the inputs or the outputs of the forward pass, as [`Elementwise::slope_from`] says.
    ///
    /// # Errors
    /// If `from` does not hold whole samples, or the slices differ in length.
    pub fn backward(&self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Engine::default().backward(self, from, dy, dx)
    }

    /// Adds the gradient of each channel's parameter, the sum of dy · ∂f/∂parameter over the channel, to `d_parameters`. `x` holds the
    /// inputs of the forward pass. Sums are taken in f64, in an order that depends on the layout alone.
    ///
    /// ```
    /// use excite::{Channels, Elementwise, Prelu};
    /// let rows = Channels { channels: 2, inner: 1 };
    /// let mut gradients = [0.0; 2];
    /// let f = Prelu::default().per_channel(0, rows, &[0.5_f32, 0.25])?;
    /// f.backward_parameters(&[-1.0, -3.0, 2.0, -4.0], &[1.0; 4], &mut gradients)?;
    /// assert_eq!(gradients, [-1.0, -7.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` does not hold whole samples, the slices differ in length, or there are not as many gradients as channels.
    pub fn backward_parameters(&self, x: &[F], dy: &[F], d_parameters: &mut [f64]) -> Result<(), Error> {
        whole_parts("x", x.len(), self.layout.sample())?;
        same_length("dy", dy.len(), x.len())?;
        same_length("d_parameters", d_parameters.len(), self.layout.channels)?;
        let mut products = [0.0; PIECE];
        self.each_piece(0, x.len(), |first, values| {
            let products = &mut products[..values.len()];
            let inputs = [&x[first..][..values.len()], &dy[first..][..values.len()], values];
            self.function.run_parameter_products(Engine::default(), self.index, inputs, products);
            self.layout.runs(first, products, |channel, run| d_parameters[channel] += run.iter().sum::<f64>());
        });
        Ok(())
    }

    /// Calls `work` for pieces of `len` elements from the index `first` on, where a sample begins: with the place of each piece after
    /// `first`, and the value of the parameter for each of its elements.
    fn each_piece(&self, first: usize, len: usize, mut work: impl FnMut(usize, &[F])) {
        let Self { layout, values, .. } = *self;
        let sample = layout.sample();
        let mut repeated = [F::default(); PIECE];
        // Whole samples have the same values in each piece.
        let whole = if sample <= PIECE { sample * (PIECE / sample.max(1)) } else { 0 };
        if whole > 0 {
            layout.runs(0, &mut repeated[..whole], |channel, run| run.fill(values[channel]));
        }
        let size = if whole > 0 { whole } else { PIECE };
        for place in (0..len).step_by(size) {
            let count = size.min(len - place);
            let offset = (first + place) % sample.max(1);
            if whole > 0 {
                work(place, &repeated[..count]);
            } else if layout.inner == 1 && offset + count <= sample {
                work(place, &values[offset..][..count]);
            } else {
                layout.runs(first + place, &mut repeated[..count], |channel, run| run.fill(values[channel]));
                work(place, &repeated[..count]);
            }
        }
    }
}

impl Channels {
    /// Calls `work` for each run of elements of one channel in a slice that begins at the index `first`.
    fn runs<T>(self, first: usize, slice: &mut [T], mut work: impl FnMut(usize, &mut [T])) {
        let Self { channels, inner } = self;
        let mut rest = slice;
        let mut channel = first / inner.max(1) % channels.max(1);
        let mut len = inner - first % inner.max(1);
        while !rest.is_empty() {
            let (run, after) = rest.split_at_mut(len.min(rest.len()));
            work(channel, run);
            (rest, len) = (after, inner);
            channel = if channel + 1 == channels { 0 } else { channel + 1 };
        }
    }
}

impl<E: Elementwise, F: Float> Operation<F> for PerChannel<'_, E, F> {
    fn outputs(&self, inputs: usize) -> Result<usize, Error> {
        whole_parts("x", inputs, self.layout.sample())?;
        Ok(inputs)
    }

    fn run_forward(&self, engine: Engine, x: &[F], y: &mut [MaybeUninit<F>]) {
        let here = engine.within_caches();
        engine.in_pieces(self.layout.sample(), y, &|start, y| {
            self.each_piece(start, y.len(), |place, values| {
                let inputs = [&x[start + place..][..values.len()], values];
                self.function.run_forward_each(here, self.index, inputs, &mut y[place..][..values.len()]);
            });
        });
    }

    fn run_backward(&self, engine: Engine, from: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]) {
        let here = engine.within_caches();
        engine.in_pieces(self.layout.sample(), dx, &|start, dx| {
            self.each_piece(start, dx.len(), |place, values| {
                let [from, dy] = [from, dy].map(|input| &input[start + place..][..values.len()]);
                let dx = &mut dx[place..][..values.len()];
                self.function.run_backward_each(here, self.index, [from, dy, values], dx);
            });
        });
    }
}

impl Engine {
    /// The sum of dy · ∂f/∂parameter.
    pub(crate) fn sum_of_parameter_slopes<D: Definition, F: Float>(self, f: D, index: usize, x: &[F], dy: &[F]) -> f64 {
        let mut sums = [0.0; BLOCK];
        self.level().run_checked(
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
        sums.iter().sum()
    }

    /// dy · ∂f/∂parameter of each element, where the parameter has a value for each.
    pub(crate) fn parameter_products<D: Definition, F: Float>(
        self,
        f: D,
        index: usize,
        [x, dy, values]: [&[F]; 3],
        products: &mut [f64],
    ) {
        self.level().run_checked(
            #[inline(always)]
            |_| {
                for (((product, x), dy), value) in products.iter_mut().zip(x).zip(dy).zip(values) {
                    let mut f = f;
                    f.set_parameter(index, value.to_lane().into());
                    *product = dy.to_lane().into() * f.slope_by_parameter(index, x.to_lane().into());
                }
            },
        );
    }
}

/// sums += dy · ∂f/∂parameter. Padding adds nothing: there dy is 0.
#[inline(always)]
fn add_products<D: Definition, F: Float>(
    level: CheckedLevel,
    f: D,
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
    use crate::{Function, LeakyRelu, Swish};

    /// A gradient by central differences of the loss Σ y·dy.
    fn difference(loss: impl Fn(f64) -> f64, at: f64) -> f64 {
        (loss(at + 1e-6) - loss(at - 1e-6)) / 2e-6
    }

    fn waves(n: usize) -> (Vec<f64>, Vec<f64>) {
        ((0..n).map(|i| (i as f64 * 0.7).sin()).collect(), (0..n).map(|i| (i as f64 * 1.3).cos()).collect())
    }

    const LAYOUTS: [Channels; 6] = [
        Channels { channels: 3, inner: 1 },
        Channels { channels: 3, inner: 70 },
        Channels { channels: 3, inner: 1500 },
        Channels { channels: 1100, inner: 1 },
        Channels { channels: 500, inner: 5 },
        Channels { channels: 1, inner: 1 },
    ];

    #[test]
    fn values_and_gradients_are_those_of_each_channel_alone() {
        fn check<E: Elementwise + PartialEq + core::fmt::Debug>(f: E) {
            for layout in LAYOUTS {
                let n = 3 * layout.sample();
                let (x, dy) = waves(n);
                let values: Vec<f64> = (0..layout.channels).map(|i| 0.1 + 0.001 * i as f64).collect();
                let each = f.per_channel(0, layout, &values).unwrap();
                let (mut y, mut dx, mut gradients) = (vec![0.0; n], vec![0.0; n], vec![0.0; layout.channels]);
                each.forward(&x, &mut y).unwrap();
                each.backward(&x, &dy, &mut dx).unwrap();
                each.backward_parameters(&x, &dy, &mut gradients).unwrap();
                let mut expected = vec![0.0; layout.channels];
                for i in 0..n {
                    let channel = layout.of(i).unwrap();
                    let alone = f.with_parameter(0, values[channel]).unwrap();
                    assert_eq!(y[i], alone.value(x[i]), "{f:?} {layout:?} at {i}");
                    let mut slope = [0.0];
                    alone.backward(&[x[i]], &[dy[i]], &mut slope).unwrap();
                    assert_eq!(dx[i], slope[0], "{f:?} {layout:?} at {i}");
                    expected[channel] += dy[i] * alone.slope_by_parameter(0, x[i]);
                }
                for (found, expected) in gradients.iter().zip(&expected) {
                    assert!((found - expected).abs() <= 1e-12 * n as f64, "{f:?} {layout:?}: {found} for {expected}");
                }
            }
        }
        check(LeakyRelu::DEFAULT);
        check(Swish::DEFAULT);
        check(Function::from(LeakyRelu::DEFAULT));
        check(Function::from(Swish::DEFAULT));
    }

    #[test]
    fn gradients_agree_with_differences() {
        let layout = Channels { channels: 3, inner: 70 };
        let n = 2 * layout.sample();
        let (x, dy) = waves(n);
        let values = [0.1, 0.2, 0.3];
        let f = LeakyRelu::DEFAULT;
        let mut gradients = [0.0; 3];
        f.per_channel(0, layout, &values).unwrap().backward_parameters(&x, &dy, &mut gradients).unwrap();
        for channel in 0..3 {
            let found = difference(
                |value| {
                    let mut changed = values;
                    changed[channel] = value;
                    let mut y = vec![0.0; n];
                    f.per_channel(0, layout, &changed).unwrap().forward(&x, &mut y).unwrap();
                    y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
                },
                values[channel],
            );
            assert!((gradients[channel] - found).abs() < 1e-7, "{} for {found}", gradients[channel]);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let layout = Channels { channels: 2, inner: 3 };
        let f = LeakyRelu::DEFAULT;
        let mut y = [0.0_f32; 7];
        let error = f.per_channel(0, layout, &[0.1; 2]).unwrap().forward(&[1.0; 7], &mut y).unwrap_err();
        assert_eq!(error, Error::Parts { slice: "x", found: 7, part: 6 });
        let error = f.per_channel(0, layout, &[0.1_f32; 3]).unwrap_err();
        assert_eq!(error, Error::Length { slice: "parameters", found: 3, expected: 2 });
        let error = crate::Relu.per_channel(0, layout, &[0.1_f32; 2]).unwrap_err();
        assert_eq!(error, Error::Parameter { function: "relu", index: 0, count: 0 });
        let none = Channels { channels: 0, inner: 0 };
        assert!(f.per_channel(0, none, &[]).unwrap().forward(&[1.0_f32], &mut [0.0]).is_err());
        assert!(f.per_channel(0, none, &[]).unwrap().forward(&[0.0_f32; 0], &mut []).is_ok());
    }
}
