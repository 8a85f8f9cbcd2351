//! Writes kernels: of one function, or of the activations of a model.

use std::path::Path;

use clap::ValueEnum;
use excite::Function;
use excite_fixed::calibration::{Distribution, Method};
use excite_fixed::{Affine, AffineError, Code, Profile, Source};
use serde::Serialize;

use super::observe::{Observed, Seen};
use super::single::{Asked, with_codes};
use crate::error::Failure;
use crate::output;

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// A C99 header
    C,
    /// A Rust module that needs core alone
    Rust,
    /// Tables as JSON
    Json,
}

impl Language {
    fn ending(self) -> &'static str {
        match self {
            Self::C => "h",
            Self::Rust => "rs",
            Self::Json => "json",
        }
    }

    fn text(self, source: &Source) -> String {
        match self {
            Self::C => source.c(),
            Self::Rust => source.rust(),
            Self::Json => source.json(),
        }
    }
}

/// Writes the kernel of one function to a file.
pub fn function(asked: &Asked, language: Language, path: &Path) -> Result<(), Failure> {
    let source = with_codes!(asked.code, source(asked))?;
    output::write(path, &language.text(&source))?;
    output::notice(&format!("wrote {}", path.display()));
    Ok(())
}

fn source<C: Code>(asked: &Asked) -> Result<Source, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let (f, profile) = (asked.function, asked.profile);
    let (input, output) = asked.quantisations::<C>(&[profile])?;
    let kernel = profile.kernel(f, input, output).map_err(|error| usage(&error))?;
    let name = format!("{}_{}", f.name(), C::NAME);
    Source::new(&name, "", f, profile, (input, output), &kernel).map_err(|error| usage(&error))
}

/// Refuses what there are no kernels for.
pub fn check_bits(bits: &[u32]) -> Result<(), Failure> {
    if matches!(bits, [8 | 16]) {
        return Ok(());
    }
    Err(Failure::Usage("--emit writes kernels of 8 or of 16 bits: give --bits 8 or --bits 16".to_owned()))
}

/// A kernel in the index of a folder.
#[derive(Serialize)]
struct Entry {
    layer: String,
    function: String,
    file: String,
    name: String,
    input_scale: f32,
    input_zero_point: i32,
    output_scale: f32,
    output_zero_point: i32,
    max_error: f64,
    checksum: u32,
}

/// Writes the kernels of all activations of a model to a folder, and an index of them.
pub fn model(observed: &Observed, bits: u32, language: Language, folder: &Path) -> Result<(), Failure> {
    let mut index = Vec::new();
    for (place, seen) in observed.layers.iter().enumerate() {
        let written = if bits == 8 { layer::<u8>(seen, place + 1) } else { layer::<u16>(seen, place + 1) };
        match written {
            Ok((source, mut entry)) => {
                entry.file = format!("{}.{}", entry.name, language.ending());
                output::write(&folder.join(&entry.file), &language.text(&source))?;
                index.push(entry);
            }
            Err(why) => output::notice(&format!("no kernel for `{}`: {why}", seen.name)),
        }
    }
    if index.is_empty() {
        return Err(Failure::Failed("no activation of the model has a kernel".to_owned()));
    }
    // Not one of the kernels has this name.
    output::write(&folder.join("index.json"), &output::json(&index)?)?;
    output::notice(&format!("wrote {} kernels and index.json to {}", index.len(), folder.display()));
    Ok(())
}

fn layer<C: Code>(seen: &Seen, place: usize) -> Result<(Source, Entry), String> {
    if matches!(seen.function, Function::Prelu(_)) {
        return Err("the slopes of a PReLU differ from unit to unit".to_owned());
    }
    let z = seen.z.as_ref().ok_or("all its inputs are 0")?;
    let affine = |values: &Distribution| -> Result<Affine<C>, AffineError> {
        let (low, high) = Method::Mse.range(values, C::BITS);
        Affine::spanning(low as f32, high as f32)
    };
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (input, output) = affine(z).and_then(|input| Ok((input, affine(&seen.a)?))).map_err(|error| said(&error))?;
    let (f, profile) = (seen.function, Profile::Exact);
    let kernel = profile.kernel(f, input, output).map_err(|error| said(&error))?;
    let name = format!("layer{place:02}_{}", f.name());
    let source = Source::new(&name, &seen.name, f, profile, (input, output), &kernel).map_err(|error| said(&error))?;
    let entry = Entry {
        layer: seen.name.clone(),
        function: f.to_string(),
        file: String::new(),
        name,
        input_scale: input.scale(),
        input_zero_point: input.zero_point().to_i32(),
        output_scale: output.scale(),
        output_zero_point: output.zero_point().to_i32(),
        max_error: source.max_error(),
        checksum: source.checksum(),
    };
    Ok((source, entry))
}
