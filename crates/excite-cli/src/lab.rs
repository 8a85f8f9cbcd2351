//! `excite lab`: the sentences of the notes on activation functions, tried by experiment.

use std::path::{Path, PathBuf};

use clap::Args;
use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::lesson::{self, Answer};
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

/// Which sentences to try, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite lab                                     the lesson: 31 sentences, each with a verdict
  excite lab list                                the sentences, and the experiment that shows each
  excite lab 17 --open                           one sentence
  excite lab zig-zag --html zig-zag.html         one experiment, with all sentences that it shows
  excite lab sigmoid-squashes --function hard_sigmoid
  excite lab relu-converges-faster --data fashion-mnist/
  excite lab --quick                             all of it in seconds, roughly
  excite lab --json | jq '.statements[] | {number, verdict, said}'

A verdict holds for these networks, these data and these seeds. --quick gives the same verdict, or says that there are too few seeds.
Finished experiments stay in --out, so the same command goes on after an interruption.")]
pub struct Arguments {
    /// Number of a sentence, or name of an experiment; `list` lists both [default: all of them]
    #[arg(value_name = "NUMBER|NAME")]
    name: Option<String>,

    /// Functions to use, by their names in excite, PyTorch, JAX, Keras or ONNX [default: those of the notes]
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

/// What to run: everything, an experiment, or that of one sentence.
enum Subject {
    All,
    Experiment(&'static Experiment),
    Statement(&'static Experiment, usize),
}

/// Runs experiments and shows what they say of the sentences, or lists both.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subject = match arguments.name.as_deref() {
        Some("list") => return arguments.list(),
        Some(name) => find(name)?,
        None => Subject::All,
    };
    check_named_once("--function", &arguments.function)?;
    let page = |name: &str| arguments.shown.open.page(arguments.html.as_ref(), &format!("{name}.html"));
    let html = match subject {
        Subject::Experiment(experiment) => page(experiment.name),
        Subject::Statement(_, number) => page(&format!("statement-{number}")),
        Subject::All => Some(arguments.html.clone().unwrap_or_else(|| arguments.out.join("lab.html"))),
    };
    if matches!(subject, Subject::All) {
        output::prepare_folder(&arguments.kept(), "--out")?;
    }
    if let Some(path) = &html {
        output::prepare_page(path)?;
    }
    let request = arguments.request()?;
    let records = match subject {
        Subject::Experiment(experiment) | Subject::Statement(experiment, _) => {
            let progress = Progress::new(Unit::Percent, "stopping, nothing is written")?;
            let record = excite_tasks::experiment(experiment, &request, &progress);
            progress.clear();
            vec![record?]
        }
        Subject::All => arguments.run_all(&request)?,
    };
    let mut found = LabRecord::new(command_line(), records);
    if let Subject::Statement(_, number) = subject {
        found.statements.retain(|answer| answer.number == number);
    }
    arguments.show(&found, html.as_deref())
}

fn find(name: &str) -> Result<Subject, Failure> {
    if let Ok(number) = name.parse::<usize>() {
        let last = lesson::statements().count();
        let statement = lesson::statement(number)
            .ok_or_else(|| Failure::Usage(format!("there is no sentence {number}; they go from 1 to {last}")))?;
        let experiment = experiments::find(statement.experiment).expect("every sentence has an experiment");
        return Ok(Subject::Statement(experiment, number));
    }
    experiments::find(name).map(Subject::Experiment).ok_or_else(|| {
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
            let statements: Vec<_> = lesson::statements()
                .map(|s| json!({ "number": s.number, "group": s.group, "sentence": s.sentence, "experiment": s.experiment }))
                .collect();
            let experiments: Vec<_> = experiments::ALL
                .iter()
                .map(
                    |e| json!({ "name": e.name, "question": e.question, "method": e.method, "functions": e.functions }),
                )
                .collect();
            let list = json!({ "version": LabRecord::VERSION, "statements": statements, "experiments": experiments });
            return output::print(&format!("{list:#}\n"));
        }
        let columns =
            [Column::text("about"), Column::figure("#"), Column::prose("sentence"), Column::text("experiment")];
        let mut table = Table::fixed(columns);
        let mut before = None;
        for statement in lesson::statements() {
            // A group is named once, where it begins.
            let group = if before == Some(statement.group) { String::new() } else { statement.group.to_string() };
            before = Some(statement.group);
            table.add([
                group,
                statement.number.to_string(),
                statement.sentence.to_owned(),
                statement.experiment.to_owned(),
            ]);
        }
        let drawn = table.drawn(&ColumnsArgument::default());
        let more = output::wrapped(
            "excite lab NUMBER tries one sentence, excite lab NAME all that an experiment shows, excite lab all of them.",
            output::text_width(),
        );
        output::print(&format!("{drawn}{more}\n"))
    }

    fn show(&self, found: &LabRecord, html: Option<&Path>) -> Result<(), Failure> {
        if let Some(path) = html {
            output::write(path, &excite_report::lesson_page(&found.statements, &found.experiments, &found.command))?;
        }
        if self.shown.json {
            output::print(&output::json(found)?)?;
        } else if let [record] = &found.experiments[..] {
            output::print(&in_terminal(record, &found.statements, &self.shown.columns))?;
        } else {
            output::print(&lines(&found.statements, &self.shown.columns))?;
        }
        if let Some(path) = html {
            output::notice(&format!("wrote {}", path.display()));
            self.shown.open.open(path);
        }
        Ok(())
    }
}

/// A line for each sentence.
fn lines(answers: &[Answer], asked: &ColumnsArgument) -> String {
    let columns = [
        Column::figure("#"),
        Column::text("verdict").ranked(1),
        Column::text("sentence").ranked(2),
        Column::text("found").ranked(3),
    ];
    let mut table = Table::new(columns);
    for answer in answers {
        let Answer { number, verdict, sentence, in_short, .. } = answer;
        table.add([number.to_string(), verdict.to_string(), sentence.clone(), in_short.clone()]);
    }
    table.drawn(asked)
}

/// The sentences with their verdicts, and a table of what was measured.
fn in_terminal(record: &Record, answers: &[Answer], asked: &ColumnsArgument) -> String {
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
    let mut said = if answers.is_empty() { output::headline(&record.question) } else { String::new() };
    for answer in answers {
        said += &output::headline(&format!("{}. {}", answer.number, answer.sentence));
        said += &wrapped(&answer.in_words());
        said.push('\n');
    }
    format!("{said}{}\n{}{}\n", wrapped(&record.certainty), table.drawn(asked), wrapped(&format!("{seeds}{quick}.")))
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
