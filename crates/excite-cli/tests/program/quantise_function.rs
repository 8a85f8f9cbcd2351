//! `quantise --function`: kernels written without a model, and libraries compared code by code.

use excite_fixed::{Affine, Profile, codes};
use serde_json::Value;

use crate::Place;

#[test]
fn a_kernel_is_written_in_three_languages() {
    let place = Place::new();
    let gelu = ["quantise", "--function", "gelu", "--bits", "8", "--input-scale", "0.05", "--output-scale", "0.04"];
    for (language, file, holds) in [
        ("c", "gelu.h", "static inline int8_t gelu_int8(int8_t x)"),
        ("rust", "gelu.rs", "pub fn gelu_int8(x: i8) -> i8"),
        ("json", "gelu.json", "\"function\": \"gelu\""),
    ] {
        let ran = place.run(&[&gelu[..], &["--emit", language, "--output", file]].concat());
        assert_eq!((ran.code, ran.out.as_str(), ran.err), (Some(0), "", format!("wrote {file}\n")));
        assert!(place.read(file).contains(holds), "{}", place.read(file));
    }
    let input = Affine::<i8>::new(0.05, 0).unwrap();
    let kernel = Profile::Exact.kernel("gelu".parse().unwrap(), input, Affine::new(0.04, 0).unwrap()).unwrap();
    let table: Vec<i8> = codes().map(|code| kernel.code(code)).collect();
    let written: Value = serde_json::from_str(&place.read("gelu.json")).unwrap();
    assert_eq!(written["table"], serde_json::json!(table));

    let wide = place.run(&[
        "quantise",
        "--function",
        "tanh",
        "--bits",
        "16",
        "--input-scale",
        "0.0005",
        "--emit",
        "json",
        "--output",
        "tanh.json",
    ]);
    assert_eq!(wide.code, Some(0), "{}", wide.err);
    let written: Value = serde_json::from_str(&place.read("tanh.json")).unwrap();
    assert_eq!((&written["type"], &written["output"]["zero_point"]), (&"int16".into(), &0.into()));
    assert!(written["max_error"].as_f64().unwrap() <= 1.0);
}

fn diff(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["quantise", "--json", "--input-scale", "0.05"], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn codes_that_differ_are_listed_and_no_others() {
    let place = Place::new();
    let asked = ["--function", "hard_swish", "--output-scale", "0.03", "--diff", "tflite,onnx"];
    let result = diff(&place, &asked);
    let [input, output] = [0.05, 0.03].map(|scale| Affine::<i8>::new(scale, 0).unwrap());
    let kernels = [Profile::Tflite, Profile::Onnx]
        .map(|profile| profile.kernel("hard_swish".parse().unwrap(), input, output).unwrap());
    let expected: Vec<Value> = codes::<i8>()
        .map(|code| (code, kernels.each_ref().map(|kernel| kernel.code(code))))
        .filter(|(_, [tflite, onnx])| tflite != onnx)
        .map(|(code, outputs)| serde_json::json!([code, outputs]))
        .collect();
    let rows: Vec<Value> =
        result["rows"].as_array().unwrap().iter().map(|row| serde_json::json!([row["code"], row["outputs"]])).collect();
    assert!(!rows.is_empty() && rows == expected, "{rows:?}");
    assert_eq!((&result["codes"], &result["differing"]), (&256.into(), &rows.len().into()));
    assert_eq!(result["largest_difference"], 1);
    let text = place.run(&[&["quantise", "--input-scale", "0.05"], &asked[..]].concat()).out;
    assert!(text.contains(&format!("tflite, onnx differ for {} of 256 codes, by 1 at most.", rows.len())), "{text}");
}

#[test]
fn the_output_is_what_libraries_demand_unless_it_is_given() {
    let place = Place::new();
    let result = diff(&place, &["--function", "sigmoid", "--diff", "tflite,onnx,tflm"]);
    assert_eq!((&result["output"]["scale"], &result["output"]["zero_point"]), (&(1.0 / 256.0).into(), &(-128).into()));
    let result = diff(&place, &["--function", "relu", "--type", "uint8", "--diff", "tflite,onnx"]);
    assert_eq!(result["type"], "uint8");
    let same = place.run(&["quantise", "--function", "identity", "--input-scale", "0.1", "--diff", "exact,exact"]);
    assert_eq!(same.code, Some(2), "{}", same.out);
}
