//! Comparisons, trained in this process.

use std::path::PathBuf;
use std::sync::Arc;

use crate::accuracy;
use excite_lab::data::{Dataset, Options};
use excite_lab::record::comparison::Task;
use excite_lab::{ClassWeights, Init, Journal, LearningRate, Local, NetworkSpec, Optimizer, Plan, RunKey, Spec, next};
use excite_report::comparison_page;
use excite_tasks::{Error, compare, journal_in, train_runs};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::running::run;
use super::{json, raised, task_error};

/// Data to train on, read and split.
#[pyclass(frozen)]
pub struct NativeDataset(Arc<Dataset>);

/// How data is read and split.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct DataOptions {
    target: Option<String>,
    task: Option<String>,
    standardise: bool,
    test_share: f64,
    split_seed: u64,
}

impl DataOptions {
    fn options(self) -> PyResult<Options> {
        if !(self.test_share > 0.0 && self.test_share < 1.0) {
            return Err(PyValueError::new_err(format!("test_share must be between 0 and 1, not {}", self.test_share)));
        }
        Ok(Options {
            target: self.target,
            task: self.task.map(|task| named::<Task>("task", &task)).transpose()?,
            centre: self.standardise,
            test_share: self.test_share,
            seed: self.split_seed,
        })
    }
}

#[pymethods]
impl NativeDataset {
    /// The digits that the package carries.
    #[staticmethod]
    fn digits(options: DataOptions) -> PyResult<Self> {
        Ok(Self(Arc::new(Dataset::digits(&options.options()?))))
    }

    /// A file or a folder.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf, options: DataOptions) -> PyResult<Self> {
        let options = options.options()?;
        let opened = run(py, None, move |_| Dataset::open(&path, &options))?;
        opened.map(|data| Self(Arc::new(data))).map_err(|error| task_error(py, error.to_string()))
    }

    /// Two arrays, each as the content of an .npy file.
    #[staticmethod]
    fn arrays(py: Python<'_>, name: String, x: Vec<u8>, y: Vec<u8>, options: DataOptions) -> PyResult<Self> {
        let options = options.options()?;
        let read = run(py, None, move |_| Dataset::from_npy(&name, &x, &y, &options))?;
        read.map(|data| Self(Arc::new(data))).map_err(|error| task_error(py, error.to_string()))
    }
}

/// The plan of the training.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct PlanOptions {
    activations: Vec<String>,
    seeds: usize,
    epochs: usize,
    until_error: Option<f64>,
    lr: Option<f64>,
    network: String,
    hidden: Option<Vec<usize>>,
    init: String,
    gain: Option<f64>,
    bias: f64,
    optimizer: String,
    momentum: f64,
    batch: usize,
    class_weights: String,
    accuracy: String,
}

impl PlanOptions {
    fn plan(self) -> PyResult<Plan> {
        let activations = self.activations.iter().map(|name| {
            name.parse().map_err(|error: excite::ParseFunctionError| PyValueError::new_err(error.to_string()))
        });
        let network = match (self.network.as_str(), self.hidden) {
            ("mlp", None) => NetworkSpec::default(),
            ("mlp", Some(hidden)) => NetworkSpec::Mlp { hidden },
            ("conv", None) => NetworkSpec::Conv,
            ("conv", Some(_)) => return Err(PyValueError::new_err("hidden is for an mlp: leave it or network out")),
            (other, _) => return Err(PyValueError::new_err(format!("network must be mlp or conv, not `{other}`"))),
        };
        let optimizer = match self.optimizer.as_str() {
            "sgd" if (0.0..1.0).contains(&self.momentum) => Optimizer::Sgd { momentum: self.momentum },
            "sgd" => return Err(PyValueError::new_err("momentum must be from 0 to under 1")),
            "adam" => Optimizer::Adam,
            other => return Err(PyValueError::new_err(format!("optimizer must be sgd or adam, not `{other}`"))),
        };
        Ok(Plan {
            activations: activations.collect::<PyResult<_>>()?,
            seeds: self.seeds,
            epochs: self.epochs,
            until_error: self.until_error,
            learning_rate: self.lr.map_or(LearningRate::Auto, LearningRate::Fixed),
            spec: Spec {
                network,
                optimizer,
                init: named::<Init>("init", &self.init)?,
                gain: self.gain,
                bias: self.bias,
                batch: self.batch,
                class_weights: named::<ClassWeights>("class_weights", &self.class_weights)?,
                accuracy: accuracy::of_name(&self.accuracy)?,
            },
        })
    }
}

fn named<T: serde::de::DeserializeOwned>(argument: &str, name: &str) -> PyResult<T> {
    serde_json::from_value(name.replace('-', "_").into())
        .map_err(|error| PyValueError::new_err(format!("{argument}: {error}")))
}

/// The record as JSON, and the report. Finished runs are kept in the folder, if there is one.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "as Python hands them over")]
pub fn compare_functions(
    py: Python<'_>,
    data: &NativeDataset,
    plan: PlanOptions,
    folder: Option<PathBuf>,
    fresh: bool,
    jobs: Option<usize>,
    save_networks: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, String)> {
    let (data, plan) = (Arc::clone(&data.0), plan.plan()?);
    let local = Local { jobs: jobs.unwrap_or(Local::default().jobs), save_networks };
    let done = run(py, progress, move |watcher| {
        let mut journal = journal(folder, &data, &plan, fresh)?;
        compare(&data, &plan, &mut journal, &local, watcher)
    })?;
    let comparison = done.map_err(|error| raised(py, error))?;
    Ok((json(&comparison)?, comparison_page(&comparison)))
}

/// The runs to train next that the journal in the folder lacks, each as JSON.
#[pyfunction]
pub fn next_runs(
    py: Python<'_>,
    data: &NativeDataset,
    plan: PlanOptions,
    folder: PathBuf,
    fresh: bool,
) -> PyResult<Vec<String>> {
    let plan = plan.plan()?;
    let listed = || {
        plan.check(&data.0)?;
        Ok(next(&plan, &journal_in(&folder, &data.0, &plan, fresh)?))
    };
    let runs: Vec<RunKey> = listed().map_err(|error| raised(py, error))?;
    runs.iter().map(json).collect()
}

/// Trains one run, JSON of `next_runs`, for the journal in the folder.
#[pyfunction]
pub fn train_run(
    py: Python<'_>,
    data: &NativeDataset,
    plan: PlanOptions,
    key: &str,
    folder: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<()> {
    let key: RunKey = serde_json::from_str(key)
        .map_err(|error| PyValueError::new_err(format!("a run must be one that next_runs lists: {error}")))?;
    let (data, plan) = (Arc::clone(&data.0), plan.plan()?);
    let done = run(py, progress, move |watcher| {
        let mut journal = journal(Some(folder), &data, &plan, false)?;
        train_runs(&data, &plan, &[key], &mut journal, &Local { jobs: 1, ..Local::default() }, watcher)
    })?;
    done.map_err(|error| raised(py, error))
}

fn journal(folder: Option<PathBuf>, data: &Dataset, plan: &Plan, fresh: bool) -> Result<Journal, Error> {
    plan.check(data)?;
    let Some(folder) = folder else { return Ok(Journal::in_memory()) };
    std::fs::create_dir_all(&folder).map_err(|error| Error::Unwritable { path: folder.clone(), error })?;
    journal_in(&folder, data, plan, fresh)
}
