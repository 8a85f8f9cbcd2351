//! From a path to bytes: what kind of data lies there, and unpacking it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DataError, Options, Problem, Source, cifar, csv, idx, numpy};

/// The most bytes that a file may unpack to: more would not fit into memory as floats.
pub(super) const UNPACKED_LIMIT: u64 = 4 << 30;

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

/// The first of these files that the folder holds, gzipped or not; also in a folder of the file's own name, as archives of Kaggle have it.
pub(super) fn find(folder: &Path, names: &[impl AsRef<str>]) -> Option<PathBuf> {
    let packed = |name: &str| {
        [name.to_owned(), format!("{name}.gz")].map(|file| [folder.join(&file), folder.join(name).join(&file)])
    };
    names.iter().flat_map(|name| packed(name.as_ref())).flatten().find(|path| path.exists() && !path.is_dir())
}

/// The bytes of a regular file, unpacked if it is gzipped.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let unreadable = |error| Problem::Unreadable(error).at(path);
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Problem::NotAFile.at(path));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return unpack(&bytes, UNPACKED_LIMIT).map_err(|problem| problem.at(path));
    }
    Ok(bytes)
}

/// Unpacks gzip, up to a limit of bytes.
pub(super) fn unpack(packed: &[u8], limit: u64) -> Result<Vec<u8>, Problem> {
    read_up_to(MultiGzDecoder::new(packed), limit)
}

/// All that a decompressor gives, up to a limit of bytes: a small file can unpack to any size.
pub(super) fn read_up_to(reader: impl Read, limit: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Problem::Packed(error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(Problem::TooLarge(limit));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused() {
        let bomb = packed(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2000);
        assert!(matches!(unpack(&bomb, (1 << 20) - 1), Err(Problem::TooLarge(limit)) if limit == (1 << 20) - 1));
        assert_eq!(unpack(&bomb, 1 << 20).unwrap().len(), 1 << 20);
    }

    #[test]
    fn all_parts_of_a_joined_gzip_file_are_unpacked() {
        assert_eq!(unpack(&[packed(b"1,2\n"), packed(b"3,4\n")].concat(), 100).unwrap(), b"1,2\n3,4\n");
    }
}
