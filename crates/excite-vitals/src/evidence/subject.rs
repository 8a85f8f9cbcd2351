//! The subject of a judgement: all that is known of a network.

use serde::{Deserialize, Serialize};

use super::training_run::TrainingRun;
use crate::{IncomingWeights, LayerVitals, Vitals, VitalsError};

/// Whether a network is being trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody trains it any more: advice is on what a finding means and what can be removed.
    #[default]
    Finished,
    /// It is being trained: advice is on what to change.
    Training,
}

/// Units of a layer that passed a gradient once, and pass none any more.
///
/// ```
/// use excite_vitals::judgement::{Deaths, Subject, judge};
/// use excite_vitals::{LayerVitals, Vitals};
/// // Since step 60 the second of two units has not fired in 400 samples.
/// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
/// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &a)?;
/// let vitals = Vitals::new("mlp", vec![layer]);
/// let deaths = [Deaths { layer: "fc1".to_owned(), units: vec![1], alive_at: 47, silent_at: 58 }];
/// let judgement = judge(&Subject::of(&vitals).in_training().with_deaths(&deaths));
/// assert!(judgement.headline.contains("1 of 2 units died between steps 47 and 58"), "{}", judgement.headline);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deaths {
    /// The layer.
    pub layer: String,
    /// The units, in rising order.
    pub units: Vec<usize>,
    /// The step in which the first of them passed a gradient for the last time.
    pub alive_at: u64,
    /// The step from which on none of them was seen to pass one.
    pub silent_at: u64,
}

/// All that is known of a network.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The vitals of its layers; of a network of which a training run alone is known, vitals without layers.
    pub vitals: &'a Vitals,
    /// The weights that lead into its layers, as far as they are known, layer by layer.
    pub weights: &'a [Option<IncomingWeights>],
    /// Whether paths lead round layers, as residual connections do. None where the graph is not known.
    pub shortcuts: Option<bool>,
    /// Whether it is in training.
    pub stage: Stage,
    /// Its training, as far as it is known.
    pub training: Option<&'a TrainingRun>,
    /// How many activations of the model could not be looked at.
    pub not_looked_at: u64,
    /// The units that died while they were watched, layer by layer.
    pub deaths: &'a [Deaths],
    /// Why nothing was seen of what was to be looked at. Then a network in which nothing is found is not called sound.
    pub nothing_seen: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A network of which the vitals alone are known: in training if they have seen gradients, else finished.
    pub fn of(vitals: &'a Vitals) -> Self {
        let has_gradients = vitals.layers.iter().any(|layer| layer.gradient_norm().is_some());
        let stage = if has_gradients { Stage::Training } else { Stage::Finished };
        Self {
            vitals,
            weights: &[],
            shortcuts: None,
            stage,
            training: None,
            not_looked_at: 0,
            deaths: &[],
            nothing_seen: None,
        }
    }

    /// With the weights that lead into its layers, one entry for each layer of the vitals, None where they are not known. They tell what
    /// holds a dead unit down, and whether it is dead for every input.
    ///
    /// # Errors
    /// If there are not as many entries as layers, or weights do not fit their layer.
    pub fn with_weights(self, weights: &'a [Option<IncomingWeights>]) -> Result<Self, VitalsError> {
        let vitals = self.vitals;
        if weights.len() != vitals.layers.len() {
            let fault = format!("{} entries for {} layers", weights.len(), vitals.layers.len());
            return Err(VitalsError::Weights { layer: vitals.model.clone(), fault });
        }
        for (layer, weights) in vitals.layers.iter().zip(weights) {
            if let Some(weights) = weights {
                weights.check(layer.name(), layer.units().len())?;
            }
        }
        Ok(Self { weights, ..self })
    }

    /// As a network in training.
    #[must_use]
    pub fn in_training(self) -> Self {
        Self { stage: Stage::Training, ..self }
    }

    /// With its training, as far as it is known.
    #[must_use]
    pub fn trained_by(self, run: &'a TrainingRun) -> Self {
        Self { stage: Stage::Training, training: Some(run), ..self }
    }

    /// With the units that died while they were watched.
    #[must_use]
    pub fn with_deaths(self, deaths: &'a [Deaths]) -> Self {
        Self { deaths, ..self }
    }

    /// With the reason why nothing was seen of what was to be looked at.
    #[must_use]
    pub fn with_nothing_seen(self, why: &'a str) -> Self {
        Self { nothing_seen: Some(why), ..self }
    }

    /// With whether paths lead round layers.
    #[must_use]
    pub fn with_shortcuts(self, shortcuts: bool) -> Self {
        Self { shortcuts: Some(shortcuts), ..self }
    }

    /// The layers that have seen something, each with its incoming weights where known.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (&'a LayerVitals, Option<&'a IncomingWeights>)> {
        let weights = self.weights;
        let layers = self.vitals.layers.iter().enumerate();
        layers
            .filter(|(_, layer)| layer.samples() > 0)
            .map(move |(index, layer)| (layer, weights.get(index).and_then(Option::as_ref)))
    }
}
