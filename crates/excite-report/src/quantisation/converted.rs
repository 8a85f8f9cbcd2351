//! The formats that a tool chose, of a model that is quantised already.

use excite_tasks::quantisation::{ConvertedFormat, Quantisation};
use maud::Markup;

use super::decibels;
use crate::{number, page};

/// None where the model is in floats.
pub(super) fn table(quantisation: &Quantisation) -> Option<Markup> {
    let columns = ["Layer", "Bits", "Scale", "Zero point", "Range", "Ratio", "Best ends at", "Best ratio", "Note"]
        .map(str::to_owned);
    let row = |name: &str, format: &ConvertedFormat| {
        vec![
            name.to_owned(),
            format.bits.to_string(),
            number::significant(format.scale),
            format.zero_point.to_string(),
            format!("{} to {}", number::significant(format.low), number::significant(format.high)),
            format!("{}\u{a0}dB", decibels(format.fit.signal_to_noise)),
            number::significant(format.best_high),
            format!("{}\u{a0}dB", decibels(format.best.signal_to_noise)),
            format.note.clone(),
        ]
    };
    let converted = quantisation.layers.iter().filter_map(|layer| Some(row(&layer.name, layer.converted.as_ref()?)));
    let rows: Vec<_> = converted.collect();
    let caption = "What the tool chose that quantised the model, and the best scale of as many bits; ratios of each layer's own values.";
    (!rows.is_empty()).then(|| page::scrolling(caption, &columns, &rows))
}
