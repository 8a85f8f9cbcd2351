//! Which runs a comparison needs, by the runs that its journal has.
//!
//! Nothing here trains: whoever does, on threads, as jobs of a cluster or on the workers of Ray, asks for the [`next`] runs, trains
//! them with [`train`](crate::train()), adds them to the journal, and asks again until there are none.

use crate::record::comparison::BestRate;
use crate::record::run::{Outcome, Run};
use excite::Function;

use crate::learning_rate::{Chosen, Search};
use crate::{Journal, LearningRate, Optimizer, Plan, RunKey};

/// The runs that `plan` needs next and `journal` lacks: of each function those of the learning rates to try, and when its rate is
/// chosen those of its seeds. They can be trained in any order and at once. None is left when the comparison is complete.
///
/// ```
/// use excite_lab::data::{Dataset, Options};
/// use excite_lab::{Journal, LearningRate, Plan, Unwatched, next, summarise, train};
///
/// let digits = Dataset::digits(&Options::default());
/// let plan = Plan {
///     activations: vec!["relu".parse()?],
///     learning_rate: LearningRate::Fixed(0.03),
///     seeds: 2,
///     epochs: 1,
///     ..Plan::default()
/// };
/// plan.check(&digits)?;
/// let mut journal = Journal::in_memory();
/// while let Some(key) = next(&plan, &journal).into_iter().next() {
///     let trained = train(&digits, &plan.spec, key, &Unwatched)?;
///     journal.add(key, trained.run)?;
/// }
/// let comparison = summarise(&digits, &plan, &journal)?.expect("there are runs");
/// assert!(comparison.complete && comparison.activations[0].runs.len() == 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn next(plan: &Plan, journal: &Journal) -> Vec<RunKey> {
    plan.schedule().pending(journal, |_| true).runs
}

/// Functions, each trained with several seeds at a learning rate of its own.
pub(crate) struct Schedule<'a> {
    pub(crate) functions: &'a [Function],
    pub(crate) optimizer: Optimizer,
    pub(crate) learning_rate: LearningRate,
    /// The training error by which rates are chosen, at which their runs end. None: the smallest round one that is reached.
    pub(crate) target: Option<f64>,
    pub(crate) seeds: usize,
    pub(crate) epochs: usize,
    /// The training error at which the runs of the seeds end.
    pub(crate) stop_at: Option<f64>,
    /// Whether the best rate is looked for where a rate was given and runs went wrong, to tell whether the rate is why.
    pub(crate) explains: bool,
}

/// Runs to be trained.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Pending {
    /// The runs that can be trained now.
    pub(crate) runs: Vec<RunKey>,
    /// The epochs of the later runs that are known by now.
    pub(crate) epochs_after: u64,
}

impl Pending {
    /// The epochs of all of them.
    pub(crate) fn epochs(&self) -> u64 {
        self.runs.iter().map(|key| key.epochs as u64).sum::<u64>() + self.epochs_after
    }
}

/// The finished runs of one function.
pub(crate) struct Finished<'a> {
    pub(crate) function: Function,
    pub(crate) chosen: Chosen<'a>,
    /// The best rate that was found, where one was looked for.
    pub(crate) best_rate: Option<BestRate>,
    /// One a seed; fewer where some are to be trained yet.
    pub(crate) runs: Vec<&'a Run>,
}

impl Schedule<'_> {
    /// The runs to train now. Those of the seeds are done with if the journal has them and `is_kept` says so.
    pub(crate) fn pending(&self, journal: &Journal, is_kept: impl Fn(RunKey) -> bool) -> Pending {
        let mut pending = Pending::default();
        for &function in self.functions {
            match self.search(function).chosen(journal) {
                Ok(chosen) => {
                    let keys = self.seeds_at(function, chosen.learning_rate);
                    pending.runs.extend(keys.filter(|&key| journal.find(key).is_none() || !is_kept(key)));
                    pending.runs.extend(
                        self.explaining(function, journal)
                            .and_then(|search| search.chosen(journal).err())
                            .unwrap_or_default(),
                    );
                }
                Err(missing) => {
                    pending.runs.extend(missing);
                    pending.epochs_after += (self.seeds * self.epochs) as u64;
                }
            }
        }
        pending
    }

    /// What the journal has of each function whose learning rate is chosen; functions without a finished run are left out.
    pub(crate) fn finished<'a>(&self, journal: &'a Journal) -> Vec<Finished<'a>> {
        let of = |&function: &Function| {
            let chosen = self.search(function).chosen(journal).ok()?;
            let keys = self.seeds_at(function, chosen.learning_rate);
            let runs: Vec<&Run> = keys.filter_map(|key| journal.find(key)).collect();
            let best_rate = match self.explaining(function, journal) {
                Some(search) => search.chosen(journal).ok().and_then(|chosen| chosen.best()),
                None => chosen.best(),
            };
            (!runs.is_empty()).then_some(Finished { function, chosen, best_rate, runs })
        };
        self.functions.iter().filter_map(of).collect()
    }

    /// Whether `seed` belongs to a run for the results, not to one by which a rate is chosen.
    pub(crate) fn has_seed(&self, seed: u64) -> bool {
        (1..=self.seeds as u64).contains(&seed)
    }

    /// The search for the best rate of a function whose runs at a given rate went wrong, when all of them are there.
    fn explaining(&self, function: Function, journal: &Journal) -> Option<Search> {
        let LearningRate::Fixed(rate) = self.learning_rate else { return None };
        let runs: Vec<&Run> = self.seeds_at(function, rate).map(|key| journal.find(key)).collect::<Option<_>>()?;
        let epochs = self.epochs.min(EXPLAINING_EPOCHS);
        let search = Search { learning_rate: LearningRate::Auto, epochs, ..self.search(function) };
        (self.explains && runs.into_iter().any(went_wrong)).then_some(search)
    }

    fn search(&self, function: Function) -> Search {
        let Self { optimizer, learning_rate, target, epochs, .. } = *self;
        Search { function, optimizer, learning_rate, target, epochs }
    }

    fn seeds_at(&self, function: Function, learning_rate: f64) -> impl Iterator<Item = RunKey> {
        let (epochs, stop_at) = (self.epochs, self.stop_at);
        (1..=self.seeds as u64).map(move |seed| RunKey { function, learning_rate, seed, epochs, stop_at })
    }
}

/// The epochs of the runs that tell whether a given rate is why others went wrong.
const EXPLAINING_EPOCHS: usize = 10;

/// The epochs from which on a run that hardly got better is taken to have gone wrong.
const LONG_ENOUGH: usize = 5;

/// Whether a run diverged, left a fifth of its units dead, or hardly got better after its first epoch.
fn went_wrong(run: &Run) -> bool {
    let (Some(first), Some(last)) = (run.epochs.first(), run.epochs.last()) else { return true };
    let is_better = last.train_error <= 0.1 || last.train_error <= 0.5 * first.train_error;
    let is_stuck = run.epochs.len() >= LONG_ENOUGH && !is_better;
    run.outcome == Outcome::Diverged || is_stuck || run.deaths.dead_after(usize::MAX) >= 0.2
}
