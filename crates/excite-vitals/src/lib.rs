//! What a network's activations look like: streaming, mergeable statistics, and the record of a training run and of
//! a comparison.
#![deny(missing_docs)]

pub mod comparison;
pub mod run;
pub mod sketch;
