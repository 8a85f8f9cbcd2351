//! How each kind of mark is drawn.

use std::fmt::Write;

use maud::{Markup, html};

use super::{Frame, Mark, Plot, px};
use crate::theme::{Colour, Stroke};

/// More dots than these are a cloud.
const MANY_DOTS: usize = 60;

impl Plot {
    pub(super) fn mark(&self, frame: Frame, mark: &Mark) -> Markup {
        match mark {
            Mark::Line { points, stroke, width } => {
                let style = (*width != 2.0).then(|| format!("stroke-width:{width}px"));
                let points = self.points(frame, points);
                html! { polyline class=(stroke.classes()) style=[style] data-s=[stroke.colour.series()] points=(points) {} }
            }
            Mark::Named { points, series, name, .. } => self.named(frame, points, *series, name),
            Mark::Dots { points, colour } => {
                let dots = points.iter().filter_map(|point| self.at(frame, *point));
                // A cloud is of small dots.
                let radius = if points.len() > MANY_DOTS { 1.8 } else { 3.5 };
                html! {
                    @for (x, y) in dots { circle class=(fill(*colour)) data-s=[colour.series()] cx=(px(x)) cy=(px(y)) r=(radius) {} }
                }
            }
            Mark::Band { points, colour } => {
                let low = points.iter().map(|&(x, low, _)| (x, low));
                let high = points.iter().rev().map(|&(x, _, high)| (x, high));
                self.area(frame, &low.chain(high).collect::<Vec<_>>(), *colour)
            }
            Mark::Hill { points, floor, colour } => {
                let ends = [points.first(), points.last()].map(|end| end.map(|(x, _)| (*x, *floor)));
                let corners: Vec<_> = ends[0].into_iter().chain(points.iter().copied()).chain(ends[1]).collect();
                html! {
                    polygon class=(format!("{} {} hill", fill(*colour), Stroke { colour: *colour, dash: 0 }.classes()))
                        points=(self.points(frame, &corners)) {}
                }
            }
            Mark::Area { corners, colour } => self.area(frame, corners, *colour),
            Mark::Arrows { arrows, colour } => html! {
                @for (tail, tip) in arrows {
                    @if let Some((tail, tip)) = self.at(frame, *tail).zip(self.at(frame, *tip)) { (arrow(tail, tip, *colour)) }
                }
            },
            Mark::Zone { from, to } => self.zone(frame, *from, *to),
            Mark::Level { y, dash, word } => {
                let Some((_, y)) = self.at(frame, (self.x.low, *y)) else { return html! {} };
                let classes = Stroke { colour: Colour::Level, dash: *dash }.classes();
                html! {
                    @if !word.is_empty() { text class="f-text e halo" x=(px(frame.right - 2.0)) y=(px(y - 4.0)) { (word) } }
                    path class=(format!("thin {classes}")) d=(format!("M{} {}H{}", px(frame.left), px(y), px(frame.right))) {}
                }
            }
            Mark::Boxes { boxes, colour, pale } => {
                let corners = boxes.iter().filter_map(|(a, b)| Some((self.at(frame, *a)?, self.at(frame, *b)?)));
                let class = if *pale { format!("{} pale", fill(*colour)) } else { fill(*colour) };
                html! {
                    @for (a, b) in corners {
                        rect class=(class) data-s=[colour.series()] x=(px(a.0.min(b.0))) y=(px(a.1.min(b.1)))
                            width=(px((a.0 - b.0).abs())) height=(px((a.1 - b.1).abs())) {}
                    }
                }
            }
            Mark::EndName { .. } => html! {},
            Mark::WordBy { at, class, text } => html! {
                @if let Some((x, y)) = self.at(frame, *at) { text class=(format!("f-text {class}")) x=(px(x)) y=(px(y + 4.5)) { (text) } }
            },
            Mark::Word { at, text } => html! {
                @if let Some((x, y)) = self.at(frame, *at) { text.f-text x=(px(x)) y=(px(y + 4.5)) { (text) } }
            },
        }
    }

    /// A line with its name, and what it ends at for those who point at it without a script.
    fn named(&self, frame: Frame, points: &[(f64, f64)], series: usize, name: &str) -> Markup {
        let last = points.iter().rfind(|(x, y)| x.is_finite() && y.is_finite());
        let title = last.map_or_else(|| name.to_owned(), |(_, y)| format!("{name}, ends at {}", self.y.text(*y)));
        let stroke = Stroke::solid(series);
        html! {
            @if let [only] = points {
                @if let Some((x, y)) = self.at(frame, *only) {
                    circle class=(fill(stroke.colour)) data-s=(series) cx=(px(x)) cy=(px(y)) r="3.5" { title { (title) } }
                }
            } @else {
                polyline class=(stroke.classes()) data-s=(series) data-n=(name) points=(self.points(frame, points)) { title { (title) } }
            }
        }
    }

    fn zone(&self, frame: Frame, from: f64, to: f64) -> Markup {
        if !(from < self.x.high && to > self.x.low) {
            return html! {};
        }
        let place = |x: f64| self.x.place(x, (frame.left, frame.right));
        let (left, right) = (place(from), place(to));
        html! {
            rect.f-zone x=(px(left)) y=(frame.top) width=(px(right - left)) height=(frame.bottom - frame.top) {}
        }
    }

    fn area(&self, frame: Frame, corners: &[(f64, f64)], colour: Colour) -> Markup {
        let count = corners.iter().filter(|(x, y)| x.is_finite() && y.is_finite()).count();
        html! {
            @if count > 2 {
                polygon class=(format!("{} area", fill(colour))) data-s=[colour.series()] points=(self.points(frame, corners)) {}
            }
        }
    }

    /// The points that are numbers, as the attribute of that name.
    fn points(&self, frame: Frame, points: &[(f64, f64)]) -> String {
        let mut text = String::new();
        for (x, y) in points.iter().filter_map(|point| self.at(frame, *point)) {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{space}{},{}", px(x), px(y));
        }
        text
    }
}

fn fill(colour: Colour) -> String {
    format!("f-{}", colour.name())
}

/// An arrow with a head of 6 pixels, shorter on a short arrow.
fn arrow(tail: (f64, f64), tip: (f64, f64), colour: Colour) -> Markup {
    let along = (tip.0 - tail.0, tip.1 - tail.1);
    let length = along.0.hypot(along.1);
    let size = if length > 0.0 { (0.5 * length).min(6.0) / length } else { 0.0 };
    let back = |across: f64| {
        let (right, down) = (-along.0 - across * along.1, -along.1 + across * along.0);
        (tip.0 + size * right, tip.1 + size * down)
    };
    let list = |points: &[(f64, f64)]| {
        points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect::<Vec<_>>().join(" ")
    };
    let shaft = Stroke { colour, dash: 0 }.classes();
    html! {
        polygon class=(fill(colour)) data-s=[colour.series()] points=(list(&[tip, back(0.5), back(-0.5)])) {}
        polyline class=(shaft) style="stroke-width:1.2px" data-s=[colour.series()] points=(list(&[tail, tip])) {}
    }
}
