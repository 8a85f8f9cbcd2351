//! Functions trained until they reach a target, each at the learning rate that gets there soonest.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::comparison::{Spread, SweepPoint, ranges_apart_by_chance};
use crate::record::experiment::{Axis, Mark, Panel, Scale};
use crate::record::run::Run;
use excite::Function;

use super::{Setting, figure, listed, percent, spread};
use crate::data::Dataset;
use crate::local::{Scheduled, work_off};
use crate::schedule::{Finished, Schedule};
use crate::{Journal, LabError, LearningRate, Local, Spec, Watcher};

/// The error to reach, and the most epochs for it.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// The training error.
    pub(super) error: f64,
    pub(super) epochs: usize,
}

/// One function at its own learning rate.
pub(super) struct Race {
    pub(super) function: Function,
    pub(super) rate: f64,
    goal: Goal,
    /// The rates that were tried, lowest first.
    swept: Vec<SweepPoint>,
    /// Of all epochs, one a seed.
    runs: Vec<Run>,
}

/// Chooses the learning rate of each function by runs of their own, as [`compare`](crate::compare()) does, then trains it with each seed.
pub(super) fn race(setting: &Setting<'_>, data: &Dataset, spec: &Spec, goal: Goal) -> Result<Vec<Race>, LabError> {
    let schedule = Schedule {
        functions: &setting.functions,
        optimizer: spec.optimizer,
        learning_rate: LearningRate::Auto,
        target: Some(goal.error),
        seeds: setting.seeds,
        epochs: goal.epochs,
        explains: false,
        stop_at: Some(goal.error),
    };
    let mut journal = Journal::in_memory();
    let watcher = Epochs { watcher: setting.watcher, planned: AtomicU64::new(0) };
    let mut work = Scheduled::new(&schedule, &mut journal);
    work_off(&mut work, data, spec, Local::default().jobs, &watcher)?;
    let races = schedule.finished(&journal).into_iter().map(|Finished { function, chosen, runs, .. }| Race {
        function,
        rate: chosen.learning_rate,
        goal,
        swept: chosen.points(goal.error),
        runs: runs.into_iter().cloned().collect(),
    });
    Ok(races.collect())
}

/// Tells of a plan only by how much it grew.
struct Epochs<'a> {
    watcher: &'a dyn Watcher,
    planned: AtomicU64,
}

impl Watcher for Epochs<'_> {
    fn plan(&self, epochs_total: u64) {
        let before = self.planned.fetch_max(epochs_total, Ordering::Relaxed);
        self.watcher.plan(epochs_total.saturating_sub(before));
    }

    fn epochs_done(&self, epochs: u64, note: &str) {
        self.watcher.epochs_done(epochs, note);
    }

    fn stop_requested(&self) -> bool {
        self.watcher.stop_requested()
    }
}

impl Race {
    /// The epochs to the goal, one figure a seed; infinite where it was not reached.
    pub(super) fn epochs(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.epochs_to(self.goal.error).unwrap_or(f64::INFINITY)).collect()
    }

    /// How many times as many epochs as `other` takes, seed by seed; seeds with which neither arrived are left out.
    pub(super) fn times(&self, other: &Self) -> Vec<f64> {
        let pairs = self.epochs().into_iter().zip(other.epochs());
        pairs.filter(|(own, other)| own.is_finite() || other.is_finite()).map(|(own, other)| own / other).collect()
    }

    /// The training error of the first `epochs` epochs, over the seeds.
    pub(super) fn curve(&self, name: &str, epochs: usize) -> [Mark; 2] {
        let at = |epoch: usize| {
            // A run that has arrived stays where it is until the last one has.
            self.runs.iter().find(|run| run.epochs.len() > epoch)?;
            let of = |run: &Run| Some(run.epochs.get(epoch).or(run.epochs.last())?.train_error);
            let errors: Vec<f64> = self.runs.iter().filter_map(of).collect();
            Some(((epoch + 1) as f64, Spread::of(&errors)?))
        };
        Mark::spreads(name, &(0..epochs).filter_map(at).collect::<Vec<_>>())
    }

    /// The epochs to the goal at each rate tried.
    fn sweep(&self, name: &str) -> Mark {
        let points = self.swept.iter().filter_map(|point| Some((point.learning_rate, point.epochs_to_target?)));
        Mark::line(name, points.collect())
    }
}

