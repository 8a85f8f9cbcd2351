//! Gradients that shrink or blow up on their way back through the layers.

use super::{Cause, Finding, Grade, Rule};
use crate::evidence::{Stage, Subject, TrainingRun};
use crate::statistics::mean_over_standard_normal;
use crate::{LayerVitals, Role};

/// The ratio of the first gradient to the last under which gradients vanish, that of AutoTrainer; where no gradients were seen, the product
/// of the derivatives stands for it. Over its inverse they explode.
const VANISHING_UNDER: f64 = 1e-3;

pub(crate) static VANISHING: Rule = Rule {
    id: "vanishing-gradient",
    title: "Vanishing gradient",
    meaning: "Each layer multiplies the gradient by its weights and the derivative of its function, and over the depth of the network these \
              factors multiply to next to nothing. The layers near the input then hardly learn.",
    threshold: "The norm of the gradient of the first hidden layer's weights is under 1e-3 of the last's, or the gains of the initial weights \
                multiply to under 1e-3 over the layers. It is a fact where the network learnt \
                all the same. Where no gradients were seen, the product over the hidden layers of the root mean square derivative, times the \
                gain of the function where that is over 1, stands for it: in a network in training without shortcuts, and suspected only.",
    remedies: &[
        (
            Cause::Function,
            "The derivative of the function is small everywhere: use ReLU, GELU or SiLU, fewer layers, shortcuts around layers, or \
             normalisation.",
        ),
        (
            Cause::Spread,
            "The layers are saturated: start with the gain of the function, normalise before it, or lower the learning rate.",
        ),
        (
            Cause::Weights,
            "The weights are too small: start with the gain of the function, normalise between layers, or add shortcuts around them.",
        ),
        (Cause::Initialisation, "The initial weights are too small: start with the gain of the function."),
    ],
    finished: "Nothing need be done if the outputs are right: it concerns training alone.",
    check: |subject| check(subject, &VANISHING),
};

pub(crate) static EXPLODING: Rule = Rule {
    id: "exploding-gradient",
    title: "Exploding gradient",
    meaning: "Each layer multiplies the gradient by its weights and the derivative of its function, and over the depth of the network these \
              factors multiply to something huge. Training then diverges, or needs a very small learning rate.",
    threshold: "The norm of the gradient of the first hidden layer's weights is over 1e3 times the last's; else as for vanishing-gradient.",
    remedies: &[
        (
            Cause::Function,
            "The derivative of the function grows with its input: use one with a bounded derivative, normalise before it, or clip gradients.",
        ),
        (
            Cause::Weights,
            "The weights are too large: start with the gain of the function, normalise between layers, or clip gradients.",
        ),
        (Cause::Initialisation, "The initial weights are too large: start with the gain of the function."),
    ],
    finished: "Nothing need be done if the outputs are right: it concerns training alone.",
    check: |subject| check(subject, &EXPLODING),
};

fn check(subject: &Subject<'_>, rule: &'static Rule) -> Vec<Finding> {
    let is_vanishing = rule.id == VANISHING.id;
    let badness = |ratio: f64| if is_vanishing { VANISHING_UNDER / ratio } else { ratio * VANISHING_UNDER };
    if let Some(run) = subject.training {
        return in_training(run, rule, is_vanishing, badness).into_iter().collect();
    }
    let layers: Vec<(&LayerVitals, f64)> = subject
        .layers()
        .map(|(layer, _)| layer)
        .filter(|layer| layer.role() == Role::Hidden)
        .filter_map(|layer| Some((layer, root_mean_square_slope(layer)?)))
        .collect();
    let factor = |&(layer, slope): &(&LayerVitals, f64)| {
        let gain = layer.function().gain();
        slope * if is_vanishing { gain.max(1.0) } else { gain.min(1.0) }
    };
    let product: f64 = layers.iter().map(factor).product();
    let measured = first_over_last(layers.iter().map(|(layer, _)| *layer));
    // Of the graph alone nothing follows where paths lead round the layers, or nobody trains any more.
    let is_from_graph = subject.stage == Stage::Training && subject.shortcuts == Some(false);
    let Some(ratio) = measured.or(is_from_graph.then_some(product)).filter(|&ratio| badness(ratio) > 1.0) else {
        return Vec::new();
    };
    let worst = layers.iter().min_by(|a, b| {
        let (a, b) = (factor(a), factor(b));
        if is_vanishing { a.total_cmp(&b) } else { b.total_cmp(&a) }
    });
    let Some(&(worst, worst_slope)) = worst else { return Vec::new() };
    let is_saturated = is_vanishing && worst_slope < 0.5 * usual_slope(worst);
    let cause = match (badness(product) > 1.0, is_saturated) {
        (false, _) => Cause::Weights,
        (true, true) => Cause::Spread,
        (true, false) => Cause::Function,
    };
    let samples = layers.iter().map(|(layer, _)| layer.samples()).min().unwrap_or(0);
    let mut finding = Finding::on_network(rule, samples, cause, in_words(ratio, layers.len()))
        .with("product of the derivatives over the hidden layers", product);
    if let Some(ratio) = measured {
        finding = finding.with(RATIO, ratio);
    }
    for pair in &layers {
        finding = finding.with(&format!("factor of `{}`", pair.0.name()), factor(pair));
    }
    finding.evidence.retain(|figure| figure.value.is_finite());
    finding.grade = if measured.is_some() { Grade::Measured } else { Grade::Suspected };
    vec![finding]
}

