//! The computation for each element, forward and backward.

mod fast;

pub use fast::{FastBackward, FastForward};

use crate::Float;
use crate::define::{Definition, Native, Number, Pair, Precision};

/// The computation for N elements at the same place of N slices. The rare elements whose quick result is doubtful are
/// computed again with care.
pub trait Kernel<F: Float, const N: usize>: Copy + Sync {
    /// Whether any result can be doubtful: where none can, no careful way is compiled.
    const MAY_BE_DOUBTFUL: bool;

    /// The result, and whether it is doubtful. Branch-free.
    fn quick(self, inputs: [F::Lane; N]) -> (F::Lane, bool);

    /// The result where the quick one is doubtful. May be slow. The caller's instruction set is used as far as that pays.
    fn careful(self, inputs: [F::Lane; N]) -> F::Lane;

    /// Whether it is more than comparisons and a product.
    #[inline(always)]
    fn multiplies_and_adds(self) -> bool {
        true
    }

    /// The result, quick or careful as need be.
    #[inline(always)]
    fn result(self, inputs: [F::Lane; N]) -> F::Lane {
        let (quick, doubtful) = self.quick(inputs);
        if Self::MAY_BE_DOUBTFUL && doubtful { self.careful(inputs) } else { quick }
    }
}

/// Above this a [`Pair`] comes near to overflow: formulas may square x.
const HUGE: f64 = 1e150;

/// Below this the slope of a wave has lost too many of its digits to cancellation.
const NEAR_ROOT: f64 = 1.0 / (1 << 12) as f64;

/// Whether some x is beyond what the quick way is right for.
const fn may_be_beyond<A: Definition, F: Float>(precision: Precision) -> bool {
    A::PERIODIC || F::WIDE_IS_FINITE && matches!(precision, Precision::Extended)
}

/// Whether x is beyond what the quick way is right for.
#[inline(always)]
fn beyond<A: Definition, F: Float>(precision: Precision, x: F::Lane) -> bool {
    let limit = if precision == Precision::Tuned { F::Lane::TUNED_SIN_LIMIT } else { F::Lane::lit(F::Wide::SIN_LIMIT) };
    let too_far = A::PERIODIC && !(x.abs() <= limit);
    (F::WIDE_IS_FINITE && precision == Precision::Extended && too_large::<F>(x)) | too_far
}

/// Whether x is too large for a [`Pair`], or NaN.
#[inline(always)]
fn too_large<F: Float>(x: F::Lane) -> bool {
    !(x.abs() < F::Lane::lit(HUGE))
}

/// Whether x is beyond the reach of [`Number::sin_cos`], but not infinite or NaN.
fn far_periods<A: Definition, F: Float>(x: F::Lane) -> bool {
    A::PERIODIC && x.abs() < F::Lane::lit(f64::INFINITY)
}

/// y = f(x).
#[derive(Clone, Copy)]
pub struct Forward<A>(pub A);

impl<A: Definition, F: Float> Kernel<F, 1> for Forward<A> {
    const MAY_BE_DOUBTFUL: bool =
        may_be_beyond::<A, F>(A::PRECISION) || !matches!(A::PRECISION, Precision::Selects) && F::IS_SHORT;

    #[inline(always)]
    fn quick(self, [x]: [F::Lane; 1]) -> (F::Lane, bool) {
        let Self(f) = self;
        let y = match A::PRECISION {
            Precision::Selects | Precision::Native | Precision::Tuned => f.tuned(x),
            Precision::Extended => F::from_wide(f.formula(F::wide(x))),
        };
        (y, beyond::<A, F>(A::PRECISION, x) | (A::PRECISION != Precision::Selects && F::near_tie(y, 1)))
    }

    #[inline(always)]
    fn multiplies_and_adds(self) -> bool {
        A::PRECISION != Precision::Selects
    }

    #[inline(always)]
    fn careful(self, [x]: [F::Lane; 1]) -> F::Lane {
        // A wave is doubtful where f64 is not enough.
        let (y, doubtful) = if A::PERIODIC { (x, true) } else { twice::<A, F>(self.0, x) };
        if doubtful { most_careful::<A, F>(self.0, x) } else { y }
    }
}

/// f(x) evaluated in f64 for types that are shorter, and whether that is not enough to tell to which side it is to be rounded.
#[inline(always)]
fn twice<A: Definition, F: Float>(f: A, x: F::Lane) -> (F::Lane, bool) {
    if F::WIDE_IS_FINITE {
        return (x, true);
    }
    let y = f.formula(F::wide(x));
    let (low, high) = (F::from_wide(y.times(1.0 - WIDE_ERROR)), F::from_wide(y.times(1.0 + WIDE_ERROR)));
    (low, low != high || beyond::<A, F>(A::PRECISION, x))
}

/// f(x) evaluated in a [`Pair`] where that can be.
#[inline(never)]
fn most_careful<A: Definition, F: Float>(f: A, x: F::Lane) -> F::Lane {
    let wide: f64 = x.into();
    if far_periods::<A, F>(x) {
        F::from_pair(f.formula_beyond(Pair::from(wide)))
    } else if F::WIDE_IS_FINITE || !wide.is_finite() {
        F::Lane::lit(f.formula(wide))
    } else {
        F::from_pair(f.formula(Pair::from(wide)))
    }
}

/// dx = dy · f'(from).
#[derive(Clone, Copy)]
pub struct Backward<A>(pub A);

impl<A: Definition, F: Float> Kernel<F, 2> for Backward<A> {
    const MAY_BE_DOUBTFUL: bool = match A::SLOPE_PRECISION {
        Precision::Selects => A::PERIODIC,
        Precision::Native => A::PERIODIC || F::IS_SHORT,
        Precision::Extended => may_be_beyond::<A, F>(Precision::Extended),
        Precision::Tuned => true,
    };

