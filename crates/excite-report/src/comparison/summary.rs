//! The table of what each function reached.

use excite_lab::record::comparison::{ActivationResult, Comparison, MedianInterval, Spread, Task};
use excite_vitals::in_words::thousands;
use maud::{Markup, html};

use super::{Series, error};
use crate::plot::px;
use crate::{number, page};

/// What a reader wants to know first, one row a function.
pub(super) fn table(comparison: &Comparison, series: &[Series]) -> Markup {
    let task = comparison.data.task;
    let to_target = format!("Epochs to {} training error", error(task, comparison.target_error));
    let columns = ["Function", "Test error", "Its seeds", to_target.as_str(), "Learning rate", "What went wrong"];
    let is_words = |column: usize| column == 2 || column == 5;
    let scale = ErrorScale::of(series);
    html! {
        table.cards {
            thead {
                tr { @for (at, column) in columns.iter().enumerate() { th scope="col" class=[is_words(at).then_some("words")] { (column) } } }
            }
            tbody {
                @for series in series {
                    @let result = series.result;
                    tr {
                        th scope="row" { (page::swatch(series.stroke)) (series.name) }
                        td data-label=(columns[1]) { (result.test_error.map_or_else(|| "–".to_owned(), |spread| error(task, spread.median))) }
                        td class="words middle" data-label=(columns[2]) { (scale.dots(series, task)) }
                        td data-label=(columns[3]) { (short_epochs(result, comparison.settings.epochs)) }
                        td data-label=(columns[4]) { (number::significant(result.learning_rate)) }
                        td.words data-label=(columns[5]) { (went_wrong(result)) }
                    }
                }
            }
        }
    }
}

/// The test errors of all functions on one scale.
struct ErrorScale {
    low: f64,
    high: f64,
}

impl ErrorScale {
    const WIDTH: f64 = 110.0;

    fn of(series: &[Series]) -> Self {
        let all = series.iter().flat_map(Self::errors).filter(|error| error.is_finite());
        let (low, high) =
            all.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), error| (low.min(error), high.max(error)));
        Self { low: low.min(high), high }
    }

    /// The last test errors of the runs shown.
    fn errors(series: &Series) -> Vec<f64> {
        series.runs.iter().filter_map(|run| run.epochs.last()).map(|epoch| epoch.test_error).collect()
    }

    /// A dot for each seed.
    fn dots(&self, series: &Series, task: Task) -> Markup {
        let errors: Vec<f64> = Self::errors(series).into_iter().filter(|error| error.is_finite()).collect();
        let span = self.high - self.low;
        let share = |value: f64| if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.5 };
        let texts: Vec<String> = errors.iter().map(|value| error(task, *value)).collect();
        let words = format!("Test errors of the seeds of {}: {}", series.name, texts.join(", "));
        html! {
            svg.dots role="img" aria-label=(words) width=(Self::WIDTH) height="14" viewBox=(format!("0 0 {} 14", Self::WIDTH)) {
                title { (words) }
                path class="thin c-grid" d=(format!("M0 7H{}", Self::WIDTH)) {}
                @for (value, text) in errors.iter().zip(&texts) {
                    circle class=(format!("f-{}", series.stroke.colour.name())) cx=(px(6.0 + (Self::WIDTH - 12.0) * share(*value))) cy="7" r="4" fill-opacity="0.7" { title { (text) } }
                }
            }
        }
    }
}

/// The median of the epochs to the target, and how many seeds did not reach it.
fn short_epochs(result: &ActivationResult, given: usize) -> Markup {
    let runs = result.runs.len();
    html! {
        span {
            @match (result.epochs_to_target, result.reached) {
                (Some(spread), _) => { (number::fixed(spread.median, 1)) },
                (None, 0) => { "not reached" },
                (None, _) => { "over " (given) },
            }
            @if result.reached > 0 && result.reached < runs { span.soft { (result.reached) " of " (number::count(runs, "seed")) } }
        }
    }
}

/// What the judgement names first, and below it what became of runs and units, which may be no fault.
fn went_wrong(result: &ActivationResult) -> Markup {
    let mut facts = Vec::new();
    if result.diverged > 0 {
        facts.push(format!("{} of {} diverged", result.diverged, number::count(result.runs.len(), "seed")));
    }
    let deaths = &result.deaths;
    let units = thousands(deaths.units as u64);
    if deaths.born_dead > 0 {
        facts.push(format!("{} of {units} units dead at the start", thousands(deaths.born_dead as u64)));
    }
    if deaths.killed > 0 {
        facts.push(format!("{} of {units} units died", thousands(deaths.killed as u64)));
    }
    html! {
        span {
            (result.judgement.findings.first().map_or("–", |finding| &finding.summary))
            @if !facts.is_empty() { span.soft { (facts.join("; ")) } }
        }
    }
}

/// All there is, one row an activation function.
pub(super) fn all_figures(comparison: &Comparison, series: &[Series]) -> Markup {
    let columns = [
        "Function",
        "Epochs to target",
        "Speed-up over slowest",
        "Speed-up over tanh",
        "Test error",
        "Dead units",
        "Saturated values",
        "Mean activation",
        "Time per epoch",
        "Of that, activation",
    ];
    let rows: Vec<Vec<Markup>> = series.iter().map(|series| row(comparison, series)).collect();
    let caption = "Large: the median over the seeds. Small: the lowest and the highest, and for the epochs the confidence interval of the median.";
    page::cards(caption, &columns, &rows)
}

fn row(comparison: &Comparison, series: &Series) -> Vec<Markup> {
    let result = series.result;
    let times = |speed_up: Option<f64>| {
        let text = speed_up.map_or("–".to_owned(), |times| number::fixed(times, 2) + "\u{a0}×");
        html! { (text) }
    };
    vec![
        html! { (page::swatch(series.stroke)) (series.name) },
        epochs_to_target(result, comparison.settings.epochs),
        times(result.speed_up_over_slowest),
        times(result.speed_up_over_tanh),
        spread(result.test_error, |value| error(comparison.data.task, value)),
        html! { (number::percent(result.dead)) },
        html! { (number::percent(result.saturated)) },
        html! { (number::fixed(result.mean_activation, 2)) },
        html! { (number::significant(1000.0 * result.seconds_per_epoch)) "\u{a0}ms" },
        html! { (number::percent(result.activation_share)) },
    ]
}

fn epochs_to_target(result: &ActivationResult, given: usize) -> Markup {
    let runs = result.runs.len();
    html! {
        span {
            @if result.epochs_to_target.is_some() {
                (spread(result.epochs_to_target, |epochs| number::fixed(epochs, 1)))
            } @else if result.reached > 0 {
                "> " (given)
            } @else {
                "not reached"
            }
            @if let Some(interval) = &result.epochs_interval { span.soft { (interval_text(interval)) } }
            @if result.reached < runs { span.soft { (result.reached) " of " (number::count(runs, "run")) } }
            @if result.diverged > 0 { span.soft { (result.diverged) " diverged" } }
        }
    }
}

/// The confidence interval in words: `95 %: 3.1 to 4.2`.
fn interval_text(interval: &MedianInterval) -> String {
    let low = number::fixed(interval.low, 1);
    let high = interval.high.map_or_else(|| "∞".to_owned(), |high| number::fixed(high, 1));
    format!("{}: {low} to {high}", number::percent(interval.confidence))
}

fn spread(spread: Option<Spread>, format: impl Fn(f64) -> String) -> Markup {
    let Some(Spread { median, low, high }) = spread else { return html! { "–" } };
    html! { span { (format(median)) @if low != high { span.soft { (format(low)) " to " (format(high)) } } } }
}
