//! The records of training: runs, the deaths of units in them, comparisons, and experiments.

pub mod comparison;
pub mod deaths;
pub mod experiment;
pub(crate) mod judgement;
pub mod paired;
pub mod run;
mod side_by_side;

pub use side_by_side::{FunctionRuns, side_by_side};
