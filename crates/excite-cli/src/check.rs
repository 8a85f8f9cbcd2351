//! `excite check`: what is wrong with the activations of a network.

use std::path::{Path, PathBuf};

use clap::Args;
use excite_tasks::CheckOptions;
use excite_vitals::findings::{self, Rule};

use crate::error::{Failure, meant};
use crate::inputs::InputArguments;
use crate::output;
use crate::presentation::Presentation;
use crate::progress::{Progress, Unit};
use crate::table::{Column, ColumnsArgument, Table};

/// What to check, and on which data.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite check model.onnx                              on random inputs, which say little
  excite check model.onnx --input data.npz --html report.html
  excite check model.onnx --input photos/ --imagenet   pictures, normalised as for ImageNet
  excite check model.onnx --input raw.f32 --shape 0,64 --dtype float32
  excite check model.onnx --input data.npz --json | jq '.layers[] | {name, dead}'
  excite check model.onnx --input data.npz --baseline before.json --sarif new.sarif
  excite check --explain dead-units                    one rule; --explain alone lists all

A PyTorch model becomes an ONNX file by torch.onnx.export(model, example_input, 'model.onnx').
Inputs may be .npz, .npy, .safetensors, .pb, .png, .jpg or .wav files, folders of these, and ONNX's own test data sets.
Exit codes: 0 no finding as severe as --fail-on, 1 such a finding, 2 wrong usage, 3 could not be done, 130 interrupted.")]
pub struct Arguments {
    /// The model, an ONNX file
    #[arg(required_unless_present = "explain")]
    model: Option<PathBuf>,
    /// Explain a rule, or list the rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, conflicts_with = "model")]
    #[expect(clippy::option_option, reason = "the form of the parser for an option whose value may be left out")]
    explain: Option<Option<String>>,

    /// Set dead and dormant units to 0, and say how the outputs change
    #[arg(long)]
    ablate: bool,

    #[command(flatten)]
    inputs: InputArguments,

    /// Write the vitals: statistics that excite merge merges with those of other data
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    vitals: Option<PathBuf>,
    #[command(flatten)]
    presentation: Presentation,
}

/// Runs the model on the inputs, and shows what is wrong with its activations.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(rule) = &arguments.explain {
        return explain(rule.as_deref());
    }
    let path = arguments.model.as_deref().unwrap_or(Path::new(""));
    let options =
        CheckOptions { ablate: arguments.ablate, ..arguments.presentation.prepare(arguments.vitals.as_deref())? };
    let (model, data) = (arguments.inputs.open(path)?, arguments.inputs.data()?);
    let progress = Progress::new(Unit::Counted("runs"), "stopping, nothing is written")?;
    let checked = excite_tasks::check(&model, &data, &options, &progress);
    progress.clear();
    let checked = checked?;
    if let Some(path) = &arguments.vitals {
        checked
            .vitals
            .write(path)
            .map_err(|error| Failure::Failed(format!("the vitals cannot be written: {error}")))?;
    }
    arguments.presentation.show(&checked, &path.to_string_lossy())
}

/// Prints the page of a rule; without one a list of all.
fn explain(id: Option<&str>) -> Result<(), Failure> {
    let Some(id) = id else {
        let mut table = Table::fixed([Column::text("rule"), Column::prose("what it finds")]);
        for rule in findings::ALL {
            table.add([rule.id, rule.title]);
        }
        let drawn = table.drawn(&ColumnsArgument::default());
        let more = output::wrapped("excite check --explain RULE explains one of them.", output::text_width());
        return output::print(&format!("{drawn}{more}\n"));
    };
    let rule: &Rule = findings::rule(id).ok_or_else(|| {
        let known: Vec<_> = findings::ALL.iter().map(|rule| rule.id).collect();
        Failure::Usage(format!("there is no rule `{id}`; {}", meant(id, &known, "the rules are")))
    })?;
    let lines = rule.page();
    output::print(&lines.lines().map(|line| output::wrapped(line, output::text_width()) + "\n").collect::<String>())
}
