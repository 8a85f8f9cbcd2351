//! The record of a diagnosis: what programs print as JSON, and other programs read.

use serde::{Deserialize, Serialize};

use crate::findings::{Grade, Rule, Severity, read_id, write_id};
use crate::judgement::{Judgement, Stage};
use crate::{Diagnosis, FindingGroup, LayerFigures, UnitState};

/// A diagnosis with its judgement, findings by rule, and the units of each layer that were found dead, saturated and so on.
///
/// ```
/// use excite_vitals::{Diagnosis, DiagnosisRecord, LayerVitals, Vitals};
/// let z: Vec<f32> = (0..400).flat_map(|i| [(i % 7) as f32 - 3.0, -1.0]).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &z.iter().map(|z| z.max(0.0)).collect::<Vec<f32>>())?;
/// let record = Diagnosis::of(&Vitals::new("mlp", vec![layer])).record();
/// assert_eq!((record.layers[0].dead.as_slice(), record.groups[0].title.as_str()), ([1].as_slice(), "Dead units"));
/// let json = serde_json::to_string(&record)?;
/// assert_eq!(serde_json::from_str::<DiagnosisRecord>(&json)?, record);
/// assert_eq!(Diagnosis::from(record.clone()).record(), record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiagnosisRecord {
    /// The version of this form.
    pub version: u32,
    /// The name of the model.
    pub model: String,
    /// N: the largest number of independent samples that a layer has seen.
    pub samples: u64,
    /// Whether the inputs were random numbers. Then nothing is graded as measured.
    pub random_data: bool,
    /// Whether the network is in training.
    pub stage: Stage,
    /// Health, headline, findings and facts.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The headline again, under the name that it had in version 1.
    pub verdict: String,
    /// The layers, in depth order.
    pub layers: Vec<DiagnosedLayer>,
    /// Findings and then facts in words, those of one rule together.
    pub groups: Vec<GroupRecord>,
}

/// The figures of a layer, and the indices of its units in which something was found, in rising order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiagnosedLayer {
    /// The figures.
    #[serde(flatten)]
    pub figures: LayerFigures,
    /// The dead units.
    pub dead: Vec<usize>,
    /// The saturated units.
    pub saturated: Vec<usize>,
    /// The clipped units.
    pub clipped: Vec<usize>,
    /// The dormant units.
    pub dormant: Vec<usize>,
    /// The units that are never cut.
    pub always_on: Vec<usize>,
    /// The units that put out NaN or infinities.
    pub not_finite: Vec<usize>,
}

/// Findings of one rule and severity in words: those of the worst of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupRecord {
    /// The rule; its identifier in JSON.
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub rule: &'static Rule,
    /// The rule's name as people say it.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub grade: Grade,
    /// N, the number of independent samples behind it.
    pub samples: u64,
    /// The layers.
    pub layers: Vec<String>,
    /// What was found.
    pub summary: String,
    /// What to do about it.
    pub remedy: String,
}

impl DiagnosisRecord {
    /// The version of the form.
    pub const VERSION: u32 = 2;
}

impl Diagnosis {
    /// The record, which programs print as JSON.
    pub fn record(&self) -> DiagnosisRecord {
        let layers = self.layers.iter().map(|figures| {
            let units = |state: UnitState| self.units_in(&figures.name, state);
            DiagnosedLayer {
                figures: figures.clone(),
                dead: units(UnitState::Dead),
                saturated: units(UnitState::SaturatedLow),
                clipped: units(UnitState::Clipped),
                dormant: units(UnitState::Dormant),
                always_on: units(UnitState::AlwaysOn),
                not_finite: units(UnitState::NotFinite),
            }
        });
        DiagnosisRecord {
            version: DiagnosisRecord::VERSION,
            model: self.model.clone(),
            samples: self.samples,
            random_data: self.random_data,
            stage: self.stage,
            judgement: self.judgement.clone(),
            verdict: self.judgement.headline.clone(),
            layers: layers.collect(),
            groups: self
                .judgement
                .finding_groups()
                .iter()
                .chain(&self.judgement.fact_groups())
                .map(FindingGroup::record)
                .collect(),
        }
    }

    /// The units of a layer that the rule behind a state finds, in rising order.
    fn units_in(&self, layer: &str, state: UnitState) -> Vec<usize> {
        let found = self.judgement.all().filter(|finding| finding.layer.as_deref() == Some(layer));
        let found = found.filter(|finding| state.rule() == Some(finding.rule.id));
        let mut units: Vec<usize> = found.flat_map(|finding| finding.units.clone()).collect();
        units.sort_unstable();
        units
    }
}

impl From<DiagnosisRecord> for Diagnosis {
    /// The diagnosis that a record is of.
    fn from(record: DiagnosisRecord) -> Self {
        Self {
            model: record.model,
            samples: record.samples,
            random_data: record.random_data,
            stage: record.stage,
            layers: record.layers.into_iter().map(|layer| layer.figures).collect(),
            judgement: record.judgement,
        }
    }
}

impl FindingGroup<'_> {
    fn record(&self) -> GroupRecord {
        let worst = self.worst();
        GroupRecord {
            rule: worst.rule,
            title: worst.rule.title.to_owned(),
            severity: worst.severity,
            grade: worst.grade,
            samples: worst.samples,
            layers: self.findings.iter().filter_map(|finding| finding.layer.clone()).collect(),
            summary: self.summary(),
            remedy: worst.remedy.clone(),
        }
    }
}
