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

/// Measures the errors of functions: of the value and the slope over all 2^32 f32 inputs, if nothing else is asked for.
///
/// Can be stopped at any time: the next run goes on from there. A run that has come to its end is not repeated unless the code
/// has changed.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Verify {
    /// The functions, by name; all of them where none is named
    functions: Vec<Function>,
    /// Take every Nth f32 input only. Such runs are not saved
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    stride: u64,
    /// Measure the values of an engine with `Accuracy::Exact`: none may be misrounded
    #[arg(long, conflicts_with = "f64")]
    exact: bool,
    /// Measure f64 instead of f32, at inputs that reach everywhere
    #[arg(long)]
    f64: bool,
    /// The number of f64 inputs for each value and each slope
    #[arg(long, default_value_t = 500_000, value_name = "N", requires = "f64")]
    samples: u64,
    /// Forget what earlier runs have found
    #[arg(long)]
    fresh: bool,
    /// Write docs/accuracy.md from what earlier runs have found
    #[arg(long, conflicts_with_all = ["stride", "exact", "f64", "fresh", "functions"])]
    table: bool,
}

/// What is measured of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    F32(Side),
    ExactF32,
    F64(Side),
}

impl What {
    /// What it is called, on the screen and in the names of files.
    fn name(self) -> &'static str {
        match self {
            Self::F32(Side::Value) => "f32 value",
            Self::F32(Side::Slope) => "f32 slope",
            Self::ExactF32 => "exact f32 value",
            Self::F64(Side::Value) => "f64 value",
            Self::F64(Side::Slope) => "f64 slope",
        }
    }

    /// What measures it.
    fn command(self) -> &'static str {
        match self {
            Self::F32(_) => "cargo xtask verify",
            Self::ExactF32 => "cargo xtask verify --exact",
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
            Self::F64(Side::Value) => stated.f64,
            Self::F64(Side::Slope) => stated.slope_f64,
        }
    }

    /// Whether what was found is what the function promises.
    fn holds(self, f: Function, found: &Tally) -> bool {
        found.worst <= self.bound(f) && (self != Self::ExactF32 || found.misrounded == 0)
    }
}

/// One measurement of one function.
struct Job {
    f: Function,
    what: What,
    inputs: u64,
    measure: Box<dyn Fn(u64, u64) -> Tally>,
}

impl Job {
    fn new(f: Function, what: What, stride: u64, samples: u64) -> Self {
        let sweep = |side: Side, accuracy| {
            let sweep = Sweep { f, side, engine: engine(accuracy), domain: side.domain::<f32>(f), stride };
            Self {
                f,
                what,
                inputs: sweep.inputs(),
                measure: Box::new(move |first, count| sweep.measure::<f32>(first, count)),
            }
        };
        match what {
            What::F32(side) => sweep(side, Accuracy::Stated),
            What::ExactF32 => sweep(Side::Value, Accuracy::Exact),
            What::F64(side) => {
                let sampled = Samples::new(f, side);
                Self { f, what, inputs: samples, measure: Box::new(move |first, count| sampled.measure(first, count)) }
            }
        }
    }

    /// Measures what `found` lacks, and hands on now and then what is found so far.
    fn finish(
        &self,
        mut found: Tally,
        bar: &ProgressBar,
        mut save: impl FnMut(Tally) -> io::Result<()>,
    ) -> io::Result<Tally> {
        /// What a stop may lose.
        const BETWEEN_SAVES: Duration = Duration::from_secs(4);
        /// Inputs are measured in pieces that take about this long.
        const PIECE: Duration = Duration::from_millis(500);
        let mut piece = 1 << 12;
        let mut saved = Instant::now();
        while found.inputs < self.inputs {
            let start = Instant::now();
            let count = (self.inputs - found.inputs).min(piece);
            found = found.merge((self.measure)(found.inputs, count));
            bar.inc(count);
            if start.elapsed() < PIECE / 2 {
                piece *= 2;
            }
            if saved.elapsed() > BETWEEN_SAVES || found.inputs == self.inputs {
                save(found)?;
                saved = Instant::now();
            }
        }
        Ok(found)
    }

    /// What was found, in a line.
    fn report(&self, found: &Tally) -> String {
        let Tally { inputs, worst, worst_at, misrounded, decided } = *found;
        let (f, what, bound) = (self.f, self.what.name(), self.what.bound(self.f));
        let verdict = if self.what.holds(self.f, found) { "holds" } else { "IS BROKEN" };
        format!(
            "{f}, {what}: {inputs} inputs, worst error {worst:.6} ULP at {worst_at:e}, {misrounded} not correctly rounded; \
             stated bound {bound} ULP {verdict} ({decided} results judged with many digits)"
        )
    }
}

impl Verify {
    /// Prints the worst error of each function; fails if a stated bound is broken.
    pub fn run(&self) -> ExitCode {
        let done = if self.table { table::write().map(|()| true) } else { self.measure() };
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
        let whats: &[What] = if self.exact {
            &[What::ExactF32]
        } else if self.f64 {
            &[What::F64(Side::Value), What::F64(Side::Slope)]
        } else {
            &[What::F32(Side::Value), What::F32(Side::Slope)]
        };
        let jobs: Vec<(Job, File, Tally)> = functions
            .iter()
            .flat_map(|&f| whats.iter().map(move |&what| (f, what)))
            .map(|(f, what)| {
                let (job, file) = (Job::new(f, what, self.stride, self.samples), File::new(f, what.name()));
                let found = if self.fresh || self.stride > 1 { Tally::NONE } else { file.load(job.inputs) };
                (job, file, found)
            })
            .collect();
        let bar = progress_bar(&jobs);
        let mut all_hold = true;
        for (job, file, found) in &jobs {
            bar.set_prefix(format!("{} {}", job.f, job.what.name()));
            let save = |found| if self.stride > 1 { Ok(()) } else { file.store(job.inputs, found) };
            let found = job.finish(*found, &bar, save)?;
            all_hold &= job.what.holds(job.f, &found);
            bar.suspend(|| println!("{}", job.report(&found)));
        }
        bar.finish_and_clear();
        Ok(all_hold)
    }
}

/// For all that is left to do, on stderr; nothing where that is no terminal.
fn progress_bar(jobs: &[(Job, File, Tally)]) -> ProgressBar {
    let left = jobs.iter().map(|(job, _, found)| job.inputs - found.inputs).sum();
    let bar = ProgressBar::new(left);
    let style =
        ProgressStyle::with_template("{prefix:28} [{bar:40}] {percent}% {eta} left").expect("the template is valid");
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
