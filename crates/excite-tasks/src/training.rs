//! Comparisons and experiments: networks trained on this machine.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use excite_lab::data::Dataset;
use excite_lab::experiments::{self, Experiment, Request};
use excite_lab::lesson::{self, Answer};
use excite_lab::record::comparison::Comparison;
use excite_lab::record::experiment::Record;
use excite_lab::{Journal, JournalKey, LabError, Local, Plan, RunKey};
use serde::{Deserialize, Serialize};

use crate::watcher::Steps;
use crate::{Error, Watcher};

/// Trains the same network with each activation function, and puts the results side by side.
///
/// Runs that the journal has are not trained again. If the watcher stops it, the runs finished by then are returned,
/// with `complete` false.
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

/// Trains single runs of a comparison, on any machine, and adds them to the journal: the runs that
/// [`next`](excite_lab::next) names.
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

/// Runs one experiment on activation functions.
///
/// ```
/// use excite_lab::experiments::{self, Request};
/// let experiment = experiments::find("sigmoid-squashes").expect("it is there");
/// let record = excite_tasks::experiment(experiment, &Request { quick: true, ..Request::default() }, &())?;
/// assert!(record.picture("linear-region").is_some());
/// # Ok::<(), excite_tasks::Error>(())
/// ```
///
/// # Errors
/// If the experiment makes no sense with the functions or the data of the request, or the watcher stops it.
pub fn experiment(experiment: &Experiment, request: &Request, watcher: &dyn Watcher) -> Result<Record, Error> {
    let steps = Steps::new(watcher);
    steps.name(experiment.name);
    Ok(experiment.run(request, &Repetitions(&steps))?)
}

/// Runs all experiments. Finished experiments are kept in the folder, and not run again unless `fresh` is true.
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

    /// Runs the remaining experiments.
    ///
    /// # Errors
    /// As [`experiment`], or if a record cannot be written.
    pub fn run(self, watcher: &dyn Watcher) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for (place, &experiment) in experiments::ALL.iter().enumerate() {
            let record = if let Some(record) = &self.kept[place] {
                record.clone()
            } else {
                let part = OneOfAll::new(watcher, place);
                let record = experiment.run(self.request_of(experiment), &part)?;
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
    /// The sentences of the notes that the experiments answer, in their order.
    pub statements: Vec<Answer>,
    /// The experiments.
    pub experiments: Vec<Record>,
}

impl LabRecord {
    /// The version of the form.
    pub const VERSION: u32 = 2;

    /// What the records say.
    pub fn new(command: String, experiments: Vec<Record>) -> Self {
        Self { version: Self::VERSION, command, statements: lesson::answers(&experiments), experiments }
    }
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

/// The repetitions of an experiment as the steps of a task.
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

/// The steps of each of all experiments: how many repetitions the later ones take is not known before they begin.
const STEPS_OF_EACH: u64 = 100;

/// The repetitions of one of all experiments.
struct OneOfAll<'a> {
    watcher: &'a dyn Watcher,
    place: usize,
    planned: AtomicU64,
    done: AtomicU64,
}

impl<'a> OneOfAll<'a> {
    fn new(watcher: &'a dyn Watcher, place: usize) -> Self {
        let part = Self { watcher, place, planned: AtomicU64::new(0), done: AtomicU64::new(0) };
        part.show("");
        part
    }

    fn show(&self, note: &str) {
        let (done, planned) = (self.done.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed));
        let steps = self.place as u64 * STEPS_OF_EACH + STEPS_OF_EACH * done.min(planned) / planned.max(1);
        let all = experiments::ALL.len();
        let name = format!("experiment {} of {all}: {}", self.place + 1, experiments::ALL[self.place].name);
        let note = if note.is_empty() { name } else { format!("{name} · {note}") };
        self.watcher.progress(steps, all as u64 * STEPS_OF_EACH, &note);
    }
}

impl excite_lab::Watcher for OneOfAll<'_> {
    fn plan(&self, repetitions: u64) {
        self.planned.fetch_add(repetitions, Ordering::Relaxed);
        self.show("");
    }

    fn epochs_done(&self, repetitions: u64, note: &str) {
        self.done.fetch_add(repetitions, Ordering::Relaxed);
        self.show(note);
    }

    fn stop_requested(&self) -> bool {
        self.watcher.is_stopping()
    }
}
