//! Prints what vitals cost in ns per value, on one thread: `cargo run --release -p excite-vitals --example vitals_cost [NAME...]`.
#![allow(clippy::print_stdout, reason = "a program that prints its measurement")]

use std::hint::black_box;
use std::time::Instant;

use excite::{Engine, Function, Threads};
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Histogram;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let named = std::env::args().skip(1).map(|name| name.parse()).collect::<Result<Vec<Function>, _>>()?;
    let functions = if named.is_empty() { Function::ALL.to_vec() } else { named };
    let engine = Engine::default().with_threads(Threads::One);
    println!(
        "[samples, units, positions]: all vitals; of that the slopes of the function; a histogram of all values, alone"
    );
    for (units, samples, positions) in
        [(64, 32, 1), (64, 128, 1), (10, 128, 1), (512, 128, 1), (16, 64, 196), (32, 64, 49), (64, 1, 3136)]
    {
        for f in &functions {
            let count = units * samples * positions;
            let z: Vec<f32> = (0..count).map(|i| ((i * 7919) % 10007) as f32 / 1000.0 - 5.0).collect();
            let mut a = vec![0.0; count];
            f.forward(&z, &mut a)?;
            let mut vitals = LayerVitals::new("layer", *f, units);
            let all = best_of(50, || vitals.update_channels(black_box(&z), black_box(&a), positions).is_ok());
            let (ones, mut slopes) = (vec![1.0; count], vec![0.0; count]);
            let slopes = best_of(50, || engine.backward(f, black_box(&a), &ones, black_box(&mut slopes)).is_ok());
            let mut histogram = Histogram::new();
            let tallied = best_of(5, || histogram.update(black_box(&z)));
            let [all, slopes, tallied] = [all, slopes, tallied].map(|seconds| seconds * 1e9 / count as f64);
            println!("{f:8} [{samples}, {units}, {positions}]: {all:.2}; {slopes:.2}; {tallied:.2}");
        }
    }
    Ok(())
}

/// The least seconds that `work` took.
fn best_of<R>(times: usize, mut work: impl FnMut() -> R) -> f64 {
    let once = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    };
    (0..times).map(once).fold(f64::INFINITY, f64::min)
}
