//! The functions of the catalogue, and their gradients.

use excite::{Accuracy, Engine, Error, Float, Function, SlopeFrom};
use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arrays::{self, Array, Number, Order, Overlap, with_array};
use crate::{accuracy, arguments, signature, threads};

/// Elements whose outputs are computed again at a time, where a slope follows from them: several pieces of the library's.
const AGAIN: usize = 1 << 20;

/// Adds each function of the catalogue, its gradient under the name with `_grad`, and what PyTorch calls it: `PYTORCH`.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let pytorch = PyDict::new(module.py());
    for &f in Function::ALL {
        signature::add(module, f.name(), &signature::of_function(f), move |arguments, keywords| {
            value(f, arguments, keywords)
        })?;
        let name = format!("{}_grad", f.name());
        signature::add(module, &name, &signature::of_gradient(f), move |arguments, keywords| {
            gradient(f, arguments, keywords)
        })?;
        if !f.info().pytorch.is_empty() {
            pytorch.set_item(f.name(), f.info().pytorch)?;
        }
    }
    module.add("PYTORCH", pytorch)?;
    module.add_function(wrap_pyfunction!(derivative, module)?)
}

/// out = dy · f⁽ⁿ⁾(x), for the second and higher derivatives that automatic differentiation asks for.
#[pyfunction]
fn derivative(
    name: &str,
    order: usize,
    x: &Bound<'_, PyAny>,
    dy: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    parameters: &Bound<'_, PyDict>,
) -> PyResult<()> {
    let mut f: Function = name.parse().map_err(|error| PyValueError::new_err(format!("{error}")))?;
    for (parameter, value) in parameters {
        set(&mut f, &parameter.extract::<String>()?, &value)?;
    }
    if f.derivative(order, 0.0).is_none() {
        return Err(PyValueError::new_err(format!("the derivative of order {order} of {name} is not known")));
    }
    let x = arrays::of_any(x, "x")?;
    with_array!(&x, x => {
        let dx = arrays::of_out(out, x)?;
        let order_of = Order::of(&dx);
        let dy = arrays::in_order(&arrays::of_same(dy, x, "dy")?, order_of)?;
        let x = arrays::in_order(x, order_of)?;
        let (x, dy) = (x.try_readonly().map_err(arrays::not_lent)?, dy.try_readonly().map_err(arrays::not_lent)?);
        let mut dx = dx.try_readwrite().map_err(arrays::not_lent)?;
        let (py, x, dy, dx) = (x.py(), x.as_slice()?, dy.as_slice()?, dx.as_slice_mut()?);
        threads::run(py, Accuracy::Stated, x.len(), |_| higher(f, order, x, dy, dx));
        Ok(())
    })
}

/// dx = dy · f⁽ⁿ⁾(x), evaluated in f64.
fn higher<T: Float>(f: Function, order: usize, x: &[T], dy: &[T], dx: &mut [T]) {
    for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
        let slope = f.derivative(order, x.to_f64()).unwrap_or(f64::NAN);
        *dx = T::from_f64(dy.to_f64() * slope);
    }
}

/// y = f(x)
fn value(mut f: Function, arguments: &Bound<'_, PyTuple>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
    let names = (["x", "out"], ["accuracy"]);
    let ([x, out], [accuracy]) =
        arguments::bind(f.name(), names, arguments, keywords, |name, value| set(&mut f, name, value))?;
    let accuracy = accuracy::of_call(accuracy.as_ref())?;
    let x = x.ok_or_else(|| PyTypeError::new_err(format!("{}() needs x", f.name())))?;
    let x = arrays::of_any(&x, "x")?;
    with_array!(&x, x => {
        let out_array = out.as_ref().map(|out| arrays::of_out(out, x)).transpose()?;
        let y = value_of(f, accuracy, x, out_array)?;
        returned(y, out)
    })
}

/// What a call gives back: the caller's own array as it was given.
pub fn returned<T: Number>(y: Array<'_, T>, out: Option<Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
    Ok(match out {
        Some(out) => out.unbind(),
        None => arrays::result(y)?.unbind(),
    })
}

fn value_of<'py, T: Number>(
    f: Function,
    accuracy: Accuracy,
    x: &Array<'py, T>,
    out: Option<Array<'py, T>>,
) -> PyResult<Array<'py, T>> {
    let py = x.py();
    let order = Order::of(out.as_ref().unwrap_or(x));
    let y = out.unwrap_or_else(|| arrays::new_like(x, order));
    if x.is_contiguous() && arrays::overlap(x, &y) == Overlap::Same {
        let mut both = y.try_readwrite().map_err(arrays::not_lent)?;
        let both = both.as_slice_mut()?;
        threads::run(py, accuracy, both.len(), |engine| engine.forward_in_place(&f, both));
        return Ok(y);
    }
    let x = arrays::in_order(x, order)?;
    arrays::check_apart(&x, "x", &y)?;
    {
        let (x, mut y) = (x.try_readonly().map_err(arrays::not_lent)?, y.try_readwrite().map_err(arrays::not_lent)?);
        let (x, y) = (x.as_slice()?, y.as_slice_mut()?);
        threads::run(py, accuracy, x.len(), |engine| engine.forward(&f, x, y)).map_err(impossible)?;
    }
    Ok(y)
}

