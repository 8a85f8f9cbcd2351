//! How near results come to the exact value: by the keyword `accuracy`, or for a block of code.

use std::cell::Cell;

use excite::Accuracy;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::arguments::kind;

thread_local! {
    /// What calls without the keyword take.
    static CURRENT: Cell<Accuracy> = const { Cell::new(Accuracy::Stated) };
}

/// What a call takes.
///
/// # Errors
/// If it is no name of an accuracy.
pub fn of_call(given: Option<&Bound<'_, PyAny>>) -> PyResult<Accuracy> {
    given.map_or_else(|| Ok(CURRENT.get()), named)
}

fn named(given: &Bound<'_, PyAny>) -> PyResult<Accuracy> {
    let name: String = given
        .extract()
        .map_err(|_| PyTypeError::new_err(format!("accuracy must be the name of one, not {}", kind(given))))?;
    of_name(&name)
}

/// The accuracy of that name.
///
/// # Errors
/// If none has it.
pub fn of_name(name: &str) -> PyResult<Accuracy> {
    let wrong = |_| PyValueError::new_err(format!("accuracy must be 'exact', 'stated' or 'fast', not '{name}'"));
    name.parse().map_err(wrong)
}

/// How near results come to the exact value, inside a `with`, for the functions of this thread that are not given `accuracy=`.
///
/// 'exact' rounds float32 correctly, 'stated' is within 1 ULP and the default, and 'fast' is within 4 ULP where the result is a normal
/// number.
///
/// >>> import excite
/// >>> with excite.accuracy("fast"):
/// ...     y = excite.sigmoid([0.0])
/// >>> y.tolist()
/// [0.5]
#[pyclass(name = "accuracy", module = "excite")]
pub struct Chosen {
    accuracy: Accuracy,
    /// What was chosen outside, the outermost first.
    outside: Vec<Accuracy>,
}

#[pymethods]
impl Chosen {
    #[new]
    #[pyo3(signature = (accuracy, /))]
    fn new(accuracy: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { accuracy: named(accuracy)?, outside: Vec::new() })
    }

    fn __enter__(&mut self) {
        self.outside.push(CURRENT.replace(self.accuracy));
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&mut self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        if let Some(outside) = self.outside.pop() {
            CURRENT.set(outside);
        }
    }
}
