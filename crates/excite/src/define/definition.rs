//! What those write who define a function.

use super::{Native, Number, Real};
use crate::{FastUlp, Info, Parameter, SlopeFrom};

/// The precision in which a formula is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// In the type of the numbers: the result is one of the inputs or a constant.
    Selects,
    /// In f32 and f64 themselves, as a plain loop would: the formula rounds once, or its errors are known to be small. (f16 and
    /// bf16: in f32, and in f64 where that is not enough.)
    Native,
    /// In a number twice as long, f64 for f32 and [`Pair`](super::Pair) for f64, and rounded at the end. Right to the last digit; slower,
    /// in f64 much so.
    Extended,
    /// In f32 and f64 themselves by [`Definition::tuned`] or [`Definition::tuned_slope`] (f16 and bf16: in f32), and as with
    /// [`Extended`](Self::Extended) where that is not enough.
    Tuned,
}

/// An activation function, defined as mathematics on one number: its value and its slope. Everything else is derived from that,
/// [`Elementwise`](crate::Elementwise) above all.
///
/// The formulas are branch-free (an `if` that selects between two numbers is fine; a loop or an early return is not),
/// so that a loop over them becomes vector instructions. Mark them `#[inline(always)]`: a formula that is not inlined
/// is compiled for the baseline instruction set, and can be fifty times slower.
///
/// ```
/// use excite::Elementwise;
/// use excite::define::{Definition, Number};
///
/// /// (√(x² + 1) − 1) / 2 + x
/// #[derive(Clone, Copy, Debug)]
/// struct BentIdentity;
///
/// impl Definition for BentIdentity {
///     #[inline(always)]
///     fn formula<N: Number>(self, x: N) -> N {
///         (x.mul_add(x, N::lit(1.0)).sqrt() - N::lit(1.0)).times(0.5) + x
///     }
///
///     #[inline(always)]
///     fn slope_formula<N: Number>(self, x: N) -> N {
///         N::lit(1.0) + x.times(0.5) / x.mul_add(x, N::lit(1.0)).sqrt()
///     }
/// }
///
/// let mut y = [0.0_f32; 2];
/// BentIdentity.forward(&[0.0, 0.75], &mut y)?;
/// assert_eq!(y, [0.0, 0.875]);
/// # Ok::<(), excite::Error>(())
/// ```
pub trait Definition: Copy + Send + Sync + 'static {
    /// The facts about the function that do not follow from its formula. A name is needed only to
    /// [`register`](crate::Function::register) it.
    const INFO: Info = Info::named("");

    /// The description of each of its parameters.
    const PARAMETERS: &'static [Parameter] = &[];

    /// The precision in which the value is evaluated.
    const PRECISION: Precision = Precision::Native;

    /// The precision in which the slope is evaluated.
    const SLOPE_PRECISION: Precision = Precision::Native;

    /// The largest errors of [`fast`](Self::fast) and [`fast_slope`](Self::fast_slope), and so whether there are such formulas.
    const FAST: FastUlp = FastUlp::NONE;

    /// Which number the slope is computed from.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Input;

    /// Whether the formulas hold sines, which need other means for numbers beyond [`Number::SIN_LIMIT`].
    #[doc(hidden)]
    const PERIODIC: bool = false;

    /// f(x).
    fn formula<N: Number>(self, x: N) -> N;

    /// f'(x), from x or from f(x) as [`SLOPE_FROM`](Self::SLOPE_FROM) says. At a kink the left slope, as the field has it for ReLU.
    fn slope_formula<N: Number>(self, from: N) -> N;

    /// f(x) beyond [`Number::SIN_LIMIT`], for [`PERIODIC`](Self::PERIODIC) functions; may be slow.
    #[doc(hidden)]
    fn formula_beyond<N: Number>(self, x: N) -> N {
        self.formula(x)
    }

    /// f'(x) beyond [`Number::SIN_LIMIT`], for [`PERIODIC`](Self::PERIODIC) functions; may be slow.
    #[doc(hidden)]
    fn slope_formula_beyond<N: Number>(self, from: N) -> N {
        self.slope_formula(from)
    }

    /// f(x) by a kernel made for f32 and f64, within the stated bound, where the precision is [`Precision::Tuned`];
    /// functions without such a kernel use the formula.
    #[inline(always)]
    fn tuned<T: Native>(self, x: T) -> T {
        self.formula(x)
    }

    /// f'(x) by a kernel made for f32 and f64, within the stated bound, where the precision is [`Precision::Tuned`]; and whether it is
    /// doubtful, as near a root: then it is evaluated in a number twice as long.
    #[inline(always)]
    fn tuned_slope<T: Native>(self, from: T) -> (T, bool) {
        (self.slope_formula(from), false)
    }

    /// f(x) for [`Accuracy::Fast`](crate::Accuracy::Fast): within 4 ULP where the exact result is a normal number. f16 and bf16 take it too.
    /// Only where [`FAST`](Self::FAST) has a bound for the value.
    ///
    /// ```
    /// use excite::define::{Definition, Number};
    /// use excite::{Accuracy, Engine, FastUlp};
    ///
    /// /// 1 / (1 + x²)
    /// #[derive(Clone, Copy, Debug)]
    /// struct Witch;
    ///
    /// impl Definition for Witch {
    ///     const PRECISION: excite::define::Precision = excite::define::Precision::Extended;
    ///     const FAST: FastUlp = FastUlp { value: Some(2.5), slope: None };
    ///
    ///     #[inline(always)]
    ///     fn formula<N: Number>(self, x: N) -> N {
    ///         x.mul_add(x, N::lit(1.0)).inverse()
    ///     }
    ///
    ///     #[inline(always)]
    ///     fn slope_formula<N: Number>(self, x: N) -> N {
    ///         let y = self.formula(x);
    ///         x.times(-2.0) * y * y
    ///     }
    ///
    ///     #[inline(always)]
    ///     fn fast(self, x: f32) -> f32 {
    ///         1.0 / Number::mul_add(x, x, 1.0)
    ///     }
    /// }
    ///
    /// let fast = Engine::default().with_accuracy(Accuracy::Fast);
    /// assert_eq!(fast.map(&Witch, &[0.0_f32, 2.0])?, [1.0, 0.2]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    #[inline(always)]
    fn fast(self, x: f32) -> f32 {
        self.tuned(x)
    }

    /// f'(x) for [`Accuracy::Fast`](crate::Accuracy::Fast), as [`fast`](Self::fast), from x or from f(x) as
    /// [`SLOPE_FROM`](Self::SLOPE_FROM) says. Only where [`FAST`](Self::FAST) has a bound for the slope.
    #[inline(always)]
    fn fast_slope(self, from: f32) -> f32 {
        self.tuned_slope(from).0
    }

    /// Whether the fast formulas are right for these parameters. Where they are not, results are as stated.
    fn suits_fast(self) -> bool {
        true
    }

    /// ∂f(x) / ∂parameter, for the parameter of that index.
    fn slope_by_parameter<N: Number>(self, index: usize, x: N) -> N {
        let _ = (index, x);
        N::lit(0.0)
    }

    /// The value of the parameter of that index, which is less than the number of [`PARAMETERS`](Self::PARAMETERS).
    fn parameter(&self, index: usize) -> f64 {
        let _ = index;
        f64::NAN
    }

    /// Sets the parameter of that index, which is less than the number of [`PARAMETERS`](Self::PARAMETERS).
    fn set_parameter(&mut self, index: usize, value: f64) {
        let _ = (index, value);
    }

    /// What is wrong with the parameters together, such as a lower bound above the upper. Each alone is within its limits.
    fn conflict(&self) -> Option<&'static str> {
        None
    }
}

/// A function written down plainly over any kind of real number: the yardstick by which its fast form is measured. Shares no code with
/// it, and cancels nowhere. All functions of the catalogue have one.
pub trait Reference: Definition {
    /// f(x).
    fn reference<R: Real>(self, x: R) -> R;

    /// f'(x), from x or from f(x) as [`Definition::SLOPE_FROM`] says.
    fn reference_slope<R: Real>(self, from: R) -> R;
}
