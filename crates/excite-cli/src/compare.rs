//! `excite compare`: the same network with each activation function, side by side.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::record::comparison::{Comparison, Task};
use excite_lab::{ClassWeights, Init, LearningRate, Local, NetworkSpec, Optimizer, Plan, Spec};
use excite_tasks::{Error, compare, journal_in};

use crate::apart::Apart;
use crate::command_line::{check_named_once, command_line};
use crate::error::Failure;
use crate::number::{count, finite, positive, share};
use crate::progress::Progress;
use crate::{markdown, output, table};

/// What to compare, on which data, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite compare                                   the embedded digits, all defaults: under a minute
  excite compare iris.csv.gz --target species      classes by their names
  excite compare houses.csv --target price --task regression --hidden 32,32
  excite compare fashion-mnist/ --network conv --epochs 10
  excite compare --activations tanh,relu --seeds 10 --until-error 0.02
  excite compare --markdown - | xclip              a table to paste
  excite compare --save-networks nets/             and then: excite check nets/relu-seed1.onnx --input nets/held_out.safetensors
  excite compare --no-centre                       what zero-mean inputs are worth
  excite compare --lr 0.1 --json | jq '.activations[] | {name, test_error}'

DATA is found out by its content: CSV, NPY or NPZ, or a folder of IDX files such as Fashion-MNIST; gzipped or not.
The same command again goes on where it was interrupted, and adds seeds or functions to what is there.")]
pub struct Arguments {
    /// A CSV, NPY or NPZ file, or a folder of NPY or IDX files [default: the embedded 1,797 digits]
    data: Option<PathBuf>,

    /// The functions to compare, by their names here or in PyTorch, JAX, Keras or ONNX
    #[arg(long, short, value_delimiter = ',', default_value = "sigmoid,tanh,relu,relu6", value_parser = str::parse::<Function>)]
    activations: Vec<Function>,
    /// Runs of each function: more show better what is chance
    #[arg(long, value_name = "N", default_value = "3", value_parser = count)]
    seeds: usize,

    /// The network; conv, for images, takes some 50 times as long as mlp
    #[arg(long, default_value = "mlp", help_heading = "Network")]
    network: Network,
    /// The units of each hidden layer of an MLP [default: 64,64]
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = count, help_heading = "Network")]
    hidden: Option<Vec<usize>>,
    /// How weights are drawn; auto suits the function
    #[arg(long, default_value = "auto", help_heading = "Network")]
    init: InitName,
    /// The gain of the weights [default: each function's own]
    #[arg(long, value_parser = positive, help_heading = "Network")]
    gain: Option<f64>,
    /// The bias that hidden units start with
    #[arg(long, default_value = "0", value_parser = finite, allow_negative_numbers = true, help_heading = "Network")]
    bias: f64,

    /// The epochs of each run
    #[arg(long, value_name = "N", default_value = "30", value_parser = count, help_heading = "Training")]
    epochs: usize,
    /// Stop each run at this training error (0.05 is 5 %), and compare how soon it is reached [default: the smallest
    /// round error that most functions reach]
    #[arg(long, value_name = "ERROR", value_parser = positive, help_heading = "Training")]
    until_error: Option<f64>,
    /// The rule by which weights are changed
    #[arg(long, default_value = "sgd", help_heading = "Training")]
    optimizer: OptimizerName,
    /// The momentum of sgd, from 0 to under 1
    #[arg(long, default_value = "0.9", value_parser = momentum, help_heading = "Training")]
    momentum: f64,
    /// The learning rate; auto finds the fastest one for each function by itself
    #[arg(long, value_name = "auto|RATE", default_value = "auto", value_parser = learning_rate, help_heading = "Training")]
    #[arg(allow_negative_numbers = true)]
    lr: LearningRate,
    /// The samples in a batch
    #[arg(long, value_name = "N", default_value = "32", value_parser = count, help_heading = "Training")]
    batch: usize,
    /// Runs trained at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Training")]
    jobs: Option<usize>,

    /// The CSV column to predict, by name or by number from 1 [default: the last]
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    target: Option<String>,
    /// What is predicted [default: found out from the targets]
    #[arg(long, help_heading = "Data")]
    task: Option<TaskName>,
    /// How much each class counts, in training and in the errors: balanced, as much as every other however few its samples
    #[arg(long, default_value = "equal", help_heading = "Data")]
    class_weights: ClassWeightsName,
    /// Leave the inputs as they are, instead of standardising them
    #[arg(long, help_heading = "Data")]
    no_centre: bool,
    /// The share of the samples that is held out for testing
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = share, help_heading = "Data")]
    test_share: f64,
    /// The seed by which samples are held out
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Data")]
    split_seed: u64,

    /// The folder for report.html and the journal of finished runs
    #[arg(long, short, value_name = "DIR", default_value = "excite-out", help_heading = "Output")]
    out: PathBuf,
    /// Print the whole result as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Write the result as Markdown, to be pasted; - is standard output, and nothing else goes there then
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    markdown: Option<PathBuf>,
    /// Keep the trained networks as ONNX and safetensors in this folder, for excite check and others
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    save_networks: Option<PathBuf>,
    /// Run everything anew, whatever an earlier command has finished
    #[arg(long, alias = "no-resume", help_heading = "Output")]
    fresh: bool,

    #[command(flatten)]
    apart: Apart,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    Mlp,
    Conv,
}

