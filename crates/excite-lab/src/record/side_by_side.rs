//! The runs of a comparison side by side.

use excite::Function;

use super::comparison::{
    ActivationResult, BestRate, Comparison, DataSummary, MedianInterval, Settings, Spread, SweepPoint,
};
use super::deaths::DeathCounts;
use super::judgement;
use super::run::{LayerRecord, Outcome, Run};

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
        results.into_iter().map(|runs| summary(runs, target_error, &data, &settings)).collect();
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

/// Sums the runs of one function up. The speed-ups need the other functions and stay None.
fn summary(
    FunctionRuns { function: name, sweep, learning_rate, best_rate, runs }: FunctionRuns,
    target_error: f64,
    data: &DataSummary,
    settings: &Settings,
) -> ActivationResult {
    let reached: Vec<f64> = runs.iter().filter_map(|run| run.epochs_to(target_error)).collect();
    let sound: Vec<&Run> = runs.iter().filter(|run| run.outcome == Outcome::Finished).collect();
    let test_errors: Vec<f64> =
        sound.iter().filter_map(|run| run.epochs.last()).map(|epoch| epoch.test_error).collect();
    let shown = if sound.is_empty() { runs.iter().collect() } else { sound.clone() };
    let layers = || shown.iter().filter_map(|run| run.epochs.last()).flat_map(|epoch| &epoch.layers);
    let mean = |figure: fn(&LayerRecord) -> f64| layers().map(figure).sum::<f64>() / layers().count().max(1) as f64;
    let paces: Vec<f64> = runs.iter().map(|run| run.time.training / run.epochs.len().max(1) as f64).collect();
    let training: f64 = runs.iter().map(|run| run.time.training).sum();
    let share = |seconds: f64| if training > 0.0 { seconds / training } else { 0.0 };
    let missed = runs.len() - reached.len();
    ActivationResult {
        name,
        sweep,
        learning_rate,
        judgement: judgement::of_runs(data, settings, best_rate, &runs),
        behind_best: None,
        epochs_interval: MedianInterval::of(&reached, missed),
        epochs_to_target: Spread::with_missed(&reached, missed),
        reached: reached.len(),
        diverged: runs.len() - sound.len(),
        speed_up_over_slowest: None,
        speed_up_over_tanh: None,
        test_error: Spread::of(&test_errors),
        test_error_interval: MedianInterval::of(&test_errors, runs.len() - sound.len()),
        dead: mean(|layer| layer.dead),
        deaths: DeathCounts::of(runs.iter().map(|run| &run.deaths)),
        saturated: mean(|layer| layer.saturated),
        mean_activation: mean(|layer| layer.mean),
        seconds_per_epoch: Spread::of(&paces).map_or(0.0, |paces| paces.median),
        activation_share: share(runs.iter().map(|run| run.time.activation).sum()),
        vitals_share: share(runs.iter().map(|run| run.time.vitals).sum()),
        runs,
    }
}
