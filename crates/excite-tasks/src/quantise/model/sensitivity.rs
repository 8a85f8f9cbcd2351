//! What each layer costs the outputs: one layer at a time quantised, and all but one.

use excite_fixed::calibration::{Grid, decibels};

use super::LayerDistribution;
use super::candidates::Candidate;
use super::simulation::{Bench, Grids, grids, sites};
use super::tally::Tally;
use crate::Error;
use crate::quantisation::LayerSensitivity;

/// The most samples that layers are looked at one by one with: the noise that a layer adds is known after a few.
pub(super) const MOST_SAMPLES: u64 = 32;

/// The branches that are run before the watcher is asked whether to stop.
const AT_ONCE: usize = 8;

/// A layer on a grid of its own, with the others as in the trunk.
struct Branch {
    sites: Vec<usize>,
    grid: Option<Grid>,
}

impl Bench<'_> {
    /// The outputs with one layer at a time on a grid, and all others in floats: for each pair of a layer and a grid.
    pub fn alone(&self, layers: &[LayerDistribution], pairs: &[(usize, Grid)]) -> Result<Vec<Tally>, Error> {
        let branch =
            |&(layer, grid): &(usize, Grid)| Branch { sites: sites(self.model, &layers[layer]), grid: Some(grid) };
        self.branches(&pairs.iter().map(branch).collect::<Vec<_>>(), &vec![None; self.model.sites().len()])
    }

    /// The outputs with all layers on grids but one, which is in floats: for each layer.
    pub fn all_but(&self, layers: &[LayerDistribution], trunk: &Grids) -> Result<Vec<Tally>, Error> {
        let branch = |layer: &LayerDistribution| Branch { sites: sites(self.model, layer), grid: None };
        self.branches(&layers.iter().map(branch).collect::<Vec<_>>(), trunk)
    }

    fn branches(&self, branches: &[Branch], trunk: &Grids) -> Result<Vec<Tally>, Error> {
        let mut tallies = vec![Tally::default(); branches.len()];
        let runs = self.runs_for_sensitivity();
        self.steps.expect(runs * branches.len() as u64);
        self.data.first_batches(self.model, self.steps, runs, |part| {
            let exact = self.model.run_replacing(part, |_, _| ())?;
            for (branches, tallies) in branches.chunks(AT_ONCE).zip(tallies.chunks_mut(AT_ONCE)) {
                if self.steps.is_stopping() {
                    return Err(Error::Stopped);
                }
                let leaving: Vec<Vec<usize>> = branches.iter().map(|branch| branch.sites.clone()).collect();
                let replace = |branch: Option<usize>, site: usize, values: &mut [f32]| {
                    let own = branch.map(|branch| &branches[branch]).filter(|branch| branch.sites.contains(&site));
                    if let Some(grid) = own.map_or(trunk[site], |branch| branch.grid) {
                        grid.quantise_in_place(values);
                    }
                };
                self.model.run_branches(part, &leaving, replace, |branch, outputs| {
                    if let Some(branch) = branch {
                        tallies[branch].add(&exact, &outputs, None);
                        self.steps.advance(1, "");
                    }
                })?;
            }
            Ok(())
        })?;
        Ok(tallies)
    }

    /// How many runs hold the samples that layers are looked at one by one with.
    pub fn runs_for_sensitivity(&self) -> u64 {
        let per_run = self.samples.div_ceil(self.runs.max(1)).max(1);
        MOST_SAMPLES.div_ceil(per_run).min(self.runs)
    }

    /// The samples in these.
    pub fn samples_for_sensitivity(&self) -> u64 {
        let per_run = self.samples.div_ceil(self.runs.max(1)).max(1);
        (self.runs_for_sensitivity() * per_run).min(self.samples)
    }
}

/// The sensitivity of each layer that can be quantised, the costliest first.
pub(super) fn ranked(
    bench: &Bench<'_>,
    layers: &[LayerDistribution],
    chosen: &[Option<Candidate>],
    alone: &[Tally],
) -> Result<Vec<LayerSensitivity>, Error> {
    let trunk = grids(bench.model, layers, |layer| chosen[layer].map(|candidate| candidate.grid));
    let all_others = bench.all_but(layers, &trunk)?;
    let worst = |tally: &Tally| tally.noise().into_iter().fold(0.0, f64::max);
    let is_simulated = |layer: &usize| chosen[*layer].is_some() && !sites(bench.model, &layers[*layer]).is_empty();
    let total: f64 = (0..layers.len()).filter(is_simulated).map(|layer| worst(&alone[layer])).sum();
    let one = |layer: usize| {
        let candidate = chosen[layer].as_ref()?;
        let noise = worst(&alone[layer]);
        Some(LayerSensitivity {
            layer: layers[layer].name.clone(),
            bits: candidate.bits,
            by: candidate.choice.title(),
            own: candidate.quality.signal_to_noise(),
            alone: decibels(1.0, noise),
            all_others: decibels(1.0, worst(&all_others[layer])),
            top1_changed: alone[layer].top1_changed(),
            share: if total > 0.0 { noise / total } else { 0.0 },
        })
    };
    let mut found: Vec<_> = (0..layers.len()).filter(is_simulated).filter_map(one).collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    Ok(found)
}
