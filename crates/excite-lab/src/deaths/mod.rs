//! Which units die in training, at which step, and of what.

mod sampled;

use crate::record::deaths::{Death, Event, Push, Range, UnitHistory};
use excite::Function;

use crate::activation::Activation;
use crate::matrix::Matrix;
use crate::network::Network;
use crate::operations::Parameters;

pub(crate) use sampled::{Inputs, SampledWatch};

/// Looks at every hidden unit on the same samples, at the start and after each step, or after some: a unit is dead while the slope is 0
/// for all samples.
///
/// A step changes the pre-activations of a unit by Δz = Δw·h + Δb + w'·Δh: by its own weights, its own bias and what comes from upstream.
/// Where one dies, the network is run again with only one of the parts changed, and with all parameters halfway.
pub(crate) struct DeathWatch {
    activation: Activation,
    /// The samples, as [`Architecture::arrange`](crate::network::Architecture::arrange) lays them out.
    inputs: Vec<f32>,
    before: Network,
    looked_at: usize,
    layers: Vec<UnitsOnSamples>,
    histories: Vec<UnitHistory>,
}

/// A hidden unit: its layer and its place in it.
type Unit = (usize, usize);

/// What the units of a layer do on the samples.
struct UnitsOnSamples {
    dead: Vec<bool>,
    ranges: Vec<Range>,
}

impl DeathWatch {
    /// The network before its first step.
    pub(crate) fn new(network: &Network, function: Function, inputs: Vec<f32>) -> Self {
        let activation = Activation::new(function);
        let layers = look(network, &activation, &inputs);
        let mut histories = vec![];
        for (layer, found) in layers.iter().enumerate() {
            let dead = (0..found.dead.len()).filter(|&unit| found.dead[unit]);
            histories.extend(dead.map(|unit| UnitHistory { layer, unit, events: vec![Event::BornDead] }));
        }
        Self { activation, inputs, before: network.clone(), looked_at: 0, layers, histories }
    }

    /// The network after a step, counted from 1. Steps may be left out; then what changed since the last look counts as one.
    pub(crate) fn look(&mut self, step: usize, network: &Network) {
        let layers = look(network, &self.activation, &self.inputs);
        let changed = |was: bool| -> Vec<Unit> {
            let of_layer = |(layer, (now, before)): (usize, (&UnitsOnSamples, &UnitsOnSamples))| -> Vec<Unit> {
                let units = (0..now.dead.len()).filter(|&unit| (now.dead[unit], before.dead[unit]) == (!was, was));
                units.map(|unit| (layer, unit)).collect()
            };
            layers.iter().zip(&self.layers).enumerate().flat_map(of_layer).collect()
        };
        let (killed, revived) = (changed(false), changed(true));
        if !killed.is_empty() {
            let halfway = look(&self.before.midpoint(network), &self.activation, &self.inputs);
            let taken = Interval {
                step,
                alive_at: self.looked_at,
                networks: [&self.before, network],
                layers: [&self.layers, &layers],
                inputs: &self.inputs,
            };
            for (unit, death) in taken.deaths(&killed, &self.activation, |(layer, unit)| !halfway[layer].dead[unit]) {
                record_event(&mut self.histories, unit, Event::Killed(death));
            }
        }
        for unit in revived {
            record_event(&mut self.histories, unit, Event::Revived { step });
        }
        (self.layers, self.before, self.looked_at) = (layers, network.clone(), step);
    }

    /// The share of all hidden units that is dead now.
    pub(crate) fn dead_share(&self) -> f64 {
        let units = self.layers.iter().flat_map(|layer| &layer.dead);
        units.clone().filter(|dead| **dead).count() as f64 / units.count().max(1) as f64
    }

    /// The number of hidden units.
    pub(crate) fn units(&self) -> usize {
        self.layers.iter().map(|layer| layer.dead.len()).sum()
    }

    /// The units that were dead at some time.
    pub(crate) fn histories(&self) -> &[UnitHistory] {
        &self.histories
    }
}

