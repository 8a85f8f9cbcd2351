//! Every activation: its histogram, the ranges and formats that were proposed, and how values fare in them.

use excite_fixed::calibration::Method;
use excite_tasks::quantisation::{Proposal, Quantisation, QuantisedLayer, Width};
use excite_vitals::statistics::Spread;
use maud::{Markup, html};

use super::{chosen, chosen_bits, decibels, share};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::{Colour, Stroke};
use crate::{number, page};

/// Up to this number of layers all have a histogram; beyond it only the worst, to keep the file small.
const MOST_PLOTS: usize = 150;

/// The ratio of each layer by each method, and over the bits where there are several.
pub(super) fn methods(quantisation: &Quantisation) -> Markup {
    let columns: Vec<String> = ["Layer".to_owned()]
        .into_iter()
        .chain(Method::ALL.map(|method| method.title().to_owned()))
        .chain(["Best Q format".to_owned()])
        .collect();
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), decibels);
    let row = |layer: &QuantisedLayer| -> Vec<String> {
        let width = chosen(layer);
        let by = |method: Method| ratio(width.and_then(|width| Some(width.by(method)?.affine.signal_to_noise)));
        let fixed = ratio(width.map(|width| width.best_fixed().fit.signal_to_noise));
        [layer.name.clone()].into_iter().chain(Method::ALL.map(by)).chain([fixed]).collect()
    };
    let rows: Vec<_> = quantisation.layers.iter().map(row).collect();
    let caption = format!(
        "Signal to noise in dB, in {} bits: with a scale and a zero point by each method, and in the best Q format.",
        chosen_bits(quantisation)
    );
    html! {
        (page::scrolling(&caption, &columns, &rows))
        @if quantisation.bits.len() > 1 {
            figure { div.plots { (over_bits(quantisation).inline("The median over the layers of the signal to noise, by the number of bits")) } }
        }
    }
}

fn over_bits(quantisation: &Quantisation) -> Plot {
    let median = |method: Method, bits: u32| {
        let widths = quantisation.layers.iter().flat_map(|layer| &layer.widths).filter(|width| width.bits == bits);
        let ratios: Vec<f64> = widths
            .filter_map(|width| Some(width.by(method)?.affine.signal_to_noise))
            .filter(|y| y.is_finite())
            .collect();
        Some(Spread::of(&ratios)?.median)
    };
    let points = |method: Method| -> Vec<(f64, f64)> {
        quantisation.bits.iter().filter_map(|&bits| Some((f64::from(bits), median(method, bits)?))).collect()
    };
    let lines = Method::ALL.map(points);
    let (first, last) = (quantisation.bits[0], quantisation.bits[quantisation.bits.len() - 1]);
    let x = Axis::linear("bits", f64::from(first) - 0.2, f64::from(last) + 0.2, |bits| number::trimmed(bits, 0))
        .with_whole_ticks();
    let heights = lines.iter().flatten().map(|(_, y)| *y);
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let margin = 0.08 * (high - low).max(1.0);
    let named = |(series, (points, method)): (usize, (Vec<(f64, f64)>, Method))| Mark::Named {
        points,
        series,
        name: method.title().to_owned(),
        label: true,
    };
    Plot {
        title: "median over the layers, dB".to_owned(),
        x,
        y: Axis::linear("", low - margin, high + margin, |y| number::trimmed(y, 0)),
        size: (WIDTH, 240),
        marks: lines.into_iter().zip(Method::ALL).enumerate().map(named).collect(),
    }
}

pub(super) fn details(quantisation: &Quantisation) -> Markup {
    let layers = &quantisation.layers;
    let worst =
        |layer: &QuantisedLayer| chosen(layer).map_or(f64::INFINITY, |width| width.best().affine.signal_to_noise);
    let lowest = layers.iter().map(worst).fold(f64::INFINITY, f64::min);
    html! {
        p.soft {
            "The layer with the lowest ratio is open. Its histogram leaves out values of exactly 0, and its heights are logarithms, for the tails \
             decide. Below it are the ranges that were proposed."
        }
        @for (place, layer) in layers.iter().enumerate() {
            details.layer open[worst(layer) == lowest] {
                summary {
                    span.place { (place + 1) } " " strong { (layer.name) } " "
                    span.soft { (layer.function) (in_short(layer)) }
                }
                div { (inside(layer, layers.len() <= MOST_PLOTS || worst(layer) == lowest)) }
            }
        }
    }
}

fn in_short(layer: &QuantisedLayer) -> String {
    let Some(width) = chosen(layer) else { return String::new() };
    let best = width.best();
    let title = best.method.title();
    let (ratio, fixed) = (decibels(best.affine.signal_to_noise), width.best_fixed());
    format!(
        ": {ratio}\u{a0}dB in {} bits by {title}, {}\u{a0}dB in {}",
        width.bits,
        decibels(fixed.fit.signal_to_noise),
        fixed.format
    )
}

