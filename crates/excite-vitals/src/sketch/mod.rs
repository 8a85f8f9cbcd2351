//! Small summaries of many numbers, each with `merge`.

mod histogram;

pub use histogram::Histogram;