    #[inline(always)]
    fn quick(self, [from, dy]: [F::Lane; 2]) -> (F::Lane, bool) {
        let Self(f) = self;
        let (dx, doubtful) = match A::SLOPE_PRECISION {
            Precision::Selects => (dy * f.slope_formula(from), false),
            Precision::Native | Precision::Tuned => {
                let (slope, doubtful) = f.tuned_slope(from);
                let dx = dy * slope;
                // The slope is off by 1 ULP, which may be 2 of the product, which is rounded; and by more where it is subnormal.
                (dx, doubtful | F::near_tie(dx, 2) | F::near_tie(slope, 1))
            }
            Precision::Extended => (F::product(dy, f.slope_formula(F::wide(from))), false),
        };
        // The slopes of waves have roots everywhere.
        let near_root = A::PERIODIC && dx.abs() < dy.abs() * F::Lane::lit(NEAR_ROOT);
        (dx, doubtful | beyond::<A, F>(A::SLOPE_PRECISION, from) | near_root)
    }

    #[inline(always)]
    fn multiplies_and_adds(self) -> bool {
        A::SLOPE_PRECISION != Precision::Selects
    }

    #[inline(always)]
    fn careful(self, [from, dy]: [F::Lane; 2]) -> F::Lane {
        if A::SLOPE_PRECISION != Precision::Extended && !F::WIDE_IS_FINITE && !far_periods::<A, F>(from) {
            F::product(dy, self.0.slope_formula(F::wide(from)))
        } else {
            most_careful_slope::<A, F>(self.0, from, dy)
        }
    }
}

/// dy · f'(from), the slope evaluated in the longest number where that can be.
#[inline(never)]
fn most_careful_slope<A: Definition, F: Float>(f: A, from: F::Lane, dy: F::Lane) -> F::Lane {
    if far_periods::<A, F>(from) {
        F::from_pair(Pair::from(dy.into()) * f.slope_formula_beyond(Pair::from(from.into())))
    } else if A::SLOPE_PRECISION == Precision::Tuned && !(F::WIDE_IS_FINITE && too_large::<F>(from)) {
        F::product(dy, f.slope_formula(F::wide(from)))
    } else {
        dy * F::Lane::lit(f.slope_formula(from.into()))
    }
}

#[cfg(feature = "exact")]
/// y = f(x), correctly rounded in f32: evaluated in f64, and in a [`Pair`] where f64 cannot tell to which side to round.
#[derive(Clone, Copy)]
pub struct Exact<A>(pub A);

/// The largest relative error of a formula evaluated in f64 that [`Exact`] allows for. The building blocks are accurate to
/// 2^-48 or better, and no formula cancels.
const WIDE_ERROR: f64 = 1.0 / (1_u64 << 44) as f64;

#[cfg(feature = "exact")]
impl<A: Definition, F: Float> Kernel<F, 1> for Exact<A> {
    const MAY_BE_DOUBTFUL: bool = true;

    #[inline(always)]
    fn quick(self, [x]: [F::Lane; 1]) -> (F::Lane, bool) {
        if F::HAS_EXACT && A::PRECISION != Precision::Selects {
            twice::<A, F>(self.0, x)
        } else {
            Kernel::<F, 1>::quick(Forward(self.0), [x])
        }
    }

    #[inline(always)]
    fn multiplies_and_adds(self) -> bool {
        A::PRECISION != Precision::Selects
    }

    #[inline(always)]
    fn careful(self, [x]: [F::Lane; 1]) -> F::Lane {
        if !F::HAS_EXACT {
            return Kernel::<F, 1>::careful(Forward(self.0), [x]);
        }
        most_careful::<A, F>(self.0, x)
    }
}

/// y = f(x), with the parameter of an index as second input.
#[derive(Clone, Copy)]
pub struct ForwardEach<A>(pub A, pub usize);

impl<A: Definition, F: Float> Kernel<F, 2> for ForwardEach<A> {
    const MAY_BE_DOUBTFUL: bool = <Forward<A> as Kernel<F, 1>>::MAY_BE_DOUBTFUL;

    #[inline(always)]
    fn quick(self, [x, parameter]: [F::Lane; 2]) -> (F::Lane, bool) {
        Kernel::<F, 1>::quick(Forward(self.with::<F>(parameter)), [x])
    }

    #[inline(always)]
    fn careful(self, [x, parameter]: [F::Lane; 2]) -> F::Lane {
        Kernel::<F, 1>::careful(Forward(self.with::<F>(parameter)), [x])
    }
}

/// dx = dy · f'(x), with the parameter as third input.
#[derive(Clone, Copy)]
pub struct BackwardEach<A>(pub A, pub usize);

impl<A: Definition, F: Float> Kernel<F, 3> for BackwardEach<A> {
    const MAY_BE_DOUBTFUL: bool = <Backward<A> as Kernel<F, 2>>::MAY_BE_DOUBTFUL;

    #[inline(always)]
    fn quick(self, [from, dy, parameter]: [F::Lane; 3]) -> (F::Lane, bool) {
        let f = ForwardEach(self.0, self.1).with::<F>(parameter);
        Kernel::<F, 2>::quick(Backward(f), [from, dy])
    }

    #[inline(always)]
    fn careful(self, [from, dy, parameter]: [F::Lane; 3]) -> F::Lane {
        let f = ForwardEach(self.0, self.1).with::<F>(parameter);
        Kernel::<F, 2>::careful(Backward(f), [from, dy])
    }
}

impl<A: Definition> ForwardEach<A> {
    #[inline(always)]
    fn with<F: Float>(self, parameter: F::Lane) -> A {
        let Self(mut f, index) = self;
        f.set_parameter(index, parameter.into());
        f
    }
}
