//! Codes that a device gave, beside those of a library.

use std::path::Path;

use excite_fixed::{Affine, Code, Profile, codes};
use excite_npy::{Kind, Npy};

use super::FunctionQuantisation;
use super::codes::{CodeComparison, CodeDifference};
use crate::Error;

/// Codes dumped from a device: what a function gave for all codes from the lowest up, or pairs of what went in and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDump {
    /// The file's name.
    pub name: String,
    /// What went in; None for all codes in order.
    pub inputs: Option<Vec<i64>>,
    /// What came out.
    pub outputs: Vec<i64>,
}

impl CodeDump {
    /// Reads an .npy file of whole numbers: a row of outputs, one for each code from the lowest up, or the shape \[2, n\], inputs and outputs.
    ///
    /// # Errors
    /// If it cannot be read, or holds anything else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |fault: &str| Error::Dump { path: path.to_owned(), fault: fault.to_owned() };
        let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
        let npy = Npy::parse(&bytes).map_err(|error| wrong(&error.to_string()))?;
        if npy.element.kind == Kind::Float {
            return Err(wrong("it holds floats: dump the codes, which are whole numbers"));
        }
        let numbers: Vec<i64> =
            npy.bytes.chunks_exact(npy.element.size).map(|bytes| npy.element.integer(bytes)).collect();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        match npy.shape[..] {
            [2, n] if !npy.column_major => {
                let (inputs, outputs) = numbers.split_at(n);
                Ok(Self { name, inputs: Some(inputs.to_vec()), outputs: outputs.to_vec() })
            }
            [_] => Ok(Self { name, inputs: None, outputs: numbers }),
            _ => Err(wrong("it must have the shape [n], the outputs for all codes, or [2, n], inputs and outputs")),
        }
    }
}

pub(super) fn compare<C: Code>(
    quantisation: &FunctionQuantisation,
    dump: &CodeDump,
    profile: Profile,
) -> Result<CodeComparison, Error> {
    let (input, output) = quantisation.quantisations::<C>(&[profile])?;
    let f = quantisation.function;
    let kernel = profile.kernel(f, input, output)?;
    let pairs = pairs::<C>(dump)?;
    let rows: Vec<CodeDifference> = pairs
        .iter()
        .map(|&(code, given)| CodeDifference {
            code: code.to_i32(),
            x: input.value(code),
            exact: f.value(input.value(code)) / f64::from(output.scale()) + f64::from(output.zero_point().to_i32()),
            outputs: vec![given, kernel.code(code).to_i32()],
        })
        .filter(|row| row.difference() > 0)
        .collect();
    let explanation = rows.first().map(|first| explanation(first, quantisation, (input, output), profile, &pairs));
    Ok(CodeComparison {
        function: f.to_string(),
        r#type: C::NAME.to_owned(),
        input: input.into(),
        output: output.into(),
        profiles: vec![dump.name.clone(), profile.name().to_owned()],
        codes: pairs.len(),
        differing: rows.len(),
        largest_difference: rows.iter().map(CodeDifference::difference).max().unwrap_or(0),
        rows,
        explanation: explanation.unwrap_or_default(),
    })
}

/// What went in, and what came out.
fn pairs<C: Code>(dump: &CodeDump) -> Result<Vec<(C, i32)>, Error> {
    let wrong = |fault: String| Error::Dump { path: dump.name.clone().into(), fault };
    let range = i64::from(C::MIN_CODE)..=i64::from(C::MAX_CODE);
    let all = dump.inputs.iter().flatten().chain(&dump.outputs);
    if let Some(code) = all.into_iter().find(|code| !range.contains(code)) {
        return Err(wrong(format!("{code} is no code of {}: give the --type that was dumped", C::NAME)));
    }
    let inputs: Vec<C> = match &dump.inputs {
        Some(inputs) => inputs.iter().map(|&code| C::saturated(code as i32)).collect(),
        None => codes().collect(),
    };
    if inputs.len() != dump.outputs.len() {
        let (found, expected) = (dump.outputs.len(), inputs.len());
        return Err(wrong(format!("it holds {found} outputs, and {} has {expected} codes", C::NAME)));
    }
    Ok(inputs.into_iter().zip(dump.outputs.iter().map(|&code| code as i32)).collect())
}

