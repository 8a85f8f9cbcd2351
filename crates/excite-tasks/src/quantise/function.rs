//! One function between two quantisations.

use std::fmt;
use std::str::FromStr;

use excite::Function;
use excite_fixed::arithmetic::RoundingSteps;
use excite_fixed::{Affine, AffineError, Code, Profile, ProfileError, Source, SourceError, SumKernel, codes};

use super::codes::{CodeComparison, compare};
use super::dump::{CodeDump, compare as compare_codes};
use crate::Error;

/// The type of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum CodeType {
    #[default]
    Int8,
    Uint8,
    Int16,
    Uint16,
}

impl CodeType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Int8, Self::Uint8, Self::Int16, Self::Uint16];

    /// Its name: `"int8"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int8 => i8::NAME,
            Self::Uint8 => u8::NAME,
            Self::Int16 => i16::NAME,
            Self::Uint16 => u16::NAME,
        }
    }
}

impl fmt::Display for CodeType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for CodeType {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|code| code.name() == name).ok_or_else(|| format!("the type must be one of {known}"))
    }
}

/// Calls a generic function with the type of codes.
macro_rules! with_codes {
    ($code:expr, $call:ident ( $($argument:expr),* )) => {
        match $code {
            CodeType::Int8 => $call::<i8>($($argument),*),
            CodeType::Uint8 => $call::<u8>($($argument),*),
            CodeType::Int16 => $call::<i16>($($argument),*),
            CodeType::Uint16 => $call::<u16>($($argument),*),
        }
    };
}

/// A function from codes to codes, each with a scale and a zero point.
///
/// ```
/// use excite_fixed::Profile;
/// use excite_tasks::{CodeType, FunctionQuantisation};
/// let gelu = FunctionQuantisation {
///     function: "gelu".parse()?,
///     code: CodeType::Int8,
///     input: (0.05, 0),
///     output: None,
/// };
/// let source = gelu.source(Profile::Exact)?;
/// assert!(source.c().contains("gelu_int8"));
/// let hard_swish = FunctionQuantisation { function: "hard_swish".parse()?, output: Some((0.03, 0)), ..gelu };
/// let comparison = hard_swish.compare(&["tflite".parse()?, "onnx".parse()?])?;
/// assert_eq!(comparison.codes, 256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunctionQuantisation {
    /// The function.
    pub function: Function,
    /// The type of the codes.
    pub code: CodeType,
    /// The scale and the zero point of the inputs.
    pub input: (f32, i32),
    /// The scale and the zero point of the outputs. None for the ones that the libraries demand, or the finest that
    /// hold all outputs.
    pub output: Option<(f32, i32)>,
}

impl FunctionQuantisation {
    /// The kernel as source text, with the results of a library.
    ///
    /// # Errors
    /// If a scale or a zero point makes no sense for the codes, or the library has no such kernel.
    pub fn source(&self, profile: Profile) -> Result<Source, Error> {
        with_codes!(self.code, source(self, profile))
    }

    /// The kernel of int32 sums with these scales, one for each channel or one for all, as source text: requantised with one rounding or with
    /// two. The quantisation of the inputs is that of the 16-bit code in between, which curves need.
    ///
    /// # Errors
    /// If a scale or a zero point makes no sense.
    pub fn source_of_sums(&self, scales: &[f32], rounding: RoundingSteps) -> Result<Source, Error> {
        with_codes!(self.code, sums(self, scales, rounding))
    }

    /// Where libraries differ in what they make of the function, code by code.
    ///
    /// # Errors
    /// If there are fewer than two libraries or one twice, a scale or a zero point makes no sense for the codes, or a library has no such
    /// kernel.
    pub fn compare(&self, profiles: &[Profile]) -> Result<CodeComparison, Error> {
        let twice = profiles.iter().enumerate().any(|(at, profile)| profiles[..at].contains(profile));
        if profiles.len() < 2 || twice {
            return Err(Error::Profiles);
        }
        with_codes!(self.code, compare(self, profiles))
    }

    /// Where codes dumped from a device differ from those of a library, and what the first difference comes from.
    ///
    /// # Errors
    /// If the dump does not fit the type, a scale or a zero point makes no sense for the codes, or the library has no such kernel.
    pub fn compare_dump(&self, dump: &CodeDump, profile: Profile) -> Result<CodeComparison, Error> {
        with_codes!(self.code, compare_codes(self, dump, profile))
    }

    /// The quantisations: the output is the one that is given, or else what the first of `profiles` that is particular about it demands,
    /// or else the finest that holds all outputs.
    pub(super) fn quantisations<C: Code>(&self, profiles: &[Profile]) -> Result<(Affine<C>, Affine<C>), Error> {
        let affine = |side: &'static str, (scale, zero_point): (f32, i32)| {
            Affine::<C>::new(scale, zero_point).map_err(|error| Error::Affine { side, error })
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

fn sums<C: Code>(of: &FunctionQuantisation, scales: &[f32], rounding: RoundingSteps) -> Result<Source, Error> {
    let affine = |side, error| Error::Affine { side, error };
    let input = Affine::<i16>::new(of.input.0, of.input.1).map_err(|error| affine("input", error))?;
    let output = match of.output {
        Some((scale, zero_point)) => Affine::<C>::new(scale, zero_point).map_err(|error| affine("output", error))?,
        None => finest(of.function, input)?,
    };
    let kernel = SumKernel::new(of.function, scales, Some(input), output, rounding)?;
    Ok(Source::of_sums(&format!("{}_{}", of.function.name(), C::NAME), "", &kernel))
}

fn source<C: Code>(quantisation: &FunctionQuantisation, profile: Profile) -> Result<Source, Error> {
    let f = quantisation.function;
    let (input, output) = quantisation.quantisations::<C>(&[profile])?;
    let kernel = profile.kernel(f, input, output)?;
    let name = format!("{}_{}", f.name(), C::NAME);
    Source::new(&name, "", f, profile, (input, output), &kernel).map_err(|error: SourceError| error.into())
}

/// The finest quantisation that holds what a function gives for all codes; symmetric for signed codes of 16 bits, as libraries want it.
fn finest<I: Code, O: Code>(f: Function, input: Affine<I>) -> Result<Affine<O>, Error> {
    let outputs = codes::<I>().map(|code| f.value(input.value(code)) as f32).filter(|y| y.is_finite());
    let (least, largest) = outputs.fold((0.0_f32, 0.0_f32), |(least, largest), y| (least.min(y), largest.max(y)));
    let affine: Result<Affine<O>, AffineError> = if O::NAME == "int16" {
        Affine::new(largest.max(-least) / 32767.0, 0)
    } else {
        Affine::spanning(least, largest)
    };
    affine.map_err(|_| Error::NoOutputs { function: f })
}
