//! The program `excite`: which activation function serves your data, and what goes wrong in the others.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod apart;
mod check;
mod command_line;
mod compare;
mod error;
mod inputs;
mod lab;
mod list;
mod markdown;
mod merge;
mod number;
mod output;
mod plot;
mod presentation;
mod progress;
mod quantise;
mod table;

use std::ffi::OsString;

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
    /// Check the activations of an ONNX model: dead, saturated, clipped and other faulty units.
    Check(Box<check::Arguments>),
    /// Join vitals that excite check gathered apart, and report on all of them.
    Merge(merge::Arguments),
    /// Choose fixed-point formats and scales for the activations of a model, and write kernels for them.
    Quantise(Box<quantise::Arguments>),
    /// Put what is said about activation functions to the test.
    Lab(lab::Arguments),
    /// List the activation functions and what they do, computed from their definitions.
    List(list::Arguments),
    /// Draw functions and their slopes, in the terminal or as SVG.
    Plot(plot::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  excite compare                                 on 1,797 handwritten digits, which the program carries
  excite compare measurements.csv --target mass  on your own data
  excite check model.onnx --input data.npz       what is wrong with the activations of a network
  excite quantise model.onnx --input data.npz    which formats its activations fit in, and at what cost
  excite lab zig-zag --html zig-zag.html         folklore put to the test
  excite plot tanh relu6                         two functions and their slopes
Each command explains itself: excite compare --help";

/// Runs the program with the arguments that follow its name. Gives the code that it exits with.
///
/// A process runs it once at most: it takes over Ctrl-C.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    command_line::remember(&arguments);
    let words = std::iter::once(OsString::from("excite")).chain(arguments);
    let outcome = Cli::try_parse_from(words).map_err(Failure::from).and_then(|cli| match cli.command {
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Quantise(arguments) => quantise::run(&arguments),
        Command::Lab(arguments) => lab::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
    });
    outcome.map_or_else(Failure::report, |()| 0)
}
