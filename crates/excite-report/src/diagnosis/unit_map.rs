//! Units as cells, each in the colour and with the sign of its state.

use std::fmt::Write;

use excite_vitals::sketch::Moments;
use excite_vitals::{LayerVitals, UnitState};
use maud::{Markup, html};

use super::Layer;
use crate::theme::Colour;
use crate::{number, page};

/// The most cells in a row.
const WIDEST: usize = 128;
/// The most rows in the table under a map.
const MOST_ROWS: usize = 12;

/// The class of the cells of a state, and the name of the pattern that fills them.
fn class(state: UnitState) -> &'static str {
    match state {
        UnitState::NotFinite => "u-nan",
        UnitState::Dead => "u-dead",
        UnitState::SaturatedLow => "u-low",
        UnitState::SaturatedHigh => "u-high",
        UnitState::Clipped => "u-cap",
        UnitState::Constant => "u-same",
        UnitState::Dormant => "u-dormant",
        UnitState::AlwaysOn => "u-on",
        UnitState::Healthy => "u-well",
        UnitState::NotSeen => "u-unseen",
    }
}

/// The class that fills with the colour of a state alone. Healthy is quiet, so that the others stand out.
pub(super) fn fill(state: UnitState) -> String {
    let colour = match state {
        UnitState::Dead => Colour::Dead,
        UnitState::SaturatedLow | UnitState::SaturatedHigh => Colour::Saturated,
        UnitState::Healthy => Colour::Sound,
        UnitState::NotFinite => Colour::Series(3),
        UnitState::Clipped => Colour::Series(6),
        UnitState::Constant => Colour::Series(5),
        UnitState::Dormant => Colour::Series(0),
        UnitState::AlwaysOn => Colour::Linear,
        UnitState::NotSeen => Colour::Grid,
    };
    format!("f-{}", colour.name())
}

/// The sign of a state, as a path in a cell of 10 by 10.
fn sign(state: UnitState) -> &'static str {
    match state {
        UnitState::NotFinite => "M5 2V6M5 7.4V8.4",
        UnitState::Dead => "M2.8 2.8L7.2 7.2M7.2 2.8L2.8 7.2",
        UnitState::SaturatedLow => "M2.5 3.5L5 7L7.5 3.5",
        UnitState::SaturatedHigh => "M2.5 6.5L5 3L7.5 6.5",
        UnitState::Clipped => "M2.5 3H7.5M5 3V7.5",
        UnitState::Constant => "M2.5 4H7.5M2.5 6.5H7.5",
        UnitState::Dormant => "M4 5H6",
        UnitState::AlwaysOn => "M3 7L7 3",
        UnitState::Healthy | UnitState::NotSeen => "",
    }
}

/// The patterns that fill cells, for the whole page. Healthy cells, which are most, are plain.
pub(super) fn patterns() -> Markup {
    let ill = || UnitState::ALL.into_iter().filter(|state| state.rule().is_some());
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" {
            style { @for state in ill() { "." (class(state)) "{fill:url(#" (class(state)) ")}" } ".lattice{fill:url(#lattice);pointer-events:none}" }
            @for state in ill() {
                pattern id=(class(state)) width="1" height="1" viewBox="0 0 10 10" patternUnits="userSpaceOnUse" {
                    rect class=(fill(state)) width="10" height="10" {}
                    path class="sign" d=(sign(state)) {}
                }
            }
            pattern id="lattice" width="1" height="1" viewBox="0 0 10 10" patternUnits="userSpaceOnUse" { path.grid d="M9.5 0V10M0 9.5H10" {} }
        }
    }
}

/// The name of a state. On too few samples a unit that was never on is not called dead.
pub(super) fn name(state: UnitState, is_seen_enough: bool) -> &'static str {
    if state == UnitState::Dead && !is_seen_enough { "silent" } else { state.name() }
}

/// What the cells mean, with their numbers where they are given.
pub(super) fn legend(states: impl Iterator<Item = (UnitState, Option<usize>)>, is_seen_enough: bool) -> Markup {
    html! {
        ul.legend {
            @for (state, count) in states {
                li {
                    svg.cell viewBox="0 0 1 1" aria-hidden="true" { rect class=(cell(state)) width="1" height="1" {} }
                    (page::capitalised(name(state, is_seen_enough))) @if let Some(count) = count { ": " (count) }
                }
            }
        }
    }
}

/// The class of the cells of a state in a map.
fn cell(state: UnitState) -> String {
    if state.rule().is_some() { class(state).to_owned() } else { fill(state) }
}

