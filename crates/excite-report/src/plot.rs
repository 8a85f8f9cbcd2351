//! One plot: axes and what is drawn between them, as SVG. Numbers that are not finite are left out.
//!
//! plotters works in whole pixels and knows neither classes nor dashes. So plots are drawn on ten times the pixels and scaled
//! by the view box, in colours that are names only; these become classes of the [theme] in the text.

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::Axis;
use crate::theme::{self, Colour, Stroke};

/// Plot units in a pixel at the natural size.
const UNIT: u32 = 10;
/// The width of a plot on a page, in pixels: that of a phone, so that text in a plot keeps its size there.
pub(crate) const WIDTH: u32 = 380;
const FONT: f64 = 13.0;

/// Something drawn in a plot. The first drawn lies lowest.
pub(crate) enum Mark {
    /// A line through points, its width in pixels.
    Line { points: Vec<(f64, f64)>, stroke: Stroke, width: f64 },
    /// A dot at each point.
    Dots { points: Vec<(f64, f64)>, colour: Colour },
    /// Between two heights at each x: `(x, low, high)`.
    Band { points: Vec<(f64, f64, f64)>, colour: Colour },
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

impl Plot {
    /// The plot as an element of a page, read aloud as `description`.
    pub(crate) fn inline(&self, description: &str) -> Markup {
        html! {
            svg role="img" aria-label=(description) viewBox=(self.view_box()) {
                title { (description) }
                (PreEscaped(self.content()))
            }
        }
    }

    /// The plot within another SVG, its upper left corner at a place in pixels.
    pub(crate) fn nested(&self, x: u32, y: u32) -> Markup {
        let (width, height) = self.size;
        html! {
            svg x=(x) y=(y) width=(width) height=(height) viewBox=(self.view_box()) { (PreEscaped(self.content())) }
        }
    }

    /// The plot as a file of its own.
    pub(crate) fn standalone(&self, description: &str) -> String {
        let (width, height) = self.size;
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(description)
                viewBox=(self.view_box()) width=(width) height=(height) {
                title { (description) }
                style { (PreEscaped(theme::css())) }
                rect class="ground" width="100%" height="100%" {}
                (PreEscaped(self.content()))
            }
        };
        svg.into_string() + "\n"
    }

    fn view_box(&self) -> String {
        format!("0 0 {} {}", self.size.0 * UNIT, self.size.1 * UNIT)
    }

