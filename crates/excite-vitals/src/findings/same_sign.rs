//! Gradients of a unit's weights that all point the same way.

use super::{Cause, Finding, Rule, Severity, percent};
use crate::{IncomingWeights, LayerVitals};

/// The share of a unit's gradients with one sign from which on it is reported. In batches of 32, behind layers of 64 units as PyTorch
/// initialises them: 0.55 behind tanh, 0.70 to 0.78 behind ReLU, 0.88 to 1 behind sigmoid and softplus.
const SHARE: f64 = 0.85;

pub(super) static RULE: Rule = Rule {
    id: "same-sign-gradients",
    title: "Same-sign gradients",
    meaning: "Nearly all gradients of a unit's weights have the same sign in a step, so that its weights all grow or all shrink together, \
              and training zig-zags. It is so where all inputs of the unit have one sign, as behind a sigmoid: for one sample each gradient is \
              the unit's error times an input.",
    threshold: "The share of the gradients of a unit's weights that has the sign of most of them, the mean over the units of a layer and the \
                steps, is 0.85 or more: a warning if as many of the unit's inputs never change their sign, else a note. It is looked for where \
                gradients were seen.",
    remedies: &[
        (
            Cause::OffCentreInputs,
            "Centre the inputs: use a zero-centred function in the layer before (tanh, or GELU and SiLU, which are nearly so), normalise after \
             it, or standardise the network's inputs.",
        ),
        (
            Cause::Unknown,
            "If the inputs of the layer have one sign, centre them: a zero-centred function before it, normalisation, standardised inputs. \
             If batches are of one sample or a few, make them larger.",
        ),
    ],
    check: |subject| subject.layers().filter_map(|(layer, weights)| finding(layer, weights)).collect(),
};

fn finding(layer: &LayerVitals, weights: Option<&IncomingWeights>) -> Option<Finding> {
    let share = layer.same_sign().filter(|&share| share >= SHARE)?;
    let of_one_sign = weights.map(|weights| {
        let inputs = weights.inputs.iter();
        inputs.filter(|input| input.low >= 0.0 || input.high <= 0.0).count() as f64 / weights.inputs.len() as f64
    });
    let mut summary = format!("{} of the gradients of a unit's weights have one sign in a step", percent(share));
    let (mut cause, mut severity) = (Cause::Unknown, Severity::Note);
    if let Some(inputs) = of_one_sign.filter(|&inputs| inputs >= SHARE) {
        summary = format!("{summary}; {} of its inputs never change theirs", percent(inputs));
        (cause, severity) = (Cause::OffCentreInputs, Severity::Warning);
    }
    let mut finding = Finding::on(&RULE, layer, Vec::new(), cause, summary)
        .severity(severity)
        .with("share of a unit's gradients with one sign", share);
    if let Some(inputs) = of_one_sign {
        finding = finding.with("share of the inputs that never change their sign", inputs);
    }
    Some(finding)
}
