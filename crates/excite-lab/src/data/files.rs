//! From a path to a source: what kind of data lies there.

use std::fs;
use std::path::{Path, PathBuf};

use super::unpacking::{bytes, find};
use super::{DataError, Options, Problem, Source, cifar, csv, idx, numpy};

/// Reads what lies at a path.
pub(super) fn read(path: &Path, options: &Options) -> Result<Source, DataError> {
    let metadata = fs::metadata(path).map_err(|error| Problem::Unreadable(error).at(path))?;
    if metadata.is_dir() {
        return folder(path, None);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let bytes = bytes(path)?;
    if numpy::is_npy(&bytes) {
        // Named by its targets, a pair is looked for as a folder's: targets are no inputs.
        if find(parent, &numpy::TARGET_FILES).is_some_and(|targets| targets.file_name() == path.file_name()) {
            return folder(parent, Some(path));
        }
        return numpy::read_pair(path, &bytes);
    }
    #[cfg(not(target_arch = "wasm32"))]
    if super::npz::is_zip(&bytes) {
        return super::npz::read_archive(bytes).map_err(|problem| problem.at(path));
    }
    if idx::is_idx(&bytes) {
        return folder(parent, Some(path));
    }
    if bytes.contains(&0) {
        return Err(Problem::UnknownType.at(path));
    }
    csv::read(&bytes, options).map_err(|problem| problem.at(path))
}

/// Reads a folder of IDX, CIFAR-10 or NPY files, of which one was named; or the one folder within it, at whatever depth, that holds such.
fn folder(path: &Path, named: Option<&Path>) -> Result<Source, DataError> {
    if let Some(source) = of_this_folder(path, named)? {
        return Ok(source);
    }
    let mut found = Vec::new();
    search_within(path, DEEPEST, &mut found)?;
    match found.len() {
        0 => Err(Problem::NothingInFolder.at(path)),
        1 => Ok(found.remove(0).1),
        _ => {
            let names = found.iter().map(|(within, _)| within.display().to_string()).collect();
            Err(Problem::SeveralInFolder(names).at(path))
        }
    }
}

fn of_this_folder(path: &Path, named: Option<&Path>) -> Result<Option<Source>, DataError> {
    if let Some(source) = idx::read_folder(path, named)? {
        return Ok(Some(source));
    }
    if let Some(source) = cifar::read_folder(path)? {
        return Ok(Some(source));
    }
    find(path, &numpy::INPUT_FILES).map(|inputs| numpy::read_pair(&inputs, &bytes(&inputs)?)).transpose()
}

/// How many folders deep archives are looked through: `MNIST/raw` is two.
const DEEPEST: usize = 3;
/// The most folders of one folder that are looked into: more are no unpacked archive.
const MOST_FOLDERS: usize = 100;

/// The data in the folders of a folder; folders that hold none are searched within.
fn search_within(path: &Path, depth: usize, found: &mut Vec<(PathBuf, Source)>) -> Result<(), DataError> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    for folder in folders.into_iter().take(MOST_FOLDERS) {
        match of_this_folder(&folder, None)? {
            Some(source) => found.push((folder, source)),
            None if depth > 1 => search_within(&folder, depth - 1, found)?,
            None => {}
        }
    }
    Ok(())
}
