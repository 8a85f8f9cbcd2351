//! The commands that maintain the workspace: `cargo xtask help` lists them.
#![forbid(unsafe_code)]

mod api;
mod cargo;
mod catalogue;
mod claims;
mod commands;
mod conformance;
mod diagnosis;
#[cfg(test)]
mod documents;
mod firmware;
mod fixed;
mod front;
mod fuzz;
mod generated;
mod golden;
mod guide;
mod play;
mod python;
mod rooms;
mod schemas;
mod test;
mod verify;
mod wording;

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
    /// Writes docs/api/excite.txt, the public API of the library
    Api(api::Api),
    /// Writes docs/catalogue.md and its curves, from the code
    Catalogue(catalogue::Catalogue),
    /// Writes docs/guide/claims/: claims about activation functions, and what `excite lab` found
    Claims(claims::Claims),
    /// Writes docs/reference/commands.md, the help of every command of the program
    Commands,
    /// Writes docs/conformance.md: which of ONNX's own node tests are right, and which refused, on both engines
    Conformance(conformance::Conformance),
    /// Writes docs/diagnosis.md: how many planted faults the diagnosis finds, beside the rules of other tools
    Diagnosis(diagnosis::Diagnosis),
    /// Writes docs/firmware.md: what written kernels cost on microcontrollers, simulated, beside CMSIS-NN
    Firmware(firmware::Firmware),
    /// Writes docs/fixed-point.md: on how many codes the fixed-point kernels agree with other libraries, and how far they err
    Fixed(fixed::Fixed),
    /// Writes docs/front.svg, the picture of the README: units that died in training
    Front(front::Front),
    /// Runs every parser on mutated files, to find panics, hangs and runaway memory
    Fuzz(fuzz::Fuzz),
    /// Writes docs/guide/: what the diagnosis looks for, and what to do
    Guide(guide::Guide),
    /// Writes down the bits that all functions give now, which the tests compare with
    Golden,
    /// Writes crates/excite-play/play.html, the page to play with: compiles it to WebAssembly and assembles it
    Play(play::Play),
    /// Builds the Python package, and tests, lints and type-checks it
    Python(python::Python),
    /// Writes docs/rooms.md: the crates, what each is for, and how they depend on each other
    Rooms(rooms::Rooms),
    /// Writes docs/schemas/: the JSON Schemas of what the program prints with --json
    Schemas(schemas::Schemas),
    /// Measures the errors of functions, over all 2^32 f32 inputs or in f64
    Verify(verify::Verify),
    /// Finds phrases that made readers stumble, in documents, doc comments, help, messages and pages; part of the tests
    Wording,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Test => test::run(),
        Command::Api(api) => api.run(),
        Command::Catalogue(catalogue) => catalogue.run(),
        Command::Claims(claims) => claims.run(),
        Command::Commands => commands::run(),
        Command::Conformance(conformance) => conformance.run(),
        Command::Diagnosis(diagnosis) => diagnosis.run(),
        Command::Firmware(firmware) => firmware.run(),
        Command::Fixed(fixed) => fixed.run(),
        Command::Front(front) => front.run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Guide(guide) => guide.run(),
        Command::Golden => golden::run(),
        Command::Play(play) => play.run(),
        Command::Python(python) => python.run(),
        Command::Rooms(rooms) => rooms.run(),
        Command::Schemas(schemas) => schemas.run(),
        Command::Verify(verify) => verify.run(),
        Command::Wording => wording::run(),
    }
}
