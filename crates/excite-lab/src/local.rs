//! A comparison on the threads of one machine.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc;

use crate::record::comparison::Comparison;
use crate::record::judgement::training_run;
use crate::record::run::Run;

use crate::data::Dataset;
use crate::export::{Folder, exportable};
use crate::schedule::{Finished, Pending, Schedule};
use crate::train::{Trained, train};
use crate::{Journal, LabError, Plan, RunKey, Spec, summarise};

/// Follows the progress of training, and may stop it. An experiment counts its repetitions instead of epochs.
pub trait Watcher: Sync {
    /// The number of epochs to train in all, as far as it is known by now; runs that the journal holds are not counted.
    fn plan(&self, epochs_total: u64);

    /// `epochs` more are trained, or no longer needed; `note` names the run. Of a run that begins they are none.
    fn epochs_done(&self, epochs: u64, note: &str);

    /// Whether to stop: asked before every batch.
    fn stop_requested(&self) -> bool;
}

/// Watches nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn plan(&self, _epochs_total: u64) {}

    fn epochs_done(&self, _epochs: u64, _note: &str) {}

    fn stop_requested(&self) -> bool {
        false
    }
}

/// How runs are trained on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// How many runs are trained at once.
    pub jobs: usize,
    /// The folder for the trained networks, `relu-seed1.onnx` and `relu-seed1.safetensors`, and for the held-out inputs as they see
    /// them, `held_out.safetensors`. None: they are not kept. Runs that the journal has are trained again for it.
    pub save_networks: Option<PathBuf>,
}

impl Default for Local {
    /// As many jobs as there are cores; networks are not kept.
    fn default() -> Self {
        Self { jobs: std::thread::available_parallelism().map_or(1, NonZero::get), save_networks: None }
    }
}

impl Local {
    /// Whether `plan` can be carried out so: whether its networks can be saved, where that is wanted.
    ///
    /// # Errors
    /// If not, in a sentence.
    pub fn check(&self, plan: &Plan) -> Result<(), LabError> {
        if self.save_networks.is_some() {
            plan.activations.iter().try_for_each(|&function| exportable(function))?;
        }
        Ok(())
    }
}

/// Trains the same network with each function, and puts the results side by side. `Settings::command` is left empty for
/// the caller to fill in.
///
/// If the watcher asks to stop, the runs finished by then are returned, with `complete` false.
///
/// # Errors
/// If the plan makes no sense or does not fit the data, if the journal or the networks cannot be written, or if it was stopped before
/// any run was finished.
pub fn compare(
    data: &Dataset,
    plan: &Plan,
    journal: &mut Journal,
    local: &Local,
    watcher: &dyn Watcher,
) -> Result<Comparison, LabError> {
    plan.check(data)?;
    local.check(plan)?;
    let folder = local.save_networks.as_deref().map(|path| Folder::new(path, data)).transpose()?;
    let schedule = plan.schedule();
    let mut work = Scheduled { folder, ..Scheduled::new(&schedule, journal) };
    let stopped = match work_off(&mut work, data, &plan.spec, local.jobs, watcher) {
        Ok(()) => false,
        Err(LabError::Stopped) => true,
        Err(error) => return Err(error),
    };
    let saved = std::mem::take(&mut work.saved);
    let finished = schedule.finished(journal);
    if let Some(path) = local.save_networks.as_deref() {
        let folder = Folder::at(path);
        let (summary, settings) = (data.summary(), plan.settings(data)?);
        for Finished { best_rate, runs, .. } in &finished {
            let is_saved = |run: &&Run| saved.iter().any(|key| (key.function, key.seed) == (run.activation, run.seed));
            for run in runs.iter().copied().filter(is_saved) {
                folder.training(&training_run(&summary, &settings, *best_rate, run), run.seed)?;
            }
        }
    }
    let mut comparison = summarise(data, plan, journal)?.ok_or(LabError::Stopped)?;
    comparison.complete &= !stopped;
    Ok(comparison)
}

