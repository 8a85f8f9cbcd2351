//! The learning rate of each function, chosen by itself.

use crate::record::comparison::{BestRate, SweepPoint};
use crate::record::run::{Outcome, Run};
use excite::Function;

use crate::{Journal, Optimizer, RunKey};

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
pub(crate) const SWEEP_SEEDS: [u64; 2] = [0, 1 << 32];

/// How many rates the grid may grow by beyond each of its ends.
const EXTENSIONS: usize = 3;

/// The choice of one function's learning rate.
pub(crate) struct Search {
    pub(crate) function: Function,
    pub(crate) optimizer: Optimizer,
    pub(crate) learning_rate: LearningRate,
    /// The training error to reach soonest, at which runs end. None: the smallest of the [`ROUND_ERRORS`] that the function reaches
    /// with any rate.
    pub(crate) target: Option<f64>,
    /// The most epochs of each run.
    pub(crate) epochs: usize,
}

/// The runs of one learning rate.
type Runs<'a> = [&'a Run; SWEEP_SEEDS.len()];

/// The learning rate chosen for one function, and the runs that it was chosen from, lowest rate first.
pub(crate) struct Chosen<'a> {
    pub(crate) learning_rate: f64,
    tried: Vec<Runs<'a>>,
}

impl Chosen<'_> {
    /// The chosen rate with what it reached. None where the rate was given, or its runs diverged.
    pub(crate) fn best(&self) -> Option<BestRate> {
        let runs = self.tried.iter().find(|runs| runs[0].learning_rate == self.learning_rate)?;
        let error =
            |run: &Run| run.epochs.last().filter(|_| run.outcome == Outcome::Finished).map(|epoch| epoch.train_error);
        Some(BestRate { learning_rate: self.learning_rate, train_error: worst(runs, error)? })
    }

    /// The rates tried, against the target of the comparison.
    pub(crate) fn points(&self, target: f64) -> Vec<SweepPoint> {
        let point = |runs: &Runs<'_>| SweepPoint {
            learning_rate: runs[0].learning_rate,
            epochs_to_target: worst(runs, |run| run.epochs_to(target)),
            train_loss: worst(runs, last_loss),
        };
        self.tried.iter().map(point).collect()
    }
}

impl Search {
    /// The learning rate by the runs of the journal, or the runs that it lacks.
    ///
    /// Of a grid with two rates a decade it is the one that takes the fewest epochs to the target; of several such rates, or where none
    /// reaches it, the one with the lowest training loss at the end. The grid grows as long as the best rate lies at one of its ends.
    pub(crate) fn chosen<'a>(&self, journal: &'a Journal) -> Result<Chosen<'a>, Vec<RunKey>> {
        if let LearningRate::Fixed(learning_rate) = self.learning_rate {
            return Ok(Chosen { learning_rate, tried: vec![] });
        }
        let mut sweep = Sweep::default();
        let mut wanted: Vec<i32> = grid(self.optimizer).collect();
        for _ in 0..=EXTENSIONS {
            let mut missing = vec![];
            for &index in &wanted {
                let keys = self.keys(index);
                match keys.map(|key| journal.find(key)) {
                    [Some(first), Some(second)] => sweep.tried.push((index, [first, second])),
                    found => {
                        missing
                            .extend(keys.into_iter().zip(found).filter(|(_, run)| run.is_none()).map(|(key, _)| key));
                    }
                }
            }
            if !missing.is_empty() {
                return Err(missing);
            }
            sweep.tried.sort_by_key(|&(index, _)| index);
            match sweep.beyond(self.target) {
                Some(index) => wanted = vec![index],
                None => break,
            }
        }
        let learning_rate = rate(sweep.tried[sweep.best(self.target)].0);
        Ok(Chosen { learning_rate, tried: sweep.tried.into_iter().map(|(_, runs)| runs).collect() })
    }

    fn keys(&self, index: i32) -> [RunKey; SWEEP_SEEDS.len()] {
        let (function, learning_rate, epochs) = (self.function, rate(index), self.epochs);
        let stop_at = Some(self.target.unwrap_or(ROUND_ERRORS[0]));
        SWEEP_SEEDS.map(|seed| RunKey { function, learning_rate, seed, epochs, stop_at })
    }
}

