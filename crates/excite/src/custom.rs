//! Functions that are not of the catalogue, among those chosen at run time.

use alloc::boxed::Box;
#[cfg(feature = "std")]
use alloc::vec::Vec;
use core::any::TypeId;
use core::fmt;
use core::mem::MaybeUninit;
#[cfg(feature = "std")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "half")]
use half::{bf16, f16};

use crate::curve::Curve;
use crate::define::{Definition, Precision};
use crate::dispatch::Input;
use crate::{Elementwise, Engine, FastUlp, Float, Function, Info, Parameter, ParameterError, SlopeFrom};

/// A function that is not of the catalogue, inside a [`Function`]: made by [`Function::register`] or [`Function::from_curve`].
#[derive(Clone, Copy)]
pub struct Custom(&'static dyn Erased);

/// A function could not be registered: its name is empty, or another goes by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterError {
    name: &'static str,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            "" => write!(
                out,
                "a function needs a name to be registered: give its `INFO` one, `Info::named(\"my_function\")`"
            ),
            name => write!(out, "another function goes by the name `{name}` already: choose a name of its own"),
        }
    }
}

impl core::error::Error for RegisterError {}

impl Function {
    /// Registers a custom function, to be chosen at run time: from then on its name is read wherever a function's name
    /// is, and it serves wherever a `Function` does. Registering it again is no error, and gives the same.
    ///
    /// The page of [`define`](crate::define) has an example. Registered functions stay in memory until the program
    /// ends. Without the feature `std` their names are not read, as there is no place to remember them.
    ///
    /// # Errors
    /// If it has no name, or one by which another function goes.
    pub fn register<D: Definition>(f: D) -> Result<Self, RegisterError> {
        let name = D::INFO.name;
        let is_free = match name.parse::<Self>() {
            Ok(Self::Custom(Custom(found))) => found.type_of() == TypeId::of::<D>(),
            Ok(_) => false,
            Err(_) => !name.is_empty(),
        };
        if is_free { Ok(Self::Custom(Custom::of(f))) } else { Err(RegisterError { name }) }
    }
}

impl Custom {
    /// The one in memory that is this function with these parameters, or a new one.
    fn of<D: Definition>(f: D) -> Self {
        let is_same = |other: &dyn Erased| {
            let mut indices = 0..D::PARAMETERS.len();
            other.type_of() == TypeId::of::<D>()
                && indices.all(|index| other.parameter(index).to_bits() == Definition::parameter(&f, index).to_bits())
        };
        Self::kept(is_same, || Box::new(f))
    }

    /// The one that is in memory already, or a new one.
    pub(crate) fn kept(is_same: impl Fn(&'static dyn Erased) -> bool, new: impl FnOnce() -> Box<dyn Erased>) -> Self {
        #[cfg(feature = "std")]
        {
            let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known.iter().copied().find(|Self(other)| is_same(*other)) {
                return found;
            }
            let custom = Self(Box::leak(new()));
            known.push(custom);
            custom
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = is_same;
            Self(Box::leak(new()))
        }
    }

    /// One that is in memory already.
    pub(crate) fn known(f: &'static dyn Erased) -> Self {
        Self(f)
    }

    pub(crate) fn as_curve(self) -> Option<&'static Curve> {
        self.0.as_curve()
    }

    /// What was registered, each with the parameters that it was first registered with.
    #[cfg(feature = "std")]
    pub(crate) fn registered() -> Vec<Function> {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let first =
            known.iter().enumerate().filter(|(_, Self(f))| f.as_curve().is_none()).filter(|&(index, Self(f))| {
                known[..index].iter().all(|Self(earlier)| earlier.type_of() != f.type_of())
            });
        first.map(|(_, &custom)| Function::Custom(custom)).collect()
    }

    #[cfg(not(feature = "std"))]
    pub(crate) fn registered() -> [Function; 0] {
        []
    }

    pub(crate) fn precision(self) -> Precision {
        self.0.precision()
    }

    pub(crate) fn fast_ulp(self) -> FastUlp {
        self.0.fast_ulp()
    }
}

/// Every custom function that is in memory.
#[cfg(feature = "std")]
static KNOWN: Mutex<Vec<Custom>> = Mutex::new(Vec::new());

impl fmt::Debug for Custom {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", Function::Custom(*self))
    }
}

