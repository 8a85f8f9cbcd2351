//! One function between two quantisations, as the command line gives it.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use excite::Function;
use excite_fixed::Profile;
use excite_tasks::{CodeType, Error, FunctionQuantisation};

use crate::error::Failure;

/// One function instead of a model.
#[derive(Args)]
#[command(next_help_heading = "One function, without a model")]
pub struct Single {
    /// Function to write or to compare, with parameters as leaky_relu(0.1)
    #[arg(long, value_name = "FUNCTION", requires = "input_scale")]
    function: Option<Function>,
    /// Compare the outputs of two or more libraries, code by code: exact, tflite, tflm, onnx, pytorch, cmsis-nn
    #[arg(long, value_name = "LIBRARIES", value_delimiter = ',', requires = "function", conflicts_with = "emit")]
    pub diff: Vec<Profile>,
    /// Library whose outputs the kernel gives; exact gives the nearest code
    #[arg(long, value_name = "LIBRARY", default_value = "exact", requires = "function")]
    pub profile: Profile,
    /// Type of the codes [default: int8, or int16 for --bits 16]
    #[arg(long = "type", value_name = "TYPE", requires = "function", value_parser = code_types())]
    code: Option<CodeType>,
    /// Scale of the input: the step from one code to the next
    #[arg(long, value_name = "SCALE", allow_hyphen_values = true)]
    input_scale: Option<f32>,
    /// Zero point of the input: the code of 0
    #[arg(long, value_name = "CODE", default_value = "0", requires = "function", allow_hyphen_values = true)]
    input_zero_point: i32,
    /// Scale of the output [default: the one that the libraries demand, or the finest that holds all outputs]
    #[arg(long, value_name = "SCALE", requires = "function", allow_hyphen_values = true)]
    output_scale: Option<f32>,
    /// Zero point of the output [default: 0 with --output-scale; otherwise chosen with the scale]
    #[arg(long, value_name = "CODE", requires = "output_scale", allow_hyphen_values = true)]
    output_zero_point: Option<i32>,
}

impl Single {
    /// The function and its quantisations; `bits` is the size of a code where no type is given.
    pub fn function(&self, bits: &[u32]) -> Result<FunctionQuantisation, Failure> {
        let (Some(function), Some(scale)) = (self.function, self.input_scale) else {
            return Err(Failure::Usage(
                "--function needs --input-scale, the step from one input code to the next".to_owned(),
            ));
        };
        let code = match (self.code, bits) {
            (Some(code), _) => code,
            (None, [8]) => CodeType::Int8,
            (None, [16]) => CodeType::Int16,
            (None, _) => return Err(Error::KernelBits.into()),
        };
        let output = self.output_scale.map(|scale| (scale, self.output_zero_point.unwrap_or(0)));
        Ok(FunctionQuantisation { function, code, input: (scale, self.input_zero_point), output })
    }
}

fn code_types() -> impl TypedValueParser<Value = CodeType> {
    PossibleValuesParser::new(CodeType::ALL.map(CodeType::name)).try_map(|name| name.parse::<CodeType>())
}
