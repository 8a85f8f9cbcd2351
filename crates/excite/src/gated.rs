//! Gated linear units: f(gate) · value, in one pass.

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::define::Definition;
use crate::dispatch;
use crate::error::{same_length, whole_parts};
use crate::kernels::{Backward, FastBackward, FastForward, Forward, Kernel};
use crate::{Engine, Error, Float, Gelu, Operation, Relu, Sigmoid, Silu, SlopeFrom};

/// A gated linear unit of the field, by name: y = f(gate) · value, where gate and value are two linear maps of the same input.
/// [`Engine::forward_gated`] takes any other function as f.
///
/// ```
/// use excite::Gate;
/// let (gate, value) = ([0.0_f32, 2.0], [3.0, 3.0]);
/// let mut y = [0.0; 2];
/// let swiglu: Gate = "SwiGLU".parse()?;
/// swiglu.forward([&gate, &value], &mut y)?;
/// assert_eq!(y, [0.0, 5.2847824]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// With the sigmoid.
    Glu,
    /// With ReLU.
    ReGlu,
    /// With GELU.
    GeGlu,
    /// With SiLU.
    SwiGlu,
}

/// Calls `$body` with `$f` bound to the function of a gate.
macro_rules! with_gate {
    ($gate:expr, $f:ident => $body:expr) => {
        match $gate {
            Gate::Glu => {
                let $f = Sigmoid;
                $body
            }
            Gate::ReGlu => {
                let $f = Relu;
                $body
            }
            Gate::GeGlu => {
                let $f = Gelu;
                $body
            }
            Gate::SwiGlu => {
                let $f = Silu;
                $body
            }
        }
    };
}

impl Gate {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Glu, Self::ReGlu, Self::GeGlu, Self::SwiGlu];

    /// The name as people write it: `"SwiGLU"`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Glu => "GLU",
            Self::ReGlu => "ReGLU",
            Self::GeGlu => "GEGLU",
            Self::SwiGlu => "SwiGLU",
        }
    }

    /// The name in this library: `"swiglu"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glu => "glu",
            Self::ReGlu => "reglu",
            Self::GeGlu => "geglu",
            Self::SwiGlu => "swiglu",
        }
    }

    /// Where it comes from.
    pub fn origin(self) -> &'static str {
        match self {
            Self::Glu => "Dauphin, Fan, Auli and Grangier 2017, Language Modeling with Gated Convolutional Networks",
            _ => "Shazeer 2020, GLU Variants Improve Transformer",
        }
    }

    /// The function that the gate goes through.
    pub fn function(self) -> crate::Function {
        with_gate!(self, f => f.into())
    }

    /// y = f(gate) · value, element by element, from `[gate, value]`.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<F: Float>(self, inputs: [&[F]; 2], y: &mut [F]) -> Result<(), Error> {
        self.forward_on(Engine::default(), inputs, y)
    }

    /// [`forward`](Self::forward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_on<F: Float>(self, engine: Engine, inputs: [&[F]; 2], y: &mut [F]) -> Result<(), Error> {
        with_gate!(self, f => engine.forward_gated(f, inputs, y))
    }

    /// f(gate) · value, element by element, in a new vector.
    ///
    /// ```
    /// use excite::{Engine, Gate};
    /// assert_eq!(Gate::ReGlu.map_on(Engine::default(), [&[2.0_f32, -1.0], &[3.0, 3.0]])?, [6.0, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn map_on<F: Float>(self, engine: Engine, [gate, value]: [&[F]; 2]) -> Result<Vec<F>, Error> {
        same_length("value", value.len(), gate.len())?;
        Ok(dispatch::collected(gate.len(), |y| {
            with_gate!(self, f => engine.in_new_memory().run_gated(f, [gate, value], y));
        }))
    }

    /// The gradients by gate and by value, `[d_gate, d_value]`, from `[gate, value, dy]`.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward<F: Float>(self, inputs: [&[F]; 3], gradients: [&mut [F]; 2]) -> Result<(), Error> {
        self.backward_on(Engine::default(), inputs, gradients)
    }

    /// [`backward`](Self::backward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_on<F: Float>(
        self,
        engine: Engine,
        inputs: [&[F]; 3],
        gradients: [&mut [F]; 2],
    ) -> Result<(), Error> {
        with_gate!(self, f => engine.backward_gated(f, inputs, gradients))
    }

    /// The unit over rows that hold `width` values and then `width` gates, as `torch.nn.functional.glu` takes them along its last axis.
    ///
    /// ```
    /// use excite::Gate;
    /// let (x, mut y, mut dx) = ([3.0_f32, 2.0, 3.0, -2.0], [0.0; 2], [0.0; 4]);
    /// let unit = Gate::ReGlu.packed(1);
    /// unit.forward(&x, &mut y)?;
    /// assert_eq!(y, [6.0, 0.0]);
    /// unit.backward(&x, &[1.0, 1.0], &mut dx)?;
    /// assert_eq!(dx, [2.0, 3.0, 0.0, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    pub fn packed(self, width: usize) -> PackedGate {
        PackedGate { gate: self, width }
    }
}

