//! Deaths watched during training, at little cost: first on the current batch, then on more samples for units that it leaves silent.

use std::collections::BTreeSet;
use std::convert::Infallible;

use excite::Function;
use excite_vitals::deaths::{Event, Interval, Unit, record_event};

use super::{look, mixed};
use crate::activation::Activation;
use crate::matrix::Matrix;
use crate::network::{Network, Pass};
use crate::record::deaths::Deaths;
use crate::train::gather;

/// The training samples on which a unit must have no gradient to be called dead: with 95 % confidence it then answers fewer than
/// 3/256, 1.2 %, of all.
const PROBE: usize = 256;

/// Samples run through at once: most units that a batch leaves silent answer one of the first few.
const CHUNK: usize = 32;

/// Budget: beyond the first [`PROBE`], one probed sample per this many trained ones. Training on a sample takes some three times as long
/// as probing it, so a long run spends about a 48th of its time on this.
const TRAINED_PER_LOOK: usize = 16;

/// Watches the hidden units of a network under training: a unit is dead if it has no gradient on the current batch, nor on the sample that
/// lifted it last, nor for any of [`PROBE`] others.
pub(crate) struct SampledWatch {
    activation: Activation,
    /// The training samples that are looked at before a unit is called dead.
    probe: Vec<usize>,
    /// The network at the last look, and the number of steps before it.
    before: Network,
    looked_at: usize,
    /// Those of `before`; None for the dead.
    witnesses: Witnesses,
    /// How many samples were run through for this.
    spent: usize,
    deaths: Deaths,
}

/// The training inputs, as [`Architecture::arrange`](crate::network::Architecture::arrange) lays them out.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) values: &'a [f32],
    /// The values of a sample.
    pub(crate) width: usize,
}

/// Of each layer and unit a training sample for which it has a slope, if there is one.
type Witnesses = Vec<Vec<Option<usize>>>;

impl SampledWatch {
    /// The network before its first step.
    pub(crate) fn new(network: &Network, function: Function, inputs: Inputs<'_>) -> Self {
        let units = network.architecture().hidden_layers();
        let samples = inputs.values.len() / inputs.width.max(1);
        let count = samples.min(PROBE);
        let deaths =
            Deaths { units: units.iter().map(|(_, units)| units).sum(), steps: 0, samples: count, histories: vec![] };
        let mut watch = Self {
            activation: Activation::new(function),
            // From everywhere, for data may lie in order.
            probe: (0..count).map(|index| index * samples / count).collect(),
            before: network.clone(),
            looked_at: 0,
            witnesses: units.iter().map(|(_, units)| vec![None; *units]).collect(),
            spent: 0,
            deaths,
        };
        let all = watch.units();
        let born_dead = watch.silent_on_probe(network, all, inputs);
        for unit in born_dead {
            record_event(&mut watch.deaths.histories, unit, Event::BornDead);
        }
        watch
    }

    /// Whether to look after this many steps: after the first few, because many units die at once, and from then on after every
    /// sixteenth.
    pub(crate) fn is_due(step: usize) -> bool {
        step.is_power_of_two() || (step > 0 && step.is_multiple_of(16))
    }

    /// The network after `step` steps, with its pass over the training samples `batch`. If too much was spent on looking, this look is left
    /// out.
    pub(crate) fn look(&mut self, step: usize, network: &Network, pass: &Pass, batch: &[usize], inputs: Inputs<'_>) {
        self.deaths.steps = step;
        if self.spent > self.probe.len() + step * batch.len() / TRAINED_PER_LOOK {
            return;
        }
        let answers = self.answers(pass, batch);
        let old = self.witnesses.clone();
        let mut silent = vec![];
        for (layer, unit) in self.units() {
            match (old[layer][unit], answers[layer][unit]) {
                (None, Some(_)) => record_event(&mut self.deaths.histories, (layer, unit), Event::Revived { step }),
                (Some(_), None) => silent.push((layer, unit)),
                _ => {}
            }
            self.witnesses[layer][unit] = answers[layer][unit].or(old[layer][unit]);
        }
        if !silent.is_empty() {
            let witnesses = distinct(silent.iter().filter_map(|&(layer, unit)| old[layer][unit]));
            let silent = self.still_silent(network, silent, &witnesses, inputs);
            let killed = self.silent_on_probe(network, silent, inputs);
            if !killed.is_empty() {
                self.record(step, network, &killed, &old, inputs);
            }
        }
        (self.before, self.looked_at) = (network.clone(), step);
    }

    /// The network at the end, after `step` steps.
    pub(crate) fn finish(&mut self, step: usize, network: &Network, inputs: Inputs<'_>) {
        let batch: Vec<usize> = self.probe.iter().copied().take(CHUNK).collect();
        let pass = self.pass(network, &batch, inputs);
        self.look(step, network, &pass, &batch, inputs);
    }

    pub(crate) fn into_deaths(self) -> Deaths {
        self.deaths
    }

    fn units(&self) -> Vec<Unit> {
        let of_layer = |(layer, of): (usize, &Vec<_>)| (0..of.len()).map(move |unit| (layer, unit)).collect::<Vec<_>>();
        self.witnesses.iter().enumerate().flat_map(of_layer).collect()
    }

