//! `excite merge`: joins vitals that were gathered apart.

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
  excite check model.onnx --input part1.npz --vitals 1.vitals      here, and the other parts elsewhere
  excite merge 1.vitals 2.vitals 3.vitals                          what all of them show together
  excite merge *.vitals -o all.vitals --html report.html
  excite merge all.vitals --json                                   what a file shows

The result is that of one run over all the data. What holds dead units down is in the model: give it with --model. Exit codes are those of excite check.")]
pub struct Arguments {
    /// Files of vitals of one model, from any machine and in any order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the vitals of all together; JSON if the name ends in .json
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,
    /// The model that they are of, for its weights
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
