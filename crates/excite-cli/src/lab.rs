//! `excite lab`: claims about activation functions, tested by experiment.

use std::path::{Path, PathBuf};

use clap::Args;
use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::record::experiment::{Measure, Record};
use excite_report::number::significant;
use excite_tasks::{AllExperiments, Error, LabRecord};
use serde_json::json;

use crate::command_line::{check_named_once, command_line, same_command};
use crate::error::{Failure, meant};
use crate::number::count;
use crate::output;
use crate::progress::{Progress, Unit};
use crate::shown::Shown;
use crate::table::{Cell, Column, ColumnsArgument, Table};

/// Which experiments to run, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite lab                                     all experiments, and one report of them
  excite lab list                                the experiments and their claims
  excite lab zig-zag --html zig-zag.html         one of them, with its pictures
  excite lab sigmoid-squashes --function hard_sigmoid
  excite lab saturation-kills-gradients --seeds 10
  excite lab relu-converges-faster --data fashion-mnist/
  excite lab --quick                             all of them, roughly
  excite lab zig-zag --json | jq '.experiments[] | {name, verdict, finding}'

A verdict holds for this network, these data and these seeds; a claim may well not hold here.
Finished experiments stay in --out, so the same command goes on after an interruption.")]
pub struct Arguments {
    /// Experiment to run; `list` lists them [default: all of them]
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Functions to use, by their names in excite, PyTorch, JAX, Keras or ONNX [default: the functions of the claim]
    #[arg(long, short, value_delimiter = ',', value_parser = str::parse::<Function>, requires = "name")]
    function: Vec<Function>,
    /// Repetitions, each with other random numbers [default: set by the experiment]
    #[arg(long, value_name = "N", value_parser = count)]
    seeds: Option<usize>,
    /// Data for experiments that train on data: a file or folder as `excite compare` takes it, not standardised; or the
    /// folder of CIFAR-10's binary files [default: the embedded digits]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Do less, for rough figures
    #[arg(long)]
    quick: bool,

    /// Write the report, one HTML file [default: lab.html in --out, when all experiments run]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
    /// Folder of the report and of the finished experiments
    #[arg(long, short, value_name = "DIR", default_value = "excite-out", help_heading = "Output")]
    out: PathBuf,
    /// Forget the finished experiments in --out, and run all again
    #[arg(long, conflicts_with = "name", help_heading = "Output")]
    fresh: bool,
}

/// Runs experiments and shows what came out, or lists them.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let one = match arguments.name.as_deref() {
        Some("list") => return arguments.list(),
        Some(name) => Some(find(name)?),
        None => None,
    };
    check_named_once("--function", &arguments.function)?;
    let html = match one {
        Some(experiment) => arguments.shown.open.page(arguments.html.as_ref(), &format!("{}.html", experiment.name)),
        None => Some(arguments.html.clone().unwrap_or_else(|| arguments.out.join("lab.html"))),
    };
    if one.is_none() {
        output::prepare_folder(&arguments.kept(), "--out")?;
    }
    if let Some(path) = &html {
        output::prepare_page(path)?;
    }
    let request = arguments.request()?;
    let records = match one {
        Some(experiment) => {
            let progress = Progress::new(Unit::Percent, "stopping, nothing is written")?;
            let record = excite_tasks::experiment(experiment, &request, &progress);
            progress.clear();
            vec![record?]
        }
        None => arguments.run_all(&request)?,
    };
    arguments.show(&records, html.as_deref())
}

fn find(name: &str) -> Result<&'static Experiment, Failure> {
    experiments::find(name).ok_or_else(|| {
        let known: Vec<_> = experiments::ALL.iter().map(|experiment| experiment.name).collect();
        Failure::Usage(format!("there is no experiment `{name}`; {}", meant(name, &known, "the experiments are")))
    })
}

impl Arguments {
    /// Where finished experiments are kept.
    fn kept(&self) -> PathBuf {
        self.out.join("lab")
    }

