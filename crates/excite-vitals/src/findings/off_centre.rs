//! Layers whose outputs lie to one side of 0.

use excite::{Facts, Function};

use super::{Cause, Finding, Rule, counted};
use crate::evidence::Subject;
use crate::sketch::Unit;
use crate::{LayerVitals, Role};

/// γ above which a layer is off-centre. ReLU on standard normal inputs has 0.68, and about 1 deeper in a healthy network, where its
/// inputs are such outputs; sigmoid has 2.4.
const GAMMA: f64 = 2.0;

pub(super) static RULE: Rule = Rule {
    id: "off-centre",
    title: "Off-centre layer",
    meaning: "The outputs of the layer vary less than half as much as their mean lies from 0, so that the gradients of the next layer's weights nearly \
              all point the same way, and training zig-zags. The next layer's pre-activations are shifted with it, which kills or saturates \
              units there.",
    threshold: "γ = ‖μ‖/‖σ‖ over the units of a hidden layer above 2. It is a fact, not a warning: sound networks of sigmoid have it. \
                Gates and outputs are not looked at.",
    remedies: &[
        (
            Cause::Function,
            "The function has only such outputs: use a zero-centred one (tanh, or GELU and SiLU, which are nearly so), or normalise after it.",
        ),
        (
            Cause::Shift,
            "The pre-activations lie to one side: start biases at 0, standardise the inputs, or normalise before the function.",
        ),
    ],
    finished: "Nothing need be done. In fixed point such a layer is better served by a zero point than by a symmetric range.",
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let hidden = subject.layers().map(|(layer, _)| layer).filter(|layer| layer.role() == Role::Hidden);
    hidden.filter(|layer| layer.gamma() > GAMMA && !layer.units().iter().all(Unit::is_constant)).map(finding).collect()
}

fn finding(layer: &LayerVitals) -> Finding {
    let units = layer.units();
    let is_off = |unit: usize| match units[unit].off_centre() {
        Some(ratio) => ratio > GAMMA,
        None => units[unit].a.mean != 0.0,
    };
    let off: Vec<usize> = (0..units.len()).filter(|&unit| is_off(unit)).collect();
    let gamma = layer.gamma();
    let cause = if usual_gamma(layer.function()) > GAMMA { Cause::Function } else { Cause::Shift };
    let summary = format!(
        "the units' means are {gamma:.1} times as large as their spread; {} lie to one side",
        counted(off.len(), units.len())
    );
    Finding::on(&RULE, layer, off, cause, summary)
        .with("‖μ‖/‖σ‖ of the layer", gamma)
        .with("‖μ‖/‖σ‖ of the function for standard normal inputs", usual_gamma(layer.function()))
        .with_units("|mean| over standard deviation", |unit| units[unit].off_centre())
}

/// |mean| over standard deviation of the outputs for standard normal inputs; 0 where their variance is not finite.
fn usual_gamma(f: Function) -> f64 {
    let mean = Facts::of(f).mean_output;
    // E f² by the trapezoidal rule, which is exact to rounding for what falls off so fast; kinks cost next to nothing.
    let density = |x: f64| (-0.5 * x * x).exp();
    let inputs = || (-8000..=8000).map(|i| f64::from(i) / 1000.0);
    let square =
        inputs().map(|x| density(x) * f.value(x) * f.value(x)).sum::<f64>() / inputs().map(density).sum::<f64>();
    let variance = square - mean * mean;
    if variance > 0.0 && variance.is_finite() { mean.abs() / variance.sqrt() } else { 0.0 }
}
