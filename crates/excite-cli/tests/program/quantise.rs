//! `quantise` on models and data that are sound.

use std::process::Command;

use serde_json::Value;

use crate::models::{fixture, model, npy};
use crate::{Place, Ran};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

/// 500 samples of four numbers, from −6 to 9.
fn inputs() -> Vec<f32> {
    (0..2000_u32).map(|i| (i.wrapping_mul(i).wrapping_mul(2_654_435_761) >> 16) as f32 / 65536.0 * 15.0 - 6.0).collect()
}

/// A place with `relu.onnx`, which is the ReLU of its four inputs, and `data.npy`.
fn place() -> Place {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("data.npy", npy(&[500, 4], &inputs()));
    place
}

fn quantise(place: &Place, more: &[&str]) -> Ran {
    let ran = place.run(&[&["quantise", "relu.onnx", "--input", "data.npy"], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran
}

/// The signal-to-noise ratio of values that are rounded to steps, half to even.
fn ratio(values: &[f64], step: f64, largest: f64) -> f64 {
    let noise = |y: f64| y - ((y / step).round_ties_even() * step).min(largest);
    let (signal, noise) =
        values.iter().fold((0.0, 0.0), |(signal, sum), &y| (signal + y * y, sum + noise(y) * noise(y)));
    10.0 * (signal / noise).log10()
}

#[track_caller]
fn near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found - expected).abs() <= tolerance, "{found} for {expected}");
}

#[test]
fn the_figures_are_those_of_the_values() {
    let result = json(&quantise(&place(), &["--json", "--format", "UQ4.4,Q4.3"]));
    let layer = &result["layers"][0];
    assert_eq!((&layer["function"], &layer["values"]), (&"relu".into(), &2000.into()));
    let y: Vec<f64> = inputs().iter().map(|x| f64::from(x.max(0.0))).collect();
    let largest = y.iter().copied().fold(0.0, f64::max);
    near(&layer["largest"], largest, 0.0);
    near(&layer["zeros"], y.iter().filter(|&&y| y == 0.0).count() as f64 / 2000.0, 1e-12);
    let width = &layer["widths"][0];
    let methods: Vec<_> = width["proposals"].as_array().unwrap().iter().map(|one| &one["method"]).collect();
    assert_eq!(methods, ["min-max", "percentile", "mse", "kl", "aciq"]);
    let all = &width["proposals"][0];
    let step = f64::from((largest / 255.0) as f32);
    near(&all["scale"], step, 0.0);
    near(&all["affine"]["signal_to_noise"], ratio(&y, step, f64::INFINITY), 0.3);
    assert_eq!((&all["zero_point"], &all["fixed"]["format"]), (&0.into(), &"UQ4.4".into()));
    near(&all["fixed"]["fit"]["signal_to_noise"], ratio(&y, 1.0 / 16.0, f64::INFINITY), 0.3);
    let formats: Vec<_> = width["formats"].as_array().unwrap().iter().map(|one| &one["format"]).collect();
    assert_eq!(formats, ["UQ4.4", "Q4.3"]);
    near(&width["formats"][1]["fit"]["signal_to_noise"], ratio(&y, 1.0 / 8.0, f64::INFINITY), 0.3);
}

#[test]
fn a_cap_of_6_is_beside_what_there_is_without_it() {
    let place = place();
    let result = json(&quantise(&place, &["--json"]));
    let cap = &result["layers"][0]["widths"][0]["cap"];
    let y: Vec<f64> = inputs().iter().map(|x| f64::from(x.max(0.0))).collect();
    let capped: Vec<f64> = y.iter().map(|y| y.min(6.0)).collect();
    near(&cap["above"], y.iter().filter(|&&y| y > 6.0).count() as f64 / 2000.0, 2e-3);
    for (which, format, step) in [("with", "UQ3.5", 1.0 / 32.0), ("with_signed", "Q3.4", 1.0 / 16.0)] {
        assert_eq!(cap[which]["format"], format);
        near(&cap[which]["fit"]["signal_to_noise"], ratio(&capped, step, f64::INFINITY), 0.3);
    }
    assert_eq!((&cap["without"]["format"], &cap["fraction_bits"]), (&"UQ4.4".into(), &1.into()));
    near(&cap["without"]["fit"]["signal_to_noise"], ratio(&y, 1.0 / 16.0, f64::INFINITY), 0.3);
    near(&cap["imposed"]["signal_to_noise"], ratio(&y, 1.0 / 32.0, 6.0), 0.1);
    let text = quantise(&place, &[]).out;
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let text = text.replace('\n', " ");
    assert!(text.contains("The cap of 6 buys one bit in the one ReLU layer"), "{text}");
    let other = json(&quantise(&place, &["--json", "--cap", "3"]));
    assert_eq!(other["layers"][0]["widths"][0]["cap"]["with"]["format"], "UQ2.6");
}

