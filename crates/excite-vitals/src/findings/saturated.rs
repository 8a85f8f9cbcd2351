//! Units that are nearly always where the function is flat.

use super::{Cause, Finding, Grade, Rule, by_cause, counted, percent, shift_or_spread};
use crate::LayerVitals;
use crate::evidence::Subject;
use crate::sketch::Unit;

pub(crate) static RULE: Rule = Rule {
    id: "saturated-units",
    title: "Saturated units",
    meaning: "For over 95 % of the values the slope was under 5 % of the function's largest, so next to no gradient passes and the unit \
              answers to its input hardly at all. A sigmoid or tanh gets there when its pre-activations are too large.",
    threshold: "A unit that is saturated for over 95 % of its values, on either side; the off side of ReLU and its like, where the output is \
                0, and a leak do not count. In training it counts from a quarter of a hidden layer on, and the network is broken from half of all \
                hidden units on; of a finished network, from half of all hidden units on. Under 30 samples, and in a gate or an output, it is a fact.",
    remedies: &[
        (Cause::Unknown, "Start with the gain of the function, normalise before it, or lower the learning rate."),
        (
            Cause::Spread,
            "The pre-activations are spread too wide: start with the gain of the function, normalise before it, or lower the learning \
             rate.",
        ),
        (
            Cause::Shift,
            "The pre-activations lie to one side: start biases at 0, standardise the inputs, or normalise before the function.",
        ),
        (Cause::LearningRate, "Lower the learning rate to the best one found; `--lr auto` searches for it."),
        (
            Cause::Data,
            "Standardise the inputs: subtract the mean of each feature, and divide by its standard deviation.",
        ),
        (Cause::Initialisation, "Start with weights of mean 0 and the gain of the function."),
        (Cause::Bias, "Start with biases of 0."),
    ],
    finished: "These units hardly answer to their inputs. Nothing need be done if the outputs are right; in fixed point few bits are enough for them.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.layers().filter_map(|(layer, _)| of_layer(layer)).collect()
}

fn of_layer(layer: &LayerVitals) -> Option<Finding> {
    let units = layer.units();
    let saturated: Vec<usize> = (0..units.len()).filter(|&unit| layer.is_saturated(&units[unit])).collect();
    if saturated.is_empty() {
        return None;
    }
    let parts = by_cause(saturated.iter().map(|&unit| (unit, shift_or_spread(&units[unit].z), Grade::Measured)));
    let mean = |share: fn(&Unit) -> Option<f64>| {
        saturated.iter().filter_map(|&unit| share(&units[unit])).sum::<f64>() / saturated.len() as f64
    };
    let (low, high) = (if layer.has_off_side() { 0.0 } else { mean(Unit::low_share) }, mean(Unit::high_share));
    let side = if low > high { "low" } else { "high" };
    let count = counted(saturated.len(), units.len());
    let summary =
        format!("{count} are saturated for {} of their values, mostly on the {side} side", percent(low + high));
    let seen = |unit: usize| (units[unit].z.count > 0).then_some(&units[unit].z);
    Some(
        Finding::on(&RULE, layer, saturated, Cause::Unknown, summary)
            .with_parts(parts)
            .with("share of values saturated on the low side", low)
            .with("share of values saturated on the high side", high)
            .with_units("saturation measure", |unit| layer.saturation_measure(&units[unit]))
            .with_units("mean pre-activation", |unit| seen(unit).map(|z| z.mean))
            .with_units("standard deviation of the pre-activation", |unit| seen(unit).map(crate::sketch::Moments::std)),
    )
}
