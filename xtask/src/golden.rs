//! `cargo xtask golden`: writes down the bits of the results that all functions have now.

use std::process::ExitCode;

use crate::cargo::cargo;

/// The test that compares results with the files writes them instead. Look at what changed before committing it.
pub fn run() -> ExitCode {
    let written = cargo()
        .args([
            "test",
            "--release",
            "--package",
            "excite",
            "--all-features",
            "--test",
            "catalogue",
            "--locked",
            "golden",
        ])
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
