//! From a path to bytes, unpacked.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DataError, Problem};

/// The most bytes that a file may unpack to: more would not fit into memory as floats.
pub(super) const UNPACKED_LIMIT: u64 = 4 << 30;

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
