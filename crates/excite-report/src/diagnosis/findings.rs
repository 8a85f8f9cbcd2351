//! What stands out, what it means and what can be done, the worst first.

use excite_vitals::findings::{Figure, Finding, Grade};
use excite_vitals::{Diagnosis, FindingGroup};
use maud::{Markup, html};

use super::{Layer, badge};
use crate::{number, page};

/// The layers of a finding that are listed before the rest is folded.
const SHOWN_LAYERS: usize = 2;

pub(super) fn table(diagnosis: &Diagnosis, layers: &[Layer]) -> Markup {
    let (findings, facts) = (diagnosis.judgement.finding_groups(), diagnosis.judgement.fact_groups());
    html! {
        @if findings.is_empty() { p { "Nothing need be done." } } @else { (rows(&findings, layers)) }
        @if !facts.is_empty() {
            @let name = format!("{}: worth knowing, and no faults", number::count(facts.len(), "fact"));
            (page::fold(&name, &rows(&facts, layers)))
        }
    }
}

fn rows(groups: &[FindingGroup], layers: &[Layer]) -> Markup {
    html! {
        table.findings {
            thead { tr { th scope="col" { "What stands out" } th scope="col" { "What it means" } th scope="col" { "What you can do" } } }
            tbody { @for group in groups { (row(group, layers)) } }
        }
    }
}

fn row(group: &FindingGroup, layers: &[Layer]) -> Markup {
    let worst = group.worst();
    let (first, rest) = group.findings.split_at(group.findings.len().min(SHOWN_LAYERS));
    html! {
        tr class=(worst.severity) {
            th scope="row" {
                span.what { (badge(worst.severity)) " " (worst.rule.title) @if group.findings.len() > 1 { " in " (number::count(group.findings.len(), "layer")) } }
                @for finding in first { div { (place(finding, layers)) } }
                @if !rest.is_empty() {
                    details.figures {
                        summary { "and " (number::count(rest.len(), "more layer")) }
                        ul.found { @for finding in rest { li { (place(finding, layers)) } } }
                    }
                }
            }
            td data-label="What it means" {
                (worst.rule.meaning)
                details.figures {
                    summary { "How sure" }
                    p { (page::capitalised(&worst.cause.to_string())) ". " (grade(worst.grade)) ", " (samples(group)) " of them. Rule: "
                        a href=(format!("#rule-{}", worst.rule.id)) { (worst.rule.id) } "." }
                    (evidence(group))
                }
            }
            td data-label="What you can do" { (worst.remedy) }
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

/// The figures of the first layers as a whole; those of units stand with their layer.
fn evidence(group: &FindingGroup) -> Markup {
    let whole = |finding: &Finding| -> Vec<Figure> {
        finding.evidence.iter().filter(|figure| figure.unit.is_none()).cloned().collect()
    };
    html! {
        @for finding in group.findings.iter().take(SHOWN_LAYERS) {
            @let figures = whole(finding);
            @if !figures.is_empty() {
                dl.facts {
                    @for figure in &figures { div { dt { (page::capitalised(&figure.quantity)) } dd { (number::significant(figure.value)) } } }
                }
            }
        }
    }
}
