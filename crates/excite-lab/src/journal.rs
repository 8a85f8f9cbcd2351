//! Finished runs on disk, so that an interrupted comparison goes on where it was.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use excite::Function;
use excite_vitals::run::Run;
use serde::{Deserialize, Serialize};

use crate::LabError;

/// The finished runs of comparisons, one JSON line each, or nothing at all.
#[derive(Debug)]
pub struct Journal {
    file: Option<(PathBuf, File)>,
    key: String,
    entries: Vec<Entry>,
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

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    key: String,
    run_key: RunKey,
    run: Run,
}

impl Journal {
    /// A journal that keeps nothing.
    pub fn none() -> Self {
        Self { file: None, key: String::new(), entries: vec![] }
    }

    /// The journal at `path`, created if it is not there. Of what it holds, only runs of the same `key` are used: see
    /// [`journal_key`](crate::journal_key). Lines that are not whole, as an interruption may leave the last one, are
    /// passed over.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(path: &Path, key: &str) -> Result<Self, LabError> {
        Self::read(path, key).map_err(|source| LabError::Journal { path: path.to_owned(), source })
    }

    fn read(path: &Path, key: &str) -> std::io::Result<Self> {
        let mut bytes = vec![];
        match File::open(path) {
            Ok(mut file) => _ = file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let lines = bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
        let entries = lines.filter(|entry| entry.key == key).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if bytes.last().is_some_and(|&last| last != b'\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { file: Some((path.to_owned(), file)), key: key.to_owned(), entries })
    }

    /// The number of finished runs of its key.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn find(&self, run_key: RunKey) -> Option<&Run> {
        self.entries.iter().find(|entry| entry.run_key == run_key).map(|entry| &entry.run)
    }

    pub(crate) fn add(&mut self, run_key: RunKey, run: Run) -> Result<(), LabError> {
        let entry = Entry { key: self.key.clone(), run_key, run };
        if let Some((path, file)) = &mut self.file {
            let mut line = serde_json::to_vec(&entry)
                .map_err(std::io::Error::from)
                .map_err(|source| LabError::Journal { path: path.clone(), source })?;
            line.push(b'\n');
            file.write_all(&line).map_err(|source| LabError::Journal { path: path.clone(), source })?;
        }
        self.entries.push(entry);
        Ok(())
    }
}
