//! The catalogue of all functions, and any one of them chosen at run time.

use half::{bf16, f16};

use crate::reference::Real;
use crate::{Activation, Engine, Float, Info, LengthMismatch, Parameter, Parameters, SlopeFrom, Work};

/// Makes [`Function`] from the list of the functions: the one place besides its own file that names a function.
macro_rules! catalogue {
    ($($file:ident::$function:ident),* $(,)?) => {
        /// The types of the functions.
        pub mod types {
            $(pub use crate::functions::$file::$function;)*
        }

        /// Any function of the catalogue, chosen at run time.
        ///
        /// ```
        /// use excite::Function;
        /// let f: Function = "relu6".parse()?;
        /// assert_eq!(f.value(7.5_f32), 6.0);
        /// assert_eq!("torch.nn.ReLU6".parse::<Function>()?, f);
        ///
        /// let error = "sigmoyd".parse::<Function>().unwrap_err();
        /// assert_eq!(error.to_string(), "unknown activation function `sigmoyd`: did you mean `sigmoid`?");
        /// # Ok::<(), excite::UnknownFunction>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Function {
            $(#[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ")")]
            $function(crate::$function),)*
        }

        impl Function {
            /// The whole catalogue, with default parameters.
            pub const ALL: &[Self] = &[$(Self::$function(<crate::$function as Parameters>::DEFAULT)),*];

            /// What is known of the function.
            pub fn info(&self) -> &'static Info {
                match self { $(Self::$function(_) => &<crate::$function as Activation>::INFO,)* }
            }

            /// What is known of its parameters.
            pub fn parameters(&self) -> &'static [Parameter] {
                match self { $(Self::$function(_) => <crate::$function as Parameters>::PARAMETERS,)* }
            }

            /// The same function with another value of a parameter. See [`Parameters::with_parameter`].
            ///
            /// # Panics
            /// If the function has no parameter of that `index`.
            #[must_use]
            pub fn with_parameter(self, index: usize, value: f64) -> Self {
                match self { $(Self::$function(f) => Self::$function(f.with_parameter(index, value)),)* }
            }

            /// Which number its slope is computed from.
            pub fn slope_from(&self) -> SlopeFrom {
                match self { $(Self::$function(_) => <crate::$function as Activation>::SLOPE_FROM,)* }
            }

            /// What its values are worked out in. [`Work::Selects`]: each is its input or a constant, so every engine gives the same.
            pub fn work(&self) -> Work {
                match self { $(Self::$function(_) => <crate::$function as Activation>::WORK,)* }
            }
        }

        $(impl From<crate::$function> for Function {
            fn from(f: crate::$function) -> Self {
                Self::$function(f)
            }
        })*

        /// Calls `$body` with `$f` bound to the concrete function inside a [`Function`].
        macro_rules! with_function {
            ($any:expr, $f:ident => $body:expr) => {
                match $any { $($crate::Function::$function($f) => $body,)* }
            };
        }
    };
}

catalogue!(
    identity::Identity,
    sigmoid::Sigmoid,
    tanh::Tanh,
    relu::Relu,
    relu6::Relu6,
    relu_n::ReluN,
    leaky_relu::LeakyRelu,
    prelu::Prelu,
    rrelu::Rrelu,
    elu::Elu,
    selu::Selu,
    celu::Celu,
    gelu::Gelu,
    gelu_tanh::GeluTanh,
    silu::Silu,
    swish::Swish,
    mish::Mish,
    softplus::Softplus,
    softsign::Softsign,
    log_sigmoid::LogSigmoid,
    hard_sigmoid::HardSigmoid,
    hard_tanh::HardTanh,
    hard_swish::HardSwish,
    tanh_shrink::TanhShrink,
    soft_shrink::SoftShrink,
    hard_shrink::HardShrink,
    threshold::Threshold,
    thresholded_relu::ThresholdedRelu,
    squared_relu::SquaredRelu,
    squareplus::Squareplus,
    sparse_plus::SparsePlus,
    sparse_sigmoid::SparseSigmoid,
    exponential::Exponential,
    sine::Sine,
    snake::Snake,
);

impl Function {
    /// The name in this library: `"relu6"`.
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// The value of a parameter. See [`Parameters::parameter`].
    ///
    /// # Panics
    /// If the function has no parameter of that `index`.
    pub fn parameter(&self, index: usize) -> f64 {
        with_function!(self, f => f.parameter(index))
    }

