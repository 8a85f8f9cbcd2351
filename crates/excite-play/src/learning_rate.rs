//! Networks on the digits, trained side by side with several functions at one learning rate.

use std::sync::Arc;

use excite::Function;
use excite_lab::LabError;
use excite_lab::data::Dataset;
use excite_lab::live::{Setup, Step, Training};
use excite_lab::record::deaths::Event;
use serde::{Deserialize, Serialize};

/// 64 units in layers of 16.
pub const LAYERS: usize = 4;
pub const UNITS: usize = 16;

/// The training digits on which every unit is looked at after each step.
pub const WATCHED: usize = 256;

/// Asks for networks to train.
#[derive(Deserialize)]
pub struct StartRequest {
    functions: Vec<Function>,
    rate: f64,
    seed: u64,
}

/// One network now.
#[derive(Serialize)]
pub struct Network {
    function: String,
    step: usize,
    has_diverged: bool,
    /// The mean loss over the last epoch's batches, and the share of digits read wrong in them.
    loss: Option<f64>,
    error: Option<f64>,
    /// The norm of the gradient by the weights of each layer at the last step, the output layer last.
    gradients: Vec<f64>,
    /// The units dead now.
    dead: usize,
    /// Layer by layer.
    units: Vec<Unit>,
}

/// One hidden unit.
#[derive(Serialize)]
pub struct Unit {
    /// The share of the digits for which its gradient is under 5 % of the largest.
    flat: f64,
    /// Whether that is over 95 %.
    is_saturated: bool,
    /// Why it is dead, if it is.
    death: Option<Death>,
}

/// A death, if the unit did not come back.
#[derive(Serialize)]
pub struct Death {
    /// 0 if it was never alive.
    step: usize,
    cause: String,
}

/// Networks that are trained side by side.
pub struct LearningRate {
    networks: Vec<One>,
}

struct One {
    function: Function,
    training: Training,
    /// The last steps, at most an epoch of them.
    last: Vec<Step>,
}

impl LearningRate {
    pub fn new(digits: &Arc<Dataset>, request: &StartRequest) -> Result<Self, LabError> {
        let network = |&function: &Function| {
            let setup = Setup {
                hidden: vec![UNITS; LAYERS],
                learning_rate: request.rate,
                watched: WATCHED,
                seed: request.seed,
                ..Setup::new(function)
            };
            Ok(One { function, training: Training::new(digits.clone(), &setup)?, last: vec![] })
        };
        Ok(Self { networks: request.functions.iter().map(network).collect::<Result<_, LabError>>()? })
    }

    pub fn train(&mut self, steps: usize) {
        for One { training, last, .. } in &mut self.networks {
            for _ in 0..steps {
                last.extend(training.step());
            }
            last.drain(..last.len().saturating_sub(training.steps_an_epoch()));
        }
    }

    pub fn now(&self) -> Vec<Network> {
        self.networks.iter().map(One::now).collect()
    }
}

impl One {
    fn now(&self) -> Network {
        let mean = |of: fn(&Step) -> f64| {
            let count = self.last.len();
            (count > 0).then(|| self.last.iter().map(of).sum::<f64>() / count as f64)
        };
        let units: Vec<Unit> = self.units();
        Network {
            function: self.function.to_string(),
            step: self.training.steps(),
            has_diverged: self.training.has_diverged(),
            loss: mean(|step| step.loss),
            error: mean(|step| step.error),
            gradients: self
                .last
                .last()
                .map_or_else(|| self.training.gradient_norms(), |step| step.gradient_norms.clone()),
            dead: units.iter().filter(|unit| unit.death.is_some()).count(),
            units,
        }
    }

    fn units(&self) -> Vec<Unit> {
        let of_layer = |(layer, vitals): (usize, &excite_vitals::LayerVitals)| -> Vec<Unit> {
            let unit = |(unit, seen): (usize, &excite_vitals::sketch::Unit)| Unit {
                flat: seen.low_share().unwrap_or(0.0) + seen.high_share().unwrap_or(0.0),
                is_saturated: vitals.is_saturated(seen),
                death: self.death(layer, unit),
            };
            vitals.units().iter().enumerate().map(unit).collect()
        };
        self.training.vitals().iter().enumerate().flat_map(of_layer).collect()
    }

    /// Why a unit is dead, if it is.
    fn death(&self, layer: usize, unit: usize) -> Option<Death> {
        let histories = self.training.histories();
        let history = histories.iter().find(|it| (it.layer, it.unit) == (layer, unit) && it.is_dead())?;
        let event = history.events.last()?;
        let cause = match event {
            Event::Killed(death) => death.push.cause().to_string(),
            _ => "first weights".to_owned(),
        };
        Some(Death { step: event.step(), cause })
    }
}
