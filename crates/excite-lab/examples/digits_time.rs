//! Where the time of the default comparison goes.
//!
//! `cargo run --release -p excite-lab --example digits_time [JOBS]`

use std::time::Instant;

use excite_lab::data::{Dataset, Options};
use excite_lab::{Journal, LabError, Local, Plan, Unwatched, compare};

fn main() -> Result<(), LabError> {
    let jobs = std::env::args().nth(1).and_then(|jobs| jobs.parse().ok());
    let local = Local { jobs: jobs.unwrap_or(Local::default().jobs), ..Local::default() };
    let digits = Dataset::digits(&Options::default());
    let start = Instant::now();
    let comparison = compare(&digits, &Plan::default(), &mut Journal::in_memory(), &local, &Unwatched)?;
    println!(
        "{:.1} s with {} jobs; target error {}",
        start.elapsed().as_secs_f64(),
        local.jobs,
        comparison.target_error
    );
    println!("{}", comparison.headline);
    for result in &comparison.activations {
        println!(
            "{:8} rate {:6} epochs to target {:?}\n         test error {:?}, {:.2} ms an epoch, activation {:.1} %, vitals {:.1} %",
            result.name.name(),
            result.learning_rate,
            result.epochs_to_target,
            result.test_error,
            1e3 * result.seconds_per_epoch,
            100.0 * result.activation_share,
            100.0 * result.vitals_share
        );
        for point in &result.sweep {
            println!("         {point:?}");
        }
    }
    Ok(())
}
