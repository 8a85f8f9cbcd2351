//! The format of each layer: the fewest bits with which the outputs stay within a budget, by what each layer costs the outputs.

use excite_fixed::calibration::decibels;
use excite_onnx::Model;

use super::LayerDistribution;
use super::candidates::{Candidate, Choice, candidates};
use super::simulation::{Bench, Grids, grids, sites};
use super::tally::Tally;
use super::widths::Arrivals;
use crate::Error;
use crate::quantise::Budget;

/// Methods are compared by the outputs in the layers that make this part of the noise, and in at most this number of layers.
const PART: f64 = 0.9;
const MOST_COMPARED: usize = 8;

/// How often a setting is tried by running the whole model.
const MOST_TRIES: usize = 8;

/// The ratios in decibels between which a setting is looked for: more noise than signal, and none to speak of. Where no setting is known that
/// will do, each try asks for this much more than the one before.
const LEAST: f64 = -10.0;
const MOST: f64 = 120.0;
const STEP: f64 = 4.0;

/// All layers, with what may become of each and what that costs.
pub(super) struct Search<'a> {
    pub bench: &'a Bench<'a>,
    pub layers: &'a [LayerDistribution],
    /// The widths, ascending.
    pub widths: Vec<u32>,
    /// Of each layer and width the candidates.
    options: Vec<Vec<Vec<Candidate>>>,
    /// Of each layer, how much of its own noise arrives at each output, relative to the output: by the choice that it was measured with.
    gains: Vec<Vec<(Choice, Vec<f64>)>>,
}

/// A setting, tried.
pub(super) struct Tried<'a> {
    pub layers: &'a [LayerDistribution],
    pub chosen: Vec<Option<Candidate>>,
    pub tally: Tally,
    pub meets: bool,
}

impl<'a> Search<'a> {
    pub fn new(bench: &'a Bench<'a>, layers: &'a [LayerDistribution], widths: Vec<u32>, power_of_two: bool) -> Self {
        let options = layers.iter().map(|layer| {
            let can_be = !sites(bench.model, layer).is_empty();
            let of = |&bits: &u32| if can_be { candidates(layer, bits, power_of_two) } else { Vec::new() };
            widths.iter().map(of).collect()
        });
        Self { bench, layers, options: options.collect(), widths, gains: vec![Vec::new(); layers.len()] }
    }

    /// The width that layers are compared in: 8 bits, or the nearest to it.
    pub fn usual(&self) -> usize {
        (0..self.widths.len()).min_by_key(|&at| self.widths[at].abs_diff(8)).unwrap_or(0)
    }

    /// The candidates of one width that are chosen as `like` says, where a layer has such a one; else those with the least noise of their own.
    pub fn all(&self, width: usize, like: Option<Choice>) -> Vec<Option<Candidate>> {
        let one = |options: &Vec<Vec<Candidate>>| {
            let options = &options[width];
            let is_like = |candidate: &&Candidate| Some(candidate.choice) == like;
            let least = |candidates: &[Candidate]| {
                candidates.iter().min_by(|a, b| a.quality.noise.total_cmp(&b.quality.noise)).copied()
            };
            options.iter().find(is_like).copied().or_else(|| least(options))
        };
        self.options.iter().map(one).collect()
    }

    /// Measures each layer alone as it is chosen, then other choices for the layers that cost most. Gives the best choices of this width,
    /// and the outputs with each layer alone.
    pub fn measure(&mut self, chosen: &[Option<Candidate>]) -> Result<(Vec<Option<Candidate>>, Vec<Tally>), Error> {
        let mut alone = self.measure_only(chosen)?;
        let mut best = chosen.to_vec();
        let width = self.usual();
        let mut others = Vec::new();
        for layer in self.costliest(&alone) {
            let of_layer = self.options[layer][width].iter();
            let is_other = |candidate: &&Candidate| best[layer].is_some_and(|best| best.grid != candidate.grid);
            others.extend(of_layer.filter(is_other).map(|candidate| (layer, *candidate)));
        }
        let worst = |tally: &Tally| tally.noise().into_iter().fold(0.0, f64::max);
        for (&(layer, candidate), tally) in others.iter().zip(self.run_alone(&others)?) {
            if worst(&tally) < worst(&alone[layer]) {
                (best[layer], alone[layer]) = (Some(candidate), tally);
            }
        }
        Ok((best, alone))
    }

