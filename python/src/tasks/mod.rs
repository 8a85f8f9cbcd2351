//! The tasks of excite, in this process: each runs on a thread of its own, so that Python's may show progress and hear Ctrl-C.
#![expect(clippy::needless_pass_by_value, reason = "Python hands its arguments over by value")]

mod data;
mod model;
mod running;
mod training;

use excite_tasks::Error;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyValueError};
use pyo3::prelude::*;
use serde::Serialize;

/// The exception of the package for a task that was not done.
fn task_error(py: Python<'_>, message: String) -> PyErr {
    let error = py.import("excite.errors").and_then(|module| module.getattr("TaskError"));
    error.and_then(|class| class.call1((message,))).map_or_else(|error| error, PyErr::from_value)
}

/// A task's error as Python's: options that make no sense are a ValueError, a file that is not there is what `open` raises.
#[expect(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn raised(py: Python<'_>, error: Error) -> PyErr {
    let message = error.to_string();
    match (error.is_about_options(), error.io_kind()) {
        (true, _) => PyValueError::new_err(message),
        (_, Some(std::io::ErrorKind::NotFound)) => PyFileNotFoundError::new_err(message),
        (_, Some(_)) => PyOSError::new_err(message),
        _ => task_error(py, message),
    }
}

/// A record as JSON.
fn json(record: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(record).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Adds the tasks to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<data::NativeData>()?;
    module.add_class::<model::NativeModel>()?;
    module.add_class::<model::NativeChecked>()?;
    module.add_class::<model::NativeQuantised>()?;
    module.add_function(wrap_pyfunction!(model::check_model, module)?)?;
    module.add_function(wrap_pyfunction!(model::merge_files, module)?)?;
    module.add_function(wrap_pyfunction!(model::quantise_model, module)?)?;
    module.add_class::<training::NativeDataset>()?;
    module.add_function(wrap_pyfunction!(training::compare_functions, module)?)?;
    module.add_function(wrap_pyfunction!(training::next_runs, module)?)?;
    module.add_function(wrap_pyfunction!(training::train_run, module)?)
}
