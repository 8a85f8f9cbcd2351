//! Several functions on the same data and network.

use std::num::NonZero;
use std::path::PathBuf;

use excite::Function;
use excite_vitals::comparison::{Comparison, Settings, summarise};
use excite_vitals::run::{Outcome, Run};

use crate::data::Dataset;
use crate::export::{Folder, exportable};
use crate::jobs::{Trainer, Watcher, one_a_seed};
use crate::learning_rate::{Chosen, LearningRate, ROUND_ERRORS, choose};
use crate::{ClassWeights, Init, Journal, LabError, NetworkSpec, Optimizer, Spec};

/// What is compared, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The functions, in the order in which their results are wanted.
    pub activations: Vec<Function>,
    /// The number of runs of each, with the seeds 1, 2 and so on.
    pub seeds: usize,
    /// The network.
    pub network: NetworkSpec,
    /// The epochs of each run.
    pub epochs: usize,
    /// The training error to reach, at which each run ends. None: runs go on for all epochs, and the target is the
    /// smallest of 5, 10, 15, 20, 25, 30, 40, ... 90 % that more than half of the functions reached on most seeds,
    /// functions that diverged aside.
    pub until_error: Option<f64>,
    /// The rule by which weights are changed.
    pub optimizer: Optimizer,
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// How weights are drawn.
    pub init: Init,
    /// The gain of the hidden layers' weights; None for each function's own.
    pub gain: Option<f64>,
    /// The bias that every hidden unit starts with.
    pub bias: f64,
    /// The samples in a batch.
    pub batch: usize,
    /// How much each class counts.
    pub class_weights: ClassWeights,
    /// How many runs are trained at once.
    pub jobs: usize,
    /// The folder for the trained networks, `relu-seed1.onnx` and `relu-seed1.safetensors`, and for the held-out inputs as they see
    /// them, `held_out.safetensors`. None: they are not kept. Runs that the journal has are trained again for it.
    pub save_networks: Option<PathBuf>,
}