#[test]
fn outputs_are_simulated_and_labels_counted() {
    let place = place();
    let result = json(&quantise(&place, &["--json", "--no-simulation"]));
    assert_eq!(result["simulations"], serde_json::json!([]));

    let rows: Vec<f32> = inputs().iter().map(|x| x.max(0.0)).collect();
    let class = |row: &[f32]| row.iter().enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap().0;
    // Every tenth label is wrong.
    let labels: Vec<u8> =
        rows.chunks(4).enumerate().map(|(i, row)| (class(row) + usize::from(i % 10 == 0)) as u8).collect();
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (500,), }";
    place.file(
        "labels.npy",
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &labels].concat(),
    );
    let result = json(&quantise(&place, &["--json", "--labels", "labels.npy", "--bits", "4"]));
    near(&result["accuracy"], 0.9, 1e-12);
    let simulation = |scheme: &str| {
        let all = result["simulations"].as_array().unwrap();
        all.iter().find(|one| one["scheme"] == scheme).unwrap_or_else(|| panic!("{scheme} is not among {all:?}"))
    };
    let step = (rows.iter().copied().fold(0.0, f32::max) / 15.0) as f64;
    let y: Vec<f64> = rows.iter().copied().map(f64::from).collect();
    let by_scale = simulation("scales, min-max");
    near(&by_scale["outputs"][0]["signal_to_noise"], ratio(&y, step, f64::INFINITY), 0.01);
    let rounded: Vec<f32> = rows.iter().map(|y| ((f64::from(*y) / step).round_ties_even() * step) as f32).collect();
    let changed = rows.chunks(4).zip(rounded.chunks(4)).filter(|(a, b)| class(a) != class(b)).count();
    let found = by_scale["outputs"][0]["top1_changed"].as_u64().unwrap() as usize;
    assert!(changed > 0 && found.abs_diff(changed) <= 1, "{found} for {changed}");
    near(&simulation("UQ3.1 for ReLUs")["outputs"][0]["signal_to_noise"], ratio(&y, 0.5, 7.5), 0.01);
    assert_eq!(simulation("Q3.0 for ReLUs")["outputs"][0]["samples"], 500);
    let text = quantise(&place, &["--labels", "labels.npy"]).out;
    assert!(text.contains("in floats 90 %"), "{text}");
}

