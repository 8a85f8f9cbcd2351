//! The program `excite`: which activation function serves your data, and what goes wrong in the others.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod compare;
mod error;
mod list;
mod number;
mod output;
mod plot;
mod progress;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Failure;

/// Which activation function serves your data, and what goes wrong in the others.
#[derive(Parser)]
#[command(name = "excite", version, arg_required_else_help = true, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train the same network with each activation function, and compare.
    Compare(Box<compare::Arguments>),
    /// List the activation functions and what they do, computed from their definitions.
    List(list::Arguments),
    /// Draw functions and their slopes, in the terminal or as SVG.
    Plot(plot::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  excite compare                                 on 1,797 handwritten digits, which the program carries
  excite compare measurements.csv --target mass  on your own data
  excite plot tanh relu6                         two functions and their slopes
Each command explains itself: excite compare --help";

fn main() -> ExitCode {
    let outcome = Cli::try_parse().map_err(Failure::from).and_then(|cli| match cli.command {
        Command::Compare(arguments) => compare::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
    });
    outcome.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
