//! One function between two quantisations, as the command line gives it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use excite::Function;
use excite_fixed::arithmetic::RoundingSteps;
use excite_fixed::{Profile, Source, UnknownProfile};
use excite_tasks::{CodeType, Error, FunctionQuantisation, SoftmaxQuantisation};

use crate::error::Failure;

/// One function instead of a model.
#[derive(Args)]
#[command(next_help_heading = "One function, without a model")]
pub struct Single {
    /// Function to write or to compare, with parameters as leaky_relu(0.1), or softmax
    #[arg(long, value_name = "FUNCTION")]
    function: Option<Named>,
    /// Compare the outputs of libraries, code by code, or codes dumped from a device, an .npy file, with those of a library: exact, tflite,
    /// litert, tflm, tflm-source, onnx, pytorch, cmsis-nn, cmsis-nn-single
    #[arg(long, value_name = "LIBRARIES", value_delimiter = ',', requires = "function", conflicts_with = "emit")]
    pub diff: Vec<Compared>,
    /// Library whose outputs the kernel gives; exact gives the nearest code
    #[arg(long, value_name = "LIBRARY", default_value = "exact", requires = "function")]
    pub profile: Profile,
    /// Type of the codes [default: int8, or int16 for --bits 16]; of a model's kernels whether codes have a sign
    #[arg(long = "type", value_name = "TYPE", value_parser = code_types())]
    code: Option<CodeType>,
    /// Scale of the input: the step from one code to the next
    #[arg(long, value_name = "SCALE", allow_hyphen_values = true)]
    input_scale: Option<f32>,
    /// Zero point of the input: the code of 0
    #[arg(long, value_name = "CODE", default_value = "0", requires = "function", allow_hyphen_values = true)]
    input_zero_point: i32,
    /// Scales of int32 sums, one for each channel or one for all: the kernel takes these in place of codes, and the input scale is that of
    /// the 16-bit code in between, which curves have
    #[arg(long, value_name = "SCALES", value_delimiter = ',', requires = "function", conflicts_with_all = ["diff", "profile"])]
    sum_scale: Vec<f32>,
    /// Round sums once and not twice, as builds with CMSIS_NN_USE_SINGLE_ROUNDING do
    #[arg(long = "single-rounding", requires = "emit")]
    rounds_once: bool,
    /// Scale of the output [default: the one that the libraries demand, or the finest that holds all outputs]
    #[arg(long, value_name = "SCALE", requires = "function", allow_hyphen_values = true)]
    output_scale: Option<f32>,
    /// Zero point of the output [default: 0 with --output-scale; otherwise chosen with the scale]
    #[arg(long, value_name = "CODE", requires = "output_scale", allow_hyphen_values = true)]
    output_zero_point: Option<i32>,
}

/// A function of codes, or of rows of them.
#[derive(Clone, Copy)]
enum Named {
    Each(Function),
    Softmax,
}

impl FromStr for Named {
    type Err = <Function as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "softmax" { Ok(Self::Softmax) } else { text.parse().map(Self::Each) }
    }
}

/// The two sides of a comparison.
#[derive(Clone)]
pub enum Compared {
    Library(Profile),
    /// The codes that a device gave.
    Dump(PathBuf),
}

impl FromStr for Compared {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        let path = Path::new(text);
        if path.extension().is_some_and(|ending| ending == "npy") {
            return Ok(Self::Dump(path.to_owned()));
        }
        text.parse().map(Self::Library)
    }
}

impl Single {
    /// The kernel to write.
    pub fn source(&self, bits: &[u32]) -> Result<Source, Failure> {
        if self.is_softmax() {
            return Ok(self.softmax(bits)?.source(self.profile)?);
        }
        let function = self.function(bits)?;
        if self.sum_scale.is_empty() {
            return Ok(function.source(self.profile)?);
        }
        Ok(function.source_of_sums(&self.sum_scale, self.rounding())?)
    }

    /// How sums are rescaled: as the libraries of microcontrollers do, unless they are built otherwise.
    pub fn rounding(&self) -> RoundingSteps {
        if self.rounds_once { RoundingSteps::Single } else { RoundingSteps::Double }
    }

    /// Whether codes have a sign, if a type was asked for.
    pub fn signed(&self) -> Option<bool> {
        self.code.map(|code| matches!(code, CodeType::Int8 | CodeType::Int16))
    }

    /// The function and its quantisations; `bits` is the size of a code where no type is given.
    pub fn function(&self, bits: &[u32]) -> Result<FunctionQuantisation, Failure> {
        // Of sums the code in between reaches to ±8, unless told otherwise.
        let between = (!self.sum_scale.is_empty()).then_some(8.0 / 32768.0);
        let (Some(Named::Each(function)), Some(scale)) = (self.function, self.input_scale.or(between)) else {
            return Err(no_scale());
        };
        let (code, output) = (self.code(bits)?, self.output());
        Ok(FunctionQuantisation { function, code, input: (scale, self.input_zero_point), output })
    }

    /// Softmax and its quantisations, if that is the function.
    pub fn softmax(&self, bits: &[u32]) -> Result<SoftmaxQuantisation, Failure> {
        let scale = self.input_scale.ok_or_else(no_scale)?;
        if !self.sum_scale.is_empty() {
            return Err(Failure::Usage("softmax takes codes: leave --sum-scale out".to_owned()));
        }
        let (code, output) = (self.code(bits)?, self.output());
        Ok(SoftmaxQuantisation { code, input: (scale, self.input_zero_point), output })
    }

    pub fn is_softmax(&self) -> bool {
        matches!(self.function, Some(Named::Softmax))
    }

    fn code(&self, bits: &[u32]) -> Result<CodeType, Failure> {
        match (self.code, bits) {
            (Some(code), _) => Ok(code),
            (None, [8]) => Ok(CodeType::Int8),
            (None, [16]) => Ok(CodeType::Int16),
            (None, _) => Err(Error::KernelBits.into()),
        }
    }

    fn output(&self) -> Option<(f32, i32)> {
        self.output_scale.map(|scale| (scale, self.output_zero_point.unwrap_or(0)))
    }
}

fn no_scale() -> Failure {
    Failure::Usage("--function needs --input-scale, the step from one input code to the next".to_owned())
}

fn code_types() -> impl TypedValueParser<Value = CodeType> {
    PossibleValuesParser::new(CodeType::ALL.map(CodeType::name)).try_map(|name| name.parse::<CodeType>())
}
