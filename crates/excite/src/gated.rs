//! Gated linear units: f(gate) · value, in one pass.

use crate::kernels::{Backward, Forward, Kernel};
use crate::slices::same_length;
use crate::{Activation, Engine, Float, Gelu, LengthMismatch, Relu, Sigmoid, Silu, SlopeFrom, Threads, Writes};

/// A gated linear unit of the field, by name: y = f(gate) · value, where gate and value are two linear maps of the same input.
/// [`Engine::forward_gated`] takes any other function as f.
///
/// ```
/// use excite::{Engine, Gate};
/// let (gate, value) = ([0.0_f32, 2.0], [3.0, 3.0]);
/// let mut y = [0.0; 2];
/// let swiglu: Gate = "SwiGLU".parse()?;
/// swiglu.forward_on(Engine::default(), &gate, &value, &mut y)?;
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

    /// y = f(gate) · value. See [`Engine::forward_gated`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_on<F: Float>(
        self,
        engine: Engine,
        gate: &[F],
        value: &[F],
        y: &mut [F],
    ) -> Result<(), LengthMismatch> {
        with_gate!(self, f => engine.forward_gated(f, gate, value, y))
    }

    /// The gradients by gate and value. See [`Engine::backward_gated`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_on<F: Float>(
        self,
        engine: Engine,
        [gate, value, dy]: [&[F]; 3],
        [d_gate, d_value]: [&mut [F]; 2],
    ) -> Result<(), LengthMismatch> {
        with_gate!(self, f => engine.backward_gated(f, [gate, value, dy], [d_gate, d_value]))
    }

    /// y from rows that hold `width` values and then `width` gates, as `torch.nn.functional.glu` takes them along its last axis.
    ///
    /// ```
    /// use excite::{Engine, Gate};
    /// let mut y = [0.0_f32; 2];
    /// Gate::ReGlu.forward_packed_on(Engine::default(), 1, &[3.0, 2.0, 3.0, -2.0], &mut y)?;
    /// assert_eq!(y, [6.0, 0.0]);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If `x` does not hold whole rows, or `y` is not half as long.
    pub fn forward_packed_on<F: Float>(
        self,
        engine: Engine,
        width: usize,
        x: &[F],
        y: &mut [F],
    ) -> Result<(), LengthMismatch> {
        same_length("y", y.len(), x.len() / 2)?;
        same_length("x", x.len(), y.len().checked_div(width).unwrap_or(0) * width * 2)?;
        for (x, y) in x.chunks(2 * width.max(1)).zip(y.chunks_mut(width.max(1))) {
            let (value, gate) = x.split_at(width);
            self.forward_on(engine, gate, value, y)?;
        }
        Ok(())
    }
}

/// y = f(gate) · value.
#[derive(Clone, Copy)]
struct ForwardGated<A>(A);

impl<A: Activation, F: Float> Kernel<F, 2> for ForwardGated<A> {
    #[inline(always)]
    fn quick(self, [gate, value]: [F::Lane; 2]) -> (F::Lane, bool) {
        let (opened, doubtful) = Kernel::<F, 1>::quick(Forward(self.0), [gate]);
        (F::product_of_two(opened, value), doubtful)
    }

    #[inline(always)]
    fn careful(self, [gate, value]: [F::Lane; 2]) -> F::Lane {
        F::product_of_two(Kernel::<F, 1>::careful(Forward(self.0), [gate]), value)
    }
}

/// d_gate = dy · value · f'(gate).
#[derive(Clone, Copy)]
struct BackwardGate<A>(A);

impl<A: Activation, F: Float> Kernel<F, 3> for BackwardGate<A> {
    #[inline(always)]
    fn quick(self, [gate, value, dy]: [F::Lane; 3]) -> (F::Lane, bool) {
        let (from, rough) = match A::SLOPE_FROM {
            SlopeFrom::Input => (gate, false),
            SlopeFrom::Output => Kernel::<F, 1>::quick(Forward(self.0), [gate]),
        };
        let (d_opened, doubtful) = Kernel::<F, 2>::quick(Backward(self.0), [from, dy]);
        (F::product_of_two(d_opened, value), rough | doubtful)
    }

    #[inline(always)]
    fn careful(self, [gate, value, dy]: [F::Lane; 3]) -> F::Lane {
        let from = match A::SLOPE_FROM {
            SlopeFrom::Input => gate,
            SlopeFrom::Output => Kernel::<F, 1>::result(Forward(self.0), [gate]),
        };
        F::product_of_two(Kernel::<F, 2>::result(Backward(self.0), [from, dy]), value)
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
    /// Engine::default().forward_gated(Relu, &[-1.0, 2.0, 3.0], &[5.0, 5.0, -5.0], &mut y)?;
    /// assert_eq!(y, [0.0, 10.0, -15.0]);
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_gated<A: Activation, F: Float>(
        self,
        f: A,
        gate: &[F],
        value: &[F],
        y: &mut [F],
    ) -> Result<(), LengthMismatch> {
        same_length("value", value.len(), gate.len())?;
        same_length("y", y.len(), gate.len())?;
        self.map(ForwardGated(f), [gate, value], y);
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
    /// # Ok::<(), excite::LengthMismatch>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_gated<A: Activation, F: Float>(
        self,
        f: A,
        [gate, value, dy]: [&[F]; 3],
        [d_gate, d_value]: [&mut [F]; 2],
    ) -> Result<(), LengthMismatch> {
        same_length("value", value.len(), gate.len())?;
        same_length("dy", dy.len(), gate.len())?;
        same_length("d_gate", d_gate.len(), gate.len())?;
        same_length("d_value", d_value.len(), gate.len())?;
        let here = Self { threads: Threads::One, writes: Writes::Cached, ..self };
        let one = |piece: usize, d_gate: &mut [F], d_value: &mut [F]| {
            let [gate, value, dy] = [gate, value, dy].map(|input| &input[piece * PIECE..][..d_gate.len()]);
            here.map(ForwardGated(f), [gate, dy], d_value);
            here.map(BackwardGate(f), [gate, value, dy], d_gate);
        };
        #[cfg(feature = "rayon")]
        if self.threads == Threads::Auto && gate.len() >= 64 * PIECE {
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
            let engine = Engine::default();
            gate_kind.backward_on(engine, [&gate, &value, &dy], [&mut d_gate, &mut d_value]).unwrap();
            let at = |gate: f64, value: f64| {
                let mut y = [0.0];
                gate_kind.forward_on(engine, &[gate], &[value], &mut y).unwrap();
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
            gate_kind.forward_on(Engine::default(), &gate, &value, &mut y).unwrap();
            for i in 0..gate.len() {
                let exact = gate_kind.function().reference(f64::from(gate[i])) * f64::from(value[i]);
                let ulp = f64::from((exact as f32).abs().next_up()) - f64::from((exact as f32).abs());
                assert!((f64::from(y[i]) - exact).abs() <= 1.5 * ulp, "{gate_kind:?} at {}", gate[i]);
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        let mut y = [0.0_f32; 2];
        let error = Gate::Glu.forward_on(Engine::default(), &[1.0, 2.0], &[1.0], &mut y).unwrap_err();
        assert_eq!((error.slice, error.found, error.expected), ("value", 1, 2));
        assert!(Gate::Glu.forward_packed_on(Engine::default(), 2, &[1.0; 6], &mut [0.0; 3]).is_err());
        assert!(Gate::Glu.forward_packed_on(Engine::default(), 0, &[1.0; 6], &mut [0.0; 3]).is_err());
    }
}
