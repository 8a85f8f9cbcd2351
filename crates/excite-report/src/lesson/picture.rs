//! The pictures of a record, drawn at the size at which they are shown.

use excite_lab::record::experiment::{Axis as AxisOf, Mark as Shape, Panel, Picture, Scale, Side, Ticks, Tone};
use maud::{Markup, html};

use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::{Colour, Stroke};
use crate::{number, page, sheet};

/// The width of what stands beside the table of contents, and the gap between two panels.
const COLUMN: u32 = 800;
const GAP: u32 = 20;
/// The height of a row of a panel of rows.
const ROW: u32 = 30;
/// More lines than these in a panel are named in a legend.
const NAMED_AT_ENDS: usize = 6;
/// The functions that keep their colours in all pictures.
const FUNCTIONS: [&str; 4] = ["sigmoid", "tanh", "relu", "relu6"];

/// A picture under its title, for a wide screen and for a phone.
pub(super) fn figure(picture: &Picture) -> Markup {
    let legend = legend(picture);
    let each = match picture.panels.len() {
        0 | 1 => 1,
        count if count % 3 == 0 => 3,
        _ => 2,
    };
    let described = |panel: &Panel| format!("{}. {}", panel.title, picture.caption);
    let drawn = |width: u32, class: &str| {
        let plots = picture.panels.iter().map(|panel| plot(panel, picture, width).of_class("plot", &described(panel)));
        html! { div class=(class) { @for plot in plots { div { (plot) } } } }
    };
    html! {
        figure {
            h4 { (page::held_together(&picture.title)) }
            (legend)
            (drawn((COLUMN - (each - 1) * GAP) / each, &format!("panels of-{each} wide")))
            (drawn(WIDTH, "panels narrow"))
            @if !picture.caption.is_empty() { figcaption { (picture.caption) } }
        }
    }
}

/// A picture of a record as an SVG file, with its legend and a light and a dark style of its own.
pub fn picture_svg(picture: &Picture) -> String {
    let names = in_legend(picture);
    let legend: Vec<_> = names.iter().map(|name| (stroke(picture, name), *name)).collect();
    let plots: Vec<_> = picture.panels.iter().map(|panel| plot(panel, picture, WIDTH)).collect();
    sheet::svg(&format!("{}. {}", picture.title, picture.caption), &legend, &plots)
}