/// Trains `runs`, and adds them to the journal; runs that it has are not trained again.
///
/// # Errors
/// As [`train`], or if the journal cannot be written.
pub fn train_runs(
    data: &Dataset,
    spec: &Spec,
    runs: &[RunKey],
    journal: &mut Journal,
    jobs: usize,
    watcher: &dyn Watcher,
) -> Result<(), LabError> {
    work_off(&mut Named { runs, journal }, data, spec, jobs, watcher)
}

/// Work in which the finished runs decide on the next ones.
pub(crate) trait Work {
    fn pending(&self) -> Pending;

    /// The run in a few words, for whoever watches.
    fn note(&self, key: &RunKey) -> String;

    fn finish(&mut self, key: RunKey, trained: Trained) -> Result<(), LabError>;
}

/// Watches one run under another note.
struct Noted<'a> {
    watcher: &'a dyn Watcher,
    note: String,
}

impl Watcher for Noted<'_> {
    fn plan(&self, epochs_total: u64) {
        self.watcher.plan(epochs_total);
    }

    fn epochs_done(&self, epochs: u64, _note: &str) {
        self.watcher.epochs_done(epochs, &self.note);
    }

    fn stop_requested(&self) -> bool {
        self.watcher.stop_requested()
    }
}

/// The runs of a schedule.
pub(crate) struct Scheduled<'a> {
    schedule: &'a Schedule<'a>,
    journal: &'a mut Journal,
    /// Where the networks of the seeds go, if they are wanted: the journal does not have them, so each of these runs is trained.
    folder: Option<Folder<'a>>,
    saved: Vec<RunKey>,
}

impl<'a> Scheduled<'a> {
    /// Without keeping the networks.
    pub(crate) fn new(schedule: &'a Schedule<'a>, journal: &'a mut Journal) -> Self {
        Self { schedule, journal, folder: None, saved: vec![] }
    }
}

impl Work for Scheduled<'_> {
    fn pending(&self) -> Pending {
        self.schedule.pending(self.journal, |key| self.folder.is_none() || self.saved.contains(&key))
    }

    fn note(&self, key: &RunKey) -> String {
        if self.schedule.has_seed(key.seed) { format!("{key} of {}", self.schedule.seeds) } else { key.to_string() }
    }

    fn finish(&mut self, key: RunKey, trained: Trained) -> Result<(), LabError> {
        if let Some(folder) = self.folder.as_ref().filter(|_| self.schedule.has_seed(key.seed)) {
            folder.network(&trained.network, key.seed)?;
            self.saved.push(key);
        }
        // The same but for the times, which stay those of the first training.
        if self.journal.find(key).is_none() { self.journal.add(key, trained.run) } else { Ok(()) }
    }
}

/// Runs that are named one by one.
struct Named<'a> {
    runs: &'a [RunKey],
    journal: &'a mut Journal,
}

impl Work for Named<'_> {
    fn pending(&self) -> Pending {
        let runs = self.runs.iter().copied().filter(|&key| self.journal.find(key).is_none()).collect();
        Pending { runs, epochs_after: 0 }
    }

    fn note(&self, key: &RunKey) -> String {
        key.to_string()
    }

    fn finish(&mut self, key: RunKey, trained: Trained) -> Result<(), LabError> {
        self.journal.add(key, trained.run)
    }
}

