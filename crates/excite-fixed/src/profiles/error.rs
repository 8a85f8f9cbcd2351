//! Why a library has no kernel.

use core::fmt;

use super::Profile;
use crate::AffineError;

/// Why there is no such kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProfileError {
    /// The quantisation or a parameter cannot be.
    Affine(AffineError),
    /// The library has no kernel of the function for the type.
    Unsupported {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The name of the type.
        code: &'static str,
    },
    /// The library has it with this quantisation of the output alone.
    Output {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The name of the type.
        code: &'static str,
        /// The scale that the output must have.
        scale: f32,
        /// The zero point that the output must have.
        zero_point: i32,
    },
    /// The library has it for inputs of this zero point alone.
    Input {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The zero point that the input must have.
        zero_point: i32,
    },
    /// The library does not have it for inputs of this scale.
    InputScale {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The scale of the input.
        scale: f32,
        /// The nearest that it has.
        nearest: f32,
    },
}

impl From<AffineError> for ProfileError {
    fn from(error: AffineError) -> Self {
        Self::Affine(error)
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Affine(error) => error.fmt(out),
            Self::Unsupported { profile, function, code } => {
                let has = match *code {
                    "int8" => profile.functions::<i8>(),
                    "uint8" => profile.functions::<u8>(),
                    "int16" => profile.functions::<i16>(),
                    _ => profile.functions::<u16>(),
                };
                let has = if has.is_empty() { "nothing".into() } else { has.join(", ") };
                write!(
                    out,
                    "there is no {function} of {code} for the profile {profile}, which has {has}: `exact` has all functions and types"
                )
            }
            Self::Output { profile, function, code, scale, zero_point } => write!(
                out,
                "the output of {function} of {code} in {profile} must have the scale {scale} and the zero point {zero_point}"
            ),
            Self::Input { profile, function, zero_point } => {
                write!(out, "the input of {function} in {profile} must have the zero point {zero_point}")
            }
            Self::InputScale { profile, function, scale, nearest } => write!(
                out,
                "{profile} has no {function} for inputs of the scale {scale}: the nearest that it has is {nearest}"
            ),
        }
    }
}

impl core::error::Error for ProfileError {}
