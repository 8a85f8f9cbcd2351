//! Vitals, for the class of Python that wraps them.

use std::path::Path;

use excite_report::{Origin, diagnosis_page};
use excite_vitals::sketch::Unit;
use excite_vitals::{
    Batch, Diagnosis, DiagnosisRecord, InputVitals, LayerVitals, Role, UnitState, Vitals, VitalsError,
};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArrayDyn};
use pyo3::exceptions::{PyIndexError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::evidence::{self, Evidence, Incoming};
use crate::packed;

use crate::threads;
use crate::training::Seen;

/// The number of values under which one thread is enough: waking another takes longer.
const FEW_VALUES: usize = 1 << 16;

/// The vitals of a network. The class of the package hands over contiguous arrays of f32.
#[pyclass]
pub struct NativeVitals(pub Vitals);

#[pymethods]
impl NativeVitals {
    #[new]
    fn new(model: &str) -> Self {
        Self(Vitals::new(model, Vec::new()))
    }

    #[staticmethod]
    fn from_bytes(content: &[u8]) -> PyResult<Self> {
        Vitals::from_bytes(content).map(Self).map_err(refused)
    }

    fn add_layer(&mut self, name: &str, function: &str, units: usize, role: &str) -> PyResult<()> {
        let function = function.parse().map_err(|error| PyValueError::new_err(format!("{error}")))?;
        let role = role_of(role)?;
        if self.0.layer(name).is_some() {
            return Err(PyValueError::new_err(format!("there is a layer `{name}` already")));
        }
        self.0.layers.push(LayerVitals::new(name, function, units).with_role(role));
        Ok(())
    }

    fn set_role(&mut self, layer: usize, role: &str) -> PyResult<()> {
        let role = role_of(role)?;
        let layer = self.layer(layer)?;
        *layer = layer.clone().with_role(role);
        Ok(())
    }

    /// Adds a batch. If `wants_alive`, gives a byte for each unit: 1 where the batch shows it alive.
    #[expect(clippy::needless_pass_by_value, clippy::too_many_arguments, reason = "as PyO3 hands arguments over")]
    fn update<'py>(
        &mut self,
        py: Python<'py>,
        layer: usize,
        z: Option<PyReadonlyArrayDyn<'_, f32>>,
        a: Option<PyReadonlyArrayDyn<'_, f32>>,
        positions: usize,
        samples: Option<usize>,
        wants_alive: bool,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let [z, a] = [z.as_ref(), a.as_ref()].map(|array| array.map(PyReadonlyArrayDyn::as_slice).transpose());
        let (z, a) = (z?, a?);
        let values = z.or(a).map_or(0, <[f32]>::len);
        let batch = match (z, a) {
            (Some(z), Some(a)) => Batch::new(z, a),
            (Some(z), None) => Batch::pre_activations(z),
            (None, Some(a)) => Batch::activations(a),
            (None, None) => return Err(PyValueError::new_err("z or a must be given")),
        };
        let batch = batch.with_positions(positions);
        let batch = match samples {
            None => batch,
            // A call of a layer that was called before in the same pass.
            Some(0) => batch.of_counted_samples(),
            Some(samples) => batch.with_samples(samples),
        };
        let layer = self.layer(layer)?;
        let add = |layer: &mut LayerVitals| {
            if values < FEW_VALUES {
                return layer.update_batch(batch);
            }
            py.detach(|| match threads::pool() {
                Some(pool) => pool.install(|| layer.update_batch(batch)),
                None => layer.update_batch(batch),
            })
        };
        if !wants_alive {
            add(layer).map_err(refused)?;
            return Ok(None);
        }
        // By itself first, for what this batch shows of each unit.
        let mut of_batch = layer.fresh();
        add(&mut of_batch)
            .and_then(|()| layer.absorb(of_batch.units(), of_batch.histogram(), of_batch.samples()))
            .map_err(refused)?;
        let alive: Vec<u8> = of_batch.units().iter().map(|unit| u8::from(!unit.is_dead())).collect();
        Ok(Some(PyBytes::new(py, &alive)))
    }

    /// Adds what was counted and summed up elsewhere, in the layout of `PACKED`: a column for each unit.
    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    fn absorb(
        &mut self,
        layer: usize,
        figures: PyReadonlyArray2<'_, f64>,
        histogram: PyReadonlyArray1<'_, i64>,
        samples: u64,
    ) -> PyResult<()> {
        let units = packed::units(&figures.as_array())?;
        let histogram = packed::histogram(histogram.as_slice()?)?;
        self.layer(layer)?.absorb(&units, &histogram, samples).map_err(refused)
    }

    /// What the values of a layer are compared with to be counted; NaN where it does not apply.
    fn limits<'py>(&self, py: Python<'py>, layer: usize) -> PyResult<Bound<'py, PyDict>> {
        let layer = self.0.layers.get(layer).ok_or_else(|| no_layer(layer))?;
        let limits = layer.limits();
        let found = PyDict::new(py);
        for (name, value) in
            [("slope", limits.slope), ("centre", limits.centre), ("cap", limits.cap), ("middle", limits.middle)]
        {
            found.set_item(name, value)?;
        }
        Ok(found)
    }

    /// An empty copy: the same layers, which have seen nothing.
    fn fresh(&self) -> Self {
        Self(Vitals::new(&self.0.model, self.0.layers.iter().map(LayerVitals::fresh).collect()))
    }

    /// How many values of a layer were NaN or infinite.
    fn not_finite(&self, layer: usize) -> PyResult<u64> {
        let layer = self.0.layers.get(layer).ok_or_else(|| no_layer(layer))?;
        Ok(layer.units().iter().map(|unit| unit.a.nan + unit.a.infinite).sum())
    }

    fn samples(&self) -> u64 {
        self.0.samples()
    }

    /// The indices of the dead units of a layer.
    fn dead(&self, layer: usize) -> PyResult<Vec<usize>> {
        let layer = self.0.layers.get(layer).ok_or_else(|| no_layer(layer))?;
        Ok((0..layer.units().len()).filter(|&unit| layer.units()[unit].is_dead()).collect())
    }

    fn add_gradient(&mut self, layer: usize, norm: f64, same_sign: Option<f64>) -> PyResult<()> {
        self.layer(layer)?.add_gradient(norm, same_sign);
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    fn update_gradient(&mut self, layer: usize, gradient: PyReadonlyArrayDyn<'_, f32>, fan_in: usize) -> PyResult<()> {
        self.layer(layer)?.update_gradient(gradient.as_slice()?, fan_in).map_err(refused)
    }

    fn update_step(&mut self, layer: usize, ratio: f64) -> PyResult<()> {
        self.layer(layer)?.update_step(ratio);
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    fn update_inputs(
        &mut self,
        values: PyReadonlyArrayDyn<'_, f32>,
        features: usize,
        positions: usize,
    ) -> PyResult<()> {
        let mut input = self.0.input.clone().unwrap_or_else(|| InputVitals::new(features));
        input.update(values.as_slice()?, positions).map_err(refused)?;
        self.0.input = Some(input);
        Ok(())
    }

    /// Sets the moments of the inputs: a row of count, mean, sum of squared deviations, least and largest for each feature.
    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    fn set_inputs(&mut self, moments: PyReadonlyArray2<'_, f64>) {
        self.0.input = Some(packed::inputs(&moments.as_array()));
    }

    fn add_run(&mut self) {
        self.0.runs += 1;
    }

    fn merge(&mut self, other: &Self) -> PyResult<()> {
        self.0.merge(&other.0).map_err(refused)
    }

    fn save(&self, path: &str) -> PyResult<()> {
        self.0.write(Path::new(path)).map_err(refused)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.to_bytes().map_err(refused)?))
    }

    fn to_json(&self) -> PyResult<String> {
        self.0.to_json().map_err(refused)
    }

    fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The report of a diagnosis of these vitals, given by its record: a page, with what was seen of the training.
    #[pyo3(signature = (record, not_seen, data, training=None))]
    fn page(
        &self,
        record: &str,
        not_seen: Vec<(String, String)>,
        data: String,
        training: Option<Seen>,
    ) -> PyResult<String> {
        let training = training.map(|seen| seen.training(&self.0));
        Ok(diagnosis_page(&self.0, &read(record)?, &Origin { data, not_seen, training, ..Origin::default() }))
    }

    /// Of each unit of each layer its state in a word, and the mean, standard deviation, least and largest of its activations.
    fn units(&self, record: &str) -> PyResult<Vec<Vec<UnitFigures>>> {
        let diagnosis = read(record)?;
        let of_unit =
            |(unit, state): (&Unit, UnitState)| (state.name(), unit.a.mean, unit.a.std(), unit.a.min, unit.a.max);
        let of_layer = |layer: &LayerVitals| -> Vec<UnitFigures> {
            layer.units().iter().zip(diagnosis.unit_states(layer)).map(of_unit).collect()
        };
        Ok(self.0.layers.iter().map(of_layer).collect())
    }

    /// Of each layer the shares of its units that are dead and saturated, and the mean norms of its gradient and of its update
    /// relative to the weights; None where one is not known.
    fn curves(&self) -> Vec<(String, [Option<f64>; 4])> {
        let of = |layer: &LayerVitals| {
            let (record, known) = (layer.record(), |value: f64| (value.is_finite() && value > 0.0).then_some(value));
            let share = |share: f64| share.is_finite().then_some(share);
            let figures = [
                share(record.dead),
                share(record.saturated_units),
                known(record.gradient_norm),
                known(record.update_ratio),
            ];
            (record.name, figures)
        };
        self.0.layers.iter().map(of).collect()
    }

    /// The diagnosis as JSON, by the incoming weights of each layer where known, and by the other evidence, which is JSON too; `start`
    /// has the vitals of the beginning of the training.
    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    #[pyo3(signature = (weights=None, evidence="{}", start=None))]
    fn diagnosis(
        &self,
        weights: Option<Vec<Option<Incoming<'_>>>>,
        evidence: &str,
        start: Option<PyRef<'_, Self>>,
    ) -> PyResult<String> {
        let evidence: Evidence = serde_json::from_str(evidence)
            .map_err(|error| PyValueError::new_err(format!("the evidence cannot be read: {error}")))?;
        let weights = weights.map(evidence::incoming_weights).transpose()?;
        let start = start.as_ref().map_or(&self.0, |start| &start.0);
        evidence.diagnosis(&self.0, start, weights.as_deref().unwrap_or_default())
    }
}

/// The state of a unit, and the mean, the standard deviation, the least and the largest of its activations.
type UnitFigures = (&'static str, f64, f64, f64, f64);

fn read(record: &str) -> PyResult<Diagnosis> {
    let record: DiagnosisRecord = serde_json::from_str(record)
        .map_err(|error| PyValueError::new_err(format!("the record of the diagnosis cannot be read: {error}")))?;
    Ok(record.into())
}

impl NativeVitals {
    fn layer(&mut self, index: usize) -> PyResult<&mut LayerVitals> {
        self.0.layers.get_mut(index).ok_or_else(|| no_layer(index))
    }
}

fn no_layer(index: usize) -> PyErr {
    PyIndexError::new_err(format!("there is no layer {index}"))
}

fn role_of(name: &str) -> PyResult<Role> {
    match name {
        "hidden" => Ok(Role::Hidden),
        "gate" => Ok(Role::Gate),
        "output" => Ok(Role::Output),
        _ => Err(PyValueError::new_err(format!("role must be hidden, gate or output, not `{name}`"))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err wants it")]
pub fn refused(error: VitalsError) -> PyErr {
    match error {
        VitalsError::File { .. } => PyOSError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}
