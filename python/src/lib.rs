//! The native half of the Python package `excite`: the functions over the arrays of NumPy, and vitals.
#![deny(missing_docs)]

mod arguments;
mod arrays;
mod elements;
mod rows;
mod signature;
mod threads;
mod vitals;

use pyo3::prelude::*;

/// What the package has from Rust: all functions by their names, and what sets the number of threads.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    elements::add_to(module)?;
    rows::add_to(module)?;
    threads::add_to(module)?;
    module.add_class::<vitals::NativeVitals>()
}