/// A gated unit over rows that hold values and then gates, made by [`Gate::packed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedGate {
    gate: Gate,
    width: usize,
}

impl PackedGate {
    /// y, half as long as x.
    ///
    /// # Errors
    /// If `x` does not hold whole rows, or `y` is not half as long.
    pub fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Engine::default().forward(self, x, y)
    }

    /// The gradient by x, in rows as x has them, from the inputs x of the forward pass and the gradient by y.
    ///
    /// # Errors
    /// If `x` does not hold whole rows, `dy` is not half as long, or `dx` is not as long.
    pub fn backward<F: Float>(&self, x: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Engine::default().backward(self, x, dy, dx)
    }

    /// Rows that are taken apart at a time, to halves that stay in the nearest cache.
    fn rows_at_once(self) -> usize {
        (PIECE / self.width.max(1)).max(1)
    }
}

impl<F: Float> Operation<F> for PackedGate {
    fn outputs(&self, inputs: usize) -> Result<usize, Error> {
        whole_parts("x", inputs, 2 * self.width)?;
        Ok(inputs / 2)
    }

    fn check_backward(&self, from: usize, dy: usize, dx: usize) -> Result<(), Error> {
        same_length("dy", dy, Operation::<F>::outputs(self, from)?)?;
        same_length("dx", dx, from)
    }

    fn run_forward(&self, engine: Engine, x: &[F], y: &mut [MaybeUninit<F>]) {
        let (width, here) = (self.width.max(1), engine.within_caches());
        engine.in_pieces(width, y, &|first, y| {
            let x = &x[2 * first..][..2 * y.len()];
            if width > PIECE {
                for (x, y) in x.chunks(2 * width).zip(y.chunks_mut(width)) {
                    let (value, gate) = x.split_at(width);
                    with_gate!(self.gate, f => here.run_gated(f, [gate, value], y));
                }
                return;
            }
            let mut halves = [[F::default(); PIECE]; 2];
            let len = self.rows_at_once() * width;
            for (x, y) in x.chunks(2 * len).zip(y.chunks_mut(len)) {
                let [value, gate] = take_apart(width, x, &mut halves);
                with_gate!(self.gate, f => here.run_gated(f, [gate, value], y));
            }
        });
    }

