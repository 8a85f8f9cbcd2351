//! One plot: axes and the marks between them, as SVG in pixels. Numbers that are not finite are left out.
//!
//! Colours and dashes are classes of the [theme]. A plot is drawn at the size at which it is shown, so its text is of one size.

mod marks;

use maud::{Markup, html};

use crate::axis::Axis;
use crate::theme::{self, Colour, Stroke};

/// The width of a plot on a page, in pixels: that of a phone, so that text in a plot keeps its size there.
pub(crate) const WIDTH: u32 = 350;
/// The width of the picture that carries a page, on a screen that is no phone.
pub(crate) const WIDE: u32 = 1104;
/// The width of a letter of 13 pixels; an average one is a little less.
pub(crate) const LETTER: f64 = 7.4;
/// From one line of text to the next.
const LINE: f64 = 15.0;

/// Something drawn in a plot. The first drawn lies lowest.
pub(crate) enum Mark {
    /// A line through points, its width in pixels.
    Line { points: Vec<(f64, f64)>, stroke: Stroke, width: f64 },
    /// A line that is named where it is pointed at, and at its end where it has a label.
    Named { points: Vec<(f64, f64)>, series: usize, name: String, label: bool },
    /// A dot at each point.
    Dots { points: Vec<(f64, f64)>, colour: Colour },
    /// Between two heights at each x: `(x, low, high)`.
    Band { points: Vec<(f64, f64, f64)>, colour: Colour },
    /// What lies between a floor and an outline, as of a histogram.
    Hill { points: Vec<(f64, f64)>, floor: f64, colour: Colour },
    /// The inside of a polygon.
    Area { corners: Vec<(f64, f64)>, colour: Colour },
    /// Arrows, each from its tail to its tip.
    Arrows { arrows: Vec<((f64, f64), (f64, f64))>, colour: Colour },
    /// The plot's whole height between two x.
    Zone { from: f64, to: f64 },
    /// A level across the plot, with a word on it.
    Level { y: f64, dash: usize, word: &'static str },
    /// A word, the middle of its left end at a point.
    Word { at: (f64, f64), text: String },
    /// A word on a point or to its left: `m` or `e` is the class of the text.
    WordBy { at: (f64, f64), class: &'static str, text: String },
    /// Filled rectangles between opposite corners.
    Boxes { boxes: Vec<((f64, f64), (f64, f64))>, colour: Colour, pale: bool },
    /// A name to the right of the axes, at the height of a value.
    EndName { y: f64, colour: Colour, name: String },
}

impl Mark {
    /// The ordinary line through points; of a single point, a dot.
    pub(crate) fn line(points: Vec<(f64, f64)>, stroke: Stroke) -> Self {
        if points.len() == 1 {
            Self::Dots { points, colour: stroke.colour }
        } else {
            Self::Line { points, stroke, width: 2.0 }
        }
    }
}

/// A plot with its title: the quantity on the y axis.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    pub(crate) marks: Vec<Mark>,
}

/// The pixels between which the values lie.
#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Plot {
    /// The plot as an element of a page, read aloud as `description`.
    pub(crate) fn inline(&self, description: &str) -> Markup {
        self.of_class("plot", description)
    }

    /// The plot as an element of this class.
    pub(crate) fn of_class(&self, class: &str, description: &str) -> Markup {
        let ((width, height), frame) = (self.size, self.frame());
        let named = self.marks.iter().any(|mark| matches!(mark, Mark::Named { .. }));
        let x = named.then(|| self.x.for_script((frame.left, frame.right)));
        let y = named.then(|| self.y.for_script((frame.bottom, frame.top)));
        html! {
            svg class=(class) role="img" aria-label=(description) width=(width) height=(height) viewBox=(self.view_box())
                data-x=[x] data-y=[y] {
                title { (description) }
                (self.content())
            }
        }
    }

    /// The plot within another SVG, its upper left corner at a place in pixels.
    pub(crate) fn nested(&self, x: u32, y: u32) -> Markup {
        let (width, height) = self.size;
        html! {
            svg x=(x) y=(y) width=(width) height=(height) viewBox=(self.view_box()) { (self.content()) }
        }
    }

