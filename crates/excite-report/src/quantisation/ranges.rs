//! The main picture of the page: the outputs of each layer over the numbers that its format holds, and what each costs.

use excite_tasks::quantisation::{LayerFormat, LayerSensitivity, Quantisation, QuantisedLayer};
use maud::{Markup, html};

use super::{chosen, decibels, share};
use crate::axis::Axis;
use crate::number;
use crate::page;
use crate::rows::{self, Item, Panel, Shape};
use crate::theme::Colour;

/// A layer with the format that is recommended, or else the one with the least error of its own.
struct Row<'a> {
    layer: &'a QuantisedLayer,
    bits: u32,
    /// How the format is chosen.
    by: String,
    /// From one number to the next.
    step: f64,
    low: f64,
    high: f64,
    clipped: f64,
    own: f64,
    sensitivity: Option<&'a LayerSensitivity>,
}

impl<'a> Row<'a> {
    fn of(quantisation: &'a Quantisation, layer: &'a QuantisedLayer) -> Option<Self> {
        let formats = quantisation.recommended.iter().flat_map(|recommended| &recommended.layers);
        let sensitivity = quantisation.sensitivity.iter().find(|one| one.layer == layer.name);
        let of_format = |format: &LayerFormat| Self {
            layer,
            bits: format.bits,
            by: format.format.map_or_else(|| format.by.clone(), |format| format.to_string()),
            step: format.scale,
            low: format.low,
            high: format.high,
            clipped: format.fit.clipped,
            own: format.fit.signal_to_noise,
            sensitivity,
        };
        formats.into_iter().find(|format| format.layer == layer.name).map(of_format).or_else(|| {
            let width = chosen(layer)?;
            let best = width.best();
            Some(Self {
                layer,
                bits: width.bits,
                by: best.method.title().to_owned(),
                step: best.scale,
                low: best.low,
                high: best.high,
                clipped: best.affine.clipped,
                own: best.affine.signal_to_noise,
                sensitivity,
            })
        })
    }

    /// The largest size that the format holds.
    fn end(&self) -> f64 {
        self.high.max(-self.low)
    }
}

pub(super) fn figure(quantisation: &Quantisation) -> Markup {
    let rows: Vec<Row> = quantisation.layers.iter().filter_map(|layer| Row::of(quantisation, layer)).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.layer.name.as_str()).collect();
    let has_costs = rows.iter().any(|row| row.sensitivity.is_some());
    let mut panels = vec![sizes(&rows)];
    panels.extend(has_costs.then(|| costs(&rows)));
    if rows.iter().any(|row| row.bits != rows[0].bits) {
        panels.push(widths(&rows));
    }
    let description = "The outputs of each layer over the numbers that its format holds, and its part of the noise at the network's outputs";
    html! {
        figure {
            (page::areas([
                (Colour::Grid, "numbers that the format holds"),
                (Colour::Sound, "99 % of the outputs"),
                (Colour::Level, "the middle half of them"),
                (Colour::Dead, "cut off, up to the largest"),
            ]))
            (rows::picture(&names, &panels, description))
            figcaption {
                "Outputs by their size on a logarithmic axis, without zeros."
                @if has_costs { " A layer's part of the noise: that which it adds to the network's outputs when it alone is quantised." }
            }
        }
    }
}

/// How large the outputs of each layer are, over the range of its format.
fn sizes(rows: &[Row]) -> Panel {
    let largest = |layer: &QuantisedLayer| layer.largest.abs().max(layer.least.abs());
    let axis = rows::doublings(rows.iter().flat_map(|row| [row.step, row.end(), largest(row.layer)]));
    let items = |row: &Row| {
        let bar = |from: f64, to: f64, colour, thick| Item::Bar { ends: (from.log2(), to.log2()), colour, thick };
        let mut items = vec![bar(row.step, row.end(), Colour::Grid, 14.0)];
        if let Some([low, first, third]) = quantiles(row.layer) {
            items.push(bar(low, largest(row.layer).min(row.end()), Colour::Sound, 6.0));
            items.push(bar(first, third.min(row.end()), Colour::Level, 6.0));
        }
        // Less than half a step beyond the end is rounded to it.
        if largest(row.layer) > row.end() + 0.5 * row.step {
            items.push(bar(row.end(), largest(row.layer), Colour::Dead, 6.0));
        }
        items
    };
    let words = |row: &Row| {
        format!(
            "{}: {} to {}; {} bits by {} hold {} to {}, {} cut off; {} dB of its own",
            row.layer.name,
            number::significant(row.layer.least),
            number::significant(row.layer.largest),
            row.bits,
            row.by,
            number::significant(row.low),
            number::significant(row.high),
            share(row.clipped),
            decibels(row.own),
        )
    };
    Panel {
        title: "size of the outputs".to_owned(),
        axis,
        level: None,
        items: rows.iter().map(items).collect(),
        words: rows.iter().map(words).collect(),
        weight: 3.0,
    }
}

/// What each layer adds to the noise at the outputs.
fn costs(rows: &[Row]) -> Panel {
    let share = |row: &Row| row.sensitivity.map_or(0.0, |one| 100.0 * one.share);
    let most = rows.iter().map(share).fold(1.0, f64::max);
    let words = |row: &Row| match row.sensitivity {
        Some(one) => format!(
            "{}: {} of the noise; alone in {} bits by {} it leaves the outputs {} dB, all others {} dB",
            row.layer.name,
            number::percent(one.share),
            one.bits,
            one.by,
            decibels(one.alone),
            decibels(one.all_others)
        ),
        None => format!("{}: not quantised", row.layer.name),
    };
    let bar = |row: &Row| vec![Item::Bar { ends: (0.0, share(row)), colour: Colour::Series(0), thick: 9.0 }];
    Panel {
        title: "part of the noise, %".to_owned(),
        axis: Axis::linear("", 0.0, 1.05 * most, |share| number::trimmed(share, 0)).with_whole_ticks(),
        level: None,
        items: rows.iter().map(bar).collect(),
        words: rows.iter().map(words).collect(),
        weight: 1.5,
    }
}

/// The width of each layer, where they differ.
fn widths(rows: &[Row]) -> Panel {
    let mark =
        |row: &Row| vec![Item::Mark { at: f64::from(row.bits), colour: Colour::Series(1), shape: Shape::Square }];
    let (low, high) = rows.iter().fold((u32::MAX, 0), |(low, high), row| (low.min(row.bits), high.max(row.bits)));
    let ticks = (low..=high).filter(|bits| rows.iter().any(|row| row.bits == *bits)).map(f64::from).collect();
    Panel {
        title: "bits".to_owned(),
        axis: Axis::linear("", f64::from(low) - 0.7, f64::from(high) + 0.7, |bits| number::trimmed(bits, 0))
            .with_ticks(ticks),
        level: None,
        items: rows.iter().map(mark).collect(),
        words: rows.iter().map(|row| format!("{}: {} bits", row.layer.name, row.bits)).collect(),
        weight: 0.8,
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
