//! The watch over units, and how it finds what killed one.

use super::{Death, Event, Push, UnitHistory, UnitsOnSamples};

/// A hidden unit: its layer and its place in it, both counted from 0.
pub type Unit = (usize, usize);

/// The parameters of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerParameters {
    /// A row for each unit.
    pub weights: Vec<f32>,
    /// One for each unit; none where the layer has none.
    pub biases: Vec<f32>,
}

/// Which parameters a network is to be run with, between a look before a step and one after it. Layers are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// All as they are after the step.
    After,
    /// All halfway between before and after: the same step at half the rate.
    Halfway,
    /// The weights into one layer as after the step, all else as before it.
    OwnWeights(usize),
    /// The biases of one layer as after the step, all else as before it.
    OwnBiases(usize),
    /// All layers below one as after the step, that layer and those above it as before it.
    Upstream(usize),
}

impl Mix {
    /// The parameters of all layers, of those before and after the step. A layer that only one of them has is left out.
    ///
    /// ```
    /// use excite_vitals::deaths::{LayerParameters, Mix};
    /// let layer = |weight, bias| LayerParameters { weights: vec![weight], biases: vec![bias] };
    /// let (before, after) = ([layer(1.0, 0.0), layer(1.0, 0.0)], [layer(3.0, 2.0), layer(3.0, 2.0)]);
    /// assert_eq!(Mix::Halfway.parameters(&before, &after), [layer(2.0, 1.0), layer(2.0, 1.0)]);
    /// assert_eq!(Mix::OwnWeights(1).parameters(&before, &after), [layer(1.0, 0.0), layer(3.0, 0.0)]);
    /// assert_eq!(Mix::Upstream(1).parameters(&before, &after), [layer(3.0, 2.0), layer(1.0, 0.0)]);
    /// ```
    pub fn parameters(self, before: &[LayerParameters], after: &[LayerParameters]) -> Vec<LayerParameters> {
        let mean = |before: &[f32], after: &[f32]| -> Vec<f32> {
            before.iter().zip(after).map(|(before, after)| (before + after) * 0.5).collect()
        };
        let of_layer = |(layer, (before, after)): (usize, (&LayerParameters, &LayerParameters))| match self {
            Self::After => after.clone(),
            Self::Halfway => LayerParameters {
                weights: mean(&before.weights, &after.weights),
                biases: mean(&before.biases, &after.biases),
            },
            Self::OwnWeights(own) if own == layer => {
                LayerParameters { weights: after.weights.clone(), ..before.clone() }
            }
            Self::OwnBiases(own) if own == layer => LayerParameters { biases: after.biases.clone(), ..before.clone() },
            Self::Upstream(own) if layer < own => after.clone(),
            _ => before.clone(),
        };
        before.iter().zip(after).enumerate().map(of_layer).collect()
    }
}

/// Looks at every hidden unit on the same samples, at the start and after each step, or after some: a unit is dead while no gradient
/// passes through it for any of them. The [page of the module](super) has an example.
#[derive(Clone, Debug)]
pub struct DeathWatch {
    looked_at: usize,
    layers: Vec<UnitsOnSamples>,
    histories: Vec<UnitHistory>,
}

impl DeathWatch {
    /// Before the first step, what the units of each hidden layer do on the samples, first layer first.
    pub fn new(layers: Vec<UnitsOnSamples>) -> Self {
        let mut histories = vec![];
        for (layer, found) in layers.iter().enumerate() {
            let dead = (0..found.dead.len()).filter(|&unit| found.dead[unit]);
            histories.extend(dead.map(|unit| UnitHistory { layer, unit, events: vec![Event::BornDead] }));
        }
        Self { looked_at: 0, layers, histories }
    }

