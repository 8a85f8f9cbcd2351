//! The lesson: every sentence of the notes with its verdict, one picture, why, and what stands behind it.

mod picture;
mod section;

use excite_lab::lesson::{Answer, Group, IN_THE_NOTES, Verdict};
use excite_lab::record::experiment::Record;
use maud::{Markup, html};

pub use self::picture::picture_svg;
pub use self::section::measure_text;
use crate::{number, page};

/// The page to play with, beside this one, that sections with something to play with link to: `excite play` writes it.
const PLAY: &str = "play.html";

/// The lesson as a self-contained HTML file: what `answers` say, with the records they are read from; `command` is what repeats them.
/// Records that answer nothing, as those of other functions than the notes', stand with their pictures and figures. Figures that are
/// missing or not finite are left out or shown as a dash; text from the records is escaped.
pub fn lesson_page(answers: &[Answer], records: &[Record], command: &str) -> String {
    let mute: Vec<&Record> =
        records.iter().filter(|record| answers.iter().all(|answer| answer.experiment != record.name)).collect();
    let title = match (answers, &mute[..]) {
        ([], [one]) => one.question.clone(),
        ([one], []) => one.sentence.clone(),
        ([], several) => number::count(several.len(), "experiment"),
        (some, _) if whole(some) => format!("Activation functions: {IN_THE_NOTES} sentences, tried"),
        (some, _) => number::count(some.len(), "sentence"),
    };
    let is_quick = records.iter().any(|record| record.quick);
    let body = html! {
        header {
            p.eyebrow { "excite lab" }
            h1 { (page::held_together(&title)) }
            @if answers.len() > 1 { p.tally { (tally(answers)) } }
            @if is_quick {
                p.notice role="note" { strong { "Quick. " } "Less was done than the experiments call for: the figures are rough, and where they do not suffice there is no verdict." }
            }
            p.soft { "Figures are medians over the seeds, each with other random numbers; bands and dots show the seeds. All was measured in this run." }
        }
        @if answers.len() > 1 { (contents(answers)) }
        div.lessons {
            @for (index, answer) in answers.iter().enumerate() {
                @if index == 0 || answers[index - 1].group != answer.group {
                    @if answers.len() > 1 { h2.group { (answer.group) } }
                }
                (section::statement(answer, &answers[..index], records))
            }
            @for record in mute { (section::experiment(record)) }
            section.repeat {
                h3 { "Repeat it" }
                p.soft { (repeats(records)) }
                pre { (command) }
            }
        }
    };
    page::page_of(&format!("{title}: excite lab"), Some("lesson"), &body)
}

/// Whether all the sentences of the notes are there.
fn whole(answers: &[Answer]) -> bool {
    answers.iter().filter(|answer| answer.group != Group::Beyond).count() == IN_THE_NOTES
}

/// How many of each verdict there are.
fn tally(answers: &[Answer]) -> String {
    let of_notes = || answers.iter().filter(|answer| answer.group != Group::Beyond);
    let count = |verdict: Verdict| of_notes().filter(|answer| answer.verdict == verdict).count();
    let verdicts = [Verdict::Yes, Verdict::YesBut, Verdict::No, Verdict::TooFewSeeds];
    let counts = verdicts.iter().map(|verdict| (count(*verdict), *verdict)).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, verdict)| format!("{count} {verdict}")).collect();
    counts.join(" · ")
}

/// Every sentence with its mark.
fn contents(answers: &[Answer]) -> Markup {
    html! {
        nav.contents aria-label="The sentences" {
            @for (index, answer) in answers.iter().enumerate() {
                @if index == 0 || answers[index - 1].group != answer.group { p.group { (answer.group) } }
                a href=(format!("#{}", answer.anchor())) title=(answer.sentence) {
                    span class=(section::class(answer.verdict)) aria-label=(answer.verdict) { (section::mark(answer.verdict)) }
                    span.number { (answer.number) }
                    span.sentence { (page::held_together(&answer.sentence)) }
                }
            }
        }
    }
}

/// What the command gives that made the page.
fn repeats(records: &[Record]) -> String {
    let timed: Vec<_> = records.iter().filter(|record| record.has_times()).map(|record| record.name.as_str()).collect();
    match timed[..] {
        [] => "This command repeats it, to the last digit:".to_owned(),
        _ if timed.len() == records.len() => {
            "This command does it again; times come out otherwise each time, and on each machine:".to_owned()
        }
        _ => format!(
            "This command repeats it, to the last digit but for the times of {}, which come out otherwise each time:",
            timed.join(", ")
        ),
    }
}
