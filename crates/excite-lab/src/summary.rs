//! The runs of a journal as a comparison.

use crate::record::comparison::Comparison;
use crate::record::run::{Outcome, Run};
use crate::record::{FunctionRuns, side_by_side};

use crate::data::Dataset;
use crate::learning_rate::ROUND_ERRORS;
use crate::schedule::Finished;
use crate::{Journal, LabError, Plan};

/// The runs of `plan` that the journal has, function beside function; `complete` if it has them all. None if it has no run to show
/// yet. `Settings::command` is left empty for the caller to fill in.
///
/// # Errors
/// If the plan does not fit the data.
pub fn summarise(data: &Dataset, plan: &Plan, journal: &Journal) -> Result<Option<Comparison>, LabError> {
    let settings = plan.settings(data)?;
    let finished = plan.schedule().finished(journal);
    if finished.is_empty() {
        return Ok(None);
    }
    let complete =
        finished.len() == plan.activations.len() && finished.iter().all(|function| function.runs.len() == plan.seeds);
    let target = plan.until_error.unwrap_or_else(|| reached_by_most(&finished));
    let results = finished.into_iter().map(|Finished { function, chosen, best_rate, runs }| FunctionRuns {
        function,
        sweep: chosen.points(target),
        learning_rate: chosen.learning_rate,
        best_rate,
        runs: runs.into_iter().cloned().collect(),
    });
    Ok(Some(side_by_side(data.summary(), settings, target, results.collect(), complete)))
}

/// The smallest round error that more than half of the functions reached with more than half of their runs, diverged ones
/// aside: one function that learns nothing shall not set the target for all. The easiest of all if there is none.
fn reached_by_most<'a>(finished: &[Finished<'a>]) -> f64 {
    let sound = |function: &Finished<'a>| -> Vec<&'a Run> {
        function.runs.iter().copied().filter(|run| run.outcome == Outcome::Finished).collect()
    };
    let sound: Vec<_> = finished.iter().map(sound).filter(|runs| !runs.is_empty()).collect();
    let reached = |error: f64| {
        let by_most =
            |runs: &&Vec<&Run>| 2 * runs.iter().filter(|run| run.epochs_to(error).is_some()).count() > runs.len();
        2 * sound.iter().filter(by_most).count() > sound.len()
    };
    let [.., easiest] = ROUND_ERRORS;
    ROUND_ERRORS.into_iter().find(|&error| reached(error)).unwrap_or(easiest)
}
