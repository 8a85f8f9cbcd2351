//! `excite compare`: the same network with each activation function, side by side.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use excite::{Accuracy, Function};
use excite_lab::data::{Dataset, Options};
use excite_lab::record::comparison::{Comparison, DataSummary, Task};
use excite_lab::{ClassWeights, Init, LearningRate, Local, NetworkSpec, Optimizer, Plan, Spec};
use excite_tasks::{Error, compare, journal_in};
use excite_vitals::in_words::{percent, plural};

use crate::apart::Apart;
use crate::command_line::{check_named_once, command_line, same_command};
use crate::error::Failure;
use crate::number::{count, error, finite, positive, share};
use crate::progress::{Progress, Unit};
use crate::report_file::{mark, page_path};
use crate::shown::Shown;
use crate::table::{ColumnsArgument, comparison};
use crate::{markdown, output};

/// What to compare, on which data, and how.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite compare                                   the embedded digits, all defaults: under a minute
  excite compare iris.csv.gz --target species      classes by their names
  excite compare houses.csv --target price --task regression --hidden 32,32
  excite compare fashion-mnist/ --network conv --epochs 10
  excite compare --activations tanh,relu --seeds 10 --until-error 2%
  excite compare --markdown - | xclip              a table to paste
  excite compare --save-networks nets/             ONNX files, for excite check
  excite compare --no-centre                       the effect of inputs that are not zero-centred
  excite compare --lr 0.1 --json | jq '.activations[] | {name, test_error}'

DATA may be CSV, NPY, NPZ, or a folder of IDX files such as Fashion-MNIST, gzipped or not; its content decides.
The same command again goes on where it was interrupted; with more seeds or functions it trains only the new ones.
Exit codes: 0 done, 2 wrong usage, 3 could not be done, 130 interrupted.")]
pub struct Arguments {
    /// A CSV, NPY or NPZ file, or a folder of NPY or IDX files [default: the embedded 1,797 digits]
    data: Option<PathBuf>,

    /// Functions to compare, by their names in excite, PyTorch, JAX, Keras or ONNX
    #[arg(long, short, value_delimiter = ',', default_value = "sigmoid,tanh,relu,relu6", value_parser = str::parse::<Function>)]
    activations: Vec<Function>,
    /// Runs of each function; more seeds give a surer comparison
    #[arg(long, value_name = "N", default_value = "3", value_parser = count)]
    seeds: usize,

