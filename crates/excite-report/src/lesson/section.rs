//! One section: a sentence with its verdict, or an experiment that answers none.

use excite_lab::lesson::{Answer, Verdict};
use excite_lab::record::experiment::{Measure, Record};
use maud::{Markup, html};

use super::PLAY;
use super::picture::figure;
use crate::{number, page};

/// A sentence, its verdict, its picture and why; what stands behind it is folded, with the first sentence that it stands behind.
pub(super) fn statement(answer: &Answer, before: &[Answer], records: &[Record]) -> Markup {
    let record = records.iter().find(|record| record.name == answer.experiment);
    let first = before.iter().find(|other| other.experiment == answer.experiment);
    html! {
        section.statement id=(answer.anchor()) {
            // The page to play with links to experiments by their names.
            @if first.is_none() { span id=(answer.experiment) {} }
            h3 { span.number { (answer.number) } " " (page::held_together(&answer.sentence)) }
            p class=(format!("answer {}", class(answer.verdict))) {
                span.mark aria-hidden="true" { (mark(answer.verdict)) }
                span { (page::held_together(&answer.in_words())) }
            }
            @if let Some(picture) = record.and_then(|record| record.picture(&answer.figure)) { (figure(picture)) }
            p.why { strong { "Why. " } (page::held_together(&answer.why)) }
            @if !answer.known.is_empty() {
                dl.known { @for (name, what) in &answer.known { dt { (name) } dd { (page::held_together(what)) } } }
            }
            p.more {
                @if let Some(widget) = answer.widget { a href=(format!("{PLAY}#{widget}")) title="a page beside this one, which excite play writes" { "Try it yourself" } " " }
                @if let Some(first) = first { a href=(format!("#{}-method", first.anchor())) { "Method and figures" } }
            }
            @if let (None, Some(record)) = (first, record) { (behind(record, Some(answer))) }
        }
    }
}

/// An experiment whose record answers none of the sentences: all it shows.
pub(super) fn experiment(record: &Record) -> Markup {
    html! {
        section.statement id=(record.name) {
            h3 { (record.question) }
            p.soft { "The sentences of the notes are about other functions: here is what was measured." }
            @for picture in &record.pictures { (figure(picture)) }
            (method(record))
            (table(record))
        }
    }
}

/// The method, the figures, and the pictures that no section shows.
fn behind(record: &Record, answer: Option<&Answer>) -> Markup {
    let shown: Vec<&str> = excite_lab::lesson::statements()
        .filter(|statement| statement.experiment == record.name)
        .map(|statement| statement.figure)
        .collect();
    let others = record.pictures.iter().filter(|picture| !shown.contains(&picture.name.as_str()));
    html! {
        details.fold id=[answer.map(|answer| format!("{}-method", answer.anchor()))] {
            summary { "Method, figures and command: " (record.name) }
            div {
                (method(record))
                (table(record))
                @for picture in others { (figure(picture)) }
                pre { "excite lab " (record.name) }
            }
        }
    }
}

fn method(record: &Record) -> Markup {
    let functions: Vec<_> = record.functions.iter().map(ToString::to_string).collect();
    html! {
        p { (page::held_together(&record.method)) }
        p.soft {
            "Functions: " (functions.join(", ")) ". "
            @if let Some(data) = &record.data { "Data: " (data) ". " }
            (number::count(record.seeds, "seed")) ". " (page::held_together(&record.certainty))
        }
    }
}

/// The class of a verdict, which colours it.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::YesBut => "but",
        Verdict::No => "no",
        Verdict::TooFewSeeds => "open",
    }
}

/// The mark of a verdict: colours never speak alone.
pub(super) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "✓",
        Verdict::YesBut => "≈",
        Verdict::No => "✕",
        Verdict::TooFewSeeds => "?",
    }
}

fn table(record: &Record) -> Markup {
    let table = record.table();
    let columns: Vec<_> = std::iter::once(String::new()).chain(table.columns).collect();
    let row = |(name, measures): &(String, Vec<Option<&Measure>>)| -> Vec<Markup> {
        std::iter::once(html! { (name) }).chain(measures.iter().map(|measure| cell(*measure))).collect()
    };
    let rows: Vec<_> = table.rows.iter().map(row).collect();
    page::scrolling("Median over the seeds, with the lowest and the highest below it.", &columns, &rows)
}

/// A measure as text: its median, with the lowest and the highest where they differ. Empty where there is none, a dash where it could not be
/// taken.
///
/// ```
/// use excite_report::measure_text;
/// use excite_lab::record::experiment::Measure;
/// let steps = |over_seeds: &[f64]| Measure::new("tanh", "steps", "", over_seeds);
/// assert_eq!(measure_text(Some(&steps(&[3.0, 1.0, 2.0]))), "2 (1 to 3)");
/// assert_eq!(measure_text(Some(&steps(&[]))), "–");
/// assert_eq!(measure_text(None), "");
/// ```
pub fn measure_text(measure: Option<&Measure>) -> String {
    let Some(measure) = measure else { return String::new() };
    let significant = number::significant;
    match measure.value {
        None => "–".to_owned(),
        Some(spread) if spread.low == spread.high => significant(spread.median),
        Some(spread) => {
            format!("{} ({} to {})", significant(spread.median), significant(spread.low), significant(spread.high))
        }
    }
}

fn cell(measure: Option<&Measure>) -> Markup {
    let Some(spread) = measure.and_then(|measure| measure.value) else {
        return html! { (measure_text(measure)) };
    };
    html! {
        (number::significant(spread.median))
        @if spread.low != spread.high {
            span.soft { (number::significant(spread.low)) " to " (number::significant(spread.high)) }
        }
    }
}
