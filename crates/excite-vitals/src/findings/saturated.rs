//! Units that are nearly always where the function is flat.

use excite::{Facts, Function};

use super::{Cause, Finding, Rule, Severity, Subject, by_cause, counted, percent, severity_by_share, shift_or_spread};
use crate::sketch::Unit;
use crate::{LayerVitals, Role};

pub(super) static RULE: Rule = Rule {
    id: "saturated-units",
    title: "Saturated units",
    meaning: "For over 95 % of the values the slope was under 5 % of the function's largest, so next to no gradient passes and the unit \
              answers to its input hardly at all. A sigmoid or tanh gets there when its pre-activations are too large.",
    threshold: "A unit that is saturated for over 95 % of its values, on either side; the off side of ReLU and its like, where the output is \
                0, and a leak do not count. Under a tenth of a layer is a note, half or more is an error; in a gate or an output it is a note.",
    remedies: &[
        (Cause::Unknown, "Rescale the initialisation, normalise before the function, or lower the learning rate."),
        (
            Cause::Spread,
            "The pre-activations are spread too wide: initialise with the gain of the function, normalise before it, or lower the learning \
             rate.",
        ),
        (
            Cause::Shift,
            "The pre-activations lie to one side: start biases at 0, standardise the inputs, or normalise before the function.",
        ),
    ],
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.layers().flat_map(|(layer, _)| of_layer(layer)).collect()
}

fn of_layer(layer: &LayerVitals) -> Vec<Finding> {
    let off_side = is_off_below(layer.function());
    let (low, high) = (|u: &Unit| if off_side { 0 } else { u.low }, |u: &Unit| u.high);
    let is_saturated = |u: &Unit| 20 * (low(u) + high(u)) > 19 * u.slopes();
    let units = layer.units();
    let saturated: Vec<usize> = (0..units.len()).filter(|&unit| is_saturated(&units[unit])).collect();
    let severity = match layer.role() {
        Role::Gate | Role::Output => Severity::Note,
        Role::Hidden => severity_by_share(saturated.len(), units.len()),
    };
    by_cause(saturated.into_iter().map(|unit| (unit, shift_or_spread(&units[unit].z))))
        .into_iter()
        .map(|(cause, group)| {
            let mean = |share: fn(&Unit) -> Option<f64>| {
                group.iter().filter_map(|&unit| share(&units[unit])).sum::<f64>() / group.len() as f64
            };
            let (low, high) = (if off_side { 0.0 } else { mean(Unit::low_share) }, mean(Unit::high_share));
            let summary = format!(
                "{} are saturated for {} of their values: {} on the low side, {} on the high side",
                counted(group.len(), units.len()),
                percent(low + high),
                percent(low),
                percent(high)
            );
            Finding::on(&RULE, layer, group, cause, summary)
                .severity(severity)
                .with("share of values saturated on the low side", low)
                .with("share of values saturated on the high side", high)
                .with_units("saturation measure", |unit| layer.saturation_measure(&units[unit]))
                .with_units("mean pre-activation", |unit| (units[unit].z.count > 0).then_some(units[unit].z.mean))
                .with_units("standard deviation of the pre-activation", |unit| {
                    (units[unit].z.count > 0).then(|| units[unit].z.std())
                })
        })
        .collect()
}

/// Whether the low side is none that counts: the off side of ReLU, GELU and SiLU, where outputs go to 0, or a leak, which goes on without
/// end. Sparse is not saturated.
fn is_off_below(f: Function) -> bool {
    let goes_to_0 = f.value(0.0_f64) == 0.0 && f.value(-1e6_f64).abs() < 1e-6;
    goes_to_0 || Facts::of(f).range.low.is_infinite()
}
