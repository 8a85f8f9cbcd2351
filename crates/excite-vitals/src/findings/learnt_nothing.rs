//! Training that is no better than guessing, with activations that are not to blame.

use super::{Cause, Finding, Rule};
use crate::evidence::{Learnt, Subject};

pub(crate) static RULE: Rule = Rule {
    id: "learnt-nothing",
    title: "Nothing learnt",
    meaning: "The error is that of guessing without looking at the input, the most frequent class or the mean of the targets. Where units, \
              gradients and the learning rate are sound too, look at the labels and the data.",
    threshold: "The lowest error of any epoch is within 3.5 standard errors, or a twentieth, of that of guessing: on the training data, or on \
                50 or more samples held out. It is looked for where a training run was seen, and named as the cause where no other is found.",
    remedies: &[
        (
            Cause::Data,
            "Check that inputs and labels belong together: labels that were shuffled, shifted or read from another column look like this.",
        ),
        (
            Cause::Unknown,
            "Train longer, try other learning rates, and see whether the network learns 20 samples by heart: if it does not, the fault is in \
             the code.",
        ),
    ],
    finished: "Do not use it: its answers are no better than guessing.",
    check,
};

/// Why a network that learnt its training samples by heart knows nothing of others.
pub(crate) const UNRELATED_LABELS: &str = "the labels seem to have nothing to do with the inputs";

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(run) = subject.training.filter(|run| !run.diverged) else { return Vec::new() };
    let (cause, summary) = match run.learnt() {
        Learnt::Something => return Vec::new(),
        Learnt::ByHeart => {
            (Cause::Data, format!("the network learns its training samples by heart; {UNRELATED_LABELS}"))
        }
        Learnt::Nothing => (
            Cause::Unknown,
            "units and gradients look sound; look at the labels, the data and the learning rate".to_owned(),
        ),
    };
    let finding = Finding::on_network(&RULE, run.train_samples as u64, cause, summary);
    vec![
        finding
            .with("error of guessing", run.chance)
            .with("lowest training error", run.lowest_train_error)
            .with("lowest test error", run.lowest_test_error),
    ]
}