    /// Measures each layer alone as it is chosen.
    pub fn measure_only(&mut self, chosen: &[Option<Candidate>]) -> Result<Vec<Tally>, Error> {
        let pair = |layer: usize| chosen[layer].map(|candidate| (layer, candidate));
        let pairs: Vec<(usize, Candidate)> = (0..self.layers.len()).filter_map(pair).collect();
        let mut alone = vec![Tally::default(); self.layers.len()];
        for (&(layer, _), tally) in pairs.iter().zip(self.run_alone(&pairs)?) {
            alone[layer] = tally;
        }
        Ok(alone)
    }

    /// Runs each layer alone, and notes how much of its noise arrives.
    fn run_alone(&mut self, pairs: &[(usize, Candidate)]) -> Result<Vec<Tally>, Error> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let grids: Vec<_> = pairs.iter().map(|(layer, candidate)| (*layer, candidate.grid)).collect();
        let tallies = self.bench.alone(self.layers, &grids)?;
        for ((layer, candidate), tally) in pairs.iter().zip(&tallies) {
            let own = candidate.quality.noise.max(f64::MIN_POSITIVE);
            let gain = tally.noise().iter().map(|noise| noise / own).collect();
            self.gains[*layer].push((candidate.choice, gain));
        }
        Ok(tallies)
    }

    /// The layers that make most of the noise, the costliest first.
    fn costliest(&self, alone: &[Tally]) -> Vec<usize> {
        let worst = |layer: usize| alone[layer].noise().into_iter().fold(0.0, f64::max);
        let mut order: Vec<usize> = (0..self.layers.len()).collect();
        order.sort_by(|&a, &b| worst(b).total_cmp(&worst(a)));
        let total: f64 = order.iter().map(|&layer| worst(layer)).sum();
        let mut sum = 0.0;
        let makes_much = |&layer: &usize| {
            let is_in = sum < PART * total;
            sum += worst(layer);
            is_in
        };
        order.into_iter().take_while(makes_much).take(MOST_COMPARED).collect()
    }

    /// What arrives of a candidate's noise at each output.
    fn arrives(&self, layer: usize, candidate: &Candidate) -> Vec<f64> {
        let gains = &self.gains[layer];
        let gain = gains.iter().find(|(choice, _)| *choice == candidate.choice).or(gains.first());
        gain.map_or_else(Vec::new, |(_, gain)| gain.iter().map(|gain| gain * candidate.quality.noise).collect())
    }

    /// The setting with the fewest bits whose noise at every output, as far as the parts add up, is at most `most`; and whether there is one.
    /// `best` are the choices of the usual width.
    fn fewest_bits(&self, best: &[Option<Candidate>], most: f64) -> (Vec<Option<Candidate>>, bool) {
        let worst =
            |candidate: &Candidate, layer: usize| self.arrives(layer, candidate).into_iter().fold(0.0, f64::max);
        // Of each layer and width the candidate whose noise arrives least.
        let best_of = |layer: usize, width: usize| match best[layer] {
            Some(best) if width == self.usual() => Some(best),
            _ => {
                let all = self.options[layer][width].iter();
                all.min_by(|a, b| worst(a, layer).total_cmp(&worst(b, layer))).copied()
            }
        };
        let widths = 0..self.widths.len();
        let table: Vec<Vec<Option<Candidate>>> =
            (0..self.layers.len()).map(|layer| widths.clone().map(|width| best_of(layer, width)).collect()).collect();
        let noise = |(layer, of_layer): (usize, &Vec<Option<Candidate>>)| {
            of_layer.iter().map(|one| one.as_ref().map(|one| self.arrives(layer, one))).collect()
        };
        let arrivals = Arrivals {
            bits: self.widths.clone(),
            noise: table.iter().enumerate().map(noise).collect(),
            outputs: self.gains.iter().flatten().map(|(_, gain)| gain.len()).max().unwrap_or(0),
        };
        let (at, meets) = arrivals.fewest_bits(most);
        (at.iter().zip(&table).map(|(&width, of_layer)| of_layer[width]).collect(), meets)
    }

    /// Runs the model with a setting.
    pub fn run(&self, chosen: Vec<Option<Candidate>>, budgets: &[Budget]) -> Result<Tried<'a>, Error> {
        let grids = grids(self.bench.model, self.layers, |layer| chosen[layer].map(|candidate| candidate.grid));
        let (mut tallies, _) = self.bench.simulate(&[&grids])?;
        let tally = tallies.pop().unwrap_or_default();
        let outputs = tally.outputs();
        let meets = budgets.iter().all(|budget| budget.holds(&outputs));
        Ok(Tried { layers: self.layers, chosen, tally, meets })
    }

    /// The setting with the fewest bits that was found to stay within the budget by running it, else the one that keeps most. `start` is
    /// the best setting of the usual width, which was tried.
    pub fn best(&self, start: Tried<'a>, budgets: &[Budget]) -> Result<Tried<'a>, Error> {
        let best = start.chosen.clone();
        let wanted = budgets.iter().filter_map(|budget| match budget {
            Budget::SignalToNoise(decibels) => Some(*decibels),
            Budget::Top1(_) => None,
        });
        // Of the setting that was tried it is known whether its ratio will do.
        let known = decibels(1.0, start.noise()).clamp(LEAST, MOST);
        let (mut low, mut high) = if start.meets { (LEAST, known) } else { (known, MOST) };
        let mut wanted = wanted.fold(f64::NEG_INFINITY, f64::max);
        if wanted == f64::NEG_INFINITY {
            wanted = if start.meets { f64::midpoint(low, high) } else { low + STEP };
        }
        let bits = |tried: &Tried<'_>| -> u32 { tried.chosen.iter().flatten().map(|candidate| candidate.bits).sum() };
        let key = |chosen: &[Option<Candidate>]| -> Vec<u32> {
            chosen.iter().map(|one| one.map_or(0, |candidate| candidate.bits)).collect()
        };
        // What was tried, and whether it stayed within the budget.
        let mut settings = vec![(key(&best), start.meets)];
        let mut kept = start;
        for _ in 0..MOST_TRIES {
            let (chosen, can_be) = self.fewest_bits(&best, 10.0_f64.powf(-wanted / 10.0));
            let own = key(&chosen);
            let known = settings.iter().find(|(known, _)| *known == own).map(|(_, meets)| *meets);
            let meets = if let Some(meets) = known {
                meets
            } else {
                let tried = self.run(chosen, budgets)?;
                let is_better = match (tried.meets, kept.meets) {
                    (true, true) => bits(&tried) < bits(&kept),
                    (false, false) => tried.noise() < kept.noise(),
                    (now, _) => now,
                };
                let meets = tried.meets;
                settings.push((own, meets));
                if is_better {
                    kept = tried;
                }
                meets
            };
            *(if meets { &mut high } else { &mut low }) = wanted;
            if !can_be && !meets || high - low < 0.2 {
                break;
            }
            wanted = if high < MOST { f64::midpoint(low, high) } else { low + STEP };
        }
        Ok(kept)
    }
}

impl Tried<'_> {
    /// The grid of each activation.
    pub fn grids(&self, model: &Model) -> Grids {
        grids(model, self.layers, |layer| self.chosen[layer].map(|candidate| candidate.grid))
    }

    /// The noise of the output that loses most.
    pub fn noise(&self) -> f64 {
        self.tally.noise().into_iter().fold(0.0, f64::max)
    }
}