/// A definition behind a pointer, for every type of elements. Compiled where the function is registered.
pub trait Erased: Send + Sync + ErasedTypes {
    fn type_of(&self) -> TypeId;
    /// The curve that it is, if it is no formula.
    fn as_curve(&self) -> Option<&Curve> {
        None
    }
    fn info(&'static self) -> &'static Info;
    fn parameters(&self) -> &'static [Parameter];
    fn parameter(&self, index: usize) -> f64;
    fn with_parameters(&'static self, values: &[f64]) -> Result<Custom, ParameterError>;
    fn slope_from(&self) -> SlopeFrom;
    fn slope_by_parameter(&self, index: usize, x: f64) -> f64;
    fn precision(&self) -> Precision;
    fn fast_ulp(&self) -> FastUlp {
        FastUlp::NONE
    }
}

#[cfg(feature = "half")]
pub trait ErasedTypes: ErasedIn<f32> + ErasedIn<f64> + ErasedIn<f16> + ErasedIn<bf16> {}
#[cfg(feature = "half")]
impl<D: Definition> ErasedTypes for D {}
#[cfg(not(feature = "half"))]
pub trait ErasedTypes: ErasedIn<f32> + ErasedIn<f64> {}
#[cfg(not(feature = "half"))]
impl<D: Definition> ErasedTypes for D {}

impl<D: Definition> Erased for D {
    fn type_of(&self) -> TypeId {
        TypeId::of::<D>()
    }

    fn info(&'static self) -> &'static Info {
        &D::INFO
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::PARAMETERS
    }

    fn parameter(&self, index: usize) -> f64 {
        Definition::parameter(self, index)
    }

    fn with_parameters(&'static self, values: &[f64]) -> Result<Custom, ParameterError> {
        Elementwise::with_parameters(*self, values).map(Custom::of)
    }

    fn slope_from(&self) -> SlopeFrom {
        D::SLOPE_FROM
    }

    fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        Elementwise::slope_by_parameter(self, index, x)
    }

    fn precision(&self) -> Precision {
        D::PRECISION
    }

    fn fast_ulp(&self) -> FastUlp {
        D::FAST
    }
}

/// What of it depends on the type of elements.
pub trait ErasedIn<F> {
    fn value(&self, x: F) -> F;
    fn slope(&self, from: F) -> F;
    fn forward(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]);
    fn backward(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]);
    fn backward_parameter(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64;
    fn forward_each(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]);
    fn backward_each(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]);
    fn parameter_products(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]);
}

impl<D: Definition, F: Float> ErasedIn<F> for D {
    fn value(&self, x: F) -> F {
        Elementwise::value(self, x)
    }

    fn slope(&self, from: F) -> F {
        Elementwise::slope(self, from)
    }

    fn forward(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        self.run_forward(engine, x, y);
    }

    fn backward(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]) {
        self.run_backward(engine, from, dy, dx);
    }

    fn backward_parameter(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64 {
        self.run_backward_parameter(engine, index, x, dy)
    }

    fn forward_each(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        self.run_forward_each(engine, index, inputs, y);
    }

    fn backward_each(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]) {
        self.run_backward_each(engine, index, inputs, dx);
    }

    fn parameter_products(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]) {
        self.run_parameter_products(engine, index, inputs, products);
    }
}

impl Elementwise for Custom {
    fn info(&self) -> &'static Info {
        self.0.info()
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.0.parameters()
    }

    fn parameter(&self, index: usize) -> Option<f64> {
        (index < self.parameters().len()).then(|| self.0.parameter(index))
    }

    fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError> {
        self.0.with_parameters(values)
    }

    fn slope_from(&self) -> SlopeFrom {
        self.0.slope_from()
    }

    fn value<F: Float>(&self, x: F) -> F {
        F::part_of(self.0).value(x)
    }

    fn slope<F: Float>(&self, from: F) -> F {
        F::part_of(self.0).slope(from)
    }

    fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        self.0.slope_by_parameter(index, x)
    }

    fn run_forward<F: Float>(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        F::part_of(self.0).forward(engine, x, y);
    }

    fn run_backward<F: Float>(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]) {
        F::part_of(self.0).backward(engine, from, dy, dx);
    }

    fn run_backward_parameter<F: Float>(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64 {
        F::part_of(self.0).backward_parameter(engine, index, x, dy)
    }

    fn run_forward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        F::part_of(self.0).forward_each(engine, index, inputs, y);
    }

    fn run_backward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]) {
        F::part_of(self.0).backward_each(engine, index, inputs, dx);
    }

    fn run_parameter_products<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]) {
        F::part_of(self.0).parameter_products(engine, index, inputs, products);
    }
}
