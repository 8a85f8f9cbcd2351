//! What users call: functions that take each element for itself.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use crate::define::Definition;
use crate::dispatch::Input;
use crate::error::check_parameters;
use crate::kernels::{Backward, BackwardEach, Forward, ForwardEach, Kernel};
use crate::{Channels, Engine, Error, Float, Info, Parameter, ParameterError, PerChannel, SlopeFrom};

/// A function that takes each element for itself, forward and backward: every function of the catalogue, every
/// [`Function`](crate::Function) chosen at run time, and every [`Definition`](crate::define::Definition) of your own.
///
/// The methods compute on the default [`Engine`]; `engine.forward(&f, x, y)` is the same on one of your choice.
///
/// ```
/// use excite::{Elementwise, Function, Sigmoid};
///
/// let x = [-1.0_f32, 0.0, 2.0];
/// let mut y = [0.0; 3];
/// Sigmoid.forward(&x, &mut y)?;
/// let by_name: Function = "sigmoid".parse()?;
/// assert_eq!(by_name.apply(&x), y);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Elementwise: Copy + Send + Sync + 'static {
    /// The function's name, formula, origin and other facts.
    fn info(&self) -> &'static Info;

    /// The description of each of its parameters.
    fn parameters(&self) -> &'static [Parameter];

    /// The value of the parameter of that index; None if it has none of that index.
    fn parameter(&self, index: usize) -> Option<f64>;

    /// The same function with another value of a parameter.
    ///
    /// ```
    /// use excite::{Elementwise, LeakyRelu};
    /// let f = LeakyRelu::default().with_parameter(0, 0.2)?;
    /// assert_eq!(f, LeakyRelu::new(0.2)?);
    /// assert!(f.with_parameter(1, 0.2).is_err());
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If there is no parameter of that index, or the value makes no sense for it.
    fn with_parameter(self, index: usize, value: f64) -> Result<Self, ParameterError> {
        let count = self.parameters().len();
        let mut values: Vec<f64> = (0..count).filter_map(|index| self.parameter(index)).collect();
        let Some(place) = values.get_mut(index) else {
            return Err(ParameterError::Index { function: self.info().name, index, count });
        };
        *place = value;
        self.with_parameters(&values)
    }

    /// The same function with these values of all its parameters.
    ///
    /// ```
    /// use excite::{Elementwise, HardTanh};
    /// assert_eq!(HardTanh::default().with_parameters(&[0.0, 2.0])?, HardTanh::new(0.0, 2.0)?);
    /// assert!(HardTanh::default().with_parameters(&[2.0, 0.0]).is_err());
    /// # Ok::<(), excite::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many values as parameters, or they make no sense.
    fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError>;

    /// Which number the slope is computed from, and so which slice [`backward`](Self::backward) takes.
    fn slope_from(&self) -> SlopeFrom;

    /// f(x), rounded.
    fn value<F: Float>(&self, x: F) -> F;

    /// f'(x), rounded, from x or from f(x) as [`slope_from`](Self::slope_from) says.
    fn slope<F: Float>(&self, from: F) -> F;

    /// ∂f(x) / ∂parameter, for the parameter of that index; 0 if there is none.
    fn slope_by_parameter(&self, index: usize, x: f64) -> f64;

    /// f'(x), from the input x whatever the function computes it from.
    ///
    /// ```
    /// use excite::{Elementwise, Sigmoid};
    /// assert_eq!(Sigmoid.slope_at(0.0_f32), 0.25);
    /// ```
    #[inline]
    fn slope_at<F: Float>(&self, x: F) -> F {
        self.slope(match self.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => self.value(x),
        })
    }

    /// f of each element, in a new vector.
    fn apply<F: Float>(&self, x: &[F]) -> Vec<F> {
        let found = Engine::default().map(self, x);
        found.unwrap_or_default()
    }

    /// y = f(x).
    ///
    /// # Errors
    /// If the slices differ in length.
    fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), Error> {
        Engine::default().forward(self, x, y)
    }

    /// x = f(x).
    fn forward_in_place<F: Float>(&self, x: &mut [F]) {
        Engine::default().forward_in_place(self, x);
    }

    /// dx = dy · f'(x). `from` holds the inputs or the outputs of the forward pass, as [`slope_from`](Self::slope_from) says.
    ///
    /// # Errors
    /// If the slices differ in length.
    fn backward<F: Float>(&self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), Error> {
        Engine::default().backward(self, from, dy, dx)
    }

    /// The gradient of a parameter: the sum of dy · ∂f/∂parameter over all elements. `x` holds the inputs of the forward pass.
    ///
    /// ```
    /// use excite::{Elementwise, LeakyRelu};
    /// // Where x is negative, f is a·x, and its derivative by a is x.
    /// assert_eq!(LeakyRelu::new(0.1)?.backward_parameter(0, &[-2.0_f32, 3.0, -1.0], &[1.0, 1.0, 0.5])?, -2.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length, or there is no parameter of that index.
    fn backward_parameter<F: Float>(&self, index: usize, x: &[F], dy: &[F]) -> Result<f64, Error> {
        Engine::default().backward_parameter(self, index, x, dy)
    }

    /// The function with a value of one parameter for each channel, as PReLU has.
    ///
    /// ```
    /// use excite::{Channels, Elementwise, Prelu};
    /// let rows = Channels { channels: 2, inner: 1 };
    /// let slopes = [0.5_f32, 0.25];
    /// let f = Prelu::default().per_channel(0, rows, &slopes)?;
    /// let mut y = [0.0; 4];
    /// f.forward(&[-1.0, -1.0, 2.0, -4.0], &mut y)?;
    /// assert_eq!(y, [-0.5, -0.25, 2.0, -1.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many values as channels, or the function has no parameter of that index.
    fn per_channel<F: Float>(
        self,
        index: usize,
        layout: Channels,
        values: &[F],
    ) -> Result<PerChannel<'_, Self, F>, Error> {
        PerChannel::new(self, index, layout, values)
    }

    /// y = f(x), over slices of one length or in place.
    #[doc(hidden)]
    fn run_forward<F: Float>(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]);

    /// dx = dy · f'(x), over slices of one length, or in the place of dy.
    #[doc(hidden)]
    fn run_backward<F: Float>(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]);

    /// The sum of dy · ∂f/∂parameter, over slices of one length.
    #[doc(hidden)]
    fn run_backward_parameter<F: Float>(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64;

    /// y = f(x) where the parameter of that index has a value for each element.
    #[doc(hidden)]
    fn run_forward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]);

    /// dx = dy · f'(x) where the parameter of that index has a value for each element: the inputs are x or f(x), dy and the values.
    #[doc(hidden)]
    fn run_backward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]);

    /// dy · ∂f/∂parameter of each element, where the parameter has a value for each: the inputs are x, dy and the values.
    #[doc(hidden)]
    fn run_parameter_products<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]);
}

