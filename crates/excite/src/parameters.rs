//! The numbers that shape a function, such as the slope of a leaky ReLU on its low side.

/// The description of one parameter of a function.
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

/// Declares the type of a function, with its parameters: `name = default, from lowest to highest;` (`name as method` where a method of that
/// name would hide another), and after them, where they depend on
/// each other, `valid(|f| condition, "what is wrong otherwise")`.
macro_rules! activation {
    ($(#[$about:meta])* pub struct $function:ident;) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $function;

        impl $function {
            pub(crate) const DEFAULT: Self = Self;
        }
    };
    (
        $(#[$about:meta])*
        pub struct $function:ident {
            $($(#[doc = $meaning:expr])+ $name:ident $(as $getter:ident)? = $default:expr, from $lowest:literal to $highest:literal;)+
        }
        $(valid(|$f:ident| $valid:expr, $otherwise:literal))?
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $function {
            $(pub(crate) $name: f64,)+
        }

        impl $function {
            pub(crate) const DEFAULT: Self = Self { $($name: $default),+ };

            const DECLARED: &'static [crate::Parameter] = &[$(crate::Parameter {
                name: stringify!($name),
                meaning: concat!($($meaning),+).trim_ascii(),
                default: $default,
                lowest: $lowest,
                highest: $highest,
            }),+];

            /// The function with these parameters.
            ///
            /// # Errors
            /// If one is out of the range in which it makes sense.
            pub fn new($($name: f64),+) -> Result<Self, crate::ParameterError> {
                let found = Self { $($name),+ };
                crate::error::check_parameters(stringify!($function), Self::DECLARED, &[$($name),+], found.contradiction())?;
                Ok(found)
            }

            $(crate::parameters::getter! { $(#[doc = $meaning])+ $name $($getter)? })+

            #[expect(clippy::allow_attributes, reason = "only some have parameters that depend on each other")]
            #[allow(clippy::unused_self)]
            fn contradiction(&self) -> Option<&'static str> {
                $({
                    let $f = self;
                    if !($valid) {
                        return Some($otherwise);
                    }
                })?
                None
            }

            #[inline(always)]
            fn value_of_parameter(&self, index: usize) -> f64 {
                [$(self.$name),+][index]
            }

            #[inline(always)]
            fn set_value_of_parameter(&mut self, index: usize, value: f64) {
                *[$(&mut self.$name),+][index] = value;
            }
        }

        impl Default for $function {
            fn default() -> Self {
                Self::DEFAULT
            }
        }
    };
}
pub(crate) use activation;

/// The method that tells a parameter: by its name, or by another where the name means something else already.
macro_rules! getter {
    ($(#[$meaning:meta])+ $name:ident) => {
        crate::parameters::getter! { $(#[$meaning])+ $name $name }
    };
    ($(#[$meaning:meta])+ $name:ident $getter:ident) => {
        $(#[$meaning])+
        pub const fn $getter(&self) -> f64 {
            self.$name
        }
    };
}
pub(crate) use getter;

/// The items of a definition that hand its declared parameters on.
macro_rules! parameters {
    () => {
        const PARAMETERS: &'static [crate::Parameter] = Self::DECLARED;

        #[inline(always)]
        fn parameter(&self, index: usize) -> f64 {
            self.value_of_parameter(index)
        }

        #[inline(always)]
        fn set_parameter(&mut self, index: usize, value: f64) {
            self.set_value_of_parameter(index, value);
        }

        fn conflict(&self) -> Option<&'static str> {
            self.contradiction()
        }
    };
}
pub(crate) use parameters;
