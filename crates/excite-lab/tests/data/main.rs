//! Reading data: each format, each fault, and files that mean harm.

#![allow(missing_docs, clippy::format_collect)]

mod faults;
mod formats;
mod hostile;
mod making;
mod preparing;
