//! Runs as jobs on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use excite::Function;
use excite_vitals::run::Run;

use crate::data::Dataset;
use crate::export::Folder;
use crate::journal::RunKey;
use crate::{Journal, LabError, Spec, train_network};

/// Who is told how far the training is, and may stop it. Of an experiment the repetitions are counted in place of epochs.
pub trait Watcher: Sync {
    /// How many epochs there are to train in all, as far as is known by now; runs that the journal holds are not
    /// counted.
    fn plan(&self, epochs_total: u64);

    /// So many more epochs are done, or have become unnecessary; `note` says of which run.
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

/// Trains runs in parallel, and keeps them in the journal.
pub(crate) struct Trainer<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) spec: &'a Spec,
    pub(crate) jobs: usize,
    pub(crate) journal: Mutex<&'a mut Journal>,
    pub(crate) watcher: &'a dyn Watcher,
    /// Where the trained networks go, if they are wanted: the journal does not have them, so each run is trained.
    pub(crate) networks: Option<Folder<'a>>,
    /// Where runs that the journal lacks are listed, if they are not to be trained.
    pub(crate) listed: Option<Mutex<Vec<RunKey>>>,
}

impl<'a> Trainer<'a> {
    pub(crate) fn new(
        data: &'a Dataset,
        spec: &'a Spec,
        jobs: usize,
        journal: &'a mut Journal,
        watcher: &'a dyn Watcher,
    ) -> Self {
        Self { data, spec, jobs, journal: journal.into(), watcher, networks: None, listed: None }
    }

    /// How many epochs of `wanted` are not in the journal.
    pub(crate) fn epochs_missing(&self, wanted: &[RunKey]) -> u64 {
        let journal = self.journal();
        wanted
            .iter()
            .filter(|&&key| self.networks.is_some() || journal.find(key).is_none())
            .map(|key| key.epochs as u64)
            .sum()
    }

    /// The runs of `wanted`, in that order; None for those that a request to stop prevented, or that are listed only.
    pub(crate) fn runs(&self, wanted: &[RunKey]) -> Result<Vec<Option<Run>>, LabError> {
        if let Some(listed) = &self.listed {
            let journal = self.journal();
            let missing = wanted.iter().filter(|&&key| journal.find(key).is_none());
            listed.lock().expect("nobody panics while it holds this").extend(missing);
            return Ok(wanted.iter().map(|&key| journal.find(key).cloned()).collect());
        }
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<Result<Run, LabError>>>> = Mutex::new(wanted.iter().map(|_| None).collect());
        let work = || {
            while let Some((index, &key)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, wanted.get(i)?)))
            {
                let result = self.run(key);
                let failed = result.is_err();
                results.lock().expect("no job panics while it holds this")[index] = Some(result);
                if failed {
                    // Stopped, or something that will fail for every run: no other needs to start.
                    next.store(wanted.len(), Ordering::Relaxed);
                }
            }
        };
        // A pool of one thread for each job: what a kernel would spread over the cores stays in its job.
        let pools: Vec<_> = (0..self.jobs.clamp(1, wanted.len().max(1)))
            .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(LabError::Threads))
            .collect::<Result<_, _>>()?;
        std::thread::scope(|scope| {
            for pool in &pools {
                scope.spawn(|| pool.install(work));
            }
        });
        let results = results.into_inner().expect("no job panics while it holds this");
        let finished = |result: Option<Result<Run, LabError>>| match result {
            Some(Ok(run)) => Ok(Some(run)),
            None | Some(Err(LabError::Stopped)) => Ok(None),
            Some(Err(error)) => Err(error),
        };
        results.into_iter().map(finished).collect()
    }

    fn run(&self, key: RunKey) -> Result<Run, LabError> {
        let found = self.journal().find(key).cloned();
        if let (Some(run), true) = (found.as_ref(), self.networks.is_none()) {
            return Ok(run.clone());
        }
        let RunKey { function, learning_rate, seed, epochs, stop_at } = key;
        let (run, network) =
            train_network(self.data, self.spec, function, learning_rate, seed, epochs, stop_at, self.watcher)?;
        if let Some(folder) = &self.networks {
            folder.network(&network, seed)?;
        }
        if found.is_none() {
            self.journal().add(key, run.clone())?;
        }
        // The same but for the times, which are those of the first training.
        Ok(found.unwrap_or(run))
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, &'a mut Journal> {
        self.journal.lock().expect("no job panics while it holds the journal")
    }
}

/// The runs of one function at one learning rate, one for each of `seeds`.
pub(crate) fn one_a_seed(
    function: Function,
    learning_rate: f64,
    seeds: std::ops::RangeInclusive<u64>,
    epochs: usize,
    stop_at: Option<f64>,
) -> Vec<RunKey> {
    seeds.map(|seed| RunKey { function, learning_rate, seed, epochs, stop_at }).collect()
}