/// The names of the marks, in the order in which they come first.
fn names(picture: &Picture) -> Vec<&str> {
    let mut names: Vec<&str> = vec![];
    for name in picture.panels.iter().flat_map(|panel| &panel.marks).filter_map(Shape::name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The names that neither the end of a line nor a row says.
fn in_legend(picture: &Picture) -> Vec<&str> {
    let names = names(picture);
    let is_said = |panel: &Panel, name: &str| {
        let is_row = matches!(&panel.y.ticks, Ticks::Names(rows) if rows.iter().any(|row| row == name));
        is_row || ends(panel).contains(&name)
    };
    let is_alone = names.len() == 1;
    let legend = names.into_iter().filter(|name| !picture.panels.iter().any(|panel| is_said(panel, name)));
    if is_alone { vec![] } else { legend.collect() }
}

/// The names of the lines that are named at their ends.
fn ends(panel: &Panel) -> Vec<&str> {
    let mut names: Vec<&str> = vec![];
    for mark in &panel.marks {
        if let Shape::Line { name, .. } = mark
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    if panel.plane || names.len() > NAMED_AT_ENDS { vec![] } else { names }
}

/// How a name is shown in the legend: as a line, or as something filled.
fn legend(picture: &Picture) -> Markup {
    let names = in_legend(picture);
    let has = |name: &str, is: fn(&Shape) -> bool| {
        picture.panels.iter().flat_map(|panel| &panel.marks).any(|mark| mark.name() == Some(name) && is(mark))
    };
    let is_line = |name: &str| has(name, |mark| matches!(mark, Shape::Line { .. } | Shape::Arrows { .. }));
    let patch = |name: &str| {
        let is_dots = has(name, |mark| matches!(mark, Shape::Dots { .. }));
        page::patch(if is_dots { stroke(picture, name).colour } else { filled(picture, name) })
    };
    html! {
        @if !names.is_empty() {
            ul.legend {
                @for name in names {
                    @let stroke = stroke(picture, name);
                    li data-s=[stroke.colour.series()] {
                        @if is_line(name) { (page::swatch(stroke)) } @else { (patch(name)) }
                        (name)
                    }
                }
            }
        }
    }
}

/// The colour of the lines and dots of that name.
fn stroke(picture: &Picture, name: &str) -> Stroke {
    let colour = match picture.tone(name) {
        Some(Tone::Dead) => Colour::Dead,
        Some(Tone::Saturated) => Colour::Saturated,
        Some(Tone::Sound) => Colour::Good,
        Some(Tone::Quiet) => Colour::Axis,
        Some(Tone::Reference) => Colour::Level,
        None => Colour::Series(series(picture, name)),
    };
    Stroke { colour, dash: 0 }
}

/// The colour of areas of that name.
fn filled(picture: &Picture, name: &str) -> Colour {
    match picture.tone(name) {
        Some(Tone::Sound) => Colour::Linear,
        Some(Tone::Quiet) => Colour::Grid,
        Some(Tone::Reference) => Colour::Axis,
        _ => stroke(picture, name).colour,
    }
}

/// A function's own number; otherwise the place among the names without a colour that means something.
fn series(picture: &Picture, name: &str) -> usize {
    if let Some(place) = FUNCTIONS.iter().position(|function| *function == name) {
        return place;
    }
    let names = names(picture);
    let has_functions = names.iter().any(|name| FUNCTIONS.contains(name));
    let mut others = names.iter().filter(|name| picture.tone(name).is_none() && !FUNCTIONS.contains(name));
    others.position(|other| *other == name).unwrap_or(0) + if has_functions { FUNCTIONS.len() } else { 0 }
}

fn plot(panel: &Panel, picture: &Picture, width: u32) -> Plot {
    let points: Vec<_> = panel.marks.iter().flat_map(Shape::points).collect();
    let mut x = Extent::of(&panel.x, points.iter().map(|(x, _)| *x));
    let mut y = Extent::of(&panel.y, points.iter().map(|(_, y)| *y));
    let below = if panel.x.label.is_empty() { 50 } else { 66 };
    let height = match &panel.y.ticks {
        // As high inside its axes as it is wide.
        _ if panel.plane => {
            (x, y) = Extent::square(x, y);
            width - 64 + below
        }
        Ticks::Names(names) => names.len() as u32 * ROW + below,
        _ if width > 600 => 300,
        _ => 230,
    };
    // The first row stands highest.
    let flip = if let Ticks::Names(names) = &panel.y.ticks { Some(names.len() as f64 + 1.0) } else { None };
    let high = |value: f64| flip.map_or_else(|| y.place(value), |sum| sum - value);
    let place = |&(a, b): &(f64, f64)| (x.place(a), high(b));
    let places = |points: &[(f64, f64)]| points.iter().map(place).collect::<Vec<_>>();
    let has_lines = panel.marks.iter().any(|mark| matches!(mark, Shape::Line { .. } | Shape::Arrows { .. }));
    let mark = |shape: &Shape| match shape {
        Shape::Line { name, points } => Mark::line(places(points), stroke(picture, name)),
        Shape::Dots { name, points } => Mark::Dots { points: places(points), colour: stroke(picture, name).colour },
        Shape::Band { name, points } => {
            let points = points.iter().map(|(at, low, top)| (x.place(*at), high(*low), high(*top)));
            // A band without its end where that cannot be drawn, as 0 on a logarithmic axis.
            let points = points.filter(|(_, low, top)| low.is_finite() && top.is_finite()).collect();
            Mark::Band { points, colour: stroke(picture, name).colour }
        }
        Shape::Arrows { name, arrows } => {
            let arrows = arrows.iter().map(|(tail, tip)| (place(tail), place(tip))).collect();
            Mark::Arrows { arrows, colour: stroke(picture, name).colour }
        }
        Shape::Area { name, corners } => Mark::Area { corners: places(corners), colour: stroke(picture, name).colour },
        Shape::Boxes { name, boxes } => {
            let boxes = boxes.iter().map(|(a, b)| (place(a), place(b))).collect();
            Mark::Boxes { boxes, colour: filled(picture, name), pale: has_lines }
        }
        Shape::Word { at, side, text } => match side {
            Side::Right => Mark::WordBy { at: place(at), class: "after", text: text.clone() },
            Side::Middle => Mark::WordBy { at: place(at), class: "m", text: text.clone() },
            Side::Left => Mark::WordBy { at: place(at), class: "e", text: text.clone() },
        },
        Shape::Contour { points } => {
            Mark::Line { points: places(points), stroke: Stroke { colour: Colour::Axis, dash: 0 }, width: 1.0 }
        }
        Shape::Zone { from, to } => Mark::Zone { from: x.place(*from), to: x.place(*to) },
    };
    let mut marks: Vec<Mark> = panel.marks.iter().map(mark).collect();
    marks.extend(ends(panel).into_iter().filter_map(|name| end_name(panel, picture, name, &high)));
    Plot { title: panel.title.clone(), x: x.axis(&panel.x), y: y.axis(&panel.y), size: (width, height), marks }
}

/// The name of a line at its end; of several of that name at the end of the last.
fn end_name(panel: &Panel, picture: &Picture, name: &str, high: &impl Fn(f64) -> f64) -> Option<Mark> {
    let lines = panel.marks.iter().rev().filter(|mark| matches!(mark, Shape::Line { .. }) && mark.name() == Some(name));
    let ends = lines.filter_map(|line| line.points().into_iter().rfind(|(x, y)| x.is_finite() && high(*y).is_finite()));
    // The line that reaches furthest.
    let (_, y) = ends.fold(None, |best: Option<(f64, f64)>, end| match best {
        Some(best) if best.0 >= end.0 => Some(best),
        _ => Some(end),
    })?;
    Some(Mark::EndName { y: high(y), colour: stroke(picture, name).colour, name: name.to_owned() })
}

/// The ends of an axis, in the values that are drawn.
#[derive(Clone, Copy)]
struct Extent {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Extent {
    fn of(axis: &AxisOf, values: impl Iterator<Item = f64>) -> Self {
        let scale = axis.scale;
        let drawn = values.filter(|value| value.is_finite() && (scale != Scale::Logarithmic || *value > 0.0));
        let found = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (mut low, mut high) = axis.ends.unwrap_or(found);
        if axis.ends.is_none() && low <= high {
            let margin = 0.04 * (high - low);
            match scale {
                Scale::Linear => (low, high) = (low - margin, high + margin),
                Scale::Share => (low, high) = (low.min(0.0), high + margin.max(0.01)),
                Scale::Whole => high = high.max(low + 1.0),
                Scale::Logarithmic => (low, high) = (low / 1.05, high * 1.05),
            }
        }
        if !(low < high) {
            (low, high) = if scale == Scale::Logarithmic { (0.1, 1.0) } else { (0.0, 1.0) };
        }
        Self { scale, low, high }
    }

    /// Both as long as the longer of the two.
    fn square(x: Self, y: Self) -> (Self, Self) {
        let half = 0.5 * (x.high - x.low).max(y.high - y.low);
        let around = |extent: Self| {
            let middle = f64::midpoint(extent.low, extent.high);
            Self { low: middle - half, high: middle + half, ..extent }
        };
        (around(x), around(y))
    }

    /// Where a value lies on the plot's axis.
    fn place(&self, value: f64) -> f64 {
        if self.scale == Scale::Logarithmic { value.log10() } else { value }
    }

    fn axis(&self, axis: &AxisOf) -> Axis {
        let (Self { low, high, .. }, label) = (*self, axis.label.as_str());
        match &axis.ticks {
            Ticks::Names(names) => return Axis::rows(low, high, names.clone()),
            Ticks::None => return Axis::linear(label, low, high, number::significant).with_ticks(vec![]),
            Ticks::Round => {}
        }
        match self.scale {
            Scale::Linear => Axis::linear(label, low, high, number::significant),
            Scale::Whole => Axis::linear(label, low, high, |x| number::trimmed(x, 0)).with_whole_ticks(),
            Scale::Share => Axis::linear(label, low, high, |x| format!("{} %", number::trimmed(100.0 * x, 1))),
            Scale::Logarithmic if high < 1e3 * low => Axis::logarithmic(label, low, high, number::significant),
            Scale::Logarithmic => Axis::decades(label, [low.log10(), high.log10()].into_iter()),
        }
    }
}
