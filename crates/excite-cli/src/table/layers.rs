//! The table of the layers of a network.

use excite_vitals::findings::Severity;
use excite_vitals::{Diagnosis, LayerFigures, UnitState, Vitals};

use super::{Column, Table};

/// The columns of [`layers`], by the names that `--columns` takes, and the order in which they matter.
const RANKED: [(&str, usize); 11] = [
    ("layer", 0),
    ("function", 4),
    ("units", 3),
    ("dead", 2),
    ("saturated", 5),
    ("clipped", 6),
    ("dormant", 7),
    ("always on", 8),
    ("γ", 9),
    ("gate", 10),
    ("worst", 1),
];

/// The most layers that are all listed.
const MOST_LAYERS: usize = 40;

/// What `--columns` may name.
pub fn names() -> [&'static str; 11] {
    RANKED.map(|(name, _)| name)
}

/// The layers, from the input to the output. Of very many those with warnings or errors; and how many are left out.
pub fn layers(vitals: &Vitals, diagnosis: &Diagnosis) -> (Table, usize) {
    let worst = |name: &str| diagnosis.judgement.all().find(|finding| finding.layer.as_deref() == Some(name));
    let is_listed = |figures: &LayerFigures| {
        diagnosis.layers.len() <= MOST_LAYERS
            || worst(&figures.name).is_some_and(|finding| finding.severity > Severity::Note)
    };
    let is_seen_enough = vitals.is_seen_enough();
    let mut table = Table::new(RANKED.map(|(name, rank)| {
        let column = match name {
            "layer" => Column::path(name),
            "function" | "worst" => Column::text(name),
            "dead" if !is_seen_enough => Column::figure(name).headed("silent"),
            _ => Column::figure(name),
        };
        let note = match name {
            "dead" if !is_seen_enough => "silent: units that were never on, on too few samples to call them dead",
            "dead" => "dead: units, as in the other columns of units; each is counted once, under the worst",
            "γ" => "γ: ‖μ‖/‖σ‖ of the outputs, 0 where they are zero-centred",
            "gate" => "gate: mean slope, the factor by which the layer multiplies gradients",
            _ => "",
        };
        column.ranked(rank).noted(note)
    }));
    let mut left_out = 0;
    for (layer, figures) in vitals.layers.iter().zip(&diagnosis.layers) {
        if !is_listed(figures) {
            left_out += 1;
            continue;
        }
        let states = diagnosis.unit_states(layer);
        let count = |of: &[UnitState]| match states.iter().filter(|state| of.contains(state)).count() {
            0 => "·".to_owned(),
            count => count.to_string(),
        };
        table.add([
            figures.name.clone(),
            figures.function.to_string(),
            figures.units.to_string(),
            count(&[UnitState::Dead]),
            count(&[UnitState::SaturatedLow, UnitState::SaturatedHigh]),
            count(&[UnitState::Clipped]),
            count(&[UnitState::Dormant]),
            count(&[UnitState::AlwaysOn]),
            format!("{:.2}", figures.gamma),
            figures.gate.map_or_else(|| "–".to_owned(), |gate| format!("{gate:.3}")),
            worst(&figures.name).map_or_else(|| "–".to_owned(), |finding| finding.severity.to_string()),
        ]);
    }
    (table, left_out)
}
