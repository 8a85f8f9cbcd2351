//! The signatures and docstrings of the functions, from the catalogue.

use std::ffi::{CStr, CString};

use excite::{Engine, Error, Function, Parameter, RowFunction, Rows, Rowwise, SlopeFrom};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::arguments::name_of;

/// The inputs of the examples in docstrings.
const EXAMPLE: [f64; 3] = [-1.0, 0.5, 3.0];

/// Adds a function of arguments that are known at run time only. Its text begins with its signature, where Python looks for it.
pub fn add(
    module: &Bound<'_, PyModule>,
    name: &str,
    text: &str,
    call: impl Fn(&Bound<'_, PyTuple>, Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
) -> PyResult<()> {
    // A function is there as long as the program is.
    let lasting = |text: &str| -> PyResult<&'static CStr> {
        let text = CString::new(text).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Box::leak(text.into_boxed_c_str()))
    };
    let function = PyCFunction::new_closure(module.py(), Some(lasting(name)?), Some(lasting(text)?), call)?;
    module.add(name, function)
}

/// `name(x, out=None, *, beta=1.0)`, as Python's inspect reads it.
fn signature(name: &str, before: &str, keywords: &[&str], parameters: &[Parameter]) -> String {
    let given = keywords.iter().map(|keyword| format!("{keyword}=None"));
    let all: Vec<_> =
        given.chain(parameters.iter().map(|known| format!("{}={:?}", name_of(known), known.default))).collect();
    let star = if all.is_empty() { "" } else { ", *, " };
    format!("{name}({before}{star}{})\n--\n\n", all.join(", "))
}

/// What the parameters do.
fn meanings(parameters: &[Parameter]) -> String {
    let meaning = |known: &Parameter| {
        let Parameter { meaning, lowest, highest, .. } = known;
        format!("\n{}, from {lowest} to {highest}: {}\n", name_of(known), meaning.trim())
    };
    parameters.iter().map(meaning).collect()
}

/// The names elsewhere.
fn elsewhere(pytorch: &str, jax: &str, keras: &str, onnx: &str) -> String {
    let names: Vec<_> = [pytorch, jax, keras, onnx].into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() { String::new() } else { format!("\nAlso known as {}.\n", names.join(", ")) }
}

/// The numbers as Python prints a list of them.
fn list(numbers: impl IntoIterator<Item = f64>) -> String {
    let numbers: Vec<_> = numbers.into_iter().map(|number| format!("{number:?}")).collect();
    format!("[{}]", numbers.join(", "))
}

/// The text of a function of the catalogue.
pub fn of_function(f: Function) -> String {
    let (info, name) = (f.info(), f.name());
    let outputs = list(EXAMPLE.map(|x| f.value(x)));
    format!(
        "{}{}: {}\n\n{}\n{}{}\nFloats of 16, 32 and 64 bits keep their type; other numbers become float64. accuracy is 'exact', 'stated' or\n'fast'; where it is None, that of the `with excite.accuracy(...)` around, which is 'stated' outside of any.\n\n>>> import excite\n\
         >>> excite.{name}({}).tolist()\n{outputs}\n",
        signature(name, "x, out=None", &["accuracy"], f.parameters()),
        info.title,
        info.formula,
        info.advice,
        meanings(f.parameters()),
        elsewhere(info.pytorch, info.jax, info.keras, info.onnx),
        list(EXAMPLE),
    )
}

/// The text of the gradient of a function of the catalogue.
pub fn of_gradient(f: Function) -> String {
    let (info, name) = (f.info(), f.name());
    let slopes = list(EXAMPLE.map(|x| f.slope_at(x)));
    let from_output = match f.slope_from() {
        SlopeFrom::Output => format!("y = {name}(x) may be given in place of x, which saves working it out again."),
        SlopeFrom::Input => "The slope follows from x alone: y is not taken.".to_owned(),
    };
    format!(
        "{}The gradient of {}: dy · f'(x), where dy is 1 unless given.\n\n{from_output}\n\n>>> import excite\n\
         >>> excite.{name}_grad({}).tolist()\n{slopes}\n",
        signature(&format!("{name}_grad"), "x=None, dy=None, out=None", &["y", "accuracy"], f.parameters()),
        info.title,
        list(EXAMPLE),
    )
}

/// The text of a function of rows.
pub fn of_row_function(f: RowFunction) -> String {
    let (info, name) = (f.info(), f.name());
    format!(
        "{}{} along an axis: {}\n\n{}\n{}{}\n>>> import excite\n>>> float(excite.{name}([[1.0, 1.0], [0.0, 9.0]])[0, 0])\n{:?}\n",
        signature(name, "x, axis=-1, out=None", &["accuracy"], f.parameters()),
        info.title,
        info.formula,
        info.advice,
        meanings(f.parameters()),
        elsewhere(info.pytorch, info.jax, info.keras, info.onnx),
        f.reference(&[1.0_f64, 1.0])[0],
    )
}

/// The text of the gradient of a function of rows.
///
/// # Errors
/// None that is known: the example is a whole row.
pub fn of_row_gradient(f: RowFunction) -> Result<String, Error> {
    let name = f.name();
    let (mut y, mut dx) = ([0.0; 2], [0.0; 2]);
    let (rows, engine) = (Rows::of(2), Engine::default());
    engine.forward(&f.along(rows), &[1.0, 1.0], &mut y)?;
    engine.backward(&f.along(rows), &y, &[1.0, 0.0], &mut dx)?;
    Ok(format!(
        "{}The gradient of {} along an axis, from x or from y = {name}(x), which saves working it out again, and dy.\n\n\
         >>> import excite\n>>> excite.{name}_grad([1.0, 1.0], [1.0, 0.0]).tolist()\n{}\n",
        signature(&format!("{name}_grad"), "x=None, dy=None, axis=-1, out=None", &["y", "accuracy"], f.parameters()),
        f.info().title,
        list(dx),
    ))
}
