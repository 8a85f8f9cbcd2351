//! Figures of named things, a row each: bars and marks along shared axes. Lines would join what has no order.

use excite_vitals::in_words::end_of;
use maud::{Markup, html};

use crate::axis::Axis;
use crate::number;
use crate::plot::{LETTER, WIDE, WIDTH, px};
use crate::theme::Colour;

const TOP: f64 = 26.0;
const AXIS: f64 = 24.0;
const GAP: f64 = 26.0;
/// The height of a row, where they are few and where they are many.
const TALLEST: f64 = 17.0;
const LOWEST: f64 = 9.0;
/// With this many rows or more, rows are low.
const MANY: usize = 60;

/// Something in a row.
pub(crate) enum Item {
    /// From one value to another, `thick` pixels high.
    Bar { ends: (f64, f64), colour: Colour, thick: f64 },
    /// A mark of a shape at a value.
    Mark { at: f64, colour: Colour, shape: Shape },
}

/// Marks differ in shape, so that colours do not speak alone.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Dot,
    Square,
    Diamond,
    Tick,
}

/// A drawing along one axis, with a row for each name.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) axis: Axis,
    /// A line through all rows.
    pub(crate) level: Option<f64>,
    /// The items of each row.
    pub(crate) items: Vec<Vec<Item>>,
    /// What each row says in words.
    pub(crate) words: Vec<String>,
    /// Its width among those beside it.
    pub(crate) weight: f64,
}

/// The rows with their panels: beside each other on a wide screen, one below the other on a phone.
pub(crate) fn picture(names: &[&str], panels: &[Panel], description: &str) -> Markup {
    html! {
        (svg(names, panels, WIDE, "plot wide", description))
        @for panel in panels { (svg(names, std::slice::from_ref(panel), WIDTH, "plot narrow", description)) }
    }
}

fn svg(names: &[&str], panels: &[Panel], width: u32, class: &str, description: &str) -> Markup {
    let letters = if width == WIDTH { 12 } else { 26 };
    let names: Vec<String> = distinct(names).iter().map(|name| end_of(name, letters)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let row = if names.len() < MANY { TALLEST } else { LOWEST };
    let left = 10.0 + LETTER * longest as f64;
    let bottom = TOP + row * names.len() as f64;
    let height = bottom + AXIS;
    let room = f64::from(width) - left - 14.0 - GAP * (panels.len() as f64 - 1.0);
    let weights: f64 = panels.iter().map(|panel| panel.weight).sum();
    let mut from = left;
    let placed: Vec<_> = panels
        .iter()
        .map(|panel| {
            let ends = (from, from + room * panel.weight / weights);
            from = ends.1 + GAP;
            (panel, ends)
        })
        .collect();
    html! {
        svg class=(class) role="img" aria-label=(description) width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
            title { (description) }
            g.f-text {
                @for (index, name) in names.iter().enumerate().step_by((15.0 / row).ceil() as usize) {
                    text.e x=(px(left - 8.0)) y=(px(TOP + row * (index as f64 + 0.5) + 4.5)) { (name) }
                }
            }
            @for (panel, ends) in placed { (drawn(panel, ends, row, bottom)) }
        }
    }
}

fn drawn(panel: &Panel, ends: (f64, f64), row: f64, bottom: f64) -> Markup {
    let axis = &panel.axis;
    let ticks: Vec<f64> = axis.ticks.iter().copied().filter(|tick| *tick >= axis.low && *tick <= axis.high).collect();
    let lines: Vec<_> = ticks.iter().map(|tick| format!("M{} {TOP}V{bottom}", px(axis.place(*tick, ends)))).collect();
    html! {
        text.f-text x=(px(ends.0)) y="14" { (panel.title) }
        @if !lines.is_empty() { path class="thin c-grid" d=(lines.concat()) {} }
        g.f-text { @for (x, text) in apart(axis, &ticks, ends) { text.m x=(px(x)) y=(px(bottom + 17.0)) { (text) } } }
        @if let Some(level) = panel.level { path class="thin c-level d-1" d=(format!("M{} {TOP}V{bottom}", px(axis.place(level, ends)))) {} }
        @for (index, (items, words)) in panel.items.iter().zip(&panel.words).enumerate() {
            @let y = TOP + row * (index as f64 + 0.5);
            g {
                title { (words) }
                rect x=(px(ends.0)) y=(px(y - 0.5 * row)) width=(px(ends.1 - ends.0)) height=(row) fill="transparent" {}
                @for item in items { (drawn_item(item, axis, ends, y, row)) }
            }
        }
    }
}

/// The ticks whose texts do not touch the one before.
fn apart(axis: &Axis, ticks: &[f64], ends: (f64, f64)) -> Vec<(f64, String)> {
    let mut free = f64::NEG_INFINITY;
    let mut kept = Vec::new();
    for tick in ticks {
        let (x, text) = (axis.place(*tick, ends), axis.text(*tick));
        let half = 0.5 * LETTER * text.chars().count() as f64;
        if x - half >= free {
            free = x + half + 6.0;
            kept.push((x, text));
        }
    }
    kept
}

