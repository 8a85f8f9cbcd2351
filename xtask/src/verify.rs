//! `cargo xtask verify`: how near each function comes to the exact result.

mod estimate;
mod measure;
mod precise;
mod sampled;
mod saved;
mod series;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod ulp;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use excite::{Accuracy, Function};
use indicatif::{ProgressBar, ProgressStyle};

use measure::{Side, Tally, engine};
use sampled::Samples;
use saved::File;
pub use saved::root;
use sweep::Sweep;

/// Measures the errors of functions over all 2^32 f32 inputs, if nothing else is asked for: of the value, as it is by default and with
/// `Accuracy::Exact`, and of the slope; then of both with `Accuracy::Fast`, where that has kernels of its own.
///
/// Can be stopped at any time: the next run goes on from there. A run that has come to its end is not repeated unless the code
/// has changed, and then only where the checksum over all f32 results has.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Verify {
    /// The functions, by name; all of them where none is named
    functions: Vec<Function>,
    /// Take every Nth f32 input only. Such runs are not saved
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    stride: u64,
    /// Measure f64 instead of f32, at inputs that reach everywhere
    #[arg(long)]
    f64: bool,
    /// The number of f64 inputs for each value and each slope
    #[arg(long, default_value_t = 500_000, value_name = "N", requires = "f64")]
    samples: u64,
    /// Only what `Accuracy::Fast` has kernels of its own for
    #[arg(long, conflicts_with = "f64")]
    fast: bool,
    /// Forget what earlier runs have found
    #[arg(long)]
    fresh: bool,
    /// Write docs/accuracy.md from what earlier runs have found; with --fast only its part on that
    #[arg(long, conflicts_with_all = ["stride", "f64", "fresh", "functions"])]
    table: bool,
}

/// The most that `Accuracy::Fast` may be off.
const FAST_ULP: f64 = 4.0;

/// What is measured of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    F32(Side),
    ExactF32,
    FastF32(Side),
    F64(Side),
}

impl What {
    /// What it is called, on the screen and in the names of files.
    fn name(self) -> &'static str {
        match self {
            Self::F32(Side::Value) => "f32 value",
            Self::F32(Side::Slope) => "f32 slope",
            Self::ExactF32 => "exact f32 value",
            Self::FastF32(Side::Value) => "fast f32 value",
            Self::FastF32(Side::Slope) => "fast f32 slope",
            Self::F64(Side::Value) => "f64 value",
            Self::F64(Side::Slope) => "f64 slope",
        }
    }

    /// What measures it.
    fn command(self) -> &'static str {
        match self {
            Self::F32(_) | Self::ExactF32 | Self::FastF32(_) => "cargo xtask verify",
            Self::F64(_) => "cargo xtask verify --f64",
        }
    }

    /// The largest error that the function states.
    fn bound(self, f: Function) -> f64 {
        let stated = &f.info().max_ulp;
        match self {
            Self::F32(Side::Value) => stated.f32,
            Self::F32(Side::Slope) => stated.slope_f32,
            Self::ExactF32 => 0.5,
            Self::FastF32(side) => side.fast_bound(f).unwrap_or(FAST_ULP),
            Self::F64(Side::Value) => stated.f64,
            Self::F64(Side::Slope) => stated.slope_f64,
        }
    }

    /// Whether what was found is what the function promises.
    fn holds(self, f: Function, found: &Tally) -> bool {
        found.worst <= self.bound(f) && (self != Self::ExactF32 || found.misrounded == 0)
    }
}

/// Measurements of one function at the same inputs, which are judged by the same exact values.
struct Job {
    f: Function,
    whats: &'static [What],
    files: Vec<File>,
    inputs: u64,
    measure: Measure,
    /// As `measure`, but only the checksums, in a fraction of the time; None where there are none.
    checksums: Option<Measure>,
}

/// What is found at so many inputs from that one on, for each of a job's `whats`.
type Measure = Box<dyn Fn(u64, u64) -> Vec<Tally>>;

impl Job {
    fn new(f: Function, whats: &'static [What], stride: u64, samples: u64) -> Self {
        let sweep = |side: Side, accuracies: &[Accuracy]| {
            let engines = accuracies.iter().map(|&accuracy| engine(accuracy)).collect();
            let sweep = Sweep { f, side, engines, domain: side.domain::<f32>(f), stride };
            let again = sweep.clone();
            let checksums: Measure = Box::new(move |first, count| again.checksums::<f32>(first, count));
            (
                sweep.inputs(),
                Box::new(move |first, count| sweep.measure::<f32>(first, count)) as Measure,
                Some(checksums),
            )
        };
        let (inputs, measure, checksums) = match whats {
            [What::F64(side)] => {
                let sampled = Samples::new(f, *side);
                (samples, Box::new(move |first, count| vec![sampled.measure(first, count)]) as Measure, None)
            }
            [What::F32(side)] => sweep(*side, &[Accuracy::Stated]),
            [What::FastF32(side)] => sweep(*side, &[Accuracy::Fast]),
            _ => sweep(Side::Value, &[Accuracy::Stated, Accuracy::Exact]),
        };
        let files = whats.iter().map(|what| File::new(f, what.name())).collect();
        Self { f, whats, files, inputs, measure, checksums }
    }

