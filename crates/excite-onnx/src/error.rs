//! What can be wrong with a model, its inputs or a run.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a model or an input was refused, or a run failed. Its text is one sentence: what, where, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    File {
        /// Its path.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The bytes are not those of an ONNX model, or of one that was cut short.
    NotOnnx {
        /// What is wrong, and where.
        what: String,
    },
    /// The file is a model, or a part of one, in another format.
    OtherFormat {
        /// The format.
        what: &'static str,
        /// The line that makes ONNX of it, or what else to do.
        way: String,
    },
    /// A part of the model contradicts itself.
    Broken {
        /// The tensor or node.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// Weights lie in a file beside the model that is missing, too short, or somewhere that it may not be.
    ExternalData {
        /// The tensor whose values they are.
        tensor: String,
        /// The file as the model names it.
        file: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The model needs what the engine does not have.
    Unsupported {
        /// The node, or the model.
        place: String,
        /// The feature that is missing, and what to do.
        what: String,
    },
    /// The engine refused the model, or failed to run it.
    Engine {
        /// What it was doing.
        doing: &'static str,
        /// What it says.
        message: String,
    },
    /// An input does not fit the model, or its file is not what it should be.
    Input {
        /// The file, or the input.
        place: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        Self::File { path: path.to_owned(), error }
    }

    pub(crate) fn not_onnx(what: impl Into<String>) -> Self {
        Self::NotOnnx { what: what.into() }
    }

    pub(crate) fn broken(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Broken { place: place.into(), what: what.into() }
    }

    pub(crate) fn unsupported(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Unsupported { place: place.into(), what: what.into() }
    }

    pub(crate) fn engine(doing: &'static str, message: impl Into<String>) -> Self {
        Self::Engine { doing, message: message.into() }
    }

    pub(crate) fn input(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::Input { place: place.to_string(), what: what.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::File { path, error } if error.kind() == io::ErrorKind::NotFound => {
                format!("{}: there is no such file or folder: check the path", path.display())
            }
            Self::File { path, error } => format!("cannot read {}: {error}", path.display()),
            Self::NotOnnx { what } => format!("this is not a whole ONNX model: {what}; export or download it again"),
            Self::OtherFormat { what, way } => format!("it is {what}, and excite reads ONNX: {way}"),
            Self::Broken { place, what } => format!("the model is broken at `{place}`: {what}; export it again"),
            Self::ExternalData { tensor, file, what } => {
                format!("the values of `{tensor}` should be in `{file}`: {what}")
            }
            Self::Unsupported { place, what } => format!("`{place}` cannot be run: {what}"),
            Self::Engine { doing, message } => {
                format!("the engine failed at {doing}: {message}")
            }
            Self::Input { place, what } => format!("input {place}: {what}"),
        };
        out.write_str(&printable(&sentence))
    }
}

/// Text with escapes for control characters: a name in a model must neither break the line nor steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().collect() } else { String::from(c) };
    text.chars().map(escaped).collect()
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_is_called_stays_on_its_line() {
        let error = Error::broken("conv\n\u{1b}[31m", "größer");
        assert_eq!(error.to_string(), "the model is broken at `conv\\n\\u{1b}[31m`: größer; export it again");
    }
}
