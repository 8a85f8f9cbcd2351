//! Small summaries of many numbers. Each has `update` and `merge`, and the empty one is the identity of `merge`: threads,
//! processes and shards on disk are summarised apart and merged in any order.

mod histogram;
mod lanes;
mod layout;
mod moments;
mod unit;
mod units;

pub use histogram::Histogram;
pub use moments::Moments;
pub use unit::Unit;
pub(crate) use units::SHARED_OUT;
pub use units::{Functions, Limits, Units, Values};
