//! How bad findings are for the network: by their consequence.

use super::{Learnt, Stage, Subject, TrainingRun};
use crate::findings::{
    Cause, Finding, Grade, Severity, constant_layer, dead, diverged, gradient_over_depth, input_not_standardised,
    learning_rate, learnt_nothing, not_finite, saturated,
};
use crate::sketch::Unit;
use crate::{LayerVitals, Role};

/// Shares of the units from which on dead or saturated ones count.
struct Limits {
    /// Of one hidden layer: look at this.
    layer: f64,
    /// Of all hidden units: look at this.
    network: f64,
    /// Of all hidden units: broken.
    broken: f64,
}

const DEAD_IN_TRAINING: Limits = Limits { layer: 0.2, network: 0.2, broken: 0.5 };
const SATURATED_IN_TRAINING: Limits = Limits { layer: 0.25, network: 0.25, broken: 0.5 };
/// A finished network does what it does with these units; only where next to nothing is left of it is something wrong.
const DEAD_WHEN_FINISHED: Limits = Limits { layer: 0.9, network: 0.5, broken: 0.9 };
const SATURATED_WHEN_FINISHED: Limits = Limits { layer: f64::INFINITY, network: 0.5, broken: f64::INFINITY };

/// Sets the severity of each finding.
pub(super) fn weigh(subject: &Subject<'_>, findings: &mut [Finding]) {
    let severities: Vec<Severity> = match subject.training {
        Some(run) => findings.iter().map(|finding| of_run(subject, run, finding, findings)).collect(),
        None => findings.iter().map(|finding| of_vitals(subject, finding, findings)).collect(),
    };
    findings.iter_mut().zip(severities).for_each(|(finding, severity)| finding.severity = severity);
}

/// By what the training run came to.
fn of_run(subject: &Subject<'_>, run: &TrainingRun, finding: &Finding, all: &[Finding]) -> Severity {
    let is_failure = run.diverged || run.learnt() != Learnt::Something;
    let has = |rule| all.iter().any(|other| other.rule == rule && other.layer.is_none());
    let share_of = |finding: &Finding| finding.evidence.iter().map(|figure| figure.value).fold(0.0, f64::max);
    // A few dead or saturated units are not why a whole network does not learn.
    let has_many = |rule, limits: &Limits| {
        all.iter().any(|other| other.rule == rule && other.layer.is_none() && share_of(other) >= limits.network)
    };
    let has_lost_units =
        || has_many(&dead::RULE, &DEAD_IN_TRAINING) || has_many(&saturated::RULE, &SATURATED_IN_TRAINING);
    if finding.rule == &diverged::RULE {
        return Severity::Error;
    }
    if finding.rule == &not_finite::RULE {
        return of_not_finite(subject, finding);
    }
    // What is found in a layer of the trained network is part of what is said of the whole; where no errors are known, the values
    // say how bad it is.
    if finding.layer.is_some() {
        let says = |other: &Finding| {
            other.rule == finding.rule && other.layer.is_none() && share_of(other) >= DEAD_IN_TRAINING.network
        };
        let is_said = run.knows_errors() || all.iter().any(says);
        return if is_said { Severity::Note } else { of_vitals(subject, finding, all) };
    }
    let grave = if is_failure { Severity::Error } else { Severity::Warning };
    let share = share_of(finding);
    // Units die of a gradient that was lost from the first step on, and not the other way round.
    let starts_small = all.iter().any(is_lost_at_the_start);
    if finding.rule == &learning_rate::RULE {
        grave
    } else if finding.rule == &dead::RULE {
        match share {
            _ if starts_small && [Cause::Unknown, Cause::Initialisation].contains(&finding.cause) => Severity::Note,
            _ if is_failure => grave,
            _ if !run.knows_errors() && share >= DEAD_IN_TRAINING.broken => Severity::Error,
            _ if !run.knows_errors() && share >= DEAD_IN_TRAINING.network => Severity::Warning,
            // Most of the network is gone, and the rest does what it can.
            0.5.. if finding.cause != Cause::Unknown || run.is_behind_best() => Severity::Error,
            0.5.. => Severity::Warning,
            0.2.. if finding.cause != Cause::Unknown => Severity::Warning,
            _ if run.is_behind_best() => Severity::Warning,
            _ => Severity::Note,
        }
    } else if finding.rule == &saturated::RULE {
        // A tanh that is sure of itself is saturated, and learns all the same.
        let is_explained = share < SATURATED_IN_TRAINING.network && has(&gradient_over_depth::VANISHING);
        if !is_explained && (is_failure || run.is_behind_best() || share >= 0.5) { grave } else { Severity::Note }
    } else if finding.rule == &gradient_over_depth::VANISHING || finding.rule == &gradient_over_depth::EXPLODING {
        // Dead and saturated units stop the gradient too: then they are the cause.
        let is_cause = is_lost_at_the_start(finding) || !has_lost_units();
        if is_cause && (is_failure || (!run.knows_errors() && gradient_over_depth::is_measured(finding))) {
            Severity::Error
        } else {
            Severity::Note
        }
    } else if finding.rule == &learnt_nothing::RULE {
        let is_explained = has(&dead::RULE)
            || has(&saturated::RULE)
            || has(&gradient_over_depth::VANISHING)
            || has(&gradient_over_depth::EXPLODING)
            || has(&learning_rate::RULE);
        if is_explained && run.learnt() == Learnt::Nothing { Severity::Note } else { Severity::Error }
    } else {
        Severity::Note
    }
}

