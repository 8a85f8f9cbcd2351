//! The report of experiments: of each the claim, the verdict, the pictures and the figures.

use excite_lab::record::experiment::{Axis as AxisOf, Mark as Shape, Measure, Panel, Picture, Record, Scale, Verdict};
use maud::{Markup, html};

use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::{Colour, Stroke};
use crate::{number, page, sheet};

/// The report of `experiments` as a self-contained HTML file; `command` is what repeats them. Figures that are missing or not finite
/// are left out or shown as a dash; text from the records is escaped.
pub fn experiments_page(experiments: &[Record], command: &str) -> String {
    let title = match experiments {
        [one] => one.name.clone(),
        several => number::count(several.len(), "experiment"),
    };
    let body = html! {
        p.eyebrow { "Experiments on activation functions" }
        h1 { (title) }
        @if experiments.len() > 1 {
            ul.found {
                @for record in experiments {
                    li { a href=(format!("#{}", record.name)) { (record.name) } ": " (badge(record.verdict)) " " (record.claim) }
                }
            }
        }
        p.soft { (repeats(experiments)) }
        pre { (command) }
        @for record in experiments { (experiment(record)) }
    };
    page::page(&format!("{title}: excite lab"), &body)
}

/// What the command gives that made the page.
fn repeats(experiments: &[Record]) -> String {
    let timed: Vec<_> =
        experiments.iter().filter(|record| record.has_times()).map(|record| record.name.as_str()).collect();
    match timed[..] {
        [] => "This command repeats it, to the last digit:".to_owned(),
        _ if timed.len() == experiments.len() => {
            "This command does it again; times come out otherwise each time, and on each machine:".to_owned()
        }
        _ => format!(
            "This command repeats it, to the last digit but for the times of {}, which come out otherwise each time:",
            timed.join(", ")
        ),
    }
}

/// A finding of more bytes is set in the size of the text.
const LONG: usize = 240;

fn experiment(record: &Record) -> Markup {
    let functions: Vec<_> = record.functions.iter().map(ToString::to_string).collect();
    html! {
        section id=(record.name) {
            h2 { (record.claim) }
            p class=(if record.finding.len() > LONG { "verdict long" } else { "verdict" }) { (badge(record.verdict)) " " (page::held_together(&record.finding)) " " span.soft { (page::held_together(&record.certainty)) } }
            @if record.quick {
                p.notice role="note" { strong { "Quick. " } "Less was done than the experiment calls for: the figures are rough." }
            }
            p { (record.method) }
            p.soft {
                "Functions: " (functions.join(", ")) ". "
                @if let Some(data) = &record.data { "Data: " (data) ". " }
                (number::count(record.seeds, "seed")) "."
            }
            @for picture in &record.pictures { (figure(picture)) }
            (table(record))
        }
    }
}

fn badge(verdict: Verdict) -> Markup {
    let class = match verdict {
        Verdict::Held => "badge",
        Verdict::Depends => "badge warning",
        Verdict::DidNotHold => "badge error",
    };
    html! { span class=(class) { (verdict) } }
}

fn table(record: &Record) -> Markup {
    let table = record.table();
    let columns: Vec<_> = std::iter::once(String::new()).chain(table.columns).collect();
    let row = |(name, measures): &(String, Vec<Option<&Measure>>)| -> Vec<Markup> {
        std::iter::once(html! { (name) }).chain(measures.iter().map(|measure| cell(*measure))).collect()
    };
    let rows: Vec<_> = table.rows.iter().map(row).collect();
    page::scrolling("Median over the seeds, with the lowest and the highest below it.", &columns, &rows)
}

/// A measure as text: its median, with the lowest and the highest where they differ. Empty where there is none, a dash where it could not be
/// taken.
///
/// ```
/// use excite_report::measure_text;
/// use excite_lab::record::experiment::Measure;
/// let steps = |over_seeds: &[f64]| Measure::new("tanh", "steps", "", over_seeds);
/// assert_eq!(measure_text(Some(&steps(&[3.0, 1.0, 2.0]))), "2 (1 to 3)");
/// assert_eq!(measure_text(Some(&steps(&[]))), "–");
/// assert_eq!(measure_text(None), "");
/// ```
pub fn measure_text(measure: Option<&Measure>) -> String {
    let Some(measure) = measure else { return String::new() };
    let significant = number::significant;
    match measure.value {
        None => "–".to_owned(),
        Some(spread) if spread.low == spread.high => significant(spread.median),
        Some(spread) => {
            format!("{} ({} to {})", significant(spread.median), significant(spread.low), significant(spread.high))
        }
    }
}

