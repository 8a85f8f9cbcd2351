//! The runs of a comparison side by side.

use excite::Function;

use super::comparison::{ActivationResult, BestRate, Comparison, DataSummary, Settings, SweepPoint};
use super::judgement;
use super::run::Run;

/// The runs of one function.
pub struct FunctionRuns {
    /// The function.
    pub function: Function,
    /// The learning rates tried; none where the rate was given.
    pub sweep: Vec<SweepPoint>,
    /// The learning rate of the runs.
    pub learning_rate: f64,
    /// The best rate that was found, where one was looked for.
    pub best_rate: Option<BestRate>,
    /// The runs, one a seed.
    pub runs: Vec<Run>,
}

/// Puts the runs of each activation function side by side, and says what they show. `results` are in the order asked for. `complete` says
/// whether all that was asked for was run.
pub fn side_by_side(
    data: DataSummary,
    settings: Settings,
    target_error: f64,
    results: Vec<FunctionRuns>,
    complete: bool,
) -> Comparison {
    let mut activations: Vec<_> =
        results.into_iter().map(|runs| ActivationResult::of(runs, target_error, &data, &settings)).collect();
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
        headline: String::new(),
        best: None,
        complete,
    };
    judgement::conclude(&mut comparison);
    comparison
}
