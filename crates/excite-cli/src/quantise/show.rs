//! A quantisation in the terminal.

use std::fmt::Write;

use excite_fixed::QFormat;
use excite_fixed::calibration::Method;
use excite_report::number::significant;
use excite_tasks::quantisation::{Fit, Fixed, Quantisation, QuantisedLayer, Simulation, Width};
use excite_vitals::in_words::percent;

use super::recommended;
use crate::output;
use crate::table::{Cell, Column, ColumnsArgument, Table};

/// What `--columns` may name in the tables of these widths and formats.
pub fn names(bits: &[u32], formats: &[QFormat]) -> Vec<String> {
    let tables = match bits {
        [_] => vec![scales(), formats_of(&formats.iter().map(ToString::to_string).collect::<Vec<_>>())],
        _ => vec![widths(bits)],
    };
    let all = tables
        .iter()
        .chain([&outputs(), &recommended::table(), &converted()])
        .flat_map(Table::names)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let first = |(place, name): (usize, &String)| (!all[..place].contains(name)).then(|| name.clone());
    all.iter().enumerate().filter_map(first).collect()
}

/// The headline, the outputs, the layers, and what a cap buys; of several widths the ratios side by side.
pub fn in_terminal(result: &Quantisation, columns: &ColumnsArgument) -> String {
    let warning = output::WARNING;
    let layers = match result.bits[..] {
        [_] => vec![
            ("Each layer with a scale and a zero point", of_scales(result)),
            ("Each layer with a binary point: formats, with the signal to noise in dB", of_formats(result)),
        ],
        _ => vec![("Signal to noise in dB: with a scale / in the best Q format", of_widths(result))],
    };
    let wrapped = |text: &str| output::wrapped(text, output::text_width());
    let mut text = output::headline(&result.headline);
    let _ = writeln!(text, "{}", wrapped(&format!("{}: {}", result.model, result.data)));
    if result.random_data {
        let notice =
            "The inputs were random numbers: the ranges are not those of real data. Give real data with --input.";
        let _ = writeln!(text, "{warning}{}{warning:#}", wrapped(notice));
    }
    text.push_str(&recommended::in_terminal(result, columns));
    if result.layers.iter().any(|layer| layer.converted.is_some()) {
        let title = "The formats in the model, and the best of as many bits";
        let _ = writeln!(text, "\n{}\n{}", wrapped(title), of_converted(result).drawn(columns));
        let converted = result.layers.iter().filter_map(|layer| Some((&layer.name, layer.converted.as_ref()?)));
        for (name, format) in converted.filter(|(_, format)| !format.note.is_empty()) {
            let _ = writeln!(text, "{}", wrapped(&format!("{name}: {}", format.note)));
        }
    }
    if !result.simulations.is_empty() {
        let _ = write!(
            text,
            "{}\n{}",
            wrapped("Alternatives: the outputs with all layers alike"),
            of_outputs(result).drawn(columns)
        );
        if result.bits.len() > 3 {
            let _ = writeln!(text, "{}", wrapped(MANY_WIDTHS));
        }
        if let Some(accuracy) = result.accuracy {
            let _ = writeln!(text, "accuracy in floats: {}", percent(accuracy));
        }
        text.push('\n');
    }
    for (title, table) in &layers {
        let _ = writeln!(text, "{}\n{}", wrapped(title), table.drawn(columns));
    }
    if !result.verdict.is_empty() {
        let _ = writeln!(text, "{}\n", wrapped(&result.verdict));
    }
    for layer in &result.left_out {
        let _ = writeln!(text, "{}", wrapped(&format!("left out: {}: {}", layer.name, layer.why)));
    }
    if !result.not_simulated.is_empty() && !result.simulations.is_empty() {
        let _ = writeln!(text, "{}", wrapped(&format!("kept in floats: {}", result.not_simulated.join(", "))));
    }
    text
}

/// What stands below the outputs of many widths.
const MANY_WIDTHS: &str =
    "Of more than three widths every method runs in 8 bits, or the nearest, and MSE and Q formats in the others.";

fn converted() -> Table {
    Table::new([
        Column::path("layer"),
        Column::figure("bits").ranked(3),
        Column::figure("scale").ranked(4),
        Column::figure("zero point").ranked(5),
        Column::figure("ends at").ranked(2),
        Column::figure("dB").ranked(1),
        Column::figure("best ends at").ranked(2),
        Column::figure("best dB").ranked(1),
    ])
}

/// What a tool chose beside the best.
fn of_converted(result: &Quantisation) -> Table {
    let mut table = converted();
    for layer in &result.layers {
        let Some(format) = &layer.converted else { continue };
        table.add([
            layer.name.clone(),
            format.bits.to_string(),
            significant(format.scale),
            format.zero_point.to_string(),
            significant(format.high),
            decibels(&format.fit),
            significant(format.best_high),
            decibels(&format.best),
        ]);
    }
    table
}

fn decibels(fit: &Fit) -> String {
    one_decimal(fit.signal_to_noise)
}

pub(super) fn one_decimal(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.1}") } else { significant(ratio) }
}

fn scales() -> Table {
    let of_method = Method::ALL.map(|method| Column::figure(method.title()).ranked(8));
    let columns = [
        Column::path("layer"),
        Column::text("method").ranked(1).noted("method: the choice of the range with the highest ratio"),
        Column::figure("dB").ranked(2).noted("dB: signal to noise; 6 dB are one bit"),
        Column::figure("scale").ranked(3),
        Column::figure("zero point").ranked(4),
        Column::figure("clipped").ranked(5).noted("clipped: share of the values outside the range"),
        Column::figure("cap").ranked(6).noted("cap: upper end of the range"),
        Column::figure("codes").ranked(7).noted("codes: how many occur"),
    ];
    Table::new(columns.into_iter().chain(of_method))
}

