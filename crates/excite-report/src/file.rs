//! Writing a file whole or not at all.

use std::io::{self, Write};
use std::path::Path;

/// Writes `text` to `path` through a temporary file in the same folder: a reader finds the old file or the whole new one.
///
/// # Errors
/// If the folder does not exist or cannot be written to; `path` is then as it was.
pub fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are for their owner alone; a report is an ordinary file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
