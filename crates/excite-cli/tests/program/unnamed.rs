//! An activation that is no function of the catalogue, from the model to every form in which it is shown.

use serde_json::Value;

use crate::Place;
use crate::models::{model, npy};

#[test]
fn an_activation_without_a_name_is_shown_drawn_saved_and_merged() {
    let place = Place::new();
    let nodes =
        [("MatMul", &["x", "x"][..], "z"), ("Sigmoid", &["z"], "s"), ("Tanh", &["z"], "t"), ("Mul", &["s", "t"], "y")];
    place.file("model.onnx", model(4, &nodes));
    // The matrix is diagonal, and z its square.
    let x = [-2.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.25];
    place.file("data.npy", npy(&[4, 4], &x));
    let name = "unnamed (sigmoid(x)·tanh(x))";
    let table =
        place.run(&["check", "model.onnx", "--input", "data.npy", "--html", "page.html", "--vitals", "a.vitals"]);
    assert!(table.out.contains(name), "{} {}", table.out, table.err);
    assert!(!table.out.contains("not looked at"), "{}", table.out);
    assert!(place.read("page.html").contains(&format!("The function {name} with the histogram")));
    let ran = place.run(&["check", "model.onnx", "--input", "data.npy", "--json", "--fail-on", "never"]);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let layer = &result["layers"][0];
    assert_eq!(
        (&layer["function"], &layer["units"], &result["not_seen"]),
        (&name.into(), &4.into(), &Value::Array(vec![]))
    );
    let curve = layer["curve"].as_array().unwrap();
    let rises = curve.windows(2).all(|pair| pair[0][0].as_f64() <= pair[1][0].as_f64());
    assert!(rises && (100..1000).contains(&curve.len()), "{} points", curve.len());
    let mean = |z: f64| z.tanh() / (1.0 + (-z).exp());
    let expected = (mean(4.0) + mean(1.0) + mean(0.25) + mean(0.0625)) / 16.0;
    assert!((layer["mean"].as_f64().unwrap() - expected).abs() < 1e-6, "{layer}");
    let merged = place.run(&["merge", "a.vitals", "a.vitals"]);
    assert!(merged.out.contains(name), "{} {}", merged.out, merged.err);
    place.file("before.json", &ran.out);
    let again = ["check", "model.onnx", "--input", "data.npy", "--baseline", "before.json"];
    assert_eq!(place.run(&again).code, Some(0));
}
