//! One file per activation function.

mod relu;
mod relu6;
mod sigmoid;
mod tanh;

pub use relu::Relu;
pub use relu6::Relu6;
pub use sigmoid::Sigmoid;
pub use tanh::Tanh;
