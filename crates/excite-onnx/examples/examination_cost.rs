//! Prints how long an examination takes beside a plain run of the model:
//! `cargo run --release -p excite-onnx --example examination_cost -- model.onnx input...`. Both take turns, five times; the medians count.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, Pictures};
use excite_onnx::{Error, Examination, InputSet, Model};

/// Samples that go through the model at once, as in `excite check`.
const BATCH: usize = 8;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let model = Model::open(paths.next().ok_or("name a model and its inputs")?)?;
    let options = InputOptions { pictures: Pictures::imagenet(), ..InputOptions::default() };
    let mut runs = Vec::new();
    for loaded in Inputs::find(&paths.collect::<Vec<_>>(), options)?.load(&model) {
        match loaded? {
            Loaded::InputSet(run) => runs.extend(model.split(run, BATCH)),
            Loaded::Skipped { file, why } => println!("left out {}: {why}", file.display()),
        }
    }
    let (mut plain, mut examined) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(timed(&runs, |run| model.plain_run(run))?);
        let mut examination = Examination::new(&model);
        examined.push(timed(&runs, |run| examination.run(run))?);
    }
    let (plain, examined) = (median(plain), median(examined));
    let ratio = examined.as_secs_f64() / plain.as_secs_f64();
    println!("{} runs: plain {plain:.2?}, examined {examined:.2?}, {ratio:.2} times as long", runs.len());
    Ok(())
}

fn timed(runs: &[InputSet], mut work: impl FnMut(&InputSet) -> Result<(), Error>) -> Result<Duration, Error> {
    let start = Instant::now();
    runs.iter().try_for_each(&mut work)?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
