//! What a watch knows of a network besides its vitals, for the judgement.

use excite::Interval;
use excite_vitals::judgement::{Deaths, Subject, TrainingRun};
use excite_vitals::{Diagnosis, IncomingWeights, LayerRecord, LayerVitals, Role, Vitals};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::vitals::refused;

/// The evidence as JSON hands it over. Entries left out are not known.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    in_training: bool,
    not_looked_at: u64,
    nothing_seen: Option<String>,
    deaths: Vec<Deaths>,
    /// The figures of a training run; vitals give the rest.
    training: Option<Map<String, Value>>,
}

impl Evidence {
    /// The diagnosis as JSON.
    pub fn diagnosis(&self, vitals: &Vitals, start: &Vitals, weights: &[Option<IncomingWeights>]) -> PyResult<String> {
        let run = self.training_run(vitals, start)?;
        let mut subject = Subject::of(vitals).with_deaths(&self.deaths);
        subject.not_looked_at = self.not_looked_at;
        if self.in_training {
            subject = subject.in_training();
        }
        if let Some(why) = &self.nothing_seen {
            subject = subject.with_nothing_seen(why);
        }
        if let Some(run) = &run {
            subject = subject.trained_by(run);
        }
        if !weights.is_empty() {
            subject = subject.with_weights(weights).map_err(refused)?;
        }
        let record = Diagnosis::of_subject(&subject).record();
        serde_json::to_string(&record).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn training_run(&self, vitals: &Vitals, start: &Vitals) -> PyResult<Option<TrainingRun>> {
        let function = most_frequent_function(vitals);
        let (Some(facts), Some(function)) = (&self.training, function) else { return Ok(None) };
        let mut facts = facts.clone();
        facts.insert("function".to_owned(), json!(function));
        if let Some(gain) = facts.get("gain").and_then(Value::as_f64) {
            facts.insert("gain".to_owned(), json!(over_usual(gain, function.gain())));
        }
        facts.insert("start".to_owned(), json!(records(start)));
        facts.insert("end".to_owned(), json!(records(vitals)));
        let run = serde_json::from_value(Value::Object(facts));
        run.map(Some).map_err(|error| PyValueError::new_err(format!("the training cannot be read: {error}")))
    }
}

/// The gain of initial weights over the usual: from PyTorch's default, which is the same for all functions, to the function's own.
fn over_usual(gain: f64, own: f64) -> f64 {
    const DEFAULT: f64 = 0.577_350_269_189_625_8;
    if gain < DEFAULT.min(own) {
        gain / DEFAULT.min(own)
    } else if gain > DEFAULT.max(own) {
        gain / DEFAULT.max(own)
    } else {
        1.0
    }
}

/// The function of most hidden units.
fn most_frequent_function(vitals: &Vitals) -> Option<excite::Function> {
    let units = |f: excite::Function| -> usize {
        hidden(vitals).filter(|layer| layer.function() == f).map(|layer| layer.units().len()).sum()
    };
    hidden(vitals).map(LayerVitals::function).max_by_key(|&f| units(f))
}

/// The hidden layers that have seen something.
fn hidden(vitals: &Vitals) -> impl Iterator<Item = &LayerVitals> {
    vitals.layers.iter().filter(|layer| layer.role() == Role::Hidden && layer.samples() > 0)
}

/// Their records.
fn records(vitals: &Vitals) -> Vec<LayerRecord> {
    hidden(vitals).map(LayerVitals::record).collect()
}

/// The weights that lead into a layer: biases, the units that there are rows of, these rows, and of each input its least and largest
/// value and its mean.
pub type Incoming<'py> = (
    PyReadonlyArray1<'py, f32>,
    Vec<usize>,
    PyReadonlyArray2<'py, f32>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
);

/// The same, layer by layer, as the judgement takes them.
pub fn incoming_weights(layers: Vec<Option<Incoming<'_>>>) -> PyResult<Vec<Option<IncomingWeights>>> {
    layers.into_iter().map(|layer| layer.map(of_layer).transpose()).collect()
}

fn of_layer((bias, rows, weights, low, high, means): Incoming<'_>) -> PyResult<IncomingWeights> {
    let ends = low.as_slice()?.iter().zip(high.as_slice()?);
    Ok(IncomingWeights {
        bias: bias.as_slice()?.to_vec(),
        weights: weights.as_slice()?.to_vec(),
        inputs: ends.map(|(&low, &high)| Interval { low, high }).collect(),
        input_means: means.as_slice()?.to_vec(),
        groups: 1,
        rows: Some(rows),
    })
}
