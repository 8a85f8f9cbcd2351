//! The setting that costs the outputs least, and what it costs, in a sentence.

use excite_vitals::in_words::percent;

use crate::quantisation::{QuantisedLayer, Recommendation, SimulatedOutput, Simulation};

/// A width keeps enough from 20 dB on: its noise has a hundredth of the outputs' power. With more noise accuracy suffers visibly.
const ENOUGH: f64 = 20.0;

/// The simulation of the narrowest width that keeps enough, else of the one that keeps most, each by its best scheme. None without one.
pub(super) fn chosen(simulations: &[Simulation]) -> Option<&Simulation> {
    let mut bits: Vec<u32> = simulations.iter().map(|simulation| simulation.bits).collect();
    bits.sort_unstable();
    bits.dedup();
    let best_of = |bits: u32| {
        best(simulations.iter().filter(|simulation| simulation.bits == bits && !simulation.outputs.is_empty()))
    };
    let each: Vec<&Simulation> = bits.into_iter().filter_map(best_of).collect();
    each.iter().copied().find(|simulation| kept(simulation) >= ENOUGH).or_else(|| best(each.iter().copied()))
}

/// The one that keeps most; of equal ones the first.
fn best<'a>(simulations: impl Iterator<Item = &'a Simulation>) -> Option<&'a Simulation> {
    simulations.reduce(|a, b| if kept(b) > kept(a) { b } else { a })
}

impl Recommendation {
    pub(super) fn of(chosen: &Simulation) -> Self {
        let signal_to_noise = kept(chosen);
        Self { bits: chosen.bits, scheme: chosen.scheme.clone(), signal_to_noise, is_enough: signal_to_noise >= ENOUGH }
    }
}

/// The signal-to-noise ratio of the output that loses most.
fn kept(simulation: &Simulation) -> f64 {
    simulation.outputs.iter().map(|output| output.signal_to_noise).fold(f64::INFINITY, f64::min)
}

/// What to take and what it costs, in at most 25 words.
pub(super) fn headline(chosen: Option<&Simulation>, layers: &[QuantisedLayer], is_random: bool) -> String {
    let random = if is_random { "On random inputs: " } else { "" };
    let Some(chosen) = chosen else { return format!("{random}{}", of_layers(layers)) };
    let Recommendation { bits, scheme, signal_to_noise, is_enough } = Recommendation::of(chosen);
    let loses = match signal_to_noise {
        f64::INFINITY => "the outputs lose nothing".to_owned(),
        ratio => format!("the outputs keep {ratio:.0} dB"),
    };
    let classes = classes(&chosen.outputs).map_or_else(String::new, |classes| format!(", {classes}"));
    if is_enough {
        format!("{random}Take {bits} bits by {scheme}: {loses}{classes}.")
    } else {
        format!("{random}Costly: {bits} bits by {scheme} lose least, yet {loses}{classes}.")
    }
}

/// What becomes of the largest classes.
fn classes(outputs: &[SimulatedOutput]) -> Option<String> {
    let (changed, samples) = outputs.iter().find_map(|output| Some((output.top1_changed?, output.samples)))?;
    Some(match changed {
        0 => format!("and all {samples} samples their class"),
        _ if samples < 1000 => format!("and {changed} of {samples} samples get another class"),
        _ => format!("and {} of {samples} samples get another class", percent(changed as f64 / samples as f64)),
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn simulation(bits: u32, scheme: &str, ratios: &[f64]) -> Simulation {
        let output = |&signal_to_noise: &f64| SimulatedOutput {
            name: "y".to_owned(),
            signal_to_noise,
            top1_changed: Some(2),
            samples: 20,
        };
        Simulation { bits, scheme: scheme.to_owned(), outputs: ratios.iter().map(output).collect(), accuracy: None }
    }

    #[test]
    fn the_narrowest_width_that_keeps_enough_is_taken_by_its_best_scheme() {
        let all = [
            simulation(4, "a", &[9.0]),
            simulation(8, "a", &[21.0]),
            simulation(8, "b", &[30.0, 24.0]),
            simulation(8, "c", &[40.0, 20.5]),
            simulation(12, "a", &[48.0]),
        ];
        let found = Recommendation::of(chosen(&all).unwrap());
        assert_eq!((found.bits, &found.scheme[..], found.signal_to_noise, found.is_enough), (8, "b", 24.0, true));
        let found = Recommendation::of(chosen(&all[..1]).unwrap());
        assert_eq!((found.bits, found.is_enough), (4, false));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn classes_are_counted_where_there_are_any() {
        let outputs = simulation(8, "a", &[20.0]).outputs;
        assert_eq!(classes(&outputs).unwrap(), "and 2 of 20 samples get another class");
        assert_eq!(classes(&[]), None);
    }
}
