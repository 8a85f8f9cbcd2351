//! Vitals, for the class of Python that wraps them.

use std::path::Path;

use excite_report::{Origin, diagnosis_page};
use excite_vitals::judgement::Subject;
use excite_vitals::sketch::Unit;
use excite_vitals::{
    Batch, Diagnosis, DiagnosisRecord, IncomingWeights, InputVitals, LayerVitals, Role, UnitState, Vitals, VitalsError,
};
use numpy::PyReadonlyArrayDyn;
use pyo3::exceptions::{PyIndexError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::threads;
use crate::training::Seen;

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

    #[expect(clippy::needless_pass_by_value, reason = "as PyO3 hands arguments over")]
    fn update(
        &mut self,
        py: Python<'_>,
        layer: usize,
        z: Option<PyReadonlyArrayDyn<'_, f32>>,
        a: Option<PyReadonlyArrayDyn<'_, f32>>,
        positions: usize,
        samples: Option<usize>,
    ) -> PyResult<()> {
        let [z, a] = [z.as_ref(), a.as_ref()].map(|array| array.map(PyReadonlyArrayDyn::as_slice).transpose());
        let batch = match (z?, a?) {
            (Some(z), Some(a)) => Batch::new(z, a),
            (Some(z), None) => Batch::pre_activations(z),
            (None, Some(a)) => Batch::activations(a),
            (None, None) => return Err(PyValueError::new_err("z or a must be given")),
        };
        let batch = batch.with_positions(positions);
        let batch = if let Some(samples) = samples { batch.with_samples(samples) } else { batch };
        let layer = self.layer(layer)?;
        let updated = py.detach(|| match threads::pool() {
            Some(pool) => pool.install(|| layer.update_batch(batch)),
            None => layer.update_batch(batch),
        });
        updated.map_err(refused)
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

    /// Of each unit of a layer its state in a word, and the mean, standard deviation, least and largest of its activations.
    fn units(&self, layer: usize, record: &str) -> PyResult<Vec<UnitFigures>> {
        let diagnosis = read(record)?;
        let layer =
            self.0.layers.get(layer).ok_or_else(|| PyIndexError::new_err(format!("there is no layer {layer}")))?;
        let states = diagnosis.unit_states(layer);
        let of = |(unit, state): (&Unit, UnitState)| (state.name(), unit.a.mean, unit.a.std(), unit.a.min, unit.a.max);
        Ok(layer.units().iter().zip(states).map(of).collect())
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

    /// The diagnosis as JSON; `weights` is a JSON list with the incoming weights of each layer, or null.
    fn diagnosis(&self, weights: Option<&str>, in_training: bool) -> PyResult<String> {
        let weights: Option<Vec<Option<IncomingWeights>>> = weights
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| PyValueError::new_err(format!("the weights cannot be read: {error}")))?;
        let mut subject = Subject::of(&self.0);
        if in_training {
            subject = subject.in_training();
        }
        if let Some(weights) = &weights {
            subject = subject.with_weights(weights).map_err(refused)?;
        }
        let diagnosis = Diagnosis::of_subject(&subject);
        serde_json::to_string(&diagnosis.record()).map_err(|error| PyValueError::new_err(error.to_string()))
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
        self.0.layers.get_mut(index).ok_or_else(|| PyIndexError::new_err(format!("there is no layer {index}")))
    }
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
fn refused(error: VitalsError) -> PyErr {
    match error {
        VitalsError::File { .. } => PyOSError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}
