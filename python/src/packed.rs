//! Vitals that were counted and summed up by PyTorch, on whatever device, as arrays.

use excite_vitals::InputVitals;
use excite_vitals::sketch::{Histogram, Moments, Unit};
use numpy::ndarray::ArrayView2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The rows of the array of a layer, each with a number for each unit.
pub const PACKED: [&str; 28] = [
    "z_count",
    "z_mean",
    "z_m2",
    "z_min",
    "z_max",
    "z_nan",
    "z_infinite",
    "a_count",
    "a_mean",
    "a_m2",
    "a_min",
    "a_max",
    "a_nan",
    "a_infinite",
    "slope_count",
    "slope_mean",
    "slope_m2",
    "slope_min",
    "slope_max",
    "slope_nan",
    "slope_infinite",
    "signs",
    "not_positive",
    "low",
    "high",
    "at_cap",
    "size",
    "from_middle",
];
/// The rows of moments.
const MOMENTS: usize = 7;

/// The units of such an array.
pub fn units(figures: &ArrayView2<'_, f64>) -> PyResult<Vec<Unit>> {
    if figures.nrows() != PACKED.len() {
        let rows = format!("{} rows of figures, where {} were expected", figures.nrows(), PACKED.len());
        return Err(PyValueError::new_err(rows));
    }
    Ok((0..figures.ncols()).map(|unit| unit_of(figures, unit)).collect())
}

fn unit_of(figures: &ArrayView2<'_, f64>, unit: usize) -> Unit {
    let at = |row: usize| figures[[row, unit]];
    // Exact: counts stay under 2^53.
    let count = |row: usize| at(row) as u64;
    let moments = |first: usize| Moments {
        count: count(first),
        mean: at(first + 1),
        m2: at(first + 2),
        min: if count(first) == 0 { f64::MAX } else { at(first + 3) },
        max: if count(first) == 0 { f64::MIN } else { at(first + 4) },
        nan: count(first + 5),
        infinite: count(first + 6),
    };
    let rest = 3 * MOMENTS;
    Unit {
        z: moments(0),
        a: moments(MOMENTS),
        slope: moments(2 * MOMENTS),
        signs: count(rest),
        not_positive: count(rest + 1),
        low: count(rest + 2),
        high: count(rest + 3),
        at_cap: count(rest + 4),
        size: at(rest + 5),
        from_middle: at(rest + 6),
    }
}

/// A histogram of counts: those below, in the bins, above, and of NaN.
pub fn histogram(counts: &[i64]) -> PyResult<Histogram> {
    let counts: Vec<u64> = counts.iter().map(|&count| count.unsigned_abs()).collect();
    match counts.as_slice() {
        [below, bins @ .., above, nan] if bins.len() == Histogram::BINS => {
            Ok(Histogram { counts: bins.to_vec(), below: *below, above: *above, nan: *nan })
        }
        _ => {
            let expected = Histogram::BINS + 3;
            Err(PyValueError::new_err(format!("{} slots of a histogram, where {expected} were expected", counts.len())))
        }
    }
}

/// The moments of inputs, of which each row is a feature.
pub fn inputs(moments: &ArrayView2<'_, f64>) -> InputVitals {
    let features = moments.rows().into_iter().map(|row| Moments {
        count: row[0] as u64,
        mean: row[1],
        m2: row[2],
        min: row[3],
        max: row[4],
        ..Moments::default()
    });
    InputVitals { features: features.collect() }
}
