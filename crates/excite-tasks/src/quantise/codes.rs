//! Where libraries differ in what they make of a function, code by code.

use excite_fixed::{Affine, Code, Profile, codes};
use serde::{Deserialize, Serialize};

use super::FunctionQuantisation;
use crate::Error;

/// What was compared, and what differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeComparison {
    /// The function, with its parameters.
    pub function: String,
    /// The type of the codes.
    pub r#type: String,
    /// The quantisation of the inputs.
    pub input: Quantised,
    /// The quantisation of the outputs.
    pub output: Quantised,
    /// The libraries.
    pub profiles: Vec<String>,
    /// The number of codes.
    pub codes: usize,
    /// The number of codes for which the libraries differ.
    pub differing: usize,
    /// The largest difference between two outputs for one code.
    pub largest_difference: i32,
    /// The codes for which they differ.
    pub rows: Vec<CodeDifference>,
    /// What the first difference of a device's codes comes from; empty where libraries are compared, or none differs.
    #[serde(default)]
    pub explanation: String,
}

/// A scale and a zero point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quantised {
    /// The step from one code to the next.
    pub scale: f32,
    /// The code of 0.
    pub zero_point: i32,
}

/// A code for which libraries differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeDifference {
    /// The code.
    pub code: i32,
    /// The number that the code stands for.
    pub x: f64,
    /// The function's value in steps of the output, not rounded.
    pub exact: f64,
    /// The output code of each library.
    pub outputs: Vec<i32>,
}

impl CodeDifference {
    /// The largest difference between two libraries.
    pub fn difference(&self) -> i32 {
        let ends = (self.outputs.iter().min(), self.outputs.iter().max());
        if let (Some(least), Some(largest)) = ends { largest - least } else { 0 }
    }
}

impl<C: Code> From<Affine<C>> for Quantised {
    fn from(affine: Affine<C>) -> Self {
        Self { scale: affine.scale(), zero_point: affine.zero_point().to_i32() }
    }
}

pub(super) fn compare<C: Code>(
    quantisation: &FunctionQuantisation,
    profiles: &[Profile],
) -> Result<CodeComparison, Error> {
    let f = quantisation.function;
    let (input, output) = quantisation.quantisations::<C>(profiles)?;
    let kernels = profiles.iter().map(|profile| profile.kernel(f, input, output)).collect::<Result<Vec<_>, _>>()?;
    let zero_point = output.zero_point().to_i32();
    let row = |code: C| {
        let x = input.value(code);
        CodeDifference {
            code: code.to_i32(),
            x,
            exact: f.value(x) / f64::from(output.scale()) + f64::from(zero_point),
            outputs: kernels.iter().map(|kernel| kernel.code(code).to_i32()).collect(),
        }
    };
    let rows: Vec<_> = codes().map(row).filter(|row| row.difference() > 0).collect();
    Ok(CodeComparison {
        function: f.to_string(),
        r#type: C::NAME.to_owned(),
        input: input.into(),
        output: output.into(),
        profiles: profiles.iter().map(|profile| profile.name().to_owned()).collect(),
        codes: codes::<C>().count(),
        differing: rows.len(),
        largest_difference: rows.iter().map(CodeDifference::difference).max().unwrap_or(0),
        rows,
        explanation: String::new(),
    })
}
