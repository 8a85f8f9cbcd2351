//! The diagnosis of a network: the figures of its layers, and the judgement.

use std::fmt;

use crate::judgement::{Judgement, Stage, Subject, judge};
use crate::{LayerFigures, Vitals};

/// What the vitals of a network show.
///
/// ```
/// use excite_vitals::judgement::Health;
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
///
/// // Two units, of which the second never fires in 400 samples.
/// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
/// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &a)?;
/// let judgement = Diagnosis::of(&Vitals::new("mlp", vec![layer])).judgement;
///
/// let dead = judgement.all().next().expect("a unit is dead");
/// assert_eq!((dead.rule.id, dead.units.as_slice(), dead.samples), ("dead-units", [1].as_slice(), 400));
/// assert_eq!(dead.summary, "1 of 2 units stayed silent on all 400 samples");
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
    /// Whether the network is in training.
    pub stage: Stage,
    /// The figures of each layer, in depth order.
    pub layers: Vec<LayerFigures>,
    /// What they mean.
    pub judgement: Judgement,
}

impl Diagnosis {
    /// The diagnosis from vitals alone: of a network in training if they have seen gradients, else of a finished one.
    pub fn of(vitals: &Vitals) -> Self {
        Self::of_subject(&Subject::of(vitals))
    }

    /// The diagnosis from all that is known of a network.
    pub fn of_subject(subject: &Subject<'_>) -> Self {
        let vitals = subject.vitals;
        Self {
            model: vitals.model.clone(),
            samples: vitals.samples(),
            random_data: vitals.random_data,
            stage: subject.stage,
            layers: vitals.layers.iter().map(LayerFigures::of).collect(),
            judgement: judge(subject),
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.judgement.fmt(out)
    }
}
