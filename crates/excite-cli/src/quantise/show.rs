//! A quantisation in the terminal.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table};
use excite_fixed::calibration::Method;
use excite_report::number::significant;
use excite_tasks::quantisation::{Fit, Fixed, Quantisation, QuantisedLayer, Simulation, Width};

use crate::number::percent;
use crate::{output, table};

/// The letters of a layer's name that are shown: the last ones tell layers apart.
const NAME: usize = 17;

/// The verdict, the outputs, and the layers; of several widths the ratios side by side.
pub fn in_terminal(result: &Quantisation) -> String {
    let (strong, warning) = (output::STRONG, output::WARNING);
    let outputs = (!result.simulations.is_empty()).then(|| of_outputs(result));
    // Each with its title and its legend.
    let layers = match result.bits[..] {
        [_] => vec![
            (
                "With a scale and a zero point: signal to noise in dB, by the method that chose the range",
                of_scales(result),
                SCALES,
            ),
            ("With a binary point", of_formats(result), FORMATS),
        ],
        _ => vec![(
            "Signal to noise in dB, with the scale of least error / the best Q format",
            of_widths(result),
            "--json and --html have the scales and formats",
        )],
    };
    let width = table::text_width(&layers[0].1);
    let wrapped = |text: &str| output::wrapped(text, width);
    let mut text = format!("{}: {}\n", result.model, result.data);
    if result.random_data {
        let notice =
            "The inputs were random numbers: the ranges are not those of real data. Give real data with --input.";
        let _ = writeln!(text, "{warning}{}{warning:#}", wrapped(notice));
    }
    let _ = writeln!(text, "{strong}{}{strong:#}\n", wrapped(&result.verdict));
    if let Some(outputs) = outputs {
        let _ = writeln!(text, "The outputs, with all activations quantised\n{outputs}");
        if let Some(accuracy) = result.accuracy {
            let _ = writeln!(text, "accuracy in floats: {}", percent(accuracy));
        }
        text.push('\n');
    }
    for (title, table, legend) in &layers {
        let _ = writeln!(text, "{title}\n{table}\n{}\n", wrapped(legend));
    }
    for layer in &result.left_out {
        let _ = writeln!(text, "{}", wrapped(&format!("left out: {}: {}", layer.name, layer.why)));
    }
    if !result.not_simulated.is_empty() && !result.simulations.is_empty() {
        let _ = writeln!(text, "{}", wrapped(&format!("in floats throughout: {}", result.not_simulated.join(", "))));
    }
    text
}

const SCALES: &str = "cap, scale, zero: the upper end of the range, the scale and the zero point by the method with the highest \
    ratio, which is marked * · clipped: share of values beyond the range · codes: that occur";

const FORMATS: &str = "each format with its signal to noise in dB · holds all: the one with the fewest integer bits that holds every output · \
    best: with the highest ratio · no cap: holds every output of a ReLU without a cap · the cap, signed: the unsigned and the signed \
    format that hold the cap, of a ReLU that has it · best cap: of a ReLU without one, with a scale";

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// The end of a name.
fn name(layer: &QuantisedLayer) -> String {
    let letters: Vec<char> = layer.name.chars().collect();
    if letters.len() <= NAME {
        return layer.name.clone();
    }
    format!("…{}", letters[letters.len() - NAME + 1..].iter().collect::<String>())
}

fn decibels(fit: &Fit) -> String {
    one_decimal(fit.signal_to_noise)
}

fn one_decimal(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.1}") } else { significant(ratio) }
}

fn of_scales(result: &Quantisation) -> Table {
    let titles = Method::ALL.map(Method::title);
    let head = [&["layer"][..], &titles, &["cap", "scale", "zero", "clipped", "codes"]].concat();
    let mut table = table::new(&head);
    for (layer, width) in only_widths(result) {
        let best = width.best();
        let ratios = width.proposals.iter().map(|proposal| {
            let mark = if proposal.method == best.method { "*" } else { "" };
            right(format!("{}{mark}", decibels(&proposal.affine)))
        });
        let figures = [
            significant(best.high),
            significant(best.scale),
            best.zero_point.to_string(),
            percent(best.affine.clipped),
            best.affine.codes.to_string(),
        ];
        table.add_row([Cell::new(name(layer))].into_iter().chain(ratios).chain(figures.map(right)));
    }
    table
}