    /// f(x). See [`Activation::value`].
    pub fn value<F: Float>(&self, x: F) -> F {
        F::value_of(*self, x)
    }

    /// f'(x), from the input x whatever the function computes it from.
    pub fn slope_at<F: Float>(&self, x: F) -> F {
        self.slope(match self.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => self.value(x),
        })
    }

    /// f'(x), from x or from f(x) as [`slope_from`](Self::slope_from) says.
    pub fn slope<F: Float>(&self, from: F) -> F {
        F::slope_of(*self, from)
    }

    /// f(x) by the plain formula. See [`Activation::reference`].
    pub fn reference<R: Real>(&self, x: R) -> R {
        with_function!(*self, f => f.reference(x))
    }

    /// f'(x) by the plain formula, from x or from f(x) as [`slope_from`](Self::slope_from) says.
    pub fn reference_slope<R: Real>(&self, from: R) -> R {
        with_function!(*self, f => f.reference_slope(from))
    }

    /// ∂f(x) / ∂parameter. See [`Activation::slope_by_parameter`].
    pub fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        with_function!(*self, f => f.slope_by_parameter(index, x))
    }

    /// y = f(x). See [`Activation::forward`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        self.forward_on(Engine::default(), x, y)
    }

    /// x = f(x). See [`Activation::forward_in_place`].
    pub fn forward_in_place<F: Float>(&self, x: &mut [F]) {
        self.forward_in_place_on(Engine::default(), x);
    }

    /// dx = dy · f'(x). See [`Activation::backward`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward<F: Float>(&self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), LengthMismatch> {
        self.backward_on(Engine::default(), from, dy, dx)
    }

    /// [`forward`](Self::forward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_on<F: Float>(&self, engine: Engine, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        F::forward_of(*self, engine, x, y)
    }

    /// [`forward_in_place`](Self::forward_in_place) on an engine of the caller's choice.
    pub fn forward_in_place_on<F: Float>(&self, engine: Engine, x: &mut [F]) {
        F::forward_in_place_of(*self, engine, x);
    }

    /// [`backward`](Self::backward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_on<F: Float>(
        &self,
        engine: Engine,
        from: &[F],
        dy: &[F],
        dx: &mut [F],
    ) -> Result<(), LengthMismatch> {
        F::backward_of(*self, engine, from, dy, dx)
    }
}

/// What a [`Function`] does with a type of elements. It is compiled in this crate, once for each type: code that is generic over the
/// type would be compiled anew, for all functions and instruction sets, in every crate that calls it. Private, so that it seals
/// [`Float`].
pub trait Compiled: Sized {
    /// f(x)
    fn value_of(f: Function, x: Self) -> Self;
    /// f'(x), from x or from f(x).
    fn slope_of(f: Function, from: Self) -> Self;
    /// y = f(x)
    fn forward_of(f: Function, engine: Engine, x: &[Self], y: &mut [Self]) -> Result<(), LengthMismatch>;
    /// x = f(x)
    fn forward_in_place_of(f: Function, engine: Engine, x: &mut [Self]);
    /// dx = dy · f'(x)
    fn backward_of(
        f: Function,
        engine: Engine,
        from: &[Self],
        dy: &[Self],
        dx: &mut [Self],
    ) -> Result<(), LengthMismatch>;
}

macro_rules! compiled {
    ($($float:ident)*) => {$(
        impl Compiled for $float {
            fn value_of(f: Function, x: Self) -> Self {
                with_function!(f, f => f.value(x))
            }

            fn slope_of(f: Function, from: Self) -> Self {
                with_function!(f, f => f.slope(from))
            }

            fn forward_of(f: Function, engine: Engine, x: &[Self], y: &mut [Self]) -> Result<(), LengthMismatch> {
                with_function!(f, f => engine.forward(f, x, y))
            }

            fn forward_in_place_of(f: Function, engine: Engine, x: &mut [Self]) {
                with_function!(f, f => engine.forward_in_place(f, x));
            }

            fn backward_of(
                f: Function,
                engine: Engine,
                from: &[Self],
                dy: &[Self],
                dx: &mut [Self],
            ) -> Result<(), LengthMismatch> {
                with_function!(f, f => engine.backward(f, from, dy, dx))
            }
        }
    )*};
}

compiled! { f32 f64 f16 bf16 }