fn drawn_item(item: &Item, axis: &Axis, ends: (f64, f64), y: f64, row: f64) -> Markup {
    match item {
        Item::Bar { ends: (from, to), colour, thick } if from.is_finite() && to.is_finite() => {
            let (from, to, thick) = (axis.place(*from, ends), axis.place(*to, ends), thick.min(row - 1.0));
            html! {
                rect class=(fill(*colour)) x=(px(from)) y=(px(y - 0.5 * thick)) width=(px((to - from).max(1.0))) height=(px(thick)) {}
            }
        }
        Item::Mark { at, colour, shape } if at.is_finite() => {
            html! { path class=(fill(*colour)) d=(shape.path(px(axis.place(*at, ends)), px(y))) {} }
        }
        _ => html! {},
    }
}

fn fill(colour: Colour) -> String {
    format!("f-{}", colour.name())
}

impl Shape {
    fn path(self, x: f64, y: f64) -> String {
        match self {
            Self::Dot => format!("M{} {y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", px(x - 4.0)),
            Self::Square => format!("M{} {}h7v7h-7z", px(x - 3.5), px(y - 3.5)),
            Self::Diamond => format!("M{x} {}l4.5 4.5l-4.5 4.5l-4.5-4.5z", px(y - 4.5)),
            Self::Tick => format!("M{} {}h2v10h-2z", px(x - 1.0), px(y - 5.0)),
        }
    }
}

/// What the marks stand for.
pub(crate) fn legend<'a>(entries: impl IntoIterator<Item = (Shape, Colour, &'a str)>) -> Markup {
    html! {
        ul.legend {
            @for (shape, colour, name) in entries {
                li { svg.patch viewBox="0 0 12 12" aria-hidden="true" { path class=(fill(colour)) d=(shape.path(6.0, 6.0)) {} } (name) }
            }
        }
    }
}

/// An axis of decibels that holds all `ratios`.
pub(crate) fn decibels(ratios: impl Iterator<Item = f64>) -> Axis {
    let finite = ratios.filter(|ratio| ratio.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let margin = 0.05 * (high - low).max(2.0);
    Axis::linear("", low - margin, high + margin, |ratio| number::trimmed(ratio, 0)).with_whole_ticks()
}

/// An axis of sizes, each step twice the one before, that holds all `values`; draw log2 of a value.
pub(crate) fn doublings(values: impl Iterator<Item = f64>) -> Axis {
    let logs = values.filter(|value| *value > 0.0 && value.is_finite()).map(f64::log2);
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| (low.min(log), high.max(log)));
    let (low, high) = if low <= high { (low.floor(), high.ceil().max(low.floor() + 1.0)) } else { (-1.0, 1.0) };
    let step = ((high - low) / 7.0).ceil().max(1.0) as usize;
    let ticks =
        (low as i32..=high as i32).filter(|exponent| exponent.rem_euclid(step as i32) == 0).map(f64::from).collect();
    Axis::linear("", low - 0.2, high + 0.2, |log| number::significant(log.exp2())).with_ticks(ticks)
}

/// Names without what all of them begin and end with, up to a dot, a slash or the like.
pub(crate) fn distinct<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let [first, rest @ ..] = names else { return vec![] };
    if rest.is_empty() || rest.contains(first) {
        return names.to_vec();
    }
    let is_edge = |c: char| ['.', '/', '_', ' '].contains(&c);
    let starts = first.match_indices(is_edge).map(|(at, edge)| at + edge.len());
    let head = starts.filter(|at| rest.iter().all(|name| name.starts_with(&first[..*at]))).max().unwrap_or(0);
    let ends = first.match_indices(is_edge).map(|(at, _)| first.len() - at);
    let tail =
        ends.filter(|len| rest.iter().all(|name| name.ends_with(&first[first.len() - len..]))).max().unwrap_or(0);
    if names.iter().any(|name| name.len() <= head + tail) {
        return names.to_vec();
    }
    names.iter().map(|name| &name[head..name.len() - tail]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_of_an_axis_of_sizes_is_a_power_of_two() {
        let axis = doublings([0.3, 5.5, 0.0, f64::NAN].into_iter());
        let texts: Vec<_> = axis.ticks.iter().map(|tick| axis.text(*tick)).collect();
        assert_eq!(texts, ["0.25", "0.5", "1", "2", "4", "8"]);
        assert!(doublings([1e-30, 1e30].into_iter()).ticks.len() <= 9);
        let names = ["features.0.relu6", "features.1.conv.0.relu6", "features.2.conv.1.relu6"];
        assert_eq!(distinct(&names), ["0", "1.conv.0", "2.conv.1"]);
        assert_eq!(distinct(&["relu", "relu_1"]), ["relu", "relu_1"]);
        assert_eq!(distinct(&["hidden 1", "hidden 2"]), ["1", "2"]);
        assert_eq!(
            (distinct(&["a.b"]), distinct(&["a.b", "a.b"]), distinct(&[])),
            (vec!["a.b"], vec!["a.b", "a.b"], vec![])
        );
    }

    #[test]
    fn figures_that_are_not_finite_are_left_out() {
        let panel = Panel {
            title: "dB".to_owned(),
            axis: decibels([f64::INFINITY, f64::NAN].into_iter()),
            level: None,
            items: vec![vec![
                Item::Mark { at: f64::INFINITY, colour: Colour::Dead, shape: Shape::Dot },
                Item::Bar { ends: (f64::NAN, 1.0), colour: Colour::Dead, thick: 4.0 },
            ]],
            words: vec!["nothing".to_owned()],
            weight: 1.0,
        };
        let svg = picture(&["layer"], &[panel], "a picture").into_string();
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("f-dead"), "{svg}");
    }
}
