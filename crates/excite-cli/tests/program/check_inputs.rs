//! Every kind of input that `check` reads, and the options that say how.

use serde_json::{Value, json};

use crate::Place;
use crate::models::{model, model_of, npy, png, safetensors, tensor_proto, wav};

/// The layers that `check relu.onnx` sees.
fn layers(place: &Place, arguments: &[&str]) -> Value {
    let ran = place.run(&[&["check", "relu.onnx", "--json"], arguments].concat());
    let mut result: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ran.err));
    result["layers"].take()
}

const VALUES: [f32; 12] = [-1.0, 2.0, 0.5, -3.0, -0.25, 1.0, 4.0, -2.0, -1.5, 3.0, 0.0, -1.0];

#[test]
fn the_same_numbers_in_any_file_are_the_same_layers() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("data.npy", npy(&[3, 4], &VALUES));
    let expected = layers(&place, &["--input", "data.npy"]);
    assert_eq!((&expected[0]["samples"], &expected[0]["dead"]), (&json!(3), &json!([0, 3])));

    place.file("data.safetensors", safetensors("x", &[3, 4], &VALUES));
    assert_eq!(layers(&place, &["--input", "data.safetensors"]), expected);

    // As `onnx` and its backends keep the data of their tests: a folder for each run.
    for (run, values) in VALUES.chunks(4).enumerate() {
        std::fs::create_dir_all(place.path().join(format!("cases/test_data_set_{run}"))).unwrap();
        place.file(&format!("cases/test_data_set_{run}/input_0.pb"), tensor_proto(&[1, 4], values));
    }
    assert_eq!(layers(&place, &["--input", "cases"]), expected);

    let bytes: Vec<u8> = VALUES.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect();
    place.file("data.bin", bytes);
    assert_eq!(layers(&place, &["--input", "data.bin", "--shape", "0,4", "--dtype", "float64"]), expected);
}

#[test]
fn a_sound_is_cut_into_samples() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("sound.wav", wav(&[-32768, 16384, 8192, -1, -16384, 8192, 4096, -2, 77]));
    let layers = layers(&place, &["--input", "sound.wav"]);
    // Two samples of four, and one number is left.
    assert_eq!((&layers[0]["samples"], &layers[0]["dead"]), (&json!(2), &json!([0, 3])));
    assert_eq!(layers[0]["max"], 0.5);
}

#[test]
fn pictures_are_scaled_and_standardised_as_asked() {
    let place = Place::new();
    // The height and width are open.
    place.file("relu.onnx", model_of(&[3, 0, 0], &[("Relu", &["x"], "y")]));
    place.file("red.png", png([255, 0, 0]));
    let plain = layers(&place, &["--input", "red.png"]);
    assert_eq!((&plain[0]["values"], &plain[0]["max"]), (&json!(2 * 2), &json!(1.0)));
    let scaled = layers(&place, &["--input", "red.png", "--resize", "4x6", "--imagenet"]);
    assert_eq!(scaled[0]["values"], 4 * 6);
    assert_eq!(scaled[0]["dead"], json!([1, 2]), "no green and no blue are below the mean");
    let largest = scaled[0]["max"].as_f64().unwrap();
    assert!((largest - (1.0 - 0.485) / 0.229).abs() < 1e-6, "{largest}");
}

#[test]
fn random_inputs_take_the_size_that_is_given() {
    let place = Place::new();
    place.file("relu.onnx", model_of(&[3, 0], &[("Relu", &["x"], "y")]));
    let layers = layers(&place, &["--size", "time=5", "--samples", "2"]);
    assert_eq!((&layers[0]["samples"], &layers[0]["units"]), (&json!(2), &json!(5)));
}

#[test]
fn numbers_of_another_type_than_the_model_wants_are_refused() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("data.bin", [0; 16]);
    for (dtype, words) in [("float16", "float16"), ("complex64", "complex64")] {
        let ran = place.run(&["check", "relu.onnx", "--input", "data.bin", "--shape", "0,4", "--dtype", dtype]);
        assert!(matches!(ran.code, Some(2 | 3)) && ran.out.is_empty(), "{dtype}: {:?} {}", ran.code, ran.out);
        assert!(ran.err.contains(words) && ran.err.lines().count() == 1, "{dtype}: {}", ran.err);
    }
}
