//! What was measured so far, in a file, so that a run goes on where the last one was stopped.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use crate::jobs::{Cells, Table, key};

#[derive(Serialize, Deserialize)]
pub struct Results {
    #[serde(skip)]
    file: PathBuf,
    /// Stands for what was measured and by what: another program's results, or those beside other peers, do not count.
    measured: String,
    cells: BTreeMap<String, Cells>,
}

impl Results {
    /// Those in the file, if they are of this program and these libraries; none else.
    pub fn load(file: PathBuf, libraries: &str) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        fs::read(env::current_exe()?)?.hash(&mut hasher);
        include_str!("../peers.py").hash(&mut hasher);
        include_str!("../peers.c").hash(&mut hasher);
        libraries.hash(&mut hasher);
        let measured = format!("{:016x}", hasher.finish());
        let saved: Option<Self> = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let cells = saved.filter(|saved| saved.measured == measured).map(|saved| saved.cells).unwrap_or_default();
        Ok(Self { file, measured, cells })
    }

    /// Keeps a row, here and in the file, all or nothing.
    pub fn keep(&mut self, key: String, cells: Cells) -> io::Result<()> {
        self.cells.insert(key, cells);
        let unfinished = self.file.with_extension("new");
        fs::write(&unfinished, serde_json::to_vec(self)?)?;
        fs::rename(unfinished, &self.file)
    }

    pub fn has(&self, key: &str) -> bool {
        self.cells.contains_key(key)
    }

    /// All columns of a row; none where it was not measured.
    pub fn row(&self, table: Table, size: usize, row: &str) -> &[(String, f64)] {
        self.cells.get(&key(table, size, row)).map(Vec::as_slice).unwrap_or_default()
    }

    /// One figure.
    pub fn get(&self, table: Table, size: usize, row: &str, column: &str) -> Option<f64> {
        self.row(table, size, row).iter().find(|(name, _)| name == column).map(|(_, figure)| *figure)
    }

    /// Begins anew.
    pub fn forget(&mut self) -> io::Result<()> {
        self.cells.clear();
        if self.file.exists() { fs::remove_file(&self.file) } else { Ok(()) }
    }
}
