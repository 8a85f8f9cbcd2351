//! The arguments of a call of a function whose parameters are known at run time only.

use std::fmt::Display;

use excite::Parameter;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Arguments by position or keyword, and arguments by keyword alone.
type Given<'py, const N: usize, const K: usize> = ([Option<Bound<'py, PyAny>>; N], [Option<Bound<'py, PyAny>>; K]);

/// The arguments of a call by name, None where left out or None: first the names that may also go by position, then the others.
/// `parameter` takes each keyword that is neither.
///
/// # Errors
/// If there are too many, or one twice, or one that `parameter` refuses.
pub fn bind<'py, const N: usize, const K: usize>(
    function: &str,
    (names, alone): ([&str; N], [&str; K]),
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
    mut parameter: impl FnMut(&str, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<Given<'py, N, K>> {
    let (mut bound, mut named) = ([const { None }; N], [const { None }; K]);
    if arguments.len() > N {
        let found = arguments.len();
        return Err(PyTypeError::new_err(format!("{function}() takes at most {N} positional arguments, not {found}")));
    }
    for (place, argument) in bound.iter_mut().zip(arguments) {
        *place = Some(argument);
    }
    for (name, argument) in keywords.into_iter().flatten() {
        let name = name.cast::<pyo3::types::PyString>()?.to_cow()?;
        let place = match names.iter().position(|known| *known == name) {
            Some(index) => &mut bound[index],
            None => match alone.iter().position(|known| *known == name) {
                Some(index) => &mut named[index],
                None => {
                    parameter(&name, &argument)?;
                    continue;
                }
            },
        };
        if place.replace(argument).is_some() {
            return Err(PyTypeError::new_err(format!("{function}() got two values for `{name}`")));
        }
    }
    for place in bound.iter_mut().chain(&mut named) {
        if place.as_ref().is_some_and(PyAnyMethods::is_none) {
            *place = None;
        }
    }
    Ok((bound, named))
}

/// The name of a parameter in Python, where `lambda` means something else.
pub fn name_of(parameter: &Parameter) -> &'static str {
    if parameter.name == "lambda" { "lambda_" } else { parameter.name }
}

/// The index and the value of a parameter of a function.
///
/// # Errors
/// If the function has none of that name, or it is no number, or out of bounds.
pub fn parameter(
    function: impl Display,
    parameters: &[Parameter],
    name: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<(usize, f64)> {
    let Some(index) = parameters.iter().position(|known| name_of(known) == name) else {
        return Err(PyTypeError::new_err(format!("{function}() got an unexpected keyword argument `{name}`")));
    };
    let Parameter { lowest, highest, .. } = parameters[index];
    let number: f64 = value
        .extract()
        .map_err(|_| PyTypeError::new_err(format!("{function}: {name} must be a number, not {}", kind(value))))?;
    if !(lowest..=highest).contains(&number) {
        let bounds = format!("{function}: {name} must be from {lowest} to {highest}, not {number}");
        return Err(PyValueError::new_err(bounds));
    }
    Ok((index, number))
}

/// The name of a value's type.
pub fn kind(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string())
}
