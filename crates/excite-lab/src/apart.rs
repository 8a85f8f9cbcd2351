//! Runs of a comparison trained apart from each other, as on many machines.

use std::sync::PoisonError;

use crate::compare::{chosen_rates, runs_at};
use crate::data::Dataset;
use crate::jobs::{Trainer, Watcher};
use crate::{Journal, LabError, Plan, RunKey};

/// The runs that [`compare()`](crate::compare()) would train next and the journal lacks: of each function those of its learning rates,
/// and when these are known those of its seeds. None is left when `compare` has nothing to train.
///
/// # Errors
/// If the plan makes no sense or does not fit the data.
pub fn next_runs(data: &Dataset, plan: &Plan, journal: &mut Journal) -> Result<Vec<RunKey>, LabError> {
    plan.check(data)?;
    let spec = plan.spec();
    let listed = Some(Vec::new().into());
    let trainer = Trainer { listed, ..Trainer::new(data, &spec, plan.jobs, journal, &crate::Unwatched) };
    let (chosen, swept) = chosen_rates(&trainer, plan)?;
    runs_at(&trainer, plan, chosen, swept)?;
    Ok(trainer.listed.map_or_else(Vec::new, |runs| runs.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Trains `runs` with the network and the training of the plan, and leaves them in the journal; those that it has are not trained again.
///
/// # Errors
/// If the plan makes no sense or does not fit the data, if a run has no epochs or no positive learning rate, if the journal cannot be
/// written, or if the watcher stopped a run.
pub fn train_runs(
    data: &Dataset,
    plan: &Plan,
    runs: &[RunKey],
    journal: &mut Journal,
    watcher: &dyn Watcher,
) -> Result<(), LabError> {
    plan.check(data)?;
    if runs.iter().any(|run| run.epochs == 0 || !(run.learning_rate > 0.0 && run.learning_rate.is_finite())) {
        return Err(LabError::Plan("a run must have epochs and a positive learning rate".to_owned()));
    }
    let spec = plan.spec();
    let trainer = Trainer::new(data, &spec, plan.jobs, journal, watcher);
    watcher.plan(trainer.epochs_missing(runs));
    let trained = trainer.runs(runs)?;
    if trained.iter().all(Option::is_some) { Ok(()) } else { Err(LabError::Stopped) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Options;
    use crate::{LearningRate, NetworkSpec, Unwatched, compare, journal_key};

    #[test]
    fn runs_trained_apart_are_those_of_a_comparison() {
        let data = Dataset::digits(&Options { test_share: 0.9, ..Options::default() });
        let plan = Plan {
            activations: vec!["tanh".parse().unwrap(), "relu".parse().unwrap()],
            network: NetworkSpec::Mlp { hidden: vec![4] },
            seeds: 2,
            epochs: 2,
            ..Plan::default()
        };
        let whole = compare(&data, &plan, &mut Journal::none(), &Unwatched).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Journal::open(&folder.path().join(name), &journal_key(&data, &plan)).unwrap();
        let mut rounds = 0;
        loop {
            let mut joined = open("joined");
            let next = next_runs(&data, &plan, &mut joined).unwrap();
            if next.is_empty() {
                break;
            }
            rounds += 1;
            for run in next {
                let mut apart = open("apart");
                train_runs(&data, &plan, &[run], &mut apart, &Unwatched).unwrap();
                assert_eq!(apart.len(), 1);
                let (from, to) = (folder.path().join("apart"), folder.path().join("joined"));
                let lines = [std::fs::read(&to).unwrap(), std::fs::read(&from).unwrap()].concat();
                std::fs::write(to, lines).unwrap();
                std::fs::remove_file(from).unwrap();
            }
        }
        assert!(rounds >= 2, "rates come before seeds");
        let joined = compare(&data, &plan, &mut open("joined"), &Unwatched).unwrap();
        assert_eq!(joined.activations.len(), 2);
        for (one, other) in joined.activations.iter().zip(&whole.activations) {
            assert_eq!((one.learning_rate, &one.sweep), (other.learning_rate, &other.sweep));
            assert_eq!(one.test_error, other.test_error);
        }

        let fixed = Plan { learning_rate: LearningRate::Fixed(0.1), ..plan.clone() };
        let next = next_runs(&data, &fixed, &mut Journal::none()).unwrap();
        assert_eq!(next.iter().map(|run| run.seed).collect::<Vec<_>>(), [1, 2, 1, 2]);
        let endless = RunKey { learning_rate: f64::NAN, ..next[0] };
        assert!(train_runs(&data, &plan, &[endless], &mut Journal::none(), &Unwatched).is_err());
    }
}
