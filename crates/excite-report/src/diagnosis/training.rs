//! What was seen of a network's training: when units died, and how the layers fared.

use excite_vitals::deaths::UnitHistory;
use excite_vitals::in_words::thousands;
use maud::{Markup, html};

use super::Layer;
use crate::axis::Axis;
use crate::deaths::{self, Fates};
use crate::plot::{Mark, Plot, WIDTH, px};
use crate::theme::Stroke;
use crate::{number, page};

/// The most layers that a chart has a line for.
const LINES: usize = 8;

/// What was seen of a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Training {
    /// The number of steps.
    pub steps: usize,
    /// The units that were dead at some time, each with its layer's place in the vitals.
    pub histories: Vec<UnitHistory>,
    /// The layers at each look, the first look first.
    pub looks: Vec<Look>,
}

/// A look at all layers after a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The step.
    pub step: usize,
    /// Each layer, in the order of the vitals; layers that were found later may be missing.
    pub layers: Vec<LayerLook>,
}

/// A layer at a look, None where something is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LayerLook {
    /// The share of its units that is dead.
    pub dead: Option<f64>,
    /// The share of its units that is saturated.
    pub saturated: Option<f64>,
    /// The norm of the gradient by its weights.
    pub gradient: Option<f64>,
    /// The norm of an update of its weights over the norm of the weights.
    pub update: Option<f64>,
}

/// The deaths step by step, and the curves.
pub(super) fn section(training: &Training, layers: &[Layer]) -> Markup {
    let curves = [
        curve(training, layers, "dead units", Scale::Share, |look| look.dead),
        curve(training, layers, "saturated units", Scale::Share, |look| look.saturated),
        curve(training, layers, "gradient norm", Scale::Decades, |look| look.gradient),
        curve(training, layers, "update-to-weight ratio", Scale::Decades, |look| look.update),
    ];
    let curves: Vec<Markup> = curves.into_iter().flatten().collect();
    let shown = shown(training, layers);
    let entries =
        shown.iter().enumerate().map(|(line, &layer)| (Stroke::solid(line), layers[layer].figures.name.as_str()));
    let left_out = if shown.len() < layers.len() {
        format!(" The lines are those of the {} layers with the most dead units.", shown.len())
    } else {
        String::new()
    };
    html! {
        @if !training.histories.is_empty() { (page::section("Deaths step by step", &timeline(training, layers))) }
        @if !curves.is_empty() {
            (page::section("Over the steps", &page::figure(
                "Each layer over the steps",
                &page::legend(entries),
                &curves,
                &format!("Each point is what was seen since the one before.{left_out}"),
            )))
        }
    }
}

/// A row for each unit, a mark where one died.
fn timeline(training: &Training, layers: &[Layer]) -> Markup {
    html! {
        figure {
            (deaths::legend())
            (page::by_width(|width, class| raster(training, layers, width, class)))
            figcaption {
                "Each unit is a row, those of the first layer at the top. A mark is where it died, a red line how long it stayed dead."
            }
        }
    }
}

