//! Writes kernels: of one function, or of the activations of a model.

use std::path::Path;

use clap::ValueEnum;
use excite_fixed::Source;
use excite_fixed::arithmetic::RoundingSteps;
use excite_tasks::quantisation::SimulatedOutput;
use excite_tasks::{Data, ModelQuantisation, NamedModel};
use excite_vitals::in_words::plural;

use crate::error::Failure;
use crate::output;
use crate::progress::Progress;

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

    /// The files of a kernel, each with its ending: in C a header alone, or the declarations and the source.
    fn files(self, source: &Source, as_pair: bool) -> Vec<(&'static str, String)> {
        match self {
            Self::C if as_pair => {
                let [header, body] = source.c_pair();
                vec![("h", header), ("c", body)]
            }
            Self::C => vec![("h", source.c())],
            Self::Rust => vec![("rs", source.rust())],
            Self::Json => vec![("json", source.json())],
        }
    }
}

/// Writes one kernel: to a file, or in C to a header and a source where the file is one.
pub fn one(source: &Source, language: Language, path: &Path) -> Result<(), Failure> {
    let as_pair = path.extension().is_some_and(|ending| ending == "c");
    if as_pair {
        // The source includes the header by the kernel's name.
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let source = source.named(&stem);
        for (ending, text) in language.files(&source, true) {
            let path = path.with_file_name(format!("{}.{ending}", source.name()));
            output::write(&path, &text)?;
            output::notice(&format!("wrote {}", path.display()));
        }
        return Ok(());
    }
    for (_, text) in language.files(source, false) {
        output::write(path, &text)?;
    }
    output::notice(&format!("wrote {}", path.display()));
    Ok(())
}

/// Refuses what there are no kernels for.
pub fn check_bits(bits: &[u32]) -> Result<(), Failure> {
    if bits.len() == 1 {
        return Ok(());
    }
    let why = "--emit with --no-simulation writes kernels of one width: give --bits 8 or --bits 16";
    Err(Failure::Usage(why.to_owned()))
}

/// The files for a model.
pub struct Wanted<'a> {
    pub language: Language,
    pub folder: &'a Path,
    /// The bits where nothing was simulated.
    pub bits: u32,
    /// Whether the codes have a sign; None leaves it to the formats.
    pub signed: Option<bool>,
    pub rounding: RoundingSteps,
}

/// Writes the kernels of all activations of a model to a folder, what each layer calls, and an index; and says what the kernels cost the
/// outputs, run as they are.
pub fn model(
    quantised: &ModelQuantisation,
    (model, data): (&NamedModel, &Data),
    wanted: &Wanted<'_>,
    progress: &Progress,
) -> Result<(), Failure> {
    let Wanted { language, folder, bits, signed, rounding } = *wanted;
    let mut kernels = quantised.kernels(model, bits, signed, rounding)?;
    for entry in &mut kernels.layers {
        entry.file = format!("{}.{}", entry.kernel, language.ending());
    }
    for source in &kernels.sources {
        for (ending, text) in language.files(source, true) {
            output::write(&folder.join(format!("{}.{ending}", source.name())), &text)?;
        }
    }
    match language {
        Language::C => output::write(&folder.join("layers.h"), &kernels.calls_in_c())?,
        Language::Rust => output::write(&folder.join("mod.rs"), &kernels.calls_in_rust())?,
        Language::Json => {}
    }
    let outputs = kernels.simulate(quantised, model, data, progress)?;
    progress.clear();
    for layer in &kernels.skipped {
        output::notice(&format!("no kernel for `{}`: {}", layer.name, layer.why));
    }
    // Not one of the kernels has this name.
    output::write(&folder.join("index.json"), &output::json(&kernels.layers)?)?;
    output::notice(&format!(
        "wrote {} for {} and index.json to {}",
        plural(kernels.sources.len(), "kernel"),
        plural(kernels.layers.len(), "layer"),
        folder.display()
    ));
    outputs.iter().for_each(|output| output::notice(&cost(output)));
    Ok(())
}

/// What the kernels cost an output.
fn cost(output: &SimulatedOutput) -> String {
    let SimulatedOutput { name, signal_to_noise, top1_changed, samples, .. } = output;
    let classes = match top1_changed {
        Some(changed) => format!("; {changed} of {samples} samples get another class"),
        None => String::new(),
    };
    format!("with these kernels, in their integer arithmetic, `{name}` keeps {signal_to_noise:.1} dB{classes}")
}
