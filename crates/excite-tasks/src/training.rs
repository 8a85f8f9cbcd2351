//! Comparisons and experiments: networks trained on this machine.

use std::path::Path;

use excite_lab::data::Dataset;
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::record::comparison::Comparison;
use excite_lab::record::experiment::Record;
use excite_lab::{Journal, JournalKey, LabError, Local, Plan, RunKey};
use serde::{Deserialize, Serialize};

use crate::watcher::Steps;
use crate::{Error, Watcher};

/// Trains the same network with each activation function, and puts the results side by side.
///
/// Runs that the journal has are not trained again. If the watcher stops it, what is finished by then is returned, with `complete` false.
///
/// ```
/// use excite_lab::data::{Dataset, Options};
/// use excite_lab::{Journal, LearningRate, Local, Plan};
///
/// let plan = Plan {
///     activations: vec!["tanh".parse()?, "relu".parse()?],
///     learning_rate: LearningRate::Fixed(0.03),
///     seeds: 1,
///     epochs: 2,
///     ..Plan::default()
/// };
/// let digits = Dataset::digits(&Options::default());
/// let comparison = excite_tasks::compare(&digits, &plan, &mut Journal::in_memory(), &Local::default(), &())?;
/// assert!(comparison.complete && comparison.activations.len() == 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the plan makes no sense or does not fit the data, the journal or the networks cannot be written, or the watcher stops it before any
/// run is finished.
pub fn compare(
    data: &Dataset,
    plan: &Plan,
    journal: &mut Journal,
    local: &Local,
    watcher: &dyn Watcher,
) -> Result<Comparison, Error> {
    Ok(excite_lab::compare(data, plan, journal, local, &Epochs(Steps::new(watcher)))?)
}

/// Trains single runs of a comparison, and adds them to the journal: those that [`next`](excite_lab::next) names, on any machine.
///
/// # Errors
/// If a run makes no sense or does not fit the data, the journal cannot be written, or the watcher stops it.
pub fn train_runs(
    data: &Dataset,
    plan: &Plan,
    runs: &[RunKey],
    journal: &mut Journal,
    local: &Local,
    watcher: &dyn Watcher,
) -> Result<(), Error> {
    let watcher = Epochs(Steps::new(watcher));
    Ok(excite_lab::train_runs(data, &plan.spec, runs, journal, local.jobs, &watcher)?)
}

/// The journal of a comparison in a folder, `journal.jsonl`; without what it holds where `fresh` is true.
///
/// # Errors
/// If it cannot be read or written.
pub fn journal_in(folder: &Path, data: &Dataset, plan: &Plan, fresh: bool) -> Result<Journal, Error> {
    let path = folder.join("journal.jsonl");
    if fresh && path.exists() {
        std::fs::remove_file(&path).map_err(|source| LabError::Journal { path: path.clone(), source })?;
    }
    Ok(Journal::open(&path, &JournalKey::of(data, &plan.spec))?)
}

/// Puts one claim about activation functions to the test.
///
/// ```
/// use excite_lab::experiments::{self, Request};
/// let experiment = experiments::find("sigmoid-squashes").expect("it is there");
/// let record = excite_tasks::experiment(experiment, &Request { quick: true, ..Request::default() }, &())?;
/// assert_eq!(record.verdict.to_string(), "held");
/// # Ok::<(), excite_tasks::Error>(())
/// ```
///
/// # Errors
/// If the experiment makes no sense with the functions or the data of the request, or the watcher stops it.
pub fn experiment(experiment: &Experiment, request: &Request, watcher: &dyn Watcher) -> Result<Record, Error> {
    Ok(experiment.run(request, &Repetitions(&Steps::new(watcher)))?)
}

/// Puts all claims to the test. Finished experiments are kept in the folder, and those that are kept are not run again, unless
/// `fresh` is true.
pub struct AllExperiments<'a> {
    request: &'a Request,
    without_data: Request,
    folder: &'a Path,
    kept: Vec<Option<Record>>,
}

impl<'a> AllExperiments<'a> {
    /// Looks for what the folder has. The data of the request are for those experiments that are about data.
    pub fn new(request: &'a Request, folder: &'a Path, fresh: bool) -> Self {
        let without_data = Request { data: None, ..request.clone() };
        let mut all = Self { request, without_data, folder, kept: Vec::new() };
        let kept = |(place, &experiment): (usize, &&Experiment)| {
            // One that cannot be read is as good as none.
            let record = Record::read(&all.path(place)).ok()?;
            (!fresh && experiment.is_answered_by(all.request_of(experiment), &record)).then_some(record)
        };
        all.kept = experiments::ALL.iter().enumerate().map(kept).collect();
        all
    }

    /// The number of experiments that the folder has.
    pub fn finished(&self) -> usize {
        self.kept.iter().flatten().count()
    }

    /// Runs those that are left.
    ///
    /// # Errors
    /// As [`experiment`], or if a record cannot be written.
    pub fn run(self, watcher: &dyn Watcher) -> Result<Vec<Record>, Error> {
        let steps = Steps::new(watcher);
        let mut records = Vec::new();
        for (place, &experiment) in experiments::ALL.iter().enumerate() {
            let record = if let Some(record) = &self.kept[place] {
                record.clone()
            } else {
                let record = experiment.run(self.request_of(experiment), &Repetitions(&steps))?;
                let path = self.path(place);
                record.write(&path).map_err(|error| Error::Unwritable { path, error })?;
                record
            };
            records.push(record);
        }
        Ok(records)
    }

    fn request_of(&self, experiment: &Experiment) -> &Request {
        if experiment.takes_data { self.request } else { &self.without_data }
    }

    fn path(&self, place: usize) -> std::path::PathBuf {
        self.folder.join(format!("{:02}-{}.record", place + 1, experiments::ALL[place].name))
    }
}

/// What `excite lab --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LabRecord {
    /// The version of this form.
    pub version: u32,
    /// The command that makes it again.
    pub command: String,
    /// The experiments.
    pub experiments: Vec<Record>,
}

impl LabRecord {
    /// The version of the form.
    pub const VERSION: u32 = 1;
}

/// The epochs of a comparison as the steps of a task.
struct Epochs<'a>(Steps<'a>);

impl excite_lab::Watcher for Epochs<'_> {
    fn plan(&self, epochs_total: u64) {
        self.0.set_total(epochs_total);
    }

    fn epochs_done(&self, epochs: u64, note: &str) {
        self.0.advance(epochs, note);
    }

    fn stop_requested(&self) -> bool {
        self.0.is_stopping()
    }
}

/// The repetitions of experiments, one after the other, as the steps of a task.
struct Repetitions<'a>(&'a Steps<'a>);

impl excite_lab::Watcher for Repetitions<'_> {
    fn plan(&self, repetitions: u64) {
        self.0.expect(repetitions);
    }

    fn epochs_done(&self, repetitions: u64, note: &str) {
        self.0.advance(repetitions, note);
    }

    fn stop_requested(&self) -> bool {
        self.0.is_stopping()
    }
}
