//! The diagnosis of a network: the figures of its layers, and what is wrong.

use crate::findings::{self, Finding, Grade, Severity, Subject};
use crate::{IncomingWeights, LayerFigures, Vitals, VitalsError};

/// What the vitals of a network show.
///
/// ```
/// use excite_vitals::findings::{Cause, Grade, Severity};
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
///
/// // Two units, of which the second never fires in 400 samples.
/// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
/// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &a)?;
/// let diagnosis = Diagnosis::of(&Vitals::new("mlp", vec![layer]));
///
/// let dead = &diagnosis.findings[0];
/// assert_eq!((dead.rule.id, dead.units.as_slice(), dead.samples), ("dead-units", [1].as_slice(), 400));
/// assert_eq!((dead.severity, dead.grade, dead.cause), (Severity::Error, Grade::Measured, Cause::Unknown));
/// assert!(dead.summary.contains("in less than 0.750 % of all"), "{}", dead.summary);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The name of the model.
    pub model: String,
    /// N: the largest number of independent samples that a layer has seen.
    pub samples: u64,
    /// Whether the inputs were made up. Then nothing is graded as measured.
    pub random_data: bool,
    /// How many activations of the model could not be looked at.
    pub not_looked_at: u64,
    /// The figures of each layer, in depth order.
    pub layers: Vec<LayerFigures>,
    /// What was found, the most severe first; of equal ones in the order of [`findings::ALL`], then of the layers.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The diagnosis from vitals alone.
    pub fn of(vitals: &Vitals) -> Self {
        Self::from_subject(Subject { vitals, weights: &[] })
    }

    /// The diagnosis with the weights at hand, one entry for each layer of `vitals`, None where they are not known. They tell what holds
    /// a dead unit down, and whether it is dead for every input.
    ///
    /// # Errors
    /// If there are not as many entries as layers, or weights do not fit their layer.
    pub fn with_weights(vitals: &Vitals, weights: &[Option<IncomingWeights>]) -> Result<Self, VitalsError> {
        if weights.len() != vitals.layers.len() {
            let fault = format!("{} entries for {} layers", weights.len(), vitals.layers.len());
            return Err(VitalsError::Weights { layer: vitals.model.clone(), fault });
        }
        for (layer, weights) in vitals.layers.iter().zip(weights) {
            if let Some(weights) = weights {
                weights.check(layer.name(), layer.units().len())?;
            }
        }
        Ok(Self::from_subject(Subject { vitals, weights }))
    }

    fn from_subject(subject: Subject<'_>) -> Self {
        let vitals = subject.vitals;
        let mut findings: Vec<Finding> = findings::ALL.iter().flat_map(|rule| rule.check(&subject)).collect();
        if vitals.random_data {
            let measured = findings.iter_mut().filter(|finding| finding.grade == Grade::Measured);
            measured.for_each(|finding| finding.grade = Grade::Suspected);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Self {
            model: vitals.model.clone(),
            samples: vitals.samples(),
            random_data: vitals.random_data,
            not_looked_at: 0,
            layers: vitals.layers.iter().map(LayerFigures::of).collect(),
            findings,
        }
    }

    /// The severity of the worst finding. None if nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}