/// The first difference in words: which of the two is nearer to the function, and whose results the device's are.
fn explanation<C: Code>(
    first: &CodeDifference,
    quantisation: &FunctionQuantisation,
    (input, output): (Affine<C>, Affine<C>),
    profile: Profile,
    pairs: &[(C, i32)],
) -> String {
    let [given, expected] = first.outputs[..] else { return String::new() };
    let fits = |other: Profile| {
        let kernel = other.kernel(quantisation.function, input, output).ok()?;
        Some((other, pairs.iter().filter(|(code, given)| kernel.code(*code).to_i32() != *given).count()))
    };
    let others = Profile::ALL.into_iter().filter(|other| *other != profile).filter_map(fits);
    let best = others.reduce(|a, b| if b.1 < a.1 { b } else { a });
    let [far, near] = [given, expected].map(|code| (f64::from(code) - first.exact).abs());
    let nearer = if far < near {
        "the device's is the nearer".to_owned()
    } else if far > near {
        format!("that of {profile} is the nearer")
    } else {
        "both are as near".to_owned()
    };
    let whose = match best {
        Some((other, 0)) => format!(" All the device's codes are those of {other}: take that profile."),
        Some((other, count)) if count < pairs.len() / 2 => {
            format!(" Of all profiles {other} fits best, and differs in {count} of {} codes.", pairs.len())
        }
        _ => " No profile fits: look at the scales, the zero points and the type first.".to_owned(),
    };
    format!(
        "First at code {}, which is {:.6}: the device gives {given}, {profile} {expected}; the function is {:.3} steps, and {nearer}.{whose}",
        first.code, first.x, first.exact
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CodeType;

    fn sigmoid() -> FunctionQuantisation {
        FunctionQuantisation {
            function: "sigmoid".parse().unwrap(),
            code: CodeType::Int8,
            input: (0.05, 0),
            output: None,
        }
    }

    fn dump(profile: Profile, of: FunctionQuantisation) -> CodeDump {
        let (input, output) = of.quantisations::<i8>(&[Profile::Tflite]).unwrap();
        let kernel = profile.kernel(of.function, input, output).unwrap();
        let outputs = codes::<i8>().map(|code| i64::from(kernel.code(code))).collect();
        CodeDump { name: "dump.npy".to_owned(), inputs: None, outputs }
    }

    #[test]
    fn what_another_library_gave_is_named() {
        let leaky = FunctionQuantisation {
            function: "leaky_relu(0.1)".parse().unwrap(),
            output: Some((0.021, 3)),
            ..sigmoid()
        };
        let found = leaky.compare_dump(&dump(Profile::Litert, leaky), Profile::Tflite).unwrap();
        assert!(found.differing > 0 && found.largest_difference == 1, "{found:?}");
        assert!(found.explanation.contains("All the device's codes are those of litert"), "{}", found.explanation);
        let same = leaky.compare_dump(&dump(Profile::Litert, leaky), Profile::Litert).unwrap();
        assert_eq!((same.differing, same.codes, same.explanation.as_str()), (0, 256, ""));
    }

    #[test]
    fn a_fault_of_the_device_is_no_library() {
        let mut broken = dump(Profile::Tflite, sigmoid());
        broken.outputs.iter_mut().for_each(|code| *code = -*code / 2);
        let found = sigmoid().compare_dump(&broken, Profile::Tflite).unwrap();
        assert!(found.explanation.contains("No profile fits"), "{}", found.explanation);
        broken.outputs[3] = 200;
        let error = sigmoid().compare_dump(&broken, Profile::Tflite).unwrap_err().to_string();
        assert!(error.contains("200 is no code of int8"), "{error}");
        let pairs = CodeDump { inputs: Some(vec![0, 5]), outputs: vec![0, 16], name: String::new() };
        assert_eq!(sigmoid().compare_dump(&pairs, Profile::Exact).unwrap().differing, 0);
    }
}
