//! The recommended setting in the terminal: what each layer gets, and what it costs.

use std::fmt::Write;

use excite_report::number::significant;
use excite_tasks::quantisation::{LayerFormat, Quantisation, Recommendation};
use excite_vitals::in_words::percent;

use super::show::one_decimal;
use crate::output;
use crate::table::{Column, ColumnsArgument, Table};

/// The layers, the costliest first.
pub fn table() -> Table {
    Table::new([
        Column::path("layer"),
        Column::figure("bits").ranked(1),
        Column::text("range by").ranked(3).noted("range by: how its range was chosen"),
        Column::figure("alone dB")
            .ranked(1)
            .noted("alone dB: signal to noise of the outputs with this layer alone quantised, in 8 bits or near that"),
        Column::figure("others dB")
            .ranked(6)
            .noted("others dB: of the outputs with all others quantised, and this one not"),
        Column::figure("own dB").ranked(5).noted("own dB: of the layer's own values; 6 dB are one bit"),
        Column::figure("scale").ranked(2),
        Column::figure("zero point").ranked(4),
        Column::figure("clipped").ranked(7).noted("clipped: share of the values outside the range"),
        Column::figure("ends at").ranked(6).noted("ends at: largest number that the format holds"),
        Column::figure("weights dB").ranked(8).noted("weights dB: signal to noise of its weights in int8"),
        Column::figure("sum bits").ranked(8).noted("sum bits: bits of an accumulator that no input overflows, proven"),
    ])
}

/// What to take and what it costs.
pub fn in_terminal(result: &Quantisation, columns: &ColumnsArgument) -> String {
    let Some(recommended) = &result.recommended else { return String::new() };
    let mut text = String::new();
    let wrapped = |text: &str| output::wrapped(text, output::text_width());
    let _ = writeln!(text, "{}\n", wrapped(&result.costs().join(" ")));
    let title = if result.sensitivity.is_empty() {
        "The recommended setting, layer by layer"
    } else {
        "The recommended setting, the layers that cost the outputs most first"
    };
    let _ = writeln!(text, "{}\n{}", wrapped(title), rows(result, recommended).drawn(columns));
    text
}

fn rows(result: &Quantisation, recommended: &Recommendation) -> Table {
    let mut table = table();
    let rank = |format: &&LayerFormat| {
        result.sensitivity.iter().position(|one| one.layer == format.layer).unwrap_or(usize::MAX)
    };
    let mut formats: Vec<&LayerFormat> = recommended.layers.iter().collect();
    formats.sort_by_key(rank);
    for format in formats {
        let sensitivity = result.sensitivity.iter().find(|one| one.layer == format.layer);
        let weights = result.weights.iter().find(|one| one.layer.as_deref() == Some(&format.layer));
        let none = || "–".to_owned();
        let scale = format.format.map_or_else(|| significant(format.scale), |format| format.to_string());
        table.add([
            format.layer.clone(),
            format.bits.to_string(),
            format.by.clone(),
            sensitivity.map_or_else(none, |one| one_decimal(one.alone)),
            sensitivity.map_or_else(none, |one| one_decimal(one.all_others)),
            one_decimal(format.fit.signal_to_noise),
            scale,
            format.zero_point.to_string(),
            percent(format.fit.clipped),
            significant(format.high),
            weights.map_or_else(none, |one| one_decimal(one.signal_to_noise)),
            weights.map_or_else(none, |one| one.accumulator_bits.to_string()),
        ]);
    }
    table
}
