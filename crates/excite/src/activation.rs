//! What an activation function is.

use crate::kernels::{Backward, Forward, Kernel};
use crate::math::{Native, Number};
use crate::reference::Real;
use crate::{Engine, Float, LengthMismatch, Parameters};

/// What is known of a function and cannot be computed from it. What can be is in [`Facts`](crate::Facts).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// The name in this library, on the command line and in files: `"relu6"`.
    pub name: &'static str,
    /// The name as people write it: `"ReLU6"`.
    pub title: &'static str,
    /// The formula in x, in plain Unicode.
    pub formula: &'static str,
    /// Where the function comes from.
    pub origin: &'static str,
    /// When to use it and when not, in a sentence or two.
    pub advice: &'static str,
    /// Its name in PyTorch; empty where it has none.
    pub pytorch: &'static str,
    /// Its name in JAX; empty where it has none.
    pub jax: &'static str,
    /// Its name in Keras; empty where it has none.
    pub keras: &'static str,
    /// The operator in ONNX; empty where there is none.
    pub onnx: &'static str,
    /// Other names that people use.
    pub aliases: &'static [&'static str],
    /// The gain for Xavier and Kaiming initialisation: the factor that keeps the variance of the activations from layer to
    /// layer (`torch.nn.init.calculate_gain`; where that has none, 1 / √E\[f(x)²\] for standard normal x).
    pub gain: f64,
    /// The largest error over all inputs, in units in the last place, with default parameters.
    pub max_ulp: MaxUlp,
}

/// The largest errors of a function in units in the last place (ULP), over all inputs. f16 and bf16 are not listed: their
/// results are correctly rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxUlp {
    /// Of the value in f32.
    pub f32: f64,
    /// Of the value in f64.
    pub f64: f64,
    /// Of the slope in f32.
    pub slope_f32: f64,
    /// Of the slope in f64.
    pub slope_f64: f64,
}

impl MaxUlp {
    /// No error: the result is one of the inputs.
    pub const NONE: Self = Self { f32: 0.0, f64: 0.0, slope_f32: 0.0, slope_f64: 0.0 };

    /// What a formula gives that is worked out in a number twice as long: next to nothing more than the last rounding.
    pub const ROUNDED: Self = Self { f32: 0.501, f64: 0.52, slope_f32: 0.501, slope_f64: 0.52 };
}

/// Which number the slope is computed from, and so which slice [`Activation::backward`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlopeFrom {
    /// The pre-activation x.
    Input,
    /// The activation y = f(x): x need not be kept.
    Output,
}

/// What a formula is worked out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// In the number itself: the result is one of the inputs or a constant.
    Selects,
    /// In f32 and f64 themselves: the formula rounds once, or its errors are known to be small. (f16 and bf16: in f32, and in f64
    /// where that is not enough.)
    Once,
    /// In a number twice as long, rounded at the end.
    Twice,
    /// In f32 and f64 themselves by [`Activation::tuned`] or [`Activation::tuned_slope`] (f16 and bf16: in f32), and as with
    /// [`Twice`](Self::Twice) where that is not enough.
    Tuned,
}

/// An activation function, defined as mathematics on one number. Everything over slices is derived from that.
///
/// ```
/// use excite::{Activation, Tanh};
/// assert_eq!(Tanh.value(0.5_f32), 0.46211717);
/// assert_eq!(Tanh::INFO.pytorch, "torch.nn.Tanh");
/// ```
pub trait Activation: Parameters + Send + Sync + 'static {
    /// What is known of the function.
    const INFO: Info;

    /// What the value is worked out in.
    const WORK: Work = Work::Twice;

    /// What the slope is worked out in.
    const SLOPE_WORK: Work = Work::Twice;

    /// Which number the [`slope`](Self::slope) is computed from.
    const SLOPE_FROM: SlopeFrom = SlopeFrom::Input;

    /// Whether the formulas hold sines, which need other means for numbers beyond [`Number::SIN_LIMIT`].
    const PERIODIC: bool = false;

    /// f(x), branch-free, so that a loop over it becomes vector instructions.
    fn formula<N: Number>(self, x: N) -> N;

    /// f'(x), from x or from f(x) as [`SLOPE_FROM`](Self::SLOPE_FROM) says. At a kink the left slope unless the
    /// function's page says otherwise.
    fn slope_formula<N: Number>(self, from: N) -> N;

    /// f(x) beyond [`Number::SIN_LIMIT`], for [`PERIODIC`](Self::PERIODIC) functions; may be slow.
    fn formula_beyond<N: Number>(self, x: N) -> N {
        self.formula(x)
    }

    /// f'(x) beyond [`Number::SIN_LIMIT`], for [`PERIODIC`](Self::PERIODIC) functions; may be slow.
    fn slope_formula_beyond<N: Number>(self, from: N) -> N {
        self.slope_formula(from)
    }

    /// f(x) by a kernel made for f32 and f64, within the stated bound, for functions worked out as [`Work::Tuned`]; the formula for
    /// those that have none.
    fn tuned<T: Native>(self, x: T) -> T {
        self.formula(x)
    }

    /// f'(x) by a kernel made for f32 and f64, within the stated bound, for slopes worked out as [`Work::Tuned`]; and whether it is
    /// doubtful, as near a root: then it is worked out in a number twice as long.
    fn tuned_slope<T: Native>(self, from: T) -> (T, bool) {
        (self.slope_formula(from), false)
    }

    /// ∂f(x) / ∂parameter, for the parameter of that index.
    fn slope_by_parameter<N: Number>(self, index: usize, x: N) -> N {
        let _ = (index, x);
        N::lit(0.0)
    }

    /// f(x) written down plainly over any kind of real number: the yardstick that the fast
    /// [`value`](Self::value) is measured with. Shares no code with it, and cancels nowhere.
    fn reference<R: Real>(self, x: R) -> R;

    /// f'(x) written down in the same way, from x or from f(x) as [`SLOPE_FROM`](Self::SLOPE_FROM) says.
    fn reference_slope<R: Real>(self, from: R) -> R;

    /// f(x), rounded.
    #[inline(always)]
    fn value<F: Float>(self, x: F) -> F {
        F::from_lane(Kernel::<F, 1>::result(Forward(self), [x.to_lane()]))
    }

    /// f'(x), rounded, from x or from f(x) as [`SLOPE_FROM`](Self::SLOPE_FROM) says.
    #[inline(always)]
    fn slope<F: Float>(self, from: F) -> F {
        F::from_lane(Kernel::<F, 2>::result(Backward(self), [from.to_lane(), F::Lane::lit(1.0)]))
    }

    /// y = f(x), element by element, on the default [`Engine`].
    ///
    /// # Errors
    /// If the slices differ in length.
    fn forward<F: Float>(self, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().forward(self, x, y)
    }

    /// x = f(x), element by element, on the default [`Engine`].
    fn forward_in_place<F: Float>(self, x: &mut [F]) {
        Engine::default().forward_in_place(self, x);
    }

    /// dx = dy · f'(x), element by element, on the default [`Engine`]. `from` holds the inputs or the outputs
    /// of the forward pass, as [`SLOPE_FROM`](Self::SLOPE_FROM) says.
    ///
    /// # Errors
    /// If the slices differ in length.
    fn backward<F: Float>(self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().backward(self, from, dy, dx)
    }
}
