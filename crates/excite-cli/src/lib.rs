//! The program `excite`: which activation function serves your data, and what goes wrong in the others.
//!
//! The library in this crate is there for other front ends, which run the program in their own process. To call what it does from Rust, take
//! the crate `excite-tasks`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod apart;
mod browser;
mod check;
mod command_line;
mod compare;
mod error;
mod inputs;
mod lab;
mod list;
mod manual;
mod markdown;
mod merge;
mod number;
mod output;
mod play;
mod plot;
mod presentation;
mod progress;
mod quantise;
mod report_file;
mod shown;
mod table;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Failure;

/// Find the activation function that suits your data, and the faults of the activations in a network.
#[derive(Parser)]
#[command(name = "excite", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Train the same network with each activation function, and compare the results.
    Compare(Box<compare::Arguments>),
    /// Check an ONNX model for dead, saturated, clipped and other faulty units.
    Check(Box<check::Arguments>),
    /// Merge the statistics (vitals) of several runs of excite check, and report on all of them.
    Merge(merge::Arguments),
    /// Choose fixed-point formats and scales for the activations of a model, and write kernels for them.
    #[command(visible_alias = "quantize")]
    Quantise(Box<quantise::Arguments>),
    /// Try what notes say of activation functions, sentence by sentence.
    Lab(lab::Arguments),
    /// Write the page to play with: drag neurons, train, and watch units die, in the browser.
    Play(play::Arguments),
    /// List the activation functions and their properties.
    List(list::Arguments),
    /// Draw functions and their slopes, in the terminal or as SVG.
    Plot(plot::Arguments),
    /// Print the completions of a shell for this program.
    Completions(manual::Completions),
    /// Write the manual, a man page for each command.
    Man(manual::Man),
}

/// What a newcomer reads who types the name of the program and nothing else.
const FIRST_STEPS: &str = "\
My network does not train:
  excite compare DATA              which function learns your data, and how well
  excite check MODEL --input DATA  which units are dead or saturated, and why

To see it work:
  excite compare                   trains on built-in digits, writes a report
  excite lab --open                the lesson: 31 sentences, each tried
  excite play --open               opens a page to play with, in the browser
  excite plot tanh relu6           draws two functions and their slopes

All commands: excite --help. Examples and options: excite compare --help
";

const EXAMPLES: &str = "\
My network does not train: excite compare DATA shows which function learns your data,
excite check MODEL the faults in the network that you have.

Examples:
  excite compare                                 on 1,797 handwritten digits, which are built in
  excite compare measurements.csv --target mass  on your own data
  excite check model.onnx --input data.npz       what is wrong with the activations of a network
  excite quantise model.onnx --input data.npz    which number formats fit its activations
  excite lab zig-zag --html zig-zag.html         one experiment, with pictures
  excite play --open                             a page to play with, in the browser
  excite plot tanh relu6                         two functions and their slopes
Each command has examples and all its options: excite compare --help";

/// Runs the program with the arguments that follow its name. Gives the code that it exits with.
///
/// A process runs it once at most: it takes over Ctrl-C.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    command_line::remember(&arguments);
    let words = std::iter::once(OsString::from("excite")).chain(arguments);
    let outcome = Cli::try_parse_from(words).map_err(Failure::from).and_then(|cli| match cli.command {
        None => output::print(FIRST_STEPS),
        Some(Command::Compare(arguments)) => compare::run(&arguments),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Merge(arguments)) => merge::run(&arguments),
        Some(Command::Quantise(arguments)) => quantise::run(&arguments),
        Some(Command::Lab(arguments)) => lab::run(&arguments),
        Some(Command::Play(arguments)) => play::run(&arguments),
        Some(Command::List(arguments)) => list::run(&arguments),
        Some(Command::Plot(arguments)) => plot::run(&arguments),
        Some(Command::Completions(arguments)) => manual::complete(&arguments, Cli::command()),
        Some(Command::Man(arguments)) => manual::write(&arguments, Cli::command()),
    });
    outcome.map_or_else(output::failure, |()| 0)
}
