//! Units through which no gradient ever passes.

use super::{Cause, Finding, Grade, Part, Rule, by_cause, counted};
use crate::evidence::{Deaths, Subject};
use crate::{IncomingWeights, LayerVitals};

pub(crate) static RULE: Rule = Rule {
    id: "dead-units",
    title: "Dead units",
    meaning: "The unit put out the same for every sample and passed no gradient, so it tells nothing, and training cannot change it. A ReLU \
              dies this way when its pre-activation is never positive; in N samples without a firing, the true rate is under 3/N with 95 % \
              confidence.",
    threshold: "A unit whose gradient was 0 and whose output was one and the same for all values. In training it counts from a fifth of a hidden \
                layer on, and the network is broken from half of all hidden units on; of a finished network, from nine tenths of a layer or half \
                of all hidden units on. Under 30 samples it is a fact.",
    remedies: &[
        (
            Cause::Unknown,
            "Compare with the vitals of the untrained network. Dead there: centre the inputs, and start with the gain of the function and biases \
             of 0. Dead later: lower the learning rate.",
        ),
        (
            Cause::Bias,
            "The bias holds it down: start biases at 0 or a little over. If training brought it there, lower the learning rate.",
        ),
        (
            Cause::OffCentreInputs,
            "The mean of the inputs holds it down: standardise or normalise what comes in, or use a zero-centred function before it.",
        ),
        (
            Cause::Weights,
            "The incoming weights hold it down: they are all 0, or neither another bias nor centred inputs alone would lift it. Check the \
             initialisation and its gain, and lower the learning rate.",
        ),
        (Cause::NoInput, "Every unit that feeds this one is dead or always 0: fix the layer before it first."),
        (
            Cause::LearningRate,
            "Lower the learning rate to the best one found; `--lr auto` searches for it. In `excite lab remedies` clipped gradients and \
             normalisation helped too, and neither warm-up nor a leaky function did.",
        ),
        (
            Cause::Data,
            "Standardise the inputs: subtract the mean of each feature, and divide by its standard deviation.",
        ),
        (Cause::Initialisation, "Start with weights of mean 0, the gain of the function, and biases of 0."),
    ],
    finished: "These units contribute a constant: they can be removed, with their weights, and the outputs stay the same. Before that, see \
               that they stay silent on more samples.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let deaths = |layer: &LayerVitals| subject.deaths.iter().find(|deaths| deaths.layer == layer.name());
    subject.layers().filter_map(|(layer, weights)| of_layer(layer, weights, deaths(layer))).collect()
}

fn of_layer(layer: &LayerVitals, weights: Option<&IncomingWeights>, deaths: Option<&Deaths>) -> Option<Finding> {
    let dead: Vec<usize> = (0..layer.units().len()).filter(|&unit| layer.units()[unit].is_dead()).collect();
    if dead.is_empty() {
        return None;
    }
    let is_proven =
        |unit: usize| weights.is_some_and(|weights| weights.has(unit) && is_provably_dead(layer, weights, unit));
    let grade = |unit: usize| if is_proven(unit) { Grade::Proven } else { Grade::Measured };
    let parts = by_cause(dead.iter().map(|&unit| (unit, cause(layer, weights, unit), grade(unit))));
    let mut finding = finding(layer, weights, dead, parts);
    if let Some(deaths) = deaths {
        let died = deaths.units.iter().filter(|unit| finding.units.contains(unit)).count();
        // Those that died come first: what was dead all along is the smaller news.
        if 2 * died >= finding.units.len() {
            finding.summary = format!(
                "{} died {}; {}",
                counted(died, layer.units().len()),
                when(deaths.alive_at, deaths.silent_at),
                finding.summary
            );
        }
        finding = finding.with("last step in which the first of them was alive", deaths.alive_at as f64);
    }
    Some(finding)
}

/// `between steps 47 and 58`
pub(crate) fn when(alive_at: u64, silent_at: u64) -> String {
    format!("between steps {alive_at} and {silent_at}")
}

