//! What a comparison shows: of each function whether its networks are sound, and which function serves the data best.

use excite::Function;
use excite_vitals::Vitals;
use excite_vitals::findings::Severity;
use excite_vitals::judgement::{Health, Judgement, Subject, TrainingRun, judge};

use super::comparison::{ActivationResult, BestRate, Comparison, DataSummary, Settings, Task};
use super::paired;
use super::run::{Epoch, Outcome, Run};

/// A run in the figures that a judgement rests on.
pub(crate) fn training_run(data: &DataSummary, settings: &Settings, best: Option<BestRate>, run: &Run) -> TrainingRun {
    let chance = match data.classes.len() {
        0 => data.chance,
        _ if settings.balanced => 1.0 - 1.0 / data.classes.len() as f64,
        _ => data.chance,
    };
    let lowest = |error: fn(&Epoch) -> f64| run.epochs.iter().map(error).fold(f64::MAX, f64::min);
    let best = best.filter(|best| best.train_error < 0.95 * chance);
    let at_end = |is_born: bool| {
        let dead = run.deaths.histories.iter().filter(|history| history.is_dead());
        dead.filter(|history| history.is_born_dead() == is_born).count()
    };
    let layers = |epoch: Option<&Epoch>| epoch.map_or_else(Vec::new, |epoch| epoch.layers.clone());
    TrainingRun {
        function: run.activation,
        classes: data.classes.len(),
        chance,
        train_samples: data.train,
        test_samples: data.test,
        train_error: run.epochs.last().map_or(f64::MAX, |epoch| epoch.train_error),
        lowest_train_error: lowest(|epoch| epoch.train_error),
        lowest_test_error: lowest(|epoch| epoch.test_error),
        epochs: run.epochs.len(),
        diverged: run.outcome == Outcome::Diverged,
        learning_rate: run.learning_rate,
        best_learning_rate: best.map(|best| best.learning_rate),
        best_train_error: best.map(|best| best.train_error),
        bias: settings.bias,
        gain: settings.gain.map_or(1.0, |gain| gain / run.activation.gain()),
        input_mean: data.input_mean,
        input_std: data.input_std,
        largest_input: data.largest_input,
        units: run.deaths.units,
        born_dead: at_end(true),
        died: at_end(false),
        start: layers(run.epochs.first()),
        end: layers(run.epochs.last()),
    }
}

/// The judgement of one run.
pub(crate) fn of_run(data: &DataSummary, settings: &Settings, best: Option<BestRate>, run: &Run) -> Judgement {
    let training = training_run(data, settings, best, run);
    judge(&Subject::of(&Vitals::new(&run.activation.to_string(), vec![])).trained_by(&training))
}

/// The judgement of a function: that of the worst of its runs.
pub(super) fn of_runs(data: &DataSummary, settings: &Settings, best: Option<BestRate>, runs: &[Run]) -> Judgement {
    let judged = runs.iter().map(|run| of_run(data, settings, best, run));
    let worst = judged.reduce(|worst, next| if badness(&next) > badness(&worst) { next } else { worst });
    let none = || Judgement {
        health: Health::CannotTell,
        headline: "Cannot tell: no run finished.".to_owned(),
        findings: vec![],
        facts: vec![],
    };
    worst.unwrap_or_else(none)
}

/// A run that learnt nothing is worse than a broken one that learnt something.
fn badness(judgement: &Judgement) -> (u8, Option<Severity>) {
    let health = match judgement.health {
        Health::Sound | Health::CannotTell => 0,
        Health::LookAtThis => 1,
        Health::Broken => 2,
        Health::LearntNothing => 3,
    };
    (health, judgement.worst())
}

/// Whether runs of the function learnt something.
fn has_learnt(result: &ActivationResult) -> bool {
    result.test_error.is_some() && result.judgement.health != Health::LearntNothing
}

/// Sets how far each function lies behind the best, which one serves best where that is clear, and the headline.
pub(super) fn conclude(comparison: &mut Comparison) {
    let median = |result: &ActivationResult| result.test_error.map_or(f64::MAX, |error| error.median);
    let mut ranked: Vec<usize> =
        (0..comparison.activations.len()).filter(|&index| has_learnt(&comparison.activations[index])).collect();
    ranked.sort_by(|&a, &b| median(&comparison.activations[a]).total_cmp(&median(&comparison.activations[b])));
    if let Some((&first, rest)) = ranked.split_first() {
        for &index in rest {
            let difference = paired::difference(
                comparison.data.task,
                &comparison.activations[first].runs,
                &comparison.activations[index].runs,
            );
            comparison.activations[index].behind_best = difference;
        }
        let is_clear =
            |&index: &usize| comparison.activations[index].behind_best.is_some_and(|difference| difference.low > 0.0);
        let seeds = comparison.activations[first].runs.len();
        let is_winner = !rest.is_empty() && seeds > 1 && rest.iter().all(is_clear);
        comparison.best = is_winner.then_some(comparison.activations[first].name);
    }
    comparison.headline = headline(comparison, &ranked);
}