    /// What a function is measured for: all in f32, only the fast results there, or all in f64.
    fn all(f: Function, f64: bool, fast: bool) -> Vec<&'static [What]> {
        const F64: [&[What]; 2] = [&[What::F64(Side::Value)], &[What::F64(Side::Slope)]];
        const F32: [&[What]; 2] = [&[What::F32(Side::Value), What::ExactF32], &[What::F32(Side::Slope)]];
        const FAST: [(Side, &[What]); 2] =
            [(Side::Value, &[What::FastF32(Side::Value)]), (Side::Slope, &[What::FastF32(Side::Slope)])];
        if f64 {
            return F64.into();
        }
        let fast_ones = FAST.into_iter().filter(|(side, _)| side.fast_bound(f).is_some()).map(|(_, whats)| whats);
        let others = F32.into_iter().filter(|_| !fast);
        others.chain(fast_ones).collect()
    }

    /// What earlier runs have found; nothing if they did not get equally far.
    fn load(&self) -> Vec<Tally> {
        let found: Vec<Tally> = self.files.iter().map(|file| file.load(self.inputs)).collect();
        if found.iter().all(|one| one.inputs == found[0].inputs) { found } else { vec![Tally::NONE; found.len()] }
    }

    /// What other code found, if the results of this one are the same.
    fn load_unchanged(&self, bar: &ProgressBar) -> io::Result<Option<Vec<Tally>>> {
        let other: Option<Vec<Tally>> = self.files.iter().map(|file| file.load_of_other_code(self.inputs)).collect();
        let (Some(other), Some(checksums)) = (other, &self.checksums) else { return Ok(None) };
        let now = self.over_all(vec![Tally::NONE; other.len()], checksums, bar, |_| Ok(()))?;
        let unchanged = now.iter().zip(&other).all(|(now, other)| now.checksum == other.checksum);
        if unchanged {
            self.store(&other)?;
        } else {
            bar.set_position(bar.position() - self.inputs);
        }
        Ok(unchanged.then_some(other))
    }

    fn store(&self, found: &[Tally]) -> io::Result<()> {
        self.files.iter().zip(found).try_for_each(|(file, &found)| file.store(self.inputs, found))
    }

    /// Measures what `found` lacks, and hands on now and then what is found so far.
    fn over_all(
        &self,
        mut found: Vec<Tally>,
        measure: &Measure,
        bar: &ProgressBar,
        mut save: impl FnMut(&[Tally]) -> io::Result<()>,
    ) -> io::Result<Vec<Tally>> {
        /// What a stop may lose.
        const BETWEEN_SAVES: Duration = Duration::from_secs(4);
        /// Inputs are measured in pieces that take about this long.
        const PIECE: Duration = Duration::from_millis(500);
        let mut piece = 1 << 12;
        let mut saved = Instant::now();
        while found[0].inputs < self.inputs {
            let start = Instant::now();
            let done = found[0].inputs;
            let count = (self.inputs - done).min(piece);
            found = merged(found, measure(done, count));
            bar.inc(count);
            if start.elapsed() < PIECE / 2 {
                piece *= 2;
            }
            if saved.elapsed() > BETWEEN_SAVES || done + count == self.inputs {
                save(&found)?;
                saved = Instant::now();
            }
        }
        Ok(found)
    }

    /// What was found, in a line.
    fn report(&self, what: What, found: &Tally) -> String {
        let Tally { inputs, worst, worst_at, misrounded, decided, .. } = *found;
        let (f, bound) = (self.f, what.bound(self.f));
        let verdict = if what.holds(f, found) { "holds" } else { "IS BROKEN" };
        let what = what.name();
        format!(
            "{f}, {what}: {inputs} inputs, worst error {worst:.6} ULP at {worst_at:e}, {misrounded} not correctly rounded; \
             stated bound {bound} ULP {verdict} ({decided} results judged with many digits)"
        )
    }
}

impl Verify {
    /// Prints the worst error of each function; fails if a stated bound is broken.
    pub fn run(&self) -> ExitCode {
        let done = if self.table { table::write(self.fast).map(|()| true) } else { self.measure() };
        match done {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    /// Whether all bounds hold.
    fn measure(&self) -> io::Result<bool> {
        let functions = if self.functions.is_empty() { Function::ALL } else { &self.functions };
        let jobs: Vec<(Job, Vec<Tally>)> = functions
            .iter()
            .flat_map(|&f| Job::all(f, self.f64, self.fast).into_iter().map(move |whats| (f, whats)))
            .map(|(f, whats)| {
                let job = Job::new(f, whats, self.stride, self.samples);
                let afresh = self.fresh || self.stride > 1;
                let found = if afresh { vec![Tally::NONE; whats.len()] } else { job.load() };
                (job, found)
            })
            .collect();
        let bar = progress_bar(&jobs);
        let mut all_hold = true;
        for (job, found) in &jobs {
            bar.set_prefix(format!("{} {}", job.f, job.whats[0].name()));
            let saves = self.stride == 1;
            let save = |found: &[Tally]| if saves { job.store(found) } else { Ok(()) };
            let unchanged = if saves && !self.fresh && found[0].inputs == 0 { job.load_unchanged(&bar)? } else { None };
            let found = match unchanged {
                Some(found) => found,
                None => job.over_all(found.clone(), &job.measure, &bar, save)?,
            };
            for (&what, found) in job.whats.iter().zip(&found) {
                all_hold &= what.holds(job.f, found);
                bar.suspend(|| println!("{}", job.report(what, found)));
            }
        }
        bar.finish_and_clear();
        Ok(all_hold)
    }
}

/// Of both parts, the first ones first.
fn merged(first: Vec<Tally>, second: Vec<Tally>) -> Vec<Tally> {
    first.into_iter().zip(second).map(|(first, second)| first.merge(second)).collect()
}

/// For all that is left to do, on stderr; nothing where that is no terminal.
fn progress_bar(jobs: &[(Job, Vec<Tally>)]) -> ProgressBar {
    let left = jobs.iter().map(|(job, found)| job.inputs - found[0].inputs).sum();
    let bar = ProgressBar::new(left);
    let style =
        ProgressStyle::with_template("{prefix:28} [{bar:40}] {percent}% {eta} left").expect("the template is valid");
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
