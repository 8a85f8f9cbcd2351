//! What a comparison shows, in two sentences: which function serves the data and how sure that is, and what goes wrong.

use excite::{Facts, Function};

use super::comparison::{ActivationResult, Comparison, Spread, Task, ranges_apart_by_chance};
use super::deaths::{Cause, DeathCounts};

/// The share of dead units from which on they are named.
const DEAD: f64 = 0.05;
/// How much more is saturated than of standard normal inputs, from which on it is named.
const EXCESS_SATURATION: f64 = 0.25;
/// ‖μ‖/‖σ‖ of a layer's activations above which they are called off-centre.
const OFF_CENTRE: f64 = 1.0;

/// The verdict on `comparison`, whose own field for it is not looked at.
pub(crate) fn verdict(comparison: &Comparison) -> String {
    let scope = if comparison.complete { "" } else { "Of what finished before the interruption: " };
    format!("{scope}{}; {}. {}.", best(comparison), speed(comparison), faults(comparison))
}

/// Which function has the lowest test error, and whether the seeds show that it is so.
fn best(comparison: &Comparison) -> String {
    let mut ranked: Vec<(&ActivationResult, Spread)> =
        comparison.activations.iter().filter_map(|result| Some((result, result.test_error?))).collect();
    ranked.sort_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
    let error = |spread: &Spread| error_with_range(comparison, spread);
    let Some(&(first, first_error)) = ranked.first() else {
        return "no run ended soundly, so which function serves this data is not known".to_owned();
    };
    let name = first.name;
    let Some(&(second, second_error)) = ranked.get(1) else {
        return format!(
            "only {name} ended soundly, with a test error of {}, so nothing is compared",
            error(&first_error)
        );
    };
    let lead = format!(
        "{name} has the lowest test error, {}, before {} with {}",
        error(&first_error),
        second.name,
        error(&second_error)
    );
    let within: Vec<_> =
        ranked[1..].iter().filter(|(_, other)| other.overlaps(&first_error)).map(|(result, _)| result.name).collect();
    let fewest = ranked.iter().map(|(result, _)| sound_seeds(result)).min().unwrap_or(0);
    if fewest <= 1 {
        format!("{lead}; one seed: no spread, so nothing is sure")
    } else if within.is_empty() {
        let chance = ranges_apart_by_chance(sound_seeds(first), sound_seeds(second));
        format!(
            "{lead}, and serves this data best: the ranges over {} do not overlap, which chance alone brings about once in {chance:.0} \
             times",
            seeds(fewest)
        )
    } else {
        format!(
            "{lead}, but the difference from {} is within the spread of {}: that {name} serves this data best is not shown",
            listed(&within),
            seeds(fewest)
        )
    }
}

/// Which function reaches the target first, and how many times sooner than the slowest.
fn speed(comparison: &Comparison) -> String {
    let target = format!("the target of {} training error", error_text(comparison, comparison.target_error));
    let mut reached: Vec<(&ActivationResult, Spread)> =
        comparison.activations.iter().filter_map(|result| Some((result, result.epochs_to_target?))).collect();
    reached.sort_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
    let (Some((first, fast)), Some((last, slow))) = (reached.first(), reached.last()) else {
        return format!("none reached {target}");
    };
    if reached.len() == 1 {
        return format!("only {} reached {target}, after {:.1} epochs", first.name, fast.median);
    }
    if fast.median == slow.median {
        return format!("all that reached {target} did so after {:.1} epochs", fast.median);
    }
    let ratio = slow.median / fast.median;
    // A seed that did not arrive took longer than any that did.
    let longest = |result: &ActivationResult, spread: &Spread| {
        if result.reached < result.runs.len() { f64::INFINITY } else { spread.high }
    };
    let (low, high) = (slow.low / longest(first, fast), longest(last, slow) / fast.low);
    let range = if high.is_finite() { format!("{low:.1} to {high:.1}") } else { format!("{low:.1} and more") };
    let firsts: Vec<_> =
        reached.iter().filter(|(_, spread)| spread.median == fast.median).map(|(result, _)| result.name).collect();
    let opening = format!("{} reached {target} first, after {:.1} epochs,", listed(&firsts), fast.median);
    if first.reached.min(last.reached) == 1 {
        format!("{opening} {ratio:.1} times as fast as {}, on one seed", last.name)
    } else if low > 1.0 {
        format!("{opening} {ratio:.1} times as fast as {} ({range} times over the seeds)", last.name)
    } else {
        format!(
            "{opening} but that this is faster than {} is not shown ({ratio:.1} times, {range} over the seeds)",
            last.name
        )
    }
}