impl Default for Plan {
    /// All functions, three seeds, 30 epochs, a learning rate chosen for each function, as many jobs as there are
    /// cores, and the default [`Spec`].
    fn default() -> Self {
        let Spec { network, optimizer, init, gain, bias, batch, class_weights } = Spec::default();
        Self {
            activations: Function::ALL.to_vec(),
            seeds: 3,
            network,
            epochs: 30,
            until_error: None,
            optimizer,
            learning_rate: LearningRate::default(),
            init,
            gain,
            bias,
            batch,
            class_weights,
            save_networks: None,
            jobs: std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

impl Plan {
    pub(crate) fn spec(&self) -> Spec {
        let Self { network, optimizer, init, gain, bias, batch, class_weights, .. } = self.clone();
        Spec { network, optimizer, init, gain, bias, batch, class_weights }
    }

    /// Whether such a comparison can be made of `data`; [`compare()`] looks at that first of all.
    ///
    /// # Errors
    /// If the plan makes no sense or does not fit the data, in a sentence.
    pub fn check(&self, data: &Dataset) -> Result<(), LabError> {
        let refuse = |text: &str| Err(LabError::Plan(text.to_owned()));
        if self.activations.is_empty() {
            return refuse("name at least one activation function to compare");
        }
        if self.seeds == 0 {
            return refuse("there must be at least one seed");
        }
        if self.epochs == 0 {
            return refuse("there must be at least one epoch");
        }
        if self.until_error.is_some_and(|error| !(error > 0.0 && error.is_finite())) {
            return refuse("the training error to reach must be a positive number");
        }
        if self.save_networks.is_some() {
            self.activations.iter().try_for_each(|&function| exportable(function))?;
        }
        self.spec().check(data)
    }

    fn settings(&self, data: &Dataset) -> Result<Settings, LabError> {
        let gain = self.gain.map_or("gain by function".to_owned(), |gain| format!("gain {gain}"));
        let bias = if self.bias == 0.0 { String::new() } else { format!(", bias {}", self.bias) };
        let summary = data.summary();
        Ok(Settings {
            network: self.spec().describe(data)?,
            optimizer: self.optimizer.to_string(),
            initialisation: format!("{}, {gain}{bias}", self.init),
            batch: self.batch,
            epochs: self.epochs,
            seeds: self.seeds,
            balanced: self.class_weights == ClassWeights::Balanced,
            standardised: summary.input_mean.abs() < 1e-3 && summary.input_std <= 1.0 + 1e-3,
            command: String::new(),
        })
    }
}

/// What the results of single runs depend on, for [`Journal::open`]: the data, the network, how it is trained, and the
/// version of this library. Not on which functions, seeds or rates are asked for: those runs that are there are used.
pub fn journal_key(data: &Dataset, plan: &Plan) -> String {
    format!("{} {:016x} {:?}", env!("CARGO_PKG_VERSION"), data.fingerprint(), plan.spec())
}

/// Trains the same network with each function, and puts the results side by side. `Settings::command` is left empty for
/// the caller to fill in.
///
/// If the watcher asks to stop, what is finished by then is returned, with `complete` false.
///
/// # Errors
/// If the plan makes no sense or does not fit the data, if the journal cannot be written, or if it was stopped before
/// any run was finished.
pub fn compare(
    data: &Dataset,
    plan: &Plan,
    journal: &mut Journal,
    watcher: &dyn Watcher,
) -> Result<Comparison, LabError> {
    plan.check(data)?;
    let spec = plan.spec();
    let mut trainer = Trainer::new(data, &spec, plan.jobs, journal, watcher);
    let (chosen, swept) = chosen_rates(&trainer, plan)?;
    trainer.networks = plan.save_networks.as_deref().map(|path| Folder::new(path, data)).transpose()?;
    let results = runs_at(&trainer, plan, chosen, swept)?;
    if results.is_empty() {
        return Err(LabError::Stopped);
    }
    let complete =
        results.len() == plan.activations.len() && results.iter().all(|(_, _, runs)| runs.len() == plan.seeds);
    let target = plan.until_error.unwrap_or_else(|| reached_by_most(&results));
    let summarised = results
        .into_iter()
        .map(|(function, chosen, runs)| (function, chosen.points(target), chosen.learning_rate, runs))
        .collect();
    Ok(summarise(data.summary(), plan.settings(data)?, target, summarised, complete))
}

/// The learning rate of each function, None where a request to stop left it open, and the epochs that choosing took.
pub(crate) fn chosen_rates(trainer: &Trainer<'_>, plan: &Plan) -> Result<(Vec<Option<Chosen>>, u64), LabError> {
    match plan.learning_rate {
        LearningRate::Fixed(rate) => Ok((plan.activations.iter().map(|_| Some(Chosen::given(rate))).collect(), 0)),
        LearningRate::Auto => {
            let runs_after = (plan.activations.len() * plan.seeds * plan.epochs) as u64;
            choose(trainer, &plan.activations, plan.epochs, plan.until_error, runs_after)
        }
    }
}

pub(crate) type FunctionRuns = (Function, Chosen, Vec<Run>);

/// The runs of each function at the rate chosen for it, after `swept` epochs that choosing took. Functions of which no
/// run was finished are left out.
pub(crate) fn runs_at(
    trainer: &Trainer<'_>,
    plan: &Plan,
    chosen: Vec<Option<Chosen>>,
    swept: u64,
) -> Result<Vec<FunctionRuns>, LabError> {
    let settled: Vec<_> = plan
        .activations
        .iter()
        .copied()
        .zip(chosen)
        .filter_map(|(function, chosen)| Some((function, chosen?)))
        .collect();
    let seeds = 1..=plan.seeds as u64;
    let keys: Vec<_> = settled
        .iter()
        .flat_map(|(function, chosen)| {
            one_a_seed(*function, chosen.learning_rate, seeds.clone(), plan.epochs, plan.until_error)
        })
        .collect();
    trainer.watcher.plan(swept + trainer.epochs_missing(&keys));
    let mut runs = trainer.runs(&keys)?.into_iter();
    let results = settled.into_iter().map(|(function, chosen)| {
        let finished: Vec<Run> = runs.by_ref().take(plan.seeds).flatten().collect();
        (function, chosen, finished)
    });
    Ok(results.filter(|(_, _, runs)| !runs.is_empty()).collect())
}

/// The smallest round error that more than half of the functions reached with more than half of their runs, diverged ones
/// aside: one function that learns nothing shall not set the target for all. The easiest of all if there is none.
fn reached_by_most(results: &[FunctionRuns]) -> f64 {
    let sound = |runs: &[Run]| runs.iter().filter(|run| run.outcome == Outcome::Finished).cloned().collect::<Vec<_>>();
    let sound: Vec<Vec<Run>> = results.iter().map(|(_, _, runs)| sound(runs)).filter(|runs| !runs.is_empty()).collect();
    let reached = |error: f64| {
        let by_most =
            |runs: &&Vec<Run>| 2 * runs.iter().filter(|run| run.epochs_to(error).is_some()).count() > runs.len();
        2 * sound.iter().filter(by_most).count() > sound.len()
    };
    let [.., easiest] = ROUND_ERRORS;
    ROUND_ERRORS.into_iter().find(|&error| reached(error)).unwrap_or(easiest)
}
