//! Bad input of `check` and `merge`: one sentence, the right exit code, and nothing left behind.

use crate::Place;
use crate::models::{fixture, model, model_of, model_with_external_data, npy, png};

/// Runs the program, and returns the one sentence on standard error, after checking all that holds for each failure.
#[track_caller]
pub(crate) fn refused(place: &Place, code: i32, arguments: &[&str]) -> String {
    let count = || std::fs::read_dir(place.path()).unwrap().count();
    let before = count();
    let ran = place.run(arguments);
    assert_eq!(ran.code, Some(code), "{}", ran.err);
    assert_eq!(ran.out, "");
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.starts_with("error: ") && !ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(count(), before, "something was left behind");
    ran.err
}

#[track_caller]
pub(crate) fn says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word} is not in: {sentence}");
    }
}

/// A place with `relu.onnx`, the ReLU of four inputs.
fn relu() -> Place {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place
}

#[test]
fn models_that_are_none() {
    let place = Place::new();
    says(&refused(&place, 3, &["check", "nowhere.onnx"]), &["nowhere.onnx"]);
    place.file("text.onnx", "this is no model, but some text\n");
    says(&refused(&place, 3, &["check", "text.onnx"]), &["text.onnx", "not a whole ONNX model"]);
    place.file("empty.onnx", "");
    says(&refused(&place, 3, &["check", "empty.onnx"]), &["empty.onnx"]);
    let bytes = std::fs::read(fixture("nmp.onnx")).unwrap();
    place.file("cut.onnx", &bytes[..bytes.len() / 2]);
    says(&refused(&place, 3, &["check", "cut.onnx"]), &["cut.onnx", "not a whole ONNX model"]);
}

#[test]
fn models_that_cannot_be_run() {
    let place = Place::new();
    place.file("external.onnx", model_with_external_data("weights.bin"));
    says(&refused(&place, 3, &["check", "external.onnx"]), &["external.onnx", "weights.bin", "`w`"]);
    place.file("unknown.onnx", model(4, &[("Frobnicate", &["x"], "h"), ("Relu", &["h"], "y")]));
    says(&refused(&place, 3, &["check", "unknown.onnx"]), &["unknown.onnx", "Frobnicate"]);
}

#[test]
fn a_model_without_activations() {
    let place = Place::new();
    place.file("add.onnx", model(4, &[("Add", &["x", "x"], "y")]));
    says(&refused(&place, 3, &["check", "add.onnx"]), &["add.onnx", "no activation functions"]);
    place.file("softmax.onnx", model(4, &[("Softmax", &["x"], "y")]));
    says(&refused(&place, 3, &["check", "softmax.onnx"]), &["softmax.onnx", "rows"]);
}

#[test]
fn inputs_that_do_not_fit() {
    let place = relu();
    place.file("wide.npy", npy(&[3, 5], &[0.5; 15]));
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "wide.npy"]), &["wide.npy", "[3, 5]", "4"]);
    place.file("deep.npy", npy(&[3, 4, 1], &[0.5; 12]));
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "deep.npy"]), &["deep.npy", "[3, 4, 1]"]);
    says(
        &refused(&place, 3, &["check", "relu.onnx", "--input", &fixture("nmp.chords.npz")]),
        &["nmp.chords.npz", "no input", "x"],
    );
    // Numbers that are no floats where integers are wanted are refused by the model's reader; here integers that are too large.
    let mut huge = npy(&[1, 4], &[0.0; 4]);
    let at = huge.windows(3).position(|bytes| bytes == b"<f4").unwrap();
    huge[at..at + 3].copy_from_slice(b"<c8");
    place.file("complex.npy", huge);
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "complex.npy"]), &["complex.npy"]);
}

#[test]
fn nan_in_the_input_is_a_finding_of_the_data() {
    let place = relu();
    let mut values = vec![0.5; 400];
    values[7] = f32::NAN;
    place.file("nan.npy", npy(&[100, 4], &values));
    let ran = place.run(&["check", "relu.onnx", "--input", "nan.npy"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    says(&ran.out, &["nan-or-infinite", "the inputs hold 1 NaN"]);
}

#[test]
fn files_and_folders_that_hold_nothing() {
    let place = relu();
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "nowhere.npy"]), &["nowhere.npy"]);
    std::fs::create_dir(place.path().join("empty")).unwrap();
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "empty"]), &["empty", "holds no"]);
    place.file("data.xyz", "1 2 3 4");
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "data.xyz"]), &["data.xyz", "unknown"]);
    place.file("cut.npy", &npy(&[3, 4], &[0.5; 12])[..100]);
    says(&refused(&place, 3, &["check", "relu.onnx", "--input", "cut.npy"]), &["cut.npy"]);
    place.file("raw.f32", [0; 30]);
    says(
        &refused(&place, 3, &["check", "relu.onnx", "--input", "raw.f32", "--shape", "0,4"]),
        &["raw.f32", "30 bytes"],
    );
}

