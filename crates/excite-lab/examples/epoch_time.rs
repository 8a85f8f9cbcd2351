//! Prints the milliseconds that an epoch of training takes, the median over epochs:
//! `cargo run --release -p excite-lab --example epoch_time -- mlp|conv [DATA]`. DATA is what `excite compare --data` takes; the handwritten
//! digits without it. `bench-peers/training.py` sets it beside PyTorch.

use std::path::Path;

use excite_lab::data::{Dataset, Options};
use excite_lab::{NetworkSpec, RunKey, Spec, Unwatched, train};

const EPOCHS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let network = match arguments.next().as_deref() {
        Some("mlp") => NetworkSpec::default(),
        Some("conv") => NetworkSpec::Conv,
        _ => return Err("name the network, mlp or conv, and the data if they are not the digits".into()),
    };
    let data = match arguments.next() {
        Some(path) => Dataset::open(Path::new(&path), &Options::default())?,
        None => Dataset::digits(&Options::default()),
    };
    let spec = Spec { network, ..Spec::default() };
    let mut times = Vec::new();
    for seed in 1..=EPOCHS as u64 {
        let key = RunKey { function: "relu".parse()?, learning_rate: 0.01, seed, epochs: 1, stop_at: None };
        let time = train(&data, &spec, key, &Unwatched)?.run.time;
        times.push(1e3 * (time.training - time.vitals));
    }
    times.sort_by(f64::total_cmp);
    println!("{} {} {:.3}", spec.describe(&data)?, data.train.len(), times[EPOCHS / 2]);
    Ok(())
}
