//! The native half of the Python package `excite`: the functions over the arrays of NumPy, vitals, and the tasks.
#![deny(missing_docs)]

mod arguments;
mod arrays;
mod elements;
mod rows;
mod signature;
mod tasks;
mod threads;
mod training;
mod vitals;

use std::ffi::OsString;

use pyo3::prelude::*;

/// The program excite, with the arguments after its name: what `python -m excite` does. Gives its exit code.
#[pyfunction]
fn run_program(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| excite_cli::run(arguments))
}

/// The names that are for the package's own modules, and not for its users.
const INTERNAL: [&str; 16] = [
    "INTERNAL",
    "NativeChecked",
    "NativeData",
    "NativeDataset",
    "NativeModel",
    "NativeVitals",
    "PYTORCH",
    "VERSION",
    "check_model",
    "compare_functions",
    "derivative",
    "merge_files",
    "next_runs",
    "quantise_model",
    "run_program",
    "train_run",
];

/// What the package has from Rust: all functions by their names, the number of threads, vitals, and the tasks.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    elements::add_to(module)?;
    rows::add_to(module)?;
    threads::add_to(module)?;
    module.add_class::<vitals::NativeVitals>()?;
    module.add_function(wrap_pyfunction!(run_program, module)?)?;
    module.add("INTERNAL", INTERNAL)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    tasks::add_to(module)
}