    fn pass(&mut self, network: &Network, samples: &[usize], inputs: Inputs<'_>) -> Pass {
        self.spent += samples.len();
        network.forward(gather(inputs.values, inputs.width, samples), &self.activation)
    }

    /// For each unit of each layer one of the samples of a pass that gives it a slope.
    fn answers(&self, pass: &Pass, samples: &[usize]) -> Witnesses {
        let function = self.activation.function();
        let of_layer = |z: &Matrix| -> Vec<Option<usize>> {
            // Each position of a convolution is a row.
            let positions = z.row_count() / samples.len();
            let answering = answering_rows(z, function);
            answering.into_iter().map(|row| row.map(|row| samples[row / positions])).collect()
        };
        pass.hidden.iter().map(|hidden| of_layer(&hidden.z)).collect()
    }

    /// Those of `units` that have no slope for any of `samples` either.
    fn still_silent(
        &mut self,
        network: &Network,
        mut units: Vec<Unit>,
        samples: &[usize],
        inputs: Inputs<'_>,
    ) -> Vec<Unit> {
        for chunk in samples.chunks(CHUNK) {
            if units.is_empty() {
                break;
            }
            let pass = self.pass(network, chunk, inputs);
            let answers = self.answers(&pass, chunk);
            units.retain(|&(layer, unit)| {
                let answer = answers[layer][unit];
                if answer.is_some() {
                    self.witnesses[layer][unit] = answer;
                }
                answer.is_none()
            });
        }
        units
    }

    fn silent_on_probe(&mut self, network: &Network, units: Vec<Unit>, inputs: Inputs<'_>) -> Vec<Unit> {
        let probe = self.probe.clone();
        let silent = self.still_silent(network, units, &probe, inputs);
        for &(layer, unit) in &silent {
            self.witnesses[layer][unit] = None;
        }
        silent
    }

    /// Writes down of what units died since the last look, judged on the samples that lifted them then.
    fn record(
        &mut self,
        step: usize,
        network: &Network,
        killed: &[Unit],
        old: &[Vec<Option<usize>>],
        inputs: Inputs<'_>,
    ) {
        let samples = distinct(killed.iter().filter_map(|&(layer, unit)| old[layer][unit]));
        let lifted = gather(inputs.values, inputs.width, &samples);
        let (before, after) = (look(&self.before, &self.activation, &lifted), look(network, &self.activation, &lifted));
        self.spent += 2 * samples.len();
        let halfway = self.before.midpoint(network);
        let kept = self.witnesses.clone();
        let dead_halfway = self.still_silent(&halfway, killed.to_vec(), &samples, inputs);
        let dead_halfway = self.silent_on_probe(&halfway, dead_halfway, inputs);
        self.witnesses = kept;
        let layers = killed.iter().map(|unit| unit.0).collect::<BTreeSet<_>>().len();
        self.spent += 3 * samples.len() * layers;
        let taken = Interval { step, alive_at: self.looked_at, before: &before, after: &after };
        let run = |mix| Ok(look(&mixed(mix, &self.before, network), &self.activation, &lifted));
        let Ok(deaths): Result<Vec<_>, Infallible> = taken.deaths(killed, |unit| !dead_halfway.contains(&unit), run);
        for (unit, death) in deaths {
            record_event(&mut self.deaths.histories, unit, Event::Killed(death));
        }
    }
}

/// For each unit a row at which it has a slope, the one with its largest pre-activation where
/// that has one. None for a unit that has no slope anywhere.
fn answering_rows(z: &Matrix, function: Function) -> Vec<Option<usize>> {
    let units = z.columns;
    let mut largest = vec![f32::NEG_INFINITY; units];
    let mut at = vec![0_u32; units];
    for (row, values) in (0_u32..).zip(z.rows()) {
        for ((largest, at), &z) in largest.iter_mut().zip(&mut at).zip(values) {
            let above = z > *largest;
            *largest = if above { z } else { *largest };
            *at = if above { row } else { *at };
        }
    }
    let passes = |z: f32| function.slope_at(z) != 0.0;
    let elsewhere = |unit: usize| z.values.iter().skip(unit).step_by(units).position(|&z| passes(z));
    let row = |unit: usize| if passes(largest[unit]) { Some(at[unit] as usize) } else { elsewhere(unit) };
    (0..units).map(row).collect()
}

fn distinct(samples: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut samples: Vec<usize> = samples.collect();
    samples.sort_unstable();
    samples.dedup();
    samples
}

#[cfg(test)]
mod tests {
    use crate::record::deaths::{Cause, UnitHistory};

    use super::super::tests::{change, network};
    use super::*;

