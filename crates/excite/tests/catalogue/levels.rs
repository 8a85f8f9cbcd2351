//! Which instruction sets the tests of this program run on.

use std::io::Write;

use excite::{Engine, Level};

/// What is not run is said, past the test harness, which hides what passing tests print.
#[test]
fn levels_that_this_machine_lacks_are_named() {
    let (run, not_run): (Vec<Level>, Vec<Level>) = Level::ALL.iter().partition(|level| level.is_available());
    for level in &not_run {
        writeln!(std::io::stderr(), "\nNOT RUN: instruction set {level}, which this machine lacks").unwrap();
    }
    assert_eq!(run, Level::available());
    assert_eq!(run.len() + not_run.len(), Level::ALL.len());
    assert!(run.contains(&Level::Baseline));
    assert_eq!(Engine::default().level(), run[0]);
}
