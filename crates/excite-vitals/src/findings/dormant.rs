//! Units that hardly ever say anything.

use super::{Cause, Finding, Rule, counted};
use crate::evidence::Subject;
use crate::{LayerVitals, Role};

pub(super) static RULE: Rule = Rule {
    id: "dormant-units",
    title: "Dormant units",
    meaning: "The unit's mean |output| is a fortieth or less of its layer's average; whether the network needs it, `excite check --ablate` \
              shows. Networks whose share of dormant units grows lose the ability to learn new things.",
    threshold: "A dormancy score E|a| / mean E|a| of at most 0.025 (Sokar et al. 2023) in a hidden unit that is not dead. It is a fact, \
                not a warning.",
    remedies: &[(
        Cause::Unknown,
        "Compare with earlier vitals: if the share grows in training, lower the learning rate or reset such units; if not, the layer may be \
         wider than it needs to be: `--ablate` shows whether anything changes without them.",
    )],
    finished: "Nothing need be done. The layer may be wider than it needs to be: `--ablate` shows what these units contribute.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let hidden = subject.layers().map(|(layer, _)| layer).filter(|layer| layer.role() == Role::Hidden);
    hidden.filter_map(finding).collect()
}

fn finding(layer: &LayerVitals) -> Option<Finding> {
    let (units, scores) = (layer.units(), layer.dormancy());
    let is_dormant = |unit: usize| scores[unit] <= LayerVitals::DORMANT && !units[unit].is_dead();
    let dormant: Vec<usize> = (0..units.len()).filter(|&unit| is_dormant(unit)).collect();
    if dormant.is_empty() {
        return None;
    }
    let summary = format!("{} put out a fortieth or less of the layer's average", counted(dormant.len(), units.len()));
    let finding = Finding::on(&RULE, layer, dormant, Cause::Unknown, summary);
    Some(finding.with_units("dormancy score", |unit| Some(scores[unit])))
}
