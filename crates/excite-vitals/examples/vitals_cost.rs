//! Prints what vitals cost in ns per value: `cargo run --release -p excite-vitals --example vitals_cost`.
#![allow(clippy::print_stdout, reason = "a program that prints its measurement")]

use std::hint::black_box;
use std::time::Instant;

use excite::Function;
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Histogram;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (units, samples, positions) in
        [(64, 32, 1), (64, 128, 1), (10, 128, 1), (512, 128, 1), (16, 64, 196), (32, 64, 49)]
    {
        for f in Function::ALL {
            let count = units * samples * positions;
            let z: Vec<f32> = (0..count).map(|i| ((i * 7919) % 10007) as f32 / 1000.0 - 5.0).collect();
            let mut a = vec![0.0; count];
            f.forward(&z, &mut a)?;
            let mut vitals = LayerVitals::new("layer", *f, units);
            let best = best_of(50, || vitals.update_channels(black_box(&z), black_box(&a), positions).is_ok());
            let mut histogram = Histogram::new();
            let tallied = best_of(50, || histogram.update(black_box(&z)));
            println!(
                "{f:8} [{samples}, {units}, {positions}]: {:.2} ns a value; a histogram of them all alone {:.2}",
                best * 1e9 / count as f64,
                tallied * 1e9 / count as f64
            );
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
