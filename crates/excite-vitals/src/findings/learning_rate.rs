//! A learning rate far above the best one that was found.

use super::{Cause, Finding, Rule};
use crate::evidence::Subject;

pub(crate) static RULE: Rule = Rule {
    id: "learning-rate-too-high",
    title: "Learning rate too high",
    meaning: "The network learnt much less than the same network did at a lower learning rate. Steps that are too large jump over what they \
              look for, and push units to where no gradient comes back.",
    threshold: "The rate is at least twice the best one that a search found, and the training error more than twice what that reached, by \
                2 percentage points at least. It is looked for where rates were tried.",
    remedies: &[(Cause::LearningRate, "Lower the learning rate to the best one found; `--lr auto` searches for it.")],
    finished: "It could be better: trained at a lower learning rate the same network reached a lower error.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(run) = subject.training.filter(|run| !run.diverged && run.is_rate_too_high() && run.is_behind_best())
    else {
        return Vec::new();
    };
    let best = run.best_train_error.map_or_else(String::new, |best| format!(", which reached {}", run.error(best)));
    let summary = format!("the training error stayed at {}; {}{best}", run.error(run.train_error), run.rate_in_words());
    let mut finding = Finding::on_network(&RULE, run.train_samples as u64, Cause::LearningRate, summary)
        .with("learning rate", run.learning_rate);
    if let Some(best) = run.best_learning_rate {
        finding = finding.with("best learning rate found", best);
    }
    vec![finding]
}
