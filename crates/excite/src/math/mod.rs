//! The few building blocks that the functions share: branch-free, and the same bits on every machine.

mod exp;
mod exp_wide;
pub(crate) mod fast;
mod ln_1p;
mod native;
mod normal;
mod number;
mod pair;
mod plain;
mod root;
mod softplus;
pub(crate) mod std_or_libm;
mod times_logistic;
mod trig;

pub(crate) use exp::{
    EXP_LOST, EXP_LOWEST, EXP_ZERO, ExpBelow, exp, exp_guarded, exp_m1_in_two, exp_m1_neg, exp_m1_neg_in_two,
    exp_m1_neg_whole, reduce, times_exp,
};
pub use native::{Constant, Native};
pub(crate) use native::{inverse_in_two, product_in_two};
pub(crate) use normal::{half_square_exp_short, tail_short, tail_slope_short};
pub use number::Number;
pub use pair::Pair;
pub(crate) use root::Root;
pub(crate) use softplus::ln_1p_exp;
pub(crate) use times_logistic::{SELF, times_logistic, times_logistic_slope};
