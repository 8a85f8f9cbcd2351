//! The judgement in one sentence or two, of at most 25 words.

use super::{Health, Learnt, Subject};
use crate::findings::{Finding, dead, learnt_nothing};
use crate::in_words::{plural, thousands};
use crate::{LayerVitals, Role};

pub(super) fn of(subject: &Subject<'_>, health: Health, findings: &[Finding], facts: &[Finding]) -> String {
    match (health, findings.first()) {
        (Health::LearntNothing, first) => learnt_nothing(subject, first),
        (Health::Broken, Some(first)) => format!("Broken: {}.", said(first)),
        (Health::LookAtThis, Some(first)) => format!("Look at this: {}.", said(first)),
        (Health::CannotTell, _) => cannot_tell(subject),
        _ => sound(subject, facts),
    }
}

/// What was found, with the layer.
fn said(finding: &Finding) -> String {
    // A name of several words, as hidden 1, still is one thing.
    let place = finding.layer.as_ref().map_or_else(String::new, |layer| format!("`{layer}`: "));
    format!("{place}{}", finding.summary)
}

fn learnt_nothing(subject: &Subject<'_>, first: Option<&Finding>) -> String {
    let guessing = subject.training.map_or_else(String::new, |run| format!(" ({})", run.error(run.chance)));
    let is_by_heart = subject.training.is_some_and(|run| run.learnt() == Learnt::ByHeart);
    match first {
        Some(first) if first.rule == &learnt_nothing::RULE && is_by_heart => {
            format!("Learnt nothing{guessing}: learnt by heart; {}.", learnt_nothing::UNRELATED_LABELS)
        }
        Some(first) => format!("Learnt nothing{guessing}: {}.", said(first)),
        None => format!("Learnt nothing{guessing}."),
    }
}

fn cannot_tell(subject: &Subject<'_>) -> String {
    if let Some(why) = subject.nothing_seen {
        format!("Cannot tell: nothing was seen, because {why}.")
    } else if subject.layers().next().is_none() {
        "Cannot tell: no values reached any of the layers.".to_owned()
    } else if subject.vitals.random_data {
        "Cannot tell: the inputs were random numbers. Give real data.".to_owned()
    } else if subject.vitals.noise {
        "Cannot tell: the inputs look like noise. Give real data.".to_owned()
    } else {
        "Cannot tell: one sample is too few. Give more data.".to_owned()
    }
}

fn sound(subject: &Subject<'_>, facts: &[Finding]) -> String {
    let samples = subject.vitals.samples();
    let hidden = subject.layers().filter(|(layer, _)| layer.role() == Role::Hidden);
    let units: usize = hidden.map(|(layer, _)| layer.units().len()).sum();
    let is_hidden = |name: &str| subject.vitals.layer(name).is_some_and(|layer| layer.role() == Role::Hidden);
    let silent = facts.iter().filter(|fact| fact.rule == &dead::RULE && fact.layer.as_deref().is_some_and(is_hidden));
    let silent: usize = silent.map(|fact| fact.units.len()).sum();
    let is_enough = samples >= LayerVitals::ENOUGH_SAMPLES;
    let (count, of) = (thousands(silent as u64), thousands(units as u64));
    let seen = subject.layers().count();
    match (silent, is_enough) {
        _ if seen == 0 => "Looks sound.".to_owned(),
        // What was not looked at is not called sound.
        _ if subject.not_looked_at > 0 => {
            let (seen, others) = (plural(seen, "activation"), plural(subject.not_looked_at, "other"));
            format!("Looks sound in {seen}; {others} could not be looked at.")
        }
        (0, true) => "Looks sound.".to_owned(),
        (0, false) => format!("Looks sound, as far as {samples} samples show."),
        (_, true) => {
            format!("Looks sound. {count} of {of} hidden units stayed silent on all {} samples.", thousands(samples))
        }
        (_, false) => format!(
            "Looks sound. {count} of {of} hidden units stayed silent on {samples} samples; too few samples to call them dead."
        ),
    }
}