/// Trains pending runs, several at once, until none is left. After a failure, or when the watcher stops a run, no other run starts;
/// runs that finish meanwhile are kept.
pub(crate) fn work_off(
    work: &mut impl Work,
    data: &Dataset,
    spec: &Spec,
    jobs: usize,
    watcher: &dyn Watcher,
) -> Result<(), LabError> {
    let (sender, receiver) = mpsc::channel();
    // By a number, because a key whose learning rate is NaN does not equal itself.
    let mut under_way: Vec<(usize, RunKey)> = vec![];
    let (mut started, mut epochs_done, mut failure) = (0, 0, None);
    std::thread::scope(|scope| {
        loop {
            if failure.is_none() {
                let pending = work.pending();
                watcher.plan(epochs_done + pending.epochs());
                let waiting = pending.runs.into_iter().filter(|key| !under_way.iter().any(|(_, other)| other == key));
                let free = jobs.max(1) - under_way.len();
                for key in waiting.take(free).collect::<Vec<_>>() {
                    let (number, sender) = (started, sender.clone());
                    under_way.push((number, key));
                    started += 1;
                    let noted = Noted { watcher, note: work.note(&key) };
                    noted.epochs_done(0, "");
                    scope.spawn(move || {
                        let result =
                            catch_unwind(AssertUnwindSafe(|| on_one_thread(|| train(data, spec, key, &noted))));
                        sender.send((number, key, result)).expect("the receiver lives until every run is received");
                    });
                }
            }
            if under_way.is_empty() {
                return failure.map_or(Ok(()), Err);
            }
            let (number, key, result) = receiver.recv().expect("every run that is under way sends its result");
            under_way.retain(|(other, _)| *other != number);
            let trained = result.unwrap_or_else(|panic| resume_unwind(panic));
            match trained.and_then(|trained| work.finish(key, trained)) {
                Ok(()) => epochs_done += key.epochs as u64,
                Err(error) if matches!(failure, None | Some(LabError::Stopped)) => failure = Some(error),
                Err(_) => {}
            }
        }
    })
}

/// Calls `work` in a pool of one thread: what a kernel would spread over the cores stays there.
fn on_one_thread<T: Send>(work: impl FnOnce() -> Result<T, LabError> + Send) -> Result<T, LabError> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(LabError::Threads)?.install(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Options;
    use crate::{JournalKey, LearningRate, NetworkSpec, next};

    #[test]
    fn runs_trained_one_by_one_are_those_of_a_comparison() {
        let data = Dataset::digits(&Options { test_share: 0.9, ..Options::default() });
        let plan = Plan {
            activations: vec!["tanh".parse().unwrap(), "relu".parse().unwrap()],
            seeds: 2,
            epochs: 2,
            spec: Spec { network: NetworkSpec::Mlp { hidden: vec![4] }, ..Spec::default() },
            ..Plan::default()
        };
        let whole = compare(&data, &plan, &mut Journal::in_memory(), &Local::default(), &Unwatched).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let key = JournalKey::of(&data, &plan.spec);
        let open = |name: &str| Journal::open(&folder.path().join(name), &key).unwrap();
        let mut rounds = 0;
        loop {
            let runs = next(&plan, &open("joined"));
            if runs.is_empty() {
                break;
            }
            rounds += 1;
            for run in runs {
                let mut single = open("single");
                train_runs(&data, &plan.spec, &[run], &mut single, 1, &Unwatched).unwrap();
                assert_eq!(single.len(), 1);
                let (from, to) = (folder.path().join("single"), folder.path().join("joined"));
                let lines = [std::fs::read(&to).unwrap(), std::fs::read(&from).unwrap()].concat();
                std::fs::write(to, lines).unwrap();
                std::fs::remove_file(from).unwrap();
            }
        }
        assert!(rounds >= 2, "rates come before seeds");
        let joined = summarise(&data, &plan, &open("joined")).unwrap().unwrap();
        assert!(joined.complete && joined.activations.len() == 2);
        for (one, other) in joined.activations.iter().zip(&whole.activations) {
            assert_eq!((one.learning_rate, &one.sweep), (other.learning_rate, &other.sweep));
            assert_eq!(one.test_error, other.test_error);
        }

        let fixed = Plan { learning_rate: LearningRate::Fixed(0.1), ..plan.clone() };
        let runs = next(&fixed, &Journal::in_memory());
        assert_eq!(runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [1, 2, 1, 2]);
        for refused in [RunKey { learning_rate: f64::NAN, ..runs[0] }, RunKey { epochs: 0, ..runs[0] }] {
            assert!(train_runs(&data, &plan.spec, &[refused], &mut Journal::in_memory(), 1, &Unwatched).is_err());
        }
        assert!(summarise(&data, &plan, &Journal::in_memory()).unwrap().is_none());
    }
}