/// The share of each state as a bar.
pub(super) fn strip(layer: &Layer) -> Markup {
    let total = layer.states.len().max(1) as f64;
    let mut from = 0.0;
    let parts: Vec<_> = layer
        .counts()
        .into_iter()
        .map(|(state, count)| {
            let width = 100.0 * count as f64 / total;
            from += width;
            (fill(state), from - width, width)
        })
        .collect();
    let words = format!("{} of {} units", layer.in_words(), layer.states.len());
    html! {
        svg.strip viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=(words) {
            title { (words) }
            @for (class, x, width) in parts {
                rect class=(class) x=(number::trimmed(x, 2)) width=(number::trimmed(width, 2)) height="10" {}
            }
        }
    }
}

/// The map: a cell for each unit, in their order, row by row. Cells of one state are one shape, so that maps of thousands stay small.
pub(super) fn map(layer: &Layer) -> Markup {
    let units = layer.states.len();
    let columns = columns(units);
    let rows = units.div_ceil(columns).max(1);
    let words = format!("The units of {}, a cell each: {}", layer.vitals.name(), layer.in_words());
    html! {
        svg.map role="img" aria-label=(words) viewBox=(format!("0 0 {columns} {rows}")) data-columns=(columns) data-units=(units)
            style=(format!("max-width:{}px", 14 * columns)) {
            title { (words) }
            @for (state, _) in layer.counts() {
                path class=(cell(state)) data-n=(name(state, layer.vitals.is_seen_enough())) d=(cells(&layer.states, state, columns)) {}
            }
            rect.lattice width=(columns) height=(rows) {}
        }
    }
}

/// The cells of a state: a rectangle for each run of neighbours in a row.
fn cells(states: &[UnitState], state: UnitState, columns: usize) -> String {
    let mut shape = String::new();
    for (row, units) in states.chunks(columns).enumerate() {
        let mut column = 0;
        for run in units.chunk_by(|a, b| a == b) {
            if run[0] == state {
                let wide = run.len();
                // Writing to a string cannot fail.
                let _ = write!(shape, "M{column} {row}h{wide}v1h-{wide}z");
            }
            column += run.len();
        }
    }
    shape
}

/// The figures of the units in which something was found, for those who cannot hover.
pub(super) fn table(layer: &Layer) -> Markup {
    let found = |(_, state): &(usize, &UnitState)| state.rule().is_some();
    let mut all: Vec<(usize, &UnitState)> = layer.states.iter().enumerate().filter(found).collect();
    all.sort_by_key(|(_, state)| **state);
    let columns = ["Unit", "State", "z", "Smallest z", "Largest z", "a", "Mean slope"].map(str::to_owned);
    let rows: Vec<Vec<String>> =
        all.iter().take(MOST_ROWS).map(|(unit, state)| row(layer.vitals, *unit, **state)).collect();
    let caption = match all.len() - rows.len() {
        0 => "Mean ± standard deviation of pre-activation z and activation a.".to_owned(),
        more => format!(
            "Mean ± standard deviation of pre-activation z and activation a. {more} more units are in the JSON."
        ),
    };
    html! {
        @if !rows.is_empty() {
            details.figures {
                summary { "Figures of these units" }
                (page::scrolling(&caption, &columns, &rows))
            }
        }
    }
}

fn row(layer: &LayerVitals, unit: usize, state: UnitState) -> Vec<String> {
    let of = &layer.units()[unit];
    let known = |moments: &Moments, figure: fn(&Moments) -> f64| {
        if moments.count > 0 { number::significant(figure(moments)) } else { "–".to_owned() }
    };
    vec![
        unit.to_string(),
        name(state, layer.is_seen_enough()).to_owned(),
        spread(&of.z),
        known(&of.z, |z| z.min),
        known(&of.z, |z| z.max),
        spread(&of.a),
        known(&of.slope, |slope| slope.mean),
    ]
}

/// So wide that the map is about four times as wide as high.
fn columns(units: usize) -> usize {
    ((4.0 * units as f64).sqrt().ceil() as usize).clamp(16, WIDEST).min(units.max(1))
}

fn spread(moments: &Moments) -> String {
    if moments.count == 0 {
        return "–".to_owned();
    }
    format!("{} ± {}", number::significant(moments.mean), number::significant(moments.std()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_wide_rather_than_high_and_no_state_looks_like_another() {
        let states = [UnitState::Dead, UnitState::Dead, UnitState::Healthy, UnitState::Dead];
        assert_eq!(cells(&states, UnitState::Dead, 3), "M0 0h2v1h-2zM0 1h1v1h-1z");
        assert_eq!([0, 1, 8, 64, 1280, 10_000, 1_000_000].map(columns), [1, 1, 8, 16, 72, 128, 128]);
        for state in UnitState::ALL {
            assert_eq!(UnitState::ALL.iter().filter(|other| class(**other) == class(state)).count(), 1);
            let same_sign = UnitState::ALL.iter().filter(|other| sign(**other) == sign(state)).count();
            assert_eq!(same_sign, if sign(state).is_empty() { 2 } else { 1 }, "{state:?}");
        }
    }
}