    fn run_backward(&self, engine: Engine, x: &[F], dy: &[F], dx: &mut [MaybeUninit<F>]) {
        let width = self.width.max(1);
        let here = engine.within_caches();
        engine.in_pieces(2 * width, dx, &|first, dx| {
            let (x, dy) = (&x[first..][..dx.len()], &dy[first / 2..][..dx.len() / 2]);
            if width > PIECE {
                for ((x, dy), dx) in x.chunks(2 * width).zip(dy.chunks(width)).zip(dx.chunks_mut(2 * width)) {
                    let (value, gate) = x.split_at(width);
                    let (d_value, d_gate) = dx.split_at_mut(width);
                    with_gate!(self.gate, f => here.run_backward_gated(f, [gate, value, dy], [d_gate, d_value]));
                }
                return;
            }
            let (mut halves, mut gradients) = ([[F::default(); PIECE]; 2], [[F::default(); PIECE]; 2]);
            let len = self.rows_at_once() * width;
            for ((x, dy), dx) in x.chunks(2 * len).zip(dy.chunks(len)).zip(dx.chunks_mut(2 * len)) {
                let [value, gate] = take_apart(width, x, &mut halves);
                let [d_value, d_gate] = gradients.each_mut().map(|half| &mut half[..dy.len()]);
                let to = [dispatch::as_uninit(d_gate), dispatch::as_uninit(d_value)];
                with_gate!(self.gate, f => here.run_backward_gated(f, [gate, value, dy], to));
                for (row, dx) in dx.chunks_mut(2 * width).enumerate() {
                    for (half, dx) in gradients.iter().zip(dx.chunks_mut(width)) {
                        dx.write_copy_of_slice(&half[row * width..][..width]);
                    }
                }
            }
        });
    }
}

/// The values of rows one after another, and the gates.
fn take_apart<'a, F: Float>(width: usize, x: &[F], halves: &'a mut [[F; PIECE]; 2]) -> [&'a [F]; 2] {
    for (row, x) in x.chunks(2 * width).enumerate() {
        for (half, x) in halves.iter_mut().zip(x.chunks(width)) {
            half[row * width..][..width].copy_from_slice(x);
        }
    }
    halves.each_ref().map(|half| &half[..x.len() / 2])
}

/// y = f(gate) · value, with the kernel of f.
#[derive(Clone, Copy)]
struct ForwardGated<K>(K);

impl<K: Kernel<F, 1>, F: Float> Kernel<F, 2> for ForwardGated<K> {
    const MAY_BE_DOUBTFUL: bool = K::MAY_BE_DOUBTFUL;

    #[inline(always)]
    fn quick(self, [gate, value]: [F::Lane; 2]) -> (F::Lane, bool) {
        let (opened, doubtful) = self.0.quick([gate]);
        (F::product_of_two(opened, value), doubtful)
    }

    #[inline(always)]
    fn careful(self, [gate, value]: [F::Lane; 2]) -> F::Lane {
        F::product_of_two(self.0.careful([gate]), value)
    }
}

/// d_gate = dy · value · f'(gate), with the kernels of f and of its gradient.
#[derive(Clone, Copy)]
struct BackwardGate<A, V, S> {
    f: PhantomData<fn() -> A>,
    value: V,
    slope: S,
}

impl<A: Definition, V: Kernel<F, 1>, S: Kernel<F, 2>, F: Float> Kernel<F, 3> for BackwardGate<A, V, S> {
    const MAY_BE_DOUBTFUL: bool = V::MAY_BE_DOUBTFUL || S::MAY_BE_DOUBTFUL;

    #[inline(always)]
    fn quick(self, [gate, value, dy]: [F::Lane; 3]) -> (F::Lane, bool) {
        let (from, rough) = match A::SLOPE_FROM {
            SlopeFrom::Input => (gate, false),
            SlopeFrom::Output => self.value.quick([gate]),
        };
        let (d_opened, doubtful) = self.slope.quick([from, dy]);
        (F::product_of_two(d_opened, value), rough | doubtful)
    }

    #[inline(always)]
    fn careful(self, [gate, value, dy]: [F::Lane; 3]) -> F::Lane {
        let from = match A::SLOPE_FROM {
            SlopeFrom::Input => gate,
            SlopeFrom::Output => self.value.result([gate]),
        };
        F::product_of_two(self.slope.result([from, dy]), value)
    }
}

/// Elements worked through at a time where there are two outputs: the inputs are still in the nearest cache for the second.
const PIECE: usize = 1024;

