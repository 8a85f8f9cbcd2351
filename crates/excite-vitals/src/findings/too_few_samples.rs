//! Too little seen to tell.

use super::{Cause, Finding, Rule, percent};
use crate::LayerVitals;
use crate::evidence::Subject;

pub(super) static RULE: Rule = Rule {
    id: "too-few-samples",
    title: "Too few samples",
    meaning: "In N samples a unit that fires in less than 3/N of all may well never fire, so what looks dead may only be rare. Positions of \
              one image do not make up for it, and a squeeze-and-excite unit sees but one value an image.",
    threshold: "Under 300 independent samples, where 3/N is over 1 %. It is said once, and is a fact; under 30, where it is over 10 %, no unit \
                counts as dead or saturated.",
    remedies: &[(Cause::FewSamples, "Run more samples through the network, and merge the vitals.")],
    finished: "Run more samples through the network, and merge the vitals.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let samples = subject.vitals.samples();
    if samples == 0 || samples >= LayerVitals::ENOUGH_SAMPLES {
        return Vec::new();
    }
    let bound = (3.0 / samples as f64).min(1.0);
    let summary = format!(
        "only {} seen: a unit that looks dead may still fire on up to {} of inputs",
        super::plural(samples, "sample"),
        percent(bound)
    );
    let finding = Finding::on_network(&RULE, samples, Cause::FewSamples, summary);
    vec![finding.with("upper bound of the firing rate of a unit that never fired", bound)]
}