impl<D: Definition> Elementwise for D {
    fn info(&self) -> &'static Info {
        &D::INFO
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::PARAMETERS
    }

    fn parameter(&self, index: usize) -> Option<f64> {
        (index < D::PARAMETERS.len()).then(|| Definition::parameter(self, index))
    }

    fn with_parameters(mut self, values: &[f64]) -> Result<Self, ParameterError> {
        for (index, &value) in values.iter().take(D::PARAMETERS.len()).enumerate() {
            self.set_parameter(index, value);
        }
        check_parameters(D::INFO.name, D::PARAMETERS, values, self.conflict())?;
        Ok(self)
    }

    fn slope_from(&self) -> SlopeFrom {
        D::SLOPE_FROM
    }

    #[inline(always)]
    fn value<F: Float>(&self, x: F) -> F {
        F::from_lane(Kernel::<F, 1>::result(Forward(*self), [x.to_lane()]))
    }

    #[inline(always)]
    fn slope<F: Float>(&self, from: F) -> F {
        use crate::define::Number;
        F::from_lane(Kernel::<F, 2>::result(Backward(*self), [from.to_lane(), F::Lane::lit(1.0)]))
    }

    fn slope_by_parameter(&self, index: usize, x: f64) -> f64 {
        if index < D::PARAMETERS.len() { Definition::slope_by_parameter(*self, index, x) } else { 0.0 }
    }

    fn run_forward<F: Float>(&self, engine: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        engine.forward_kernel(*self, x, y);
    }

    fn run_backward<F: Float>(&self, engine: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]) {
        engine.backward_kernel(*self, from, dy, dx);
    }

    fn run_backward_parameter<F: Float>(&self, engine: Engine, index: usize, x: &[F], dy: &[F]) -> f64 {
        engine.sum_of_parameter_slopes(*self, index, x, dy)
    }

    fn run_forward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        engine.run(ForwardEach(*self, index), inputs, y);
    }

    fn run_backward_each<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], dx: &mut [MaybeUninit<F>]) {
        engine.run(BackwardEach(*self, index), inputs, dx);
    }

    fn run_parameter_products<F: Float>(&self, engine: Engine, index: usize, inputs: [&[F]; 3], products: &mut [f64]) {
        engine.parameter_products(*self, index, inputs, products);
    }
}
