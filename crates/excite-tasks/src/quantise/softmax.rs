//! Softmax between two quantisations.

use excite_fixed::{Affine, Code, Profile, ProfileError, SoftmaxKernel, Source};

use super::CodeType;
use super::codes::{CodeComparison, CodeDifference};
use crate::Error;

/// Softmax of rows of codes.
///
/// ```
/// use excite_fixed::Profile;
/// use excite_tasks::{CodeType, SoftmaxQuantisation};
/// let softmax = SoftmaxQuantisation { code: CodeType::Int8, input: (0.1, 0), output: None };
/// assert!(softmax.source(Profile::Tflm)?.c().contains("softmax_int8"));
/// let comparison = softmax.compare(&[Profile::Exact, Profile::Tflite])?;
/// assert!(comparison.largest_difference <= 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxQuantisation {
    /// The type of the codes.
    pub code: CodeType,
    /// The scale and the zero point of the inputs.
    pub input: (f32, i32),
    /// The scale and the zero point of the outputs. None for the ones that the libraries demand, or steps of 2^−bits.
    pub output: Option<(f32, i32)>,
}

/// The lengths of the rows that are compared, each with this many rows.
const LENGTHS: [usize; 4] = [1, 2, 10, 100];
const ROWS: usize = 16;

impl SoftmaxQuantisation {
    /// The kernel as source text, with the results of a library.
    ///
    /// # Errors
    /// If a scale or a zero point makes no sense for the codes, the library has no such kernel, or it is not written in integers.
    pub fn source(&self, profile: Profile) -> Result<Source, Error> {
        match self.code {
            CodeType::Int8 => source::<i8>(self, profile),
            CodeType::Uint8 => source::<u8>(self, profile),
            CodeType::Int16 => source::<i16>(self, profile),
            CodeType::Uint16 => source::<u16>(self, profile),
        }
    }

    /// Where libraries differ in what they make of rows of 1, 2, 10 and 100 codes, output by output.
    ///
    /// # Errors
    /// If there are fewer than two libraries or one twice, a scale or a zero point makes no sense for the codes, or a library has no such
    /// kernel.
    pub fn compare(&self, profiles: &[Profile]) -> Result<CodeComparison, Error> {
        let twice = profiles.iter().enumerate().any(|(at, profile)| profiles[..at].contains(profile));
        if profiles.len() < 2 || twice {
            return Err(Error::Profiles);
        }
        match self.code {
            CodeType::Int8 => compare::<i8>(self, profiles),
            CodeType::Uint8 => compare::<u8>(self, profiles),
            CodeType::Int16 => compare::<i16>(self, profiles),
            CodeType::Uint16 => compare::<u16>(self, profiles),
        }
    }

    fn quantisations<C: Code>(&self, profiles: &[Profile]) -> Result<(Affine<C>, Affine<C>), Error> {
        let affine = |side: &'static str, (scale, zero_point): (f32, i32)| {
            Affine::<C>::new(scale, zero_point).map_err(|error| Error::Affine { side, error })
        };
        let input = affine("input", self.input)?;
        if let Some(output) = self.output {
            return Ok((input, affine("output", output)?));
        }
        let all = if C::NAME == "int16" { (1.0 / 32768.0, 0) } else { ((-(C::BITS as f32)).exp2(), C::MIN_CODE) };
        let output = affine("output", all)?;
        let demanded = profiles.iter().find_map(|profile| match profile.softmax(1.0, input, output) {
            Err(ProfileError::Output { scale, zero_point, .. }) => Affine::new(scale, zero_point).ok(),
            _ => None,
        });
        Ok((input, demanded.unwrap_or(output)))
    }
}

fn source<C: Code>(of: &SoftmaxQuantisation, profile: Profile) -> Result<Source, Error> {
    let (input, output) = of.quantisations::<C>(&[profile])?;
    let kernel = profile.softmax(1.0, input, output)?;
    Ok(Source::of_rows(&format!("softmax_{}", C::NAME), "", profile, (input, output), &kernel)?)
}

fn compare<C: Code>(of: &SoftmaxQuantisation, profiles: &[Profile]) -> Result<CodeComparison, Error> {
    let (input, output) = of.quantisations::<C>(profiles)?;
    let kernels = profiles.iter().map(|profile| profile.softmax(1.0, input, output)).collect::<Result<Vec<_>, _>>()?;
    let (mut codes, mut rows, mut state) = (0, Vec::new(), 1_u32);
    for length in LENGTHS {
        for row in 0..ROWS {
            let x: Vec<C> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Rows of all codes, and of near ones.
                    C::saturated(C::MIN_CODE + (state >> (32 - C::BITS) >> (row as u32 % C::BITS)) as i32)
                })
                .collect();
            codes += length;
            rows.extend(differences(&x, &kernels, input, output));
        }
    }
    Ok(CodeComparison {
        function: "softmax".to_owned(),
        r#type: C::NAME.to_owned(),
        input: input.into(),
        output: output.into(),
        profiles: profiles.iter().map(|profile| profile.name().to_owned()).collect(),
        codes,
        differing: rows.len(),
        largest_difference: rows.iter().map(CodeDifference::difference).max().unwrap_or(0),
        rows,
        explanation: String::new(),
    })
}

/// The outputs of a row that differ.
fn differences<C: Code>(
    x: &[C],
    kernels: &[SoftmaxKernel<C>],
    input: Affine<C>,
    output: Affine<C>,
) -> Vec<CodeDifference> {
    let outputs: Vec<Vec<C>> = kernels
        .iter()
        .map(|kernel| {
            let mut y = vec![C::default(); x.len()];
            // They are of one length.
            let _ = kernel.apply(x, &mut y);
            y
        })
        .collect();
    let largest = x.iter().map(|&x| input.value(x)).fold(f64::MIN, f64::max);
    let total: f64 = x.iter().map(|&x| (input.value(x) - largest).exp()).sum();
    let of_one = |(place, &code): (usize, &C)| CodeDifference {
        code: code.to_i32(),
        x: input.value(code),
        exact: (input.value(code) - largest).exp() / total / f64::from(output.scale())
            + f64::from(output.zero_point().to_i32()),
        outputs: outputs.iter().map(|y| y[place].to_i32()).collect(),
    };
    x.iter().enumerate().map(of_one).filter(|row| row.difference() > 0).collect()
}
