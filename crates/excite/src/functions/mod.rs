//! The catalogue of all functions, one file each, and any one of them chosen at run time.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::mem::{MaybeUninit, discriminant};

#[cfg(feature = "half")]
use half::{bf16, f16};

use crate::custom::{self, Custom};
use crate::define::{self, Definition, Precision, Real, Reference};
use crate::dispatch::Input;
use crate::{Elementwise, Engine, Error, Facts, FastUlp, Float, Info, Parameter, ParameterError, SlopeFrom};

/// Makes [`Function`] from the list of the functions: the one place besides its own file that names a function.
macro_rules! catalogue {
    ($($file:ident::$function:ident),* $(,)?) => {
        $(mod $file;)*

        /// The types of the functions.
        pub mod types {
            $(pub use super::$file::$function;)*
        }

        /// Any function of the catalogue, or one that was [registered](Self::register), chosen at run time.
        ///
        /// Two are equal if they are one function with the same parameters, bit by bit.
        ///
        /// ```
        /// use excite::Function;
        /// let f: Function = "relu6".parse()?;
        /// assert_eq!(f.value(7.5_f32), 6.0);
        /// assert_eq!("torch.nn.ReLU6".parse::<Function>()?, f);
        ///
        /// let error = "sigmoyd".parse::<Function>().unwrap_err();
        /// assert_eq!(error.to_string(), "unknown activation function `sigmoyd`: did you mean `sigmoid`?");
        /// # Ok::<(), excite::ParseFunctionError>(())
        /// ```
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum Function {
            $(#[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ")")]
            $function(crate::$function),)*
            /// One that is not of the catalogue. See [`register`](Self::register) and [`from_curve`](Self::from_curve).
            Custom(Custom),
        }

        impl Function {
            /// The whole catalogue, with default parameters.
            pub const ALL: &[Self] = &[$(Self::$function(crate::$function::DEFAULT)),*];

            /// The precision in which its values are evaluated. [`Precision::Selects`]: each is its input or a constant, so every
            /// engine gives the same.
            pub fn precision(&self) -> Precision {
                match self {
                    $(Self::$function(_) => <crate::$function as Definition>::PRECISION,)*
                    Self::Custom(f) => f.precision(),
                }
            }

            /// The largest errors of [`Accuracy::Fast`](crate::Accuracy::Fast), where it has kernels of its own.
            ///
            /// ```
            /// use excite::{FastUlp, Function, Relu, Sigmoid};
            /// assert!(Function::from(Sigmoid).fast_ulp().value.is_some_and(|bound| bound <= 4.0));
            /// assert_eq!(Function::from(Relu).fast_ulp(), FastUlp::NONE);
            /// ```
            pub fn fast_ulp(&self) -> FastUlp {
                match self {
                    $(Self::$function(_) => <crate::$function as Definition>::FAST,)*
                    Self::Custom(f) => f.fast_ulp(),
                }
            }

            /// f(x) by the plain formula; None for a registered function, which has none. See [`Reference`].
            pub fn reference<R: Real>(&self, x: R) -> Option<R> {
                match *self {
                    $(Self::$function(f) => Some(f.reference(x)),)*
                    Self::Custom(_) => None,
                }
            }

            /// f'(x) by the plain formula, from x or from f(x) as [`slope_from`](Self::slope_from) says; None for a registered function.
            pub fn reference_slope<R: Real>(&self, from: R) -> Option<R> {
                match *self {
                    $(Self::$function(f) => Some(f.reference_slope(from)),)*
                    Self::Custom(_) => None,
                }
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
                match $any {
                    $(Function::$function($f) => $body,)*
                    Function::Custom($f) => $body,
                }
            };
        }

        /// The same function with other values of its parameters.
        fn with_parameters(f: Function, values: &[f64]) -> Result<Function, ParameterError> {
            Ok(match f {
                $(Function::$function(f) => Function::$function(f.with_parameters(values)?),)*
                Function::Custom(f) => Function::Custom(f.with_parameters(values)?),
            })
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

/// What [`Elementwise`] has, so that a function chosen by name is used without the trait.
impl Function {
    /// The name in this library: `"relu6"`.
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// The function's name, formula, origin and other facts.
    pub fn info(&self) -> &'static Info {
        with_function!(self, f => f.info())
    }

    /// The description of each of its parameters.
    pub fn parameters(&self) -> &'static [Parameter] {
        with_function!(self, f => f.parameters())
    }

    /// The value of the parameter of that index; None if it has none of that index.
    pub fn parameter(&self, index: usize) -> Option<f64> {
        with_function!(self, f => Elementwise::parameter(f, index))
    }

    /// The same function with another value of a parameter.
    ///
    /// # Errors
    /// If there is no parameter of that index, or the value makes no sense for it.
    pub fn with_parameter(self, index: usize, value: f64) -> Result<Self, ParameterError> {
        Elementwise::with_parameter(self, index, value)
    }

    /// Which number its slope is computed from.
    pub fn slope_from(&self) -> SlopeFrom {
        with_function!(self, f => f.slope_from())
    }

    /// The gain for Xavier and Kaiming initialisation: [`Info::gain`], or 1 / √E\[f(x)²\] for standard normal x where that has none.
    pub fn gain(&self) -> f64 {
        self.info().gain.unwrap_or_else(|| Facts::mean_square(*self).sqrt().recip())
    }

    /// f(x), rounded.
    pub fn value<F: Float>(&self, x: F) -> F {
        F::value_of(*self, x)
    }

    /// f'(x), rounded, from x or from f(x) as [`slope_from`](Self::slope_from) says.
    pub fn slope<F: Float>(&self, from: F) -> F {
        F::slope_of(*self, from)
    }

    /// f'(x), from the input x whatever the function computes it from.
    pub fn slope_at<F: Float>(&self, x: F) -> F {
        Elementwise::slope_at(self, x)
    }

    /// The derivative of f of the given order at x, in f64: f(x) itself for order 0, f'(x) for 1, f''(x) for 2, up to 4. At a kink it is
    /// the one of the branch that f' takes there. It comes from the plain formula, and is not held to a bound in units of the last place.
    ///
    /// ```
    /// use excite::{Function, Tanh};
    /// let f = Function::from(Tanh);
    /// let y = 0.5_f64.tanh();
    /// // tanh'' = −2·tanh·(1 − tanh²)
    /// assert!((f.derivative(2, 0.5).unwrap() + 2.0 * y * (1.0 - y * y)).abs() < 1e-15);
    /// assert_eq!(f.derivative(5, 0.5), None);
    /// ```
    ///
    /// None for a higher order, and from order 2 on for a registered function, which has no plain formula.
    pub fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        define::derivative(*self, order, x)
    }

    /// ∂f(x) / ∂parameter, for the parameter of that index; 0 if there is none.
    pub fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        with_function!(self, f => Elementwise::slope_by_parameter(f, index, x))
    }

    /// f of each element, in a new vector.
    pub fn apply<F: Float>(&self, x: &[F]) -> Vec<F> {
        Elementwise::apply(self, x)
    }

    /// y = f(x).
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Elementwise::forward(self, x, y)
    }

    /// x = f(x).
    pub fn forward_in_place<F: Float>(&self, x: &mut [F]) {
        Elementwise::forward_in_place(self, x);
    }

    /// dx = dy · f'(x). `from` holds the inputs or the outputs of the forward pass, as [`slope_from`](Self::slope_from) says.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward<F: Float>(&self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Elementwise::backward(self, from, dy, dx)
    }

    fn parameter_bits(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.parameters().len()).map(|index| self.parameter(index).unwrap_or_default().to_bits())
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        discriminant(self) == discriminant(other)
            && self.name() == other.name()
            && self.curve().map(<[_]>::as_ptr) == other.curve().map(<[_]>::as_ptr)
            && self.parameter_bits().eq(other.parameter_bits())
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
        for bits in self.parameter_bits() {
            bits.hash(state);
        }
    }
}