/// Whether a finding is a gradient that vanishes because the initial weights are too small.
fn is_lost_at_the_start(finding: &Finding) -> bool {
    finding.rule == &gradient_over_depth::VANISHING && finding.cause == Cause::Initialisation
}

/// By what the values of the layers show.
fn of_vitals(subject: &Subject<'_>, finding: &Finding, all: &[Finding]) -> Severity {
    if subject.vitals.random_data {
        return Severity::Note;
    }
    let layer = finding.layer.as_deref().and_then(|name| subject.vitals.layer(name));
    if finding.rule == &not_finite::RULE {
        return of_not_finite(subject, finding);
    }
    if finding.rule == &gradient_over_depth::VANISHING || finding.rule == &gradient_over_depth::EXPLODING {
        return if finding.grade == Grade::Measured { Severity::Error } else { Severity::Warning };
    }
    if finding.rule == &input_not_standardised::RULE {
        let explains = |other: &Finding| {
            let is_grave = other.layer.is_some() && of_vitals(subject, other, &[]) > Severity::Note;
            is_grave && [Cause::OffCentreInputs, Cause::Shift, Cause::Spread].contains(&other.cause)
        };
        return if all.iter().any(explains) { Severity::Warning } else { Severity::Note };
    }
    // Whether a unit is silent or only rare, a few samples do not tell.
    if finding.samples < LayerVitals::FEW_SAMPLES {
        return Severity::Note;
    }
    if finding.rule == &constant_layer::RULE {
        let is_lost = layer.is_some_and(|layer| nothing_gets_through(subject, layer));
        return if is_lost { Severity::Error } else { Severity::Note };
    }
    if layer.is_none_or(|layer| layer.role() != Role::Hidden) {
        return Severity::Note;
    }
    let is_training = subject.stage == Stage::Training;
    let limits = if finding.rule == &dead::RULE {
        if is_training { DEAD_IN_TRAINING } else { DEAD_WHEN_FINISHED }
    } else if finding.rule == &saturated::RULE {
        if is_training { SATURATED_IN_TRAINING } else { SATURATED_WHEN_FINISHED }
    } else {
        return Severity::Note;
    };
    let network = hidden_share(subject, finding, all);
    let is_large_here = finding.share() >= limits.layer.min(network);
    match network {
        _ if network >= limits.broken && is_large_here => Severity::Error,
        _ if finding.share() >= limits.layer || (network >= limits.network && is_large_here) => Severity::Warning,
        _ => Severity::Note,
    }
}

/// NaN and infinities that get past the layer, or come in with the inputs, break the network.
fn of_not_finite(subject: &Subject<'_>, finding: &Finding) -> Severity {
    let layer = finding.layer.as_deref().and_then(|name| subject.vitals.layer(name));
    let gets_past = |layer: &LayerVitals| layer.units().iter().any(|unit| unit.a.nan + unit.a.infinite > 0);
    if layer.is_none_or(gets_past) { Severity::Error } else { Severity::Note }
}

/// The share of all hidden units that are in findings of the same rule.
fn hidden_share(subject: &Subject<'_>, finding: &Finding, all: &[Finding]) -> f64 {
    let is_hidden = |name: &str| subject.vitals.layer(name).is_some_and(|layer| layer.role() == Role::Hidden);
    let hidden = subject.layers().filter(|(layer, _)| layer.role() == Role::Hidden);
    let units: usize = hidden.map(|(layer, _)| layer.units().len()).sum();
    let same = all.iter().filter(|other| other.rule == finding.rule && other.layer.as_deref().is_some_and(is_hidden));
    same.map(|other| other.units.len()).sum::<usize>() as f64 / units.max(1) as f64
}

/// Whether a layer and every hidden layer after it put out the same for all samples.
fn nothing_gets_through(subject: &Subject<'_>, layer: &LayerVitals) -> bool {
    let from = subject.layers().skip_while(|(other, _)| other.name() != layer.name());
    let mut hidden = from.filter(|(other, _)| other.role() == Role::Hidden).peekable();
    subject.shortcuts != Some(true)
        && hidden.peek().is_some()
        && hidden.all(|(layer, _)| layer.units().iter().all(Unit::is_constant))
}
