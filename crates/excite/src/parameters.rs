//! The numbers that shape a function, such as the slope of a leaky ReLU on its low side.

/// What is known of one parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The name: `"negative_slope"`.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// The value where none is given: the one that PyTorch takes.
    pub default: f64,
    /// The lowest value that makes sense.
    pub lowest: f64,
    /// The highest value that makes sense.
    pub highest: f64,
}

/// The parameters of a function, in order. Made by the macro `activation!`, with the function's type.
///
/// ```
/// use excite::{LeakyRelu, Parameters};
/// assert_eq!(LeakyRelu::PARAMETERS[0].name, "negative_slope");
/// assert_eq!(LeakyRelu::DEFAULT.parameter(0), 0.01);
/// assert_eq!(LeakyRelu::DEFAULT.with_parameter(0, 0.2), LeakyRelu { negative_slope: 0.2 });
/// ```
pub trait Parameters: Copy {
    /// What is known of each.
    const PARAMETERS: &'static [Parameter];

    /// The function with the default of each.
    const DEFAULT: Self;

    /// The value of one.
    ///
    /// # Panics
    /// If the function has no parameter of that `index`.
    fn parameter(&self, index: usize) -> f64;

    /// The same function with another value of one.
    ///
    /// # Panics
    /// If the function has no parameter of that `index`.
    fn with_parameter(self, index: usize, value: f64) -> Self;
}

/// Declares the type of a function, with its parameters: `name = default, from lowest to highest;`.
macro_rules! activation {
    ($(#[$about:meta])* pub struct $function:ident;) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $function;

        impl crate::Parameters for $function {
            const PARAMETERS: &'static [crate::Parameter] = &[];
            const DEFAULT: Self = Self;

            fn parameter(&self, index: usize) -> f64 {
                panic!("{} has no parameter {index}", stringify!($function))
            }

            fn with_parameter(self, index: usize, _: f64) -> Self {
                panic!("{} has no parameter {index}", stringify!($function))
            }
        }
    };
    (
        $(#[$about:meta])*
        pub struct $function:ident {
            $($(#[doc = $meaning:expr])+ $name:ident = $default:expr, from $lowest:literal to $highest:literal;)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $function {
            $($(#[doc = $meaning])+ pub $name: f64,)+
        }

        impl crate::Parameters for $function {
            const PARAMETERS: &'static [crate::Parameter] = &[$(crate::Parameter {
                name: stringify!($name),
                meaning: concat!($($meaning),+).trim_ascii(),
                default: $default,
                lowest: $lowest,
                highest: $highest,
            }),+];
            const DEFAULT: Self = Self { $($name: $default),+ };

            fn parameter(&self, index: usize) -> f64 {
                [$(self.$name),+][index]
            }

            fn with_parameter(mut self, index: usize, value: f64) -> Self {
                *[$(&mut self.$name),+][index] = value;
                self
            }
        }

        impl Default for $function {
            fn default() -> Self {
                <Self as crate::Parameters>::DEFAULT
            }
        }
    };
}
pub(crate) use activation;
