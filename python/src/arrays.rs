//! The arrays of NumPy as slices: which of them can be lent, and which have to be copied.

use excite::Float;
use numpy::{BorrowError, Element, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::arguments::kind;

/// An array of a type of elements that the functions are made for.
pub type Array<'py, T> = Bound<'py, PyArrayDyn<T>>;

/// The element types of NumPy, or of ml_dtypes, that the functions are made for.
pub trait Number: Element + Float {}
impl<T: Element + Float> Number for T {}

/// Calls `$body` with `$x` bound to the array of concrete type in `$any`, for which `$convert` may have to make one.
macro_rules! with_array {
    ($any:expr, $x:ident => $body:expr) => {{
        let any = $any;
        if let Ok($x) = any.cast::<numpy::PyArrayDyn<f32>>() {
            $body
        } else if let Ok($x) = any.cast::<numpy::PyArrayDyn<f64>>() {
            $body
        } else if let Ok($x) = any.cast::<numpy::PyArrayDyn<half::f16>>() {
            $body
        } else if $crate::arrays::is_bfloat16(any) {
            let $x = any.cast::<numpy::PyArrayDyn<half::bf16>>()?;
            $body
        } else {
            Err($crate::arrays::unexpected(any))
        }
    }};
}
pub(crate) use with_array;

/// Whether it is an array of bfloat16. Asked before numpy's type for it is, which is there only if ml_dtypes is.
pub fn is_bfloat16(any: &Bound<'_, PyAny>) -> bool {
    let name = any.getattr("dtype").and_then(|dtype| dtype.getattr("name"));
    name.is_ok_and(|name| name.eq("bfloat16").unwrap_or(false))
}

/// The error for what as_array should have refused or converted.
pub fn unexpected(any: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("x must be an array of floats, not {}", kind(any)))
}

/// Whether `any` is an array that needs no conversion.
fn is_ready(any: &Bound<'_, PyAny>) -> bool {
    any.cast::<PyArrayDyn<f32>>().is_ok()
        || any.cast::<PyArrayDyn<f64>>().is_ok()
        || any.cast::<PyArrayDyn<half::f16>>().is_ok()
}

/// Whatever is like an array as one of floats: by the package's own Python, for rare kinds.
pub fn of_any<'py>(any: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    if is_ready(any) { Ok(any.clone()) } else { call(any.py(), "as_array", (any, name)) }
}

/// The array that results go to, whose memory must be the caller's.
pub fn of_out<'py, T: Number>(out: &Bound<'py, PyAny>, like: &Array<'py, T>) -> PyResult<Array<'py, T>> {
    let array = if is_ready(out) { out.clone() } else { call(out.py(), "as_out", (out,))? };
    let array = array.cast_into::<PyArrayDyn<T>>().map_err(|_| {
        let [wanted, found] = [like.as_any(), out]
            .map(|array| array.getattr("dtype").map_or_else(|_| kind(array), |dtype| dtype.to_string()));
        PyTypeError::new_err(format!("out must be an array of {wanted}, as the input is, not of {found}"))
    })?;
    if array.shape() != like.shape() {
        let (wanted, found) = (like.shape(), array.shape());
        return Err(PyValueError::new_err(format!(
            "out has the shape {found:?}: it must be {wanted:?}, as the input's"
        )));
    }
    if !array.is_contiguous() || !is_aligned(&array) {
        return Err(PyValueError::new_err("out must be contiguous: give it no stride, or copy the result there"));
    }
    Ok(array)
}

/// `other` in the type of elements and the shape of `like`.
pub fn of_same<'py, T: Number>(other: &Bound<'py, PyAny>, like: &Array<'py, T>, name: &str) -> PyResult<Array<'py, T>> {
    match other.cast::<PyArrayDyn<T>>() {
        Ok(array) if array.shape() == like.shape() => Ok(array.clone()),
        _ => Ok(call(other.py(), "as_like", (other, like, name))?.cast_into::<PyArrayDyn<T>>()?),
    }
}

fn call<'py>(
    py: Python<'py>,
    function: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    static CONVERSIONS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = CONVERSIONS.get_or_try_init(py, || PyModule::import(py, "excite._arrays").map(Bound::unbind))?;
    module.bind(py).getattr(function)?.call1(arguments)
}

/// The order of the elements in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The last axis is the densest.
    C,
    /// The first axis is.
    Fortran,
}

impl Order {
    /// The one that an array has; the first where it has none.
    pub fn of<T: Number>(array: &Array<'_, T>) -> Self {
        if array.is_fortran_contiguous() && !array.is_c_contiguous() { Self::Fortran } else { Self::C }
    }
}

/// The array itself where its elements lie in that order without gaps, or else a copy.
pub fn in_order<'py, T: Number>(array: &Array<'py, T>, order: Order) -> PyResult<Array<'py, T>> {
    let (is_so, name) = match order {
        Order::C => (array.is_c_contiguous(), "C"),
        Order::Fortran => (array.is_fortran_contiguous(), "F"),
    };
    if is_so && is_aligned(array) {
        return Ok(array.clone());
    }
    Ok(array.call_method1("copy", (name,))?.cast_into::<PyArrayDyn<T>>()?)
}

fn is_aligned<T: Number>(array: &Array<'_, T>) -> bool {
    array.data().is_aligned()
}

/// A new array of the shape of `like`.
pub fn new_like<'py, T: Number>(like: &Array<'py, T>, order: Order) -> Array<'py, T> {
    PyArrayDyn::zeros(like.py(), like.shape(), order == Order::Fortran)
}

/// How the memory of two contiguous arrays lies.
#[derive(PartialEq, Eq)]
pub enum Overlap {
    /// Apart.
    None,
    /// One memory, one order: an array and itself.
    Same,
    /// Anything between.
    Partial,
}

/// How the memory of two contiguous arrays lies. Asked of addresses: arrays that DLPack lends do not know whose memory they have.
pub fn overlap<T: Number>(a: &Array<'_, T>, b: &Array<'_, T>) -> Overlap {
    let range = |array: &Array<'_, T>| {
        let start = array.data().addr();
        (start, start + array.len() * size_of::<T>())
    };
    let (a_range, b_range) = (range(a), range(b));
    if a_range.1 <= b_range.0 || b_range.1 <= a_range.0 {
        Overlap::None
    } else if a_range == b_range && a.strides() == b.strides() {
        Overlap::Same
    } else {
        Overlap::Partial
    }
}

/// Refuses results that would be written over memory that is still read.
pub fn check_apart<T: Number>(input: &Array<'_, T>, name: &str, out: &Array<'_, T>) -> PyResult<()> {
    match overlap(input, out) {
        Overlap::None => Ok(()),
        Overlap::Same | Overlap::Partial => {
            Err(PyValueError::new_err(format!("out overlaps {name}: give an array of its own, or a copy of {name}")))
        }
    }
}

/// The error of an array that cannot be lent.
#[expect(clippy::needless_pass_by_value, reason = "as map_err wants it")]
pub fn not_lent(error: BorrowError) -> PyErr {
    PyValueError::new_err(match error {
        BorrowError::NotWriteable => "out is read-only: give an array that may be written to".to_owned(),
        _ => "an array is being written to by another call at the same time".to_owned(),
    })
}

/// A result as NumPy's own functions give it: a number for a number.
pub fn result<T: Number>(array: Array<'_, T>) -> PyResult<Bound<'_, PyAny>> {
    if array.ndim() == 0 { array.get_item(PyTuple::empty(array.py())) } else { Ok(array.into_any()) }
}