#[test]
fn more_bits_are_better() {
    let place = place();
    let result = json(&quantise(&place, &["--json", "--bits", "4..6,16", "--html", "report.html"]));
    assert_eq!(result["bits"], serde_json::json!([4, 5, 6, 16]));
    let ratios: Vec<f64> = result["layers"][0]["widths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|width| width["proposals"][2]["affine"]["signal_to_noise"].as_f64().unwrap())
        .collect();
    assert!(ratios.windows(2).all(|two| two[0] + 4.0 < two[1]), "{ratios:?}");
    let text = quantise(&place, &["--bits", "4,8"]).out;
    assert!(text.contains("4 bits") && text.contains("8 bits"), "{text}");
    let page = place.read("report.html");
    let loads = ["<script src", "src=\"", "<link", "@import", "http"];
    assert!(page.contains("</html>") && loads.iter().all(|load| !page.contains(load)), "the report loads something");
    assert!(page.contains("excite quantise relu.onnx --input data.npy --json --bits 4..6,16 --html report.html"));
}

#[test]
fn real_models_are_quantised() {
    let place = Place::new();
    for (model, data, floats) in [
        ("nmp.onnx", "nmp.chords.npz", 0),
        ("silero_vad_16k_sequence.onnx", "silero.noise.npz", 5),
        ("x100_w32full_pair.onnx", "x100.noise.npz", 0),
    ] {
        let arguments = ["quantise", &fixture(model), "--input", &fixture(data), "--html", "report.html"];
        let ran = place.run(&arguments);
        assert_eq!(ran.code, Some(0), "{model}: {}", ran.err);
        let is_path = |line: &&str| line.contains("excite-onnx/tests/models");
        assert!(ran.out.lines().filter(|line| !is_path(line)).all(|line| line.chars().count() <= 100), "{}", ran.out);
        let result = json(&place.run(&[&arguments[..], &["--json"]].concat()));
        assert_eq!(result["not_simulated"].as_array().unwrap().len(), floats, "{model}");
        assert!(!result["layers"].as_array().unwrap().is_empty());
        let simulations = result["simulations"].as_array().unwrap();
        let by_mse = simulations.iter().find(|one| one["scheme"] == "scales, MSE").unwrap();
        let ratio = by_mse["outputs"][0]["signal_to_noise"].as_f64().unwrap();
        assert!((15.0..80.0).contains(&ratio), "{model}: {ratio} dB");
        assert!(place.read("report.html").len() < 5_000_000);
    }
}

#[test]
fn kernels_of_a_model_compile_and_test_themselves() {
    let place = place();
    for (language, ending) in [("c", "h"), ("rust", "rs"), ("json", "json")] {
        let ran = quantise(&place, &["--emit", language, "--output", language, "--no-simulation"]);
        assert!(ran.err.contains("wrote 1 kernel for 1 layer and index.json"), "{}", ran.err);
        assert!(ran.err.contains("in their integer arithmetic, `y` keeps"), "{}", ran.err);
        let index: Value = serde_json::from_str(&place.read(&format!("{language}/index.json"))).unwrap();
        assert_eq!(index[0]["file"], format!("layer01_relu.{ending}"));
        assert_eq!((&index[0]["layer"], &index[0]["call"]), (&"y_node".into(), &"layer01".into()));
        assert!(index[0]["max_error"].as_f64().unwrap() <= 1.0);
    }
    let kernel: Value = serde_json::from_str(&place.read("json/layer01_relu.json")).unwrap();
    // A ReLU of sums is a clamp.
    assert_eq!((&kernel["type"], &kernel["least"], &kernel.get("table")), (&"uint8".into(), &0.into(), &None));
    if Command::new("cc").arg("--version").output().is_err() {
        println!("NOT RUN: this machine has no C compiler `cc`");
        return;
    }
    place.file(
        "c/main.c",
        "#include \"layers.h\"\nint main(void)\n{\n    return layers_self_test() + layer01(-5);\n}\n",
    );
    let strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
    let files = ["c/main.c", "c/layer01_relu.c", "-o", "t"];
    let compiled = Command::new("cc").args(strict).args(files).current_dir(place.path()).output();
    assert!(compiled.as_ref().unwrap().status.success(), "{compiled:?}");
    assert!(Command::new(place.path().join("t")).status().unwrap().success());
}

/// The formats are those that were chosen: Q formats, fewer bits than a byte, 16 bits, codes with a sign.
#[test]
fn kernels_of_a_model_have_the_formats_that_were_chosen() {
    let place = place();
    let index = |more: &[&str]| -> Value {
        let ran = quantise(&place, &[&["--emit", "json", "--output", "k"], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        serde_json::from_str::<Value>(&place.read("k/index.json")).unwrap()[0].clone()
    };
    let power = index(&["--power-of-two", "--bits", "8"]);
    let scale = power["output_scale"].as_f64().unwrap();
    assert_eq!((scale.log2().fract(), &power["output_zero_point"]), (0.0, &0.into()));
    let few = index(&["--bits", "5"]);
    assert_eq!(
        (&few["type"], few["largest"].as_i64().unwrap() - few["least"].as_i64().unwrap()),
        (&"uint8".into(), 31)
    );
    assert_eq!(index(&["--bits", "16"])["type"], "uint16");
    let signed = index(&["--bits", "8", "--type", "int8"]);
    assert_eq!((&signed["type"], &signed["least"], &signed["largest"]), (&"int8".into(), &(-128).into(), &127.into()));
}

#[test]
fn networks_that_compare_saved_are_quantised() {
    let place = Place::new();
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
    for name in ["relu6", "gelu"] {
        let network = format!("nets/{name}-seed1.onnx");
        let ran = place.run(&["quantise", &network, "--input", "nets/held_out.safetensors", "--json"]);
        let result = json(&ran);
        assert_eq!(result["layers"][0]["function"], name, "{}", ran.err);
        let output = &result["simulations"][0]["outputs"][0];
        assert!(
            output["signal_to_noise"].as_f64().unwrap() > 20.0 && output["samples"].as_u64() > Some(100),
            "{output}"
        );
    }
}
