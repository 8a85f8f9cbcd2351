//! Units of a clamp that run into its cap.

use excite::{Facts, Function};

use super::{Cause, Finding, Rule, Severity, Subject, by_cause, counted, percent, severity_by_share, shift_or_spread};
use crate::{LayerVitals, Role, cap, integer_bits};

/// The share of values over what a standard normal input brings to the cap, from which on a unit is clipped: a choice of this
/// library.
const EXCESS: f64 = 0.05;

pub(super) static RULE: Rule = Rule {
    id: "clipped-units",
    title: "Clipped units",
    meaning: "The unit's outputs often are at the cap of the function, as the 6 of ReLU6, where larger inputs give the same output and no \
              gradient. Fixed-point formats without room for larger values clip in the same way.",
    threshold: "A unit of a function with a cap that reaches it in 5 % of its values more than standard normal inputs would. Under a tenth of \
                a layer is a note, more is a warning; in a gate or an output it is a note.",
    remedies: &[
        (Cause::Unknown, "Use a function with a higher cap or none, or normalise before it."),
        (
            Cause::Spread,
            "The pre-activations are spread too wide: normalise before the function, or use one with a higher cap or none.",
        ),
        (Cause::Shift, "The pre-activations lie too high: start biases at 0, or normalise before the function."),
    ],
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.layers().flat_map(|(layer, _)| of_layer(layer)).collect()
}

fn of_layer(layer: &LayerVitals) -> Vec<Finding> {
    let Some(cap) = cap(layer.function()) else { return Vec::new() };
    let (units, usual) = (layer.units(), usual_share(layer.function()));
    let is_clipped = |unit: usize| units[unit].capped_share().is_some_and(|share| share > usual + EXCESS);
    let clipped: Vec<usize> = (0..units.len()).filter(|&unit| is_clipped(unit)).collect();
    let severity = match layer.role() {
        Role::Gate | Role::Output => Severity::Note,
        Role::Hidden => severity_by_share(clipped.len(), units.len()).min(Severity::Warning),
    };
    by_cause(clipped.into_iter().map(|unit| (unit, shift_or_spread(&units[unit].z))))
        .into_iter()
        .map(|(cause, group)| {
            let shares = group.iter().filter_map(|&unit| units[unit].capped_share());
            let share = shares.sum::<f64>() / group.len() as f64;
            let largest = group.iter().map(|&unit| units[unit].z.max).fold(f64::MIN, f64::max);
            let count = counted(group.len(), units.len());
            let summary = format!("{count} are at the cap of {cap} for {} of their values", percent(share));
            let mut finding = Finding::on(&RULE, layer, group, cause, summary)
                .severity(severity)
                .with("share of values at the cap", share)
                .with("the same share of standard normal inputs", usual);
            if largest > f64::MIN {
                finding = finding
                    .with("largest pre-activation", largest)
                    .with("integer bits that it takes without the cap", f64::from(integer_bits(largest.abs())));
            }
            finding.with_units("share of values at the cap", |unit| units[unit].capped_share())
        })
        .collect()
}

/// The share of standard normal inputs that reach the cap.
fn usual_share(f: Function) -> f64 {
    let Some(from) = Facts::of(f).saturated_above else { return 0.0 };
    let density = |x: &f64| (-0.5 * x * x).exp();
    let inputs = || (-8000..=8000).map(|i| f64::from(i) / 1000.0);
    inputs().filter(|&x| x >= from).map(|x| density(&x)).sum::<f64>() / inputs().map(|x| density(&x)).sum::<f64>()
}
