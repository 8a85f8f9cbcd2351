//! What can be wrong with a call.

use std::fmt;

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

impl std::error::Error for LengthMismatch {}

/// A name that no activation function of the catalogue goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFunction {
    /// The name that was asked for.
    pub name: String,
    /// The known name nearest to it, if one is near.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownFunction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "unknown activation function `{}`", self.name)?;
        match self.nearest {
            Some(nearest) => write!(out, ": did you mean `{nearest}`?"),
            None => {
                let names: Vec<_> = crate::Function::ALL.iter().map(crate::Function::name).collect();
                write!(out, ": choose one of {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for UnknownFunction {}
