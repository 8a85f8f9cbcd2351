//! What the figures mean and how they came about.

use excite_lab::record::comparison::{Comparison, Task};
use maud::{Markup, html};

use super::error;
use crate::number;

pub(super) fn definitions(comparison: &Comparison) -> Markup {
    let (settings, task) = (&comparison.settings, comparison.data.task);
    let what_error = match task {
        Task::Classification if settings.balanced => {
            "The mean over the classes of the share of their samples that are put into a wrong class: every class counts as much as \
             every other, here and in the loss, by weights of samples / (classes · samples of the class)."
        }
        Task::Classification => "The share of samples put into a wrong class.",
        Task::Regression => {
            "The root of the mean squared error, divided by the standard deviation of the target: 1 is as good as \
             always guessing the mean."
        }
    };
    let vitals = comparison
        .activations
        .iter()
        .map(|result| result.vitals_share)
        .filter(|share| share.is_finite())
        .fold(0.0, f64::max);
    let terms = [
        (
            "Error",
            format!(
                "{what_error} The training error is counted over the epoch's batches as they are trained on, the \
                 test error after the epoch on the {} held-out samples.",
                comparison.data.test
            ),
        ),
        (
            "Epochs to target",
            format!(
                "Passes over the training data until the training error is at or under {}, read off a straight line \
                 between the epochs' errors; at least 1. Seeds that did not reach it count as above all others: where half \
                 of them or more did not, the median is more than the {} given; the lowest and the highest are of the other seeds.",
                error(task, comparison.target_error),
                number::count(settings.epochs, "epoch")
            ),
        ),
        (
            "Speed-up",
            "The other function's median epochs to the target divided by this one's. It counts epochs, not seconds; \
             it holds for this network, data and choice of learning rates, and is no constant of the function."
                .to_owned(),
        ),
        (
            "Median and band",
            format!(
                "Each function was trained with {}; a seed fixes the first weights and the order of the samples. \
                 Figures are medians over the seeds, bands and ranges go from the lowest to the highest seed: not a \
                 confidence interval. Runs that diverged are left out of them unless all did. The confidence interval of a \
                 median reaches from one seed's figure to another's, whatever the distribution; under six seeds it is the \
                 whole range, and less sure than 95 %.",
                number::count(settings.seeds, "seed")
            ),
        ),
        (
            "Vitals",
            "Dead units, saturated values and activations are taken from every third batch of an epoch, starting with \
             the first; the histogram of pre-activations from every sixteenth value of those (of a convolution, every \
             fourth position); gradients and updates of the weights from every sixteenth step."
                .to_owned(),
        ),
        (
            "Dead unit",
            "A unit (a feature, or a channel of an image layer) whose slope was exactly zero for every value looked \
             at in the epoch, those of every third batch: on the others it may have answered. Seen in N independent \
             samples, its true rate of answering is under about 3/N with 95 % confidence."
                .to_owned(),
        ),
        ("Death in training", death_in_training(comparison)),
        (
            "Saturated value",
            "A pre-activation at which the function's slope is under 5 % of its largest. The table averages over the \
             layers of the last epoch."
                .to_owned(),
        ),
        (
            "Mean activation",
            "The mean output of a hidden layer: 0 for zero-centred activations. The table averages over the layers."
                .to_owned(),
        ),
        (
            "Gradient norm",
            "The Euclidean norm of the loss gradient by a layer's weights, mean over the sampled steps of an epoch."
                .to_owned(),
        ),
        (
            "Time per epoch",
            format!(
                "Training without the evaluation on held-out data, median over the runs, on the machine that did \
                 the training. The activation's share is its forward and backward pass. Collecting these vitals, deaths \
                 included, took up to {} of the time, which is included.",
                number::percent(vitals)
            ),
        ),
    ];
    html! { dl.terms { @for (term, meaning) in &terms { div { dt { (term) } dd { (meaning) } } } } }
}

/// When a unit is called dead, and what counts as its cause of death.
fn death_in_training(comparison: &Comparison) -> String {
    let runs = comparison.activations.iter().flat_map(|result| &result.runs);
    let samples = runs.map(|run| run.deaths.samples).max().unwrap_or(0);
    format!(
        "After steps 1, 2, 4, 8 and every sixteenth, each hidden unit is looked at on the current batch; where it has no \
         slope for any of it, on the sample that lifted it last, and then on {samples} training samples, always the same. \
         One that has no slope for any of these is dead; with 95 % confidence it then answers under 3/{samples} of all \
         samples. It is revived when a sample of a later batch lifts it. Killed at step T means alive at the look before. \
         Its cause is the part of the change between the two looks, taken alone, by which its largest pre-activation fell \
         most, over the samples that lifted units killed at that look: its own weights, its own bias, or the layers before \
         it. It lives at half the step if it does with all parameters halfway. Looks are left out as long as more samples \
         were run through for them than {samples} and one for 16 trained on."
    )
}
