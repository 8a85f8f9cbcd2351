//! What was found, the worst first.

use excite_vitals::findings::{Figure, Finding, Grade};
use excite_vitals::{Diagnosis, FindingGroup};
use maud::{Markup, html};

use super::{Layer, badge};
use crate::{number, page};

/// The layers of a finding that are listed before the rest is folded.
const SHOWN_LAYERS: usize = 4;
/// The most layers whose evidence is listed, and the most units of each.
const MOST_LAYERS: usize = 12;
const MOST_UNITS: usize = 40;

pub(super) fn list(diagnosis: &Diagnosis, layers: &[Layer]) -> Markup {
    let (graver, notes) = (diagnosis.judgement.finding_groups(), diagnosis.judgement.fact_groups());
    html! {
        @if graver.is_empty() { p { "Nothing need be done." } }
        @for group in &graver { (article(group, layers)) }
        @if !notes.is_empty() {
            details.notes {
                summary { (number::count(notes.len(), "kind of fact", "kinds of facts")) ": worth knowing, and sound networks have them too" }
                @for group in &notes { (article(group, layers)) }
            }
        }
    }
}

fn article(group: &FindingGroup, layers: &[Layer]) -> Markup {
    let worst = group.worst();
    let (first, rest) = group.findings.split_at(group.findings.len().min(SHOWN_LAYERS));
    html! {
        article class=(format!("finding {}", worst.severity)) {
            h3 { (badge(worst.severity)) " " (worst.rule.title) }
            @if group.findings.len() > 1 { p.where { "In " (number::count(group.findings.len(), "layer", "layers")) ":" } }
            ul.found { @for finding in first { li { (place(finding, layers)) } } }
            @if !rest.is_empty() {
                details {
                    summary { "and " (number::count(rest.len(), "more layer", "more layers")) }
                    ul.found { @for finding in rest { li { (place(finding, layers)) } } }
                }
            }
            p { (worst.rule.meaning) }
            p.remedy { strong { "What to do. " } (worst.remedy) }
            dl.facts.dense {
                div { dt { "Cause" } dd { (page::capitalised(&worst.cause.to_string())) } }
                div { dt { "How sure" } dd { (grade(worst.grade)) } }
                div { dt { "Samples" } dd { (samples(group)) } }
                div { dt { "Rule" } dd { a href=(format!("#rule-{}", worst.rule.id)) { (worst.rule.id) } } }
            }
            (evidence(group))
        }
    }
}

/// Where it is, and what.
fn place(finding: &Finding, layers: &[Layer]) -> Markup {
    let layer = finding.layer.as_deref().and_then(|name| layers.iter().find(|layer| layer.figures.name == name));
    html! {
        @if let Some(layer) = layer { a href=(format!("#{}", layer.anchor())) { (layer.figures.name) } ": " }
        (page::with_code(&finding.summary))
    }
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Suspected => "Suspected: it may be otherwise",
        Grade::Measured => "Measured: so for all samples seen",
        Grade::Proven => "Proven: so for every input within the measured intervals",
    }
}

/// The numbers of samples behind the findings.
fn samples(group: &FindingGroup) -> String {
    let counts = || group.findings.iter().map(|finding| finding.samples);
    let (low, high) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    if low == high { low.to_string() } else { format!("{low} to {high}") }
}

fn evidence(group: &FindingGroup) -> Markup {
    let with: Vec<_> = group.findings.iter().filter(|finding| !finding.evidence.is_empty()).collect();
    html! {
        @if !with.is_empty() {
            details.figures {
                summary { "Evidence" }
                @for finding in with.iter().take(MOST_LAYERS) { (of_finding(finding)) }
                @if with.len() > MOST_LAYERS { p.soft { "That of " (with.len() - MOST_LAYERS) " more layers is in the JSON." } }
            }
        }
    }
}

fn of_finding(finding: &Finding) -> Markup {
    let whole: Vec<&Figure> = finding.evidence.iter().filter(|figure| figure.unit.is_none()).collect();
    let units: Vec<usize> =
        finding.units.iter().copied().filter(|unit| finding.evidence.iter().any(|e| e.unit == Some(*unit))).collect();
    let mut quantities: Vec<&str> = Vec::new();
    for figure in finding.evidence.iter().filter(|figure| figure.unit.is_some()) {
        if !quantities.contains(&figure.quantity.as_str()) {
            quantities.push(&figure.quantity);
        }
    }
    let value = |unit: usize, quantity: &str| {
        let figure = finding.evidence.iter().find(|figure| figure.unit == Some(unit) && figure.quantity == quantity);
        figure.map_or_else(|| "–".to_owned(), |figure| number::significant(figure.value))
    };
    let row = |unit: &usize| -> Vec<String> {
        [unit.to_string()].into_iter().chain(quantities.iter().map(|quantity| value(*unit, quantity))).collect()
    };
    let rows: Vec<_> = units.iter().take(MOST_UNITS).map(row).collect();
    let columns: Vec<String> = ["Unit"].iter().chain(&quantities).map(|name| page::capitalised(name)).collect();
    let more = units.len() - rows.len();
    let caption =
        if more == 0 { "Unit by unit.".to_owned() } else { format!("Unit by unit; {more} more are in the JSON.") };
    html! {
        @if let Some(layer) = &finding.layer { p.where { (layer) } }
        @if !whole.is_empty() {
            dl.facts.dense {
                @for figure in whole { div { dt { (page::capitalised(&figure.quantity)) } dd { (number::significant(figure.value)) } } }
            }
        }
        @if !rows.is_empty() { (page::scrolling(&caption, &columns, &rows)) }
    }
}