    #[test]
    fn planted_killings_are_found_between_looks_and_named_with_their_cause() {
        let (data, mut network) = network(&[6, 5], 3);
        let inputs = Inputs { values: &data.train.inputs, width: 64 };
        let relu: Function = "relu".parse().unwrap();
        let mut watch = SampledWatch::new(&network, relu, inputs);
        assert_eq!((watch.deaths.units, watch.deaths.samples), (11, 256));
        let of = |watch: &SampledWatch, (layer, unit): Unit| {
            watch.deaths.histories.iter().find(|history| (history.layer, history.unit) == (layer, unit)).cloned()
        };
        let batch: Vec<usize> = (7..39).collect();
        let look = |watch: &mut SampledWatch, network: &Network, step| {
            let pass = network.forward(gather(inputs.values, 64, &batch), &Activation::new(relu));
            watch.look(step, network, &pass, &batch, inputs);
        };
        // Far enough apart that no look is left out.
        look(&mut watch, &network, 1600);
        assert_eq!([(1, 2), (0, 4)].map(|unit| of(&watch, unit)), [None, None]);
        // Activations of layer 1 are not negative: weights of −1 leave unit 2 of layer 2 nothing.
        change(&mut network.parameters[1].weights.values, |at, w| if at / 6 == 2 { -1.0 } else { w });
        look(&mut watch, &network, 3200);
        change(&mut network.parameters[0].biases, |unit, b| if unit == 4 { -1e4 } else { b });
        look(&mut watch, &network, 4800);
        let death = |unit| {
            let death = of(&watch, unit).and_then(|history| history.killed()).unwrap();
            (death.step, death.alive_at, death.push.cause())
        };
        assert_eq!(death((1, 2)), (3200, 1600, Cause::OwnWeights));
        assert_eq!(death((0, 4)), (4800, 3200, Cause::OwnBias));
        change(&mut network.parameters[0].biases, |_, _| 0.0);
        look(&mut watch, &network, 6400);
        assert_eq!(of(&watch, (0, 4)).unwrap().events.last(), Some(&Event::Revived { step: 6400 }));
        assert_eq!(watch.deaths.steps, 6400);
    }

    /// A unit that one sample in all lifts is alive as long as that one is in the batch or was its last witness.
    #[test]
    fn a_unit_that_the_batch_leaves_silent_is_asked_with_the_sample_that_lifted_it() {
        let (data, mut network) = network(&[4], 2);
        let inputs = Inputs { values: &data.train.inputs, width: 64 };
        let relu: Function = "relu".parse().unwrap();
        let pass_of = |network: &Network, batch: &[usize]| {
            network.forward(gather(inputs.values, 64, batch), &Activation::new(relu))
        };
        let all: Vec<usize> = (0..data.train.len()).collect();
        let z = pass_of(&network, &all).hidden.swap_remove(0).z.values;
        let of_unit = || z.iter().skip(1).step_by(4);
        let best = of_unit().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let mut sorted: Vec<f32> = of_unit().copied().collect();
        sorted.sort_by(f32::total_cmp);
        // Between the largest and the next.
        let fall = f32::midpoint(sorted[sorted.len() - 1], sorted[sorted.len() - 2]);
        let mut watch = SampledWatch::new(&network, relu, inputs);
        network.parameters[0].biases[1] -= fall;
        watch.look(1, &network, &pass_of(&network, &[best, best + 1]), &[best, best + 1], inputs);
        let others: Vec<usize> = (0..32).filter(|&sample| sample != best).collect();
        watch.look(2, &network, &pass_of(&network, &others), &others, inputs);
        assert!(watch.deaths.histories.is_empty(), "{:?}", watch.deaths);
        assert_eq!(watch.witnesses[0][1], Some(best));
    }

    #[test]
    fn born_dead_are_those_that_start_far_below_zero() {
        let (data, mut network) = network(&[4], 2);
        network.parameters[0].biases[1] = -1e4;
        let inputs = Inputs { values: &data.train.inputs, width: 64 };
        let histories = |name: &str| SampledWatch::new(&network, name.parse().unwrap(), inputs).into_deaths().histories;
        assert_eq!(histories("relu"), [UnitHistory { layer: 0, unit: 1, events: vec![Event::BornDead] }]);
        assert_eq!(histories("leaky_relu"), []);
    }

    #[test]
    fn looks_that_cost_too_much_are_left_out() {
        let (data, network) = network(&[4], 2);
        let inputs = Inputs { values: &data.train.inputs, width: 64 };
        let relu: Function = "relu".parse().unwrap();
        let mut watch = SampledWatch::new(&network, relu, inputs);
        watch.spent = 10_000;
        let pass = network.forward(gather(inputs.values, 64, &[0, 1]), &Activation::new(relu));
        watch.look(16, &network, &pass, &[0, 1], inputs);
        assert_eq!((watch.looked_at, watch.deaths.steps), (0, 16));
        watch.spent = 0;
        watch.look(32, &network, &pass, &[0, 1], inputs);
        assert_eq!(watch.looked_at, 32);
    }

    #[test]
    fn rows_with_a_slope_are_found_between_two_clamps() {
        let relu6: Function = "relu6".parse().unwrap();
        let z = Matrix::new(vec![-1.0, 7.0, 9.0, 2.0, -3.0, 3.0, 3.0, 8.0, -2.0], 3);
        assert_eq!(answering_rows(&z, relu6), [Some(2), None, Some(1)]);
    }
}