    /// Looks after a step, counted from 1, and gives what has happened since the last look. Steps may be left out; then what changed since
    /// the last look counts as one. `run` runs the network on the same samples with the parameters that it is asked for; before them
    /// are those of the last look. It is called once, and where units died once more and up to three times for each layer.
    ///
    /// # Errors
    /// What `run` gives. The watch is then as it was before.
    pub fn look<E>(
        &mut self,
        step: usize,
        mut run: impl FnMut(Mix) -> Result<Vec<UnitsOnSamples>, E>,
    ) -> Result<Vec<(Unit, Event)>, E> {
        let layers = run(Mix::After)?;
        let killed = changed(&self.layers, &layers, false);
        let mut events = vec![];
        if !killed.is_empty() {
            let halfway = run(Mix::Halfway)?;
            let interval = Interval { step, alive_at: self.looked_at, before: &self.layers, after: &layers };
            let survives_half =
                |(layer, unit): Unit| halfway.get(layer).and_then(|layer| layer.dead.get(unit)) == Some(&false);
            let deaths = interval.deaths(&killed, survives_half, &mut run)?;
            events.extend(deaths.into_iter().map(|(unit, death)| (unit, Event::Killed(death))));
        }
        events.extend(changed(&self.layers, &layers, true).into_iter().map(|unit| (unit, Event::Revived { step })));
        for (unit, event) in &events {
            record_event(&mut self.histories, *unit, *event);
        }
        (self.layers, self.looked_at) = (layers, step);
        Ok(events)
    }

    /// The share of all hidden units that is dead now.
    pub fn dead_share(&self) -> f64 {
        let units = self.layers.iter().flat_map(|layer| &layer.dead);
        units.clone().filter(|dead| **dead).count() as f64 / units.count().max(1) as f64
    }

    /// The number of hidden units.
    pub fn units(&self) -> usize {
        self.layers.iter().map(|layer| layer.dead.len()).sum()
    }

    /// The units that were dead at some time, in the order in which they first were.
    pub fn histories(&self) -> &[UnitHistory] {
        &self.histories
    }
}

/// The units that were dead, or not, as `was` says, and are so no more.
fn changed(before: &[UnitsOnSamples], after: &[UnitsOnSamples], was: bool) -> Vec<Unit> {
    let of_layer = |(layer, (before, now)): (usize, (&UnitsOnSamples, &UnitsOnSamples))| -> Vec<Unit> {
        let both = before.dead.iter().zip(&now.dead).enumerate();
        both.filter(|(_, (before, now))| (**before, **now) == (was, !was)).map(|(unit, _)| (layer, unit)).collect()
    };
    before.iter().zip(after).enumerate().flat_map(of_layer).collect()
}

/// What changed between two looks at the same samples.
#[derive(Clone, Copy, Debug)]
pub struct Interval<'a> {
    /// The step after which it was looked.
    pub step: usize,
    /// After how many steps the look before was.
    pub alive_at: usize,
    /// What the units of each layer did then.
    pub before: &'a [UnitsOnSamples],
    /// What they do now.
    pub after: &'a [UnitsOnSamples],
}

impl Interval<'_> {
    /// How the `killed` units died: `run` runs the network with only a part of the change. `survives_half` says which units live
    /// halfway.
    ///
    /// # Errors
    /// What `run` gives.
    pub fn deaths<E>(
        &self,
        killed: &[Unit],
        survives_half: impl Fn(Unit) -> bool,
        mut run: impl FnMut(Mix) -> Result<Vec<UnitsOnSamples>, E>,
    ) -> Result<Vec<(Unit, Death)>, E> {
        let mut deaths = vec![];
        for (layer, (before, after)) in self.before.iter().zip(self.after).enumerate() {
            let units: Vec<Unit> = killed.iter().copied().filter(|unit| unit.0 == layer).collect();
            if units.is_empty() {
                continue;
            }
            let mut part =
                |mix| -> Result<UnitsOnSamples, E> { Ok(run(mix)?.into_iter().nth(layer).unwrap_or_default()) };
            let own_weights = part(Mix::OwnWeights(layer))?;
            let own_biases = part(Mix::OwnBiases(layer))?;
            let upstream = part(Mix::Upstream(layer))?;
            deaths.extend(units.into_iter().map(|unit| {
                // A run that leaves the unit out pushed it nowhere.
                let of =
                    |layer: &UnitsOnSamples| layer.ranges.get(unit.1).or_else(|| before.ranges.get(unit.1)).copied();
                let [before, after, own_weights, own_bias, upstream] =
                    [before, after, &own_weights, &own_biases, &upstream].map(|layer| of(layer).unwrap_or_default());
                let push = Push::of(before, after, own_weights, own_bias, upstream);
                let survives_half = survives_half(unit);
                (unit, Death { step: self.step, alive_at: self.alive_at, push, survives_half })
            }));
        }
        Ok(deaths)
    }
}