#[test]
fn a_corrupt_picture_among_good_ones_is_left_out_and_told() {
    let place = Place::new();
    place.file("relu.onnx", model_of(&[3, 2, 2], &[("Relu", &["x"], "y")]));
    std::fs::create_dir(place.path().join("photos")).unwrap();
    for (name, colour) in [("red", [255, 0, 0]), ("grey", [128, 128, 128])] {
        place.file(&format!("photos/{name}.png"), png(colour));
    }
    place.file("photos/broken.png", &png([0, 0, 0])[..40]);
    let check = ["check", "relu.onnx", "--input", "photos", "--json", "--mean", "0.5", "--std", "0.5"];
    let ran = place.run(&check);
    let result: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(result["samples"], 2);
    // Red is 1 and −1 then, and grey nearly 0.
    assert_eq!((&result["layers"][0]["max"], &result["layers"][0]["units"]), (&1.0.into(), &3.into()));
    assert!(ran.err.starts_with("left out photos/broken.png: ") && ran.err.lines().count() == 1, "{}", ran.err);

    place.file("photos/red.png", "no picture");
    place.file("photos/grey.png", "no picture");
    let none = place.run(&check);
    assert_eq!((none.code, none.out.as_str()), (Some(3), ""));
    assert!(none.err.lines().last().unwrap().contains("none of the inputs could be read"), "{}", none.err);
}

#[test]
fn a_baseline_that_is_none() {
    let place = relu();
    place.file("before.json", "{}");
    says(&refused(&place, 3, &["check", "relu.onnx", "--baseline", "before.json"]), &["before.json", "--json"]);
    says(&refused(&place, 3, &["check", "relu.onnx", "--baseline", "none.json"]), &["none.json"]);
}

#[test]
fn places_that_cannot_be_written_are_told_before_the_work() {
    let place = relu();
    for flag in ["--html", "--sarif", "--vitals"] {
        says(&refused(&place, 3, &["check", "relu.onnx", flag, "nowhere/out"]), &["nowhere/out", "cannot be written"]);
    }
    says(&refused(&place, 3, &["check", "relu.onnx", "--html", "."]), &["cannot be written"]);
}

#[test]
fn flags_that_make_no_sense() {
    let place = relu();
    says(&refused(&place, 2, &["check"]), &["MODEL"]);
    says(&refused(&place, 2, &["check", "relu.onnx", "--json", "--sarif", "-"]), &["--json", "--sarif"]);
    for (flag, value) in [
        ("--samples", "0"),
        ("--batch", "x"),
        ("--resize", "0x4"),
        ("--mean", "1,2"),
        ("--std", "0,1,1"),
        ("--shape", "1,a"),
        ("--unit-axis", "y="),
        ("--fail-on", "always"),
        ("--size", "n"),
    ] {
        says(&refused(&place, 2, &["check", "relu.onnx", flag, value]), &[flag]);
    }
}

#[test]
fn vitals_that_are_none_or_of_another_network() {
    let place = relu();
    place.file("text.vitals", "no vitals");
    says(&refused(&place, 3, &["merge", "text.vitals"]), &["text.vitals", "--vitals"]);
    says(&refused(&place, 3, &["merge", "nowhere.vitals"]), &["nowhere.vitals"]);
    assert!(place.run(&["check", "relu.onnx", "--vitals", "relu.vitals"]).code.is_some());
    place.file("tanh.onnx", model(4, &[("Tanh", &["x"], "y")]));
    assert!(place.run(&["check", "tanh.onnx", "--vitals", "tanh.vitals"]).code.is_some());
    says(
        &refused(&place, 3, &["merge", "relu.vitals", "tanh.vitals", "-o", "all.vitals"]),
        &["relu.vitals", "tanh.vitals", "different networks"],
    );
    let bytes = std::fs::read(place.path().join("relu.vitals")).unwrap();
    place.file("cut.vitals", &bytes[..bytes.len() - 9]);
    says(&refused(&place, 3, &["merge", "relu.vitals", "cut.vitals"]), &["cut.vitals", "cut off or damaged"]);
    says(&refused(&place, 2, &["merge"]), &["FILE"]);
}
