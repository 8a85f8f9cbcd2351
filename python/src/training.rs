//! What the package's `Report` saw of a training, for its page.

use std::collections::HashMap;

use excite_report::{LayerLook, Look, Training};
use excite_vitals::Vitals;
use excite_vitals::deaths::{Death, Event, Push, record_event};
use pyo3::prelude::*;

/// What a watch saw of a training.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Seen {
    steps: usize,
    events: Vec<SeenEvent>,
    looks: Vec<SeenLook>,
}

/// What happened to a unit.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct SeenEvent {
    layer: String,
    unit: usize,
    event: String,
    step: usize,
    push: Option<HashMap<String, f64>>,
    survives_half: Option<bool>,
}

/// A look at the layers: dead, saturated, gradient and update of each.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct SeenLook {
    step: usize,
    layers: HashMap<String, [Option<f64>; 4]>,
}

impl Seen {
    /// As the page takes it, with the layers by their places in the vitals; layers that those lack are left out.
    pub fn training(self, vitals: &Vitals) -> Training {
        let mut histories = Vec::new();
        for event in self.events {
            let Some(layer) = vitals.layers.iter().position(|layer| layer.name() == event.layer) else { continue };
            record_event(&mut histories, (layer, event.unit), event.event());
        }
        let look = |look: SeenLook| {
            let of = |name: &str| {
                let [dead, saturated, gradient, update] = look.layers.get(name).copied().unwrap_or_default();
                LayerLook { dead, saturated, gradient, update }
            };
            Look { step: look.step, layers: vitals.layers.iter().map(|layer| of(layer.name())).collect() }
        };
        Training { steps: self.steps, histories, looks: self.looks.into_iter().map(look).collect() }
    }
}

impl SeenEvent {
    fn event(&self) -> Event {
        match self.event.as_str() {
            "killed" => {
                let part = |name: &str| self.push.as_ref().and_then(|push| push.get(name)).copied().unwrap_or(0.0);
                let push =
                    Push { own_weights: part("own weights"), own_bias: part("own bias"), upstream: part("upstream") };
                let survives_half = self.survives_half.unwrap_or(false);
                Event::Killed(Death { step: self.step, alive_at: self.step.saturating_sub(1), push, survives_half })
            }
            "revived" => Event::Revived { step: self.step },
            _ => Event::BornDead,
        }
    }
}
