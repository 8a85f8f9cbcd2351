//! The recommended setting: the format of each layer and what it costs.

use excite_tasks::quantisation::{LayerFormat, Quantisation, Recommendation};
use maud::{Markup, html};

use super::{decibels, share};
use crate::{number, page};

pub(super) fn table(quantisation: &Quantisation, recommended: &Recommendation) -> Markup {
    let columns = [
        "Layer",
        "Bits",
        "Range by",
        "Range",
        "Scale",
        "Zero point",
        "Cut off",
        "Own ratio",
        "Outputs with it alone",
        "Outputs with all others",
        "Part of the noise",
        "Weights in int8",
        "Accumulator",
    ]
    .map(str::to_owned);
    let none = || "–".to_owned();
    let row = |format: &LayerFormat| {
        let sensitivity = quantisation.sensitivity.iter().find(|one| one.layer == format.layer);
        let weights = quantisation.weights.iter().find(|one| one.layer.as_deref() == Some(&format.layer));
        let ratio = |ratio: f64| format!("{}\u{a0}dB", decibels(ratio));
        vec![
            format.layer.clone(),
            format.bits.to_string(),
            format.by.clone(),
            format!("{} to {}", number::significant(format.low), number::significant(format.high)),
            format.format.map_or_else(|| number::significant(format.scale), |format| format.to_string()),
            format.zero_point.to_string(),
            share(format.fit.clipped),
            ratio(format.fit.signal_to_noise),
            sensitivity.map_or_else(none, |one| ratio(one.alone)),
            sensitivity.map_or_else(none, |one| ratio(one.all_others)),
            sensitivity.map_or_else(none, |one| number::percent(one.share)),
            weights.map_or_else(none, |one| ratio(one.signal_to_noise)),
            weights.map_or_else(none, |one| format!("{}\u{a0}bits", one.accumulator_bits)),
        ]
    };
    let mut formats: Vec<&LayerFormat> = recommended.layers.iter().collect();
    let rank = |format: &&LayerFormat| {
        quantisation.sensitivity.iter().position(|one| one.layer == format.layer).unwrap_or(usize::MAX)
    };
    formats.sort_by_key(rank);
    let rows: Vec<_> = formats.into_iter().map(row).collect();
    let caption = if quantisation.sensitivity.is_empty() {
        "In the order of the network."
    } else {
        "The layers that cost the outputs most come first. A layer alone was quantised in 8 bits, or the width nearest to that."
    };
    html! {
        (page::scrolling(caption, &columns, &rows))
        p.soft {
            "The scales were chosen and the costs measured on the same samples. An accumulator of that many bits, signed, holds every sum of \
             products with int8 weights (symmetric, a scale for each unit), whatever the inputs are."
        }
    }
}
