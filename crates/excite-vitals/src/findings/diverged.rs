//! Training whose loss became NaN or infinite.

use super::{Cause, Finding, Rule};
use crate::evidence::Subject;

pub(crate) static RULE: Rule = Rule {
    id: "diverged",
    title: "Diverged",
    meaning: "The loss became NaN or infinite, so the weights are ruined and training ended. Mostly a step was too large for the size of the \
              gradients, or the inputs are too large for the initial weights.",
    threshold: "A loss that is not finite, in a training run that excite has seen: the network is broken.",
    remedies: &[
        (Cause::LearningRate, "Lower the learning rate to the best one found; `--lr auto` searches for it."),
        (
            Cause::Data,
            "Standardise the inputs: subtract the mean of each feature, and divide by its standard deviation.",
        ),
        (Cause::Initialisation, "Start with smaller weights: the gain of the function, and biases of 0."),
        (
            Cause::Function,
            "The function grows faster than its input: use one with a bounded derivative, or normalise before it.",
        ),
        (Cause::Unknown, "Lower the learning rate, clip gradients, and look for broken values in the data."),
    ],
    finished: "The weights are ruined: use a network from before the loss became infinite.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(run) = subject.training.filter(|run| run.diverged) else { return Vec::new() };
    let cause = if run.has_huge_inputs() {
        Cause::Data
    } else if run.is_rate_too_high() {
        Cause::LearningRate
    } else if run.gain > 2.0 {
        Cause::Initialisation
    } else if run.has_unbounded_derivative() {
        Cause::Function
    } else {
        Cause::Unknown
    };
    let why = match cause {
        Cause::Data => format!("; the inputs reach {}", super::number(run.largest_input)),
        Cause::LearningRate => format!("; {}", run.rate_in_words()),
        Cause::Initialisation => {
            format!("; the initial weights are {} times their usual size", super::number(run.gain))
        }
        Cause::Function => format!("; {} grows too fast", run.function),
        _ => String::new(),
    };
    let what = match run.epochs {
        0 => "values became NaN or infinite".to_owned(),
        epoch => format!("the loss became infinite in epoch {epoch}"),
    };
    let summary = format!("{what}{why}");
    let finding = Finding::on_network(&RULE, run.train_samples as u64, cause, summary);
    vec![finding.with("learning rate", run.learning_rate)]
}
