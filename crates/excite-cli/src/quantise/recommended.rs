//! The recommended setting in the terminal: what each layer gets, and what it costs.

use std::fmt::Write;

use excite_report::number::significant;
use excite_tasks::quantisation::{LayerFormat, Quantisation, Recommendation, SimulatedOutput};
use excite_vitals::in_words::{percent, plural};

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
    let mut costs = vec![cost(recommended)];
    costs.extend(accuracy(result, recommended));
    costs.extend(weights(result, recommended));
    costs.extend(measured_on(result));
    let _ = writeln!(text, "{}\n", wrapped(&costs.join(" ")));
    let title = match result.sensitivity.is_empty() {
        true => "The recommended setting, layer by layer",
        false => "The recommended setting, the layers that cost the outputs most first",
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

/// The outputs' ratio, and the classes with an interval.
fn cost(recommended: &Recommendation) -> String {
    let worst = recommended.outputs.iter().reduce(|a, b| if b.signal_to_noise < a.signal_to_noise { b } else { a });
    let name = worst.map_or("", |output| output.name.as_str());
    let of = match recommended.outputs.len() {
        1 => format!("The output {name} keeps"),
        more => format!("Of {more} outputs {name} loses most and keeps"),
    };
    let bits = match recommended.mean_bits.fract() {
        0.0 => String::new(),
        _ => format!(" with {:.1} bits a layer", recommended.mean_bits),
    };
    let mut text = format!("{of} {} dB{bits}.", one_decimal(recommended.signal_to_noise));
    if let Some(output) = recommended.outputs.iter().find(|output| output.top1_changed.is_some()) {
        text += " ";
        text += &classes(output);
    }
    text
}

/// How many samples get another class, and what that says of all inputs.
fn classes(output: &SimulatedOutput) -> String {
    let (changed, samples) = (output.top1_changed.unwrap_or(0), output.samples);
    let [low, high] = output.top1_interval.unwrap_or([0.0, 1.0]);
    let share = match changed {
        0 => format!("up to {} of inputs may", percent(high)),
        _ => format!("{} to {} of inputs may", percent(low), percent(high)),
    };
    format!(
        "{changed} of {} {} another class; {share}.",
        plural(samples, "sample"),
        if changed == 1 { "gets" } else { "get" }
    )
}

fn accuracy(result: &Quantisation, recommended: &Recommendation) -> Option<String> {
    let (floats, now) = (result.accuracy?, recommended.accuracy?);
    Some(format!("Accuracy: {}, and {} in floats.", percent(now), percent(floats)))
}

fn weights(result: &Quantisation, recommended: &Recommendation) -> Option<String> {
    let widest = result.weights.iter().map(|weights| weights.accumulator_bits).max()?;
    let sums = format!("sums need {widest} bits at most");
    Some(match (recommended.weight_bits, recommended.signal_to_noise_with_int8_weights) {
        (Some(bits), _) => format!("Weights in {bits} bits are in it; {sums}."),
        (None, Some(with)) => format!("With int8 weights too: {} dB; {sums}.", one_decimal(with)),
        (None, None) => format!("Weights stay floats; in int8 {sums}."),
    })
}

fn measured_on(result: &Quantisation) -> Option<String> {
    let some = result.sensitivity_samples;
    (some > 0 && some < result.samples)
        .then(|| format!("Layers were looked at one by one on {some} of {} samples.", result.samples))
}

/// What to say where the outputs lose more than the budget.
pub fn over_budget(recommended: &Recommendation) -> String {
    let worst = recommended.signal_to_noise;
    let changed = recommended.outputs.iter().find_map(|output| Some((output.top1_changed?, output.samples)));
    let changed = changed
        .map_or_else(String::new, |(changed, samples)| format!(", {changed} of {samples} samples with another class"));
    format!(
        "the budget {} cannot be kept with these bits: the nearest, {}, keeps {} dB{changed}; give more --bits or a larger --budget",
        recommended.budget,
        recommended.scheme,
        one_decimal(worst)
    )
}
