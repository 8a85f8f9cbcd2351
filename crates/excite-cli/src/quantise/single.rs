//! One function between two quantisations, as the command line gives it.

use clap::{Args, ValueEnum};
use excite::Function;
use excite_fixed::{Affine, AffineError, Code, Profile, ProfileError, codes};

use crate::error::Failure;

/// One function instead of a model.
#[derive(Args)]
#[command(next_help_heading = "One function, without a model")]
pub struct Single {
    /// The function that is to be written or compared, with parameters as leaky_relu(0.1)
    #[arg(long, value_name = "FUNCTION", requires = "input_scale")]
    function: Option<Function>,
    /// Compare, code by code, what libraries make of it: two or more of exact, tflite, tflm, onnx, pytorch, cmsis-nn
    #[arg(long, value_name = "LIBRARIES", value_delimiter = ',', requires = "function", conflicts_with = "emit")]
    pub diff: Vec<Profile>,
    /// Whose results a written kernel gives: exact are the nearest codes
    #[arg(long, value_name = "LIBRARY", default_value = "exact", requires = "function")]
    profile: Profile,
    /// The type of the codes [default: int8, or int16 for --bits 16]
    #[arg(long = "type", value_name = "TYPE", requires = "function")]
    code: Option<CodeType>,
    /// The step from one input code to the next
    #[arg(long, value_name = "SCALE", allow_hyphen_values = true)]
    input_scale: Option<f32>,
    /// The input code of 0
    #[arg(long, value_name = "CODE", default_value = "0", requires = "function", allow_hyphen_values = true)]
    input_zero_point: i32,
    /// The step from one output code to the next [default: what the libraries demand, or the finest that holds all outputs]
    #[arg(long, value_name = "SCALE", requires = "function", allow_hyphen_values = true)]
    output_scale: Option<f32>,
    /// The output code of 0 [default: 0 with --output-scale, else as that]
    #[arg(long, value_name = "CODE", requires = "output_scale", allow_hyphen_values = true)]
    output_zero_point: Option<i32>,
}

/// The type of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodeType {
    Int8,
    Uint8,
    Int16,
    Uint16,
}

/// A function, and what the command line says of its quantisations.
pub struct Asked {
    pub function: Function,
    pub profile: Profile,
    pub code: CodeType,
    input: (f32, i32),
    output: Option<(f32, i32)>,
}

/// Calls a generic function with the type of codes.
macro_rules! with_codes {
    ($code:expr, $call:ident ( $($argument:expr),* )) => {
        match $code {
            $crate::quantise::single::CodeType::Int8 => $call::<i8>($($argument),*),
            $crate::quantise::single::CodeType::Uint8 => $call::<u8>($($argument),*),
            $crate::quantise::single::CodeType::Int16 => $call::<i16>($($argument),*),
            $crate::quantise::single::CodeType::Uint16 => $call::<u16>($($argument),*),
        }
    };
}
pub(super) use with_codes;

impl Single {
    /// What is asked for, in codes of so many bits unless a type is given.
    pub fn resolve(&self, bits: &[u32]) -> Result<Asked, Failure> {
        let (Some(function), Some(scale)) = (self.function, self.input_scale) else {
            return Err(Failure::Usage(
                "--function needs --input-scale, the step from one input code to the next".to_owned(),
            ));
        };
        let code = match (self.code, bits) {
            (Some(code), _) => code,
            (None, [8]) => CodeType::Int8,
            (None, [16]) => CodeType::Int16,
            (None, _) => {
                return Err(Failure::Usage(
                    "kernels have codes of 8 or of 16 bits: give --bits 8 or --bits 16".to_owned(),
                ));
            }
        };
        let output = self.output_scale.map(|scale| (scale, self.output_zero_point.unwrap_or(0)));
        let input = (scale, self.input_zero_point);
        Ok(Asked { function, profile: self.profile, code, input, output })
    }
}

impl Asked {
    /// The quantisations: the output is the one that is given, or else what the first of `profiles` that is particular about it demands,
    /// or else the finest that holds all outputs.
    pub fn quantisations<C: Code>(&self, profiles: &[Profile]) -> Result<(Affine<C>, Affine<C>), Failure> {
        let affine = |option: &str, (scale, zero_point): (f32, i32)| {
            Affine::<C>::new(scale, zero_point).map_err(|error| {
                let option = if matches!(error, AffineError::Scale(_)) {
                    format!("--{option}-scale")
                } else {
                    format!("--{option}-zero-point")
                };
                Failure::Usage(format!("{option}: {error}"))
            })
        };
        let input = affine("input", self.input)?;
        if let Some(output) = self.output {
            return Ok((input, affine("output", output)?));
        }
        let finest = finest(self.function, input)?;
        let demanded = profiles.iter().find_map(|profile| match profile.kernel(self.function, input, finest) {
            Err(ProfileError::Output { scale, zero_point, .. }) => Affine::new(scale, zero_point).ok(),
            _ => None,
        });
        Ok((input, demanded.unwrap_or(finest)))
    }
}

/// The finest quantisation that holds what a function gives for all codes; symmetric for signed codes of 16 bits, as libraries want it.
fn finest<C: Code>(f: Function, input: Affine<C>) -> Result<Affine<C>, Failure> {
    let outputs = codes::<C>().map(|code| f.value(input.value(code)) as f32).filter(|y| y.is_finite());
    let (least, largest) = outputs.fold((0.0_f32, 0.0_f32), |(least, largest), y| (least.min(y), largest.max(y)));
    let affine = if C::NAME == "int16" {
        Affine::new(largest.max(-least) / 32767.0, 0)
    } else {
        Affine::spanning(least, largest)
    };
    affine.map_err(|_| {
        Failure::Usage(format!(
            "{f} gives nothing but 0 for these inputs, or nothing finite: give another --input-scale, or an --output-scale"
        ))
    })
}