#[derive(Clone, Copy, ValueEnum)]
enum InitName {
    Auto,
    KaimingNormal,
    KaimingUniform,
    XavierNormal,
    XavierUniform,
}

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerName {
    Sgd,
    Adam,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClassWeightsName {
    Equal,
    Balanced,
}

#[derive(Clone, Copy, ValueEnum)]
enum TaskName {
    Classification,
    Regression,
}

/// Reads the data, trains, and shows the result.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (plan, local) = (arguments.plan()?, arguments.local());
    let wants_all = !arguments.apart.is_wanted();
    if wants_all && let Some(path) = arguments.markdown_file()? {
        output::check_writable(path)?;
    }
    let data = arguments.dataset()?;
    // Before anything is written.
    plan.check(&data).and_then(|()| local.check(&plan)).map_err(Error::from)?;
    output::prepare_folder(&arguments.out, "--out")?;
    if wants_all && let Some(folder) = &arguments.save_networks {
        output::prepare_folder(folder, "--save-networks")?;
    }
    let path = arguments.out.join("journal.jsonl");
    let mut journal = journal_in(&arguments.out, &data, &plan, arguments.fresh)?;
    if !wants_all {
        return arguments.apart.run(&data, &plan, &mut journal, &local);
    }
    if !journal.is_empty() {
        output::notice(&format!("resumed {} from {} (--fresh starts anew)", finished(journal.len()), path.display()));
    }

    let progress = Progress::new("epochs", "stopping, finished runs are kept")?;
    let result = compare(&data, &plan, &mut journal, &local, &progress);
    progress.clear();
    let mut comparison = match result {
        Err(Error::Stopped) => {
            output::notice("interrupted before any run was finished: the same command starts again");
            return Err(Failure::Interrupted);
        }
        result => result?,
    };
    comparison.settings.command = command_line();
    let report = arguments.out.join("report.html");
    excite_report::write_file(&report, &excite_report::comparison_page(&comparison))
        .map_err(|error| output::unwritable_in(&report, "--out", &error))?;
    arguments.show(&comparison, &report)?;
    if comparison.complete {
        return Ok(());
    }
    output::notice("interrupted: this is what was finished; the same command goes on from here");
    Err(Failure::Interrupted)
}

/// The data and the training in a sentence.
fn about(comparison: &Comparison) -> String {
    let (data, settings) = (&comparison.data, &comparison.settings);
    let shape: Vec<_> = data.shape.iter().map(usize::to_string).collect();
    let kind = match data.task {
        Task::Classification if settings.balanced => {
            format!("{} classes that count alike ({})", data.classes.len(), some_of(&data.classes))
        }
        Task::Classification => format!("{} classes ({})", data.classes.len(), some_of(&data.classes)),
        Task::Regression => "regression, errors in standard deviations of the target".to_owned(),
    };
    let below = if settings.seeds > 1 { " Below a figure: its range over the seeds." } else { "" };
    format!(
        "{}: {} training and {} test samples of {}, {kind}. {}, {}, {} epochs, {}.{below}",
        data.name,
        data.train,
        data.test,
        shape.join("×"),
        settings.network,
        settings.optimizer,
        settings.epochs,
        if settings.seeds == 1 { "one seed".to_owned() } else { format!("{} seeds", settings.seeds) },
    )
}

/// The first few names, each cut short where it is long, and how many more there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 10;
    const LONGEST: usize = 24;
    let shortened = |name: &String| match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.clone(),
    };
    let shown = names.iter().take(SHOWN).map(shortened).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

