//! The few building blocks that the functions share: branch-free, generic over the precision.

mod exp;
mod float;

pub(crate) use exp::{exp_m1_neg, exp_m1_neg_in_two, reduce};
pub use float::Float;
