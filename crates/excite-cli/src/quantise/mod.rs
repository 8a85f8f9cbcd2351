//! `excite quantise`: which fixed-point formats the activations of a model fit in, and what that costs; kernels for them; and where
//! libraries differ.

mod choice;
mod converted;
mod diff;
mod emit;
mod files;
mod recommended;
mod show;
mod single;

use std::path::PathBuf;

use clap::Args;
use excite_fixed::QFormat;
use excite_tasks::{QuantiseOptions, read_labels};

use crate::command_line::command_line;
use crate::error::Failure;
use crate::inputs::InputArguments;
use crate::number::finite;
use crate::output;
use crate::progress::{Progress, Unit};
use crate::shown::Shown;

/// What to quantise, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite quantise model.onnx --input data.npz --html report.html
  excite quantise model.onnx --input data.npz --bits 4..16 --budget snr=25dB --write-model quantised.onnx
  excite quantise model.onnx --input data.npz --power-of-two --write-formats formats.toml
  excite quantise model.onnx --input data.npz --format UQ2.6 --json | jq '.layers[] | {name, widths}'
  excite quantise model.onnx --input data.npz --emit c --output kernels/
  excite quantise --emit rust --function gelu --bits 8 --input-scale 0.05 --output-scale 0.04 --output gelu.rs
  excite quantise --emit c --function relu6 --sum-scale 1e-4,3e-4 --output-scale 0.0235 --output relu6.c
  excite quantise --diff tflite,onnx --function hard_swish --input-scale 0.05 --output-scale 0.03
  excite quantise --diff device.npy,tflm --function sigmoid --input-scale 0.05

Q3.4 is a sign, 3 integer bits and 4 fraction bits; UQ3.5 has no sign.
dB is the ratio of the signal to the noise that quantisation adds: 6 dB are one bit.
Exit codes: 0 done, 1 the outputs lose more than --budget, 2 wrong usage, 3 could not be done, 130 interrupted.")]
pub struct Arguments {
    /// The model, an ONNX file; of a .tflite file the formats that it has are shown
    #[arg(required_unless_present = "function", conflicts_with = "function")]
    model: Option<PathBuf>,

    #[command(flatten)]
    inputs: InputArguments,

    #[command(flatten)]
    choice: choice::Choice,
    /// Cap of a ReLU to compare with none
    #[arg(long, value_name = "CAP", default_value = "6", value_parser = cap, allow_hyphen_values = true, help_heading = "Formats")]
    cap: f64,
    /// More Q formats to try on every activation, as UQ3.5 or Q3.4
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', help_heading = "Formats")]
    format: Vec<QFormat>,

    /// An .npy file with the class of each sample, to report the accuracy
    #[arg(long, value_name = "FILE", help_heading = "Simulation")]
    labels: Option<PathBuf>,
    /// Do not quantise one layer at a time, which shows what each costs
    #[arg(long, conflicts_with = "budget", help_heading = "Simulation")]
    no_sensitivity: bool,
    /// Do not run the model with quantised activations
    #[arg(long, conflicts_with_all = ["labels", "budget", "weights"], help_heading = "Simulation")]
    no_simulation: bool,

    #[command(flatten)]
    single: single::Single,

    /// Write the report, one HTML file
    #[arg(long, value_name = "FILE", conflicts_with = "function", help_heading = "Output")]
    html: Option<PathBuf>,
    #[command(flatten)]
    files: files::Files,
    #[command(flatten)]
    shown: Shown,
    /// Write integer kernels, of the function or of all activations of the model, as c, rust or json
    #[arg(long, value_name = "LANGUAGE", hide_possible_values = true, requires = "output", help_heading = "Output")]
    emit: Option<emit::Language>,
    /// Where the kernels go: a file for a function, a folder for a model
    #[arg(long, value_name = "PATH", requires = "emit", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// Does what was asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tables = arguments.choice.tables();
    let emitted = arguments.emit.zip(arguments.output.as_deref());
    let Some(path) = &arguments.model else {
        if arguments.single.diff.is_empty() {
            let Some((language, output)) = emitted else {
                return Err(Failure::Usage(
                    "--function is for --emit, which writes a kernel, or --diff, which compares libraries: give one of them".to_owned(),
                ));
            };
            return emit::one(&arguments.single.source(&tables)?, language, output);
        }
        return diff::run(&arguments.single, &tables, arguments.shown.json);
    };
    if converted::is_one(path) {
        return converted::run(path, arguments);
    }
    arguments.shown.columns.check(&show::names(&tables, &arguments.format))?;
    let html = arguments.shown.open.page(arguments.html.as_ref(), "quantise.html");
    if let Some(path) = &html {
        output::prepare_page(path)?;
    }
    if let Some((_, folder)) = emitted {
        if arguments.no_simulation {
            emit::check_bits(&tables)?;
        }
        output::prepare_folder(folder, "--output")?;
    }
    let labels = arguments.labels.as_deref().map(read_labels).transpose()?;
    arguments.files.check(arguments.no_simulation)?;
    let options = QuantiseOptions {
        cap: arguments.cap,
        formats: arguments.format.clone(),
        simulate: !arguments.no_simulation,
        sensitivity: !arguments.no_sensitivity,
        labels,
        ..arguments.choice.options()?
    };
    let (model, data) = (arguments.inputs.open(path)?, arguments.inputs.data()?);
    let progress = Progress::new(Unit::Counted("runs"), "stopping, nothing is written")?;
    let quantised = excite_tasks::quantise(&model, &data, &options, &progress);
    let mut quantised = quantised?;
    quantised.record.command = command_line();
    if let Some(path) = &html {
        output::write(path, &excite_report::quantisation_page(&quantised.record))?;
    }
    if let Some((language, folder)) = emitted {
        let single = &arguments.single;
        let (signed, rounding) = (single.signed(), single.rounding());
        let wanted = emit::Wanted { language, folder, bits: tables[0], signed, rounding };
        emit::model(&quantised, (&model, &data), &wanted, &progress)?;
    }
    progress.clear();
    arguments.files.write(&quantised)?;
    if arguments.shown.json {
        output::print(&output::json(&quantised.record)?)?;
    } else {
        output::print(&show::in_terminal(&quantised.record, &arguments.shown.columns))?;
    }
    if let Some(path) = &html {
        output::notice(&format!("wrote {}", path.display()));
        arguments.shown.open.open(path);
    }
    match &quantised.record.recommended {
        Some(recommended) if arguments.choice.has_budget() && !recommended.is_enough => {
            output::notice(&recommended.over_budget());
            Err(Failure::Findings)
        }
        None if arguments.choice.has_budget() => Err(Failure::Failed(
            "whether --budget is kept is not known: no activation could be quantised whose effect an output of floats shows".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn cap(text: &str) -> Result<f64, String> {
    finite(text)
        .ok()
        .filter(|&cap| cap > 0.0)
        .ok_or_else(|| "the cap of a ReLU must be a finite number above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_that_are_none_are_refused() {
        assert_eq!(cap("6"), Ok(6.0));
        assert!(["0", "-1", "nan", "inf", ""].iter().all(|text| cap(text).is_err()));
    }
}
