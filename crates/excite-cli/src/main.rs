//! The program `excite`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(excite_cli::run(std::env::args_os().skip(1)))
}