impl Engine {
    /// y = f(gate) · value, element by element, in one pass.
    ///
    /// ```
    /// use excite::{Engine, Relu};
    /// let mut y = [0.0_f32; 3];
    /// Engine::default().forward_gated(Relu, [&[-1.0, 2.0, 3.0], &[5.0, 5.0, -5.0]], &mut y)?;
    /// assert_eq!(y, [0.0, 10.0, -15.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_gated<D: Definition, F: Float>(
        self,
        f: D,
        [gate, value]: [&[F]; 2],
        y: &mut [F],
    ) -> Result<(), Error> {
        same_length("value", value.len(), gate.len())?;
        same_length("y", y.len(), gate.len())?;
        self.run_gated(f, [gate, value], dispatch::as_uninit(y));
        Ok(())
    }

    /// The gradients by gate, dy · value · f'(gate), and by value, dy · f(gate), from the inputs of the forward pass.
    ///
    /// ```
    /// use excite::{Engine, Relu};
    /// let (mut d_gate, mut d_value) = ([0.0_f32; 2], [0.0; 2]);
    /// let inputs = [&[-1.0, 2.0][..], &[5.0, 5.0], &[1.0, 1.0]];
    /// Engine::default().backward_gated(Relu, inputs, [&mut d_gate, &mut d_value])?;
    /// assert_eq!((d_gate, d_value), ([0.0, 5.0], [0.0, 2.0]));
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_gated<A: Definition, F: Float>(
        self,
        f: A,
        [gate, value, dy]: [&[F]; 3],
        [d_gate, d_value]: [&mut [F]; 2],
    ) -> Result<(), Error> {
        same_length("value", value.len(), gate.len())?;
        same_length("dy", dy.len(), gate.len())?;
        same_length("d_gate", d_gate.len(), gate.len())?;
        same_length("d_value", d_value.len(), gate.len())?;
        let here = self.within_caches();
        let one = |piece: usize, d_gate: &mut [F], d_value: &mut [F]| {
            let inputs = [gate, value, dy].map(|input| &input[piece * PIECE..][..d_gate.len()]);
            here.run_backward_gated(f, inputs, [dispatch::as_uninit(d_gate), dispatch::as_uninit(d_value)]);
        };
        #[cfg(feature = "rayon")]
        if self.is_parallel(gate.len()) {
            use rayon::prelude::*;
            let pieces = d_gate.par_chunks_mut(PIECE).zip(d_value.par_chunks_mut(PIECE)).enumerate();
            pieces.with_min_len(32).for_each(|(piece, (d_gate, d_value))| one(piece, d_gate, d_value));
            return Ok(());
        }
        for (piece, (d_gate, d_value)) in d_gate.chunks_mut(PIECE).zip(d_value.chunks_mut(PIECE)).enumerate() {
            one(piece, d_gate, d_value);
        }
        Ok(())
    }

    /// y = f(gate) · value, over slices that fit.
    fn run_gated<D: Definition, F: Float>(self, f: D, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        if F::HAS_FAST && const { D::FAST.value.is_some() } && self.is_fast() && f.suits_fast() {
            return self.run(ForwardGated(FastForward(f)), inputs, y);
        }
        self.run(ForwardGated(Forward(f)), inputs, y);
    }

    fn run_backward_gated<D: Definition, F: Float>(
        self,
        f: D,
        [gate, value, dy]: [&[F]; 3],
        [d_gate, d_value]: [&mut [MaybeUninit<F>]; 2],
    ) {
        self.run_gated(f, [gate, dy], d_value);
        let (inputs, name) = ([gate, value, dy], PhantomData::<fn() -> D>);
        if F::HAS_FAST && const { D::FAST.value.is_some() } && self.is_fast() && f.suits_fast() {
            let value = FastForward(f);
            if const { D::FAST.slope.is_some() } {
                return self.run(BackwardGate { f: name, value, slope: FastBackward(f) }, inputs, d_gate);
            }
            return self.run(BackwardGate { f: name, value, slope: Backward(f) }, inputs, d_gate);
        }
        self.run(BackwardGate { f: name, value: Forward(f), slope: Backward(f) }, inputs, d_gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(n: usize) -> [Vec<f64>; 3] {
        let wave = |step: f64| (0..n).map(|i| 3.0 * (i as f64 * step).sin()).collect();
        [wave(0.7), wave(1.3), wave(0.3)]
    }

    #[test]
    fn gradients_agree_with_differences() {
        for gate_kind in Gate::ALL {
            let n = 3000;
            let [gate, value, dy] = inputs(n);
            let (mut d_gate, mut d_value) = (vec![0.0; n], vec![0.0; n]);
            gate_kind.backward([&gate, &value, &dy], [&mut d_gate, &mut d_value]).unwrap();
            let at = |gate: f64, value: f64| {
                let mut y = [0.0];
                gate_kind.forward([&[gate], &[value]], &mut y).unwrap();
                y[0]
            };
            for i in (0..n).filter(|&i| gate[i].abs() > 1e-3) {
                let h = 1e-6;
                let by_gate = dy[i] * (at(gate[i] + h, value[i]) - at(gate[i] - h, value[i])) / (2.0 * h);
                let by_value = dy[i] * (at(gate[i], value[i] + h) - at(gate[i], value[i] - h)) / (2.0 * h);
                assert!((d_gate[i] - by_gate).abs() < 1e-7, "{gate_kind:?} at {}", gate[i]);
                assert!((d_value[i] - by_value).abs() < 1e-7, "{gate_kind:?} at {}", gate[i]);
            }
        }
    }

    #[test]
    fn results_are_within_one_and_a_half_ulp_of_the_exact_product() {
        for gate_kind in Gate::ALL {
            let [gate, value, _] = inputs(10_000).map(|x| x.into_iter().map(|x| x as f32).collect::<Vec<f32>>());
            let mut y = vec![0.0; gate.len()];
            gate_kind.forward([&gate, &value], &mut y).unwrap();
            for i in 0..gate.len() {
                let exact = gate_kind.function().reference(f64::from(gate[i])).unwrap() * f64::from(value[i]);
                let ulp = f64::from((exact as f32).abs().next_up()) - f64::from((exact as f32).abs());
                assert!((f64::from(y[i]) - exact).abs() <= 1.5 * ulp, "{gate_kind:?} at {}", gate[i]);
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        let mut y = [0.0_f32; 2];
        let error = Gate::Glu.forward([&[1.0, 2.0], &[1.0]], &mut y).unwrap_err();
        assert_eq!(error, Error::Length { slice: "value", found: 1, expected: 2 });
        assert!(Gate::Glu.packed(2).forward(&[1.0; 6], &mut [0.0; 3]).is_err());
        assert!(Gate::Glu.packed(0).forward(&[1.0; 6], &mut [0.0; 3]).is_err());
        assert!(Gate::Glu.packed(1).backward(&[1.0; 6], &[1.0; 6], &mut [0.0; 6]).is_err());
    }

    #[test]
    fn packed_rows_give_what_their_halves_give() {
        for width in [1, 8, 100, 1024, 3000] {
            let n = width * 1.max(5000 / width);
            let [gate, value, dy] = inputs(n);
            let mut x = Vec::new();
            for (gate, value) in gate.chunks(width).zip(value.chunks(width)) {
                x.extend(value);
                x.extend(gate);
            }
            for kind in Gate::ALL {
                let (mut y, mut packed) = (vec![0.0; n], vec![0.0; n]);
                kind.forward([&gate, &value], &mut y).unwrap();
                kind.packed(width).forward(&x, &mut packed).unwrap();
                assert_eq!(y, packed, "{kind:?} {width}");
                let (mut d_gate, mut d_value, mut dx) = (vec![0.0; n], vec![0.0; n], vec![0.0; 2 * n]);
                kind.backward([&gate, &value, &dy], [&mut d_gate, &mut d_value]).unwrap();
                kind.packed(width).backward(&x, &dy, &mut dx).unwrap();
                for (row, dx) in dx.chunks(2 * width).enumerate() {
                    assert_eq!(dx[..width], d_value[row * width..][..width], "{kind:?} {width}");
                    assert_eq!(dx[width..], d_gate[row * width..][..width], "{kind:?} {width}");
                }
            }
        }
    }
}
