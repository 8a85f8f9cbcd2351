//! The setting to take, and what it costs, in a sentence.

use std::collections::BTreeMap;

use excite_vitals::in_words::{percent, plural};

use super::candidates::Candidate;
use crate::quantisation::{ConvertedFormat, QuantisedLayer, Recommendation, SimulatedOutput};

/// A setting in a few words: its widths, and the choice where that is one.
pub(super) fn scheme(chosen: &[Option<Candidate>], power_of_two: bool) -> String {
    let mut widths: BTreeMap<u32, usize> = BTreeMap::new();
    chosen.iter().flatten().for_each(|candidate| *widths.entry(candidate.bits).or_default() += 1);
    let kind = if power_of_two { " in Q formats" } else { "" };
    if let Some((bits, _)) = widths.first_key_value().filter(|_| widths.len() == 1) {
        let bounded = |title: &String| title == "range of the function";
        let mut titles: Vec<String> = chosen.iter().flatten().map(|candidate| candidate.choice.title()).collect();
        titles.sort();
        titles.dedup();
        titles.retain(|title| !bounded(title));
        return match &titles[..] {
            [only] if !power_of_two && only == "given" => format!("{bits} bits as given"),
            [only] if !power_of_two => format!("{bits} bits by {only}"),
            _ => format!("{bits} bits{kind}"),
        };
    }
    // The width of most layers first.
    let mut widths: Vec<(u32, usize)> = widths.into_iter().collect();
    widths.sort_by_key(|&(bits, layers)| (std::cmp::Reverse(layers), bits));
    if widths.len() > 3 {
        let bits: Vec<u32> = widths.iter().map(|(bits, _)| *bits).collect();
        let (least, most) = (bits.iter().min().copied().unwrap_or(0), bits.iter().max().copied().unwrap_or(0));
        return format!("{least} to {most} bits by layer{kind}");
    }
    let parts = widths.iter().enumerate().map(|(place, (bits, layers))| match place {
        0 => format!("{bits} bits in {}", plural(*layers, "layer")),
        _ => format!("{bits} in {layers}"),
    });
    let parts: Vec<String> = parts.collect();
    let (last, first) = parts.split_last().map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
    format!("{} and {last}{kind}", first.join(", "))
}

/// The number of bits of most layers, the fewest of equally many; and the mean.
pub(super) fn bits(chosen: &[Option<Candidate>]) -> (u32, f64) {
    let all: Vec<u32> = chosen.iter().flatten().map(|candidate| candidate.bits).collect();
    let count = |bits: u32| all.iter().filter(|&&one| one == bits).count();
    let most = all.iter().copied().max_by_key(|&bits| (count(bits), std::cmp::Reverse(bits)));
    (most.unwrap_or(0), f64::from(all.iter().sum::<u32>()) / all.len().max(1) as f64)
}

/// What to take and what it costs, in at most 25 words.
pub(super) fn headline(recommended: Option<&Recommendation>, layers: &[QuantisedLayer], is_random: bool) -> String {
    let random = if is_random { "On random inputs: " } else { "" };
    let Some(recommended) = recommended else {
        return format!("{random}{}", of_converted(layers).unwrap_or_else(|| of_layers(layers)));
    };
    let loses = match recommended.signal_to_noise {
        f64::INFINITY => "the outputs lose nothing".to_owned(),
        ratio => format!("the outputs keep {ratio:.0} dB"),
    };
    let classes = classes(&recommended.outputs).map_or_else(String::new, |classes| format!(", {classes}"));
    let scheme = &recommended.scheme;
    if recommended.is_enough {
        format!("{random}Take {scheme}: {loses}{classes}.")
    } else {
        format!("{random}Costly: {scheme} lose least, yet {loses}{classes}.")
    }
}

/// What becomes of the largest classes.
fn classes(outputs: &[SimulatedOutput]) -> Option<String> {
    let (changed, output) = outputs.iter().find_map(|output| Some((output.top1_changed?, output)))?;
    let samples = output.samples;
    Some(match changed {
        0 => format!("and all {samples} samples their class"),
        1 => format!("and 1 of {samples} samples gets another class"),
        _ if samples < 1000 => format!("and {changed} of {samples} samples get another class"),
        _ => format!("and {} of {samples} samples get another class", percent(changed as f64 / samples as f64)),
    })
}

/// Of a model that is quantised already: where its ranges lose more than the best ones.
fn of_converted(layers: &[QuantisedLayer]) -> Option<String> {
    let converted = layers.iter().filter_map(|layer| Some((layer, layer.converted.as_ref()?)));
    let loss = |converted: &ConvertedFormat| converted.best.signal_to_noise - converted.fit.signal_to_noise;
    let losses: Vec<(&str, f64)> = converted
        .map(|(layer, converted)| (layer.name.as_str(), loss(converted)))
        .filter(|(_, loss)| !loss.is_nan())
        .collect();
    let (name, worst) = losses.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let all = plural(losses.len(), "layer");
    Some(if worst <= MUCH {
        format!("Quantised already, and well: no range of {all} is more than {MUCH:.0} dB from the best.")
    } else {
        let count = losses.iter().filter(|(_, loss)| *loss > MUCH).count();
        format!(
            "Quantised already: {count} of {all} lose over {MUCH:.0} dB by their range, {name} most, {worst:.1} dB."
        )
    })
}

/// What a range may lose beside the best one before it is worth a word: a sixth of a bit.
const MUCH: f64 = 1.0;

/// Where nothing was simulated: the layer that loses most at the narrowest width.
fn of_layers(layers: &[QuantisedLayer]) -> String {
    let ratios = layers.iter().filter_map(|layer| {
        let width = layer.widths.first()?;
        Some((layer.name.as_str(), width.bits, width.best().affine.signal_to_noise))
    });
    match ratios.reduce(|a, b| if b.2 < a.2 { b } else { a }) {
        None => "No activation could be quantised.".to_owned(),
        Some((_, bits, f64::INFINITY)) => format!("{bits} bits lose nothing in any layer."),
        Some((name, bits, ratio)) => format!("In {bits} bits {name} loses most and keeps {ratio:.0} dB."),
    }
}
