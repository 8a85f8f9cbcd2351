//! `excite merge`: joins vitals that were gathered apart.

use std::path::PathBuf;

use clap::Args;
use excite_report::Origin;
use excite_vitals::Vitals;

use crate::command_line::command_line;
use crate::error::Failure;
use crate::inputs::open;
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
    arguments.presentation.check(arguments.out.as_deref())?;
    let vitals = merged(&arguments.files)?;
    let model = arguments.model.as_deref().map(open).transpose()?;
    if let Some(path) = &arguments.out {
        vitals.write(path).map_err(|error| Failure::Failed(format!("the vitals cannot be written: {error}")))?;
        output::notice(&format!("wrote {}", path.display()));
    }
    let data = match &arguments.files[..] {
        [one] => format!("{} samples in {}", vitals.samples(), one.display()),
        files => format!("{} samples in {} files of vitals", vitals.samples(), files.len()),
    };
    let origin = Origin { command: command_line(), data, not_seen: Vec::new() };
    arguments.presentation.show(&vitals, model.as_ref(), &origin, &vitals.model)
}

fn merged(files: &[PathBuf]) -> Result<Vitals, Failure> {
    let read = |path: &PathBuf| {
        let advice = "give files that excite check --vitals or excite merge -o has written";
        Vitals::read(path).map_err(|error| Failure::Failed(format!("{error}: {advice}")))
    };
    let (first, rest) = files.split_first().ok_or_else(|| Failure::Usage("name at least one file".to_owned()))?;
    let mut vitals = read(first)?;
    for path in rest {
        let merged = vitals.merge(&read(path)?);
        merged.map_err(|error| Failure::Failed(format!("{} and {}: {error}", first.display(), path.display())))?;
    }
    Ok(vitals)
}
