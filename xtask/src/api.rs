//! `cargo xtask api`: writes down the public API of the library, which the test run compares with.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use public_api::Builder;

use crate::cargo::cargo;
use crate::verify::root;

/// Writes docs/api/excite.txt, the public API of the library with all its features.
#[derive(Args)]
pub struct Api {
    /// Write nothing; fail if what is there is not what would be written
    #[arg(long)]
    check: bool,
}

/// The format of rustdoc's JSON that public-api reads: that of Rust 1.95.
const FORMAT: u64 = 57;

impl Api {
    pub fn run(&self) -> ExitCode {
        match self.act() {
            Ok(done) => {
                println!("{done}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn act(&self) -> Result<String, String> {
        let json = rustdoc_json()?;
        let found = format(&json)?;
        if found != FORMAT {
            return Ok(format!(
                "NOT COMPARED: the public API. This toolchain's rustdoc writes format {found}, and public-api reads {FORMAT}"
            ));
        }
        let api = Builder::from_rustdoc_json(&json)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(true)
            .build()
            .map_err(|error| format!("{} cannot be read: {error}", json.display()))?;
        let file = root().join("docs/api/excite.txt");
        let text = api.to_string();
        if !self.check {
            fs::create_dir_all(root().join("docs/api")).map_err(|error| format!("docs/api cannot be made: {error}"))?;
            excite_report::write_file(&file, &text)
                .map_err(|error| format!("docs/api/excite.txt cannot be written: {error}"))?;
            return Ok("wrote docs/api/excite.txt; a line that has gone or changed breaks users".to_owned());
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        match difference(&written, &text) {
            None => Ok("the public API is that of docs/api/excite.txt".to_owned()),
            Some(lines) => Err(format!(
                "the public API is not that of docs/api/excite.txt:\n{lines}If that is meant, run `cargo xtask api`; lines that are \
                 gone or changed break users"
            )),
        }
    }
}

/// The lines of either text that the other lacks.
fn difference(old: &str, new: &str) -> Option<String> {
    let lacking = |sign: &str, of: &str, other: &str| -> String {
        let known: HashSet<&str> = other.lines().collect();
        of.lines().filter(|line| !known.contains(line)).flat_map(|line| [sign, " ", line, "\n"]).collect()
    };
    (old != new).then(|| lacking("-", old, new) + &lacking("+", new, old))
}

/// What rustdoc knows of the library. Its JSON is not stable yet: asked for with the stable toolchain, in a folder of its own, so that
/// nothing else is built anew.
fn rustdoc_json() -> Result<PathBuf, String> {
    let folder = root().join("target/api");
    let made = cargo()
        .args(["rustdoc", "--package", "excite", "--lib", "--all-features", "--locked", "--quiet", "--target-dir"])
        .arg(&folder)
        .args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOCFLAGS")
        .current_dir(root())
        .status();
    match made {
        Ok(status) if status.success() => Ok(folder.join("doc/excite.json")),
        Ok(status) => Err(format!("`cargo rustdoc` ended with {status}")),
        Err(error) => Err(format!("`cargo rustdoc` cannot be run: {error}")),
    }
}

fn format(json: &Path) -> Result<u64, String> {
    #[derive(serde::Deserialize)]
    struct Head {
        format_version: u64,
    }
    let text = fs::read(json).map_err(|error| format!("{} cannot be read: {error}", json.display()))?;
    let head: Head =
        serde_json::from_slice(&text).map_err(|error| format!("{} is no JSON: {error}", json.display()))?;
    Ok(head.format_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_lines() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some("- b\n+ c\n".to_owned()));
    }
}
