//! The tables of a comparison.

use excite_lab::record::comparison::{ActivationResult, Comparison, Spread, Task};
use excite_lab::record::run::{Outcome, Run};
use excite_report::number::significant;
use excite_vitals::in_words::percent;

use super::{Cell, Column, Table};

/// The columns of [`functions`], by the names that `--columns` takes.
pub const COLUMNS: [&str; 11] = [
    "activation",
    "test error",
    "epochs",
    "learning rate",
    "dead",
    "saturated",
    "vs slowest",
    "vs tanh",
    "mean",
    "epoch time",
    "function time",
];

/// The functions side by side.
pub fn functions(comparison: &Comparison) -> Table {
    let notes = [
        "",
        "",
        "",
        "",
        "dead: share of the units through which no gradient passes",
        "saturated: share of the values at which the slope is under 5 % of the largest (the off side of a rectifier does not count)",
        "vs slowest, vs tanh: how many times as fast to that training error",
        "",
        "mean: of the activations",
        "",
        "function time: share of an epoch spent in the activation function",
    ];
    let column = |(rank, name): (usize, &&str)| {
        let column = if rank == 0 { Column::text(name) } else { Column::figure(name) };
        let heading = if *name == "epochs" { format!("epochs to {}", target(comparison)) } else { (*name).to_owned() };
        column.headed(&heading).ranked(rank).noted(notes[rank])
    };
    let mut table = Table::new(COLUMNS.iter().enumerate().map(column));
    for result in &comparison.activations {
        table.add(row(comparison, result));
    }
    table
}

fn row(comparison: &Comparison, result: &ActivationResult) -> Vec<Cell> {
    let runs = result.runs.len();
    if runs == 0 {
        let mut cells = vec![Cell::default(); COLUMNS.len()];
        (cells[0], cells[1]) = (result.name.to_string().into(), "not run".into());
        return cells;
    }
    let task = comparison.data.task;
    let times = |speed_up: Option<f64>| speed_up.map_or_else(|| "–".to_owned(), |times| format!("{times:.1}×"));
    let test_error =
        result.test_error.map_or_else(|| "–".into(), |spread| with_range(&spread, |figure| error(task, figure)));
    let measured = |text: String| Cell::from(if result.diverged == runs { "–".to_owned() } else { text });
    vec![
        result.name.to_string().into(),
        test_error,
        epochs(comparison, result),
        significant(result.learning_rate).into(),
        measured(percent(result.dead)),
        measured(percent(result.saturated)),
        times(result.speed_up_over_slowest).into(),
        times(result.speed_up_over_tanh).into(),
        measured(two_decimals(result.mean_activation)),
        seconds(result.seconds_per_epoch).into(),
        percent(result.activation_share).into(),
    ]
}

/// The epochs to the target with their range; or why there are none; and how many seeds went another way.
fn epochs(comparison: &Comparison, result: &ActivationResult) -> Cell {
    let runs = result.runs.len();
    let some = |count: usize, what: &str| match count {
        0 => None,
        _ if count == runs => Some(what.to_owned()),
        _ => Some(format!("{count} of {runs} {what}")),
    };
    // Not those that diverged, some of them after they had reached it.
    let is_missed = |run: &&Run| run.outcome == Outcome::Finished && run.epochs_to(comparison.target_error).is_none();
    let missed = some(result.runs.iter().filter(is_missed).count(), "not reached");
    let others: Vec<String> = missed.into_iter().chain(some(result.diverged, "diverged")).collect();
    let more = || (result.reached > 0).then(|| format!("> {}", comparison.settings.epochs).into());
    let one_decimal = |epochs: f64| format!("{epochs:.1}");
    let reached = result.epochs_to_target.map(|spread| with_range(&spread, one_decimal)).or_else(more);
    match reached {
        Some(cell) if others.is_empty() => cell,
        // Seeds that missed the target matter more than the range of the others.
        Some(cell) => format!("{}\n{}", cell.text, others.join("\n")).into(),
        None => others.join("\n").into(),
    }
}

/// How soon each function reached the training error that was asked for, and how sure that is.
pub fn target_table(comparison: &Comparison) -> Table {
    let mut table = Table::fixed([
        Column::text("activation"),
        Column::figure("reached by").ranked(1),
        Column::figure("epochs (median)").ranked(2),
        Column::figure("interval of the median").ranked(3),
        Column::figure("confidence").ranked(4),
    ]);
    for result in &comparison.activations {
        let dash = || "–".to_owned();
        let interval = result.epochs_interval.map_or_else(dash, |interval| {
            let high = interval.high.map_or_else(|| "∞".to_owned(), |high| format!("{high:.1}"));
            format!("{:.1} to {high}", interval.low)
        });
        let more = || format!("> {}", comparison.settings.epochs);
        table.add([
            result.name.to_string(),
            format!("{} of {}", result.reached, result.runs.len()),
            result.epochs_to_target.map_or_else(more, |epochs| format!("{:.1}", epochs.median)),
            interval,
            result.epochs_interval.map_or_else(dash, |interval| format!("{:.1} %", 100.0 * interval.confidence)),
        ]);
    }
    table
}

/// The title of [`target_table`], and how to read it.
pub fn target_heading(comparison: &Comparison) -> String {
    format!(
        "Epochs to a training error of {}. A seed that did not reach it counts as slower than all others; \"> {}\" means that half of \
         the seeds or more did not. Under six seeds the interval is their whole range.",
        target(comparison),
        comparison.settings.epochs
    )
}

/// Which units were dead at the start, died and came back, and why. None where there are no hidden units.
pub fn deaths(comparison: &Comparison) -> Option<String> {
    let looked_at = || comparison.activations.iter().filter(|result| result.deaths.units > 0);
    looked_at().next()?;
    let mut clauses: Vec<String> = looked_at()
        .filter(|result| result.deaths.is_any())
        .map(|result| format!("{}: {}", result.name, result.deaths))
        .collect();
    if clauses.is_empty() {
        return Some("Deaths of hidden units: none.".to_owned());
    }
    let spared: Vec<String> =
        looked_at().filter(|result| !result.deaths.is_any()).map(|result| result.name.to_string()).collect();
    if !spared.is_empty() {
        clauses.push(format!("{}: none", spared.join(", ")));
    }
    Some(format!("Deaths of hidden units, all seeds. {}.", clauses.join("; ")))
}

fn target(comparison: &Comparison) -> String {
    match comparison.data.task {
        Task::Classification => format!("{} %", significant(100.0 * comparison.target_error)),
        Task::Regression => significant(comparison.target_error),
    }
}

/// The median, with the range over the seeds where there is one.
fn with_range(spread: &Spread, text: impl Fn(f64) -> String) -> Cell {
    let (median, low, high) = (text(spread.median), text(spread.low), text(spread.high));
    if low == high {
        return median.into();
    }
    // The unit once is enough.
    Cell::with_range(median, format!("({} to {})", low.trim_end_matches(" %"), high.trim_end_matches(" %")))
}

fn error(task: Task, error: f64) -> String {
    match task {
        Task::Classification => format!("{:.1} %", 100.0 * error),
        Task::Regression => format!("{error:.3}"),
    }
}

/// Two decimals, with a minus sign and not a hyphen.
fn two_decimals(mean: f64) -> String {
    format!("{mean:.2}").replace('-', "−")
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", significant(1000.0 * seconds)) } else { format!("{} s", significant(seconds)) }
}
