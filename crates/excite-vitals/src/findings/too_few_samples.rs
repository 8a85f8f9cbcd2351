//! Too little seen to tell.

use super::{Cause, Finding, Rule, Severity, Subject, percent};

/// N under which 3/N is over 1 %.
const FEW: u64 = 300;
/// N under which 3/N is over 10 %.
const VERY_FEW: u64 = 30;

pub(super) static RULE: Rule = Rule {
    id: "too-few-samples",
    title: "Too few samples",
    meaning: "In N samples a unit that fires in less than 3/N of all may well never fire, so what looks dead may only be rare. Positions of \
              one image do not make up for it, and a squeeze-and-excite unit sees but one value an image.",
    threshold: "Under 300 independent samples, where 3/N is over 1 %: a note; under 30, where it is over 10 %: a warning.",
    remedies: &[(Cause::FewSamples, "Run more samples through the network, and merge the vitals.")],
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let few = subject.layers().map(|(layer, _)| layer).filter(|layer| layer.samples() < FEW);
    few.map(|layer| {
        let bound = layer.dead_bound().unwrap_or(1.0);
        let summary = format!(
            "{} samples were seen: a unit that looks dead may pass a gradient in up to {} of all",
            layer.samples(),
            percent(bound)
        );
        let severity = if layer.samples() < VERY_FEW { Severity::Warning } else { Severity::Note };
        Finding::on(&RULE, layer, Vec::new(), Cause::FewSamples, summary)
            .severity(severity)
            .with("upper bound of the firing rate of a unit that never fired", bound)
    })
    .collect()
}
