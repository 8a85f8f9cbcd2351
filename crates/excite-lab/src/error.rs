//! What can go wrong in training.

use std::fmt;
use std::path::PathBuf;

/// Why a network could not be trained. A run that diverges is a result, not an error.
#[derive(Debug)]
pub enum LabError {
    /// What was asked for makes no sense; the text says what to change.
    Plan(String),
    /// The watcher asked to stop before anything was finished.
    Stopped,
    /// The journal could not be read or written.
    Journal {
        /// Its path.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A trained network could not be written.
    Export {
        /// The file or the folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The threads to train on could not be started.
    Threads(rayon::ThreadPoolBuildError),
}

impl fmt::Display for LabError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(text) => out.write_str(text),
            Self::Stopped => out.write_str("stopped before any run was finished"),
            Self::Journal { path, source } => {
                write!(out, "the journal {} cannot be used: {source}: choose another output folder", path.display())
            }
            Self::Export { path, source } => {
                write!(out, "{} cannot be written ({source}): choose another folder for the networks", path.display())
            }
            Self::Threads(error) => write!(out, "the threads to train on could not be started: {error}"),
        }
    }
}

impl std::error::Error for LabError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Plan(_) | Self::Stopped => None,
            Self::Journal { source, .. } | Self::Export { source, .. } => Some(source),
            Self::Threads(error) => Some(error),
        }
    }
}
