//! What a cap buys: ReLU without one, with it, and with the best one.

use excite_tasks::quantisation::{CapEffect, Fixed, Quantisation};
use maud::{Markup, html};

use super::{chosen, chosen_bits, decibels, share, with_clipped};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::Stroke;
use crate::{number, page};

pub(super) fn effect(quantisation: &Quantisation) -> Markup {
    let (cap, bits) = (quantisation.cap, chosen_bits(quantisation));
    let all: Vec<(usize, &str, &CapEffect)> = quantisation
        .layers
        .iter()
        .enumerate()
        .filter_map(|(place, layer)| Some((place + 1, layer.name.as_str(), chosen(layer)?.cap.as_ref()?)))
        .collect();
    let first = |format: &dyn Fn(&CapEffect) -> &Fixed| {
        all.first().map_or_else(String::new, |(_, _, e)| format(e).format.to_string())
    };
    let (with, signed) = (first(&|effect| &effect.with), first(&|effect| &effect.with_signed));
    let columns = [
        "Layer".to_owned(),
        format!("Over {cap}"),
        "Largest".to_owned(),
        "No cap: holds all".to_owned(),
        "No cap: best format".to_owned(),
        format!("Cap {cap}: {with}"),
        format!("Cap {cap}: {signed}"),
        format!("Cap {cap}: finest scale"),
        "Best cap, by scale".to_owned(),
        "Fraction bits saved".to_owned(),
    ];
    let fixed = |fixed: &Fixed| html! { (fixed.format) " " (with_clipped(&fixed.fit)) };
    let row = |(_, name, effect): &(usize, &str, &CapEffect)| {
        vec![
            html! { (name) },
            html! { (share(effect.above)) },
            html! { (number::significant(effect.largest)) },
            fixed(&effect.without),
            fixed(&effect.without_best),
            html! { (decibels(effect.with.fit.signal_to_noise)) " dB" },
            html! { (decibels(effect.with_signed.fit.signal_to_noise)) " dB" },
            html! { (decibels(effect.with_scale.signal_to_noise)) " dB" },
            html! { (number::significant(effect.best)) " " (with_clipped(&effect.best_fit)) },
            html! { (effect.fraction_bits) },
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let caption = format!(
        "In {bits} bits, judged by the pre-activations of this data. Without a cap, and for the best cap, noise is counted against the \
         outputs of a ReLU without one; with the cap against those of a ReLU that has it, as a network that was trained with it."
    );
    html! {
        (figure(&all, cap, &with, &signed))
        details.figures open[rows.len() <= 12] {
            summary { "The figures of each layer" }
            (page::scrolling(&caption, &columns, &rows))
        }
    }
}

/// A figure of a layer.
type Figure<'a> = &'a dyn Fn(&CapEffect) -> f64;

fn figure(all: &[(usize, &str, &CapEffect)], cap: f64, with: &str, signed: &str) -> Markup {
    let series: [(String, Figure); 4] = [
        ("no cap: the format that holds all".to_owned(), &|effect| effect.without.fit.signal_to_noise),
        (format!("cap {cap} in {with}"), &|effect| effect.with.fit.signal_to_noise),
        (format!("cap {cap} in {signed}"), &|effect| effect.with_signed.fit.signal_to_noise),
        ("no cap: the best format".to_owned(), &|effect| effect.without_best.fit.signal_to_noise),
    ];
    let points = |figure: Figure| -> Vec<(f64, f64)> {
        all.iter().map(|(place, _, effect)| (*place as f64, figure(effect))).collect()
    };
    let lines: Vec<Vec<(f64, f64)>> = series.iter().map(|(_, figure)| points(*figure)).collect();
    let ratios = super::layers::ratios("signal to noise, dB".to_owned(), places(all), &lines, 0);
    let largest = points(&|effect| effect.largest);
    let best = points(&|effect| effect.best);
    let top = largest.iter().map(|(_, y)| *y).filter(|y| y.is_finite()).fold(cap, f64::max);
    let values = Plot {
        title: "largest pre-activation, and the best cap".to_owned(),
        x: places(all),
        y: Axis::linear("", 0.0, 1.05 * top, number::significant),
        size: (WIDTH, 240),
        marks: vec![
            Mark::Level { y: cap, dash: 1, word: "" },
            Mark::line(largest, Stroke::series(4)),
            Mark::line(best, Stroke::series(5)),
        ],
    };
    let names = [("largest pre-activation", 4), ("best cap", 5)];
    let legend = page::legend(
        series
            .iter()
            .enumerate()
            .map(|(index, (name, _))| (Stroke::series(index), name.as_str()))
            .chain(names.map(|(name, index)| (Stroke::series(index), name))),
    );
    let plots = [
        ratios.inline("Signal to noise of each ReLU layer without a cap and with one"),
        values.inline("The largest pre-activation of each ReLU layer, and the cap with the least error"),
    ];
    let caption = "Six decibels are a bit. Where the largest pre-activation is under the next power of two above the cap, the format that \
                   holds all is the same with the cap and without, and the cap buys nothing. The dashed level is the cap.";
    page::figure("From the input to the output", &legend, &plots, caption)
}

fn places(all: &[(usize, &str, &CapEffect)]) -> Axis {
    let last = all.iter().map(|(place, ..)| *place).max().unwrap_or(1);
    let name = |place: usize| {
        let found = all.iter().find(|(at, ..)| *at == place);
        found.map_or_else(String::new, |(_, name, _)| page::shortened(name, 10))
    };
    Axis::places("layer", (1..=last).map(name).collect())
}
