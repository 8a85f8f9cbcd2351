//! `excite lab`: what is said about activation functions, put to the test.

use std::path::PathBuf;

use clap::Args;
use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::{LabError, Watcher};
use excite_report::number::significant;
use excite_vitals::experiment::{Measure, Record, Table};
use serde_json::json;

use crate::command_line::{check_named_once, command_line};
use crate::error::Failure;
use crate::number::count;
use crate::progress::Progress;
use crate::{output, table};

/// Which experiment to run, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite lab                                     the experiments and what each puts to the test
  excite lab zig-zag --html zig-zag.html         one of them, with its pictures
  excite lab sigmoid-squashes --function hard_sigmoid
  excite lab saturation-kills-gradients --seeds 10
  excite lab relu-converges-faster --data fashion-mnist/
  excite lab --all --quick --html lab.html       all of them, roughly
  excite lab zig-zag --json | jq '.experiments[] | {name, verdict, finding}'

The verdict is what came out here: on this network, these data and these seeds. It may be that a claim does not hold.")]
pub struct Arguments {
    /// The experiment [default: list them]
    #[arg(value_name = "NAME", conflicts_with = "all")]
    name: Option<String>,
    /// Run all experiments
    #[arg(long)]
    all: bool,

    /// The functions to look at, by their names here or in PyTorch, JAX, Keras or ONNX [default: those of the claim]
    #[arg(long, short, value_delimiter = ',', value_parser = str::parse::<Function>, conflicts_with = "all")]
    function: Vec<Function>,
    /// How many times to do it, each with other random numbers [default: as many as the experiment calls for]
    #[arg(long, value_name = "N", value_parser = count)]
    seeds: Option<usize>,
    /// The data to do it on, where the claim is about data, with inputs that are not standardised yet: a file or folder as `excite
    /// compare` takes it, or the folder of CIFAR-10's binary files [default: the embedded digits]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Do less, for rough figures in a second or two
    #[arg(long)]
    quick: bool,

    /// Print the whole result as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Write the report with the pictures, a page that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
}

/// Runs experiments and shows what came out, or lists them.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let chosen = match &arguments.name {
        Some(name) => vec![find(name)?],
        None if arguments.all => experiments::ALL.to_vec(),
        None => return arguments.list(),
    };
    check_named_once("--function", &arguments.function)?;
    if let Some(path) = &arguments.html {
        output::check_writable(path)?;
    }
    let raw = Options { centre: false, ..Options::default() };
    let data = arguments.data.as_ref().map(|path| Dataset::open(path, &raw)).transpose();
    let data = data.map_err(|error| Failure::Failed(error.to_string()))?;
    let request =
        Request { functions: arguments.function.clone(), seeds: arguments.seeds, quick: arguments.quick, data };
    // Of all experiments some are not about data.
    let without = Request { data: None, ..request.clone() };
    let suits = |experiment: &Experiment| if arguments.all && !experiment.takes_data { &without } else { &request };
    let progress = Progress::new("done", "stopping, nothing is written")?;
    let records: Result<Vec<_>, _> =
        chosen.iter().map(|experiment| experiment.run(suits(experiment), &Runs(&progress))).collect();
    progress.clear();
    arguments.show(&records.map_err(failure)?)
}

/// The runs of one experiment after the other on one bar.
struct Runs<'a>(&'a Progress);

impl Watcher for Runs<'_> {
    fn plan(&self, runs: u64) {
        self.0.expect(runs);
    }

    fn epochs_done(&self, runs: u64, note: &str) {
        self.0.advance(runs, note);
    }

    fn stop_requested(&self) -> bool {
        self.0.is_stopping()
    }
}

fn find(name: &str) -> Result<&'static Experiment, Failure> {
    experiments::find(name).ok_or_else(|| {
        let known: Vec<_> = experiments::ALL.iter().map(|experiment| experiment.name).collect();
        Failure::Usage(format!("there is no experiment `{name}`; the experiments are {}", known.join(", ")))
    })
}

fn failure(error: LabError) -> Failure {
    match error {
        LabError::Stopped => Failure::Interrupted,
        LabError::Plan(sentence) => Failure::Usage(sentence),
        other => Failure::Failed(other.to_string()),
    }
}

/// The version of the JSON.
const VERSION: u32 = 1;

impl Arguments {
    fn list(&self) -> Result<(), Failure> {
        if self.quick || self.data.is_some() || self.seeds.is_some() || !self.function.is_empty() || self.html.is_some()
        {
            return Err(Failure::Usage("name an experiment to run, or run them with --all".to_owned()));
        }
        if self.json {
            let experiments: Vec<_> = experiments::ALL
                .iter()
                .map(|e| json!({ "name": e.name, "claim": e.claim, "method": e.method, "functions": e.functions }))
                .collect();
            return output::print(&format!("{:#}\n", json!({ "version": VERSION, "experiments": experiments })));
        }
        let mut table = table::new(&["experiment", "what is said"]);
        for experiment in experiments::ALL {
            table.add_row([experiment.name, experiment.claim]);
        }
        output::print(&format!("{table}\nexcite lab NAME puts it to the test\n"))
    }

    fn show(&self, records: &[Record]) -> Result<(), Failure> {
        let command = command_line();
        if let Some(path) = &self.html {
            output::write(path, &excite_report::experiments_page(records, &command))?;
        }
        if self.json {
            let result = json!({ "version": VERSION, "command": command, "experiments": records });
            output::print(&format!("{result:#}\n"))?;
        } else {
            let texts: Vec<_> = records.iter().map(in_terminal).collect();
            output::print(&texts.join("\n"))?;
        }
        if let Some(path) = &self.html {
            output::notice(&format!("wrote {}", path.display()));
        }
        Ok(())
    }
}

/// The claim, the verdict, and a table of what was measured.
fn in_terminal(record: &Record) -> String {
    let Table { columns, rows } = record.table();
    let headings: Vec<_> = std::iter::once("").chain(columns.iter().map(String::as_str)).collect();
    let mut drawn = table::new(&headings);
    for (name, measures) in rows {
        drawn.add_row(std::iter::once(name).chain(measures.into_iter().map(cell)));
    }
    let width = table::text_width(&drawn);
    let (strong, wrapped) = (output::STRONG, |text: &str| output::wrapped(text, width));
    let seeds = if record.seeds == 1 { "One seed".to_owned() } else { format!("Median over {} seeds", record.seeds) };
    let quick = if record.quick { ", in the quick form: rough figures" } else { "" };
    format!(
        "{}\n{strong}{}{strong:#}\n{}\n{drawn}\n{}\n",
        wrapped(&format!("{}: {}", record.name, record.claim)),
        wrapped(&format!("{}: {}", record.verdict, record.finding)),
        wrapped(&record.certainty),
        wrapped(&format!("{seeds}{quick}; (low to high) where they differ.")),
    )
}

fn cell(measure: Option<&Measure>) -> String {
    let Some(measure) = measure else { return String::new() };
    match measure.value {
        None => "–".to_owned(),
        Some(spread) if spread.low == spread.high => significant(spread.median),
        Some(spread) => {
            format!("{} ({} to {})", significant(spread.median), significant(spread.low), significant(spread.high))
        }
    }
}
