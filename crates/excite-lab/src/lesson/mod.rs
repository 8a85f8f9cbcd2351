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
mod place;
mod reading;
mod relu;
mod relu6;
mod sigmoid;
mod statement;
mod tanh;
#[cfg(test)]
mod tests;

pub use self::answer::{Answer, Verdict};
pub use self::place::{Group, Widget};
pub use self::statement::Statement;
use crate::record::experiment::Record;

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
