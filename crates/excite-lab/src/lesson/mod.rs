//! The notes, line by line: every sentence with its verdict, read from the record of the experiment that shows it.
//!
//! One list, [`ALL`], is what the page, the terminal, the JSON and the guide are made of.
//!
//! ```
//! use excite_lab::experiments::{self, Request};
//! use excite_lab::{Unwatched, lesson};
//!
//! let statement = lesson::statement(2).unwrap();
//! let experiment = experiments::find(statement.experiment).unwrap();
//! let record = experiment.run(&Request { quick: true, ..Request::default() }, &Unwatched)?;
//! let answer = statement.answer(&record).unwrap();
//! assert_eq!((answer.verdict, answer.sentence.as_str()), (lesson::Verdict::Yes, "It squashes every number into [0, 1]."));
//! # Ok::<(), excite_lab::LabError>(())
//! ```

mod answer;
mod beyond;
mod reading;
mod relu;
mod relu6;
mod sigmoid;
mod tanh;
#[cfg(test)]
mod tests;

use self::answer::Said;
pub use self::answer::{Answer, Verdict};
use self::reading::Reading;
use crate::record::experiment::Record;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The sentences of the notes.
pub const IN_THE_NOTES: usize = 31;

/// Every statement: those of the notes in their order, then what the notes do not ask.
pub const ALL: &[&[Statement]] =
    &[sigmoid::STATEMENTS, tanh::STATEMENTS, relu::STATEMENTS, relu6::STATEMENTS, beyond::STATEMENTS];

/// Every statement in order.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    ALL.iter().copied().flatten()
}

/// The statement of that number, from 1 on.
pub fn statement(number: usize) -> Option<&'static Statement> {
    statements().find(|statement| statement.number == number)
}

/// What the records say of the statements, in order; statements of which they say nothing are left out.
pub fn answers(records: &[Record]) -> Vec<Answer> {
    let answer =
        |statement: &Statement| statement.answer(records.iter().find(|record| record.name == statement.experiment)?);
    statements().filter_map(answer).collect()
}

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
    read: fn(&Reading<'_>) -> Option<Said>,
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

fn anchor(number: usize) -> String {
    format!("statement-{number}")
}

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The rectified linear unit.
    Relu,
    /// The rectified linear unit with a cap of 6.
    Relu6,
    /// What the notes do not ask.
    Beyond,
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Beyond => "Beyond the notes",
        })
    }
}

/// A part of the page to play with, which `excite play` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Widget {
    /// One neuron: its input, value and gradient.
    OneNeuron,
    /// Lines of neurons over a cloud of points.
    HalfPlane,
    /// A network trained at the rate one picks.
    LearningRate,
    /// A descent of two weights.
    ZigZag,
    /// The gradient by layer.
    Depth,
    /// A number in eight bits.
    Bits,
}

impl fmt::Display for Widget {
    /// Its place on the page: `"half-plane"`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::OneNeuron => "one-neuron",
            Self::HalfPlane => "half-plane",
            Self::LearningRate => "learning-rate",
            Self::ZigZag => "zig-zag",
            Self::Depth => "depth",
            Self::Bits => "bits",
        })
    }
}