/// What changed between two looks at the same samples.
struct Interval<'a> {
    /// The step, and after how many steps the look before was.
    step: usize,
    alive_at: usize,
    /// Before and after.
    networks: [&'a Network; 2],
    /// What they do on the samples.
    layers: [&'a [UnitsOnSamples]; 2],
    /// The samples.
    inputs: &'a [f32],
}

impl Interval<'_> {
    /// How the `killed` units died: the networks are run again with only a part of the change. `survives_half` says which units live
    /// halfway.
    fn deaths(
        &self,
        killed: &[Unit],
        activation: &Activation,
        survives_half: impl Fn(Unit) -> bool,
    ) -> Vec<(Unit, Death)> {
        let mut deaths = vec![];
        for layer in 0..self.layers[0].len() {
            let units: Vec<Unit> = killed.iter().copied().filter(|unit| unit.0 == layer).collect();
            if units.is_empty() {
                continue;
            }
            let [own_weights, own_bias, upstream] = self.with_parts(layer, activation);
            let [before, after] = self.layers.map(|layers| &layers[layer].ranges);
            deaths.extend(units.into_iter().map(|unit| {
                let at = unit.1;
                let push = Push::of(before[at], after[at], own_weights[at], own_bias[at], upstream[at]);
                let survives_half = survives_half(unit);
                (unit, Death { step: self.step, alive_at: self.alive_at, push, survives_half })
            }));
        }
        deaths
    }

    /// The ranges of a layer's units with only their own weights changed, only their own biases, and only the layers before.
    fn with_parts(&self, layer: usize, activation: &Activation) -> [Vec<Range>; 3] {
        let after = &self.networks[1].parameters;
        let with_only = |change: &dyn Fn(&mut [Parameters])| -> Vec<Range> {
            let mut mixed = self.networks[0].clone();
            change(&mut mixed.parameters);
            look(&mixed, activation, self.inputs).swap_remove(layer).ranges
        };
        [
            with_only(&|mixed| mixed[layer].weights.clone_from(&after[layer].weights)),
            with_only(&|mixed| mixed[layer].biases.clone_from(&after[layer].biases)),
            with_only(&|mixed| mixed[..layer].clone_from_slice(&after[..layer])),
        ]
    }
}

fn record_event(histories: &mut Vec<UnitHistory>, (layer, unit): Unit, event: Event) {
    match histories.iter_mut().find(|history| (history.layer, history.unit) == (layer, unit)) {
        Some(history) => history.events.push(event),
        None => histories.push(UnitHistory { layer, unit, events: vec![event] }),
    }
}

/// What each hidden layer does on `inputs`.
fn look(network: &Network, activation: &Activation, inputs: &[f32]) -> Vec<UnitsOnSamples> {
    let pass = network.forward(inputs.to_vec(), activation);
    pass.hidden.iter().map(|hidden| UnitsOnSamples::of(&hidden.z, activation.function())).collect()
}

impl UnitsOnSamples {
    /// Of pre-activations, a row for each sample.
    fn of(z: &Matrix, function: Function) -> Self {
        let units = z.columns;
        let mut ranges = vec![Range { least: f32::INFINITY, largest: f32::NEG_INFINITY }; units];
        for row in z.rows() {
            for (range, &z) in ranges.iter_mut().zip(row) {
                range.least = if z < range.least { z } else { range.least };
                range.largest = if z > range.largest { z } else { range.largest };
            }
        }
        // A unit whose largest value has a slope is alive: the others are looked at where it has none.
        let passes = |z: f32| function.slope_at(z) != 0.0;
        let dead = |unit: usize| {
            let values = || z.values.iter().skip(unit).step_by(units);
            !passes(ranges[unit].largest) && !passes(ranges[unit].least) && !values().any(|&z| passes(z))
        };
        Self { dead: (0..units).map(dead).collect(), ranges }
    }
}

#[cfg(test)]
mod tests {
    use crate::record::deaths::Cause;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::architecture::{Architecture, NetworkSpec};
    use crate::data::{Dataset, Options};
    use crate::initialise::Init;
    use crate::loss::batch_loss;
    use crate::network::Start;
    use crate::optimise::{Descent, Optimizer};

    /// An MLP on the digits.
    pub(super) fn network(hidden: &[usize], seed: u64) -> (Dataset, Network) {
        let data = Dataset::digits(&Options::default());
        let architecture = Architecture::of(&NetworkSpec::Mlp { hidden: hidden.to_vec() }, &data).unwrap();
        let start = Start { init: Init::Auto, gain: None, bias: 0.0 };
        let network = Network::new(architecture, start, "relu".parse().unwrap(), &mut ChaCha8Rng::seed_from_u64(seed));
        (data, network)
    }

    /// Changes each value, given its place.
    pub(super) fn change(values: &mut [f32], to: impl Fn(usize, f32) -> f32) {
        values.iter_mut().enumerate().for_each(|(at, value)| *value = to(at, *value));
    }

    fn deaths(watch: &DeathWatch) -> Vec<(usize, usize, usize, Cause)> {
        let death =
            |history: &UnitHistory| history.killed().map(|k| (history.layer, history.unit, k.step, k.push.cause()));
        watch.histories().iter().filter_map(death).collect()
    }