    /// The plot as a file of its own.
    pub(crate) fn standalone(&self, description: &str) -> String {
        let (width, height) = self.size;
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(description)
                viewBox=(self.view_box()) width=(width) height=(height) {
                title { (description) }
                style { (maud::PreEscaped(theme::css())) }
                rect class="ground" width="100%" height="100%" {}
                (self.content())
            }
        };
        svg.into_string() + "\n"
    }

    fn view_box(&self) -> String {
        format!("0 0 {} {}", self.size.0, self.size.1)
    }

    fn frame(&self) -> Frame {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let names = self.marks.iter().filter_map(|mark| match mark {
            Mark::Named { name, label: true, .. } | Mark::EndName { name, .. } => Some(name),
            _ => None,
        });
        let longest = names.map(|name| name.chars().count()).max();
        let beside = longest.map_or(14.0, |letters| 12.0 + LETTER * letters as f64);
        let below = if self.x.label.is_empty() { 22.0 } else { 38.0 };
        // Rows have names, which may be longer than numbers.
        let rows = self.y.ticks.iter().filter(|_| self.y.has_rows).map(|tick| self.y.text(*tick).chars().count()).max();
        let left = rows.map_or(50.0, |letters| (14.0 + LETTER * letters as f64).min(0.48 * width));
        Frame { left, right: width - beside.min(0.4 * width), top: 28.0, bottom: height - below }
    }

    /// The contents of the `svg` element.
    fn content(&self) -> Markup {
        let frame = self.frame();
        let (zones, others): (Vec<_>, Vec<_>) = self.marks.iter().partition(|mark| matches!(mark, Mark::Zone { .. }));
        html! {
            text.f-text x="4" y="14" { (self.title) }
            @for zone in zones { (self.mark(frame, zone)) }
            (self.axes(frame))
            @for mark in others { (self.mark(frame, mark)) }
            (self.names_at_ends(frame))
        }
    }

    fn axes(&self, frame: Frame) -> Markup {
        let Frame { left, right, top, bottom } = frame;
        let within = |axis: &Axis, tick: &f64| *tick >= axis.low && *tick <= axis.high;
        let rows: Vec<(f64, String)> = self
            .y
            .ticks
            .iter()
            .filter(|tick| within(&self.y, tick))
            .map(|tick| (self.y.place(*tick, (bottom, top)), self.y.text(*tick)))
            .collect();
        let columns: Vec<(f64, String)> = self
            .x
            .ticks
            .iter()
            .filter(|tick| within(&self.x, tick))
            .map(|tick| (self.x.place(*tick, (left, right)), self.x.text(*tick)))
            .collect();
        let lines: Vec<_> = rows.iter().map(|(y, _)| format!("M{left} {}H{}", px(*y), px(right))).collect();
        let ticks: Vec<_> = columns.iter().map(|(x, _)| format!("M{} {bottom}v4", px(*x))).collect();
        let outline = format!("M{left} {top}V{bottom}H{}{}", px(right), ticks.concat());
        html! {
            @if !rows.is_empty() && !self.y.has_rows { path class="thin c-grid" d=(lines.concat()) {} }
            path class="thin c-axis" d=(outline) {}
            g.f-text {
                @for (y, text) in &rows { text.e x=(left - 6.0) y=(px(y + 4.5)) { (text) } }
                @for (x, text) in &columns { text.m x=(px(*x)) y=(bottom + 17.0) { (text) } }
                @if !self.x.label.is_empty() {
                    text.m x=(px(f64::midpoint(left, right))) y=(bottom + 33.0) { (self.x.label) }
                }
            }
        }
    }

    /// The names of the named lines, at their ends, moved apart where they would lie on one another.
    fn names_at_ends(&self, frame: Frame) -> Markup {
        let end = |mark: &Mark| match mark {
            Mark::Named { points, series, name, label: true } => {
                let &(_, y) = points.iter().rfind(|(x, y)| x.is_finite() && y.is_finite())?;
                Some((self.y.place(y, (frame.bottom, frame.top)), Colour::Series(*series), name.clone()))
            }
            Mark::EndName { y, colour, name } => {
                Some((self.y.place(*y, (frame.bottom, frame.top)), *colour, name.clone()))
            }
            _ => None,
        };
        let mut names: Vec<(f64, Colour, String)> = self.marks.iter().filter_map(end).collect();
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let heights = spread(&names.iter().map(|(y, ..)| *y).collect::<Vec<_>>(), frame.top + 4.0, frame.bottom);
        html! {
            @for ((_, colour, name), y) in names.iter().zip(heights) {
                text class=(format!("f-{} name", colour.name())) data-s=[colour.series()] x=(px(frame.right + 6.0)) y=(px(y + 4.5)) { (name) }
            }
        }
    }

    /// A point in pixels; None where it is no number. Points beyond the axes lie at their ends.
    fn at(&self, frame: Frame, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let place = || (self.x.place(x, (frame.left, frame.right)), self.y.place(y, (frame.bottom, frame.top)));
        (x.is_finite() && y.is_finite()).then(place)
    }
}

