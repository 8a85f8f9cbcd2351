//! The activation function of a network's hidden layers, forward and backward.

use std::cell::Cell;
use std::ops::Range;
use std::time::{Duration, Instant};

use excite::{Accuracy, Engine, Error, Function, SlopeFrom};

use crate::matrix::Matrix;

/// A function, and, where that is asked for, the time spent in it.
#[derive(Clone, Debug)]
pub(crate) struct Activation {
    function: Function,
    engine: Engine,
    /// None where nobody asks: a browser has no clock of this kind.
    time: Option<Cell<Duration>>,
}

impl Activation {
    pub(crate) fn new(function: Function) -> Self {
        Self { function, engine: Engine::default(), time: None }
    }

    /// One that keeps the time.
    pub(crate) fn timed(function: Function) -> Self {
        Self { time: Some(Cell::default()), ..Self::new(function) }
    }

    /// With results this near to the exact value.
    pub(crate) fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { engine: self.engine.with_accuracy(accuracy), ..self }
    }

    /// Another that is computed alike, and keeps no time.
    pub(crate) fn untimed(&self) -> Self {
        Self { time: None, ..*self }
    }

    pub(crate) fn function(&self) -> Function {
        self.function
    }

    /// The time spent in the function so far, forward and backward; 0 of one that keeps none.
    pub(crate) fn time(&self) -> Duration {
        self.time.as_ref().map(Cell::get).unwrap_or_default()
    }

    /// a = f(z).
    pub(crate) fn forward(&self, z: &Matrix) -> Matrix {
        self.filled(z, |range, a| self.engine.forward(&self.function, &z.values[range], a))
    }

    /// The gradient by z, from that by a = f(z).
    pub(crate) fn backward(&self, z: &Matrix, a: &Matrix, gradient: &Matrix) -> Matrix {
        let saved = match self.function.slope_from() {
            SlopeFrom::Input => z,
            SlopeFrom::Output => a,
        };
        self.filled(saved, |range, by_z| {
            let (saved, gradient) = (&saved.values[range.clone()], &gradient.values[range]);
            self.engine.backward(&self.function, saved, gradient, by_z)
        })
    }

    /// A matrix of the shape of `like`, written by `fill`, which is given a range of the elements and their place.
    fn filled(&self, like: &Matrix, mut fill: impl FnMut(Range<usize>, &mut [f32]) -> Result<(), Error>) -> Matrix {
        /// Few enough elements to stay in the first cache between being allocated and being written.
        const CHUNK: usize = 4096;
        /// Longer matrices are handed to the engine whole, so that several threads may work on them.
        const CHUNKED: usize = 1 << 19;
        let start = self.time.as_ref().map(|_| Instant::now());
        let len = like.values.len();
        let step = if len <= CHUNKED { CHUNK } else { len };
        let mut values = Vec::with_capacity(len);
        while values.len() < len {
            let start = values.len();
            let end = len.min(start + step);
            values.resize(end, 0.0);
            fill(start..end, &mut values[start..]).expect("as many elements as the range has");
        }
        if let (Some(time), Some(start)) = (&self.time, start) {
            time.set(time.get() + start.elapsed());
        }
        Matrix::new(values, like.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_matrices_are_filled_to_their_end_and_time_is_counted() {
        let relu = Activation::timed("relu".parse().unwrap());
        for len in [1, 4096, 4097, (1 << 19) + 2] {
            let z = Matrix::new((0..len).map(|i| if i % 3 == 0 { -1.0 } else { i as f32 }).collect(), 1);
            let a = relu.forward(&z);
            assert!(a.values.iter().zip(&z.values).all(|(a, z)| *a == z.max(0.0)), "{len}");
            let gradient = relu.backward(&z, &a, &Matrix::new(vec![2.0; len], 1));
            assert!(gradient.values.iter().zip(&z.values).all(|(d, z)| *d == if *z > 0.0 { 2.0 } else { 0.0 }));
        }
        assert!(relu.time() > Duration::ZERO);
    }
}
