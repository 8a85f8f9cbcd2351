//! The cargo that runs this program.

use std::env;
use std::process::Command;

/// A command of it.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Whether the standard library's parts for a target are there, or could be had.
pub fn has_target(target: &str) -> bool {
    let add = Command::new("rustup").args(["--quiet", "target", "add", target]).status();
    add.is_ok_and(|status| status.success())
}
