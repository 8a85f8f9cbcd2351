//! Prints the activations of a model and, with inputs, how often each is at or under 0, with the time of plain and of examined runs:
//! `cargo run --release -p excite-onnx --example look -- model.onnx [input...]`. `--plain` and `--examined` do one of the two alone, so
//! that the peaks of memory can be compared (`/usr/bin/time -v`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, Pictures, random};
use excite_onnx::{InputSet, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, paths): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let flag = |name: &str| flags.iter().any(|flag| flag == name);
    let (model, inputs) = paths.split_first().ok_or("name a model")?;
    let model = Model::open(model)?;
    let options = InputOptions { pictures: Pictures::imagenet(), ..InputOptions::default() };
    let runs = if inputs.is_empty() {
        println!("no inputs: random ones, which say next to nothing of the model");
        random(&model, 4, 1, &options)?
    } else {
        let mut runs = Vec::new();
        for loaded in Inputs::find(&inputs.iter().map(PathBuf::from).collect::<Vec<_>>(), options)?.load(&model) {
            match loaded? {
                Loaded::InputSet(run) => runs.extend(model.split(run, 4)),
                Loaded::Skipped { file, why } => println!("left out {}: {why}", file.display()),
            }
        }
        runs
    };
    let (mut plain, mut examined) = (Duration::ZERO, Duration::ZERO);
    let mut counts = vec![(0_usize, 0_usize, 0.0_f64); model.sites().len()];
    for run in &runs {
        if !flag("--examined") {
            plain += timed(|| model.plain_run(run))?;
        }
        if !flag("--plain") {
            examined += timed(|| examine(&model, run, &mut counts))?;
        }
    }
    for (site, (values, under, worst)) in model.sites().iter().zip(counts) {
        let share = under as f64 / values.max(1) as f64;
        println!(
            "{} {} {:?} {:?} layer {} values {values} under 0 {share:.4} off by {worst:.1e}",
            site.name,
            site.function,
            site.role,
            site.unit_axis,
            site.layer.as_ref().map_or("-", |layer| &layer.op)
        );
    }
    for unseen in model.unseen() {
        println!("not seen: {} ({}): {}", unseen.name, unseen.op, unseen.why);
    }
    println!("{} runs, plain {plain:.2?}, examined {examined:.2?}", runs.len());
    Ok(())
}

fn timed(run: impl FnOnce() -> Result<(), excite_onnx::Error>) -> Result<Duration, excite_onnx::Error> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed())
}

/// Counts, and the largest difference from what `excite` computes for the function.
fn examine(model: &Model, run: &InputSet, counts: &mut [(usize, usize, f64)]) -> Result<(), excite_onnx::Error> {
    model.observe(run, |seen| {
        let (values, under, worst) = &mut counts[seen.index];
        *values += seen.z.len();
        *under += seen.z.iter().filter(|&&z| z <= 0.0).count();
        if let Some(function) = seen.site.function.each().filter(|_| seen.site.unit_functions.is_empty()) {
            let off = seen.z.iter().zip(seen.a).step_by(97).map(|(&z, &a)| f64::from((function.value(z) - a).abs()));
            *worst = off.fold(*worst, f64::max);
        }
    })
}