/// What goes wrong in which function.
fn faults(comparison: &Comparison) -> String {
    let faulty: Vec<String> = comparison
        .activations
        .iter()
        .map(|result| (result.name, faults_of(result)))
        .filter(|(_, faults)| !faults.is_empty())
        .map(|(name, faults)| format!("{name}: {}", faults.join(", ")))
        .collect();
    let over = seeds(comparison.activations.iter().map(|result| result.runs.len()).max().unwrap_or(0));
    if faulty.is_empty() {
        return format!(
            "Over {over} nothing went wrong that is looked for: no run diverged, every function reached the target, and in no \
             function were {:.0} % of the units dead, the activations off-centre or unusually many values saturated",
            100.0 * DEAD
        );
    }
    format!("What went wrong over {over}: {}", faulty.join("; "))
}

fn faults_of(result: &ActivationResult) -> Vec<String> {
    let runs = result.runs.len();
    let mut faults = Vec::new();
    if runs == 0 {
        return vec!["no run finished".to_owned()];
    }
    if result.diverged > 0 {
        faults.push(format!("diverged {}", on(result.diverged, runs)));
    }
    if result.diverged == runs {
        return faults;
    }
    if result.reached < runs {
        faults.push(format!("target not reached {}", on(runs - result.reached, runs)));
    }
    if result.dead >= DEAD {
        faults.push(format!("{:.0} % of the units dead{}", 100.0 * result.dead, how_they_died(&result.deaths)));
    }
    if result.saturated > usual_saturation(result.name) + EXCESS_SATURATION {
        faults.push(format!("{:.0} % of the values saturated", 100.0 * result.saturated));
    }
    if off_centre(result) > OFF_CENTRE {
        faults.push(format!("off-centre, with a mean activation of {:.2}", result.mean_activation));
    }
    faults
}

/// How many were born dead, how many training killed, and of what most of them.
fn how_they_died(counts: &DeathCounts) -> String {
    let most = Cause::ALL.into_iter().max_by_key(|&cause| counts.by(cause)).filter(|&cause| counts.by(cause) > 0);
    let cause = most.map_or_else(String::new, |cause| {
        let by = match cause {
            Cause::OwnWeights => "their own weights",
            Cause::OwnBias => "their own bias",
            Cause::Upstream => "the layers before",
        };
        format!(", {:.0} % of those by {by}", 100.0 * counts.by(cause) as f64 / counts.killed as f64)
    });
    let dead = |count: usize| count as f64 * 100.0 / counts.units.max(1) as f64;
    if !counts.is_any() {
        return String::new();
    }
    format!(" ({:.0} % born so, {:.0} % killed in training{cause})", dead(counts.born_dead), dead(counts.killed))
}

/// The mean of ‖μ‖/‖σ‖ over the layers in the last epochs; 0 if there are none.
fn off_centre(result: &ActivationResult) -> f64 {
    let layers = || result.runs.iter().filter_map(|run| run.epochs.last()).flat_map(|epoch| &epoch.layers);
    layers().map(|layer| layer.off_centre).sum::<f64>() / layers().count().max(1) as f64
}

/// The share of standard normal inputs at which `function` is saturated: half for `ReLU`, which is no fault of it.
fn usual_saturation(function: Function) -> f64 {
    let threshold = Facts::SATURATION * Facts::of(function).largest_slope;
    let inputs = || (-800..=800).map(|i| f64::from(i) / 100.0);
    let density = |x: &f64| (-0.5 * x * x).exp();
    let saturated: f64 = inputs().filter(|&x| function.slope_at(x).abs() < threshold).map(|x| density(&x)).sum();
    saturated / inputs().map(|x| density(&x)).sum::<f64>()
}

fn sound_seeds(result: &ActivationResult) -> usize {
    result.runs.len() - result.diverged
}

/// On how many of all seeds.
fn on(count: usize, all: usize) -> String {
    match all {
        1 => "on its one seed".to_owned(),
        _ if count == all => format!("on all {all} seeds"),
        _ => format!("on {count} of {all} seeds"),
    }
}

fn seeds(count: usize) -> String {
    if count == 1 { "one seed".to_owned() } else { format!("{count} seeds") }
}

fn listed(names: &[Function]) -> String {
    let names: Vec<_> = names.iter().map(Function::name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn error_text(comparison: &Comparison, error: f64) -> String {
    match comparison.data.task {
        Task::Classification => format!("{:.1} %", 100.0 * error),
        Task::Regression => format!("{error:.3}"),
    }
}

fn error_with_range(comparison: &Comparison, spread: &Spread) -> String {
    let text = |error| error_text(comparison, error);
    if spread.low == spread.high {
        return text(spread.median);
    }
    format!("{} ({} to {})", text(spread.median), text(spread.low), text(spread.high))
}
