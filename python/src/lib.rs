//! The native half of the Python package `excite`: the functions over the arrays of NumPy, vitals, and the tasks.
#![deny(missing_docs)]

mod accuracy;
mod arguments;
mod arrays;
mod elements;
mod evidence;
mod packed;
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

/// The function of the catalogue that equals `curve`, which takes a list of numbers and gives that of its values. None where none does.
#[pyfunction]
fn function_of_curve(curve: &Bound<'_, PyAny>) -> Option<String> {
    let values = |z: &[f64]| curve.call1((z.to_vec(),)).and_then(|values| values.extract()).unwrap_or_default();
    excite_onnx::function_of_curve(values).map(|function| function.to_string())
}

/// The names that are for the package's own modules, and not for its users.
const INTERNAL: [&str; 19] = [
    "INTERNAL",
    "NativeChecked",
    "NativeData",
    "NativeDataset",
    "NativeModel",
    "NativeQuantised",
    "NativeVitals",
    "PACKED",
    "PYTORCH",
    "VERSION",
    "check_model",
    "compare_functions",
    "derivative",
    "function_of_curve",
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
    module.add_class::<accuracy::Chosen>()?;
    module.add_class::<vitals::NativeVitals>()?;
    module.add_function(wrap_pyfunction!(run_program, module)?)?;
    module.add_function(wrap_pyfunction!(function_of_curve, module)?)?;
    module.add("INTERNAL", INTERNAL)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("PACKED", packed::PACKED)?;
    tasks::add_to(module)
}
