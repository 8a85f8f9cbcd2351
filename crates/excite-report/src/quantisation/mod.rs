//! The report of a quantisation: which formats the activations of a network fit in, what a cap buys, and what becomes of the outputs.

mod cap;
mod layers;
mod method;
mod outputs;

use excite_tasks::quantisation::{Fit, Quantisation, QuantisedLayer, Width};
use maud::{Markup, html};

use crate::{number, page};

/// The report of `quantisation` as a self-contained HTML file. Figures that are not finite are shown as a sign; text from the model is
/// escaped.
pub fn quantisation_page(quantisation: &Quantisation) -> String {
    let has_caps = quantisation.layers.iter().any(|layer| chosen(layer).is_some_and(|width| width.cap.is_some()));
    let body = html! {
        p.eyebrow { "Quantisation of a network's activations" }
        h1 { (quantisation.model) }
        @if quantisation.random_data { (made_up()) }
        p.verdict.long { (page::held_together(&quantisation.verdict)) }
        (facts(quantisation))
        @if !quantisation.simulations.is_empty() {
            (page::section("The outputs", &outputs::table(quantisation)))
        }
        @if has_caps { (page::section(&format!("What a cap of {} buys", quantisation.cap), &cap::effect(quantisation))) }
        (page::section("From layer to layer", &layers::depth(quantisation)))
        (page::section("Layer by layer", &layers::details(quantisation)))
        (page::section("How this was measured", &method::definitions(quantisation)))
    };
    page::page(&format!("{}: its activations quantised", quantisation.model), &body)
}

/// The width that figures of one are drawn of: 8 bits, or the first where there are none.
fn chosen(layer: &QuantisedLayer) -> Option<&Width> {
    layer.widths.iter().find(|width| width.bits == 8).or(layer.widths.first())
}

/// Its number of bits.
fn chosen_bits(quantisation: &Quantisation) -> u32 {
    quantisation.bits.iter().copied().find(|&bits| bits == 8).or(quantisation.bits.first().copied()).unwrap_or(8)
}

fn made_up() -> Markup {
    html! {
        div.notice.loud role="note" {
            strong { "The inputs were random numbers." }
            " Their ranges are not those of real data, and formats that are chosen by them will not fit. Give real data with "
            code { "--input" } "."
        }
    }
}

fn facts(quantisation: &Quantisation) -> Markup {
    let bits: Vec<_> = quantisation.bits.iter().map(ToString::to_string).collect();
    let mut facts = vec![
        ("Data", quantisation.data.clone()),
        ("Activations", quantisation.layers.len().to_string()),
        ("Bits", bits.join(", ")),
        ("Cap asked about", quantisation.cap.to_string()),
    ];
    if let Some(accuracy) = quantisation.accuracy {
        facts.push(("Accuracy in floats", number::percent(accuracy)));
    }
    html! {
        dl.facts { @for (term, fact) in &facts { div { dt { (term) } dd { (fact) } } } }
        p.soft { "This command repeats it:" }
        pre { (quantisation.command) }
    }
}

/// A ratio in decibels with one decimal.
fn decibels(ratio: f64) -> String {
    if ratio.is_finite() { number::fixed(ratio, 1) } else { number::significant(ratio) }
}

/// The ratio of a fit, and what is clipped if anything is.
fn with_clipped(fit: &Fit) -> Markup {
    html! {
        (decibels(fit.signal_to_noise)) " dB"
        @if fit.clipped > 0.0 { span.soft { (share(fit.clipped)) " clipped" } }
    }
}

/// A share, however small.
fn share(share: f64) -> String {
    if share > 0.0 && share < 0.0005 { "under\u{a0}0.1\u{a0}%".to_owned() } else { number::percent(share) }
}