/// What a training run shows: the norms of the gradients; or of weights that started too small how much they shrink signal and gradient
/// alike, which leaves the norms of the weights' gradients as equal as they would be.
fn in_training(
    run: &TrainingRun,
    rule: &'static Rule,
    is_vanishing: bool,
    badness: impl Fn(f64) -> f64,
) -> Option<Finding> {
    let of_run = |cause: Cause, summary: String| Finding::on_network(rule, run.train_samples as u64, cause, summary);
    if let Some(ratio) = run.gradient_ratio().filter(|&ratio| badness(ratio) > 1.0) {
        let is_scaled = if is_vanishing { run.gain < 0.7 } else { run.gain > 1.4 };
        let cause = match is_scaled {
            // What came of the initial weights, the errors tell.
            true if run.knows_errors() => Cause::Initialisation,
            true => Cause::Weights,
            false => Cause::Function,
        };
        return Some(of_run(cause, in_words(ratio, run.end.len())).with(RATIO, ratio));
    }
    let layers = run.start.len();
    let shrinking = run.gain.powi(i32::try_from(layers).unwrap_or(i32::MAX));
    let is_small = is_vanishing && run.gain > 0.0 && run.gain < 0.7 && badness(shrinking) > 1.0;
    is_small.then(|| {
        let (fold, gain) = (super::number(1.0 / shrinking), super::number(run.gain));
        let summary = format!(
            "signal and gradient shrink {fold}-fold over {layers} hidden layers; the initial weights are {gain} times their usual size"
        );
        of_run(Cause::Initialisation, summary).with("product of the gains over the hidden layers", shrinking)
    })
}

/// Whether the gradients themselves show it.
pub(crate) fn is_measured(finding: &Finding) -> bool {
    finding.evidence.iter().any(|figure| figure.quantity == RATIO)
}

const RATIO: &str = "first gradient over the last";

fn in_words(ratio: f64, layers: usize) -> String {
    if ratio >= 1.0 {
        format!(
            "the gradient grows {} times from the last of {layers} hidden layers to the first",
            super::number(ratio)
        )
    } else {
        format!(
            "the gradient shrinks {}-fold from the last of {layers} hidden layers to the first",
            super::number(1.0 / ratio)
        )
    }
}

/// The norm of the gradient of the first layer's weights over that of the last's. None where those of two were not seen, or the last is 0.
fn first_over_last<'a>(layers: impl Iterator<Item = &'a LayerVitals>) -> Option<f64> {
    let mut norms = layers.filter_map(LayerVitals::gradient_norm);
    let (first, last) = (norms.next()?, norms.last()?);
    (last > 0.0).then_some(first / last)
}

/// √E[f'²], by which the layer's slopes multiply the size of a gradient. None where no slope is known.
fn root_mean_square_slope(layer: &LayerVitals) -> Option<f64> {
    let slopes = layer.slopes();
    (slopes.count > 0).then(|| (slopes.variance() + slopes.mean * slopes.mean).sqrt())
}

/// The same for standard normal inputs.
fn usual_slope(layer: &LayerVitals) -> f64 {
    mean_over_standard_normal(|x| layer.function().slope_at(x) * layer.function().slope_at(x)).sqrt()
}
