//! The few building blocks that the functions share: branch-free, and the same bits on every machine.

mod exp;
mod ln_1p;
mod logistic;
mod native;
mod normal;
mod number;
mod pair;
mod plain;
pub(crate) mod std_or_libm;
mod trig;

pub(crate) use exp::{exp, exp_guarded, exp_m1_in_two, exp_m1_neg, exp_m1_neg_in_two, reduce};
pub(crate) use logistic::times_logistic;
pub use native::Native;
pub use number::Number;
pub use pair::Pair;
