//! The runs of a comparison side by side.

use excite::Function;

use super::comparison::{ActivationResult, Comparison, DataSummary, Settings, SweepPoint};
use super::run::Run;
use super::verdict;

/// Puts the runs of each activation function side by side, and says what they show. `results` holds for each function, in
/// the order asked for, the learning rates tried (none where the rate was given), the rate of the runs, and the runs, one a seed.
/// `complete` says whether all that was asked for was run.
pub fn side_by_side(
    data: DataSummary,
    settings: Settings,
    target_error: f64,
    results: Vec<(Function, Vec<SweepPoint>, f64, Vec<Run>)>,
    complete: bool,
) -> Comparison {
    let mut activations: Vec<_> = results
        .into_iter()
        .map(|(name, sweep, learning_rate, runs)| ActivationResult::of(name, sweep, learning_rate, target_error, runs))
        .collect();
    let epochs = |result: &ActivationResult| result.epochs_to_target.map(|epochs| epochs.median);
    let reached: Vec<f64> = activations.iter().filter_map(epochs).collect();
    let slowest = reached.iter().copied().reduce(f64::max).filter(|_| reached.len() > 1);
    let tanh = activations.iter().find(|result| result.name.name() == "tanh").and_then(epochs);
    for result in &mut activations {
        let times_fewer_than = |other: Option<f64>| Some(other? / epochs(result)?);
        let speed_ups = (times_fewer_than(slowest), times_fewer_than(tanh));
        (result.speed_up_over_slowest, result.speed_up_over_tanh) = speed_ups;
    }
    let mut comparison = Comparison {
        version: Comparison::VERSION,
        data,
        settings,
        target_error,
        activations,
        verdict: String::new(),
        complete,
    };
    comparison.verdict = verdict::verdict(&comparison);
    comparison
}
