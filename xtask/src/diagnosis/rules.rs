//! The rules of other tools, and ours, as verdicts on each unit of a layer. Theirs are written from descriptions of them, with their default
//! thresholds.

use excite_vitals::Role;
use excite_vitals::findings::Severity;

use super::network::Trace;
use super::planted::Planted;

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Dead,
    Saturated,
}

/// A rule: which units of which layer of a network it calls faulty.
pub struct Rule {
    pub name: &'static str,
    pub says: &'static str,
    pub fault: Fault,
    pub flags: fn(&Planted) -> Vec<Vec<bool>>,
}

/// Samples in the one batch that some tools look at.
const BATCH: usize = 32;

pub const RULES: &[Rule] = &[
    Rule {
        name: "excite",
        says: "the slope was 0 for all values of the unit",
        fault: Fault::Dead,
        flags: |planted| ours(planted, "dead-units"),
    },
    Rule {
        name: "SageMaker Debugger DeadRelu",
        says: "over 50 % of a layer's ReLU are active for under 1 % of the samples; those",
        fault: Fault::Dead,
        flags: |planted| by_layer(planted, is_relu, |trace| above(0.5, inactive(trace))),
    },
    Rule {
        name: "TheDeepChecker, dead",
        says: "for over 50 % of a layer's ReLU the 95th percentile of |a| is under 1e-5; those",
        fault: Fault::Dead,
        flags: |planted| by_layer(planted, is_relu, |trace| above(0.5, deep_checker_dead(trace))),
    },
    Rule {
        name: "TheDeepChecker, dead, any share",
        says: "the same without the 50 %",
        fault: Fault::Dead,
        flags: |planted| by_layer(planted, is_relu, deep_checker_dead),
    },
    Rule {
        name: "keras-contrib DeadReluDetector",
        says: "the outputs of at least 10 % of a layer's ReLU sum up to 0 over all samples; those",
        fault: Fault::Dead,
        flags: |planted| {
            by_layer(planted, is_relu, |trace| at_least(0.1, units(trace, |u| trace.a_of(u).all(|a| a == 0.0))))
        },
    },
    Rule {
        name: "AutoTrainer, dying ReLU",
        says: "at least 70 % of the gradients in the whole network are 0 (here: those of units that pass none for one batch); all units",
        fault: Fault::Dead,
        flags: auto_trainer,
    },
    Rule {
        name: "DeepDiagnosis, dead",
        says: "at least 70 % of a layer's outputs on one batch are not positive; the layer",
        fault: Fault::Dead,
        flags: |planted| {
            by_layer(planted, is_relu, |trace| whole_layer(trace, share(&trace.a[..BATCH], |a| a <= 0.0) >= 0.7))
        },
    },
    Rule {
        name: "torch-audit",
        says: "over 90 % of a layer's outputs on one batch are exactly 0; the layer",
        fault: Fault::Dead,
        flags: |planted| {
            by_layer(planted, |_| true, |trace| whole_layer(trace, share(&trace.a[..BATCH], |a| a == 0.0) > 0.9))
        },
    },
    Rule {
        name: "excite",
        says: "|slope| was under 5 % of the largest for over 95 % of the unit's values",
        fault: Fault::Saturated,
        flags: |planted| ours(planted, "saturated-units"),
    },
    Rule {
        name: "SageMaker Debugger SaturatedActivation",
        says: "over 50 % of a layer's units are within ±9.4999 (tanh) or −23 to 16.99999 (sigmoid) for under 1 % of the samples; those",
        fault: Fault::Saturated,
        flags: |planted| by_layer(planted, is_sigmoidal, |trace| above(0.5, beyond_extremes(trace))),
    },
    Rule {
        name: "TheDeepChecker, saturated",
        says: "ρ is over 0.85 for over 50 % of a layer's units; those",
        fault: Fault::Saturated,
        flags: |planted| by_layer(planted, is_sigmoidal, |trace| above(0.5, deep_checker_saturated(trace))),
    },
    Rule {
        name: "TheDeepChecker, saturated, any share",
        says: "the same without the 50 %",
        fault: Fault::Saturated,
        flags: |planted| by_layer(planted, is_sigmoidal, deep_checker_saturated),
    },
    Rule {
        name: "DeepDiagnosis, saturated",
        says: "over 50 % of a layer's z on one batch are beyond ±5; the layer",
        fault: Fault::Saturated,
        flags: |planted| {
            by_layer(planted, is_sigmoidal, |trace| {
                whole_layer(trace, share(&trace.z[..BATCH], |z| z.abs() > 5.0) > 0.5)
            })
        },
    },
];

