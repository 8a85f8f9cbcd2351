//! Finished runs on disk, so that an interrupted comparison goes on where it was.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::record::run::Run;
use excite::Function;
use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::learning_rate::SWEEP_SEEDS;
use crate::{LabError, Spec};

/// The finished runs of a comparison, in memory and, where it has a file, there as well: one JSON line each.
#[derive(Debug)]
pub struct Journal {
    file: Option<LogFile>,
    runs: Vec<(RunKey, Run)>,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
    key: JournalKey,
}

/// What the results of single runs depend on: of what a journal holds, only runs with the same key are used. Not on which functions,
/// seeds or rates are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalKey {
    /// The version of this library.
    pub version: String,
    /// The fingerprint of the data: [`Dataset::fingerprint`].
    pub data: u64,
    /// The network, and how it is trained.
    pub spec: Spec,
}

impl JournalKey {
    /// The key of runs with this data and this specification.
    pub fn of(data: &Dataset, spec: &Spec) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), data: data.fingerprint(), spec: spec.clone() }
    }
}

/// What sets one run apart from the others of its comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunKey {
    /// The function.
    pub function: Function,
    /// The learning rate.
    pub learning_rate: f64,
    /// The seed of the weights and of the order of the samples.
    pub seed: u64,
    /// The most epochs it may take.
    pub epochs: usize,
    /// The training error at which it ends.
    pub stop_at: Option<f64>,
}

/// The run in a few words; one that tries a learning rate has no seed that says anything.
///
/// ```
/// use excite_lab::RunKey;
/// let run = RunKey { function: "tanh".parse()?, learning_rate: 0.03, seed: 2, epochs: 30, stop_at: None };
/// assert_eq!(run.to_string(), "tanh, rate 0.03, seed 2");
/// assert_eq!(RunKey { seed: 0, ..run }.to_string(), "tanh, trying rate 0.03");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for RunKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, learning_rate, seed, .. } = self;
        if SWEEP_SEEDS.contains(seed) {
            write!(out, "{function}, trying rate {learning_rate}")
        } else {
            write!(out, "{function}, rate {learning_rate}, seed {seed}")
        }
    }
}

impl RunKey {
    pub(crate) fn check(&self) -> Result<(), LabError> {
        let rate = self.learning_rate;
        if self.epochs == 0 {
            return Err(LabError::Plan("there must be at least one epoch".to_owned()));
        }
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(LabError::Plan(format!("the learning rate must be a positive number, not {rate}")));
        }
        Ok(())
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Entry {
    key: JournalKey,
    run_key: RunKey,
    run: Run,
}

impl Journal {
    /// A journal without a file.
    pub fn in_memory() -> Self {
        Self { file: None, runs: vec![] }
    }

    /// The journal at `path`, created if it is not there. Of what it holds, only runs of the same `key` are used. Lines that are not
    /// whole, as an interruption may leave the last one, are passed over, and so are those of an older form.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(path: &Path, key: &JournalKey) -> Result<Self, LabError> {
        Self::read(path, key).map_err(|source| LabError::Journal { path: path.to_owned(), source })
    }

    fn read(path: &Path, key: &JournalKey) -> std::io::Result<Self> {
        let mut bytes = vec![];
        match File::open(path) {
            Ok(mut file) => _ = file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let lines = bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
        let runs = lines.filter(|entry| entry.key == *key).map(|entry| (entry.run_key, entry.run)).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if bytes.last().is_some_and(|&last| last != b'\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { file: Some(LogFile { path: path.to_owned(), file, key: key.clone() }), runs })
    }

    /// The number of finished runs.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The finished run of that key.
    pub fn find(&self, key: RunKey) -> Option<&Run> {
        self.runs.iter().find(|(other, _)| *other == key).map(|(_, run)| run)
    }

    /// Adds a finished run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add(&mut self, run_key: RunKey, run: Run) -> Result<(), LabError> {
        if let Some(file) = &mut self.file {
            let entry = Entry { key: file.key.clone(), run_key, run };
            file.write(&entry).map_err(|source| LabError::Journal { path: file.path.clone(), source })?;
            self.runs.push((run_key, entry.run));
        } else {
            self.runs.push((run_key, run));
        }
        Ok(())
    }
}

impl LogFile {
    fn write(&mut self, entry: &Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}