fn cell(measure: Option<&Measure>) -> Markup {
    let Some(spread) = measure.and_then(|measure| measure.value) else {
        return html! { (measure_text(measure)) };
    };
    html! {
        (number::significant(spread.median))
        @if spread.low != spread.high {
            span.soft { (number::significant(spread.low)) " to " (number::significant(spread.high)) }
        }
    }
}

fn figure(picture: &Picture) -> Markup {
    let names = names(picture);
    let legend = page::legend(names.iter().enumerate().map(|(index, name)| (Stroke::series(index), *name)));
    let described = |panel: &Panel| format!("{}. {}", panel.title, picture.caption);
    let plots: Vec<_> = picture.panels.iter().map(|panel| plot(panel, &names).inline(&described(panel))).collect();
    page::figure(&picture.title, &legend, &plots, &picture.caption)
}

/// A picture of a record as an SVG file, with its legend and a light and a dark style of its own.
pub fn picture_svg(picture: &Picture) -> String {
    let names = names(picture);
    let legend: Vec<_> = names.iter().enumerate().map(|(index, name)| (Stroke::series(index), *name)).collect();
    let plots: Vec<_> = picture.panels.iter().map(|panel| plot(panel, &names)).collect();
    sheet::svg(&format!("{}. {}", picture.title, picture.caption), &legend, &plots)
}

/// The names in the legend.
fn names(picture: &Picture) -> Vec<&str> {
    let mut names: Vec<&str> = vec![];
    for name in picture.panels.iter().flat_map(|panel| &panel.marks).filter_map(Shape::name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn plot(panel: &Panel, names: &[&str]) -> Plot {
    let points: Vec<_> = panel.marks.iter().flat_map(Shape::points).collect();
    let mut x = Extent::of(&panel.x, points.iter().map(|(x, _)| *x));
    let mut y = Extent::of(&panel.y, points.iter().map(|(_, y)| *y));
    let height = if panel.plane {
        (x, y) = Extent::square(x, y);
        // As high inside its axes as it is wide.
        WIDTH - 64 + if panel.x.label.is_empty() { 50 } else { 66 }
    } else {
        250
    };
    let stroke = |name: &str| Stroke::series(names.iter().position(|other| *other == name).unwrap_or(0));
    let place = |&(a, b): &(f64, f64)| (x.place(a), y.place(b));
    let places = |points: &[(f64, f64)]| points.iter().map(place).collect::<Vec<_>>();
    let mark = |shape: &Shape| match shape {
        Shape::Line { name, points } => Mark::line(places(points), stroke(name)),
        Shape::Dots { name, points } => Mark::Dots { points: places(points), colour: stroke(name).colour },
        Shape::Band { name, points } => {
            let points = points.iter().map(|(at, low, high)| (x.place(*at), y.place(*low), y.place(*high)));
            // A band without its end where that cannot be drawn, as 0 on a logarithmic axis.
            let points = points.filter(|(_, low, high)| low.is_finite() && high.is_finite()).collect();
            Mark::Band { points, colour: stroke(name).colour }
        }
        Shape::Arrows { name, arrows } => {
            let arrows = arrows.iter().map(|(tail, tip)| (place(tail), place(tip))).collect();
            Mark::Arrows { arrows, colour: stroke(name).colour }
        }
        Shape::Area { name, corners } => Mark::Area { corners: places(corners), colour: stroke(name).colour },
        Shape::Contour { points } => {
            Mark::Line { points: places(points), stroke: Stroke { colour: Colour::Axis, dash: 0 }, width: 1.0 }
        }
        Shape::Zone { from, to } => Mark::Zone { from: x.place(*from), to: x.place(*to) },
    };
    let marks = panel.marks.iter().map(mark).collect();
    Plot {
        title: panel.title.clone(),
        x: x.axis(&panel.x.label),
        y: y.axis(&panel.y.label),
        size: (WIDTH, height),
        marks,
    }
}

/// The ends of an axis, in the values that are drawn.
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

    fn axis(&self, label: &str) -> Axis {
        let Self { low, high, .. } = *self;
        match self.scale {
            Scale::Linear => Axis::linear(label, low, high, number::significant),
            Scale::Whole => Axis::linear(label, low, high, |x| number::trimmed(x, 0)).with_whole_ticks(),
            Scale::Share => Axis::linear(label, low, high, |x| format!("{} %", number::trimmed(100.0 * x, 1))),
            Scale::Logarithmic if high < 1e3 * low => Axis::logarithmic(label, low, high, number::significant),
            Scale::Logarithmic => Axis::decades(label, [low.log10(), high.log10()].into_iter()),
        }
    }
}