/// What our diagnosis finds; but not what it only notes of gates and outputs, which may be so on purpose.
fn ours(planted: &Planted, id: &str) -> Vec<Vec<bool>> {
    let mut flags: Vec<Vec<bool>> = planted.traces.iter().map(|trace| vec![false; trace.units()]).collect();
    for finding in planted.diagnosis.judgement.all().filter(|finding| finding.rule.id == id) {
        let layers = planted.vitals.layers.iter().enumerate();
        for (index, layer) in layers.filter(|(_, layer)| finding.layer.as_deref() == Some(layer.name())) {
            if layer.role() == Role::Hidden || finding.severity > Severity::Note {
                finding.units.iter().for_each(|&unit| flags[index][unit] = true);
            }
        }
    }
    flags
}

fn by_layer(planted: &Planted, looks_at: fn(&Trace) -> bool, flags: impl Fn(&Trace) -> Vec<bool>) -> Vec<Vec<bool>> {
    let of = |trace: &Trace| if looks_at(trace) { flags(trace) } else { vec![false; trace.units()] };
    planted.traces.iter().map(of).collect()
}

fn is_relu(trace: &Trace) -> bool {
    trace.function.name() == "relu"
}

fn is_sigmoidal(trace: &Trace) -> bool {
    matches!(trace.function.name(), "sigmoid" | "tanh")
}

fn units(trace: &Trace, is_faulty: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..trace.units()).map(is_faulty).collect()
}

fn whole_layer(trace: &Trace, is_faulty: bool) -> Vec<bool> {
    vec![is_faulty; trace.units()]
}

fn share(rows: &[Vec<f32>], holds: impl Fn(f32) -> bool) -> f64 {
    let all = rows.iter().flatten();
    all.clone().filter(|&&value| holds(value)).count() as f64 / all.count() as f64
}

fn flagged_share(flags: &[bool]) -> f64 {
    flags.iter().filter(|&&flag| flag).count() as f64 / flags.len() as f64
}

/// The flags, if they are over that share of the layer.
fn above(share: f64, flags: Vec<bool>) -> Vec<bool> {
    if flagged_share(&flags) > share { flags } else { vec![false; flags.len()] }
}

fn at_least(share: f64, flags: Vec<bool>) -> Vec<bool> {
    if flagged_share(&flags) >= share { flags } else { vec![false; flags.len()] }
}

fn inactive(trace: &Trace) -> Vec<bool> {
    let active = |unit| trace.a_of(unit).filter(|&a| a > 0.0).count() as f64 / trace.a.len() as f64;
    units(trace, |unit| active(unit) < 0.01)
}

fn deep_checker_dead(trace: &Trace) -> Vec<bool> {
    let percentile_95 = |unit| {
        let mut sizes: Vec<f32> = trace.a_of(unit).map(f32::abs).collect();
        sizes.sort_by(f32::total_cmp);
        sizes[sizes.len() * 95 / 100]
    };
    units(trace, |unit| percentile_95(unit) < 1e-5)
}

fn deep_checker_saturated(trace: &Trace) -> Vec<bool> {
    let low = if trace.function.name() == "tanh" { -1.0 } else { 0.0 };
    let measure = |a: f32| (2.0 * (f64::from(a) - low) / (1.0 - low) - 1.0).abs();
    units(trace, |unit| trace.a_of(unit).map(measure).sum::<f64>() / trace.a.len() as f64 > 0.85)
}

fn beyond_extremes(trace: &Trace) -> Vec<bool> {
    let within = if trace.function.name() == "tanh" { -9.4999..=9.4999 } else { -23.0..=16.99999 };
    let inside = |unit| trace.z_of(unit).filter(|z| within.contains(z)).count() as f64 / trace.z.len() as f64;
    units(trace, |unit| inside(unit) < 0.01)
}

fn auto_trainer(planted: &Planted) -> Vec<Vec<bool>> {
    let passes_none = |trace: &Trace, unit| trace.z_of(unit).take(BATCH).all(|z| trace.function.slope_at(z) == 0.0);
    let zero: Vec<bool> =
        planted.traces.iter().flat_map(|trace| units(trace, |unit| passes_none(trace, unit))).collect();
    let is_dying = flagged_share(&zero) >= 0.7;
    planted.traces.iter().map(|trace| whole_layer(trace, is_dying)).collect()
}