fn of_scales(result: &Quantisation) -> Table {
    let mut table = scales();
    for (layer, width) in only_widths(result) {
        let best = width.best();
        let figures = [
            layer.name.clone(),
            best.method.title().to_owned(),
            decibels(&best.affine),
            significant(best.scale),
            best.zero_point.to_string(),
            percent(best.affine.clipped),
            significant(best.high),
            best.affine.codes.to_string(),
        ];
        let ratio = |method| width.by(method).map_or_else(|| "–".to_owned(), |proposal| decibels(&proposal.affine));
        table.add(figures.into_iter().chain(Method::ALL.map(ratio)));
    }
    table
}

fn formats_of(asked: &[String]) -> Table {
    let columns = [
        Column::path("layer"),
        Column::figure("largest").ranked(2).noted("largest: output"),
        Column::figure("best").ranked(1).noted("best: format with the highest ratio"),
        Column::figure("no overflow")
            .ranked(3)
            .noted("no overflow: format with the fewest integer bits that holds every output"),
    ];
    let caps = [
        Column::figure("the cap").ranked(5).noted("the cap: unsigned format that holds the cap of a ReLU"),
        Column::figure("no cap").ranked(6).noted("no cap: format that holds every output of a ReLU without a cap"),
        Column::figure("signed").ranked(7).noted("signed: format with a sign that holds the cap"),
        Column::figure("best cap").ranked(8).noted("best cap: of a ReLU without one, with a scale"),
    ];
    let asked = asked.iter().map(|format| Column::figure(format).ranked(4));
    Table::new(columns.into_iter().chain(asked).chain(caps))
}

fn of_formats(result: &Quantisation) -> Table {
    let asked = only_widths(result)
        .next()
        .map_or_else(Vec::new, |(_, width)| width.formats.iter().map(|fixed| fixed.format.to_string()).collect());
    let mut table = formats_of(&asked);
    for (layer, width) in only_widths(result) {
        let no_overflow = width.by(Method::MinMax).map_or_else(Cell::default, |proposal| fixed(&proposal.fixed));
        let first: [Cell; 4] =
            [layer.name.clone().into(), significant(layer.largest).into(), fixed(width.best_fixed()), no_overflow];
        let formats = width.formats.iter().map(|format| decibels(&format.fit).into());
        let caps = match &width.cap {
            Some(cap) => [
                fixed(&cap.with),
                fixed(&cap.without),
                fixed(&cap.with_signed),
                Cell::with_range(significant(cap.best), decibels(&cap.best_fit)),
            ],
            None => [const { "–" }; 4].map(Cell::from),
        };
        table.add(first.into_iter().chain(formats).chain(caps));
    }
    table
}

/// `UQ3.5`, and its ratio where there is room.
fn fixed(fixed: &Fixed) -> Cell {
    Cell::with_range(fixed.format.to_string(), decibels(&fixed.fit))
}

fn only_widths(result: &Quantisation) -> impl Iterator<Item = (&QuantisedLayer, &Width)> {
    result.layers.iter().filter_map(|layer| Some((layer, layer.widths.first()?)))
}

fn widths(bits: &[u32]) -> Table {
    let first = [Column::path("layer"), Column::figure("largest").ranked(2).noted("largest: output")];
    // Of many widths the ones in the middle are the least of interest.
    let ends = |place: usize| if place == 0 || place + 1 == bits.len() { 1 } else { 3 };
    let widths =
        bits.iter().enumerate().map(|(place, bits)| Column::figure(&format!("{bits} bits")).ranked(ends(place)));
    Table::new(first.into_iter().chain(widths))
}

fn of_widths(result: &Quantisation) -> Table {
    let mut table = widths(&result.bits);
    for layer in &result.layers {
        let ratios = layer.widths.iter().map(|width| {
            format!("{}/{}", whole(width.best().affine.signal_to_noise), whole(width.best_fixed().fit.signal_to_noise))
        });
        table.add([layer.name.clone(), significant(layer.largest)].into_iter().chain(ratios));
    }
    table
}

/// A ratio without decimals, for many columns.
fn whole(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.0}") } else { significant(ratio) }
}

fn outputs() -> Table {
    Table::new([
        Column::text("bits"),
        Column::text("activations by").ranked(1),
        Column::path("output").ranked(5),
        Column::figure("dB").ranked(3),
        Column::figure("other top-1")
            .ranked(2)
            .noted("other top-1: samples whose class changed, and the share of all inputs (95 %)"),
        Column::figure("accuracy").ranked(4),
    ])
}

fn of_outputs(result: &Quantisation) -> Table {
    let mut table = outputs();
    for simulation in &result.simulations {
        let Simulation { bits, scheme, outputs, accuracy } = simulation;
        for (index, output) in outputs.iter().enumerate() {
            let (bits, scheme) = if index == 0 { (bits.to_string(), scheme.as_str()) } else { (String::new(), "") };
            let [low, high] = output.top1_interval.unwrap_or([0.0, 1.0]);
            let share = format!("({} to {})", percent(low), percent(high));
            let changed = output.top1_changed.map_or_else(
                || "–".into(),
                |changed| Cell::with_range(format!("{changed} of {}", output.samples), share),
            );
            let accuracy = accuracy.filter(|_| index == 0).map_or_else(|| "–".to_owned(), percent);
            table.add([
                bits.into(),
                scheme.into(),
                output.name.clone().into(),
                one_decimal(output.signal_to_noise).into(),
                changed,
                accuracy.into(),
            ]);
        }
    }
    table
}
