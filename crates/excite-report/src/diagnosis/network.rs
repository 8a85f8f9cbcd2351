//! All layers in a table.

use excite_vitals::{Role, UnitState};
use maud::{Markup, html};

use super::{Layer, badge, unit_map};
use crate::{number, page};

/// A row for each layer, from the input to the output.
pub(super) fn table(layers: &[Layer], is_seen_enough: bool) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="The layers of the network" {
            table.sortable {
                thead {
                    tr {
                        th scope="col" { "Layer" }
                        th.less scope="col" { "Units" }
                        th.words scope="col" { "What they do" }
                        th scope="col" { (page::capitalised(unit_map::name(UnitState::Dead, is_seen_enough))) }
                        th.less scope="col" { "Saturated values" }
                        th.less scope="col" { "At the cap" }
                        th.less scope="col" { "Mean slope" }
                        th.words scope="col" { "Worst finding" }
                    }
                }
                tbody { @for layer in layers { (row(layer)) } }
            }
        }
    }
}

fn row(layer: &Layer) -> Markup {
    let figures = layer.figures;
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), number::percent);
    let key = |figure: Option<f64>| figure.map_or_else(|| "-1".to_owned(), |figure| format!("{figure:.4}"));
    let saturated = figures.saturated_low.zip(figures.saturated_high).map(|(low, high)| low + high);
    let dead = layer.vitals.dead_units().map(|dead| dead as f64 / figures.units.max(1) as f64);
    let worst = layer.findings.first();
    html! {
        tr {
            th scope="row" data-k=(layer.place) {
                a href=(format!("#{}", layer.anchor())) { (figures.name) } " "
                span.soft { (function(layer)) }
            }
            td.less { (figures.units) }
            td class="words middle" data-k=(key(Some(layer.ill_share()))) { (unit_map::strip(layer)) }
            td data-k=(key(dead)) { (share(dead)) }
            td.less data-k=(key(saturated)) { (share(saturated)) }
            td.less data-k=(key(figures.capped)) { (share(figures.capped)) }
            td.less data-k=(key(figures.gate)) { (figures.gate.map_or_else(|| "–".to_owned(), number::significant)) }
            td.words data-k=(worst.map_or(0, |worst| worst.severity as u8 + 1)) {
                @match worst {
                    Some(worst) => { (badge(worst.severity)) " " (worst.rule.title) },
                    None => { @if figures.samples == 0 { "not seen" } @else { "–" } },
                }
            }
        }
    }
}

/// The function, and what the layer is there for if that is not the usual.
pub(super) fn function(layer: &Layer) -> String {
    let role = match layer.figures.role {
        Role::Hidden => "",
        Role::Gate => ", a gate",
        Role::Output => ", an output",
    };
    format!("{}{role}", layer.figures.function)
}
