//! The network as a column of layers.

use excite_vitals::Role;
use maud::{Markup, html};

use super::{Layer, badge, unit_map};
use crate::number;

/// A row for each layer, from the input to the output.
pub(super) fn column(layers: &[Layer]) -> Markup {
    html! {
        p { "From the input down to the output. A name leads to all there is to know of the layer." }
        div.scroll.tall tabindex="0" role="region" aria-label="The layers of the network" {
            table.layers {
                thead {
                    tr {
                        th scope="col" { "Layer" }
                        th.wide scope="col" { "Units" }
                        th.states scope="col" { "What they do" }
                        th.wide scope="col" { "Dead" }
                        th.wide scope="col" { "Saturated values" }
                        th.wide scope="col" { "At the cap" }
                        th.wide scope="col" { "Off-centre γ" }
                        th.wide scope="col" { "Gate E[f′]" }
                        th.worst scope="col" { "Worst finding" }
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
    let saturated = figures.saturated_low.zip(figures.saturated_high).map(|(low, high)| low + high);
    let dead = layer.vitals.dead_units().map(|dead| dead as f64 / figures.units.max(1) as f64);
    html! {
        tr {
            th scope="row" {
                a href=(format!("#{}", layer.anchor())) { (figures.name) }
                span.soft { (layer.place) " · " (function(layer)) }
            }
            td.wide { (figures.units) }
            td.states { (unit_map::strip(layer)) span.soft { (layer.in_words()) } }
            td.wide { (share(dead)) }
            td.wide { (share(saturated)) }
            td.wide { (share(figures.capped)) }
            td.wide { (number::significant(figures.gamma)) }
            td.wide { (figures.gate.map_or_else(|| "–".to_owned(), number::significant)) }
            td.worst {
                @match layer.findings.first() {
                    Some(worst) => { (badge(worst.severity)) span.soft { (worst.rule.title) } },
                    None => { span.soft { @if figures.samples == 0 { "not seen" } @else { "–" } } },
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