    /// What is inside the `svg` element.
    fn content(&self) -> String {
        let mut svg = String::new();
        let drawn =
            self.draw(&SVGBackend::with_string(&mut svg, (self.size.0 * UNIT, self.size.1 * UNIT)).into_drawing_area());
        // The only error of this backend is one of writing, and a string takes everything.
        debug_assert!(drawn.is_ok(), "{drawn:?}");
        drop(drawn);
        let inside = svg.find("<svg").and_then(|at| Some(at + svg[at..].find('>')? + 1)).unwrap_or(svg.len());
        with_classes(svg[inside..].trim_end().trim_end_matches("</svg>"))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        area.draw(&Text::new(self.title.clone(), (px(4.0).cast_signed(), px(3.0).cast_signed()), font()))?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(28.0))
            .margin_right(px(14.0))
            .x_label_area_size(px(if self.x.label.is_empty() { 22.0 } else { 38.0 }))
            .y_label_area_size(px(50.0))
            .build_cartesian_2d(&self.x, &self.y)?;
        let (zones, others): (Vec<_>, Vec<_>) = self.marks.iter().partition(|mark| matches!(mark, Mark::Zone { .. }));
        for zone in zones {
            self.draw_mark(&mut chart, zone)?;
        }
        chart
            .configure_mesh()
            .disable_x_mesh()
            .max_light_lines(0)
            .x_labels(self.x.ticks.len())
            .y_labels(self.y.ticks.len())
            .bold_line_style(named(Colour::Grid, 0).stroke_width(px(1.0)))
            .axis_style(named(Colour::Axis, 0).stroke_width(px(1.0)))
            .label_style(font())
            .axis_desc_style(font())
            .x_desc(self.x.label.clone())
            .set_all_tick_mark_size(px(4.0))
            .draw()?;
        for mark in others {
            self.draw_mark(&mut chart, mark)?;
        }
        area.present()
    }

    fn draw_mark<'a, B: DrawingBackend>(
        &'a self,
        chart: &mut ChartContext<B, Cartesian2d<&'a Axis, &'a Axis>>,
        mark: &Mark,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        match mark {
            Mark::Line { points, stroke, width } => {
                let style = named(stroke.colour, stroke.dash).stroke_width(px(*width));
                chart.draw_series([PathElement::new(self.within(points), style)])?;
            }
            Mark::Dots { points, colour } => {
                let dot = |point| Circle::new(point, px(3.5), named(*colour, 0).filled());
                chart.draw_series(self.within(points).into_iter().map(dot))?;
            }
            Mark::Band { points, colour } => {
                let low = points.iter().map(|&(x, low, _)| (x, low));
                let high = points.iter().rev().map(|&(x, _, high)| (x, high));
                self.draw_area(chart, &low.chain(high).collect::<Vec<_>>(), *colour)?;
            }
            Mark::Area { corners, colour } => self.draw_area(chart, corners, *colour)?,
            Mark::Arrows { arrows, colour } => {
                let style = named(*colour, 0).stroke_width(px(1.2));
                for (tail, tip) in arrows {
                    let ends = self.within(&[*tail, *tip]);
                    if let [tail, tip] = ends[..] {
                        chart.draw_series([Polygon::new(self.arrow_head(tail, tip), named(*colour, 0).filled())])?;
                    }
                    chart.draw_series([PathElement::new(ends, style)])?;
                }
            }
            Mark::Zone { from, to } => {
                if *from >= self.x.high || *to <= self.x.low {
                    return Ok(());
                }
                let corners = [(from.max(self.x.low), self.y.low), (to.min(self.x.high), self.y.high)];
                chart.draw_series([Rectangle::new(corners, named(Colour::Zone, 0).filled())])?;
            }
            Mark::Level { y, dash, word } => {
                let style = named(Colour::Level, *dash).stroke_width(px(1.2));
                let ends = self.within(&[(self.x.low, *y), (self.x.high, *y)]);
                let above = font().pos(Pos::new(HPos::Right, VPos::Bottom));
                let end = ends.last().filter(|_| !word.is_empty());
                chart.draw_series(end.map(|end| Text::new(*word, *end, above)))?;
                chart.draw_series([PathElement::new(ends, style)])?;
            }
            Mark::Word { at, text } => {
                let beside = font().pos(Pos::new(HPos::Left, VPos::Center));
                let at = self.within(&[*at]);
                chart.draw_series(at.into_iter().map(|at| Text::new(text.clone(), at, beside.clone())))?;
            }
        }
        Ok(())
    }

    fn draw_area<'a, B: DrawingBackend>(
        &'a self,
        chart: &mut ChartContext<B, Cartesian2d<&'a Axis, &'a Axis>>,
        corners: &[(f64, f64)],
        colour: Colour,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let outline = self.within(corners);
        if outline.len() > 2 {
            chart.draw_series([Polygon::new(outline, named(colour, 0).mix(0.16).filled())])?;
        }
        Ok(())
    }

    /// The corners of the head of an arrow: 6 pixels long, shorter on a short arrow.
    fn arrow_head(&self, tail: (f64, f64), tip: (f64, f64)) -> Vec<(f64, f64)> {
        // What a pixel is on each axis; the margins, labels and title take the rest of the size.
        let pixel = (
            (self.x.high - self.x.low) / (f64::from(self.size.0) - 64.0),
            (self.y.high - self.y.low) / (f64::from(self.size.1) - 60.0),
        );
        let along = ((tip.0 - tail.0) / pixel.0, (tip.1 - tail.1) / pixel.1);
        let length = along.0.hypot(along.1);
        if length == 0.0 {
            return vec![tip];
        }
        let size = (0.5 * length).min(6.0) / length;
        let back = |across: f64| {
            let (right, up) = (-along.0 - across * along.1, -along.1 + across * along.0);
            (tip.0 + size * right * pixel.0, tip.1 + size * up * pixel.1)
        };
        vec![tip, back(0.5), back(-0.5)]
    }

    /// The points that are numbers, those outside the axes moved to their ends.
    fn within(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.map(|&(x, y)| (x.clamp(self.x.low, self.x.high), y.clamp(self.y.low, self.y.high))).collect()
    }
}