fn inside(layer: &QuantisedLayer, with_plot: bool) -> Markup {
    let mut facts = vec![
        (
            "Range of the outputs",
            format!("{} to {}", number::significant(layer.least), number::significant(layer.largest)),
        ),
        ("Values", layer.values.to_string()),
        ("Exactly 0", number::percent(layer.zeros)),
    ];
    if layer.not_finite > 0 {
        facts.push(("NaN or infinite", layer.not_finite.to_string()));
    }
    html! {
        dl.facts { @for (term, fact) in &facts { div { dt { (term) } dd { (fact) } } } }
        @if with_plot && let Some(width) = chosen(layer) {
            figure { div.plots { div { (histogram(layer, width)) } } }
        }
        (proposals(layer))
        @if layer.widths.iter().any(|width| !width.formats.is_empty()) { (asked(layer)) }
    }
}

fn proposals(layer: &QuantisedLayer) -> Markup {
    let columns = [
        "Method",
        "Bits",
        "Range",
        "Scale",
        "Zero point",
        "Signal to noise",
        "Clipped",
        "Codes used",
        "Q format",
        "Its signal to noise",
        "Its clipped",
        "Its codes used",
    ]
    .map(str::to_owned);
    let row = |width: &Width, proposal: &Proposal| {
        let (affine, fixed) = (&proposal.affine, &proposal.fixed);
        [
            proposal.method.title().to_owned(),
            width.bits.to_string(),
            format!("{} to {}", number::significant(proposal.low), number::significant(proposal.high)),
            number::significant(proposal.scale),
            proposal.zero_point.to_string(),
            format!("{}\u{a0}dB", decibels(affine.signal_to_noise)),
            share(affine.clipped),
            affine.codes.to_string(),
            fixed.format.to_string(),
            format!("{}\u{a0}dB", decibels(fixed.fit.signal_to_noise)),
            share(fixed.fit.clipped),
            fixed.fit.codes.to_string(),
        ]
        .to_vec()
    };
    let rows: Vec<_> =
        layer.widths.iter().flat_map(|width| width.proposals.iter().map(move |one| row(width, one))).collect();
    page::scrolling("What each method proposes.", &columns, &rows)
}

fn asked(layer: &QuantisedLayer) -> Markup {
    let columns = ["Format", "Range", "Signal to noise", "Clipped", "Codes used"].map(str::to_owned);
    let formats = layer.widths.iter().flat_map(|width| &width.formats);
    let rows: Vec<_> = formats
        .map(|fixed| {
            vec![
                fixed.format.to_string(),
                format!("{} to {}", number::significant(fixed.low), number::significant(fixed.high)),
                format!("{}\u{a0}dB", decibels(fixed.fit.signal_to_noise)),
                share(fixed.fit.clipped),
                fixed.fit.codes.to_string(),
            ]
        })
        .collect();
    page::scrolling("The formats that were asked about.", &columns, &rows)
}

/// The histogram above the ranges that were proposed.
fn histogram(layer: &QuantisedLayer, width: &Width) -> Markup {
    let reach = layer.largest - layer.least;
    let bins = layer.histogram.len().max(1) as f64;
    let most = layer.histogram.iter().copied().max().unwrap_or(0).max(1) as f64;
    let height = |count: u64| (1.0 + count as f64).ln() / (1.0 + most).ln();
    let at = |bin: usize| layer.least + (bin as f64 + 0.5) / bins * reach;
    let bars: Vec<_> = layer.histogram.iter().enumerate().map(|(bin, &count)| (at(bin), height(count))).collect();
    let mut marks = vec![
        Mark::Hill { points: bars, floor: 0.0, colour: Colour::Series(0) },
        Mark::Level { y: 0.0, dash: 0, word: "" },
    ];
    let best = width.best_fixed();
    let ranges = width
        .proposals
        .iter()
        .map(|proposal| (proposal.low, proposal.high, proposal.method.title().to_owned()))
        .chain([(best.low, best.high, best.format.to_string())])
        .chain(width.formats.iter().map(|fixed| (fixed.low, fixed.high, fixed.format.to_string())));
    let (mut y, step) = (0.0, 0.17);
    // To the right of the values is room for the names.
    let right = layer.largest + 0.04 * reach;
    for (index, (low, high, name)) in ranges.enumerate() {
        y -= step;
        let stroke = Stroke { colour: Colour::Series(index + 1), dash: 0 };
        let ends = [low.max(layer.least), high.min(layer.largest)].map(|x| (x, y));
        marks.push(Mark::Line { points: ends.to_vec(), stroke, width: 4.0 });
        let beyond =
            if high > 1.005 * layer.largest { format!("{name}, to {}", number::significant(high)) } else { name };
        marks.push(Mark::Word { at: (right, y), text: beyond });
    }
    let x = Axis::linear("output", layer.least, layer.largest + 0.42 * reach, number::significant)
        .with_ticks_up_to(layer.largest);
    let axis = Axis::linear("", y - step, 1.05, |_| String::new()).with_ticks(Vec::new());
    let size = (WIDTH, 300);
    let title = "how often, logarithmic; ranges and formats".to_owned();
    Plot { title, x, y: axis, size, marks }.inline(&format!(
        "The histogram of the outputs of {} above the ranges and formats proposed for them",
        layer.name
    ))
}