    fn request(&self) -> Result<Request, Failure> {
        let raw = Options { centre: false, ..Options::default() };
        let data = self.data.as_ref().map(|path| Dataset::open(path, &raw)).transpose();
        let data = data.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Request { functions: self.function.clone(), seeds: self.seeds, quick: self.quick, data })
    }

    /// All experiments; the finished ones are not run again.
    fn run_all(&self, request: &Request) -> Result<Vec<Record>, Failure> {
        let folder = self.kept();
        let all = AllExperiments::new(request, &folder, self.fresh);
        let finished = all.finished();
        if finished > 0 {
            output::notice(&format!(
                "resumed {finished} of {} experiments from {} (--fresh runs all of them again)",
                experiments::ALL.len(),
                folder.display()
            ));
        }
        let progress = Progress::new(Unit::Percent, "stopping, finished experiments are kept")?;
        let records = all.run(&progress);
        progress.clear();
        if matches!(records, Err(Error::Stopped)) {
            let kept = AllExperiments::new(request, &folder, false).finished();
            let all = experiments::ALL.len();
            output::notice(&match kept {
                0 => "interrupted before any experiment was finished: nothing is kept".to_owned(),
                _ => format!(
                    "interrupted: {kept} of {all} experiments are kept in {}; {} goes on from there",
                    folder.display(),
                    same_command(self.fresh)
                ),
            });
        }
        Ok(records?)
    }

    fn list(&self) -> Result<(), Failure> {
        let asked = self.quick || self.fresh || self.data.is_some() || self.seeds.is_some();
        if asked || !self.function.is_empty() || self.html.is_some() {
            return Err(Failure::Usage("`list` runs nothing: of the options only --json goes with it".to_owned()));
        }
        if self.shown.json {
            let experiments: Vec<_> = experiments::ALL
                .iter()
                .map(|e| json!({ "name": e.name, "claim": e.claim, "method": e.method, "functions": e.functions }))
                .collect();
            return output::print(&format!(
                "{:#}\n",
                json!({ "version": LabRecord::VERSION, "experiments": experiments })
            ));
        }
        let mut table = Table::fixed([Column::text("experiment"), Column::prose("claim")]);
        for experiment in experiments::ALL {
            table.add([experiment.name, experiment.claim]);
        }
        let drawn = table.drawn(&ColumnsArgument::default());
        let more = output::wrapped("excite lab NAME tests one of them; excite lab tests all.", output::text_width());
        output::print(&format!("{drawn}{more}\n"))
    }

    fn show(&self, records: &[Record], html: Option<&Path>) -> Result<(), Failure> {
        let command = command_line();
        if let Some(path) = html {
            output::write(path, &excite_report::experiments_page(records, &command))?;
        }
        if self.shown.json {
            let result = LabRecord { version: LabRecord::VERSION, command, experiments: records.to_vec() };
            output::print(&output::json(&result)?)?;
        } else if let [record] = records {
            output::print(&in_terminal(record, &self.shown.columns))?;
        } else {
            let columns =
                [Column::text("experiment"), Column::text("verdict").ranked(1), Column::prose("claim").ranked(2)];
            let mut table = Table::new(columns);
            for record in records {
                table.add([record.name.clone(), record.verdict.to_string(), record.claim.clone()]);
            }
            output::print(&table.drawn(&self.shown.columns))?;
        }
        if let Some(path) = html {
            output::notice(&format!("wrote {}", path.display()));
            self.shown.open.open(path);
        }
        Ok(())
    }
}

/// The claim, the verdict, and a table of what was measured.
fn in_terminal(record: &Record, asked: &ColumnsArgument) -> String {
    let measured = record.table();
    let columns = measured.columns.iter().enumerate().map(|(place, name)| Column::figure(name).ranked(place + 1));
    let mut table = Table::new(std::iter::once(Column::prose("")).chain(columns));
    for (name, measures) in measured.rows {
        table.add(std::iter::once(name.into()).chain(measures.into_iter().map(cell)));
    }
    let wrapped = |text: &str| output::wrapped(text, output::text_width());
    let seeds = match record.seeds {
        1 => "One seed".to_owned(),
        seeds => format!("Median of {seeds} seeds, with (lowest to highest) where they differ"),
    };
    let quick = if record.quick { "; quick form, so the figures are rough" } else { "" };
    format!(
        "{}{}\n{}\n{}{}\n",
        output::headline(&format!("{}: {}", record.verdict, record.finding)),
        wrapped(&format!("{}: {}", record.name, record.claim)),
        wrapped(&record.certainty),
        table.drawn(asked),
        wrapped(&format!("{seeds}{quick}.")),
    )
}

/// The median, with the range over the seeds where there is one.
fn cell(measure: Option<&Measure>) -> Cell {
    match measure.map(|measure| measure.value) {
        None => Cell::default(),
        Some(None) => "–".into(),
        Some(Some(spread)) if spread.low == spread.high => significant(spread.median).into(),
        Some(Some(spread)) => {
            let range = format!("({} to {})", significant(spread.low), significant(spread.high));
            Cell::with_range(significant(spread.median), range)
        }
    }
}