fn raster(training: &Training, layers: &[Layer], width: u32, class: &str) -> Markup {
    const HEIGHT: f64 = 160.0;
    let last = training.steps.max(1);
    let right = f64::from(width) - 8.0;
    let place = move |step: usize| 4.0 + (right - 4.0) * step.min(last) as f64 / last as f64;
    let before = |layer: usize| layers.iter().take(layer).map(|layer| layer.figures.units).sum::<usize>();
    let all = before(layers.len()).max(1) as f64;
    let mut fates = Fates::default();
    for history in &training.histories {
        let unit = before(history.layer) + history.unit;
        fates.add(4.0 + (HEIGHT - 8.0) * (unit as f64 + 0.5) / all, &history.events, &place);
    }
    let dead = training.histories.iter().filter(|history| history.is_dead()).count();
    let words = format!("When units died: {dead} of {} are dead at the end", thousands(all as u64));
    let steps = Axis::linear("", 0.0, last as f64, |step| thousands(step as u64)).with_whole_ticks();
    html! {
        svg class=(class) role="img" aria-label=(words) width=(width) height=(HEIGHT + 38.0) viewBox=(format!("0 0 {width} {}", HEIGHT + 38.0)) {
            title { (words) }
            rect.f-zone x="4" y="0" width=(px(right - 4.0)) height=(HEIGHT) {}
            @for layer in 1..layers.len() {
                path class="thin c-grid" d=(format!("M4 {}H{}", px(4.0 + (HEIGHT - 8.0) * before(layer) as f64 / all), px(right))) {}
            }
            (fates.draw("units"))
            path class="thin c-axis" d=(format!("M4 {HEIGHT}H{}", px(right))) {}
            g.f-text {
                @for &step in &steps.ticks {
                    text class=[(step > 0.0).then_some("m")] x=(px(place(step as usize).min(right - 14.0))) y=(HEIGHT + 17.0) { (steps.text(step)) }
                }
                text.m x=(px(0.5 * right)) y=(HEIGHT + 33.0) { "step" }
            }
        }
    }
}

/// The layers that have a line: all if they are few, or else those with the most dead units at the last look.
fn shown(training: &Training, layers: &[Layer]) -> Vec<usize> {
    let dead = |layer: usize| {
        let last = training.looks.last().and_then(|look| look.layers.get(layer));
        last.and_then(|look| look.dead).unwrap_or(0.0)
    };
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by(|a, b| dead(*b).total_cmp(&dead(*a)));
    order.truncate(LINES);
    order.sort_unstable();
    order
}

#[derive(Clone, Copy)]
enum Scale {
    /// From 0 to 1, in percent.
    Share,
    /// Logarithmic.
    Decades,
}

/// A line for each layer. None where no look knows the quantity.
fn curve(
    training: &Training,
    layers: &[Layer],
    title: &str,
    scale: Scale,
    of: fn(&LayerLook) -> Option<f64>,
) -> Option<Markup> {
    let point = |look: &Look, layer: usize| {
        let value = of(look.layers.get(layer)?)?;
        let y = match scale {
            Scale::Share => value,
            Scale::Decades => value.log10(),
        };
        y.is_finite().then_some((look.step as f64, y))
    };
    let line = |layer: usize| training.looks.iter().filter_map(|look| point(look, layer)).collect::<Vec<_>>();
    let lines: Vec<(usize, Vec<(f64, f64)>)> =
        shown(training, layers).into_iter().map(|layer| (layer, line(layer))).collect();
    let heights = || lines.iter().flat_map(|(_, points)| points).map(|(_, y)| *y);
    heights().next()?;
    let y = match scale {
        Scale::Share => {
            let high = heights().fold(0.05, f64::max);
            Axis::linear("", 0.0, high, number::percent).in_percent()
        }
        Scale::Decades => Axis::decades("", heights()),
    };
    let steps = training.looks.iter().map(|look| look.step as f64);
    let (first, last) =
        steps.fold((f64::INFINITY, 0.0), |(first, last): (f64, f64), step| (first.min(step), last.max(step)));
    let x = Axis::linear("step", first.min(last - 1.0), last, |step| thousands(step as u64)).with_whole_ticks();
    let ends: Vec<String> = lines
        .iter()
        .filter_map(|(layer, points)| {
            let (_, y) = points.last()?;
            let value = match scale {
                Scale::Share => number::percent(*y),
                Scale::Decades => number::significant(10_f64.powf(*y)),
            };
            Some(format!("{} ends at {value}", layers[*layer].figures.name))
        })
        .collect();
    let marks =
        lines.into_iter().enumerate().map(|(line, (_, points))| Mark::line(points, Stroke::solid(line))).collect();
    let words = format!("{} by step: {}", page::capitalised(title), ends.join(", "));
    let logarithmic = if matches!(scale, Scale::Decades) { " (logarithmic)" } else { ", % of the layer" };
    Some(Plot { title: format!("{title}{logarithmic}"), x, y, size: (WIDTH, 250), marks }.inline(&words))
}
