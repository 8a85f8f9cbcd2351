//! The error over all floats of a short type, or over every Nth.

use excite::{Accuracy, Engine, Facts, Function, Level};
use rayon::prelude::*;

use super::estimate::Estimate;
use super::measure::{Domain, Side, Tally, checksum};
use super::merged;
use super::ulp::{self, Judgement, Short};

/// A side of a function, and the inputs to measure it at.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The function.
    pub f: Function,
    /// Its value or its slope.
    pub side: Side,
    /// What works the results out. All are judged by the same exact values, which take longer than the results.
    pub engines: Vec<Engine>,
    /// All its inputs.
    pub domain: Domain,
    /// Every how many of them is taken.
    pub stride: u64,
}

/// Inputs worked through at once: large enough to be fast, small enough for all that belongs to them to stay in the nearest cache.
const BLOCK: usize = 1024;

impl Sweep {
    /// How many inputs there are.
    pub fn inputs(&self) -> u64 {
        self.domain.count.div_ceil(self.stride)
    }

    /// What is found at `count` inputs from the one numbered `first` on, for each of the engines.
    pub fn measure<F: Short>(&self, first: u64, count: u64) -> Vec<Tally> {
        let promises: Vec<Promise> = self.engines.iter().map(|engine| self.promise::<F>(engine.accuracy())).collect();
        self.over_blocks(first, count, |first, x: &[F], y| {
            let exact = Exact::of(self.f, self.side, x);
            let results = |(&engine, &promise)| {
                self.side.results(self.f, engine, x, y);
                Tally { checksum: checksum(first, y), ..self.judged(promise, x, y, &exact) }
            };
            self.engines.iter().zip(&promises).map(results).collect()
        })
    }

    /// As [`Self::measure`], but only the checksums, judging nothing.
    pub fn checksums<F: Short>(&self, first: u64, count: u64) -> Vec<Tally> {
        self.over_blocks(first, count, |first, x: &[F], y| {
            let results = |&engine| {
                self.side.results(self.f, engine, x, y);
                Tally { inputs: x.len() as u64, checksum: checksum(first, y), ..Tally::NONE }
            };
            self.engines.iter().map(results).collect()
        })
    }

    /// Hands inputs to `each` block by block, with the number of the first and room for the results.
    fn over_blocks<F: Short>(
        &self,
        first: u64,
        count: u64,
        each: impl Fn(u64, &[F], &mut [F]) -> Vec<Tally> + Sync,
    ) -> Vec<Tally> {
        let block = |block: u64| {
            let begin = first + block * BLOCK as u64;
            let count = (first + count - begin).min(BLOCK as u64) as usize;
            let (mut x, mut y) = ([F::default(); BLOCK], [F::default(); BLOCK]);
            for (place, x) in (begin..).zip(&mut x[..count]) {
                *x = self.domain.at(place * self.stride);
            }
            each(begin, &x[..count], &mut y[..count])
        };
        let blocks = (0..count.div_ceil(BLOCK as u64)).into_par_iter();
        blocks.map(block).reduce(|| vec![Tally::NONE; self.engines.len()], merged)
    }

    /// Judges the results `y` of a block of inputs: all of it by vector instructions, then the few that these leave in doubt.
    pub fn judged<F: Short>(&self, promise: Promise, x: &[F], y: &[F], exact: &Exact) -> Tally {
        let mut found = [0.0; BLOCK];
        for (found, y) in found.iter_mut().zip(y) {
            *found = y.to_f64();
        }
        let mut distances = [0.0; BLOCK];
        let (worst, misrounded, doubtful) = Level::best().run(
            #[inline(always)]
            || judge_all::<F>(promise, &found, exact, &mut distances),
        );
        let mut tally = Tally { inputs: x.len() as u64, misrounded, decided: doubtful, ..Tally::NONE };
        if worst > 0.0 {
            let place = distances.iter().position(|distance| *distance == worst).expect("one of them is the largest");
            tally.note(worst, x[place].to_f64());
        }
        if doubtful > 0 {
            for i in 0..x.len() {
                if promise.judge(F::FORMAT, found[i], exact.values[i], exact.uncertain[i]).doubtful {
                    let (distance, misrounded) = self.side.decide(self.f, F::FORMAT, x[i].to_f64(), found[i]);
                    tally.note(distance, x[i].to_f64());
                    tally.misrounded += u64::from(misrounded);
                }
            }
        }
        tally
    }
}

