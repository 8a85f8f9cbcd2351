//! Bad input of `quantise`: one sentence, the right exit code, and nothing left behind.

use crate::Place;
use crate::check_bad_input::{refused, says};
use crate::models::{model, npy};

fn relu() -> Place {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("data.npy", npy(&[2, 4], &[0.5; 8]));
    place
}

#[test]
fn models_without_activations_or_values() {
    let place = relu();
    says(&refused(&place, 3, &["quantise", "nowhere.onnx"]), &["nowhere.onnx"]);
    place.file("add.onnx", model(4, &[("Add", &["x", "x"], "y")]));
    says(&refused(&place, 3, &["quantise", "add.onnx"]), &["add.onnx", "no activation functions"]);
    place.file("zeros.npy", npy(&[2, 4], &[0.0; 8]));
    let sentence = refused(&place, 3, &["quantise", "relu.onnx", "--input", "zeros.npy"]);
    says(&sentence, &["relu.onnx", "y_node", "all values are 0", "--input"]);
    place.file("nan.npy", npy(&[2, 4], &[f32::NAN; 8]));
    says(&refused(&place, 3, &["quantise", "relu.onnx", "--input", "nan.npy"]), &["relu.onnx"]);
    says(&refused(&place, 3, &["quantise", "relu.onnx", "--input", "nowhere.npy"]), &["nowhere.npy"]);
}

#[test]
fn formats_and_caps_that_cannot_be() {
    let place = relu();
    let refuses = |more: &[&str], words: &[&str]| {
        says(&refused(&place, 2, &[&["quantise", "relu.onnx", "--input", "data.npy"], more].concat()), words);
    };
    for bits in ["3", "17", "0", "8..4", "x"] {
        refuses(&["--bits", bits], &["--bits", "from 4 to 16"]);
    }
    for cap in ["-1", "0", "nan"] {
        refuses(&["--cap", cap], &["--cap", "above 0"]);
    }
    refuses(&["--format", "Q3.-4"], &["--format", "0 bits cannot be"]);
    refuses(&["--format", "Q3"], &["--format", "not a Q format"]);
    refuses(&["--emit", "c"], &["--output"]);
    refuses(&["--emit", "c", "--output", "k", "--bits", "6,8", "--no-simulation"], &["one width", "--bits 8"]);
    refuses(&["--emit", "java", "--output", "k"], &["--emit"]);
    refuses(&["--labels", "l.npy", "--no-simulation"], &["--labels"]);
    refuses(&["--budget", "25dB"], &["--budget", "snr=25dB"]);
    refuses(&["--budget", "top1=101%"], &["--budget", "from 0% to 100%"]);
    refuses(&["--budget", "snr=25dB", "--no-sensitivity"], &["--budget", "--no-sensitivity"]);
    refuses(&["--weights", "9"], &["--weights", "2..=8"]);
    refuses(&["--write-model", "m.onnx", "--no-simulation"], &["--write-model", "--no-simulation"]);
    refuses(&["--csv", "t.csv", "--no-simulation"], &["--csv"]);
}

#[test]
fn files_of_formats_that_do_not_fit() {
    let place = relu();
    let with = |text: &str, code: i32| {
        place.file("f.toml", text);
        refused(&place, code, &["quantise", "relu.onnx", "--input", "data.npy", "--formats", "f.toml"])
    };
    let layer = |name: &str| format!("[[layer]]\nname = \"{name}\"\nformat = \"UQ3.5\"\n");
    says(&with(&format!("version = 1\n{}", layer("y_nod")), 2), &["`y_nod`", "did you mean `y_node`?"]);
    says(&with(&format!("version = 1\n{}{}", layer("y_node"), layer("y_node")), 3), &["`y_node`", "twice"]);
    says(&with("version = 1\n[[layer]]\nname = \"y_node\"\n", 3), &["f.toml", "needs a format"]);
    says(&with("no toml", 3), &["f.toml", "line 1"]);
    says(&with("version = 9\n", 3), &["f.toml", "version 9"]);
    let nowhere = refused(&place, 3, &["quantise", "relu.onnx", "--input", "data.npy", "--formats", "no.toml"]);
    says(&nowhere, &["no.toml"]);
}

