//! A sentence of the notes.

use super::answer::{Answer, Said};
use super::place::{Group, Widget, anchor};
use super::reading::Reading;
use crate::record::experiment::Record;

/// A sentence of the notes, and how it is shown.
pub struct Statement {
    /// Its place in the notes, from 1 on.
    pub number: usize,
    /// The function it is about.
    pub group: Group,
    /// The sentence.
    pub sentence: &'static str,
    /// The name of the experiment that shows it.
    pub experiment: &'static str,
    /// The name of the experiment's picture that shows it.
    pub figure: &'static str,
    /// Why it is so, in two sentences.
    pub why: &'static str,
    /// Facts from papers and documentation beside it: each with its name.
    pub known: &'static [(&'static str, &'static str)],
    /// What to play with.
    pub widget: Option<Widget>,
    /// Reads the verdict from the experiment's record. None where that lacks a figure, as a record of other functions does.
    pub(super) read: fn(&Reading<'_>) -> Option<Said>,
}

impl Statement {
    /// What the record of [its experiment](Self::experiment) says of it; None of other functions than the notes'.
    pub fn answer(&self, record: &Record) -> Option<Answer> {
        if record.name != self.experiment {
            return None;
        }
        let Said { verdict, words: said, in_short } = (self.read)(&Reading(record))?;
        Some(Answer {
            number: self.number,
            group: self.group,
            sentence: self.sentence.to_owned(),
            verdict,
            said,
            in_short,
            why: self.why.to_owned(),
            experiment: self.experiment.to_owned(),
            figure: self.figure.to_owned(),
            known: self.known.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect(),
            widget: self.widget,
        })
    }

    /// What its section is called in addresses: `"statement-3"`.
    pub fn anchor(&self) -> String {
        anchor(self.number)
    }
}