impl Arguments {
    /// The file for Markdown, if it is one and not standard output.
    fn markdown_file(&self) -> Result<Option<&Path>, Failure> {
        if self.json && self.markdown_to_stdout() {
            let sentence = "--json and --markdown - both write to standard output: give --markdown a file";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        Ok(self.markdown.as_deref().filter(|_| !self.markdown_to_stdout()))
    }

    fn markdown_to_stdout(&self) -> bool {
        self.markdown.as_deref() == Some(Path::new("-"))
    }

    fn show(&self, comparison: &Comparison, report: &Path) -> Result<(), Failure> {
        let about_it = about(comparison);
        let as_markdown = || markdown::of_comparison(comparison, &about_it, self.until_error.is_some());
        if let Some(path) = self.markdown_file()? {
            output::write(path, &as_markdown())?;
            output::notice(&format!("wrote {}", path.display()));
        }
        if self.json || self.markdown_to_stdout() {
            let text = if self.json { output::json(comparison)? } else { as_markdown() };
            output::print(&text)?;
            output::notice(&format!("report: {}", report.display()));
            return Ok(());
        }
        let table = table::of_comparison(comparison).drawn();
        let width = table::text_width(&table);
        let (strong, wrapped) = (output::STRONG, |text: &str| output::wrapped(text, width));
        let headline = wrapped(&comparison.headline);
        let mut parts = vec![format!("{strong}{headline}{strong:#}\n{}\n", wrapped(&about_it))];
        parts.extend(what_went_wrong(comparison, width));
        parts.push(format!("{table}\n{}\n", wrapped(table::LEGEND)));
        parts.extend(table::deaths(comparison).map(|deaths| wrapped(&deaths) + "\n"));
        if self.until_error.is_some() {
            let (heading, table) = (table::target_heading(comparison), table::of_target(comparison).drawn());
            parts.push(format!("{}\n{table}\n", wrapped(&heading)));
        }
        parts.push(format!("report: {}\n", report.display()));
        output::print(&parts.join("\n"))
    }

    fn dataset(&self) -> Result<Dataset, Failure> {
        let options = Options {
            target: self.target.clone(),
            task: self.task.map(|task| match task {
                TaskName::Classification => Task::Classification,
                TaskName::Regression => Task::Regression,
            }),
            centre: !self.no_centre,
            test_share: self.test_share,
            seed: self.split_seed,
        };
        match &self.data {
            Some(path) => Dataset::open(path, &options).map_err(|error| Failure::Failed(error.to_string())),
            None if self.target.is_some() || self.task.is_some() => {
                Err(Failure::Usage("--target and --task are for data of your own: name its file".to_owned()))
            }
            None => Ok(Dataset::digits(&options)),
        }
    }

    fn plan(&self) -> Result<Plan, Failure> {
        check_named_once("--activations", &self.activations)?;
        let network = match (self.network, &self.hidden) {
            (Network::Conv, Some(_)) => {
                return Err(Failure::Usage("--hidden is for an MLP: leave it or --network conv out".to_owned()));
            }
            (Network::Conv, None) => NetworkSpec::Conv,
            (Network::Mlp, Some(hidden)) => NetworkSpec::Mlp { hidden: hidden.clone() },
            (Network::Mlp, None) => NetworkSpec::default(),
        };
        let spec = Spec {
            network,
            optimizer: match self.optimizer {
                OptimizerName::Sgd => Optimizer::Sgd { momentum: self.momentum },
                OptimizerName::Adam => Optimizer::Adam,
            },
            init: match self.init {
                InitName::Auto => Init::Auto,
                InitName::KaimingNormal => Init::KaimingNormal,
                InitName::KaimingUniform => Init::KaimingUniform,
                InitName::XavierNormal => Init::XavierNormal,
                InitName::XavierUniform => Init::XavierUniform,
            },
            gain: self.gain,
            bias: self.bias,
            batch: self.batch,
            class_weights: match self.class_weights {
                ClassWeightsName::Equal => ClassWeights::Equal,
                ClassWeightsName::Balanced => ClassWeights::Balanced,
            },
        };
        Ok(Plan {
            activations: self.activations.clone(),
            seeds: self.seeds,
            epochs: self.epochs,
            until_error: self.until_error,
            learning_rate: self.lr,
            spec,
        })
    }

    fn local(&self) -> Local {
        Local { jobs: self.jobs.unwrap_or(Local::default().jobs), save_networks: self.save_networks.clone() }
    }
}

/// What is wrong with the networks of each function, and what to do. None where all are sound.
fn what_went_wrong(comparison: &Comparison, width: usize) -> Option<String> {
    let mut text = String::new();
    for result in &comparison.activations {
        for finding in &result.judgement.findings {
            let style = output::of_severity(finding.severity);
            let line = format!("{}: {} ({}): {}", result.name, finding.rule.title, finding.rule.id, finding.summary);
            let _ = writeln!(
                text,
                "{style}{:<8}{style:#}{}",
                finding.severity.to_string(),
                output::indented(&line, 8, width)
            );
            let _ = writeln!(text, "        {}", output::indented(&format!("→ {}", finding.remedy), 8, width));
        }
    }
    (!text.is_empty()).then_some(text)
}

fn finished(runs: usize) -> String {
    if runs == 1 { "one finished run".to_owned() } else { format!("{runs} finished runs") }
}

fn learning_rate(text: &str) -> Result<LearningRate, String> {
    if text == "auto" {
        return Ok(LearningRate::Auto);
    }
    positive(text).map(LearningRate::Fixed).map_err(|_| "it must be auto, or a finite number above 0".to_owned())
}

fn momentum(text: &str) -> Result<f64, String> {
    let momentum = finite(text).ok().filter(|momentum| (0.0..1.0).contains(momentum));
    momentum.ok_or_else(|| "it must be from 0 to under 1".to_owned())
}