    /// mlp, or conv for images, which takes about 50 times as long
    #[arg(long, default_value = "mlp", help_heading = "Network")]
    network: Network,
    /// Units of each hidden layer of an MLP [default: 64,64]
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = count, help_heading = "Network")]
    hidden: Option<Vec<usize>>,
    /// Initialisation of the weights; auto chooses the one that suits the function
    #[arg(long, default_value = "auto", help_heading = "Network")]
    init: InitName,
    /// Gain of the weights [default: the gain of each function]
    #[arg(long, value_parser = positive, help_heading = "Network")]
    gain: Option<f64>,
    /// Bias of hidden units before training
    #[arg(long, default_value = "0", value_parser = finite, allow_negative_numbers = true, help_heading = "Network")]
    bias: f64,

    /// Epochs of each run
    #[arg(long, value_name = "N", default_value = "30", value_parser = count, help_heading = "Training")]
    epochs: usize,
    /// Stop each run at this training error, as 0.05 or 5%, and compare how soon it is reached [default: do not stop;
    /// compare at the smallest round error that most functions reach]
    #[arg(long, value_name = "ERROR", value_parser = error, allow_negative_numbers = true, help_heading = "Training")]
    until_error: Option<f64>,
    /// Optimiser
    #[arg(long, alias = "optimiser", default_value = "sgd", help_heading = "Training")]
    optimizer: OptimizerName,
    /// Momentum of sgd, at least 0 and below 1
    #[arg(long, default_value = "0.9", value_parser = momentum, help_heading = "Training")]
    momentum: f64,
    /// Learning rate; auto finds the fastest one for each function
    #[arg(long, value_name = "auto|RATE", default_value = "auto", value_parser = learning_rate, help_heading = "Training")]
    #[arg(allow_negative_numbers = true)]
    lr: LearningRate,
    /// Batch size
    #[arg(long, value_name = "N", default_value = "32", value_parser = count, help_heading = "Training")]
    batch: usize,
    /// Accuracy of the activation functions: exact, stated (within 1 ULP) or fast (within 4 ULP)
    #[arg(long, default_value = "stated", value_parser = str::parse::<Accuracy>, help_heading = "Training")]
    accuracy: Accuracy,
    /// Runs trained at the same time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Training")]
    jobs: Option<usize>,

    /// CSV column to predict, by name or by number from 1 [default: the last]
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    target: Option<String>,
    /// Kind of prediction [default: classification if the targets are few whole numbers or text, else regression]
    #[arg(long, help_heading = "Data")]
    task: Option<TaskName>,
    /// Weight of each class in training and in the errors; balanced gives rare classes the same weight as common ones
    #[arg(long, default_value = "equal", help_heading = "Data")]
    class_weights: ClassWeightsName,
    /// Do not standardise the inputs
    #[arg(long, alias = "no-center", alias = "no-standardise", alias = "no-standardize", help_heading = "Data")]
    no_centre: bool,
    /// Share of the samples held out for testing
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = share, help_heading = "Data")]
    test_share: f64,
    /// Seed of the choice of held-out samples
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Data")]
    split_seed: u64,

    /// Folder of the report and of the journal of finished runs
    #[arg(long, short, value_name = "DIR", default_value = "excite-out", help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    shown: Shown,
    /// Write the result as Markdown; - prints it on standard output, and nothing else there
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    markdown: Option<PathBuf>,
    /// Save the trained networks in this folder, as ONNX and safetensors
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    save_networks: Option<PathBuf>,
    /// Forget the finished runs in --out, and train all again
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
    arguments.shown.columns.check(&comparison::COLUMNS)?;
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
    let report = page_path(&arguments.out, &data.name)?;
    let path = arguments.out.join("journal.jsonl");
    let mut journal = journal_in(&arguments.out, &data, &plan, arguments.fresh)?;
    if !wants_all {
        return arguments.apart.run(&data, &plan, &mut journal, &local);
    }
    if !journal.is_empty() {
        output::notice(&format!(
            "resumed {} from {} (--fresh trains all of them again)",
            plural(journal.len(), "finished run"),
            path.display()
        ));
    }

    let progress = Progress::new(Unit::Counted("epochs"), "stopping, finished runs are kept")?;
    let result = compare(&data, &plan, &mut journal, &local, &progress);
    progress.clear();
    let mut comparison = match result {
        Err(Error::Stopped) => {
            output::notice(&match journal.len() {
                0 => "interrupted before any run was finished: nothing is kept".to_owned(),
                kept => format!("interrupted before any function was finished: {}", arguments.going_on(kept, &path)),
            });
            return Err(Failure::Interrupted);
        }
        result => result?,
    };
    comparison.settings.command = command_line();
    excite_report::write_file(&report, &(excite_report::comparison_page(&comparison) + &mark(&data.name)))
        .map_err(|error| Failure::unwritable_in(&report, "--out", &error))?;
    arguments.show(&comparison, &report)?;
    arguments.shown.open.open(&report);
    if comparison.complete {
        return Ok(());
    }
    output::notice(&format!("interrupted: {}", arguments.going_on(journal.len(), &path)));
    Err(Failure::Interrupted)
}

/// With fewer test samples one of them moves the test error by over 2 %.
const FEW_TEST_SAMPLES: usize = 50;