/// How sure it is that the second of each pair arrives sooner than the first, in words; each pair with what it is called.
pub(super) fn certainty(pairs: &[(String, &Race, &Race)]) -> String {
    let seeds = pairs.iter().map(|(_, slow, fast)| slow.runs.len().min(fast.runs.len())).min().unwrap_or(0);
    match seeds {
        0 => return String::new(),
        1 => return "One seed: no spread, so nothing is sure.".to_owned(),
        _ => {}
    }
    let apart = |(_, slow, fast): &&(String, &Race, &Race)| !spread(&slow.epochs()).overlaps(&spread(&fast.epochs()));
    let (apart, over): (Vec<_>, Vec<_>) = pairs.iter().partition(apart);
    let names = |pairs: &[&(String, &Race, &Race)]| listed(pairs.iter().map(|(name, ..)| name));
    let mut sentences = vec![];
    if !apart.is_empty() {
        let chance = figure(ranges_apart_by_chance(seeds, seeds));
        sentences.push(format!(
            "The ranges over {seeds} seeds do not overlap, which by chance happens once in {chance} times: {}.",
            names(&apart)
        ));
    }
    if !over.is_empty() {
        sentences.push(format!("The ranges overlap, so that no difference is shown: {}.", names(&over)));
    }
    sentences.join(" ")
}

/// Training errors by epoch with a line at the goal, and epochs to the goal by learning rate; each race with its name.
pub(super) fn panels(races: &[(&str, &Race)]) -> Vec<Panel> {
    let Some((_, Race { goal, .. })) = races.first() else { return vec![] };
    // As far again as the slowest took, so that the way to the goal is not squeezed into a corner.
    let medians = races.iter().map(|(_, race)| spread(&race.epochs()).median);
    let slowest = medians.fold(2.0, f64::max).min(goal.epochs as f64);
    let epochs = ((2.0 * slowest).ceil() as usize).min(goal.epochs);
    let mut curves = vec![Mark::Contour { points: vec![(1.0, goal.error), (epochs as f64, goal.error)] }];
    curves.extend(races.iter().flat_map(|(name, race)| race.curve(name, epochs)));
    let curves = Panel {
        title: "training error".to_owned(),
        x: Axis::new("epoch", Scale::Whole),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.0),
        plane: false,
        marks: curves,
    };
    let sweeps = Panel {
        title: format!("epochs to {}", percent(goal.error)),
        x: Axis::new("learning rate", Scale::Logarithmic),
        y: Axis::new("", Scale::Logarithmic),
        plane: false,
        marks: races.iter().map(|(name, race)| race.sweep(name)).collect(),
    };
    vec![curves, sweeps]
}

#[cfg(test)]
mod tests {
    use crate::record::deaths::Deaths;
    use crate::record::run::{Epoch, Outcome, Time};

    use super::*;

    fn race_of(errors: &[&[f64]]) -> Race {
        let function: Function = "relu".parse().unwrap();
        let epoch = |&error: &f64| Epoch { train_loss: error, train_error: error, test_error: error, layers: vec![] };
        let run = |errors: &&[f64]| Run {
            activation: function,
            seed: 1,
            learning_rate: 0.1,
            epochs: errors.iter().map(epoch).collect(),
            outcome: Outcome::Finished,
            held_out_errors: vec![],
            histograms: vec![],
            deaths: Deaths::default(),
            time: Time::default(),
        };
        let runs = errors.iter().map(run).collect();
        Race { function, rate: 0.1, goal: Goal { error: 0.25, epochs: 4 }, swept: vec![], runs }
    }

    #[test]
    fn epochs_are_counted_in_fractions_and_compared_seed_by_seed() {
        let fast = race_of(&[&[0.5, 0.25, 0.1], &[0.75, 0.5, 0.0]]);
        let slow = race_of(&[&[0.9, 0.9, 0.5, 0.25], &[0.9, 0.9, 0.9, 0.9]]);
        assert_eq!(fast.epochs(), [2.0, 2.5]);
        assert_eq!(slow.epochs(), [4.0, f64::INFINITY]);
        assert_eq!(slow.times(&fast), [2.0, f64::INFINITY]);
        let sure = certainty(&[("a".to_owned(), &slow, &fast), ("b".to_owned(), &fast, &fast)]);
        assert!(sure.contains("once in 3 times: a.") && sure.ends_with("no difference is shown: b."), "{sure}");
        // Twice the four epochs that the slower takes, of four.
        assert_eq!(panels(&[("slow", &slow), ("fast", &fast)])[0].marks[1].points().len(), 8);
    }
}
