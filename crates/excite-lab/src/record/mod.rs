//! The records of training: runs, the deaths of units in them, comparisons, and experiments.

pub mod comparison;
pub mod deaths;
pub mod experiment;
pub mod run;
mod side_by_side;
mod verdict;

pub use side_by_side::side_by_side;
