//! Inputs that are not centred and scaled.

use super::{Cause, Evidence, Finding, Grade, Rule, Severity, Subject};

pub(super) static RULE: Rule = Rule {
    id: "input-not-standardised",
    title: "Inputs not standardised",
    meaning: "The inputs do not have a mean near 0 and a spread near 1, which is what initialisations are made for. Inputs to one side of 0 \
              kill ReLU units at the start, and large ones saturate sigmoid and tanh.",
    threshold: "|mean| over half a standard deviation, or a standard deviation outside of 0.5 to 2 (TheDeepChecker), in half of the features \
                that vary: a warning; in fewer: a note. Not looked at where the inputs are made up.",
    remedies: &[(
        Cause::Data,
        "Subtract the mean of each feature and divide by its standard deviation, both of the training data alone.",
    )],
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(input) = subject.vitals.input.as_ref().filter(|_| !subject.vitals.random_data) else { return Vec::new() };
    let off = input.not_standardised();
    if off.is_empty() {
        return Vec::new();
    }
    let varying = input.features.iter().filter(|feature| feature.min < feature.max).count();
    let severity = if 2 * off.len() >= varying { Severity::Warning } else { Severity::Note };
    let all = input.all();
    let figure = |quantity: &str, value: f64| Evidence { quantity: quantity.into(), unit: None, value };
    vec![Finding {
        rule: &RULE,
        layer: None,
        of: input.features.len(),
        severity,
        grade: Grade::Measured,
        samples: subject.vitals.samples(),
        summary: format!(
            "{} of {varying} input features that vary are not standardised; all together have mean {:.3} and standard deviation {:.3}",
            off.len(),
            // Adding 0 takes the sign from −0.
            (all.mean * 1e3).round() / 1e3 + 0.0,
            all.std()
        ),
        evidence: vec![figure("mean of all inputs", all.mean), figure("standard deviation of all inputs", all.std())],
        cause: Cause::Data,
        remedy: RULE.remedy(Cause::Data).to_owned(),
        units: off,
    }]
}
