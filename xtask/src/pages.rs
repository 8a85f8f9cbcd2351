//! The Rust examples of the README and of the documentation, which are tests of this library and all that is in it.
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/tutorials/rust.md")]
#[doc = include_str!("../../docs/how-to/rust.md")]
mod examples {}
