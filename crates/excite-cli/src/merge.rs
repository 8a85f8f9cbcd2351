//! `excite merge`: merges the vitals of several runs of a check.

use std::path::PathBuf;

use clap::Args;
use excite_tasks::{MergeOptions, NamedModel};

use crate::error::Failure;
use crate::output;
use crate::presentation::Presentation;

/// What to join, and where it goes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite check model.onnx --input part1.npz --vitals 1.vitals      likewise for the other parts
  excite merge 1.vitals 2.vitals 3.vitals                          the report on all of them
  excite merge *.vitals -o all.vitals --html report.html
  excite merge all.vitals --json                                   the content of one file

The result equals that of one run over all the data. With --model it also says why units are dead.
Exit codes: 0 no finding as severe as --fail-on, 1 such a finding, 2 wrong usage, 3 could not be done.")]
pub struct Arguments {
    /// Vitals of one model, from any machines and in any order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the merged vitals; as JSON if the name ends in .json
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,
    /// The model, for its weights: they show why units are dead
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    #[command(flatten)]
    presentation: Presentation,
}

/// Joins the files, and shows what they say together.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let check = arguments.presentation.prepare(arguments.out.as_deref())?;
    let model = arguments.model.as_deref().map(NamedModel::open).transpose()?;
    let merged = excite_tasks::merge(&arguments.files, &MergeOptions { model, check })?;
    if let Some(path) = &arguments.out {
        merged.vitals.write(path).map_err(|error| Failure::Failed(format!("the vitals cannot be written: {error}")))?;
        output::notice(&format!("wrote {}", path.display()));
    }
    arguments.presentation.show(&merged, &merged.vitals.model)
}
