//! Units of a rectifier that never cut.

use super::{Cause, Finding, Rule, counted};
use crate::evidence::Subject;
use crate::{LayerVitals, Role};

pub(super) static RULE: Rule = Rule {
    id: "always-on",
    title: "Always-on units",
    meaning: "The unit never left the straight part of its function, so for this data it is linear and adds nothing that the weights around \
              it could not do. A ReLU is in this state when its pre-activation is always positive.",
    threshold: "A hidden unit of a function that cuts whose derivative stayed within 1 % of the largest for all values. It is a fact, not a \
                warning.",
    remedies: &[(
        Cause::Shift,
        "The pre-activations lie above 0: start biases at 0, standardise the inputs, or normalise before the function.",
    )],
    finished: "Nothing need be done. A layer in which every unit is always on can be merged with the layer after it.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let hidden = subject.layers().map(|(layer, _)| layer).filter(|layer| layer.role() == Role::Hidden);
    hidden.filter_map(finding).collect()
}

fn finding(layer: &LayerVitals) -> Option<Finding> {
    let units = layer.units();
    let on: Vec<usize> = (0..units.len()).filter(|&unit| layer.is_always_on(&units[unit])).collect();
    if on.is_empty() {
        return None;
    }
    let summary =
        format!("{} never cut in {} samples: they are linear", counted(on.len(), units.len()), layer.samples());
    let finding = Finding::on(&RULE, layer, on, Cause::Shift, summary);
    Some(finding.with_units("smallest pre-activation", |unit| (units[unit].z.count > 0).then_some(units[unit].z.min)))
}
