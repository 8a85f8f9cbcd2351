//! Which units died in training, when and of what.

use excite_lab::record::deaths::{Cause, DeathCounts};
use excite_lab::record::run::Run;
use excite_vitals::in_words::thousands;
use maud::{Markup, html};

use super::Series;
use crate::deaths::{self, Fates};
use crate::plot::px;
use crate::{number, page};

/// The height of the units of a function, and of the line of text above them.
const UNITS: f64 = 96.0;
const TEXT: f64 = 22.0;
/// What a row takes with the room below it.
const ROW: f64 = TEXT + UNITS + 10.0;
const AXIS: f64 = 38.0;

/// The deaths step by step and the counts by function. Nothing where no run was looked at.
pub(super) fn section(series: &[Series]) -> Markup {
    if series.iter().all(|series| series.result.deaths.units == 0) {
        return html! {};
    }
    if !series.iter().any(|series| series.result.deaths.is_any()) {
        return html! { p { "Deaths in training: no unit was found dead at any step that was looked at." } };
    }
    let figure = html! {
        figure {
            (deaths::legend())
            (page::by_width(|width, class| raster(series, width, class)))
            figcaption {
                "Each unit of each seed is a row, those of the first layer at the top. A mark is where it died, a red line how long it stayed dead."
            }
        }
    };
    page::section("Deaths step by step", &figure)
}

fn raster(series: &[Series], width: u32, class: &str) -> Markup {
    let last = series.iter().flat_map(|series| &series.runs).map(|run| run.deaths.steps).max().unwrap_or(0).max(1);
    let right = f64::from(width) - 8.0;
    let place =
        move |step: usize| 4.0 + (right - 4.0) * (1.0 + step.min(last) as f64).log10() / (1.0 + last as f64).log10();
    let (mut top, mut rows) = (0.0, Vec::new());
    for series in series {
        rows.push((top, series));
        top += if series.result.deaths.is_any() { ROW } else { TEXT };
    }
    let ticks: Vec<usize> = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]
        .into_iter()
        .filter(|step| *step <= last)
        .collect();
    let height = top + AXIS;
    let ends =
        series.iter().map(|series| format!("{}: {}", series.name, series.result.deaths)).collect::<Vec<_>>().join("; ");
    let words = format!("When units died, one panel for each activation function. {ends}");
    html! {
        svg class=(class) role="img" aria-label=(words) width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
            title { (words) }
            @for (top, series) in rows {
                text x="4" y=(top + 15.0) {
                    tspan class=(format!("f-{}", series.stroke.colour.name())) font-weight="600" { (series.name) }
                    tspan.f-text dx="8" { (in_short(&series.result.deaths)) }
                }
                @if series.result.deaths.is_any() {
                    rect.f-zone x="4" y=(top + TEXT) width=(px(right - 4.0)) height=(UNITS) {}
                    (units(series, top + TEXT, &place))
                }
            }
            path class="thin c-axis" d=(format!("M4 {top}H{right}")) {}
            g.f-text {
                @for step in ticks { text class=[(step > 0).then_some("m")] x=(px(place(step))) y=(top + 17.0) { (thousands(step as u64)) } }
                text.m x=(px(0.5 * right)) y=(top + 33.0) { "step (logarithmic)" }
            }
        }
    }
}

fn in_short(deaths: &DeathCounts) -> String {
    match (deaths.dead, deaths.revived) {
        (0, 0) => "no unit died".to_owned(),
        (0, revived) => {
            format!("none of {} units dead at the end, {revived} revived", thousands(deaths.units as u64))
        }
        (dead, _) => format!("{dead} of {} units dead at the end", thousands(deaths.units as u64)),
    }
}

/// The marks and the lines of the units of all seeds.
fn units(series: &Series, top: f64, place: &dyn Fn(usize) -> f64) -> Markup {
    let seeds = series.runs.len();
    let mut fates = Fates::default();
    for (seed, run) in series.runs.iter().enumerate() {
        let row = Rows::of(run);
        for history in &run.deaths.histories {
            let unit = row.before(history.layer) + history.unit;
            let y = top + UNITS * ((unit * seeds + seed) as f64 + 0.5) / (row.total().max(1) * seeds) as f64;
            fates.add(y, &history.events, place);
        }
    }
    fates.draw(&series.name)
}

/// How many units each layer of a run has.
struct Rows(Vec<usize>);

impl Rows {
    fn of(run: &Run) -> Self {
        let known = run.epochs.last().map(|epoch| epoch.layers.iter().map(|layer| layer.units).collect::<Vec<_>>());
        Self(known.unwrap_or_default())
    }

    fn before(&self, layer: usize) -> usize {
        self.0.iter().take(layer).sum()
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// What became of the units, by function.
pub(super) fn table(series: &[Series]) -> Markup {
    let columns = [
        "Function",
        "Units looked at",
        "Dead at the start",
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
