//! NaN and infinities.

use super::{Cause, Finding, Rule, counted};
use crate::evidence::Subject;
use crate::in_words::thousands;
use crate::sketch::Unit;

pub(crate) static RULE: Rule = Rule {
    id: "nan-or-infinite",
    title: "NaN or infinities",
    meaning: "Values of the layer, or of the inputs, were not numbers or were infinite. One such value spreads to all that is computed from \
              it, and a training step with it ruins the weights.",
    threshold: "A NaN or infinity in inputs or activations: the network is broken. Where only pre-activations are infinite, as when a mask \
                sends them to −∞ before a softmax, it is a fact.",
    remedies: &[
        (
            Cause::Unknown,
            "Look at the first layer that has them: lower the learning rate, clip gradients, and guard logarithms, divisions and square roots; \
             in 16-bit floats scale the loss.",
        ),
        (Cause::Data, "Missing or broken values in the data: drop or fill them in before they reach the network."),
    ],
    finished: "Find the first layer that has them: the inputs lie outside of what the network was trained for, or it was exported in a type \
               that is too narrow.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(input) = &subject.vitals.input {
        let broken: Vec<usize> =
            (0..input.features.len()).filter(|&i| input.features[i].nan + input.features[i].infinite > 0).collect();
        if !broken.is_empty() {
            let all = input.all();
            let summary = format!("the inputs hold {}", in_words(all.nan, all.infinite));
            let finding = Finding::on_network(&RULE, subject.vitals.samples(), Cause::Data, summary)
                .with("NaN", all.nan as f64)
                .with("infinities", all.infinite as f64);
            findings.push(Finding { of: input.features.len(), units: broken, ..finding });
        }
    }
    let is_clean = findings.is_empty();
    for (layer, _) in subject.layers() {
        let units = layer.units();
        let broken: Vec<usize> = (0..units.len()).filter(|&unit| units[unit].not_finite() > 0).collect();
        if broken.is_empty() {
            continue;
        }
        let total = |of: fn(&Unit) -> u64| units.iter().map(of).sum::<u64>();
        let (nan, infinite) = (total(|u| u.z.nan.max(u.a.nan)), total(|u| u.z.infinite.max(u.a.infinite)));
        let summary = format!("{} put out {}", counted(broken.len(), units.len()), in_words(nan, infinite));
        let cause = if is_clean { Cause::Unknown } else { Cause::Data };
        let finding = Finding::on(&RULE, layer, broken, cause, summary);
        findings.push(
            finding
                .with("NaN among the pre-activations", total(|u| u.z.nan) as f64)
                .with("NaN among the activations", total(|u| u.a.nan) as f64)
                .with("infinities among the pre-activations", total(|u| u.z.infinite) as f64)
                .with("infinities among the activations", total(|u| u.a.infinite) as f64),
        );
    }
    findings
}

fn in_words(nan: u64, infinite: u64) -> String {
    let infinities = || match infinite {
        1 => "1 infinity".to_owned(),
        _ => format!("{} infinities", thousands(infinite)),
    };
    match (nan, infinite) {
        (_, 0) => format!("{} NaN", thousands(nan)),
        (0, _) => infinities(),
        _ => format!("{} NaN and {}", thousands(nan), infinities()),
    }
}
