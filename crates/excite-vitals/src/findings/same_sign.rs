//! Gradients of a unit's weights that all point the same way.

use excite::Interval;

use super::{Cause, Finding, Rule, percent};
use crate::{IncomingWeights, LayerVitals};

/// The share of a unit's gradients with one sign from which on it is reported. `excite lab same-sign-gradients --quick` prints, for batches of
/// 32, 0.56 behind tanh, 0.77 behind ReLU and 0.91 behind sigmoid; behind ReLU it is more while all errors have one sign.
const SHARE: f64 = 0.8;

pub(super) static RULE: Rule = Rule {
    id: "same-sign-gradients",
    title: "Same-sign gradients",
    meaning: "Nearly all gradients of a unit's weights have the same sign in a step, so that its weights all grow or all shrink together, \
              and training zig-zags. It is so where all inputs of the unit have one sign, as behind a sigmoid: for one sample each gradient is \
              the unit's error times an input.",
    threshold: "The share of the gradients of a unit's weights that has the sign of most of them, the mean over the units of a layer and the \
                steps, is 0.8 or more. It is a fact, not a warning: networks behind a sigmoid have it and learn. It is looked for where gradients \
                were seen.",
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
    finished: "Nothing need be done: it concerns training alone.",
    check: |subject| subject.layers().filter_map(|(layer, weights)| finding(layer, weights)).collect(),
};

fn finding(layer: &LayerVitals, weights: Option<&IncomingWeights>) -> Option<Finding> {
    let share = layer.same_sign().filter(|&share| share >= SHARE)?;
    let inputs_that = |hold: fn(&Interval) -> bool| {
        weights.map(|weights| {
            weights.inputs.iter().filter(|input| hold(input)).count() as f64 / weights.inputs.len() as f64
        })
    };
    let one_sided = inputs_that(|input| input.low >= 0.0 || input.high <= 0.0);
    let of_one_sign = inputs_that(|input| input.low > 0.0 || input.high < 0.0);
    let most = |share: Option<f64>| share.filter(|&share| share >= SHARE);
    let mut summary = format!("{} of the gradients of a unit's weights have one sign in a step", percent(share));
    if let Some(inputs) = most(of_one_sign) {
        summary = format!("{summary}; {} of its inputs always have one sign", percent(inputs));
    }
    let cause = if most(one_sided).is_some() { Cause::OffCentreInputs } else { Cause::Unknown };
    let mut finding =
        Finding::on(&RULE, layer, Vec::new(), cause, summary).with("share of a unit's gradients with one sign", share);
    if let Some(inputs) = of_one_sign {
        finding = finding.with("share of the inputs that always have one sign", inputs);
    }
    Some(finding)
}
