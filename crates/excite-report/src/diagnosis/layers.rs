//! All there is to know of each layer.

use std::fmt::Write;

use excite_vitals::sketch::Histogram;
use maud::{Markup, html};

use super::{Layer, badge, network, unit_map};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::{Colour, Stroke};
use crate::{curve, number};

/// Up to this number of layers all have plots; beyond it only layers with warnings or errors, to keep the file small.
const MOST_PLOTS: usize = 40;
/// The most points that the means of units are drawn with.
const MOST_POINTS: usize = 40;

pub(super) fn details(layers: &[Layer]) -> Markup {
    let has_plots = layers.len() <= MOST_PLOTS;
    html! {
        @if !has_plots { p.soft { "Only layers with warnings or errors have plots." } }
        @for layer in layers {
            details.layer {
                summary {
                    span.place { (layer.place) } " " strong { (layer.figures.name) } " "
                    span.soft { (network::function(layer)) ": " (layer.in_words()) }
                    @if let Some(worst) = layer.findings.first().filter(|_| layer.is_ill()) { " " (badge(worst.severity)) }
                }
                div id=(layer.anchor()) { (inside(layer, has_plots || layer.is_ill())) }
            }
        }
    }
}

fn inside(layer: &Layer, with_plots: bool) -> Markup {
    if layer.figures.samples == 0 {
        return html! { p { "No value reached this layer." } };
    }
    html! {
        (figures(layer))
        @if !layer.findings.is_empty() {
            ul.found.plain { @for finding in &layer.findings { li { (badge(finding.severity)) " " (finding.rule.title) ": " (finding.summary) } } }
        }
        @if layer.ill_share() > 0.0 {
            figure {
                (unit_map::legend(layer.counts().into_iter().map(|(state, count)| (state, Some(count))), layer.vitals.is_seen_enough()))
                (unit_map::map(layer))
                (unit_map::table(layer))
            }
        }
        @if with_plots {
            figure {
                div.plots { div { (inputs(layer)) } div { (centring(layer)) } }
                figcaption { (caption(layer)) }
            }
        }
    }
}

fn figures(layer: &Layer) -> Markup {
    let f = layer.figures;
    let range = format!("{} to {}", number::significant(f.min), number::significant(f.max));
    let spread = |mean: f64, std: f64| format!("{} ± {}", number::significant(mean), number::significant(std));
    let some = |figure: Option<f64>| figure.map(number::significant);
    let percent = |share: Option<f64>| share.map(number::percent);
    let facts = [
        ("Samples, values of a unit", Some(format!("{}, {}", f.samples, f.values))),
        ("Pre-activation z", f.z_mean.zip(f.z_std).map(|(mean, std)| spread(mean, std))),
        ("Activation a", Some(spread(f.mean, f.std))),
        ("Range of a", Some(range)),
        ("Values with z ≤ 0", percent(f.not_positive)),
        (
            "Saturated low, high",
            f.saturated_low
                .zip(f.saturated_high)
                .map(|(low, high)| format!("{}, {}", number::percent(low), number::percent(high))),
        ),
        ("At the cap", percent(f.capped)),
        ("Off-centre γ", Some(number::significant(f.gamma))),
        ("Gate E[f′]", some(f.gate)),
        ("Saturation measure ρ", some(f.saturation_measure)),
        ("Integer bits of a", Some(f.integer_bits.to_string())),
        ("NaN, infinite", (f.nan + f.infinite > 0).then(|| format!("{}, {}", f.nan, f.infinite))),
    ];
    html! {
        dl.facts {
            @for (term, fact) in &facts { @if let Some(fact) = fact { div { dt { (term) } dd { (fact) } } } }
        }
    }
}

