//! Layers that put out the same for every sample.

use super::{Cause, Finding, Rule};
use crate::evidence::Subject;
use crate::sketch::Unit;

pub(crate) static RULE: Rule = Rule {
    id: "constant-layer",
    title: "Constant layer",
    meaning: "Every unit of the layer put out one and the same value for all samples, so nothing of the input gets through it. What comes \
              after works on a constant, and the network answers the same to everything.",
    threshold: "All units of a layer constant over two or more samples. The network is broken if 30 samples or more were seen and every hidden \
                layer after it is constant too; else it is a fact, for a layer may read something that never changes, as positions.",
    remedies: &[
        (
            Cause::NoInput,
            "Nothing that varies comes in: look at the first constant layer, or at the inputs, if it is that one.",
        ),
        (Cause::Unknown, "Look at the first such layer: all its units are dead or saturated, or its weights are 0."),
    ],
    finished: "The layer can be replaced by its constant outputs. If the outputs of the network are constant too, it was exported or trained \
               wrongly.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (layer, _) in subject.layers() {
        let units = layer.units();
        if layer.samples() < 2 || units.is_empty() || !units.iter().all(Unit::is_constant) {
            continue;
        }
        let is_fed = units.iter().any(|unit| unit.z.min < unit.z.max);
        let cause = if is_fed || units[0].z.count == 0 { Cause::Unknown } else { Cause::NoInput };
        let summary = format!("all {} units put out the same for {} samples", units.len(), layer.samples());
        let finding = Finding::on(&RULE, layer, (0..units.len()).collect(), cause, summary);
        findings.push(finding.with_units("its value", |unit| Some(units[unit].a.mean)));
    }
    findings
}
