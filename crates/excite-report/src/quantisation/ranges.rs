//! The main picture of the page: the outputs of each layer beside the numbers of its format, and the signal to noise.

use excite_tasks::quantisation::{Quantisation, QuantisedLayer, Width};
use maud::{Markup, html};

use super::{chosen, chosen_bits, decibels, share};
use crate::number;
use crate::page;
use crate::rows::{self, Item, Panel, Shape};
use crate::theme::Colour;

const SCALE: (Shape, Colour) = (Shape::Dot, Colour::Series(0));
const FORMAT: (Shape, Colour) = (Shape::Square, Colour::Series(1));

pub(super) fn figure(quantisation: &Quantisation) -> Markup {
    let layers: Vec<(&QuantisedLayer, &Width)> =
        quantisation.layers.iter().filter_map(|layer| Some((layer, chosen(layer)?))).collect();
    let names: Vec<&str> = layers.iter().map(|(layer, _)| layer.name.as_str()).collect();
    let bits = chosen_bits(quantisation);
    let description = format!(
        "The outputs of each layer beside the numbers of its best Q format in {bits} bits, and the signal to noise of each"
    );
    html! {
        figure {
            (page::areas([
                (Colour::Grid, "numbers of the best Q format"),
                (Colour::Sound, "99 % of the outputs"),
                (Colour::Level, "the middle half of them"),
                (Colour::Dead, "clipped"),
            ]))
            (rows::legend([(SCALE.0, SCALE.1, "with the best scale"), (FORMAT.0, FORMAT.1, "in the best Q format")]))
            (rows::picture(&names, &[sizes(&layers), ratios(&layers, bits)], &description))
            figcaption { "Outputs by their size on a logarithmic axis, without zeros. Six decibels are a bit." }
        }
    }
}

/// How large the outputs of each layer are, over the range of its format.
fn sizes(layers: &[(&QuantisedLayer, &Width)]) -> Panel {
    let step = |width: &Width| (-f64::from(width.best_fixed().fraction_bits)).exp2();
    let largest = |layer: &QuantisedLayer| layer.largest.abs().max(layer.least.abs());
    let values = layers.iter().flat_map(|(layer, width)| [step(width), width.best_fixed().high, largest(layer)]);
    let axis = rows::doublings(values);
    let items = |(layer, width): &(&QuantisedLayer, &Width)| {
        let format = width.best_fixed();
        let bar = |from: f64, to: f64, colour, thick| Item::Bar { ends: (from.log2(), to.log2()), colour, thick };
        let mut items = vec![bar(step(width), format.high, Colour::Grid, 14.0)];
        if let Some([low, first, third]) = quantiles(layer) {
            items.push(bar(low, largest(layer).min(format.high), Colour::Sound, 6.0));
            items.push(bar(first, third.min(format.high), Colour::Level, 6.0));
        }
        // Less than half a step beyond the end is rounded to it.
        if largest(layer) > format.high + 0.5 * step(width) {
            items.push(bar(format.high, largest(layer), Colour::Dead, 6.0));
        }
        items
    };
    let words = |(layer, width): &(&QuantisedLayer, &Width)| {
        let format = width.best_fixed();
        format!(
            "{}: {} to {}; {} holds {} to {}, {} clipped",
            layer.name,
            number::significant(layer.least),
            number::significant(layer.largest),
            format.format,
            number::significant(format.low),
            number::significant(format.high),
            share(format.fit.clipped),
        )
    };
    Panel {
        title: "size of the outputs".to_owned(),
        axis,
        level: None,
        items: layers.iter().map(items).collect(),
        words: layers.iter().map(words).collect(),
        weight: 3.0,
    }
}

/// The sizes under which 1 %, a quarter and three quarters of the outputs lie, those of exactly 0 left out; as fine as the histogram.
fn quantiles(layer: &QuantisedLayer) -> Option<[f64; 3]> {
    let bins = layer.histogram.len() as f64;
    let at = |bin: usize| (layer.least + (bin as f64 + 0.5) / bins * (layer.largest - layer.least)).abs();
    let mut sizes: Vec<(f64, u64)> = layer.histogram.iter().enumerate().map(|(bin, &count)| (at(bin), count)).collect();
    sizes.retain(|(size, count)| *count > 0 && *size > 0.0 && size.is_finite());
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = sizes.iter().map(|(_, count)| count).sum();
    let quantile = |share: f64| {
        let mut under = 0;
        let reached = |(_, count): &&(f64, u64)| {
            under += count;
            under as f64 >= share * total as f64
        };
        sizes.iter().find(reached).map(|(size, _)| *size)
    };
    Some([quantile(0.01)?, quantile(0.25)?, quantile(0.75)?])
}

/// The signal to noise with the best scale and in the best format.
fn ratios(layers: &[(&QuantisedLayer, &Width)], bits: u32) -> Panel {
    let both = |width: &Width| [width.best().affine.signal_to_noise, width.best_fixed().fit.signal_to_noise];
    let items = |(_, width): &(&QuantisedLayer, &Width)| {
        let [scale, format] = both(width);
        let join = Item::Bar { ends: (format.min(scale), scale.max(format)), colour: Colour::Grid, thick: 2.0 };
        let mark = |at, (shape, colour)| Item::Mark { at, colour, shape };
        vec![join, mark(scale, SCALE), mark(format, FORMAT)]
    };
    let words = |(layer, width): &(&QuantisedLayer, &Width)| {
        let [scale, format] = both(width).map(decibels);
        let (method, name) = (width.best().method.title(), width.best_fixed().format);
        format!("{}: {scale} dB with a scale by {method}, {format} dB in {name}", layer.name)
    };
    Panel {
        title: format!("signal to noise in {bits} bits, dB"),
        axis: rows::decibels(layers.iter().flat_map(|(_, width)| both(width))),
        level: None,
        items: layers.iter().map(items).collect(),
        words: layers.iter().map(words).collect(),
        weight: 2.0,
    }
}
