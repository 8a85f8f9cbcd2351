//! Writes kernels: of one function, or of the activations of a model.

use std::path::Path;

use clap::ValueEnum;
use excite_fixed::{Profile, Source};
use excite_tasks::{FunctionQuantisation, Kernel, ModelQuantisation};
use excite_vitals::in_words::plural;

use crate::error::Failure;
use crate::output;

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    // A C99 header.
    C,
    // A Rust module that needs core alone.
    Rust,
    // Tables.
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
pub fn function(
    function: &FunctionQuantisation,
    profile: Profile,
    language: Language,
    path: &Path,
) -> Result<(), Failure> {
    output::write(path, &language.text(&function.source(profile)?))?;
    output::notice(&format!("wrote {}", path.display()));
    Ok(())
}

/// Refuses what there are no kernels for.
pub fn check_bits(bits: &[u32]) -> Result<(), Failure> {
    if matches!(bits, [8 | 16]) {
        return Ok(());
    }
    Err(Failure::Usage("--emit writes kernels of 8 or of 16 bits: give --bits 8 or --bits 16".to_owned()))
}

/// Writes the kernels of all activations of a model to a folder, and an index of them.
pub fn model(quantised: &ModelQuantisation, bits: u32, language: Language, folder: &Path) -> Result<(), Failure> {
    let (kernels, skipped) = quantised.kernels(bits)?;
    let mut index = Vec::new();
    for Kernel { source, mut entry } in kernels {
        entry.file = format!("{}.{}", entry.name, language.ending());
        output::write(&folder.join(&entry.file), &language.text(&source))?;
        index.push(entry);
    }
    for layer in skipped {
        output::notice(&format!("no kernel for `{}`: {}", layer.name, layer.why));
    }
    // Not one of the kernels has this name.
    output::write(&folder.join("index.json"), &output::json(&index)?)?;
    output::notice(&format!("wrote {} and index.json to {}", plural(index.len(), "kernel"), folder.display()));
    Ok(())
}
