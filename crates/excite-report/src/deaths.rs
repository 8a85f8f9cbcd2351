//! How the pages draw what became of units: marks where one died, lines for how long it stayed dead.

use std::fmt::Write;

use excite_vitals::deaths::{Cause, Event};
use maud::{Markup, html};

use crate::plot::px;
use crate::theme::Colour;

/// What becomes of a unit, in the order of the legend: born dead, then the causes.
const KINDS: [(Colour, &str); 5] = [
    (Colour::Dead, "dead at the start"),
    (Colour::Series(6), "killed by its own weights"),
    (Colour::Series(4), "by its own bias"),
    (Colour::Series(5), "by the layers before it"),
    (Colour::Series(2), "revived"),
];

pub(crate) fn legend() -> Markup {
    html! {
        ul.legend {
            @for (kind, (colour, name)) in KINDS.iter().enumerate() {
                li {
                    svg.patch viewBox="0 0 10 10" aria-hidden="true" { path class=(format!("f-{}", colour.name())) d=(shape(kind, 5.0, 5.0)) {} }
                    (name)
                }
            }
        }
    }
}

/// The marks and the lines of units, each at a height in pixels.
#[derive(Default)]
pub(crate) struct Fates {
    marks: [String; KINDS.len()],
    lines: String,
}

impl Fates {
    /// Adds a unit with what happened to it. `place` is where a step lies, and the last one for those beyond.
    pub(crate) fn add(&mut self, y: f64, events: &[Event], place: &dyn Fn(usize) -> f64) {
        let y_in_text = px(y);
        let mut dead_from = None;
        for event in events {
            let x = px(place(event.step()));
            let kind = kind(event);
            self.marks[kind] += &shape(kind, x, y);
            if let Event::Revived { .. } = event {
                // Writing to a string cannot fail.
                let _ = dead_from.take().map(|from| write!(self.lines, "M{from} {y_in_text}H{x}"));
            } else {
                dead_from = Some(x);
            }
        }
        let _ = dead_from.map(|from| write!(self.lines, "M{from} {y_in_text}H{}", px(place(usize::MAX))));
    }

    /// All of them; `of` says whose they are where one points.
    pub(crate) fn draw(&self, of: &str) -> Markup {
        html! {
            path class="thin c-dead" stroke-opacity="0.3" d=(self.lines) {}
            @for ((colour, name), marks) in KINDS.iter().zip(&self.marks).filter(|(_, marks)| !marks.is_empty()) {
                path class=(format!("f-{}", colour.name())) d=(marks) { title { (of) ": " (name) } }
            }
        }
    }
}

fn kind(event: &Event) -> usize {
    match event {
        Event::BornDead => 0,
        Event::Killed(death) => 1 + Cause::ALL.iter().position(|cause| *cause == death.push.cause()).unwrap_or(0),
        Event::Revived { .. } => KINDS.len() - 1,
    }
}

/// The mark of a kind around a point: a bar, a square, a triangle or a diamond, so that colours do not speak alone.
fn shape(kind: usize, x: f64, y: f64) -> String {
    match kind {
        0 | 1 => format!("M{} {}h2.4v7h-2.4z", px(x - 1.2), px(y - 3.5)),
        2 => format!("M{} {}h5v5h-5z", px(x - 2.5), px(y - 2.5)),
        3 => format!("M{} {}l3 6h-6z", px(x), px(y - 3.0)),
        _ => format!("M{} {}l3.5 3.5l-3.5 3.5l-3.5-3.5z", px(x), px(y - 3.5)),
    }
}
