//! `cargo xtask golden`: writes down the bits of the results that all functions have now.

use std::env;
use std::process::{Command, ExitCode};

/// The test that compares results with the files writes them instead. Look at what changed before committing it.
pub fn run() -> ExitCode {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let written = Command::new(cargo)
        .args(["test", "--release", "--package", "excite", "--test", "catalogue", "--locked", "golden"])
        .env("EXCITE_WRITE_GOLDEN", "1")
        .status()
        .is_ok_and(|status| status.success());
    if written {
        println!("wrote crates/excite/tests/golden/; `git diff --stat` shows whether results have changed");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
