//! What came out for a statement.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::place::{Group, Widget, anchor};

/// A statement of the notes with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// Its place in the notes, from 1 on.
    pub number: usize,
    /// The function it is about.
    pub group: Group,
    /// The sentence of the notes.
    pub sentence: String,
    /// Whether it is true here.
    pub verdict: Verdict,
    /// What was found, a sentence: [`in_words`](Self::in_words) puts the verdict before it.
    pub said: String,
    /// The figure that it rests on, in a few words.
    pub in_short: String,
    /// Why it is so.
    pub why: String,
    /// The name of the experiment that shows it.
    pub experiment: String,
    /// The name of the experiment's picture that shows it.
    pub figure: String,
    /// Facts from papers and documentation beside it: each with its name.
    pub known: Vec<(String, String)>,
    /// What to play with.
    pub widget: Option<Widget>,
}

impl Answer {
    /// The verdict in words: `"Yes, but only for a single sample: …"`.
    pub fn in_words(&self) -> String {
        let before = match self.verdict {
            Verdict::Yes => "Yes:",
            Verdict::YesBut => "Yes, but",
            Verdict::No => "No:",
            Verdict::TooFewSeeds => "Too few seeds to say:",
        };
        format!("{before} {}", self.said)
    }

    /// What its section is called in addresses: `"statement-3"`.
    pub fn anchor(&self) -> String {
        anchor(self.number)
    }
}

/// Whether a statement is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Yes,
    /// It is, within limits that the notes do not name.
    YesBut,
    /// It is not.
    No,
    /// It was not tried often enough to tell: a quick run says so, where a whole one has a verdict.
    TooFewSeeds,
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Yes => "yes",
            Self::YesBut => "yes, but",
            Self::No => "no",
            Self::TooFewSeeds => "too few seeds",
        })
    }
}

/// What a statement's reading gives.
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) words: String,
    pub(super) in_short: String,
}

impl Said {
    pub(super) fn new(verdict: Verdict, words: impl Into<String>, in_short: impl Into<String>) -> Self {
        Self { verdict, words: words.into(), in_short: in_short.into() }
    }

    pub(super) fn yes(said: impl Into<String>, in_short: impl Into<String>) -> Self {
        Self::new(Verdict::Yes, said, in_short)
    }

    pub(super) fn but(said: impl Into<String>, in_short: impl Into<String>) -> Self {
        Self::new(Verdict::YesBut, said, in_short)
    }

    pub(super) fn no(said: impl Into<String>, in_short: impl Into<String>) -> Self {
        Self::new(Verdict::No, said, in_short)
    }

    /// Whatever the figures say, the seeds do not tell it from chance.
    pub(super) fn open(in_short: impl Into<String>) -> Self {
        let in_short = in_short.into();
        let said =
            format!("{in_short}, with ranges over the seeds that are too near to each other; run it without --quick.");
        Self::new(Verdict::TooFewSeeds, said, in_short)
    }
}
