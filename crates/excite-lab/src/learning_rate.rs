//! The learning rate of each function, chosen by itself.

use excite::Function;
use excite_vitals::comparison::SweepPoint;
use excite_vitals::run::{Outcome, Run};

use crate::jobs::Trainer;
use crate::journal::RunKey;
use crate::{LabError, Optimizer};

/// How the learning rate is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LearningRate {
    /// For each function by itself, so that its training error falls as fast as possible: as Krizhevsky, Sutskever and
    /// Hinton (2012) chose it when they compared `ReLU` with tanh.
    #[default]
    Auto,
    /// This one for all.
    Fixed(f64),
}

/// Errors to reach, the hardest first: the target of a comparison, and of the choice of a learning rate, is the first
/// of them that is reached.
pub(crate) const ROUND_ERRORS: [f64; 12] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The seeds of the sweep's runs; those of the comparison's runs count from 1. Two, and the worse of them counts, because near
/// the fastest rate one run may do well where most fail.
const SWEEP_SEEDS: [u64; 2] = [0, 1 << 32];

/// How many rates the grid may grow by beyond each of its ends.
const EXTENSIONS: usize = 3;

/// The rates tried for one function, lowest first.
#[derive(Default)]
struct Sweep {
    tried: Vec<(i32, [Run; SWEEP_SEEDS.len()])>,
}

/// The learning rate chosen for one function, and the runs that it was chosen from, lowest rate first.
pub(crate) struct Chosen {
    pub(crate) learning_rate: f64,
    tried: Vec<[Run; SWEEP_SEEDS.len()]>,
}

impl Chosen {
    /// A rate that was given.
    pub(crate) fn given(learning_rate: f64) -> Self {
        Self { learning_rate, tried: vec![] }
    }

    /// The rates tried, against the target of the comparison.
    pub(crate) fn points(&self, target: f64) -> Vec<SweepPoint> {
        let point = |runs: &[Run; SWEEP_SEEDS.len()]| SweepPoint {
            learning_rate: runs[0].learning_rate,
            epochs_to_target: worst(runs, |run| run.epochs_to(target)),
            train_loss: worst(runs, last_loss),
        };
        self.tried.iter().map(point).collect()
    }
}

/// Chooses a learning rate for each of `functions`: of a grid with two rates a decade, the one that takes the fewest
/// epochs to `target`, or where that is None to the smallest of the [`ROUND_ERRORS`] that the function reaches with any
/// rate; of several such rates, or where none is reached, the one with the lowest training loss at the end. The grid
/// grows as long as the best rate lies at one of its ends. None for a function whose sweep a request to stop cut short.
/// Also returns how many epochs that took. The watcher is told of `epochs_after` more.
pub(crate) fn choose(
    trainer: &Trainer<'_>,
    functions: &[Function],
    epochs: usize,
    target: Option<f64>,
    epochs_after: u64,
) -> Result<(Vec<Option<Chosen>>, u64), LabError> {
    let stop_at = Some(target.unwrap_or(ROUND_ERRORS[0]));
    let mut sweeps: Vec<Sweep> = functions.iter().map(|_| Sweep::default()).collect();
    let mut planned = 0;
    let mut complete = vec![true; functions.len()];
    let mut wanted: Vec<(usize, i32)> = (0..functions.len())
        .flat_map(|function| grid(trainer.spec.optimizer).map(move |index| (function, index)))
        .collect();
    for _ in 0..=EXTENSIONS {
        let keys: Vec<RunKey> = wanted
            .iter()
            .flat_map(|&(function, index)| {
                let (function, learning_rate) = (functions[function], rate(index));
                SWEEP_SEEDS.map(|seed| RunKey { function, learning_rate, seed, epochs, stop_at })
            })
            .collect();
        planned += trainer.epochs_missing(&keys);
        trainer.watcher.plan(planned + epochs_after);
        let mut runs = trainer.runs(&keys)?.into_iter();
        for &(function, index) in &wanted {
            match SWEEP_SEEDS.map(|_| runs.next().flatten()) {
                [Some(first), Some(second)] => sweeps[function].tried.push((index, [first, second])),
                _ => complete[function] = false,
            }
        }
        for sweep in &mut sweeps {
            sweep.tried.sort_by_key(|&(index, _)| index);
        }
        wanted = (0..functions.len())
            .filter(|&function| complete[function])
            .filter_map(|function| Some((function, sweeps[function].beyond(target)?)))
            .collect();
        if wanted.is_empty() {
            break;
        }
    }
    let chosen = |(sweep, complete): (Sweep, bool)| {
        let learning_rate = complete.then(|| rate(sweep.tried[sweep.best(target)].0))?;
        Some(Chosen { learning_rate, tried: sweep.tried.into_iter().map(|(_, runs)| runs).collect() })
    };
    Ok((sweeps.into_iter().zip(complete).map(chosen).collect(), planned))
}