/// The rates tried for one function, lowest first.
#[derive(Default)]
struct Sweep<'a> {
    tried: Vec<(i32, Runs<'a>)>,
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
fn worst(runs: &[&Run], figure: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
    runs.iter().copied().map(figure).try_fold(f64::NEG_INFINITY, |worst, figure| Some(worst.max(figure?)))
}

fn last_loss(run: &Run) -> Option<f64> {
    run.epochs.last().filter(|_| run.outcome == Outcome::Finished).map(|epoch| epoch.train_loss)
}

impl Sweep<'_> {
    /// The position of the best rate.
    fn best(&self, target: Option<f64>) -> usize {
        let reached = |error: f64| self.tried.iter().any(|(_, runs)| worst(runs, |run| run.epochs_to(error)).is_some());
        let target = target.or_else(|| ROUND_ERRORS.into_iter().find(|&error| reached(error)));
        // A diverged run is the worst, whatever it reached before.
        let merit = |runs: &[&Run]| {
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
    use crate::record::deaths::Deaths;
    use crate::record::run::{Epoch, Time};

    use super::*;

    fn run(index: i32, errors: &[f64], outcome: Outcome) -> Run {
        let epoch = |&error: &f64| Epoch { train_loss: error, train_error: error, test_error: error, layers: vec![] };
        let activation = "tanh".parse().unwrap();
        let epochs = errors.iter().map(epoch).collect();
        let (held_out_errors, histograms, deaths, time) = (vec![], vec![], Deaths::default(), Time::default());
        Run {
            activation,
            seed: 0,
            learning_rate: rate(index),
            epochs,
            outcome,
            held_out_errors,
            histograms,
            deaths,
            time,
        }
    }

    fn sweep<'a>(runs: &[(i32, &'a Run)]) -> Sweep<'a> {
        Sweep { tried: runs.iter().map(|&(index, run)| (index, [run, run])).collect() }
    }

    #[test]
    fn rates_are_round() {
        assert_eq!([-5, -4, -3, -2, -1, 0, 1].map(rate), [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]);
        assert_eq!(grid(Optimizer::default()).map(rate).collect::<Vec<_>>(), [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]);
    }

    #[test]
    fn a_rate_at_which_one_of_the_runs_fails_is_not_chosen() {
        let steady = run(-2, &[0.5, 0.2, 0.04], Outcome::Finished);
        let lucky = run(-1, &[0.04, 0.03], Outcome::Finished);
        let stuck = run(-1, &[0.9, 0.9, 0.9], Outcome::Finished);
        let sweep = Sweep { tried: vec![(-2, [&steady, &steady]), (-1, [&lucky, &stuck])] };
        assert_eq!(sweep.best(None), 0);
    }

    #[test]
    fn the_fastest_to_the_target_is_best_and_the_grid_grows_past_its_ends() {
        let slow = run(-2, &[0.5, 0.2, 0.04], Outcome::Finished);
        let fast = run(-1, &[0.5, 0.04, 0.03], Outcome::Finished);
        let diverged = run(0, &[0.01, 1.0], Outcome::Diverged);
        let (slow, fast, diverged) = ((-2, &slow), (-1, &fast), (0, &diverged));
        assert_eq!(sweep(&[slow, fast, diverged]).best(None), 1);
        assert_eq!(sweep(&[slow, fast, diverged]).beyond(None), None);
        assert_eq!(sweep(&[slow, fast]).beyond(None), Some(0));
        assert_eq!(sweep(&[fast, diverged]).beyond(None), Some(-2));
        // Where all diverge, lower rates are tried.
        assert_eq!(sweep(&[diverged]).beyond(None), Some(-1));
        // Of a target that none reaches: the lowest loss.
        assert_eq!(sweep(&[slow, fast]).best(Some(0.001)), 1);
    }

    /// Adds made-up runs to the journal until the rate is chosen, and gives it with the number of rounds.
    fn searched(search: &Search, errors: impl Fn(f64) -> Vec<f64>) -> (f64, usize) {
        let mut journal = Journal::in_memory();
        for round in 0.. {
            match search.chosen(&journal) {
                Ok(chosen) => return (chosen.learning_rate, round),
                Err(missing) => missing.into_iter().for_each(|key| {
                    let run = Run {
                        learning_rate: key.learning_rate,
                        ..run(0, &errors(key.learning_rate), Outcome::Finished)
                    };
                    journal.add(key, run).unwrap();
                }),
            }
        }
        unreachable!("the rounds are limited")
    }

    #[test]
    fn the_search_follows_the_best_rate_past_the_end_of_the_grid_but_not_for_ever() {
        let (function, learning_rate) = ("relu".parse().unwrap(), LearningRate::Auto);
        let search = Search { function, optimizer: Optimizer::Adam, learning_rate, target: None, epochs: 3 };
        // The nearer to 0.1 the sooner: the grid of Adam ends at 0.03.
        let near = |rate: f64| vec![0.9, 0.5, (rate.log10() + 1.0).abs() / 10.0 + 0.001];
        assert_eq!(searched(&search, near), (0.1, 3));
        // The higher the better: three more than the grid has.
        assert_eq!(searched(&search, |rate| vec![0.9, 0.5, 0.01 / (1.0 + rate)]), (1.0, 4));
        let fixed = Search { learning_rate: LearningRate::Fixed(0.7), ..search };
        assert_eq!(searched(&fixed, near), (0.7, 0));
    }
}
