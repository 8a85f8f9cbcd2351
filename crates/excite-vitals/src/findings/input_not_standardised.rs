//! Inputs that are not centred and scaled.

use super::{Cause, Finding, Rule};
use crate::evidence::{Stage, Subject};

pub(crate) static RULE: Rule = Rule {
    id: "input-not-standardised",
    title: "Inputs not standardised",
    meaning: "The inputs do not have a mean near 0 and a spread near 1, which is what initialisations are made for. Inputs to one side of 0 \
              kill ReLU units at the start, and large ones saturate sigmoid and tanh.",
    threshold: "|mean| over half a standard deviation, or a standard deviation outside of 0.5 to 2 (TheDeepChecker), in half of the features \
                that vary. It is a fact, and a cause only where units are dead or saturated from the start. Not looked at in a finished network, \
                whose inputs are what it was trained for, and where the inputs are made up.",
    remedies: &[(
        Cause::Data,
        "Subtract the mean of each feature and divide by its standard deviation, both of the training data alone.",
    )],
    finished: "Nothing need be done: it was trained for such inputs.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let is_looked_at = subject.stage == Stage::Training && !subject.vitals.random_data;
    let Some(input) = subject.vitals.input.as_ref().filter(|_| is_looked_at) else { return Vec::new() };
    let off = input.not_standardised();
    let varying = input.features.iter().filter(|feature| feature.min < feature.max).count();
    if off.is_empty() || 2 * off.len() < varying {
        return Vec::new();
    }
    let all = input.all();
    let summary = format!(
        "{} of {varying} input features that vary are not standardised; all together have mean {:.3} and standard deviation {:.3}",
        off.len(),
        // Adding 0 takes the sign from −0.
        (all.mean * 1e3).round() / 1e3 + 0.0,
        all.std()
    );
    let finding = Finding::on_network(&RULE, subject.vitals.samples(), Cause::Data, summary)
        .with("mean of all inputs", all.mean)
        .with("standard deviation of all inputs", all.std());
    vec![Finding { of: input.features.len(), units: off, ..finding }]
}
