//! Tables for the terminal.

use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use excite_lab::record::comparison::{ActivationResult, Comparison, Spread, Task};
use excite_lab::record::run::{Outcome, Run};
use excite_report::number::significant;
use excite_vitals::findings::Severity;
use excite_vitals::{Diagnosis, LayerFigures, UnitState, Vitals};

use crate::number::percent;
use crate::output;

/// The width of a table that is not written to a terminal.
const WIDTH: u16 = 100;
/// The width from which on the columns stand apart.
const ROOMY: u16 = 92;

/// Lines around the header and at the end, and no others.
const STYLE: TableStyle = {
    let line = LineStyle::new('─', '─', '─', '─');
    TableStyle::new().top_border(line).header_separator(line).bottom_border(line)
};

/// A table without rows, as wide as the terminal at most.
pub fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    if output::has_colours() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    let padding = if table.width().is_some_and(|width| width < ROOMY) { (0, 0) } else { (0, 1) };
    for column in table.column_iter_mut() {
        column.set_padding(padding);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// The width for text that goes with a table.
pub fn text_width(table: &Table) -> usize {
    usize::from(table.width().unwrap_or(WIDTH).min(WIDTH))
}

/// What the columns of [`of_comparison`] hold.
pub const LEGEND: &str = "epochs: to that training error · vs slowest, vs tanh: how many times as fast there · dead: share of units \
    through which no gradient passes · saturated: share of values whose slope is under 5 % of the largest · mean: of the activations · \
    epoch time, function: seconds of an epoch, and the share of the activation function in it";

/// A table of text, to be drawn or written as Markdown; lines within a cell are apart.
pub struct Grid {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The table for the terminal, all columns but the first to the right.
    pub fn drawn(&self) -> Table {
        let mut table = new(&self.columns.iter().map(String::as_str).collect::<Vec<_>>());
        table.style_mut().row_separator = LineStyle::new('╌', '╌', '╌', '╌');
        for row in &self.rows {
            table.add_row(row.iter().enumerate().map(|(column, text)| {
                let alignment = if column == 0 { CellAlignment::Left } else { CellAlignment::Right };
                Cell::new(text).set_alignment(alignment)
            }));
        }
        table
    }
}

/// The functions side by side.
pub fn of_comparison(comparison: &Comparison) -> Grid {
    let to_target = format!("epochs\nto {}", target(comparison));
    let columns = [
        "activation",
        "learn.\nrate",
        &to_target,
        "vs\nslowest",
        "vs\ntanh",
        "test\nerror",
        "dead",
        "satu-\nrated",
        "mean",
        "epoch\ntime",
        "func-\ntion",
    ];
    let rows = comparison.activations.iter().map(|result| cells(comparison, result)).collect();
    Grid { columns: columns.map(str::to_owned).to_vec(), rows }
}

/// Which units were born dead, killed and revived, and of what. None where there are no hidden units.
pub fn deaths(comparison: &Comparison) -> Option<String> {
    let looked_at = || comparison.activations.iter().filter(|result| result.deaths.units > 0);
    looked_at().next()?;
    let mut clauses: Vec<String> = looked_at()
        .filter(|result| result.deaths.is_any())
        .map(|result| format!("{}: {}", result.name, result.deaths))
        .collect();
    if clauses.is_empty() {
        return Some("Deaths of hidden units: none was found dead.".to_owned());
    }
    let spared: Vec<String> =
        looked_at().filter(|result| !result.deaths.is_any()).map(|result| result.name.to_string()).collect();
    if !spared.is_empty() {
        clauses.push(format!("{}: none", spared.join(", ")));
    }
    Some(format!("Deaths of hidden units, all seeds. {}.", clauses.join("; ")))
}

/// How soon each function reached the training error that was asked for, and how sure that is.
pub fn of_target(comparison: &Comparison) -> Grid {
    let columns = ["activation", "reached by", "epochs (median)", "interval of the median", "confidence"];
    let row = |result: &ActivationResult| {
        let dash = || "–".to_owned();
        let interval = result.epochs_interval.map_or_else(dash, |interval| {
            let high = interval.high.map_or_else(|| "∞".to_owned(), |high| format!("{high:.1}"));
            format!("{:.1} to {high}", interval.low)
        });
        vec![
            result.name.to_string(),
            format!("{} of {}", result.reached, result.runs.len()),
            result
                .epochs_to_target
                .map_or_else(|| format!("> {}", comparison.settings.epochs), |epochs| format!("{:.1}", epochs.median)),
            interval,
            result.epochs_interval.map_or_else(dash, |interval| format!("{:.1} %", 100.0 * interval.confidence)),
        ]
    };
    Grid { columns: columns.map(str::to_owned).to_vec(), rows: comparison.activations.iter().map(row).collect() }
}

/// What stands above [`of_target`].
pub fn target_heading(comparison: &Comparison) -> String {
    format!(
        "Epochs to a training error of {}. In the median and its interval, seeds that did not reach it count as above all others: > {} is \
         more than the epochs given. Under six seeds the interval is their whole range, and less sure than 95 %.",
        target(comparison),
        comparison.settings.epochs
    )
}

fn target(comparison: &Comparison) -> String {
    match comparison.data.task {
        Task::Classification => format!("{} %", significant(100.0 * comparison.target_error)),
        Task::Regression => significant(comparison.target_error),
    }
}

fn cells(comparison: &Comparison, result: &ActivationResult) -> Vec<String> {
    let runs = result.runs.len();
    if runs == 0 {
        let mut cells = vec![String::new(); 11];
        (cells[0], cells[2]) = (result.name.to_string(), "not run".to_owned());
        return cells;
    }
    let task = comparison.data.task;
    let times = |speed_up: Option<f64>| speed_up.map_or_else(|| "–".to_owned(), |times| format!("{times:.1}×"));
    let test_error = match result.test_error {
        Some(spread) => with_range(&spread, |figure| error(task, figure)),
        None => "–".to_owned(),
    };
    let measured = |text: String| if result.diverged == runs { "–".to_owned() } else { text };
    vec![
        result.name.to_string(),
        significant(result.learning_rate),
        to_target(comparison, result),
        times(result.speed_up_over_slowest),
        times(result.speed_up_over_tanh),
        test_error,
        measured(percent(result.dead)),
        measured(percent(result.saturated)),
        measured(format!("{:.2}", result.mean_activation).replace('-', "−")),
        seconds(result.seconds_per_epoch),
        percent(result.activation_share),
    ]
}

/// The epochs to the target with their range; or why there are none; and how many seeds went another way.
fn to_target(comparison: &Comparison, result: &ActivationResult) -> String {
    let runs = result.runs.len();
    let some = |count: usize, what: &str| match count {
        0 => None,
        _ if count == runs => Some(what.to_owned()),
        _ => Some(format!("{count} of {runs} {what}")),
    };
    let more = || (result.reached > 0).then(|| format!("> {}", comparison.settings.epochs));
    let epochs =
        result.epochs_to_target.map(|spread| with_range(&spread, |epochs| format!("{epochs:.1}"))).or_else(more);
    // Not those that diverged, some of them after they had reached it.
    let is_missed = |run: &&Run| run.outcome == Outcome::Finished && run.epochs_to(comparison.target_error).is_none();
    let missed = some(result.runs.iter().filter(is_missed).count(), "not reached");
    let diverged = some(result.diverged, "diverged");
    [epochs, missed, diverged].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The median, and below it the range over the seeds where there is one.
fn with_range(spread: &Spread, text: impl Fn(f64) -> String) -> String {
    let (median, low, high) = (text(spread.median), text(spread.low), text(spread.high));
    if low == high {
        return median;
    }
    // The unit once is enough.
    format!("{median}\n{}–{}", low.trim_end_matches(" %"), high.trim_end_matches(" %"))
}

fn error(task: Task, error: f64) -> String {
    match task {
        Task::Classification => format!("{:.1} %", 100.0 * error),
        Task::Regression => format!("{error:.3}"),
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", significant(1000.0 * seconds)) } else { format!("{} s", significant(seconds)) }
}

/// What the columns of [`of_layers`] hold.
pub const LAYERS_LEGEND: &str = "dead to always on: units, each counted once, under the worst · γ: ‖μ‖/‖σ‖ of the outputs, 0 where \
    zero-centred · gate: mean slope, by which gradients are multiplied";

/// The most layers that are all listed.
const MOST_LAYERS: usize = 40;
/// The most characters of the name of a layer.
const LONGEST_NAME: usize = 24;

/// The layers, from the input to the output. Of very many those with warnings or errors.
pub fn of_layers(vitals: &Vitals, diagnosis: &Diagnosis) -> Table {
    let worst = |name: &str| diagnosis.judgement.all().find(|finding| finding.layer.as_deref() == Some(name));
    let is_listed = |figures: &LayerFigures| {
        diagnosis.layers.len() <= MOST_LAYERS
            || worst(&figures.name).is_some_and(|finding| finding.severity > Severity::Note)
    };
    let mut table = new(&[
        "layer",
        "function",
        "units",
        "dead",
        "satu-\nrated",
        "clip-\nped",
        "dor-\nmant",
        "always\non",
        "γ",
        "gate",
        "worst",
    ]);
    for column in [1, 10] {
        table.column_mut(column).expect("it has eleven").set_constraint(ColumnConstraint::ContentWidth);
    }
    let mut left_out = 0;
    for (layer, figures) in vitals.layers.iter().zip(&diagnosis.layers) {
        if !is_listed(figures) {
            left_out += 1;
            continue;
        }
        let states = diagnosis.unit_states(layer);
        let count = |of: &[UnitState]| match states.iter().filter(|state| of.contains(state)).count() {
            0 => "·".to_owned(),
            count => count.to_string(),
        };
        let cells = [
            end_of(&figures.name),
            figures.function.to_string(),
            figures.units.to_string(),
            count(&[UnitState::Dead]),
            count(&[UnitState::SaturatedLow, UnitState::SaturatedHigh]),
            count(&[UnitState::Clipped]),
            count(&[UnitState::Dormant]),
            count(&[UnitState::AlwaysOn]),
            format!("{:.2}", figures.gamma),
            figures.gate.map_or_else(|| "–".to_owned(), |gate| format!("{gate:.3}")),
            worst(&figures.name).map_or_else(|| "–".to_owned(), |finding| finding.severity.to_string()),
        ];
        table.add_row(cells.into_iter().enumerate().map(|(column, text)| {
            let is_text = [0, 1, 10].contains(&column);
            Cell::new(text).set_alignment(if is_text { CellAlignment::Left } else { CellAlignment::Right })
        }));
    }
    if left_out > 0 {
        table.add_row([format!("and {left_out} layers without warnings")]);
    }
    table
}

/// A name, or its end, which tells more than its beginning.
fn end_of(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST_NAME {
        return name.to_owned();
    }
    ['…'].into_iter().chain(name.chars().skip(length + 1 - LONGEST_NAME)).collect()
}
