//! Units that died or saturated in a training run, over the whole network.

use excite::{Facts, Function};

use super::{Subject, TrainingRun};
use crate::LayerRecord;
use crate::findings::{Cause, Finding, dead, number, percent, saturated};
use crate::statistics::mean_over_standard_normal;

/// The share of all hidden units from which on deaths and saturation are looked into.
const SHARE: f64 = 0.1;

/// What the training run of `subject` shows of its units.
pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(run) = subject.training.filter(|run| !run.diverged) else { return Vec::new() };
    [dead_units(subject, run), saturated_units(run)].into_iter().flatten().collect()
}

/// The larger group of the units born dead and the units that died, with the cause.
fn dead_units(subject: &Subject<'_>, run: &TrainingRun) -> Option<Finding> {
    let share = |units: usize| units as f64 / run.units.max(1) as f64;
    let (born, died) = (share(run.born_dead), share(run.died));
    if born + died < SHARE {
        return None;
    }
    let (cause, summary) = if born >= died {
        let cause = start_cause(run);
        (cause, format!("{} of the units were dead before the first step{}", percent(born), because(run, cause)))
    } else {
        let cause = if run.has_raw_inputs() {
            Cause::Data
        } else if run.is_rate_too_high() {
            Cause::LearningRate
        } else {
            Cause::Unknown
        };
        let from = subject.deaths.iter().map(|deaths| deaths.alive_at).min();
        let when = match (from, subject.deaths.iter().map(|deaths| deaths.silent_at).max()) {
            (Some(from), Some(to)) => dead::when(from, to),
            _ => "in training".to_owned(),
        };
        (cause, format!("{} of the units died {when}{}", percent(died), because(run, cause)))
    };
    let finding = Finding::on_network(&dead::RULE, run.train_samples as u64, cause, summary);
    Some(
        Finding { of: run.units, ..finding }
            .with("share of units born dead", born)
            .with("share of units that died", died),
    )
}

fn saturated_units(run: &TrainingRun) -> Option<Finding> {
    if !run.can_saturate() {
        return None;
    }
    let start_cause = start_cause(run);
    let values = over_units(&run.start, |layer| layer.saturated);
    let of_network =
        |cause: Cause, summary: String| Finding::on_network(&saturated::RULE, run.train_samples as u64, cause, summary);
    // A start that is not as it should be, and leaves less than half of the usual values where the slope is.
    let is_bad_start = [Cause::Bias, Cause::Data, Cause::Initialisation].contains(&start_cause);
    if is_bad_start && 1.0 - values <= 0.5 * (1.0 - usually_saturated(run.function)) {
        let summary =
            format!("{} of the values were saturated in the first epoch{}", percent(values), because(run, start_cause));
        return Some(of_network(start_cause, summary).with("share of saturated values in the first epoch", values));
    }
    let [start, end] = [&run.start, &run.end].map(|layers| over_units(layers, |layer| layer.saturated_units));
    if end < SHARE {
        return None;
    }
    let is_from_start = start >= 0.5 * end;
    let cause = match start_cause {
        _ if !is_from_start && run.is_rate_too_high() => Cause::LearningRate,
        Cause::Unknown => Cause::Spread,
        cause => cause,
    };
    let when = if is_from_start { " from the first epoch on" } else { "" };
    let summary = format!("{} of the units were saturated{when}{}", percent(end), because(run, cause));
    let finding = of_network(cause, summary);
    Some(finding.with("share of saturated units in the first epoch", start).with("in the last epoch", end))
}

/// The share of saturated values of a function on standard normal inputs.
fn usually_saturated(f: Function) -> f64 {
    let facts = Facts::of(f);
    let is_saturated =
        |x: f64| facts.saturated_below.is_some_and(|end| x < end) || facts.saturated_above.is_some_and(|end| x > end);
    mean_over_standard_normal(|x| f64::from(u8::from(is_saturated(x))))
}

/// The mean of a figure of the layers over all hidden units.
fn over_units(layers: &[LayerRecord], figure: impl Fn(&LayerRecord) -> f64) -> f64 {
    let units: usize = layers.iter().map(|layer| layer.units).sum();
    layers.iter().map(|layer| figure(layer) * layer.units as f64).sum::<f64>() / units.max(1) as f64
}

/// What at the start is not as it should be.
fn start_cause(run: &TrainingRun) -> Cause {
    if run.bias.abs() >= 1.0 {
        Cause::Bias
    } else if run.has_raw_inputs() {
        Cause::Data
    } else if !(0.5..=2.0).contains(&run.gain) {
        Cause::Initialisation
    } else if run.is_rate_too_high() {
        Cause::LearningRate
    } else {
        Cause::Unknown
    }
}

fn because(run: &TrainingRun, cause: Cause) -> String {
    match cause {
        Cause::Bias => format!("; the initial bias, {}, is why", number(run.bias)),
        Cause::Data => {
            format!(
                "; the inputs have mean {} and standard deviation {}",
                number(run.input_mean),
                number(run.input_std)
            )
        }
        Cause::Initialisation => format!("; the initial weights are {} times their usual size", number(run.gain)),
        Cause::LearningRate => format!("; {}", run.rate_in_words()),
        _ => String::new(),
    }
}
