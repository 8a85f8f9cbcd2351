//! What a cap buys: ReLU without one, with it, and with the best one.

use excite_tasks::quantisation::{CapEffect, Fixed, Quantisation};
use maud::{Markup, html};

use super::{chosen, chosen_bits, decibels, share, with_clipped};
use crate::rows::{self, Item, Panel, Shape};
use crate::theme::Colour;
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
        p { (quantisation.verdict) }
        (figure(&all, cap, &with, &signed))
        details.figures open[rows.len() <= 12] {
            summary { "The figures of each layer" }
            (page::scrolling(&caption, &columns, &rows))
        }
    }
}

/// The marks of the ways to store a ReLU's outputs.
const MARKS: [(Shape, Colour); 4] = [
    (Shape::Dot, Colour::Series(0)),
    (Shape::Square, Colour::Series(1)),
    (Shape::Diamond, Colour::Series(2)),
    (Shape::Tick, Colour::Series(3)),
];

fn figure(all: &[(usize, &str, &CapEffect)], cap: f64, with: &str, signed: &str) -> Markup {
    let titles = [
        "no cap: the format that holds all".to_owned(),
        format!("cap {cap} in {with}"),
        format!("cap {cap} in {signed}"),
        "no cap: the best format".to_owned(),
    ];
    let ratios = |effect: &CapEffect| {
        [&effect.without, &effect.with, &effect.with_signed, &effect.without_best]
            .map(|fixed| fixed.fit.signal_to_noise)
    };
    let words = |effect: &CapEffect| {
        let texts: Vec<String> =
            titles.iter().zip(ratios(effect)).map(|(title, ratio)| format!("{title} {} dB", decibels(ratio))).collect();
        texts.join("; ")
    };
    let marks = |effect: &CapEffect| {
        ratios(effect).into_iter().zip(MARKS).map(|(at, (shape, colour))| Item::Mark { at, colour, shape }).collect()
    };
    let noise = Panel {
        title: "signal to noise, dB".to_owned(),
        axis: rows::decibels(all.iter().flat_map(|(.., effect)| ratios(effect))),
        level: None,
        items: all.iter().map(|(.., effect)| marks(effect)).collect(),
        words: all.iter().map(|(_, name, effect)| format!("{name}: {}", words(effect))).collect(),
        weight: 3.0,
    };
    let sizes = |effect: &CapEffect| [effect.largest, effect.best];
    let mark =
        |at: f64, series: usize, shape: Shape| Item::Mark { at: at.log2(), colour: Colour::Series(series), shape };
    let values = Panel {
        title: "largest input and best cap".to_owned(),
        axis: rows::doublings(all.iter().flat_map(|(.., effect)| sizes(effect)).chain([cap])),
        level: Some(cap.log2()),
        items: all
            .iter()
            .map(|(.., effect)| vec![mark(effect.largest, 4, Shape::Dot), mark(effect.best, 6, Shape::Square)])
            .collect(),
        words: all
            .iter()
            .map(|(_, name, effect)| {
                let [largest, best] = sizes(effect).map(number::significant);
                format!("{name}: largest input {largest}, best cap {best}")
            })
            .collect(),
        weight: 2.0,
    };
    let names: Vec<&str> = all.iter().map(|(_, name, _)| *name).collect();
    let legend = MARKS.iter().zip(&titles).map(|((shape, colour), title)| (*shape, *colour, title.as_str()));
    let more = [(Shape::Dot, Colour::Series(4), "largest input"), (Shape::Square, Colour::Series(6), "best cap")];
    html! {
        figure {
            (rows::legend(legend.chain(more)))
            (rows::picture(&names, &[noise, values], "Signal to noise of each ReLU layer without a cap and with one, and its largest input"))
            figcaption {
                "Six decibels are a bit. Where the largest input is under the next power of two above the cap (dashed), the format that holds all is \
                 the same with the cap and without, and the cap buys nothing."
            }
        }
    }
}
