//! The fuzz targets: every parser of the workspace, with checks of whatever it reads.
//!
//! `cargo xtask fuzz` runs the targets under libFuzzer, by way of the files in `fuzz/fuzz_targets`. A target fails by a panic.
//!
//! ```
//! use excite_fuzz::{NPY, TARGETS};
//! assert!(!(NPY.read)(b"\x93NUMPY and no more"));
//! assert!((NPY.seeds)().iter().all(|seed| (NPY.read)(seed)));
//! assert!(TARGETS.iter().any(|target| target.name == "npy"));
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod data;
mod function;
mod inputs;
mod model;
mod npy;
mod vitals;

use std::path::Path;
use std::{fs, io};

pub use data::{ARRAYS, IDX, TABLE};
pub use function::FUNCTION;
pub use inputs::{NPZ, PICTURE, RAW, SAFETENSORS, SOUND, TENSOR_PROTO};
pub use model::MODEL;
pub use npy::NPY;
pub use vitals::VITALS;

/// One parser, or a few that read the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Reads the bytes; says whether they were what they should be. Panics if what was read breaks a law.
    pub read: fn(&[u8]) -> bool,
    /// Bytes that can be read, for libFuzzer to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] =
    &[ARRAYS, FUNCTION, IDX, MODEL, NPY, NPZ, PICTURE, RAW, SAFETENSORS, SOUND, TABLE, TENSOR_PROTO, VITALS];

impl Target {
    /// Writes the seeds to `fuzz/corpus`, where libFuzzer finds them.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn write_seeds(&self) {
        let write = || -> io::Result<()> {
            let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(self.name);
            fs::create_dir_all(&folder)?;
            for (index, seed) in (self.seeds)().into_iter().enumerate() {
                fs::write(folder.join(format!("seed-{index}")), seed)?;
            }
            Ok(())
        };
        write().unwrap_or_else(|error| panic!("the seeds of {} cannot be written: {error}", self.name));
    }
}

/// What `read` makes of a folder with these files.
fn in_folder<T>(files: &[(&str, &[u8])], read: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a temporary file can be written");
    }
    read(folder.path())
}
