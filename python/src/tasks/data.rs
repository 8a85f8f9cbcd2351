//! The data that a model is run on.

use std::collections::HashMap;
use std::path::PathBuf;

use excite_tasks::{Array, Data, InputOptions, Pictures, Raw, Values};
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::raised;

/// Files, arrays or random numbers. The class of the package hands over contiguous arrays of the types that models take.
#[pyclass(frozen)]
pub struct NativeData(pub Data);

#[pymethods]
impl NativeData {
    #[staticmethod]
    fn random(seed: u64, sizes: HashMap<String, usize>) -> Self {
        Self(Data::random_of_sizes(seed, InputOptions { sizes, ..InputOptions::default() }))
    }

    /// `pictures` are the mean and the deviation of the colours, and the size; `raw` is the shape and the type of raw numbers.
    #[staticmethod]
    fn files(
        py: Python<'_>,
        paths: Vec<PathBuf>,
        pictures: ([f32; 3], [f32; 3], Option<(usize, usize)>),
        raw: Option<(Vec<usize>, String)>,
    ) -> PyResult<Self> {
        let (mean, deviation, size) = pictures;
        let options = InputOptions {
            pictures: Pictures { mean, deviation, size },
            raw: raw.map(|(shape, dtype)| Raw { shape, dtype }),
            ..InputOptions::default()
        };
        Data::files(&paths, options).map(Self).map_err(|error| raised(py, error))
    }

    #[staticmethod]
    fn arrays(name: &str, arrays: Vec<(String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let read = |(name, array): (String, Bound<'_, PyAny>)| Ok((name, read(&array)?));
        Ok(Self(Data::arrays(name, arrays.into_iter().map(read).collect::<PyResult<_>>()?)))
    }

    fn limited(&self, samples: Option<usize>, batch: usize) -> Self {
        let data = self.0.clone().with_batch(batch);
        Self(if let Some(samples) = samples { data.with_samples(samples) } else { data })
    }
}

fn read(any: &Bound<'_, PyAny>) -> PyResult<Array> {
    macro_rules! values {
        ($($number:ty => $kind:ident),*) => {
            $(if let Ok(array) = any.cast::<PyArrayDyn<$number>>() {
                return Ok(Array { shape: array.shape().to_vec(), values: Values::$kind(array.to_vec()?) });
            })*
        };
    }
    values!(f32 => F32, f64 => F64, i64 => I64, i8 => I8, u8 => U8);
    Err(PyTypeError::new_err("inputs must be arrays of float32, float64, int64, int8 or uint8"))
}