/// Plot units in so many pixels.
fn px(pixels: f64) -> u32 {
    (pixels * f64::from(UNIT)) as u32
}

fn font() -> TextStyle<'static> {
    // The SVG backend divides the size by 1.24.
    let size = FONT * 1.24 * f64::from(UNIT);
    TextStyle { color: named(Colour::Text, 0).to_backend_color(), ..TextStyle::from(("sans-serif", size)) }
}

/// A colour that is the name of a theme's colour and dash: kind, dash, index.
fn named(colour: Colour, dash: usize) -> RGBColor {
    let (kind, index) = match colour {
        Colour::Series(index) => (0, (index % 250) as u8),
        Colour::Text => (1, 0),
        Colour::Axis => (2, 0),
        Colour::Grid => (3, 0),
        Colour::Zone => (4, 0),
        Colour::Level => (5, 0),
    };
    RGBColor(kind, dash as u8, index)
}

/// Puts classes of the theme where the colours of [`named`] are. Text cannot be mistaken for a colour: its quotes are escaped.
fn with_classes(svg: &str) -> String {
    let mut parts = svg.split("=\"#");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (colour, rest) = part.split_at(part.find('"').unwrap_or(0));
        let byte = |at: usize| colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let (dash, index) = (usize::from(byte(2)), usize::from(byte(4)));
        let colour = match byte(0) {
            0 => Colour::Series(index),
            1 => Colour::Text,
            2 => Colour::Axis,
            3 => Colour::Grid,
            4 => Colour::Zone,
            _ => Colour::Level,
        };
        let attribute = out.rfind(' ').map_or(out.len(), |space| space + 1);
        let classes = if out[attribute..] == *"stroke" {
            Stroke { colour, dash }.classes()
        } else {
            format!("f-{}", colour.name())
        };
        out.truncate(attribute);
        out += "class=\"";
        out += &classes;
        out += rest;
    }
    out.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "")
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
    fn points(svg: &str) -> Vec<(i32, i32)> {
        let document = roxmltree::Document::parse(svg).unwrap();
        let classes = Stroke::series(3).classes();
        let line = document.descendants().find(|node| node.attribute("class") == Some(classes.as_str())).unwrap();
        let pair = |point: &str| point.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
        line.attribute("points").unwrap().split_whitespace().map(pair).collect()
    }

    #[test]
    fn points_lie_where_the_axes_say_and_those_that_are_none_are_left_out() {
        let line = vec![(0.0, 0.0), (f64::NAN, 3.0), (5.0, 5.0), (7.0, f64::INFINITY), (10.0, 10.0), (10.0, 1e300)];
        let points = points(&plot(vec![Mark::line(line, Stroke::series(3))]));
        let [(left, bottom), middle, (right, top), clamped] = points[..] else { panic!("{points:?}") };
        assert!(left < right && top < bottom);
        assert!(
            (middle.0 - i32::midpoint(left, right)).abs() <= 1 && (middle.1 - i32::midpoint(top, bottom)).abs() <= 1
        );
        assert_eq!(clamped, (right, top));
    }

    #[test]
    fn text_that_looks_like_markup_or_a_colour_stays_text() {
        let svg = plot(Vec::new());
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> =
            document.descendants().filter(|n| n.tag_name().name() == "text").filter_map(|n| n.text()).collect();
        assert!(
            texts.iter().any(|text| text.trim() == "a \"#<b>\" & c") && texts.iter().any(|text| text.trim() == "<x>"),
            "{texts:?}"
        );
    }
}
