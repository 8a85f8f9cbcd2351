//! Measures excite beside other libraries and writes `docs/performance.md`: `cargo run --release`.

mod accuracy;
mod document;
mod figure;
mod jobs;
mod measure;
mod peers;
mod results;
mod verdict;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use document::Libraries;
use jobs::{Bench, Job};
use peers::{Compiled, PYTHON, Python};
use results::Results;

/// Measures excite beside other libraries, and writes docs/performance.md.
///
/// Sets up what it needs in target/: loops over C libraries (gcc, and Debian's libsleef-dev where it is installed) and a virtual
/// environment of Python libraries, PyTorch among them, which is several GB. What cannot be set up is named as not measured. A
/// run can be stopped, and the next goes on from there.
#[derive(Parser)]
struct Arguments {
    /// A trial of some minutes: few samples, smaller arrays. Writes target/performance.md
    #[arg(long)]
    quick: bool,
    /// Forget what a stopped run has measured
    #[arg(long)]
    fresh: bool,
    /// Measure only rows whose key, as `Forward/4096/tanh`, contains the text, print nanoseconds an element, and write nothing
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Leave out a Python library: onnxruntime, litert, torch, jax, numpy, scipy or mkl. May be given several times
    #[arg(long, value_name = "LIBRARY", value_parser = PYTHON.iter().map(|(key, ..)| *key).collect::<Vec<_>>())]
    without: Vec<String>,
}

fn main() -> ExitCode {
    // candle and tract would share out their work: all are measured on one thread.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool was built before");
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/peers");
    fs::create_dir_all(&folder)?;
    let (compiled, pythons, libraries) = set_up(&folder, &arguments.without);
    let mut jobs = jobs::all(arguments.quick);
    let mut bench = Bench::new(compiled, pythons, &folder, arguments.quick);
    if let Some(text) = &arguments.only {
        jobs.retain(|job| job.key().contains(text));
        for job in &jobs {
            let cells = bench.run(job)?;
            let cells: Vec<String> = cells.iter().map(|(name, figure)| format!("{name} {figure:.3}")).collect();
            println!("{}: {}", job.key(), cells.join(", "));
        }
        return Ok(());
    }
    let which = format!("{:?} {}", libraries.measured, arguments.quick);
    let mut results = Results::load(folder.join("results.json"), &which)?;
    if arguments.fresh {
        results.forget()?;
    }
    measure(&jobs, &mut bench, &mut results)?;
    let text = document::write(&results, &jobs, jobs::sizes(arguments.quick), &libraries, arguments.quick);
    let file = if arguments.quick { root.join("target/performance.md") } else { root.join("../docs/performance.md") };
    fs::write(&file, text)?;
    fs::write(file.with_extension("svg"), document::figure(&results, jobs::sizes(arguments.quick)))?;
    println!("wrote {}", fs::canonicalize(file)?.display());
    // The next run measures all anew.
    results.forget()
}

/// All libraries that can be had here, each announced.
fn set_up(folder: &Path, without: &[String]) -> (Vec<Compiled>, Vec<Python>, Libraries) {
    let mut libraries = Libraries {
        measured: peers::crates().map(|(name, version)| format!("{name} {version}")).collect(),
        missing: Vec::new(),
    };
    let mut compiled = Vec::new();
    for library in peers::compile(folder) {
        match library {
            Ok(library) => {
                libraries.measured.push(format!("{} {}", library.name, library.version));
                compiled.push(library);
            }
            Err((name, reason)) => libraries.missing.push(format!("{name} ({reason})")),
        }
    }
    let mut pythons = Vec::new();
    for (key, name, _) in PYTHON {
        if without.iter().any(|without| without == key) {
            libraries.missing.push(format!("{name} (left out)"));
            continue;
        }
        eprintln!("starting {name}; it is installed first where it is missing");
        match Python::start(key, folder) {
            Ok(python) => {
                libraries.measured.push(format!("{name} {}", python.version));
                pythons.push(python);
            }
            Err(reason) => libraries.missing.push(format!("{name} ({reason})")),
        }
    }
    for missing in &libraries.missing {
        eprintln!("not measured: {missing}");
    }
    (compiled, pythons, libraries)
}

/// Measures what was not measured yet.
fn measure(jobs: &[Job], bench: &mut Bench, results: &mut Results) -> io::Result<()> {
    let left: Vec<&Job> = jobs.iter().filter(|job| !results.has(&job.key())).collect();
    let bar = ProgressBar::new(left.len() as u64);
    let style = ProgressStyle::with_template("{msg:44} [{bar:30}] {pos} of {len}, {elapsed}, {eta} left");
    bar.set_style(style.expect("the template is valid"));
    bar.enable_steady_tick(Duration::from_millis(500));
    for job in left {
        bar.set_message(job.key());
        let cells = bench.run(job)?;
        results.keep(job.key(), cells)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}
