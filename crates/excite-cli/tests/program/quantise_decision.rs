//! The setting that `quantise` recommends: within its budget with few bits, written down, and what it says where another runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::models::{fixture, model, npy};
use crate::{Place, Ran};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

/// The basic-pitch network on four chords.
fn nmp<'a>(files: &'a [String; 2], more: &[&'a str]) -> Vec<&'a str> {
    [&["quantise", &files[0], "--input", &files[1]], more].concat()
}

fn files() -> [String; 2] {
    [fixture("nmp.onnx"), fixture("nmp.chords.npz")]
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::INFINITY)
}

#[test]
fn the_budget_is_kept_with_the_fewest_bits() {
    let (place, files) = (Place::new(), files());
    let mean_bits = |budget: &str| {
        let ran = place.run(&nmp(&files, &["--bits", "4..12", "--budget", budget, "--json", "--samples", "2"]));
        assert_eq!(ran.code, Some(0), "{budget}: {}", ran.err);
        let result = json(&ran);
        let recommended = &result["recommended"];
        let wanted: f64 = budget.trim_start_matches("snr=").parse().unwrap();
        assert!(number(&recommended["signal_to_noise"]) >= wanted, "{budget}: {recommended}");
        let layers = recommended["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 6);
        let bits: Vec<f64> = layers.iter().map(|layer| number(&layer["bits"])).collect();
        let mean = bits.iter().sum::<f64>() / 6.0;
        assert!((number(&recommended["mean_bits"]) - mean).abs() < 1e-9);
        mean
    };
    let all = ["snr=15", "snr=25", "snr=35"].map(mean_bits);
    assert!(all[0] < all[1] && all[1] < all[2] && all[2] < 12.0, "{all:?}");
}

#[test]
fn a_budget_that_cannot_be_kept_is_said_with_the_nearest() {
    let (place, files) = (Place::new(), files());
    let asked = ["--bits", "4,5", "--budget", "snr=60dB", "--samples", "1"];
    let ran = place.run(&nmp(&files, &asked));
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for words in ["within snr=60dB", "the nearest, 5 bits", "larger --budget"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert!(ran.out.starts_with("Costly: 5 bits"), "{}", ran.out);
    // Three axes are no classes.
    let ran = place.run(&nmp(&files, &["--budget", "top1=1%", "--samples", "1"]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("no output of the model has classes") && ran.err.contains("snr=25dB"), "{}", ran.err);
}

#[test]
fn layers_are_ranked_by_the_outputs() {
    let (place, files) = (Place::new(), files());
    let result = json(&place.run(&nmp(&files, &["--json", "--samples", "2"])));
    let sensitivity = result["sensitivity"].as_array().unwrap();
    let figures = |name: &str| sensitivity.iter().map(|one| number(&one[name])).collect::<Vec<f64>>();
    let (alone, shares) = (figures("alone"), figures("share"));
    assert!(alone.is_sorted() && shares.iter().rev().is_sorted(), "{alone:?} {shares:?}");
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    // With one layer fewer the outputs keep no less, but for chance.
    let all = number(&result["recommended"]["signal_to_noise"]);
    assert!(figures("all_others").iter().all(|others| *others > all - 1.0), "{sensitivity:?}");
    let text = place.run(&nmp(&files, &["--samples", "2"])).out;
    let table = text.split("cost the outputs most first").nth(1).unwrap();
    let place_of = |name: &str| table.find(name.rsplit('/').next().unwrap()).unwrap_or(usize::MAX);
    let names: Vec<&str> = sensitivity.iter().filter_map(|one| one["layer"].as_str()).collect();
    assert!(place_of(names[0]) < place_of(names[5]), "{names:?} in {text}");
}

#[test]
fn a_sigmoid_keeps_its_range_unless_asked_otherwise() {
    let place = Place::new();
    place.file("sigmoid.onnx", model(4, &[("Sigmoid", &["x"], "y")]));
    // A sigmoid of at most −1 gives at most 0.27.
    place.file("data.npy", npy(&[50, 4], &(0..200).map(|i| -1.0 - i as f32 / 100.0).collect::<Vec<_>>()));
    let high = |more: &[&str]| {
        let ran = place.run(&[&["quantise", "sigmoid.onnx", "--input", "data.npy", "--json"], more].concat());
        let result = json(&ran);
        (number(&result["recommended"]["layers"][0]["high"]), result["layers"][0]["bounds"].clone())
    };
    assert_eq!(high(&["--bits", "8"]), (255.0 / 256.0, serde_json::json!([0.0, 1.0])));
    assert_eq!(high(&["--bits", "8", "--power-of-two"]).0, 255.0 / 256.0);
    let (by_data, bounds) = high(&["--bits", "8", "--calibrate-bounded"]);
    assert!(by_data < 0.3 && bounds.is_null(), "{by_data}");
}

#[test]
fn formats_are_written_and_read_back() {
    let (place, files) = (Place::new(), files());
    let written = ["--write-formats", "f.toml", "--csv", "t.csv", "--write-overrides", "o.json"];
    let asked = [&["--bits", "6,9", "--budget", "snr=30", "--samples", "2", "--json"], &written[..]].concat();
    let first = place.run(&nmp(&files, &asked));
    assert_eq!(first.err, "wrote f.toml\nwrote o.json\nwrote t.csv\n");
    let first = json(&first);
    let again = json(&place.run(&nmp(&files, &["--formats", "f.toml", "--samples", "2", "--json"])));
    assert_eq!(again["recommended"]["outputs"], first["recommended"]["outputs"]);
    assert!(again["recommended"]["layers"].as_array().unwrap().iter().all(|layer| layer["by"] == "given"));
    let table = place.read("t.csv");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 7 && lines[0].starts_with("layer,tensor,function,bits"), "{table}");
    assert!(lines.iter().all(|line| line.split(',').count() == lines[0].split(',').count()), "{table}");
    let overrides: Value = serde_json::from_str(&place.read("o.json")).unwrap();
    for layer in first["recommended"]["layers"].as_array().unwrap() {
        let one = &overrides[layer["tensor"].as_str().unwrap()][0];
        let wide = layer["bits"] == 9;
        assert_eq!(one["quant_type"], if wide { "QUInt16" } else { "QUInt8" }, "{layer}");
        assert_eq!((&one["zero_point"], number(&one["scale"])), (&layer["zero_point"], number(&layer["scale"])));
    }
}

#[test]
fn the_formats_of_a_converter_stand_beside_the_best() {
    let place = Place::new();
    for name in ["qdq", "qoperator"] {
        let (model, data) = (fixture(&format!("quantised/{name}.onnx")), fixture("quantised/x.npz"));
        let result = json(&place.run(&["quantise", &model, "--input", &data, "--json"]));
        assert!(
            result["recommended"].is_null() && result["headline"].as_str().unwrap().starts_with("Quantised already")
        );
        let converted: Vec<&Value> =
            result["layers"].as_array().unwrap().iter().map(|layer| &layer["converted"]).collect();
        assert_eq!(converted.len(), 4);
        for one in converted {
            let (own, best) = (number(&one["fit"]["signal_to_noise"]), number(&one["best"]["signal_to_noise"]));
            assert!(one["bits"] == 8 && own > 40.0 && best > own - 0.1, "{name}: {one}");
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-tasks/tests/models");
    place.file("small.tflite", std::fs::read(format!("{folder}/small.tflite")).unwrap());
    let ran = place.run(&["quantise", "small.tflite"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("relu6") && ran.out.contains("probability") && ran.out.starts_with("Look at 1"),
        "{}",
        ran.out
    );
    assert_eq!(json(&place.run(&["quantise", "small.tflite", "--json"]))["layers"][1]["scale"], 1.0 / 256.0);
    let refused = place.run(&["quantise", "small.tflite", "--html", "r.html"]);
    assert!(refused.code == Some(2) && refused.err.contains("does not run"), "{}", refused.err);
    place.file("cut.tflite", b"\0\0\0\0TFL3");
    let refused = place.run(&["quantise", "cut.tflite"]);
    assert!(refused.code == Some(3) && refused.err.contains("cut.tflite"), "{}", refused.err);
}

#[test]
fn power_of_two_takes_q_formats_alone() {
    let (place, files) = (Place::new(), files());
    let result = json(&place.run(&nmp(&files, &["--power-of-two", "--samples", "2", "--json"])));
    for layer in result["recommended"]["layers"].as_array().unwrap() {
        assert!(layer["format"].as_str().is_some_and(|format| format.starts_with(['Q', 'U'])), "{layer}");
        assert_eq!(number(&layer["scale"]).log2().fract(), 0.0);
    }
}

/// Python with onnxruntime and NumPy, from the environment of `cargo xtask conformance`.
fn python() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/conformance/venv/bin/python");
    let has = Command::new(&path).args(["-c", "import onnxruntime, numpy"]).output();
    has.is_ok_and(|ran| ran.status.success()).then_some(path)
}

/// Prints the signal-to-noise ratio of the outputs of one model beside those of another, the worst of all, with ONNX Runtime's default
/// optimisation; all samples one at a time.
const RATIO: &str = "
import sys, numpy as np, onnxruntime
plain, quantised, data = sys.argv[1:]
given = np.load(data)
def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
a, b = session(plain), session(quantised)
names = [one.name for one in a.get_inputs()]
inputs = [given] if isinstance(given, np.ndarray) else [given[names[0]]]
signal, noise = {}, {}
for x in inputs[0]:
    run = {names[0]: x[None]}
    for index, (y, z) in enumerate(zip(a.run(None, run), b.run(None, run))):
        y, z = y.astype(np.float64), z.astype(np.float64)
        signal[index] = signal.get(index, 0) + (y * y).sum()
        noise[index] = noise.get(index, 0) + ((y - z) ** 2).sum()
print(min(10 * np.log10(signal[i] / noise[i]) for i in signal))
";

#[test]
fn onnxruntime_computes_what_was_simulated() {
    let Some(python) = python() else {
        println!("NOT RUN: no Python with onnxruntime in target/conformance");
        return;
    };
    let (place, files) = (Place::new(), files());
    let run = |name: &str, model: &str, data: &str, more: &[&str]| {
        let quantise =
            [&["quantise", model, "--input", data, "--json", "--write-model", name, "--no-sensitivity"], more].concat();
        let ran = place.run(&quantise);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        let printed = number(&json(&ran)["recommended"]["signal_to_noise"]);
        let ran =
            Command::new(&python).args(["-c", RATIO, model, name, data]).current_dir(place.path()).output().unwrap();
        let text = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
        let found: f64 = text.parse().unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&ran.stderr)));
        assert!((found - printed).abs() < 0.3, "{name}: {found} dB, and {printed} were printed");
    };
    run("eight.onnx", &files[0], &files[1], &["--bits", "8"]);
    run("six.onnx", &files[0], &files[1], &["--bits", "6"]);
    run("wide.onnx", &files[0], &files[1], &["--bits", "12"]);
    run("format.onnx", &files[0], &files[1], &["--bits", "8", "--power-of-two"]);
    run("weights.onnx", &files[0], &files[1], &["--bits", "8", "--weights", "8"]);
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "r"), ("Tanh", &["r"], "y")]));
    place.file("data.npy", npy(&[50, 4], &(0..200).map(|i| (i % 37) as f32 / 9.0 - 2.0).collect::<Vec<_>>()));
    run("tanh.onnx", "relu.onnx", "data.npy", &["--bits", "8"]);
    let ran = place.run(&[
        "compare",
        "--epochs",
        "3",
        "--seeds",
        "1",
        "--lr",
        "0.03",
        "--hidden",
        "12",
        "--activations",
        "relu6,gelu",
        "--save-networks",
        "nets",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let digits: Vec<f32> = (0..640).map(|i| (i * 7919 % 1009) as f32 / 250.0 - 2.0).collect();
    place.file("rows.npy", npy(&[10, 1, 8, 8], &digits));
    for network in ["relu6", "gelu"] {
        run(&format!("{network}.onnx"), &format!("nets/{network}-seed1.onnx"), "rows.npy", &["--bits", "8"]);
    }
}
