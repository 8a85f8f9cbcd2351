//! Units through which no gradient ever passes.

use super::{Cause, Finding, Grade, Rule, Severity, Subject, by_cause, counted, percent, severity_by_share};
use crate::{IncomingWeights, LayerVitals, Role};

pub(super) static RULE: Rule = Rule {
    id: "dead-units",
    title: "Dead units",
    meaning: "The unit put out the same for every sample and passed no gradient, so it tells nothing, and training cannot change it. A ReLU \
              dies this way when its pre-activation is never positive; in N samples without a firing, the true rate is under 3/N with 95 % \
              confidence.",
    threshold: "A unit whose gradient was 0 and whose output was one and the same for all values. Under a tenth of a layer is a note, half \
                or more is an error; in a gate it is a note.",
    remedies: &[
        (
            Cause::Unknown,
            "Compare with the vitals of the untrained network: dead there calls for centred inputs, the right gain and biases of 0 or a \
             little over; dead later for a lower learning rate, warm-up, gradient clipping, or a leaky function.",
        ),
        (
            Cause::Bias,
            "The bias holds it down: start biases at 0 or a little over; if training brought it there, lower the learning rate, warm up, or \
             clip gradients. Of a network that is not trained on, it can be cut out.",
        ),
        (
            Cause::OffCentreInputs,
            "The mean of the inputs holds it down: standardise or normalise what comes in, or use a zero-centred function before it.",
        ),
        (
            Cause::Weights,
            "The incoming weights hold it down: they are all 0, or neither another bias nor centred inputs alone would lift it. Check the \
             initialisation and its gain, lower the learning rate, or use a leaky function.",
        ),
        (Cause::NoInput, "Every unit that feeds this one is dead or always 0: fix the layer before it first."),
    ],
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.layers().flat_map(|(layer, weights)| of_layer(layer, weights)).collect()
}

fn of_layer(layer: &LayerVitals, weights: Option<&IncomingWeights>) -> Vec<Finding> {
    let dead: Vec<usize> = (0..layer.units().len()).filter(|&unit| layer.units()[unit].is_dead()).collect();
    let severity = match layer.role() {
        Role::Gate => Severity::Note,
        Role::Hidden | Role::Output => severity_by_share(dead.len(), layer.units().len()),
    };
    let is_proven = |unit: usize| weights.is_some_and(|weights| is_provably_dead(layer, weights, unit));
    let (proven, measured): (Vec<usize>, Vec<usize>) = dead.into_iter().partition(|&unit| is_proven(unit));
    let mut findings = Vec::new();
    for (grade, units) in [(Grade::Proven, proven), (Grade::Measured, measured)] {
        for (cause, units) in by_cause(units.into_iter().map(|unit| (unit, cause(layer, weights, unit)))) {
            findings.push(finding(layer, weights, units, cause).severity(severity).grade(grade));
        }
    }
    findings
}

fn finding(layer: &LayerVitals, weights: Option<&IncomingWeights>, units: Vec<usize>, cause: Cause) -> Finding {
    let bound = layer.dead_bound().unwrap_or(1.0);
    let summary = format!(
        "{} passed no gradient in {} samples (so in less than {} of all){}",
        counted(units.len(), layer.units().len()),
        layer.samples(),
        percent(bound),
        match cause {
            Cause::Bias => ", held down by the bias",
            Cause::OffCentreInputs => ", held down by the mean of the inputs",
            Cause::Weights => ", held down by the incoming weights",
            Cause::NoInput => ", as all inputs are 0",
            _ => "",
        }
    );
    let all = layer.units();
    Finding::on(&RULE, layer, units, cause, summary)
        .with("upper bound of the share of samples that pass a gradient", bound)
        .with_units("largest pre-activation", |unit| (all[unit].z.count > 0).then_some(all[unit].z.max))
        .with_units("bias", |unit| weights.map(|weights| f64::from(weights.bias[unit])))
        .with_units("largest that the inputs contribute", |unit| {
            let z = &all[unit].z;
            weights.filter(|_| z.count > 0).map(|weights| z.max - f64::from(weights.bias[unit]))
        })
        .with_units("mean of what the inputs contribute", |unit| weights.and_then(|w| w.mean_contribution(unit)))
        .with_units("largest pre-activation that the intervals of the inputs allow", |unit| {
            weights.map(|weights| weights.upper_bound(unit)).filter(|bound| bound.is_finite())
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
    let Some(weights) = weights else { return Cause::Unknown };
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
