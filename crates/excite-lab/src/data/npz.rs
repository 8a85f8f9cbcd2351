//! NPZ: archives of `NumPy`.

use std::io::Cursor;

use zip::ZipArchive;

use super::array::{Split, source};
use super::numpy::{array, labels};
use super::unpacking::{UNPACKED_LIMIT, read_up_to};
use super::{Problem, Source};

/// The names of training inputs, training targets, test inputs and test targets in an archive, whatever their case:
/// as Keras and `MedMNIST` have them.
const SPLIT_ARRAYS: [[&str; 4]; 2] =
    [["x_train", "y_train", "x_test", "y_test"], ["train_images", "train_labels", "test_images", "test_labels"]];
const INPUT_ARRAYS: [&str; 4] = ["x", "inputs", "features", "data"];
const TARGET_ARRAYS: [&str; 4] = ["y", "labels", "targets", "target"];
/// The names that `numpy.savez(file, x, y)` gives.
const UNNAMED_ARRAYS: [&str; 2] = ["arr_0", "arr_1"];

/// Whether it is a ZIP archive, as NPZ is, with or without entries.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Reads an NPZ archive.
pub(super) fn read_archive(bytes: Vec<u8>) -> Result<Source, Problem> {
    let mut archive = Archive::open(bytes)?;
    for [train_inputs, train_targets, test_inputs, test_targets] in SPLIT_ARRAYS {
        if let Some(train) = archive.split(&[train_inputs], &[train_targets])? {
            let test = archive.split(&[test_inputs], &[test_targets])?;
            return source(train, test);
        }
    }
    let named = archive.split(&INPUT_ARRAYS, &TARGET_ARRAYS)?;
    let [inputs, targets] = UNNAMED_ARRAYS;
    let unnamed = named.is_none() && archive.names.len() == UNNAMED_ARRAYS.len();
    match if unnamed { archive.split(&[inputs], &[targets])? } else { named } {
        Some(train) => source(train, None),
        None => Err(archive.lacks_arrays()),
    }
}

struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    /// The arrays' names, without `.npy`.
    names: Vec<String>,
    /// How many bytes may still be unpacked.
    budget: u64,
}

impl Archive {
    fn open(bytes: Vec<u8>) -> Result<Self, Problem> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| Problem::Packed(error.to_string()))?;
        let names = zip.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned())).collect();
        Ok(Self { zip, names, budget: UNPACKED_LIMIT })
    }

    /// Reads the first inputs and the first targets of these names; None if neither is there.
    fn split(&mut self, inputs: &[&str], targets: &[&str]) -> Result<Option<Split>, Problem> {
        match (self.find(inputs), self.find(targets)) {
            (Some(inputs), Some(targets)) => {
                let (input_bytes, target_bytes) = (self.unpack(&inputs)?, self.unpack(&targets)?);
                Split::new(&array(&inputs, &input_bytes)?, labels(&targets, &target_bytes)?).map(Some)
            }
            (None, None) => Ok(None),
            _ => Err(self.lacks_arrays()),
        }
    }

    fn find(&self, wanted: &[&str]) -> Option<String> {
        wanted.iter().find_map(|wanted| self.names.iter().find(|name| name.eq_ignore_ascii_case(wanted))).cloned()
    }

    fn unpack(&mut self, name: &str) -> Result<Vec<u8>, Problem> {
        let entry = self.zip.by_name(&format!("{name}.npy")).map_err(|error| Problem::Packed(error.to_string()))?;
        let bytes = read_up_to(entry, self.budget)?;
        self.budget -= bytes.len() as u64;
        Ok(bytes)
    }

    fn lacks_arrays(&self) -> Problem {
        Problem::NoArrays { found: self.names.clone() }
    }
}
