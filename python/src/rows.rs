//! Softmax and similar functions along an axis, and their gradients.

use excite::{Accuracy, RowFunction, Rows, Rowwise};
use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arguments::kind;
use crate::arrays::{self, Array, Number, Order, with_array};
use crate::elements::{impossible, returned};
use crate::{accuracy, arguments, signature, threads};

/// Adds each function of rows, and its gradient under the name with `_grad`.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for &f in RowFunction::ALL {
        signature::add(module, f.name(), &signature::of_row_function(f), move |arguments, keywords| {
            value(f, arguments, keywords)
        })?;
        let name = format!("{}_grad", f.name());
        signature::add(
            module,
            &name,
            &signature::of_row_gradient(f).map_err(impossible)?,
            move |arguments, keywords| gradient(f, arguments, keywords),
        )?;
    }
    Ok(())
}

/// y = f(x) along an axis.
fn value(
    mut f: RowFunction,
    arguments: &Bound<'_, PyTuple>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let names = (["x", "axis", "out"], ["accuracy"]);
    let ([x, axis, out], [accuracy]) =
        arguments::bind(f.name(), names, arguments, keywords, |name, value| set(&mut f, name, value))?;
    let accuracy = accuracy::of_call(accuracy.as_ref())?;
    let x = x.ok_or_else(|| PyTypeError::new_err(format!("{}() needs x", f.name())))?;
    let x = arrays::of_any(&x, "x")?;
    with_array!(&x, x => {
        let rows = rows(x, axis.as_ref())?;
        let y = out_of(x, out.as_ref())?;
        forward((f, accuracy), rows, ("x", x), &y)?;
        returned(y, out)
    })
}

/// dx, from x or from y = f(x), and dy.
fn gradient(
    mut f: RowFunction,
    arguments: &Bound<'_, PyTuple>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let names = (["x", "dy", "axis", "out"], ["y", "accuracy"]);
    let function = format!("{}_grad", f.name());
    let ([x, dy, axis, out], [y, accuracy]) =
        arguments::bind(&function, names, arguments, keywords, |name, value| set(&mut f, name, value))?;
    let accuracy = accuracy::of_call(accuracy.as_ref())?;
    let dy = dy.ok_or_else(|| PyTypeError::new_err(format!("{function}() needs dy")))?;
    let (from, name) = match (x, y) {
        (Some(x), None) => (x, "x"),
        (None, Some(y)) => (y, "y"),
        (None, None) => return Err(PyTypeError::new_err(format!("{function}() needs x or y"))),
        (Some(_), Some(_)) => return Err(PyTypeError::new_err(format!("{function}() takes x or y, not both"))),
    };
    let from = arrays::of_any(&from, name)?;
    with_array!(&from, from => {
        let rows = rows(from, axis.as_ref())?;
        let dy = arrays::of_same(&dy, from, "dy")?;
        let dx = out_of(from, out.as_ref())?;
        let y = if name == "y" {
            from.clone()
        } else {
            let y = arrays::new_like(from, Order::C);
            forward((f, accuracy), rows, ("x", from), &y)?;
            y
        };
        backward((f, accuracy), rows, &y, &dy, &dx)?;
        returned(dx, out)
    })
}

/// Where results go: rows are found in arrays whose last axis is the densest.
fn out_of<'py, T: Number>(x: &Array<'py, T>, out: Option<&Bound<'py, PyAny>>) -> PyResult<Array<'py, T>> {
    let Some(out) = out else { return Ok(arrays::new_like(x, Order::C)) };
    let out = arrays::of_out(out, x)?;
    if out.is_c_contiguous() { Ok(out) } else { Err(PyValueError::new_err("out must be contiguous in C order")) }
}

fn forward<T: Number>(
    (f, accuracy): (RowFunction, Accuracy),
    rows: Rows,
    (name, x): (&str, &Array<'_, T>),
    y: &Array<'_, T>,
) -> PyResult<()> {
    let x = arrays::in_order(x, Order::C)?;
    arrays::check_apart(&x, name, y)?;
    let (x, mut y) = (x.try_readonly().map_err(arrays::not_lent)?, y.try_readwrite().map_err(arrays::not_lent)?);
    let (py, x, y) = (y.py(), x.as_slice()?, y.as_slice_mut()?);
    threads::run(py, accuracy, x.len(), |engine| engine.forward(&f.along(rows), x, y)).map_err(impossible)
}

fn backward<T: Number>(
    (f, accuracy): (RowFunction, Accuracy),
    rows: Rows,
    y: &Array<'_, T>,
    dy: &Array<'_, T>,
    dx: &Array<'_, T>,
) -> PyResult<()> {
    let (y, dy) = (arrays::in_order(y, Order::C)?, arrays::in_order(dy, Order::C)?);
    arrays::check_apart(&y, "the input", dx)?;
    arrays::check_apart(&dy, "dy", dx)?;
    let (y, dy) = (y.try_readonly().map_err(arrays::not_lent)?, dy.try_readonly().map_err(arrays::not_lent)?);
    let mut dx = dx.try_readwrite().map_err(arrays::not_lent)?;
    let (py, y, dy, dx) = (dx.py(), y.as_slice()?, dy.as_slice()?, dx.as_slice_mut()?);
    threads::run(py, accuracy, y.len(), |engine| engine.backward(&f.along(rows), y, dy, dx)).map_err(impossible)
}

/// The rows along an axis, by default the last.
fn rows<T: Number>(x: &Array<'_, T>, axis: Option<&Bound<'_, PyAny>>) -> PyResult<Rows> {
    let axis: isize = match axis {
        None => -1,
        Some(axis) => axis
            .extract()
            .map_err(|_| PyTypeError::new_err(format!("axis must be a whole number, not {}", kind(axis))))?,
    };
    let axes = x.ndim() as isize;
    if !(-axes..axes).contains(&axis) {
        let bounds = format!("axis {axis} is out of bounds for an array of {axes} dimensions");
        return Err(PyValueError::new_err(bounds));
    }
    let axis = axis.rem_euclid(axes) as usize;
    Ok(Rows { len: x.shape()[axis], inner: x.shape()[axis + 1..].iter().product() })
}

fn set(f: &mut RowFunction, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let (index, number) = arguments::parameter(f.name(), f.parameters(), name, value)?;
    let mut values: Vec<f64> = (0..f.parameters().len()).filter_map(|index| f.parameter(index)).collect();
    values[index] = number;
    *f = f.with_parameters(&values).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(())
}