fn finding(layer: &LayerVitals, weights: Option<&IncomingWeights>, units: Vec<usize>, parts: Vec<Part>) -> Finding {
    let bound = layer.dead_bound().unwrap_or(1.0);
    let count = counted(units.len(), layer.units().len());
    let finding = Finding::on(&RULE, layer, units, Cause::Unknown, String::new()).with_parts(parts);
    let held_down = match finding.cause {
        Cause::Bias => ", held down by the bias",
        Cause::OffCentreInputs => ", held down by the mean of the inputs",
        Cause::Weights => ", held down by the incoming weights",
        Cause::NoInput => ", as all inputs are 0",
        _ => "",
    };
    let summary = if layer.is_seen_enough() {
        format!("{count} stayed silent on all {} samples{held_down}", layer.samples())
    } else {
        let samples = layer.samples();
        let samples = super::plural(samples, "sample");
        let most = super::percent(bound);
        format!("{count} stayed silent on {samples}{held_down}; they may still fire on up to {most} of inputs")
    };
    let all = layer.units();
    Finding { summary, ..finding }
        .with("upper bound of the share of samples that pass a gradient", bound)
        .with_units("largest pre-activation", |unit| (all[unit].z.count > 0).then_some(all[unit].z.max))
        .with_units("bias", |unit| weights.map(|weights| f64::from(weights.bias[unit])))
        .with_units("largest that the inputs contribute", |unit| {
            let z = &all[unit].z;
            weights.filter(|_| z.count > 0).map(|weights| z.max - f64::from(weights.bias[unit]))
        })
        .with_units("mean of what the inputs contribute", |unit| {
            weights.filter(|weights| weights.has(unit)).and_then(|weights| weights.mean_contribution(unit))
        })
        .with_units("largest pre-activation that the intervals of the inputs allow", |unit| {
            let given = weights.filter(|weights| weights.has(unit));
            given.map(|weights| weights.upper_bound(unit)).filter(|bound| bound.is_finite())
        })
}

/// Whether the intervals of the inputs allow only pre-activations at which the slope is 0.
fn is_provably_dead(layer: &LayerVitals, weights: &IncomingWeights, unit: usize) -> bool {
    let function = layer.function_of(unit);
    let facts = excite::Facts::of(function);
    let bound = weights.upper_bound(unit);
    // Up to where the search found the saturation to begin; the exact test is the slope itself.
    let reaches = facts.saturated_below.is_some_and(|below| bound <= below + 1e-9 * (1.0 + below.abs()));
    reaches && function.slope_at(bound) == 0.0
}

/// What holds a dead unit down: what it would take to lift it, tried on the largest pre-activation that was seen.
fn cause(layer: &LayerVitals, weights: Option<&IncomingWeights>, unit: usize) -> Cause {
    let Some(weights) = weights.filter(|weights| weights.has(unit)) else { return Cause::Unknown };
    if weights.is_cut_off(unit) {
        return Cause::NoInput;
    }
    let (z, function) = (&layer.units()[unit].z, layer.function_of(unit));
    // The cause looks for what pushes down; a unit held at the upper end of a clamp is not such.
    if z.count == 0 || z.min > excite::Facts::of(function).steepest_at {
        return Cause::Unknown;
    }
    let bias = f64::from(weights.bias[unit]);
    let inputs = z.mean - bias;
    let passes = |z: f64| function.slope_at(z) != 0.0;
    let lifts = |push: f64| push < 0.0 && passes(z.max - push);
    // Rounding of sums in f32, and as much as "a little over 0": at 0 itself a ReLU passes nothing.
    let little = 1e-5 * bias.abs();
    let varies = z.max - z.min > little;
    match (lifts(bias), varies && lifts(inputs)) {
        (true, true) if bias > inputs => Cause::OffCentreInputs,
        (false, true) => Cause::OffCentreInputs,
        (true, _) => Cause::Bias,
        // At their best the inputs add nothing: the bias alone is what the unit gets.
        (false, false) if bias < 0.0 && passes(z.max - bias + little) => Cause::Bias,
        (false, false) => Cause::Weights,
    }
}
