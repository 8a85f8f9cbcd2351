//! NPZ archives: NPY files under names.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::npy;
use crate::Array;

/// Deflate packs 1,032 bytes into one at best: an archive that claims more is not one.
const BEST_RATIO: u64 = 1032;

pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<(String, Array)>, String> {
    let packed = bytes.len() as u64;
    let damaged = |error: &dyn std::fmt::Display| format!("the archive is damaged ({error}); save it again");
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut budget = packed.saturating_mul(BEST_RATIO);
    let mut arrays = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.to_string();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let mut unpacked = Vec::new();
        entry.take(budget + 1).read_to_end(&mut unpacked).map_err(|error| damaged(&error))?;
        budget = budget.checked_sub(unpacked.len() as u64).ok_or("the archive unpacks to more than it can hold")?;
        let array = npy::read(&unpacked).map_err(|what| format!("in its array `{name}`, {what}"))?;
        arrays.push((name, array));
    }
    if arrays.is_empty() {
        return Err("the archive holds no arrays; save them by the names of the model's inputs".into());
    }
    Ok(arrays)
}
