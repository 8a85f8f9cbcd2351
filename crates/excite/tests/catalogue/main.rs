//! What must hold for every function of the catalogue, in all four types of floats. One program, because every program that uses
//! the whole catalogue compiles all of it.

mod bits;
#[cfg(feature = "std")]
mod custom;
mod golden;
mod inlining;
mod inputs;
mod laws;
mod levels;
mod parameters;
mod rounding;
mod sameness;
mod streaming;
mod uninit;