/// That the test error is coarse, where it is.
fn few_test_samples(comparison: &Comparison) -> Option<String> {
    let DataSummary { test, task, .. } = comparison.data;
    let step = match task {
        Task::Classification => format!(", so one of them is {} of the test error", percent(1.0 / test.max(1) as f64)),
        Task::Regression => String::new(),
    };
    let sentence = || format!("Only {}{step}: small differences say nothing.", plural(test, "test sample"));
    (test < FEW_TEST_SAMPLES).then(sentence)
}

/// The data and the training in a sentence.
fn about(comparison: &Comparison) -> String {
    let (data, settings) = (&comparison.data, &comparison.settings);
    let shape: Vec<_> = data.shape.iter().map(usize::to_string).collect();
    let kind = match data.task {
        Task::Classification if settings.balanced => {
            format!("{} of equal weight ({})", plural(data.classes.len(), "class"), some_of(&data.classes))
        }
        Task::Classification => format!("{} ({})", plural(data.classes.len(), "class"), some_of(&data.classes)),
        Task::Regression => "regression, errors in standard deviations of the target".to_owned(),
    };
    let below = if settings.seeds > 1 { " In parentheses: the range over the seeds." } else { "" };
    format!(
        "{}: {} training and {} of {}, {kind}. {}, {}, {}, {}.{below}",
        data.name,
        data.train,
        plural(data.test, "test sample"),
        shape.join("×"),
        settings.network,
        settings.optimizer,
        plural(settings.epochs, "epoch"),
        plural(settings.seeds, "seed"),
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
    /// What an interrupted comparison leaves, and how to go on with it.
    fn going_on(&self, kept: usize, journal: &Path) -> String {
        let are = if kept == 1 { "is" } else { "are" };
        let command = same_command(self.fresh);
        format!("{} {are} kept in {}; {command} goes on from there", plural(kept, "finished run"), journal.display())
    }

    /// The file for Markdown, if it is one and not standard output.
    fn markdown_file(&self) -> Result<Option<&Path>, Failure> {
        if self.shown.json && self.markdown_to_stdout() {
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
        let few = few_test_samples(comparison).map(|sentence| sentence + " ").unwrap_or_default();
        let about_markdown = format!("{few}{about_it}");
        let as_markdown =
            || markdown::of_comparison(comparison, &about_markdown, self.until_error.is_some(), &self.shown.columns);
        if let Some(path) = self.markdown_file()? {
            output::write(path, &as_markdown())?;
            output::notice(&format!("wrote {}", path.display()));
        }
        if self.shown.json || self.markdown_to_stdout() {
            let text = if self.shown.json { output::json(comparison)? } else { as_markdown() };
            output::print(&text)?;
            output::notice(&format!("report: {}", report.display()));
            return Ok(());
        }
        let width = output::text_width();
        let wrapped = |text: &str| output::wrapped(text, width) + "\n";
        let few = few_test_samples(comparison).map(|sentence| output::warning(&sentence)).unwrap_or_default();
        let mut parts = vec![output::headline(&comparison.headline) + &few, wrapped(&about_it)];
        parts.extend(what_went_wrong(comparison, width));
        parts.push(comparison::functions(comparison).drawn(&self.shown.columns));
        parts.extend(comparison::deaths(comparison).map(|deaths| wrapped(&deaths)));
        if self.until_error.is_some() {
            let table = comparison::target_table(comparison).drawn(&ColumnsArgument::default());
            parts.push(wrapped(&comparison::target_heading(comparison)) + &table);
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
                return Err(Failure::Usage("--hidden is for an MLP: leave out --hidden or --network conv".to_owned()));
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
            accuracy: self.accuracy,
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
            let what = format!("{}: {} ({}): {}", result.name, finding.rule.title, finding.rule.id, finding.summary);
            text += &output::finding(finding.severity, &what, &finding.remedy, width);
        }
    }
    (!text.is_empty()).then_some(text)
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
