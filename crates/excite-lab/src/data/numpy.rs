//! NPY: the format of `NumPy`.

use std::path::Path;

use excite_npy::{MAGIC, Npy, NpyError, NpyText};

use super::array::{Array, LABEL_SHAPES, Split, source};
use super::unpacking::{bytes, find};
use super::{DataError, Labels, Problem, Source};

/// The names of files of inputs in a folder.
pub(super) const INPUT_FILES: [&str; 5] = ["X.npy", "x.npy", "inputs.npy", "features.npy", "data.npy"];

/// The names of files of targets beside one of inputs.
pub(super) const TARGET_FILES: [&str; 5] = ["y.npy", "Y.npy", "labels.npy", "targets.npy", "target.npy"];

pub(super) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads the targets that lie beside a file of inputs.
pub(super) fn read_pair(path: &Path, inputs: &[u8]) -> Result<Source, DataError> {
    let folder = path.parent().unwrap_or(path);
    let targets_path = find(folder, &TARGET_FILES)
        .ok_or_else(|| Problem::NoTargets(TARGET_FILES.map(str::to_owned).to_vec()).at(path))?;
    let targets = bytes(&targets_path)?;
    let inputs = array("the array", inputs).map_err(|problem| problem.at(path))?;
    let targets = labels("the array", &targets).map_err(|problem| problem.at(&targets_path))?;
    Split::new(&inputs, targets).and_then(|train| source(train, None)).map_err(|problem| problem.at(path))
}

/// Reads inputs and targets from the contents of two NPY files.
pub(super) fn read_arrays(inputs: &[u8], targets: &[u8]) -> Result<Source, Problem> {
    source(Split::new(&array("inputs", inputs)?, labels("targets", targets)?)?, None)
}

/// The labels of an NPY file, numbers or text.
pub(super) fn labels(name: &str, file: &[u8]) -> Result<Labels, Problem> {
    let Some(text) = NpyText::parse(file) else { return array(name, file)?.labels() };
    match text.shape[..] {
        [samples] | [samples, 1] if samples == text.items.len() => Ok(Labels::Text(text.items)),
        _ => Err(Problem::WrongShape { array: name.to_owned(), shape: text.shape, expected: LABEL_SHAPES }),
    }
}

/// The array of an NPY file.
pub(super) fn array<'a>(name: &str, file: &'a [u8]) -> Result<Array<'a>, Problem> {
    let array = || name.to_owned();
    let npy = Npy::parse(file).map_err(|error| match error {
        NpyError::NotNumeric(dtype) => Problem::NotNumeric { array: array(), dtype },
        NpyError::WrongLength { declared, found } => Problem::WrongLength { array: array(), declared, found },
        other => Problem::Malformed { array: array(), what: other.to_string() },
    })?;
    Array::new(name, npy.shape, npy.element, npy.column_major, npy.bytes)
}