/// Adds an event to the history of a unit, which may be its first.
pub fn record_event(histories: &mut Vec<UnitHistory>, (layer, unit): Unit, event: Event) {
    match histories.iter_mut().find(|history| (history.layer, history.unit) == (layer, unit)) {
        Some(history) => history.events.push(event),
        None => histories.push(UnitHistory { layer, unit, events: vec![event] }),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::deaths::Cause;

    /// Two layers of ReLU over the samples 1 and 2: one unit that gives x, and two over it.
    fn run(layers: &[LayerParameters]) -> Vec<UnitsOnSamples> {
        let relu = "relu".parse().unwrap();
        let ([first, second], samples) = ([&layers[0], &layers[1]], [1.0_f32, 2.0]);
        let below: Vec<f32> = samples.iter().map(|x| first.weights[0] * x + first.biases[0]).collect();
        let above =
            below.iter().flat_map(|z| [0, 1].map(|unit| second.weights[unit] * z.max(0.0) + second.biases[unit]));
        let above: Vec<f32> = above.collect();
        vec![UnitsOnSamples::of(&below, 1, relu), UnitsOnSamples::of(&above, 2, relu)]
    }

    fn parameters(first: [f32; 2], weights: [f32; 2], biases: [f32; 2]) -> Vec<LayerParameters> {
        vec![
            LayerParameters { weights: vec![first[0]], biases: vec![first[1]] },
            LayerParameters { weights: weights.to_vec(), biases: biases.to_vec() },
        ]
    }

    #[test]
    fn each_cause_is_told_from_the_others() {
        let steps = [
            parameters([1.0, 0.0], [1.0, 1.0], [0.0, 0.5]),
            parameters([1.0, 0.0], [-1.0, 1.0], [0.0, 0.5]),
            parameters([1.0, 0.0], [-1.0, 1.0], [0.0, -9.0]),
            parameters([1.0, 0.0], [1.0, 1.0], [-0.5, -0.5]),
            parameters([0.9, -9.0], [1.0, 1.0], [-0.5, -0.5]),
        ];
        let mut watch = DeathWatch::new(run(&steps[0]));
        for (step, pair) in (1..).zip(steps.windows(2)) {
            let Ok(_): Result<_, Infallible> = watch.look(step, |mix| Ok(run(&mix.parameters(&pair[0], &pair[1]))));
        }
        let causes = |unit: Unit| -> Vec<(usize, Option<Cause>)> {
            let history = watch.histories().iter().find(|history| (history.layer, history.unit) == unit).unwrap();
            let cause = |event: &Event| match event {
                Event::Killed(death) => Some(death.push.cause()),
                _ => None,
            };
            history.events.iter().map(|event| (event.step(), cause(event))).collect()
        };
        assert_eq!(causes((0, 0)), [(4, Some(Cause::OwnBias))]);
        assert_eq!(causes((1, 0)), [(1, Some(Cause::OwnWeights)), (3, None), (4, Some(Cause::Upstream))]);
        assert_eq!(causes((1, 1)), [(2, Some(Cause::OwnBias)), (3, None), (4, Some(Cause::Upstream))]);
        assert_eq!((watch.dead_share(), watch.units()), (1.0, 3));
    }

    #[test]
    fn a_look_that_fails_changes_nothing() {
        let before = parameters([1.0, 0.0], [1.0, 1.0], [0.0, 0.0]);
        let after = parameters([1.0, 0.0], [-1.0, 1.0], [0.0, 0.0]);
        let mut watch = DeathWatch::new(run(&before));
        let mixed = |mix: Mix| run(&mix.parameters(&before, &after));
        let failing = |mix| if mix == Mix::Halfway { Err("out of memory") } else { Ok(mixed(mix)) };
        assert_eq!(watch.look(1, failing), Err("out of memory"));
        assert!(watch.histories().is_empty());
        let events = watch.look(2, |mix| Ok::<_, Infallible>(mixed(mix))).unwrap();
        let Event::Killed(death) = events[0].1 else { panic!("{events:?}") };
        assert_eq!(
            (events.len(), events[0].0, death.step, death.alive_at, death.survives_half),
            (1, (1, 0), 2, 0, false)
        );
    }
}
