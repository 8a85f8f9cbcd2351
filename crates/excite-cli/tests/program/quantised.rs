//! One network in float32, as the tools of ONNX Runtime quantise it, and in float16 (made by tests/models/quantised/generate.py of excite-onnx), on
//! every engine that is there: the same units are found in all of them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::models::fixture;
use crate::{Place, Ran};

/// ONNX Runtime's library or its folder: where `ORT_DYLIB_PATH` says, or in the environment of `cargo xtask conformance`.
fn onnxruntime() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/conformance/venv/lib");
    let pythons = std::fs::read_dir(venv).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let installed = pythons.map(|python| python.join("site-packages/onnxruntime/capi")).find(|path| path.is_dir());
    let library = std::env::var_os("ORT_DYLIB_PATH").map(Into::into).or(installed);
    if library.is_none() {
        println!("ONNX Runtime: NOT RUN: its library was not found");
    }
    library
}

/// The arguments that choose each engine.
fn engines() -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let onnxruntime =
        onnxruntime().map(|path| words(&["--engine", "onnxruntime", "--onnxruntime", &path.to_string_lossy()]));
    std::iter::once(words(&["--engine", "embedded"])).chain(onnxruntime).collect()
}

/// The function, and the dead and the clipped units, of each layer.
fn found(result: &Value) -> Vec<(String, Value, Value)> {
    let layers = result["layers"].as_array().unwrap();
    let one = |layer: &Value| {
        let name = layer["function"].as_str().unwrap().split('(').next().unwrap().to_owned();
        (name, layer["dead"].clone(), layer["clipped"].clone())
    };
    layers.iter().map(one).collect()
}

#[test]
fn the_same_units_are_found_however_the_network_is_quantised_and_on_every_engine() {
    for engine in engines() {
        for name in ["float", "dynamic", "qdq", "qoperator", "float16"] {
            let (model, data) = (fixture(&format!("quantised/{name}.onnx")), fixture("quantised/x.npz"));
            let check = ["check", &model, "--input", &data, "--json"];
            let arguments: Vec<&str> = check.into_iter().chain(engine.iter().map(String::as_str)).collect();
            let ran = Place::new().run(&arguments);
            assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
            let result: Value = serde_json::from_str(&ran.out).unwrap();
            // Quantising clips at the largest number that calibration saw, which one unit reaches.
            let is_calibrated = matches!(name, "qdq" | "qoperator");
            let (relu, last) = if is_calibrated { ("relu_n", json!([4])) } else { ("relu", json!([])) };
            let expected = [
                (relu.to_owned(), json!([2]), json!([])),
                ("relu6".to_owned(), json!([3]), json!([3, 4])),
                (relu.to_owned(), json!([1, 2]), last),
                ("sigmoid".to_owned(), json!([]), json!([])),
            ];
            assert_eq!(found(&result), expected, "{name} on {engine:?}");
            assert_eq!((&result["not_seen"], &result["samples"]), (&json!([]), &json!(16)), "{name}");
            let headline = result["headline"].as_str().unwrap();
            assert!(headline.contains("4 of 19 hidden units stayed silent on 16 samples"), "{name}: {headline}");
            // A float16 model runs in float32 on the embedded engine, and the run says so.
            let says_precision = ran.err.contains("computed in float32");
            assert_eq!(says_precision, name == "float16" && engine[1] == "embedded", "{name}: {}", ran.err);
        }
    }
}

#[test]
fn a_model_runs_on_onnx_runtime_where_it_is_found_and_the_run_says_so() {
    let (model, data) = (fixture("quantised/float.onnx"), fixture("quantised/x.npz"));
    let (place, check) = (Place::new(), ["check", &model, "--input", &data]);
    let err = place.run(&check).err;
    assert!(!err.contains("Runs on"), "{err}");
    let Some(library) = onnxruntime() else { return };
    let ran = Ran::of(place.excite(&check).env("ORT_DYLIB_PATH", library).output().unwrap());
    assert!(ran.code == Some(0) && ran.err.contains("Runs on ONNX Runtime 1."), "{}", ran.err);
}