impl Elementwise for Function {
    fn info(&self) -> &'static Info {
        Self::info(self)
    }

    fn parameters(&self) -> &'static [Parameter] {
        Self::parameters(self)
    }

    fn parameter(&self, index: usize) -> Option<f64> {
        Self::parameter(self, index)
    }

    fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError> {
        with_parameters(self, values)
    }

    fn slope_from(&self) -> SlopeFrom {
        Self::slope_from(self)
    }

    fn value<F: Float>(&self, x: F) -> F {
        F::value_of(*self, x)
    }

    fn slope<F: Float>(&self, from: F) -> F {
        F::slope_of(*self, from)
    }

    fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        Self::slope_by_parameter(self, index, x)
    }

    fn run_forward<F: Float>(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        F::forward_of(*self, engine, x, y);
    }

    fn run_backward<F: Float>(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]) {
        F::backward_of(*self, engine, from, dy, dx);
    }

    fn run_backward_parameter<F: Float>(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64 {
        F::backward_parameter_of(*self, engine, index, x, dy)
    }

    fn run_forward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        F::forward_each_of(*self, engine, index, inputs, y);
    }

    fn run_backward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]) {
        F::backward_each_of(*self, engine, index, inputs, dx);
    }

    fn run_parameter_products<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]) {
        F::parameter_products_of(*self, engine, index, inputs, products);
    }
}

