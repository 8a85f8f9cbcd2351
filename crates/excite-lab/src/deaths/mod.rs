//! Which units die in training, at which step, and of what.

mod sampled;

use std::convert::Infallible;

use excite::Function;
use excite_vitals::deaths::{Mix, UnitHistory, UnitsOnSamples};

use crate::activation::Activation;
use crate::network::Network;

pub(crate) use sampled::{Inputs, SampledWatch};

/// A watch over a network on the same samples.
pub(crate) struct DeathWatch {
    activation: Activation,
    /// The samples, as [`Architecture::arrange`](crate::network::Architecture::arrange) lays them out.
    inputs: Vec<f32>,
    before: Network,
    watch: excite_vitals::deaths::DeathWatch,
}

impl DeathWatch {
    /// The network before its first step.
    pub(crate) fn new(network: &Network, function: Function, inputs: Vec<f32>) -> Self {
        let activation = Activation::new(function);
        let watch = excite_vitals::deaths::DeathWatch::new(look(network, &activation, &inputs));
        Self { activation, inputs, before: network.clone(), watch }
    }

    /// The network after a step, counted from 1. Steps may be left out; then what changed since the last look counts as one.
    pub(crate) fn look(&mut self, step: usize, network: &Network) {
        let run = |mix| Ok(look(&mixed(mix, &self.before, network), &self.activation, &self.inputs));
        let Ok(_): Result<Vec<_>, Infallible> = self.watch.look(step, run);
        self.before = network.clone();
    }

    /// The share of all hidden units that is dead now.
    pub(crate) fn dead_share(&self) -> f64 {
        self.watch.dead_share()
    }

    /// The number of hidden units.
    pub(crate) fn units(&self) -> usize {
        self.watch.units()
    }

    /// The units that were dead at some time.
    pub(crate) fn histories(&self) -> &[UnitHistory] {
        self.watch.histories()
    }
}

/// The network with only a part of a step taken.
fn mixed(mix: Mix, before: &Network, after: &Network) -> Network {
    let mut mixed = before.clone();
    match mix {
        Mix::After => return after.clone(),
        Mix::Halfway => return before.midpoint(after),
        Mix::OwnWeights(layer) => {
            mixed.parameters[layer].weights.clone_from(&after.parameters[layer].weights);
        }
        Mix::OwnBiases(layer) => {
            mixed.parameters[layer].biases.clone_from(&after.parameters[layer].biases);
        }
        Mix::Upstream(layer) => mixed.parameters[..layer].clone_from_slice(&after.parameters[..layer]),
    }
    mixed
}

/// What each hidden layer does on `inputs`.
fn look(network: &Network, activation: &Activation, inputs: &[f32]) -> Vec<UnitsOnSamples> {
    let pass = network.forward(inputs.to_vec(), activation);
    let of_layer = |z: &crate::matrix::Matrix| UnitsOnSamples::of(&z.values, z.columns, activation.function());
    pass.hidden.iter().map(|hidden| of_layer(&hidden.z)).collect()
}

#[cfg(test)]
mod tests {
    use crate::record::deaths::{Cause, Event};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::architecture::{Architecture, NetworkSpec};
    use crate::data::{Dataset, Options};
    use crate::initialise::Init;
    use crate::loss::batch_loss;
    use crate::network::Start;
    use crate::operations::Parameters;
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
    fn units_that_no_sample_lifts_are_born_dead() {
        let (data, mut network) = network(&[4], 2);
        change(&mut network.parameters[0].biases, |unit, b| if unit == 1 { -1e4 } else { b });
        let watch = DeathWatch::new(&network, "relu6".parse().unwrap(), data.train.inputs.clone());
        assert_eq!(watch.histories(), [UnitHistory { layer: 0, unit: 1, events: vec![Event::BornDead] }]);
        assert_eq!((watch.dead_share(), watch.units()), (0.25, 4));
    }
}
