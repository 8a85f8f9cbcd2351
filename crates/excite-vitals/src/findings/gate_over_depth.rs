//! Gradients that the slopes of the layers shrink or blow up on their way back.

use super::{Cause, Evidence, Finding, Grade, Rule, Severity, Subject};
use crate::{LayerVitals, Role};

/// The ratio of the first gradient to the last under which gradients vanish, that of AutoTrainer; where no gradients were seen, the product
/// of the gates stands for it. Over its inverse they explode.
const VANISHING_UNDER: f64 = 1e-3;

pub(super) static VANISHING: Rule = Rule {
    id: "vanishing-gate",
    title: "Vanishing gradient gate",
    meaning: "Each layer multiplies the gradient by the slopes of its function, and over the depth of the network these factors multiply to \
              next to nothing. The layers near the input then hardly learn.",
    threshold: "The product over the hidden layers of the root mean square slope, times the gain of the function's initialisation where that \
                is over 1, under 1e-3: a warning, under 1e-6 an error. Shortcuts around layers and weights of another gain are not known \
                here, so it is suspected only. Where gradients were seen they decide: the norm of the gradient of the first hidden layer's \
                weights over that of the last's, with the same thresholds, measured.",
    remedies: &[
        (
            Cause::Function,
            "The slopes of the function are small everywhere: use ReLU, GELU or SiLU, add shortcuts around layers, or normalise.",
        ),
        (
            Cause::Spread,
            "The layers are saturated: initialise with the gain of the function, normalise before it, or lower the learning rate.",
        ),
        (
            Cause::Weights,
            "The weights are too small: initialise them with the gain of the function, normalise between layers, or add shortcuts around them.",
        ),
    ],
    check: |subject| check(subject, &VANISHING),
};

pub(super) static EXPLODING: Rule = Rule {
    id: "exploding-gate",
    title: "Exploding gradient gate",
    meaning: "Each layer multiplies the gradient by the slopes of its function, and over the depth of the network these factors multiply to \
              something huge. Training then diverges, or needs a very small learning rate.",
    threshold: "The product over the hidden layers of the root mean square slope, times the gain of the function's initialisation where that \
                is under 1, over 1e3: a warning, over 1e6 an error. It is suspected only, and gradients that were seen decide, as for \
                vanishing-gate.",
    remedies: &[
        (
            Cause::Function,
            "The slopes of the function grow with its input: use one with a bounded slope, normalise before it, or clip gradients.",
        ),
        (
            Cause::Weights,
            "The weights are too large: initialise them with the gain of the function, normalise between layers, or clip gradients.",
        ),
    ],
    check: |subject| check(subject, &EXPLODING),
};

fn check(subject: &Subject<'_>, rule: &'static Rule) -> Vec<Finding> {
    let is_vanishing = rule.id == VANISHING.id;
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
    let badness = |ratio: f64| if is_vanishing { VANISHING_UNDER / ratio } else { ratio * VANISHING_UNDER };
    let decisive = badness(measured.unwrap_or(product));
    if !(decisive > 1.0) {
        return Vec::new();
    }
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
    let which = if is_vanishing { "smallest" } else { "largest" };
    let gradients = measured.map_or_else(String::new, |ratio| {
        format!("the gradient of the first hidden layer's weights was {ratio:.1e} times that of the last's; ")
    });
    let summary = format!(
        "{gradients}the slopes of {} hidden layers multiply a gradient by {product:.1e}; the {which} factor is that of `{}`",
        layers.len(),
        worst.name()
    );
    let of_all = |quantity: &str, value| Evidence { quantity: quantity.to_owned(), unit: None, value };
    let mut evidence = vec![of_all("product over the hidden layers", product)];
    evidence.extend(measured.map(|ratio| of_all("first gradient over the last", ratio)));
    evidence.extend(layers.iter().map(|pair| of_all(&format!("factor of `{}`", pair.0.name()), factor(pair))));
    evidence.retain(|figure| figure.value.is_finite());
    vec![Finding {
        rule,
        layer: None,
        units: Vec::new(),
        of: 0,
        severity: if decisive > 1e3 { Severity::Error } else { Severity::Warning },
        grade: if measured.is_some() { Grade::Measured } else { Grade::Suspected },
        samples,
        summary,
        evidence,
        cause,
        remedy: rule.remedy(cause).to_owned(),
    }]
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
    let density = |x: f64| (-0.5 * x * x).exp();
    let inputs = || (-800..=800).map(|i| f64::from(i) / 100.0);
    let square = |x: f64| layer.function().slope_at(x) * layer.function().slope_at(x);
    (inputs().map(|x| density(x) * square(x)).sum::<f64>() / inputs().map(density).sum::<f64>()).sqrt()
}
