//! Which units died in training, when and of what.

use excite_lab::record::comparison::Spread;
use excite_lab::record::deaths::{Cause, DeathCounts};
use maud::{Markup, html};

use super::{Series, legend};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::{number, page};

/// The counts by function, and the dead units step by step. Nothing where no run was looked at.
pub(super) fn figures(series: &[Series]) -> Markup {
    if series.iter().all(|series| series.result.deaths.units == 0) {
        return html! {};
    }
    if !series.iter().any(|series| series.result.deaths.is_any()) {
        return html! { p { "Deaths in training: no unit was found dead at any step that was looked at." } };
    }
    html! { (timeline(series)) (table(series)) }
}

/// The share of dead units after each step at which it changed.
fn timeline(series: &[Series]) -> Markup {
    let deaths = || series.iter().flat_map(|series| &series.runs).map(|run| &run.deaths);
    let last = deaths().map(|deaths| deaths.steps).max().unwrap_or(0).max(1);
    let lines: Vec<_> = series.iter().map(stairs).collect();
    let y = Axis::shares("", lines.iter().flatten().map(|(_, share)| *share));
    let marks = series.iter().zip(lines).map(|(series, points)| Mark::line(points, series.stroke)).collect();
    let x = Axis::linear("step", 0.0, last as f64, |step| number::trimmed(step, 0)).with_whole_ticks();
    let plot = Plot { title: "dead units, all hidden layers".to_owned(), x, y, size: (WIDTH, 250), marks };
    let ends = series.iter().map(|series| format!("{}: {}", series.name, series.result.deaths));
    let described = format!(
        "Share of dead units by step, one line for each activation function. {}",
        ends.collect::<Vec<_>>().join("; ")
    );
    page::figure(
        "Deaths step by step",
        &legend(series),
        &[plot.inline(&described)],
        "A line that starts above 0 shows units that were born dead, a step up is a killing, a step down a revival. Median over the seeds.",
    )
}

/// The corners of the line of a function: level until the step at which the median over the runs changed.
fn stairs(series: &Series) -> Vec<(f64, f64)> {
    let runs = || series.runs.iter().map(|run| &run.deaths);
    let events =
        runs().flat_map(|deaths| &deaths.histories).flat_map(|history| &history.events).map(|event| event.step());
    let ends = runs().map(|deaths| deaths.steps).max();
    let mut steps: Vec<usize> = [0].into_iter().chain(events).chain(ends).collect();
    steps.sort_unstable();
    steps.dedup();
    let mut corners: Vec<(f64, f64)> = vec![];
    for step in steps {
        let shares: Vec<f64> = runs().map(|deaths| deaths.dead_after(step)).collect();
        let Some(Spread { median, .. }) = Spread::of(&shares) else { continue };
        if let Some(&(_, before)) = corners.last() {
            corners.push((step as f64, before));
        }
        corners.push((step as f64, median));
    }
    corners
}

fn table(series: &[Series]) -> Markup {
    let columns = [
        "Activation",
        "Units looked at",
        "Born dead",
        "Killed",
        "First by step",
        "Median step",
        "By own weights",
        "By own bias",
        "By the layers before",
        "Live at half the step",
        "Revived",
        "Dead at the end",
    ];
    let rows: Vec<Vec<Markup>> = series.iter().map(row).collect();
    let caption = "Units of all hidden layers, over all seeds, those of runs that diverged too. Of a unit that died more than once the \
        first death counts.";
    page::cards(caption, &columns, &rows)
}

fn row(series: &Series) -> Vec<Markup> {
    let counts: &DeathCounts = &series.result.deaths;
    let of_killed = |count: usize| {
        if counts.killed == 0 {
            html! { "–" }
        } else {
            html! { (count) }
        }
    };
    let step = |step: Option<f64>| html! { (step.map_or("–".to_owned(), |step| number::trimmed(step, 0))) };
    let [own_weights, own_bias, upstream] = Cause::ALL.map(|cause| of_killed(counts.by(cause)));
    vec![
        html! { (page::swatch(series.stroke)) (series.name) },
        html! { (counts.units) },
        html! { (counts.born_dead) },
        html! { (counts.killed) },
        step(counts.first_step.map(|step| step as f64)),
        step(counts.median_step),
        own_weights,
        own_bias,
        upstream,
        of_killed(counts.survives_half),
        html! { (counts.revived) },
        html! { (counts.dead) },
    ]
}
