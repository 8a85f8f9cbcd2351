//! The table of what each function reached.

use excite_lab::record::comparison::{ActivationResult, Comparison, MedianInterval, Spread};
use maud::{Markup, html};

use super::{Series, error};
use crate::{number, page};

/// One row an activation function.
pub(super) fn table(comparison: &Comparison, series: &[Series]) -> Markup {
    let columns = [
        "Activation",
        "Learning rate",
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
    let caption = format!(
        "Median over the seeds, with the lowest and the highest below it, and of the epochs to the target the confidence interval of the \
         median, in both of which seeds that did not reach it stand above all others. The target is a training error of {}.",
        error(comparison.data.task, comparison.target_error)
    );
    page::cards(&caption, &columns, &rows)
}

fn row(comparison: &Comparison, series: &Series) -> Vec<Markup> {
    let result = series.result;
    let times = |speed_up: Option<f64>| {
        let text = speed_up.map_or("–".to_owned(), |times| number::fixed(times, 2) + "\u{a0}×");
        html! { (text) }
    };
    vec![
        html! { (page::swatch(series.stroke)) (series.name) },
        html! { (number::significant(result.learning_rate)) },
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
            @if result.reached < runs { span.soft { (result.reached) " of " (number::count(runs, "run", "runs")) } }
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
