//! Units of a clamp that run into its cap.

use excite::{Facts, Function};

use super::{Cause, Finding, Grade, Rule, by_cause, counted, percent, shift_or_spread};
use crate::evidence::Subject;
use crate::{LayerVitals, cap, integer_bits};

/// The share of values over what a standard normal input brings to the cap, from which on a unit is clipped: a choice of this
/// library.
const EXCESS: f64 = 0.05;

pub(super) static RULE: Rule = Rule {
    id: "clipped-units",
    title: "Clipped units",
    meaning: "The unit's outputs often are at the cap of the function, as the 6 of ReLU6, where larger inputs give the same output and no \
              gradient. Fixed-point formats without room for larger values clip in the same way.",
    threshold: "A unit of a function with a cap that reaches it in 5 % of its values more than standard normal inputs would. It is a fact, not a \
                warning: a cap is there to clip.",
    remedies: &[
        (Cause::Unknown, "Use a function with a higher cap or none, or normalise before it."),
        (
            Cause::Spread,
            "The pre-activations are spread too wide: normalise before the function, or use one with a higher cap or none.",
        ),
        (Cause::Shift, "The pre-activations lie too high: start biases at 0, or normalise before the function."),
    ],
    finished: "Nothing need be done: the cap does what it is for. In fixed point, the integer bits that the cap takes are enough.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.layers().filter_map(|(layer, _)| of_layer(layer)).collect()
}

fn of_layer(layer: &LayerVitals) -> Option<Finding> {
    let cap = cap(layer.function())?;
    let (units, usual) = (layer.units(), usual_share(layer.function()));
    let is_clipped = |unit: &usize| units[*unit].capped_share().is_some_and(|share| share > usual + EXCESS);
    let clipped: Vec<usize> = (0..units.len()).filter(is_clipped).collect();
    if clipped.is_empty() {
        return None;
    }
    let parts = by_cause(clipped.iter().map(|&unit| (unit, shift_or_spread(&units[unit].z), Grade::Measured)));
    let shares = clipped.iter().filter_map(|&unit| units[unit].capped_share());
    let share = shares.sum::<f64>() / clipped.len() as f64;
    let largest = clipped.iter().map(|&unit| units[unit].z.max).fold(f64::MIN, f64::max);
    let count = counted(clipped.len(), units.len());
    let summary = format!("{count} are at the cap of {cap} for {} of their values", percent(share));
    let mut finding = Finding::on(&RULE, layer, clipped, Cause::Unknown, summary)
        .with_parts(parts)
        .with("share of values at the cap", share)
        .with("the same share of standard normal inputs", usual);
    if largest > f64::MIN {
        finding = finding
            .with("largest pre-activation", largest)
            .with("integer bits that it takes without the cap", f64::from(integer_bits(largest.abs())));
    }
    Some(finding.with_units("share of values at the cap", |unit| units[unit].capped_share()))
}

/// The share of standard normal inputs that reach the cap.
fn usual_share(f: Function) -> f64 {
    let Some(from) = Facts::of(f).saturated_above else { return 0.0 };
    let density = |x: &f64| (-0.5 * x * x).exp();
    let inputs = || (-8000..=8000).map(|i| f64::from(i) / 1000.0);
    inputs().filter(|&x| x >= from).map(|x| density(&x)).sum::<f64>() / inputs().map(|x| density(&x)).sum::<f64>()
}
