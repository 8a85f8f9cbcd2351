//! `cargo xtask verify`: the error of a function over every f32 input.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use excite::{Engine, Float, Function, Level, Threads};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use crate::ulp;

/// Measures the error of a function over all 2^32 f32 inputs, against a reference in f64 that does not cancel.
#[derive(Args)]
pub struct Verify {
    /// The functions, by name; all of them where none is named
    functions: Vec<Function>,
    /// Take every Nth bit pattern
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    stride: u64,
}

impl Verify {
    /// Prints the worst error of each function; fails if a stated bound is broken.
    pub fn run(&self) -> ExitCode {
        let functions = if self.functions.is_empty() { Function::ALL } else { &self.functions };
        let mut bounds_hold = true;
        for &f in functions {
            let bar = progress_bar(f, self.stride);
            let found = measure(f, self.stride, Level::best(), |inputs| bar.inc(inputs));
            bar.finish_and_clear();
            let bound = f.info().max_ulp_f32;
            let holds = found.worst <= bound;
            bounds_hold &= holds;
            println!(
                "{f}: {} inputs, worst error {:.6} ULP at {:e} (0x{:08x}), {} results not correctly rounded; \
                 stated bound {bound} ULP {}",
                found.inputs,
                found.worst,
                found.worst_at,
                found.worst_at.to_bits(),
                found.misrounded,
                if holds { "holds" } else { "IS BROKEN" }
            );
        }
        if bounds_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn progress_bar(f: Function, stride: u64) -> ProgressBar {
    let bar = ProgressBar::new((1_u64 << 32).div_ceil(stride));
    let style =
        ProgressStyle::with_template("{prefix} [{bar:40}] {percent}% {eta} left").expect("the template is valid");
    bar.set_style(style);
    bar.set_prefix(f.name());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What was measured over many inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error {
    /// The number of inputs.
    pub inputs: u64,
    /// The largest error in ULP.
    pub worst: f64,
    /// The input where it happens.
    pub worst_at: f32,
    /// How many results were not the exact value rounded to nearest.
    pub misrounded: u64,
}

impl Error {
    const NONE: Self = Self { inputs: 0, worst: 0.0, worst_at: 0.0, misrounded: 0 };

    fn merge(self, other: Self) -> Self {
        let (worst, worst_at) =
            if other.worst > self.worst { (other.worst, other.worst_at) } else { (self.worst, self.worst_at) };
        Self { inputs: self.inputs + other.inputs, worst, worst_at, misrounded: self.misrounded + other.misrounded }
    }
}

/// Inputs worked through at once: large enough to be fast, small enough to stay in the cache.
const BATCH: u64 = 4096;

/// The error of `f` at every `stride`-th f32 bit pattern. `progress` is told of inputs done.
pub fn measure(f: Function, stride: u64, level: Level, progress: impl Fn(u64) + Sync) -> Error {
    let inputs = (1_u64 << 32).div_ceil(stride);
    (0..inputs.div_ceil(BATCH))
        .into_par_iter()
        .map(|batch| {
            let first = batch * BATCH;
            let last = inputs.min(first + BATCH);
            let x: Vec<f32> = (first..last).map(|i| f32::from_bits((i * stride) as u32)).collect();
            let error = measure_slice(f, &x, level);
            progress(last - first);
            error
        })
        .reduce(|| Error::NONE, Error::merge)
}

fn measure_slice(f: Function, x: &[f32], level: Level) -> Error {
    let engine = Engine { level, threads: Threads::One, ..Engine::default() };
    let mut y = vec![0.0; x.len()];
    f.forward_on(engine, x, &mut y).expect("the slices are of one length");
    let mut worst = Error { inputs: x.len() as u64, ..Error::NONE };
    for (&x, &y) in x.iter().zip(&y) {
        let exact = if x.is_nan() { f64::NAN } else { f.reference(x.to_f64()) };
        let error = ulp::error(y, exact);
        if error > worst.worst {
            (worst.worst, worst.worst_at) = (error, x);
        }
        worst.misrounded += u64::from(!ulp::correctly_rounded(y, exact));
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stratified_part_of_all_inputs_keeps_the_stated_bound_on_every_level() {
        for level in Level::available() {
            for &f in Function::ALL {
                // A prime stride meets every exponent and every low bit; the baseline emulates fused multiply-add.
                let found = measure(f, if level == Level::Baseline { 40_009 } else { 1009 }, level, |_| ());
                let bound = f.info().max_ulp_f32;
                assert!(found.inputs > 100_000);
                assert!(found.worst <= bound, "{f} on {level}: {found:?}");
                // A bound that is far above what is measured would let errors in. (The baseline takes too few inputs to tell.)
                let few = found.inputs < 1_000_000;
                assert!(
                    few || found.worst >= bound - 0.25,
                    "{f} on {level}: the stated bound {bound} is too loose: {found:?}"
                );
            }
        }
    }

    #[test]
    fn every_bit_pattern_is_taken_once() {
        let found = measure("relu".parse().unwrap(), 1 << 12, Level::best(), |_| ());
        assert_eq!((found.inputs, found.misrounded), (1 << 20, 0));
    }
}
