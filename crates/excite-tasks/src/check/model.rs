//! Runs a model on data, and diagnoses its activations.

use std::ops::ControlFlow;

use excite_onnx::{EngineInfo, Examination, Model};
use excite_vitals::judgement::{Stage, Subject, TrainingRun};
use excite_vitals::{Diagnosis, Vitals};

use super::ablation;
use super::record::{AblationRecord, CheckRecord, EngineRecord};
use crate::data::UnreadableFiles;
use crate::watcher::Steps;
use crate::{Baseline, Data, Error, NamedModel, RuleChange, SkippedLayer, Watcher, weights};

/// How a model is checked.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// The result of an earlier check, whose findings are left out.
    pub baseline: Option<Baseline>,
    /// Whether the dead and the dormant units are set to 0 to see what changes in the outputs, which takes two more runs for each.
    pub ablate: bool,
    /// Whether the model is in training. None: a network that `excite compare` saved is, and any other model is finished.
    pub stage: Option<Stage>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was measured.
    pub vitals: Vitals,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// The data in a few words.
    pub data: String,
    /// The engine that ran the model; none where vitals were merged.
    pub engine: Option<EngineInfo>,
    /// The activations that were not looked at.
    pub not_seen: Vec<SkippedLayer>,
    /// How many findings were left out because the baseline has them.
    pub known: usize,
    /// What each rule found in the baseline and finds now; nothing without a baseline.
    pub changes: Vec<RuleChange>,
    /// What the network computes without the units that were found, where that was asked for.
    pub ablations: Vec<AblationRecord>,
}

/// Runs the model on the data, and diagnoses its activations. The weights that lead into a layer show why its dead units are dead.
///
/// # Errors
/// If an input cannot be read or does not fit the model, the engine fails, or the watcher stops it.
pub fn check(model: &NamedModel, data: &Data, options: &CheckOptions, watcher: &dyn Watcher) -> Result<Checked, Error> {
    let (vitals, not_seen) = measure(model, data, &Steps::new(watcher))?;
    let described = data.describe(vitals.samples());
    let mut checked = Checked::of(vitals, Some(model), described, options)?;
    checked.not_seen = not_seen;
    checked.engine = Some(model.model().engine());
    if options.ablate {
        let (diagnosis, batches) = (&checked.diagnosis, checked.vitals.runs);
        checked.ablations = ablation::ablate(model, data, diagnosis, batches, &Steps::new(watcher))?;
    }
    Ok(checked)
}

impl From<EngineInfo> for EngineRecord {
    fn from(EngineInfo { name, version, precision, note }: EngineInfo) -> Self {
        Self { name: name.to_owned(), version, precision: precision.to_owned(), note }
    }
}

impl Checked {
    /// Diagnoses vitals, with the weights of the model where it is known.
    pub(crate) fn of(
        vitals: Vitals,
        model: Option<&NamedModel>,
        data: String,
        options: &CheckOptions,
    ) -> Result<Self, Error> {
        let incoming = model.map(|model| weights::incoming(model.model(), &vitals));
        let mut subject = Subject::of(&vitals);
        if let Some(incoming) = &incoming {
            subject = subject.with_weights(incoming)?;
        }
        subject.shortcuts = model.map(|model| model.model().has_shortcuts());
        let run = model.map(training_run).transpose()?.flatten();
        if let Some(run) = &run {
            subject = subject.trained_by(run);
        }
        if let Some(stage) = options.stage {
            subject.stage = stage;
        }
        subject.not_looked_at = model.map_or(0, |model| not_looked_at(model.model(), &vitals));
        let mut diagnosis = Diagnosis::of_subject(&subject);
        let judgement = &mut diagnosis.judgement;
        let baseline = options.baseline.as_ref();
        let changes = baseline.map_or_else(Vec::new, |baseline| baseline.changes(judgement));
        let known = baseline.map_or(0, |baseline| baseline.retain_new(judgement));
        Ok(Self { vitals, diagnosis, data, engine: None, not_seen: Vec::new(), known, changes, ablations: Vec::new() })
    }

    /// The record, which programs print as JSON; `command` is what makes it again.
    pub fn record(&self, command: &str) -> CheckRecord {
        CheckRecord {
            diagnosis: self.diagnosis.record(),
            command: command.to_owned(),
            data: self.data.clone(),
            engine: self.engine.clone().map(EngineRecord::from),
            not_seen: self.not_seen.clone(),
            ablations: self.ablations.clone(),
        }
    }
}

/// How many activations of a model have no vitals, but for functions of rows, which have none.
fn not_looked_at(model: &Model, vitals: &Vitals) -> u64 {
    let is_layer = |&site: &usize| model.sites()[site].function.each().is_some() && model.layer_of(site) == site;
    let sites = (0..model.sites().len()).filter(is_layer).count();
    (model.unseen().len() + sites).saturating_sub(vitals.layers.len()) as u64
}

/// How the model was trained, if `excite compare` saved it.
fn training_run(model: &NamedModel) -> Result<Option<TrainingRun>, Error> {
    let Some(text) = model.model().metadata(TrainingRun::METADATA) else { return Ok(None) };
    let fault =
        |error: serde_json::Error| Error::TrainingRun { model: model.name().to_owned(), fault: error.to_string() };
    serde_json::from_str(text).map(Some).map_err(fault)
}

/// The vitals of the model on the data, and the activations that have none.
pub(crate) fn measure(
    model: &NamedModel,
    data: &Data,
    steps: &Steps<'_>,
) -> Result<(Vitals, Vec<SkippedLayer>), Error> {
    let mut examination = Examination::new(model.model());
    data.each_batch(model.model(), steps, UnreadableFiles::Reported, |part| {
        if data.samples().is_some_and(|most| examination.samples() >= most as u64) {
            return Ok(ControlFlow::Break(()));
        }
        examination.run(part)?;
        Ok(ControlFlow::Continue(()))
    })?;
    if examination.runs() == 0 {
        return Err(Error::NothingRead);
    }
    let (mut vitals, left_out) = examination.finish(model.name());
    vitals.random_data = data.is_random();
    Ok((vitals, left_out.into_iter().map(|one| SkippedLayer { name: one.name, why: one.why }).collect()))
}
