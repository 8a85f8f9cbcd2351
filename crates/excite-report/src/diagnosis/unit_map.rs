//! Units as cells, each in the colour and with the sign of its state.

use std::fmt::Write;

use excite_vitals::sketch::{Moments, Unit};
use excite_vitals::{LayerVitals, UnitState};
use maud::{Markup, html};

use super::Layer;
use crate::theme::Colour;
use crate::{number, page};

/// From so many cells in a page on, healthy ones have no figures of their own: the file would grow by a megabyte for each 10,000.
pub(super) const MOST_FIGURES: usize = 30_000;
/// The most cells in a row.
const WIDEST: usize = 128;
/// The most rows in the table under a map.
const MOST_ROWS: usize = 60;

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
fn fill(state: UnitState) -> String {
    let series = match state {
        UnitState::NotFinite => 7,
        UnitState::Dead => 5,
        UnitState::SaturatedLow => 0,
        UnitState::SaturatedHigh => 1,
        UnitState::Clipped => 3,
        UnitState::Constant => 4,
        UnitState::Dormant => 6,
        UnitState::AlwaysOn => 2,
        UnitState::Healthy | UnitState::NotSeen => return class(state).to_owned(),
    };
    format!("f-{}", Colour::Series(series).name())
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
            style { @for state in ill() { "." (class(state)) "{fill:url(#" (class(state)) ")}" } }
            @for state in ill() {
                pattern id=(class(state)) width="1" height="1" viewBox="0 0 10 10" {
                    rect class=(fill(state)) width="10" height="10" {}
                    path class="sign" d=(sign(state)) {}
                }
            }
        }
    }
}

/// What the cells mean, with their numbers.
pub(super) fn legend(layer: &Layer) -> Markup {
    html! {
        ul.legend {
            @for (state, count) in layer.counts() {
                li {
                    svg.cell viewBox="0 0 10 10" aria-hidden="true" { rect class=(class(state)) width="9" height="9" {} }
                    (page::capitalised(state.name())) ": " (count)
                }
            }
        }
    }
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

/// The map: a cell for each unit, in their order, row by row.
pub(super) fn map(layer: &Layer, with_figures: bool) -> Markup {
    let columns = columns(layer.states.len());
    let rows = layer.states.len().div_ceil(columns).max(1);
    let words = format!("The units of {}, a cell each: {}", layer.vitals.name(), layer.in_words());
    html! {
        svg.map role="img" aria-label=(words) viewBox=(format!("0 0 {} {}", 10 * columns, 10 * rows))
            style=(format!("max-width:{}px", 16 * columns)) {
            title { (words) }
            @for (unit, &state) in layer.states.iter().enumerate() {
                rect class=(class(state)) x=(10 * (unit % columns)) y=(10 * (unit / columns)) {
                    @if with_figures || state != UnitState::Healthy {
                        title { (tip(unit, state, &layer.vitals.units()[unit])) }
                    }
                }
            }
        }
    }
}

/// The figures of the units in which something was found, for those who cannot hover.
pub(super) fn table(layer: &Layer) -> Markup {
    let found = |(_, state): &(usize, &UnitState)| state.rule().is_some();
    let all: Vec<(usize, &UnitState)> = layer.states.iter().enumerate().filter(found).collect();
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
                summary { "Figures of the units with findings" }
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
        state.name().to_owned(),
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

fn tip(unit: usize, state: UnitState, of: &Unit) -> String {
    let mut tip = format!("unit {unit}: {}", state.name());
    if of.z.count > 0 {
        let (low, high) = (number::significant(of.z.min), number::significant(of.z.max));
        // Writing to a string cannot fail.
        let _ = write!(tip, " · z {} from {low} to {high}", spread(&of.z));
    }
    let _ = write!(tip, " · a {}", spread(&of.a));
    if of.slope.count > 0 {
        let _ = write!(tip, " · f′ {}", number::significant(of.slope.mean));
    }
    tip
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
        assert_eq!([0, 1, 8, 64, 1280, 10_000, 1_000_000].map(columns), [1, 1, 8, 16, 72, 128, 128]);
        for state in UnitState::ALL {
            assert_eq!(UnitState::ALL.iter().filter(|other| class(**other) == class(state)).count(), 1);
            let same_sign = UnitState::ALL.iter().filter(|other| sign(**other) == sign(state)).count();
            assert_eq!(same_sign, if sign(state).is_empty() { 2 } else { 1 }, "{state:?}");
        }
    }
}
