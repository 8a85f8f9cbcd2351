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

#[test]
fn a_kernel_of_sums_is_written_as_a_header_and_a_source() {
    let place = Place::new();
    let asked = ["quantise", "--function", "relu6", "--sum-scale", "1e-4,3e-4", "--output-scale", "0.0235"];
    let ran = place.run(&[&asked[..], &["--output-zero-point", "-128", "--emit", "c", "--output", "conv1.c"]].concat());
    assert_eq!((ran.code, ran.err), (Some(0), "wrote conv1.h\nwrote conv1.c\n".to_owned()));
    assert!(place.read("conv1.h").contains("int8_t conv1(int32_t sum, size_t channel);"));
    assert!(place.read("conv1.c").contains("#include \"conv1.h\""));
    assert!(place.read("conv1.c").contains("conv1_multipliers[2]"));
    let curve = place.run(&[
        "quantise",
        "--function",
        "gelu",
        "--sum-scale",
        "1e-6",
        "--output-scale",
        "0.05",
        "--emit",
        "rust",
        "--output",
        "gelu.rs",
    ]);
    assert_eq!(curve.code, Some(0), "{}", curve.err);
    assert!(place.read("gelu.rs").contains("pub fn gelu_int8(sum: i32) -> i8"));
    let refused = place.run(&["quantise", "--function", "relu", "--sum-scale", "0", "--emit", "c", "--output", "x.h"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
}

#[test]
fn kernels_of_16_bits_have_the_results_of_a_library() {
    let place = Place::new();
    let asked = ["quantise", "--function", "tanh", "--type", "int16", "--emit", "c", "--output", "tanh.h"];
    let ran = place.run(&[&asked[..], &["--profile", "cmsis-nn", "--input-scale", "0.00024414062"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(place.read("tanh.h").contains("Results: those of cmsis-nn, bit for bit."));
    let refused = place.run(&[&asked[..], &["--profile", "cmsis-nn", "--input-scale", "0.0003"]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("the nearest that it has is 0.00024414063"), "{}", refused.err);
}

/// An .npy file of int8 or int16 numbers.
fn npy(dtype: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (header.len() + 10) % 64);
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

#[test]
fn codes_of_a_device_are_compared_and_the_first_difference_is_explained() {
    let place = Place::new();
    let (input, output) = (Affine::<i8>::new(0.05, 0).unwrap(), Affine::<i8>::new(0.021, 3).unwrap());
    let kernel = Profile::Litert.kernel("leaky_relu(0.1)".parse().unwrap(), input, output).unwrap();
    let bytes: Vec<u8> = codes().map(|code| kernel.code(code) as u8).collect();
    std::fs::write(place.path().join("device.npy"), npy("|i1", "(256,)", &bytes)).unwrap();
    let asked = ["--function", "leaky_relu(0.1)", "--output-scale", "0.021", "--output-zero-point", "3"];
    let found = diff(&place, &[&asked[..], &["--diff", "device.npy,tflite"]].concat());
    assert_eq!((&found["profiles"][0], &found["largest_difference"]), (&"device.npy".into(), &1.into()));
    let explanation = found["explanation"].as_str().unwrap();
    assert!(explanation.contains("All the device's codes are those of litert"), "{explanation}");
    let same = diff(&place, &[&asked[..], &["--diff", "device.npy,litert"]].concat());
    assert_eq!((&same["differing"], &same["explanation"]), (&0.into(), &"".into()));
    let two =
        place.run(&[&["quantise", "--input-scale", "0.05", "--diff", "device.npy,tflite,onnx"], &asked[..]].concat());
    assert_eq!(two.code, Some(2), "{}", two.out);
}

#[test]
fn softmax_is_written_and_compared() {
    let place = Place::new();
    let softmax = ["quantise", "--function", "softmax", "--input-scale", "0.1"];
    let ran = place.run(&[&softmax[..], &["--profile", "tflm", "--emit", "c", "--output", "softmax.h"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(place.read("softmax.h").contains("softmax_int8(const int8_t *x, int8_t *y, size_t n)"));
    let refused = place.run(&[&softmax[..], &["--emit", "c", "--output", "softmax.h"]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let found = diff(&place, &["--function", "softmax", "--diff", "tflite,onnx"]);
    assert_eq!((&found["function"], &found["output"]["zero_point"]), (&"softmax".into(), &(-128).into()));
    assert!(found["codes"].as_u64().unwrap() > 1000 && found["largest_difference"].as_i64().unwrap() <= 2, "{found}");
    let wide = ["--function", "softmax", "--type", "int16", "--diff", "cmsis-nn,tflm"];
    let rows = diff(&place, &wide);
    // A row of one is −32768 there.
    assert_eq!((&rows["differing"], &rows["largest_difference"]), (&16.into(), &65535.into()));
}
