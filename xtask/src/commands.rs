//! `cargo xtask commands`: writes docs/reference/commands.md, the help of every command. The tests of the program compare with it.

use std::fmt::Write;
use std::process::ExitCode;

use crate::cargo::cargo;
use crate::generated;
use crate::verify::root;

const COMMANDS: [&str; 10] =
    ["compare", "check", "merge", "quantise", "lab", "play", "list", "plot", "completions", "man"];

/// Writes the page.
pub fn run() -> ExitCode {
    match page() {
        Ok(page) => generated::write_all(&vec![("reference/commands.md".to_owned(), page)]),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn page() -> Result<String, String> {
    let mut page = "# The commands\n\nThe program's own help, written by `cargo xtask commands`.\n\n".to_owned();
    page += &block(&[])?;
    for name in COMMANDS {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## excite {name}\n\n{}", block(&[name])?);
    }
    Ok(page)
}

/// The help of a command, or of the program.
fn block(command: &[&str]) -> Result<String, String> {
    let arguments = [&["run", "--release", "--quiet", "--locked", "--"][..], command, &["--help"]].concat();
    let done = cargo().args(arguments).env("COLUMNS", "100").env("NO_COLOR", "1").current_dir(root()).output();
    let done = done.map_err(|error| format!("the program cannot be run: {error}"))?;
    let help = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() { Ok(format!("```text\n{help}```\n")) } else { Err(format!("no help of {command:?}")) }
}