fn headline(comparison: &Comparison, ranked: &[usize]) -> String {
    let scope = if comparison.complete { "" } else { "So far: " };
    let results: Vec<&ActivationResult> = ranked.iter().map(|&index| &comparison.activations[index]).collect();
    let text = match results[..] {
        [] => nothing_learnt(comparison),
        [alone] => one_function(comparison, alone),
        _ => match comparison.best {
            Some(best) => winner(comparison, best, &results),
            None => no_winner(comparison, &results),
        },
    };
    format!("{scope}{text}")
}

/// The headline of the first function speaks for all.
fn nothing_learnt(comparison: &Comparison) -> String {
    match &comparison.activations[..] {
        [] => "Cannot tell: no run finished.".to_owned(),
        [alone] => alone.judgement.headline.clone(),
        [first, ..] => match first.judgement.findings.first() {
            Some(finding) => format!("Nothing was learnt. {}: {}.", first.name, finding.summary),
            None => format!("Nothing was learnt. {}: {}", first.name, first.judgement.headline),
        },
    }
}

fn one_function(comparison: &Comparison, result: &ActivationResult) -> String {
    let error = result.test_error.map_or(f64::NAN, |error| error.median);
    let error = error_text(comparison, error);
    let name = result.name;
    if comparison.activations.len() > 1 {
        return format!("Only {name} learnt something: its test error is {error}.");
    }
    match result.judgement.health {
        Health::Sound | Health::CannotTell => {
            format!("Looks sound. Only {name} was run, so nothing is compared: its test error is {error}.")
        }
        _ => result.judgement.headline.clone(),
    }
}

fn winner(comparison: &Comparison, best: Function, results: &[&ActivationResult]) -> String {
    let error = results[0].test_error.map_or(f64::NAN, |error| error.median);
    let missed = |result: &&ActivationResult| 2 * result.reached < result.runs.len();
    let (target, error) = (error_text(comparison, comparison.target_error), error_text(comparison, error));
    // The lowest test error and a missed training target are no contradiction.
    if missed(&results[0]) && results[1..].iter().any(|result| !missed(result)) {
        return format!(
            "{best} serves these data best, with {error} test error. It misses {target} training error and generalises; others overfit."
        );
    }
    match results[1].behind_best {
        Some(difference) => format!(
            "{best} serves these data best: {error} test error, {} less than {}.",
            difference_text(comparison, difference.mean),
            results[1].name
        ),
        None => format!("{best} serves these data best: {error} test error."),
    }
}

fn no_winner(comparison: &Comparison, results: &[&ActivationResult]) -> String {
    let is_level = |result: &&&ActivationResult| result.behind_best.is_none_or(|difference| difference.low <= 0.0);
    let level: Vec<&&ActivationResult> = results.iter().filter(is_level).collect();
    let medians = || level.iter().filter_map(|result| Some(result.test_error?.median));
    let (low, high) = (medians().fold(f64::MAX, f64::min), medians().fold(f64::MIN, f64::max));
    let names: Vec<&str> = level.iter().map(|result| result.name.name()).collect();
    let who = match names[..] {
        [a, b] => format!("{a} and {b}"),
        [a, b, c] => format!("{a}, {b} and {c}"),
        _ if names.len() == comparison.activations.len() => format!("all {} functions", names.len()),
        _ => format!("{} of {} functions", names.len(), comparison.activations.len()),
    };
    let range = if error_text(comparison, low) == error_text(comparison, high) {
        format!("at {} test error", error_text(comparison, low))
    } else {
        let (low, high) = (error_text(comparison, low), error_text(comparison, high));
        format!("between {} and {high} test error", low.trim_end_matches(" %"))
    };
    let seeds = results.iter().map(|result| result.runs.len()).max().unwrap_or(0);
    let why = if seeds == 1 { "No clear winner with one seed" } else { "No clear winner" };
    format!("{why}: {who} end {range}.{}", fastest(comparison, results))
}

/// Which function reached the target first, where every seed of it did so before any seed of the others.
fn fastest(comparison: &Comparison, results: &[&ActivationResult]) -> String {
    let seeds_reached = |result: &&&ActivationResult| result.reached == result.runs.len() && result.runs.len() > 1;
    let mut reached: Vec<_> = results
        .iter()
        .filter(seeds_reached)
        .filter_map(|result| Some((result.name, result.epochs_to_target?)))
        .collect();
    reached.sort_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
    let lowest = |name: Function| {
        results.iter().filter(move |other| other.name != name).filter_map(|other| Some(other.epochs_to_target?.low))
    };
    match reached.first() {
        Some(&(name, spread)) if lowest(name).all(|low| spread.high < low) => {
            format!(" {name} reaches {} training error first.", error_text(comparison, comparison.target_error))
        }
        _ => String::new(),
    }
}

fn error_text(comparison: &Comparison, error: f64) -> String {
    match comparison.data.task {
        Task::Classification => format!("{:.1} %", 100.0 * error),
        Task::Regression => format!("{error:.2}"),
    }
}

fn difference_text(comparison: &Comparison, difference: f64) -> String {
    match comparison.data.task {
        Task::Classification => format!("{:.1} points", 100.0 * difference),
        Task::Regression => format!("{difference:.2}"),
    }
}
