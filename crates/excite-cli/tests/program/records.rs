//! What --json prints is read back by the types that wrote it. That it fits the schemas in docs/schemas is tested in python/tests.

use excite_lab::record::comparison::Comparison;
use excite_tasks::quantisation::Quantisation;
use excite_tasks::{CheckRecord, CodeComparison, LabRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Place;
use crate::models::fixture;

/// Runs a command, reads its JSON into a record, and compares what the record is written as.
fn check<Record: Serialize + DeserializeOwned>(place: &Place, arguments: &[&str]) {
    let ran = place.run(&[arguments, &["--json"]].concat());
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    let record: Record = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    assert_eq!(serde_json::to_string_pretty(&record).unwrap() + "\n", ran.out, "{arguments:?}");
}

#[test]
fn every_record_reads_back_as_it_was_printed() {
    let place = Place::new();
    let (model, data) = (fixture("nmp.onnx"), fixture("nmp.chords.npz"));
    let input = ["--input", &data];
    check::<CheckRecord>(
        &place,
        &[&["check", &model, "--vitals", "a.vitals", "--fail-on", "never"], &input[..]].concat(),
    );
    check::<CheckRecord>(&place, &["merge", "a.vitals", "a.vitals", "--fail-on", "never"]);
    check::<Quantisation>(&place, &[&["quantise", &model], &input[..]].concat());
    let scales = ["--input-scale", "0.05", "--output-scale", "0.03"];
    check::<CodeComparison>(
        &place,
        &[&["quantise", "--diff", "tflite,onnx", "--function", "hard_swish"], &scales[..]].concat(),
    );
    // A rate at which it diverges, whose losses are null.
    for rate in ["0.1", "1e9"] {
        let plan = ["--epochs", "2", "--seeds", "2", "--hidden", "8", "--activations", "relu,tanh", "--out", rate];
        check::<Comparison>(&place, &[&["compare", "--lr", rate], &plan[..]].concat());
    }
    // The largest output of ReLU is infinite, and null.
    check::<LabRecord>(&place, &["lab", "sigmoid-squashes", "--function", "relu,tanh", "--quick"]);
    check::<LabRecord>(&place, &["lab", "zig-zag", "--quick", "--seeds", "1"]);
}