    #[test]
    fn planted_killings_are_named_with_their_step_and_cause() {
        let (data, mut network) = network(&[6, 5], 3);
        let mut watch = DeathWatch::new(&network, "relu".parse().unwrap(), data.train.inputs.clone());
        assert!(watch.histories().is_empty(), "{:?}", watch.histories());
        watch.look(1, &network);
        // Activations of layer 1 are not negative: weights of −1 leave unit 2 of layer 2 nothing.
        change(&mut network.parameters[1].weights.values, |at, w| if at / 6 == 2 { -1.0 } else { w });
        watch.look(2, &network);
        change(&mut network.parameters[1].biases, |unit, b| if unit == 4 { -1e4 } else { b });
        watch.look(3, &network);
        assert_eq!(deaths(&watch), [(1, 2, 2, Cause::OwnWeights), (1, 4, 3, Cause::OwnBias)]);
        // A low bias that unit 0 lives with, until everything upstream falls silent but unit 4, which lifts it no more.
        change(&mut network.parameters[1].weights.values, |at, w| if at / 6 == 0 { 1.0 } else { w });
        change(&mut network.parameters[1].biases, |unit, b| if unit == 0 { -1.0 } else { b });
        watch.look(4, &network);
        change(&mut network.parameters[0].biases, |_, _| -1e4);
        watch.look(5, &network);
        let fifth: Vec<_> = deaths(&watch).into_iter().filter(|(.., step, _)| *step == 5).collect();
        assert_eq!(fifth.iter().filter(|(layer, _, _, cause)| (*layer, *cause) == (0, Cause::OwnBias)).count(), 6);
        assert!(fifth.contains(&(1, 0, 5, Cause::Upstream)), "{fifth:?}");
        change(&mut network.parameters[0].biases, |_, _| 0.0);
        watch.look(6, &network);
        let revived = |history: &&UnitHistory| history.events.last() == Some(&Event::Revived { step: 6 });
        assert!(watch.histories().iter().filter(revived).count() >= 7, "{:?}", watch.histories());
        assert_eq!(watch.dead_share(), 2.0 / 11.0);
    }

    /// A neuron y = v·relu(w·x + b) that is to give −1 for inputs of 1, by plain descent at rates under and over the one that
    /// kills it.
    #[test]
    fn one_oversized_step_of_training_kills_and_half_of_it_does_not() {
        let (mut data, _) = network(&[1], 1);
        data.shape = vec![1];
        data.classes = vec![];
        let architecture = Architecture::of(&NetworkSpec::Mlp { hidden: vec![1] }, &data).unwrap();
        let start = Start { init: Init::Auto, gain: None, bias: 0.0 };
        let relu: Function = "relu".parse().unwrap();
        let targets = crate::data::Targets::Values(vec![-1.0]);
        let run = |rates: &[f64]| {
            let mut network = Network::new(architecture.clone(), start, relu, &mut ChaCha8Rng::seed_from_u64(1));
            for Parameters { weights, biases } in &mut network.parameters {
                weights.values.fill(1.0);
                biases.fill(0.0);
            }
            let mut watch = DeathWatch::new(&network, relu, vec![1.0]);
            for (step, &rate) in (1..).zip(rates) {
                let pass = network.forward(vec![1.0], &Activation::new(relu));
                let loss = batch_loss(&pass.outputs.values, &targets, &[0]);
                let mut descent = Descent::new(Optimizer::Sgd { momentum: 0.0 }, rate, &network.parameters);
                let gradients = network.backward(&pass, loss.gradient, &Activation::new(relu));
                descent.step(&mut network.parameters, &gradients);
                watch.look(step, &network);
            }
            watch
        };
        // y = 1 and the gradients by w and b are 2: at a rate of 0.3 each falls by 0.6, and z = 1 becomes −0.2.
        let watch = run(&[1e-4, 1e-4, 0.3, 0.3]);
        let death = watch.histories()[0].killed().unwrap();
        assert_eq!((watch.histories().len(), death.step, death.survives_half), (1, 3, true));
        assert!((death.push.own_weights - 0.6).abs() < 0.01 && (death.push.own_bias - 0.6).abs() < 0.01);
        assert_eq!((death.push.upstream, watch.histories()[0].is_dead()), (0.0, true));
        // At four times the rate half a step kills too: z falls by 2.4.
        assert!(!run(&[1.2]).histories()[0].killed().unwrap().survives_half);
        assert!(run(&[0.1]).histories().is_empty());
    }

    #[test]
    fn units_that_no_sample_lifts_are_born_dead_and_those_above_a_clamp_too() {
        let relu6: Function = "relu6".parse().unwrap();
        let layer = UnitsOnSamples::of(&Matrix::new(vec![-1.0, 6.5, 1.0, -2.0, -2.0, 7.0, -1.0, 8.0], 4), relu6);
        assert_eq!(layer.dead, [true, true, false, true]);
        assert_eq!(layer.ranges[3], Range { least: -2.0, largest: 8.0 });
        let (data, mut network) = network(&[4], 2);
        change(&mut network.parameters[0].biases, |unit, b| if unit == 1 { -1e4 } else { b });
        let watch = DeathWatch::new(&network, relu6, data.train.inputs.clone());
        assert_eq!(watch.histories(), [UnitHistory { layer: 0, unit: 1, events: vec![Event::BornDead] }]);
        assert_eq!((watch.dead_share(), watch.units()), (0.25, 4));
    }
}