/// A number of pixels, to a tenth.
pub(crate) fn px(pixels: f64) -> f64 {
    (10.0 * pixels).round() / 10.0
}

/// Sorted heights of lines of text, moved so that none overlap and all lie between `top` and `bottom` if there is room.
fn spread(heights: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut moved = heights.to_vec();
    let mut least = top;
    for height in &mut moved {
        *height = height.max(least);
        least = *height + LINE;
    }
    let mut most = bottom;
    for height in moved.iter_mut().rev() {
        *height = height.min(most);
        most = *height - LINE;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;

    fn plot(marks: Vec<Mark>) -> String {
        let axis = || Axis::linear("<x>", 0.0, 10.0, |x| number::trimmed(x, 1));
        Plot { title: "a \"#<b>\" & c".to_owned(), x: axis(), y: axis(), size: (WIDTH, 200), marks }.standalone("plot")
    }

    /// The points of the first line of the plot that has the classes of series 3.
    fn points(svg: &str) -> Vec<(f64, f64)> {
        let document = roxmltree::Document::parse(svg).unwrap();
        let classes = Stroke::solid(3).classes();
        let line = document.descendants().find(|node| node.attribute("class") == Some(classes.as_str())).unwrap();
        let pair = |point: &str| point.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
        line.attribute("points").unwrap().split_whitespace().map(pair).collect()
    }

    #[test]
    fn points_lie_where_the_axes_say_and_those_that_are_none_are_left_out() {
        let line = vec![(0.0, 0.0), (f64::NAN, 3.0), (5.0, 5.0), (7.0, f64::INFINITY), (10.0, 10.0), (10.0, 1e300)];
        let points = points(&plot(vec![Mark::line(line, Stroke::solid(3))]));
        let [(left, bottom), middle, (right, top), clamped] = points[..] else { panic!("{points:?}") };
        assert!(left < right && top < bottom);
        assert!(
            (middle.0 - f64::midpoint(left, right)).abs() <= 0.1
                && (middle.1 - f64::midpoint(top, bottom)).abs() <= 0.1
        );
        assert_eq!(clamped, (right, top));
    }

    #[test]
    fn text_that_looks_like_markup_or_a_colour_stays_text() {
        let svg = plot(Vec::new());
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> =
            document.descendants().filter(|n| n.tag_name().name() == "text").filter_map(|n| n.text()).collect();
        assert!(texts.contains(&"a \"#<b>\" & c") && texts.contains(&"<x>"), "{texts:?}");
    }

    #[test]
    fn names_at_the_ends_of_lines_do_not_overlap() {
        assert_eq!(spread(&[50.0, 52.0, 120.0], 0.0, 200.0), [50.0, 65.0, 120.0]);
        assert_eq!(spread(&[199.0, 200.0], 0.0, 200.0), [185.0, 200.0]);
        assert_eq!(spread(&[], 0.0, 200.0), [0.0; 0]);
    }
}