#[test]
fn labels_that_do_not_fit() {
    let place = relu();
    let with_labels =
        |file: &str| refused(&place, 3, &["quantise", "relu.onnx", "--input", "data.npy", "--labels", file]);
    says(&with_labels("nowhere.npy"), &["nowhere.npy"]);
    place.file("floats.npy", npy(&[2], &[0.0, 1.0]));
    says(&with_labels("floats.npy"), &["floats.npy", "whole numbers"]);
    place.file("text.npy", "no labels");
    says(&with_labels("text.npy"), &["text.npy", "the class of each sample"]);
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
    place.file(
        "three.npy",
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &[0; 3]].concat(),
    );
    says(&with_labels("three.npy"), &["3 labels", "2 samples"]);
}

#[test]
fn quantisations_that_cannot_be() {
    let place = Place::new();
    let refuses = |more: &[&str], words: &[&str]| {
        let arguments = [&["quantise", "--function", "sigmoid", "--emit", "c", "--output", "s.h"], more].concat();
        says(&refused(&place, 2, &arguments), words);
    };
    for (scale, what) in
        [("0", "is 0"), ("-0.1", "negative"), ("1e-40", "subnormal"), ("nan", "NaN"), ("inf", "infinite")]
    {
        refuses(&["--input-scale", scale], &["--input-scale", what]);
        refuses(&["--input-scale", "0.1", "--output-scale", scale], &["--output-scale", what]);
    }
    refuses(&["--input-scale", "0.1", "--input-zero-point", "200"], &["--input-zero-point", "200", "from -128 to 127"]);
    refuses(&["--input-scale", "0.1", "--input-zero-point", "-1", "--type", "uint8"], &["from 0 to 255"]);
    refuses(&[], &["--input-scale"]);
    refuses(&["--input-scale", "0.1", "--bits", "6"], &["8 or of 16 bits"]);
    refuses(&["--input-scale", "0.1", "--profile", "tflm", "--type", "uint8"], &["no sigmoid of uint8", "tflm"]);
    refuses(
        &["--input-scale", "0.000244140625", "--profile", "litert", "--bits", "16"],
        &["are not written", "`exact`"],
    );
    refuses(&["--input-scale", "0.0003", "--profile", "cmsis-nn", "--bits", "16"], &["cmsis-nn", "0.00024414063"]);
    let function = |more: &[&str]| refused(&place, 2, &[&["quantise", "--function"], more].concat());
    says(&function(&["relu_n(-1)", "--input-scale", "0.1", "--emit", "c", "--output", "r.h"]), &["-1", "cap"]);
    says(&function(&["sigmoyd", "--input-scale", "0.1"]), &["sigmoyd"]);
    says(&function(&["sigmoid", "--input-scale", "0.1"]), &["--emit", "--diff"]);
    says(&function(&["sigmoid", "--input-scale", "0.1", "--diff", "tflite"]), &["two libraries"]);
    says(&function(&["mish", "--input-scale", "0.1", "--diff", "tflite,onnx"]), &["mish", "tflite"]);
    says(&function(&["relu", "--input-scale", "0.1", "--diff", "tflite,caffe"]), &["--diff", "caffe"]);
    says(&refused(&place, 2, &["quantise"]), &["MODEL"]);
}

#[test]
fn places_that_cannot_be_written() {
    let place = relu();
    says(&refused(&place, 3, &["quantise", "relu.onnx", "--html", "nowhere/r.html"]), &["cannot be written"]);
    place.file("taken", "");
    says(&refused(&place, 3, &["quantise", "relu.onnx", "--emit", "c", "--output", "taken"]), &["taken", "--output"]);
    let one = ["quantise", "--function", "tanh", "--input-scale", "0.1", "--emit", "c", "--output", "nowhere/t.h"];
    says(&refused(&place, 3, &one), &["nowhere/t.h", "cannot be written"]);
}
