//! How the learning rates were chosen.

use std::ops::RangeInclusive;

use excite_lab::record::comparison::{ActivationResult, Comparison, SweepPoint};
use maud::{Markup, html};

use super::{Series, legend};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::{number, page};

/// The rates and losses that an axis reaches to.
const SENSIBLE: RangeInclusive<f64> = 1e-12..=1e12;

/// The rates tried, as a plot and as a table.
pub(super) fn figures(comparison: &Comparison, series: &[Series]) -> Markup {
    let plots = [by_epochs(comparison, series), by_loss(series)];
    html! {
        (page::figure(
            "Each function at a rate of its own",
            &legend(series),
            &plots,
            "The dot is the chosen rate: the one that reached the target soonest or, if none did, the one with the lowest loss at the end. Of two trials, with different first weights, the worse counts. A trial ends where it reaches the target, \
             so the loss ranks only trials that did not reach it; a line that ends before the highest rate went on to diverge.",
        ))
        (table(comparison, series))
    }
}

/// Epochs to the target; rates that did not reach it, or diverged, lie on levels above.
fn by_epochs(comparison: &Comparison, series: &[Series]) -> Markup {
    let given = comparison.settings.epochs.max(1) as f64;
    let (missed, diverged) = (1.12 * given, 1.28 * given);
    let height = |point: &SweepPoint| match (point.epochs_to_target, point.train_loss) {
        (Some(epochs), _) => Some(epochs),
        (None, Some(_)) => Some(missed),
        (None, None) => Some(diverged),
    };
    let y = Axis::linear("", 0.0, 1.42 * given, |epochs| number::trimmed(epochs, 0)).with_ticks_up_to(given);
    let mut marks = vec![
        Mark::Level { y: missed, dash: 1, word: "not reached" },
        Mark::Level { y: diverged, dash: 1, word: "diverged" },
    ];
    marks.extend(lines(series, height));
    let title = "epochs to the target".to_owned();
    Plot { title, x: rates(series), y, size: (WIDTH, 270), marks }.inline(&format!(
        "Epochs to the target by learning rate, one line for each activation function. {}",
        chosen(series)
    ))
}

/// The loss at the end of each trial that did not diverge.
fn by_loss(series: &[Series]) -> Markup {
    let height = |point: &SweepPoint| point.train_loss.filter(|loss| SENSIBLE.contains(loss)).map(f64::log10);
    let losses: Vec<f64> = series.iter().flat_map(|series| &series.result.sweep).filter_map(height).collect();
    let (low, high) =
        losses.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &log| (low.min(log), high.max(log)));
    let y = if !(low <= high) || high - low > 3.0 {
        Axis::decades("", losses.into_iter())
    } else {
        Axis::logarithmic("", 10_f64.powf(low) / 1.1, 10_f64.powf(high) * 1.1, number::significant)
    };
    let title = "training loss at the end".to_owned();
    Plot { title, x: rates(series), y, size: (WIDTH, 270), marks: lines(series, height) }
        .inline(&format!("Training loss by learning rate, one line for each activation function. {}", chosen(series)))
}

/// A line for each function, named at its end, and a dot at the rate chosen for it.
fn lines(series: &[Series], height: impl Fn(&SweepPoint) -> Option<f64>) -> Vec<Mark> {
    let place = |point: &SweepPoint| Some((point.learning_rate.log10(), height(point)?));
    let points = |series: &Series| series.result.sweep.iter().filter_map(place).collect();
    let dots = |series: &Series| {
        let chosen = series.result.sweep.iter().filter(|point| point.learning_rate == series.result.learning_rate);
        Mark::Dots { points: chosen.filter_map(place).collect(), colour: series.stroke.colour }
    };
    super::named(series, series.iter().map(points).collect()).into_iter().chain(series.iter().map(dots)).collect()
}

fn rates(series: &[Series]) -> Axis {
    let tried = series.iter().flat_map(|series| &series.result.sweep).map(|point| point.learning_rate);
    let tried = tried.filter(|rate| SENSIBLE.contains(rate));
    let (low, high) = tried.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), rate| (low.min(rate), high.max(rate)));
    let (low, high) = if low <= high { (low / 1.25, high * 1.25) } else { (0.01, 1.0) };
    let axis = Axis::logarithmic("learning rate", low, high, number::significant);
    // The rates tried are about half a decade apart; a tick at each power of ten is enough.
    let whole: Vec<f64> = (low.log10().ceil() as i32..=high.log10().floor() as i32).map(f64::from).collect();
    if whole.len() < 2 { axis } else { axis.with_ticks(whole) }
}

fn chosen(series: &[Series]) -> String {
    let of = |series: &Series| format!("{}: {}", series.name, number::significant(series.result.learning_rate));
    format!("Chosen: {}", series.iter().map(of).collect::<Vec<_>>().join(", "))
}

/// The learning rates tried, one column each, and what came of them.
fn table(comparison: &Comparison, series: &[Series]) -> Markup {
    let mut rates: Vec<f64> =
        comparison.activations.iter().flat_map(|result| &result.sweep).map(|point| point.learning_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let columns: Vec<_> =
        ["Activation".to_owned()].into_iter().chain(rates.iter().map(|rate| number::significant(*rate))).collect();
    let cell = |result: &ActivationResult, rate: f64| {
        let Some(point) = result.sweep.iter().find(|point| point.learning_rate == rate) else { return html! {} };
        let outcome = outcome(point);
        if rate == result.learning_rate {
            html! { strong { (outcome) } " ✓" }
        } else {
            html! { (outcome) }
        }
    };
    let row = |series: &Series| -> Vec<Markup> {
        let name = html! { (page::swatch(series.stroke)) (series.name) };
        [name].into_iter().chain(rates.iter().map(|rate| cell(series.result, *rate))).collect()
    };
    let rows: Vec<_> = series.iter().map(row).collect();
    let caption = "Epochs to the target at each learning rate tried, or else the training loss at the end of the \
        trial. The rate marked ✓ was used.";
    page::scrolling(caption, &columns, &rows)
}

fn outcome(point: &SweepPoint) -> String {
    match (point.epochs_to_target, point.train_loss) {
        (Some(epochs), _) => format!("{} epochs", number::fixed(epochs, 1)),
        (None, Some(loss)) if loss.is_finite() => format!("loss {}", number::significant(loss)),
        (None, _) => "diverged".to_owned(),
    }
}
