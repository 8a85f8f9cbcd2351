//! How the program ends when it does not end well.

use std::io;
use std::path::Path;

use clap::error::ErrorKind;
use excite_fixed::AffineError;
use excite_tasks::Error;

/// What may have been meant by a name that is not known: the nearest one, or all there are.
pub fn meant(name: &str, known: &[&str], all: &str) -> String {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
    let distance = |other: &&&str| strsim::damerau_levenshtein(&plain(name), &plain(other));
    let near = known.iter().min_by_key(distance).filter(|near| distance(near) <= 2.max(near.len() / 4));
    // Or the beginning of one: `dead` of `dead-units`.
    let begins = |other: &&&str| plain(name).len() >= 3 && plain(other).starts_with(&plain(name));
    match near.or_else(|| known.iter().find(begins)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{all} {}", known.join(", ")),
    }
}

/// Why the program ends without having done what was asked, each with an exit code of its own.
#[derive(Debug)]
pub enum Failure {
    /// The command line asks for something that cannot be: 2.
    Usage(String),
    /// What was asked for could not be done: 3.
    Failed(String),
    /// It was done, and there are findings that are severe enough: 1. Everything has been said already.
    Findings,
    /// Ctrl-C: 130, as shells expect. Everything has been said already.
    Interrupted,
    /// Help or the version was asked for.
    Help(clap::Error),
    /// Whoever reads the output has stopped reading, as `head` does: no failure.
    NobodyReads,
}

impl Failure {
    /// A folder, or a file in it, cannot be written; `flag` is what names the folder.
    pub fn unwritable_in(path: &Path, flag: &str, error: &io::Error) -> Self {
        Self::Failed(format!("{} cannot be written ({error}): choose another folder with {flag}", path.display()))
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Help(error),
            ErrorKind::MissingRequiredArgument => Self::Usage(missing(&error.to_string())),
            _ => Self::Usage(one_sentence(&error.to_string())),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Failed(format!("the output cannot be written: {error}")),
        }
    }
}

impl From<Error> for Failure {
    /// The task's own sentence; where it is about an option, with the option's name.
    fn from(error: Error) -> Self {
        match &error {
            Error::Stopped => Self::Interrupted,
            Error::Unwritable { path, error } => Self::unwritable_in(path, "--out", error),
            Error::UnknownLayer { layer, known } => Self::Usage(format!(
                "--unit-axis names the layer `{layer}`, which the model does not have; its layers are {}",
                known.join(", ")
            )),
            Error::FormatLayer { layer, known, twice: false } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let meant = meant(layer, &known, "its layers are");
                Self::Usage(format!(
                    "--formats names the layer `{layer}`, which the model does not have, or which stays in floats: {meant}"
                ))
            }
            Error::NothingToQuantise { .. } => Self::Failed(format!("{error} with --input")),
            Error::KernelBits => Self::Usage(format!("{error}: give --bits 8 or --bits 16")),
            Error::Profiles => {
                Self::Usage("--diff compares two libraries or more, each named once, as --diff tflite,onnx".to_owned())
            }
            Error::Affine { side, error: error @ AffineError::Scale(_) } => {
                Self::Usage(format!("--{side}-scale: {error}"))
            }
            Error::Affine { side, error } => Self::Usage(format!("--{side}-zero-point: {error}")),
            Error::NoOutputs { function } => Self::Usage(format!(
                "{function} gives nothing but 0 for these inputs, or nothing finite: give another --input-scale, or an --output-scale"
            )),
            _ if error.is_about_options() => Self::Usage(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// The missing arguments, and where examples are.
fn missing(message: &str) -> String {
    let sentence = one_sentence(message).replace("the following required arguments were not provided: ", "missing: ");
    let usage = message.lines().find_map(|line| line.trim().strip_prefix("Usage: excite "));
    let command = usage.and_then(|usage| usage.split_whitespace().next()).unwrap_or_default();
    format!("{sentence}; excite {command} --help shows examples")
}

/// The parser's message without its usage lines.
fn one_sentence(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<_> = lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).collect();
    said.join(" ").trim_start_matches("error: ").replace(" tip: ", "; ")
}