fn of_formats(result: &Quantisation) -> Table {
    let has_caps = only_widths(result).any(|(_, width)| width.cap.is_some());
    let mut head = vec!["layer", "largest", "holds all", "best"];
    let asked: Vec<String> = only_widths(result)
        .next()
        .map_or_else(Vec::new, |(_, width)| width.formats.iter().map(|fixed| fixed.format.to_string()).collect());
    head.extend(asked.iter().map(String::as_str));
    if has_caps {
        head.extend(["no cap", "the cap", "signed", "best cap"]);
    }
    let mut table = table::new(&head);
    for (layer, width) in only_widths(result) {
        let holds = width.by(Method::MinMax).map_or_else(String::new, |proposal| fixed(&proposal.fixed));
        let mut cells = vec![
            Cell::new(name(layer)),
            right(significant(layer.largest)),
            right(holds),
            right(fixed(width.best_fixed())),
        ];
        cells.extend(width.formats.iter().map(|format| right(decibels(&format.fit))));
        match &width.cap {
            Some(cap) => cells.extend(
                [
                    fixed(&cap.without),
                    fixed(&cap.with),
                    fixed(&cap.with_signed),
                    format!("{} {}", significant(cap.best), decibels(&cap.best_fit)),
                ]
                .map(right),
            ),
            None if has_caps => cells.extend([""; 4].map(Cell::new)),
            None => {}
        }
        table.add_row(cells);
    }
    table
}

/// `UQ3.5 48.8`
fn fixed(fixed: &Fixed) -> String {
    format!("{} {}", fixed.format, decibels(&fixed.fit))
}

fn only_widths(result: &Quantisation) -> impl Iterator<Item = (&QuantisedLayer, &Width)> {
    result.layers.iter().filter_map(|layer| Some((layer, layer.widths.first()?)))
}

fn of_widths(result: &Quantisation) -> Table {
    let bits: Vec<String> = result.bits.iter().map(|bits| format!("{bits} bits")).collect();
    let head: Vec<&str> = ["layer", "largest"].into_iter().chain(bits.iter().map(String::as_str)).collect();
    let mut table = table::new(&head);
    for layer in &result.layers {
        let ratios = layer.widths.iter().map(|width| {
            right(format!(
                "{}/{}",
                whole(width.best().affine.signal_to_noise),
                whole(width.best_fixed().fit.signal_to_noise)
            ))
        });
        let first = [Cell::new(name(layer)), right(significant(layer.largest))];
        table.add_row(first.into_iter().chain(ratios));
    }
    table
}

/// A ratio without decimals, for many columns.
fn whole(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.0}") } else { significant(ratio) }
}

fn of_outputs(result: &Quantisation) -> Table {
    let has_accuracy = result.accuracy.is_some();
    let mut head = vec!["bits", "activations by", "output", "dB", "other top-1"];
    head.extend(has_accuracy.then_some("accuracy"));
    let mut table = table::new(&head);
    for simulation in &result.simulations {
        let Simulation { bits, scheme, outputs, accuracy } = simulation;
        for (index, output) in outputs.iter().enumerate() {
            let (bits, scheme) = if index == 0 { (bits.to_string(), scheme.as_str()) } else { (String::new(), "") };
            let changed = output.top1_changed.map(|changed| {
                format!("{changed} of {} ({})", output.samples, percent(changed as f64 / output.samples.max(1) as f64))
            });
            let accuracy = accuracy.filter(|_| index == 0).map(percent).unwrap_or_default();
            let cells = [
                Cell::new(bits),
                Cell::new(scheme),
                Cell::new(&output.name),
                right(one_decimal(output.signal_to_noise)),
            ];
            let last = [right(changed.unwrap_or_else(|| "–".to_owned()))];
            table.add_row(cells.into_iter().chain(last).chain(has_accuracy.then(|| right(accuracy))));
        }
    }
    table
}
