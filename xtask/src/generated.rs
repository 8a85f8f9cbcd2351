//! Documents that are written from the code, and checked against it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;

use crate::verify::root;

/// Files in docs/ that a command writes: name and text.
pub type Files = Vec<(String, String)>;

#[derive(Args)]
pub struct Mode {
    /// Write nothing; fail if what is there is not what would be written
    #[arg(long)]
    check: bool,
}

/// Writes `files`, or checks them; `command` is what writes them.
pub fn run(mode: &Mode, command: &str, files: &Files) -> ExitCode {
    if !mode.check {
        return write_all(files);
    }
    match stale(files) {
        None => ExitCode::SUCCESS,
        Some(file) => {
            eprintln!("error: docs/{file} is not what the code says: run `{command}`");
            ExitCode::FAILURE
        }
    }
}

/// Writes `files`.
pub fn write_all(files: &Files) -> ExitCode {
    match write(files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: docs/ cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn folder() -> PathBuf {
    root().join("docs")
}

/// The first file that is not what it would be.
pub fn stale(files: &Files) -> Option<&str> {
    let is_stale =
        |(name, text): &&(String, String)| fs::read_to_string(folder().join(name)).ok().as_ref() != Some(text);
    files.iter().find(is_stale).map(|(name, _)| name.as_str())
}

fn write(files: &Files) -> io::Result<()> {
    for (name, text) in files {
        let path = folder().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        excite_report::write_file(&path, text)?;
    }
    println!("wrote {} files in docs/", files.len());
    Ok(())
}
