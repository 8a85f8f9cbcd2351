//! The few building blocks that the functions share: branch-free, and the same bits on every machine.

mod exp;
mod ln_1p;
mod native;
mod normal;
mod number;
mod pair;
mod plain;
mod trig;

pub(crate) use exp::{exp_guarded, exp_m1_neg, exp_m1_neg_and_rest, exp_m1_neg_in_two, reduce};
pub use native::Native;
pub use number::Number;
pub use pair::Pair;
