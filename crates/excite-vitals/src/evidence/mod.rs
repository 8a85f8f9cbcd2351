//! What a judgement rests on: all that is known of a network.

mod subject;
mod training_run;

pub use self::subject::{Deaths, Stage, Subject};
pub use self::training_run::{Learnt, TrainingRun};