/// The rate 10^(index / 2), rounded to one digit: 1, 3, 10, 30 and so on.
fn rate(index: i32) -> f64 {
    let mantissa = if index.rem_euclid(2) == 0 { 1 } else { 3 };
    format!("{mantissa}e{}", index.div_euclid(2)).parse().expect("digits and an exponent are a number")
}

/// The indices of the rates tried first: 0.003 to 1 for SGD, 0.0003 to 0.03 for Adam.
fn grid(optimizer: Optimizer) -> std::ops::RangeInclusive<i32> {
    match optimizer {
        Optimizer::Sgd { .. } => -5..=0,
        Optimizer::Adam => -7..=-3,
    }
}

/// The largest of a figure over the runs; None if one lacks it.
fn worst(runs: &[Run], figure: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
    runs.iter().map(figure).try_fold(f64::NEG_INFINITY, |worst, figure| Some(worst.max(figure?)))
}

fn last_loss(run: &Run) -> Option<f64> {
    run.epochs.last().filter(|_| run.outcome == Outcome::Finished).map(|epoch| epoch.train_loss)
}

impl Sweep {
    /// The position of the best rate.
    fn best(&self, target: Option<f64>) -> usize {
        let reached = |error: f64| self.tried.iter().any(|(_, runs)| worst(runs, |run| run.epochs_to(error)).is_some());
        let target = target.or_else(|| ROUND_ERRORS.into_iter().find(|&error| reached(error)));
        // A diverged run is the worst, whatever it reached before.
        let merit = |runs: &[Run]| {
            let loss = worst(runs, last_loss);
            let epochs = loss.and(target).and_then(|target| worst(runs, |run| run.epochs_to(target)));
            (epochs.unwrap_or(f64::INFINITY), loss.unwrap_or(f64::INFINITY))
        };
        let compare = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        let merits = self.tried.iter().map(|(_, runs)| merit(runs)).enumerate();
        merits.min_by(|(_, a), (_, b)| compare(a, b)).map_or(0, |(position, _)| position)
    }

    /// The rate to try next, if the best one lies at an end.
    fn beyond(&self, target: Option<f64>) -> Option<i32> {
        let best = self.best(target);
        let (lowest, highest) = (self.tried.first()?.0, self.tried.last()?.0);
        if best + 1 == self.tried.len() && worst(&self.tried[best].1, last_loss).is_some() {
            Some(highest + 1)
        } else if best == 0 {
            Some(lowest - 1)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use excite_vitals::deaths::Deaths;
    use excite_vitals::run::{Epoch, Time};

    use super::*;

    fn run(index: i32, errors: &[f64], outcome: Outcome) -> (i32, [Run; 2]) {
        let epoch = |&error: &f64| Epoch { train_loss: error, train_error: error, test_error: error, layers: vec![] };
        let activation = "tanh".parse().unwrap();
        let epochs = errors.iter().map(epoch).collect();
        let (histograms, deaths, time) = (vec![], Deaths::default(), Time::default());
        let run = Run { activation, seed: 0, learning_rate: rate(index), epochs, outcome, histograms, deaths, time };
        (index, [run.clone(), run])
    }

    #[test]
    fn rates_are_round() {
        assert_eq!([-5, -4, -3, -2, -1, 0, 1].map(rate), [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]);
        assert_eq!(grid(Optimizer::default()).map(rate).collect::<Vec<_>>(), [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]);
    }

    #[test]
    fn a_rate_at_which_one_of_the_runs_fails_is_not_chosen() {
        let (_, steady) = run(-2, &[0.5, 0.2, 0.04], Outcome::Finished);
        let (_, [lucky, _]) = run(-1, &[0.04, 0.03], Outcome::Finished);
        let (_, [stuck, _]) = run(-1, &[0.9, 0.9, 0.9], Outcome::Finished);
        let sweep = Sweep { tried: vec![(-2, steady), (-1, [lucky, stuck])] };
        assert_eq!(sweep.best(None), 0);
    }

    #[test]
    fn the_fastest_to_the_target_is_best_and_the_grid_grows_past_its_ends() {
        let slow = run(-2, &[0.5, 0.2, 0.04], Outcome::Finished);
        let fast = run(-1, &[0.5, 0.04, 0.03], Outcome::Finished);
        let diverged = run(0, &[0.01, 1.0], Outcome::Diverged);
        let sweep = Sweep { tried: vec![slow.clone(), fast.clone(), diverged.clone()] };
        assert_eq!(sweep.best(None), 1);
        assert_eq!(sweep.beyond(None), None);
        assert_eq!(Sweep { tried: vec![slow.clone(), fast.clone()] }.beyond(None), Some(0));
        assert_eq!(Sweep { tried: vec![fast.clone(), diverged.clone()] }.beyond(None), Some(-2));
        // Where all diverge, lower rates are tried.
        assert_eq!(Sweep { tried: vec![diverged] }.beyond(None), Some(-1));
        // Of a target that none reaches: the lowest loss.
        assert_eq!(Sweep { tried: vec![slow, fast] }.best(Some(0.001)), 1);
    }
}
