//! Models: checked, merged, quantised.

use std::path::PathBuf;
use std::sync::Arc;

use excite_fixed::QFormat;
use excite_report::{Origin, diagnosis_page, quantisation_page};
use excite_tasks::{
    AblationRecord, Baseline, Budget, CheckOptions, Checked, EngineOptions, Error, FormatsFile, MergeOptions,
    ModelQuantisation, NamedModel, QuantiseOptions, UnitAxis, check, merge, quantise,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::data::NativeData;
use super::running::run;
use super::{json, raised};
use crate::vitals::NativeVitals;

/// A model, read.
#[pyclass(frozen)]
pub struct NativeModel(Arc<NamedModel>);

/// The axes of units of some layers, or of all: whole numbers as Python counts axes.
type UnitAxes = Vec<(Option<String>, isize)>;

#[pymethods]
impl NativeModel {
    #[staticmethod]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        unit_axes: UnitAxes,
        engine: &str,
        onnxruntime: Option<PathBuf>,
    ) -> PyResult<Self> {
        let engine = EngineOptions { choice: engine.parse().map_err(PyValueError::new_err)?, onnxruntime };
        Self::read(py, unit_axes, move || NamedModel::open_with(path, &engine))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, content: Vec<u8>, name: String, unit_axes: UnitAxes) -> PyResult<Self> {
        Self::read(py, unit_axes, move || NamedModel::from_bytes(content, &name))
    }
}

impl NativeModel {
    fn read(
        py: Python<'_>,
        unit_axes: UnitAxes,
        open: impl FnOnce() -> Result<NamedModel, Error> + Send + 'static,
    ) -> PyResult<Self> {
        let opened = run(py, None, move |_| {
            let mut model = open()?;
            for (layer, axis) in unit_axes {
                let axis = match usize::try_from(axis) {
                    Ok(axis) => UnitAxis::Front(axis),
                    Err(_) => UnitAxis::Back(axis.unsigned_abs() - 1),
                };
                model.set_unit_axis(layer.as_deref(), axis)?;
            }
            Ok(model)
        })?;
        opened.map(|model| Self(Arc::new(model))).map_err(|error| raised(py, error))
    }
}

/// What a check found.
#[pyclass(frozen)]
pub struct NativeChecked(Checked);

#[pymethods]
impl NativeChecked {
    /// The record as JSON.
    fn json(&self) -> PyResult<String> {
        json(&self.0.record(""))
    }

    /// The report, a page.
    fn html(&self) -> String {
        let Checked { vitals, diagnosis, data, not_seen, ablations, .. } = &self.0;
        let not_seen = not_seen.iter().map(|one| (one.name.clone(), one.why.clone())).collect();
        let ablations = ablations.iter().flat_map(AblationRecord::sentences).collect();
        diagnosis_page(vitals, diagnosis, &Origin { data: data.clone(), not_seen, ablations, ..Origin::default() })
    }

    fn vitals(&self) -> NativeVitals {
        NativeVitals(self.0.vitals.clone())
    }
}

#[pyfunction]
pub fn check_model(
    py: Python<'_>,
    model: &NativeModel,
    data: &NativeData,
    baseline: Option<PathBuf>,
    ablate: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<NativeChecked> {
    let (model, data) = (Arc::clone(&model.0), data.0.clone());
    let done = run(py, progress, move |watcher| {
        let baseline = baseline.as_deref().map(Baseline::read).transpose()?;
        check(&model, &data, &CheckOptions { baseline, ablate, ..CheckOptions::default() }, watcher)
    })?;
    done.map(NativeChecked).map_err(|error| raised(py, error))
}

#[pyfunction]
pub fn merge_files(py: Python<'_>, files: Vec<PathBuf>, model: Option<PathBuf>) -> PyResult<NativeChecked> {
    let done = run(py, None, move |_| {
        let model = model.map(NamedModel::open).transpose()?;
        merge(&files, &MergeOptions { model, ..MergeOptions::default() })
    })?;
    done.map(NativeChecked).map_err(|error| raised(py, error))
}

/// What was found for a quantised model.
#[pyclass(frozen)]
pub struct NativeQuantised(ModelQuantisation);

#[pymethods]
impl NativeQuantised {
    /// The record as JSON.
    fn json(&self) -> PyResult<String> {
        json(&self.0.record)
    }

    /// The report, a page.
    fn html(&self) -> String {
        quantisation_page(&self.0.record)
    }

    /// The model with its tensors quantised, as an ONNX file.
    fn model(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        self.0.quantised_model().map_err(|error| raised(py, error))
    }

    /// The formats of the layers as a file.
    fn formats(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.0.formats_file().map_err(|error| raised(py, error))?.to_text())
    }

    /// The formats for ONNX Runtime's quantiser, as JSON.
    fn overrides(&self, py: Python<'_>) -> PyResult<String> {
        json(&self.0.tensor_quant_overrides().map_err(|error| raised(py, error))?)
    }
}

/// How a model is quantised.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct QuantisePlan {
    bits: Vec<u32>,
    widths: Vec<u32>,
    budget: Vec<String>,
    power_of_two: bool,
    calibrate_bounded: bool,
    weights: Option<u32>,
    given: Option<PathBuf>,
    cap: f64,
    formats: Vec<String>,
    simulate: bool,
    sensitivity: bool,
    labels: Option<Vec<i64>>,
}

impl QuantisePlan {
    fn options(self, py: Python<'_>) -> PyResult<QuantiseOptions> {
        let wrong = |what: &str, error: &dyn std::fmt::Display| PyValueError::new_err(format!("{what}: {error}"));
        let formats: Result<Vec<QFormat>, _> = self.formats.iter().map(|format| format.parse()).collect();
        let budgets: Result<Vec<Budget>, _> = self.budget.iter().map(|budget| budget.parse()).collect();
        let given = self.given.as_deref().map(FormatsFile::read).transpose();
        Ok(QuantiseOptions {
            bits: self.bits,
            widths: self.widths,
            budgets: budgets.map_err(|error| wrong("budget", &error))?,
            power_of_two: self.power_of_two,
            calibrate_bounded: self.calibrate_bounded,
            weight_bits: self.weights,
            given: given.map_err(|error| raised(py, error))?,
            cap: self.cap,
            formats: formats.map_err(|error| wrong("formats", &error))?,
            simulate: self.simulate,
            sensitivity: self.sensitivity,
            labels: self.labels,
        })
    }
}

#[pyfunction]
pub fn quantise_model(
    py: Python<'_>,
    model: &NativeModel,
    data: &NativeData,
    plan: QuantisePlan,
    progress: Option<Py<PyAny>>,
) -> PyResult<NativeQuantised> {
    let options = plan.options(py)?;
    let (model, data) = (Arc::clone(&model.0), data.0.clone());
    let done = run(py, progress, move |watcher| quantise(&model, &data, &options, watcher))?;
    done.map(NativeQuantised).map_err(|error| raised(py, error))
}
