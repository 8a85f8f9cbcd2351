//! The commands that maintain the workspace: `cargo xtask help` lists them.
#![forbid(unsafe_code)]

#[cfg(test)]
mod precise;
mod test;
mod ulp;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands that maintain the workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every check: formatting, lints, documentation, tests, licences. What CI runs
    Test,
    /// Measures the error of a function over all 2^32 f32 inputs
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Test => test::run(),
        Command::Verify(verify) => verify.run(),
    }
}