/// What a [`Function`] does with a type of elements. It is compiled in this crate, once for each type: code that is
/// generic over the type would be compiled again, for all functions and instruction sets, in every crate that calls it.
/// Private, so that it seals [`Float`].
pub trait Compiled: Sized + 'static {
    /// f(x)
    fn value_of(f: Function, x: Self) -> Self;
    /// f'(x), from x or from f(x).
    fn slope_of(f: Function, from: Self) -> Self;
    /// y = f(x)
    fn forward_of(f: Function, engine: Engine, x: Input<'_, Self>, y: &mut [MaybeUninit<Self>]);
    /// dx = dy · f'(x)
    fn backward_of(f: Function, engine: Engine, from: &[Self], dy: Input<'_, Self>, dx: &mut [MaybeUninit<Self>]);
    /// The sum of dy · ∂f/∂parameter.
    fn backward_parameter_of(f: Function, engine: Engine, index: usize, x: &[Self], dy: &[Self]) -> f64;
    /// y = f(x), with a value of the parameter for each element.
    fn forward_each_of(f: Function, engine: Engine, index: usize, inputs: [&[Self]; 2], y: &mut [MaybeUninit<Self>]);
    /// dx = dy · f'(x), with a value of the parameter for each element.
    fn backward_each_of(f: Function, engine: Engine, index: usize, inputs: [&[Self]; 3], dx: &mut [MaybeUninit<Self>]);
    /// dy · ∂f/∂parameter of each element, with a value of the parameter for each.
    fn parameter_products_of(f: Function, engine: Engine, index: usize, inputs: [&[Self]; 3], products: &mut [f64]);
    /// The part of a registered function for this type.
    fn part_of(f: &'static dyn custom::Erased) -> &'static dyn custom::ErasedIn<Self>;
}

/// What of [`Compiled`] is over slices: by kernels for vectors, or number by number, which is slow and takes next to nothing to
/// compile; there a parameter that makes no sense gives NaN.
macro_rules! slices {
    (by_kernels) => {
        fn forward_of(f: Function, engine: Engine, x: Input<'_, Self>, y: &mut [MaybeUninit<Self>]) {
            with_function!(f, f => f.run_forward(engine, x, y));
        }

        fn backward_of(f: Function, engine: Engine, from: &[Self], dy: Input<'_, Self>, dx: &mut [MaybeUninit<Self>]) {
            with_function!(f, f => f.run_backward(engine, from, dy, dx));
        }

        fn forward_each_of(
            f: Function,
            engine: Engine,
            index: usize,
            inputs: [&[Self]; 2],
            y: &mut [MaybeUninit<Self>],
        ) {
            with_function!(f, f => f.run_forward_each(engine, index, inputs, y));
        }

        fn backward_each_of(
            f: Function,
            engine: Engine,
            index: usize,
            inputs: [&[Self]; 3],
            dx: &mut [MaybeUninit<Self>],
        ) {
            with_function!(f, f => f.run_backward_each(engine, index, inputs, dx));
        }
    };
    (one_by_one) => {
        fn forward_of(f: Function, _: Engine, x: Input<'_, Self>, y: &mut [MaybeUninit<Self>]) {
            for (index, y) in y.iter_mut().enumerate() {
                y.write(f.value(x.at(index, y)));
            }
        }

        fn backward_of(f: Function, _: Engine, from: &[Self], dy: Input<'_, Self>, dx: &mut [MaybeUninit<Self>]) {
            for (index, (from, dx)) in from.iter().zip(dx).enumerate() {
                dx.write(dy.at(index, dx) * f.slope(*from));
            }
        }

        fn forward_each_of(
            f: Function,
            _: Engine,
            index: usize,
            [x, values]: [&[Self]; 2],
            y: &mut [MaybeUninit<Self>],
        ) {
            for ((x, value), y) in x.iter().zip(values).zip(y) {
                y.write(f.with_parameter(index, *value).map_or(Self::NAN, |f| f.value(*x)));
            }
        }

        fn backward_each_of(
            f: Function,
            _: Engine,
            index: usize,
            [from, dy, values]: [&[Self]; 3],
            dx: &mut [MaybeUninit<Self>],
        ) {
            for (((from, dy), value), dx) in from.iter().zip(dy).zip(values).zip(dx) {
                dx.write(f.with_parameter(index, *value).map_or(Self::NAN, |f| dy * f.slope(*from)));
            }
        }
    };
}

macro_rules! compiled {
    ($kernels:ident: $($float:ident)*) => {$(
        impl Compiled for $float {
            fn value_of(f: Function, x: Self) -> Self {
                with_function!(f, f => f.value(x))
            }

            fn slope_of(f: Function, from: Self) -> Self {
                with_function!(f, f => f.slope(from))
            }

            slices!($kernels);

            fn backward_parameter_of(f: Function, engine: Engine, index: usize, x: &[Self], dy: &[Self]) -> f64 {
                with_function!(f, f => f.run_backward_parameter(engine, index, x, dy))
            }

            fn parameter_products_of(
                f: Function,
                engine: Engine,
                index: usize,
                inputs: [&[Self]; 3],
                products: &mut [f64],
            ) {
                with_function!(f, f => f.run_parameter_products(engine, index, inputs, products));
            }

            fn part_of(f: &'static dyn custom::Erased) -> &'static dyn custom::ErasedIn<Self> {
                f
            }
        }
    )*};
}

compiled! { by_kernels: f32 }
#[cfg(feature = "f64")]
compiled! { by_kernels: f64 }
#[cfg(not(feature = "f64"))]
compiled! { one_by_one: f64 }
#[cfg(feature = "half")]
compiled! { by_kernels: f16 bf16 }
