//! The cargo that runs this program.

use std::env;
use std::process::Command;

/// A command of it.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
