//! NPZ archives: NPY files under names.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::CrcReader;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::pieces::Stored;

/// Deflate packs 1,032 bytes into one at best: an archive that claims more is not one.
const BEST_RATIO: u64 = 1032;

/// An entry whose checksum is looked at when its last byte was read.
struct Checked {
    stream: CrcReader<Box<dyn Read>>,
    left: u64,
    checksum: u32,
}

impl Read for Checked {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.left = self.left.saturating_sub(read as u64);
        if read > 0 && self.left == 0 && self.stream.crc().sum() != self.checksum {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
        }
        Ok(read)
    }
}

/// The arrays of an archive, each with a reader of its own.
pub(super) fn open(path: &Path) -> Result<Vec<Stored>, String> {
    let damaged = |error: &dyn std::fmt::Display| format!("the archive is damaged ({error}); save it again");
    let file = || File::open(path).map(BufReader::new).map_err(|error| damaged(&error));
    let mut zip = ZipArchive::new(file()?).map_err(|error| damaged(&error))?;
    let mut arrays = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.to_string();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let (packed, size, checksum) = (entry.compressed_size(), entry.size(), entry.crc32());
        if size > packed.saturating_mul(BEST_RATIO) {
            return Err("the archive unpacks to more than it can hold".to_owned());
        }
        let start = entry.data_start().ok_or_else(|| damaged(&"an entry has no beginning"))?;
        let mut stream = file()?;
        stream.seek(SeekFrom::Start(start)).map_err(|error| damaged(&error))?;
        let stream: Box<dyn Read> = match entry.compression() {
            CompressionMethod::Stored => Box::new(stream.take(size)),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(stream.take(packed)).take(size)),
            other => return Err(format!("its array `{name}` is packed by {other:?}; save it by numpy.savez")),
        };
        let stream = Checked { stream: CrcReader::new(stream), left: size, checksum };
        let array = Stored::new(name.clone(), Box::new(stream), size);
        arrays.push(array.map_err(|what| format!("in its array `{name}`, {what}"))?);
    }
    if arrays.is_empty() {
        return Err("the archive holds no arrays; save them by the names of the model's inputs".into());
    }
    Ok(arrays)
}
