//! The kernels of `Accuracy::Fast`: formulas in f32 whatever the type, without a check for near ties.

use super::{Backward, Forward, Kernel, beyond};
use crate::Float;
use crate::define::{Definition, Native};

/// y = f(x) by the fast formula.
#[derive(Clone, Copy)]
pub struct FastForward<A>(pub A);

impl<A: Definition, F: Float> Kernel<F, 1> for FastForward<A> {
    const MAY_BE_DOUBTFUL: bool = A::PERIODIC;

    #[inline(always)]
    fn quick(self, [x]: [F::Lane; 1]) -> (F::Lane, bool) {
        let Self(f) = self;
        let y = x.by_type(
            #[inline(always)]
            |x| f.fast(x),
            #[inline(always)]
            |x| f.tuned(x),
        );
        (y, A::PERIODIC && beyond::<A, F>(A::PRECISION, x))
    }

    #[inline(always)]
    fn careful(self, inputs: [F::Lane; 1]) -> F::Lane {
        Kernel::<F, 1>::careful(Forward(self.0), inputs)
    }
}

/// dx = dy · f'(from) by the fast formula of the slope.
#[derive(Clone, Copy)]
pub struct FastBackward<A>(pub A);

impl<A: Definition, F: Float> Kernel<F, 2> for FastBackward<A> {
    const MAY_BE_DOUBTFUL: bool = A::PERIODIC;

    #[inline(always)]
    fn quick(self, [from, dy]: [F::Lane; 2]) -> (F::Lane, bool) {
        let Self(f) = self;
        let slope = from.by_type(
            #[inline(always)]
            |from| f.fast_slope(from),
            #[inline(always)]
            |from| f.tuned_slope(from).0,
        );
        (dy * slope, A::PERIODIC && beyond::<A, F>(A::SLOPE_PRECISION, from))
    }

    #[inline(always)]
    fn careful(self, inputs: [F::Lane; 2]) -> F::Lane {
        Kernel::<F, 2>::careful(Backward(self.0), inputs)
    }
}
