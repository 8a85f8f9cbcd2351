//! `excite lab`: what is said about activation functions, put to the test.

use std::path::{Path, PathBuf};

use clap::Args;
use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::record::experiment::{Record, Table};
use excite_report::measure_text;
use excite_tasks::{AllExperiments, LabRecord};
use serde_json::json;

use crate::command_line::{check_named_once, command_line};
use crate::error::{Failure, meant};
use crate::number::count;
use crate::progress::Progress;
use crate::{output, table};

/// Which experiments to run, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite lab                                     all experiments, and the report of them
  excite lab list                                the experiments and what each puts to the test
  excite lab zig-zag --html zig-zag.html         one of them, with its pictures
  excite lab sigmoid-squashes --function hard_sigmoid
  excite lab saturation-kills-gradients --seeds 10
  excite lab relu-converges-faster --data fashion-mnist/
  excite lab --quick                             all of them, roughly
  excite lab zig-zag --json | jq '.experiments[] | {name, verdict, finding}'

The verdict is what came out here: on this network, these data and these seeds. It may be that a claim does not hold.
Of all experiments those that are finished are kept in the folder --out: after Ctrl-C the same command goes on from there.")]
pub struct Arguments {
    /// The experiment; `list` names them [default: all of them]
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The functions to look at, by their names here or in PyTorch, JAX, Keras or ONNX [default: those of the claim]
    #[arg(long, short, value_delimiter = ',', value_parser = str::parse::<Function>, requires = "name")]
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

    /// The folder for the report of all experiments, and for those that are finished
    #[arg(long, short, value_name = "DIR", default_value = "excite-out", help_heading = "Output")]
    out: PathBuf,
    /// Forget what is finished in that folder
    #[arg(long, conflicts_with = "name", help_heading = "Output")]
    fresh: bool,
    /// Print the whole result as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Write the report with the pictures here, a page that needs nothing else [default: lab.html in the folder, of all experiments]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
}

/// Runs experiments and shows what came out, or lists them.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let one = match arguments.name.as_deref() {
        Some("list") => return arguments.list(),
        Some(name) => Some(find(name)?),
        None => None,
    };
    check_named_once("--function", &arguments.function)?;
    let html = arguments.html.clone().or_else(|| one.is_none().then(|| arguments.out.join("lab.html")));
    if one.is_none() {
        output::prepare_folder(&arguments.kept(), "--out")?;
    }
    if let Some(path) = &html {
        output::check_writable(path)?;
    }
    let request = arguments.request()?;
    let records = match one {
        Some(experiment) => {
            let progress = Progress::new("done", "stopping, nothing is written")?;
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

    /// All experiments; those that are kept are not run again.
    fn run_all(&self, request: &Request) -> Result<Vec<Record>, Failure> {
        let folder = self.kept();
        let all = AllExperiments::new(request, &folder, self.fresh);
        let finished = all.finished();
        if finished > 0 {
            output::notice(&format!(
                "{finished} of {} kept in {} (--fresh starts anew)",
                experiments::ALL.len(),
                folder.display()
            ));
        }
        let progress = Progress::new("done", "stopping, finished experiments are kept")?;
        let records = all.run(&progress);
        progress.clear();
        Ok(records?)
    }

    fn list(&self) -> Result<(), Failure> {
        let asked = self.quick || self.fresh || self.data.is_some() || self.seeds.is_some();
        if asked || !self.function.is_empty() || self.html.is_some() {
            return Err(Failure::Usage("`list` runs nothing: of the options only --json goes with it".to_owned()));
        }
        if self.json {
            let experiments: Vec<_> = experiments::ALL
                .iter()
                .map(|e| json!({ "name": e.name, "claim": e.claim, "method": e.method, "functions": e.functions }))
                .collect();
            return output::print(&format!(
                "{:#}\n",
                json!({ "version": LabRecord::VERSION, "experiments": experiments })
            ));
        }
        let mut table = table::new(&["experiment", "what is said"]);
        for experiment in experiments::ALL {
            table.add_row([experiment.name, experiment.claim]);
        }
        output::print(&format!("{table}\nexcite lab NAME puts one of them to the test, excite lab all of them\n"))
    }

    fn show(&self, records: &[Record], html: Option<&Path>) -> Result<(), Failure> {
        let command = command_line();
        if let Some(path) = html {
            output::write(path, &excite_report::experiments_page(records, &command))?;
        }
        if self.json {
            let result = LabRecord { version: LabRecord::VERSION, command, experiments: records.to_vec() };
            output::print(&output::json(&result)?)?;
        } else if let [record] = records {
            output::print(&in_terminal(record))?;
        } else {
            let mut table = table::new(&["experiment", "what is said", "verdict"]);
            for record in records {
                table.add_row([&record.name, &record.claim, &record.verdict.to_string()]);
            }
            output::print(&format!("{table}\n"))?;
        }
        if let Some(path) = html {
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
        drawn.add_row(std::iter::once(name).chain(measures.into_iter().map(measure_text)));
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