/// What results are held to.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// A distance, at every input.
    Everywhere,
    /// A distance where the exact result is a normal number, and these ends of the range: `Accuracy::Fast`.
    WhereNormal(f64, f64),
}

impl Promise {
    #[inline(always)]
    fn judge(self, format: ulp::Format, found: f64, exact: f64, uncertain: f64) -> Judgement {
        match self {
            Self::Everywhere => ulp::judge(format, found, exact, uncertain),
            Self::WhereNormal(low, high) => ulp::judge_fast(format, (low, high), found, exact, uncertain),
        }
    }
}

impl Sweep {
    /// Values of a fast kernel stay in the range of the function, as the type holds its ends.
    fn promise<F: Short>(&self, accuracy: Accuracy) -> Promise {
        let bounded = self.side == Side::Value && self.side.fast_bound(self.f).is_some();
        match accuracy {
            Accuracy::Fast if bounded => {
                let range = Facts::of(self.f).range;
                Promise::WhereNormal(F::from_f64(range.low).to_f64(), F::from_f64(range.high).to_f64())
            }
            Accuracy::Fast => Promise::WhereNormal(f64::NEG_INFINITY, f64::INFINITY),
            _ => Promise::Everywhere,
        }
    }
}

/// The exact results for a block of inputs, and by how much they may be off.
pub struct Exact {
    values: [f64; BLOCK],
    uncertain: [f64; BLOCK],
}

impl Exact {
    /// For the inputs `x`, a block at most.
    pub fn of<F: Short>(f: Function, side: Side, x: &[F]) -> Self {
        let mut exact = Self { values: [0.0; BLOCK], uncertain: [0.0; BLOCK] };
        for ((x, value), uncertain) in x.iter().zip(&mut exact.values).zip(&mut exact.uncertain) {
            (*value, *uncertain) = estimate(f, side, x.to_f64());
        }
        exact
    }
}

/// The exact result, and by how much it may be off.
#[inline(always)]
fn estimate(f: Function, side: Side, x: f64) -> (f64, f64) {
    if x.is_nan() {
        return (f64::NAN, 0.0);
    }
    let Estimate { value, error } = side.reference(f, x);
    // What an infinite input gives is a limit, which has no error; what overflows f64 is far beyond the short types.
    (value, if x.is_finite() && value.is_finite() { error } else { 0.0 })
}

/// The largest distance, how many are misrounded, and how many are doubtful: those count in neither of the others.
#[inline(always)]
fn judge_all<F: Short>(
    promise: Promise,
    found: &[f64; BLOCK],
    exact: &Exact,
    distances: &mut [f64; BLOCK],
) -> (f64, u64, u64) {
    let (mut worst, mut misrounded, mut doubtful) = (0_u64, 0, 0);
    for i in 0..BLOCK {
        let Judgement { distance, misrounded: wrong, doubtful: doubt } =
            promise.judge(F::FORMAT, found[i], exact.values[i], exact.uncertain[i]);
        distances[i] = if doubt { 0.0 } else { distance };
        // Numbers that are not negative are in the order of their bits, whose maximum is a vector instruction.
        worst = worst.max(distances[i].to_bits());
        misrounded += u64::from(wrong & !doubt);
        doubtful += u64::from(doubt);
    }
    (f64::from_bits(worst), misrounded, doubtful)
}
