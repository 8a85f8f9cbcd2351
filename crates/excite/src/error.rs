//! What can be wrong with a call.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Slices that had to be of one length were not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthMismatch {
    /// What the slice of the other length is for: `"y"`, `"dy"` or `"dx"`.
    pub slice: &'static str,
    /// Its length.
    pub found: usize,
    /// The length of the first slice.
    pub expected: usize,
}

impl fmt::Display for LengthMismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slice, found, expected } = self;
        write!(
            out,
            "slice `{slice}` has {found} elements where the input has {expected}: all slices of one call must be of one length"
        )
    }
}

impl core::error::Error for LengthMismatch {}

/// A text that no activation function of the catalogue goes by, or a parameter that it cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownFunction {
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
}

impl fmt::Display for UnknownFunction {
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
        }
    }
}

impl core::error::Error for UnknownFunction {}