/// dx = dy · f'(x)
fn gradient(
    mut f: Function,
    arguments: &Bound<'_, PyTuple>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let names = (["x", "dy", "out"], ["y", "accuracy"]);
    let function = format!("{}_grad", f.name());
    let ([x, dy, out], [y, accuracy]) =
        arguments::bind(&function, names, arguments, keywords, |name, value| set(&mut f, name, value))?;
    let accuracy = accuracy::of_call(accuracy.as_ref())?;
    let from_output = f.slope_from() == SlopeFrom::Output;
    let (from, name, again) = match (x, y) {
        (Some(x), None) => (x, "x", from_output),
        (None, Some(y)) if from_output => (y, "y", false),
        (None, Some(_)) => {
            let name = f.name();
            return Err(PyTypeError::new_err(format!(
                "{function}() needs x: the slope of {name} does not follow from y"
            )));
        }
        (None, None) => return Err(PyTypeError::new_err(format!("{function}() needs x"))),
        (Some(_), Some(_)) => return Err(PyTypeError::new_err(format!("{function}() takes x or y, not both"))),
    };
    let from = arrays::of_any(&from, name)?;
    with_array!(&from, from => {
        let out_array = out.as_ref().map(|out| arrays::of_out(out, from)).transpose()?;
        let dy = dy.map(|dy| arrays::of_same(&dy, from, "dy")).transpose()?;
        let dx = gradient_of((f, accuracy), (from, name), again, dy.as_ref(), out_array)?;
        returned(dx, out)
    })
}

fn gradient_of<'py, T: Number>(
    (f, accuracy): (Function, Accuracy),
    (from, name): (&Array<'py, T>, &str),
    again: bool,
    dy: Option<&Array<'py, T>>,
    out: Option<Array<'py, T>>,
) -> PyResult<Array<'py, T>> {
    let py = from.py();
    let order = Order::of(out.as_ref().unwrap_or(from));
    let dx = out.unwrap_or_else(|| arrays::new_like(from, order));
    let from = arrays::in_order(from, order)?;
    let dy = dy.map(|dy| arrays::in_order(dy, order)).transpose()?;
    arrays::check_apart(&from, name, &dx)?;
    dy.as_ref().map_or(Ok(()), |dy| arrays::check_apart(dy, "dy", &dx))?;
    {
        let from = from.try_readonly().map_err(arrays::not_lent)?;
        let dy = dy.as_ref().map(|dy| dy.try_readonly().map_err(arrays::not_lent)).transpose()?;
        let mut dx = dx.try_readwrite().map_err(arrays::not_lent)?;
        let dy = dy.as_ref().map(|dy| dy.as_slice()).transpose()?;
        let (from, dx) = (from.as_slice()?, dx.as_slice_mut()?);
        threads::run(py, accuracy, from.len(), |engine| backward(f, engine, from, again, dy, dx))
            .map_err(impossible)?;
    }
    Ok(dx)
}

/// dx = dy · f'(x), with the missing parts filled in piece by piece: outputs from inputs, and gradients of 1.
fn backward<T: Float>(
    f: Function,
    engine: Engine,
    from: &[T],
    again: bool,
    dy: Option<&[T]>,
    dx: &mut [T],
) -> Result<(), Error> {
    if let (false, Some(dy)) = (again, dy) {
        return engine.backward(&f, from, dy, dx);
    }
    let part = AGAIN.min(from.len());
    let mut outputs = vec![T::default(); if again { part } else { 0 }];
    let ones = vec![T::from_f64(1.0); if dy.is_none() { part } else { 0 }];
    for (index, dx) in dx.chunks_mut(AGAIN).enumerate() {
        let here = index * AGAIN..index * AGAIN + dx.len();
        let mut from = &from[here.clone()];
        if again {
            let outputs = &mut outputs[..dx.len()];
            engine.forward(&f, from, outputs)?;
            from = outputs;
        }
        engine.backward(&f, from, dy.map_or_else(|| &ones[..dx.len()], |dy| &dy[here]), dx)?;
    }
    Ok(())
}

fn set(f: &mut Function, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let (index, number) = arguments::parameter(f.name(), f.parameters(), name, value)?;
    *f = f.with_parameter(index, number).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(())
}

/// Shapes were compared before.
pub fn impossible(error: Error) -> PyErr {
    pyo3::exceptions::PyRuntimeError::new_err(error.to_string())
}
