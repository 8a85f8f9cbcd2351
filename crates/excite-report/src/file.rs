//! Writing a file whole or not at all.

use std::io;
use std::path::Path;

/// Writes `text` to `path` through a temporary file in the same folder: a reader finds the old file or the whole new one.
///
/// # Errors
/// If the folder does not exist or cannot be written to; `path` is then as it was.
pub fn write_file(path: &Path, text: &str) -> io::Result<()> {
    excite_vitals::write_file(path, text.as_bytes())
}
