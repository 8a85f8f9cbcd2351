//! `excite check`: what is wrong with the activations of a network.

use std::path::{Path, PathBuf};

use clap::Args;
use excite_tasks::CheckOptions;
use excite_vitals::findings::{self, Rule};

use crate::error::{Failure, meant};
use crate::inputs::InputArguments;
use crate::presentation::Presentation;
use crate::progress::Progress;
use crate::{output, table};

/// What to check, and on which data.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite check model.onnx                              on random inputs: shows that it runs, and little more
  excite check model.onnx --input data.npz --html report.html
  excite check model.onnx --input photos/ --imagenet   a folder of pictures, normalised as for ImageNet
  excite check model.onnx --input raw.f32 --shape 0,64 --dtype float32
  excite check model.onnx --input data.npz --json | jq '.layers[] | {name, dead}'
  excite check model.onnx --input data.npz --baseline before.json --sarif new.sarif
  excite check --explain dead-units                    what a rule looks for; --explain alone lists the rules

Inputs are found out by their names: .npz, .npy, .safetensors, .pb, .png, .jpg, .wav, folders of these, and folders of
input_0.pb, input_1.pb... or test_data_set_0... as ONNX has them. The first axis is cut into batches where the model lets it.
Exit codes: 0 sound, 1 findings from --fail-on up, 2 wrong usage, 3 could not be done, 130 interrupted.")]
pub struct Arguments {
    /// The model, an ONNX file
    #[arg(required_unless_present = "explain")]
    model: Option<PathBuf>,
    /// Print the page of a rule, or list the rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, conflicts_with = "model")]
    #[expect(clippy::option_option, reason = "the form of the parser for an option whose value may be left out")]
    explain: Option<Option<String>>,

    #[command(flatten)]
    inputs: InputArguments,

    /// Set the dead and the dormant units to 0, and say what changes in the outputs
    #[arg(long)]
    ablate: bool,
    /// Write the vitals, which `excite merge` joins with others
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
    let progress = Progress::new("runs", "stopping, nothing is written")?;
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
        let mut table = table::new(&["rule", "what is found"]);
        for rule in findings::ALL {
            table.add_row([rule.id, rule.title]);
        }
        return output::print(&format!("{table}\nexcite check --explain RULE tells more of one\n"));
    };
    let rule: &Rule = findings::rule(id).ok_or_else(|| {
        let known: Vec<_> = findings::ALL.iter().map(|rule| rule.id).collect();
        Failure::Usage(format!("there is no rule `{id}`; {}", meant(id, &known, "the rules are")))
    })?;
    let lines = rule.page();
    output::print(&lines.lines().map(|line| output::wrapped(line, 100) + "\n").collect::<String>())
}
