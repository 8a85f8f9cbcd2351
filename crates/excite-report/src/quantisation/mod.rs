//! The report of a quantisation: which formats the activations of a network fit in, what a cap buys, and what becomes of the outputs.

mod cap;
mod converted;
mod layers;
mod method;
mod outputs;
mod ranges;
mod recommended;

use excite_tasks::quantisation::{Fit, Quantisation, QuantisedLayer, Width};
use maud::{Markup, html};

use crate::headline::{self, Tone};
use crate::{number, page};

/// The report of `quantisation` as a self-contained HTML file. Figures that are not finite are shown as a sign; text from the model is
/// escaped.
pub fn quantisation_page(quantisation: &Quantisation) -> String {
    let has_caps = quantisation.layers.iter().any(|layer| chosen(layer).is_some_and(|width| width.cap.is_some()));
    let body = html! {
        p.eyebrow { "Quantisation of a network's activations" }
        h1 { (quantisation.model) }
        (glance(quantisation))
        @if quantisation.random_data { (made_up()) }
        (headline::headline(tone(quantisation), &quantisation.headline))
        @if quantisation.recommended.is_some() { p { (quantisation.costs().join(" ").replace(" %", "\u{a0}%").replace(" dB", "\u{a0}dB")) } }
        @if !quantisation.layers.is_empty() { (ranges::figure(quantisation)) }
        section {
            h2 { "Figures" }
            @if let Some(recommended) = &quantisation.recommended {
                (page::fold("The recommended setting, layer by layer", &recommended::table(quantisation, recommended)))
            }
            @if let Some(formats) = converted::table(quantisation) { (page::fold("The formats in the model", &formats)) }
            @if !quantisation.simulations.is_empty() {
                (page::fold("Alternatives: all layers alike", &outputs::table(quantisation)))
            }
            (page::fold("Layer by layer", &layers::details(quantisation)))
            (page::fold("Every method", &layers::methods(quantisation)))
            @if has_caps { (page::fold(&format!("What a cap of {} buys", quantisation.cap), &cap::effect(quantisation))) }
            (page::fold("How this was measured", &method::definitions(quantisation)))
            (page::fold("Repeat it", &html! { pre { (quantisation.command) } }))
        }
    };
    page::page(&format!("{}: its activations quantised", quantisation.model), &body)
}

fn tone(quantisation: &Quantisation) -> Tone {
    match &quantisation.recommended {
        Some(recommended) if recommended.is_enough && !quantisation.random_data => Tone::Sound,
        Some(recommended) if !recommended.is_enough => Tone::Look,
        _ => Tone::Neutral,
    }
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

/// What was quantised, in short.
fn glance(quantisation: &Quantisation) -> Markup {
    let bits: Vec<_> = quantisation.bits.iter().map(ToString::to_string).collect();
    let mut facts = vec![
        quantisation.data.clone(),
        number::count(quantisation.layers.len(), "activation"),
        format!("{} bits", bits.join(", ")),
    ];
    if let Some(accuracy) = quantisation.accuracy {
        facts.push(format!("accuracy in floats {}", number::percent(accuracy)));
    }
    page::facts_line(facts.iter().map(String::as_str))
}

/// A ratio in decibels with one decimal.
fn decibels(ratio: f64) -> String {
    if ratio.is_finite() { number::fixed(ratio, 1) } else { number::significant(ratio) }
}

/// The ratio of a fit, and the share that is clipped, if any.
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