/// The function, and on the same inputs how often the layer's pre-activations fell where.
fn inputs(layer: &Layer) -> Markup {
    let f = layer.figures.function;
    let histogram = layer.vitals.histogram();
    let (line, low, high) = curve::value_line(f, Stroke { colour: Colour::Text, dash: 0 });
    let total = histogram.total() as f64;
    let largest = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let height = |count: u64| low + 0.94 * (high - low) * count as f64 / largest;
    let mut marks = curve::zones(f);
    if total > 0.0 {
        let bins = || Histogram::centres().zip(&histogram.counts);
        // From the first bin that holds something to the last: most layers live in a few of them.
        let filled: Vec<(f64, f64)> = bins().map(|(x, &count)| (x, height(count))).collect();
        let is_filled = |(_, y): &(f64, f64)| *y > low;
        let first = filled.iter().position(is_filled).unwrap_or(0).saturating_sub(1);
        let last = filled.iter().rposition(is_filled).map_or(filled.len(), |at| (at + 2).min(filled.len()));
        let outline = &filled[first..last];
        marks.push(Mark::Hill { points: outline.to_vec(), floor: low, colour: Colour::Series(0) });
    }
    marks.push(line);
    let y = Axis::linear("", low, high, |y| number::trimmed(y, 2));
    let title = format!("{f}, and where its inputs z fell");
    let words = format!("The function {f} with the histogram of its inputs in {}", layer.vitals.name());
    Plot { title, x: curve::inputs("z"), y, size: (WIDTH, 220), marks }.inline(&words)
}

/// The mean output of each unit and its spread, sorted.
fn centring(layer: &Layer) -> Markup {
    let mut units: Vec<(f64, f64)> =
        layer.vitals.units().iter().filter(|unit| unit.a.count > 0).map(|unit| (unit.a.mean, unit.a.std())).collect();
    units.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = units.len().saturating_sub(1);
    let shown = units.len().min(MOST_POINTS);
    let rank = |point: usize| if shown < 2 { 0 } else { point * last / (shown - 1) };
    let points =
        || (0..shown).map(|point| (rank(point), units[rank(point)])).map(|(rank, unit)| ((rank + 1) as f64, unit));
    let reach = units.iter().flat_map(|(mean, std)| [mean - std, mean + std]).filter(|y| y.is_finite());
    let (low, high) = reach.fold((0.0, 0.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y)));
    let margin = 0.06 * (high - low).max(1e-6);
    let marks = vec![
        Mark::Band {
            points: points().map(|(x, (mean, std))| (x, mean - std, mean + std)).collect(),
            colour: Colour::Series(0),
        },
        Mark::Level { y: 0.0, dash: 1, word: "" },
        Mark::line(points().map(|(x, (mean, _))| (x, mean)).collect(), Stroke::solid(0)),
    ];
    let x = Axis::linear("units, sorted", 0.5, units.len().max(1) as f64 + 0.5, |unit| number::trimmed(unit, 0))
        .with_whole_ticks();
    let y = Axis::linear("", low - margin, high + margin, number::significant);
    let words = format!("The mean output of each unit of {} and its spread, sorted by the mean", layer.vitals.name());
    Plot { title: "mean output of each unit ± its spread".to_owned(), x, y, size: (WIDTH, 220), marks }.inline(&words)
}

/// What the plots cannot show, in words.
fn caption(layer: &Layer) -> String {
    let histogram = layer.vitals.histogram();
    let total = histogram.total();
    if total == 0 {
        return "Pre-activations were not recorded, so there is no histogram of them.".to_owned();
    }
    let peak = histogram.counts.iter().copied().max().unwrap_or(0) as f64 / total as f64;
    let beyond = (histogram.below + histogram.above) as f64 / total as f64;
    let mut text = format!(
        "Left: the line is the function, the filled outline shows how often its inputs fell where; its highest step of 1/8 holds {} of \
         them. Shaded: the slope is under 5 % of its largest.",
        number::percent(peak)
    );
    if beyond > 0.0 {
        // Writing to a string cannot fail.
        let _ = write!(text, " {} lie beyond ±8.", number::percent(beyond));
    }
    text + " Right: the line is the mean output of each unit, the band one standard deviation to either side; a unit whose band does not hold \
         0 is off-centre."
}
