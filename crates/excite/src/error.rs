//! What can be wrong with a call.
//!
//! The errors are written by hand: a macro crate for three of them would add a fifth to the time that the crate takes to build.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Parameter;

/// The slices of a call did not fit each other, or the function has no such parameter.
///
/// ```
/// use excite::{Elementwise, Relu};
/// let error = Relu.forward(&[1.0_f32, 2.0], &mut [0.0; 3]).unwrap_err();
/// assert_eq!(error.to_string(), "slice `y` has 3 elements where 2 are needed: make it as long as the input");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A slice is not as long as the others of the call require.
    Length {
        /// What the slice is for: `"y"`, `"dy"` or `"dx"`.
        slice: &'static str,
        /// Its length.
        found: usize,
        /// The length that it has to have.
        expected: usize,
    },
    /// A slice does not hold whole rows, or whole samples of channels.
    Parts {
        /// What the slice is for.
        slice: &'static str,
        /// Its length.
        found: usize,
        /// The number of elements of a part, of which it has to hold a whole number.
        part: usize,
    },
    /// The function has no parameter of that index.
    Parameter {
        /// The function's name.
        function: &'static str,
        /// The index that was asked for.
        index: usize,
        /// The number of parameters that it has.
        count: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Length { slice, found, expected } => {
                let how = if matches!(slice, "parameters" | "d_parameters") {
                    "give one for each channel"
                } else {
                    "make it as long as the input"
                };
                write!(out, "slice `{slice}` has {found} elements where {expected} are needed: {how}")
            }
            Self::Parts { slice, part: 0, .. } => {
                write!(out, "rows of 0 elements: slice `{slice}` cannot be cut into them; give the length of a row")
            }
            Self::Parts { slice, found, part } => write!(
                out,
                "slice `{slice}` has {found} elements, which is not a multiple of {part}: cut or fill it to whole rows"
            ),
            Self::Parameter { function, index, count: 0 } => {
                write!(out, "{function} has no parameters, and so none of index {index}")
            }
            Self::Parameter { function, index, count } => {
                write!(out, "{function} has no parameter of index {index}: its {count} are counted from 0")
            }
        }
    }
}

impl core::error::Error for Error {}

pub(crate) fn same_length(slice: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { slice, found, expected }) }
}

pub(crate) fn whole_parts(slice: &'static str, found: usize, part: usize) -> Result<(), Error> {
    if part > 0 && found.is_multiple_of(part) || part == 0 && found == 0 {
        Ok(())
    } else {
        Err(Error::Parts { slice, found, part })
    }
}

/// A function cannot have such a parameter.
///
/// ```
/// use excite::LeakyRelu;
/// let error = LeakyRelu::new(f64::NAN).unwrap_err();
/// assert_eq!(error.to_string(), "LeakyRelu cannot have negative_slope = NaN: it must be a number from -1000 to 1000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParameterError {
    /// The value makes no sense.
    Value {
        /// The function's name.
        function: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// The value.
        value: f64,
        /// The lowest value that makes sense.
        lowest: f64,
        /// The highest value that makes sense.
        highest: f64,
    },
    /// The parameters contradict each other.
    Conflict {
        /// The function's name.
        function: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// There is no parameter of that index.
    Index {
        /// The function's name.
        function: &'static str,
        /// The index, or the number of values where there should be `count`.
        index: usize,
        /// The number of parameters that it has.
        count: usize,
    },
}

impl fmt::Display for ParameterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Value { function, parameter, value, lowest, highest } => write!(
                out,
                "{function} cannot have {parameter} = {value}: it must be a number from {} to {}",
                Readable(lowest),
                Readable(highest)
            ),
            Self::Conflict { function, why } => write!(out, "{function} cannot have these parameters: {why}"),
            Self::Index { function, index, count } => Error::Parameter { function, index, count }.fmt(out),
        }
    }
}

impl core::error::Error for ParameterError {}

/// A number as people write it, with all its digits: `1e30` and not thirty zeros.
pub(crate) struct Readable(pub f64);

impl fmt::Display for Readable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0 == 0.0 || (1e-4..1e6).contains(&self.0.abs());
        if plain { write!(out, "{}", self.0) } else { write!(out, "{:e}", self.0) }
    }
}

/// Whether a function may have these parameters.
pub(crate) fn check_parameters(
    function: &'static str,
    declared: &[Parameter],
    values: &[f64],
    conflict: Option<&'static str>,
) -> Result<(), ParameterError> {
    for (&Parameter { name: parameter, lowest, highest, .. }, &value) in declared.iter().zip(values) {
        if !(lowest..=highest).contains(&value) {
            return Err(ParameterError::Value { function, parameter, value, lowest, highest });
        }
    }
    if values.len() != declared.len() {
        return Err(ParameterError::Index { function, index: values.len(), count: declared.len() });
    }
    conflict.map_or(Ok(()), |why| Err(ParameterError::Conflict { function, why }))
}

/// A text that no activation function of the catalogue goes by, or a parameter that it cannot take.
///
/// ```
/// use excite::{Function, ParseFunctionError};
/// let error = "leaky_relu(slope=0.1)".parse::<Function>().unwrap_err();
/// assert!(matches!(error, ParseFunctionError::Parameter { function: "leaky_relu", .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseFunctionError {
    /// There is no such function.
    Name {
        /// The name that was asked for.
        name: String,
        /// The known name nearest to it, if one is near.
        nearest: Option<&'static str>,
        /// All names that are known.
        known: Vec<&'static str>,
    },
    /// It is the name of something else.
    Kind {
        /// The name.
        name: String,
        /// What it names.
        kind: &'static str,
        /// What was asked for.
        expected: &'static str,
    },
    /// The brackets of the text are not right.
    Syntax {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The function has no such parameter, or the parameter cannot be that.
    Parameter {
        /// The name of the function.
        function: &'static str,
        /// What was given for the parameter.
        argument: String,
        /// What is wrong with it, and what may be given.
        why: String,
    },
    /// The text is that of a curve, and its points make none.
    Curve {
        /// What is wrong with them.
        why: String,
    },
}

impl fmt::Display for ParseFunctionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name, nearest: Some(nearest), .. } => {
                write!(out, "unknown activation function `{name}`: did you mean `{nearest}`?")
            }
            Self::Name { name, nearest: None, known } => {
                write!(out, "unknown activation function `{name}`: choose one of {}", known.join(", "))
            }
            Self::Kind { name, kind, expected } => write!(out, "`{name}` is {kind}, not {expected}"),
            Self::Syntax { text, why } => write!(out, "`{text}`: {why}"),
            Self::Parameter { function, argument, why } => {
                write!(out, "{function} cannot take the parameter `{argument}`: {why}")
            }
            Self::Curve { why } => out.write_str(why),
        }
    }
}

impl core::error::Error for ParseFunctionError {}
