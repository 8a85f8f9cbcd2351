//! The vitals of layers under training and the deaths of their units, for the loops of frameworks.

use std::fmt;

use excite::Function;

use super::{DeathWatch, Event, Mix, Unit, UnitHistory, UnitsOnSamples};
use crate::judgement::Subject;
use crate::{Batch, Diagnosis, LayerVitals, Vitals, VitalsError};

/// Gathers the vitals of layers under training, and looks at their units on the same samples between steps.
///
/// Layers hand over their pre-activations with [`show`](Self::show). During a [`look`](Self::look) these are taken for those of the samples;
/// otherwise they go into the vitals.
///
/// ```
/// use excite_vitals::deaths::{Mix, TrainingWatch};
///
/// let mut watch = TrainingWatch::new("net");
/// let hidden = watch.add_layer("hidden", "relu".parse()?);
/// // A batch in training: two samples of two units.
/// watch.show(hidden, &[1.0, -1.0, 0.5, -2.0], 2, 1)?;
///
/// // Before the first step, and after a step that lowers both units by 2.
/// let samples = [1.0_f32, -1.0, 0.5, 0.2];
/// for step in 0..2 {
///     watch.look(step, |watch, mix| {
///         let fall = if step == 1 && matches!(mix, Mix::After | Mix::OwnBiases(_)) { 2.0 } else { 0.0 };
///         watch.show(hidden, &samples.map(|z| z - fall), 2, 1)
///     })?;
/// }
/// let report = watch.report();
/// assert_eq!(report.histories.len(), 2);
/// assert!(report.to_string().contains("hidden, unit 0: killed at step 1 by its own bias"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainingWatch {
    model: String,
    layers: Vec<Layer>,
    /// What was shown of each layer during a look.
    looking: Option<Vec<Option<UnitsOnSamples>>>,
    deaths: Option<DeathWatch>,
}

#[derive(Clone, Debug)]
struct Layer {
    name: String,
    function: Function,
    /// None before the first batch, which tells the number of units.
    vitals: Option<LayerVitals>,
}

impl TrainingWatch {
    /// A watch over a model of that name, without layers.
    pub fn new(model: &str) -> Self {
        Self { model: model.to_owned(), layers: Vec::new(), looking: None, deaths: None }
    }

    /// Adds a layer, in depth order, and gives its number.
    pub fn add_layer(&mut self, name: &str, function: Function) -> usize {
        self.layers.push(Layer { name: name.to_owned(), function, vitals: None });
        self.layers.len() - 1
    }

    /// The names of the layers, by their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| layer.name.as_str())
    }

    /// Takes in a batch of pre-activations of a layer, in the layout [samples, units, positions].
    ///
    /// # Errors
    /// If there is no such layer, it had another number of units before, or the length does not fit.
    pub fn show(&mut self, layer: usize, z: &[f32], units: usize, positions: usize) -> Result<(), VitalsError> {
        let fault = |layer: &str, fault: String| VitalsError::Values { layer: layer.to_owned(), fault };
        let Some(Layer { name, function, vitals }) = self.layers.get_mut(layer) else {
            return Err(fault("?", format!("there is no layer {layer}")));
        };
        if !z.len().is_multiple_of((units * positions).max(1)) {
            return Err(fault(name, format!("{} values are not whole samples of {units} units", z.len())));
        }
        if let Some(looking) = &mut self.looking {
            let found = UnitsOnSamples::of_planes(z, units, positions, *function);
            looking[layer] = Some(match looking[layer].take() {
                Some(before) => before.and(&found),
                None => found,
            });
            return Ok(());
        }
        let vitals = vitals.get_or_insert_with(|| LayerVitals::new(name, *function, units));
        if vitals.units().len() != units {
            return Err(fault(name, format!("it has {} units, and {units} were given", vitals.units().len())));
        }
        vitals.update_batch(Batch::pre_activations(z).with_positions(positions))
    }

    /// Takes in the gradient of the loss by the weights of a layer: a row of the length `fan_in` for each unit. Before the first batch of the
    /// layer nothing is done.
    ///
    /// # Errors
    /// If the length does not fit the layer.
    pub fn show_gradient(&mut self, layer: usize, gradient: &[f32], fan_in: usize) -> Result<(), VitalsError> {
        let vitals = self.layers.get_mut(layer).and_then(|layer| layer.vitals.as_mut());
        vitals.map_or(Ok(()), |vitals| vitals.update_gradient(gradient, fan_in))
    }

    /// Looks at all units after `step` steps, the first time before any. `run` runs the model on the same samples each time, with the
    /// parameters that it is asked for; the layers [`show`](Self::show) themselves meanwhile. What has happened since the last look is
    /// given back.
    ///
    /// # Errors
    /// What `run` gives. The watch is then as it was before.
    pub fn look<E>(
        &mut self,
        step: usize,
        mut run: impl FnMut(&mut Self, Mix) -> Result<(), E>,
    ) -> Result<Vec<(Unit, Event)>, E> {
        let mut deaths = self.deaths.take();
        let mut looked = |mix| {
            self.looking = Some(vec![None; self.layers.len()]);
            let done = run(self, mix);
            let shown = self.looking.take().unwrap_or_default();
            // A layer that was not called has no units.
            done.map(|()| shown.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>())
        };
        let events = match &mut deaths {
            Some(watch) => watch.look(step, looked),
            None => looked(Mix::After).map(|layers| {
                deaths = Some(DeathWatch::new(layers));
                Vec::new()
            }),
        };
        self.deaths = deaths;
        events
    }

    /// The vitals of all batches, of the layers that were called.
    pub fn vitals(&self) -> Vitals {
        Vitals::new(&self.model, self.layers.iter().filter_map(|layer| layer.vitals.clone()).collect())
    }

    /// What was found so far.
    pub fn report(&self) -> TrainingReport {
        let vitals = self.vitals();
        TrainingReport {
            diagnosis: Diagnosis::of_subject(&Subject::of(&vitals).in_training()),
            layers: self.names().map(str::to_owned).collect(),
            histories: self.deaths.as_ref().map_or_else(Vec::new, |deaths| deaths.histories().to_vec()),
        }
    }
}

/// What a [`TrainingWatch`] has found; shown it is the diagnosis and a sentence for each event.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingReport {
    /// What the vitals mean, for a network in training.
    pub diagnosis: Diagnosis,
    /// The names of the layers, by the numbers in the histories.
    pub layers: Vec<String>,
    /// The units that were dead at some time.
    pub histories: Vec<UnitHistory>,
}

impl fmt::Display for TrainingReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.diagnosis)?;
        for history in &self.histories {
            for sentence in history.sentences(self.layers.get(history.layer).map_or("", String::as_str)) {
                write!(out, "\n{sentence}")?;
            }
        }
        Ok(())
    }
}
