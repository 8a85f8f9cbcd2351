//! Models whose last nodes the embedded engine lacks.

use super::builder::{Builder, flat, input, observe};
use crate::Role;

/// A ReLU, a softmax, the class of it looked up, and the probabilities as a dictionary.
fn classifier() -> Builder {
    let builder = flat().weights("w", &[3, 3]).node("MatMul", &["x", "w"], "z").node("Relu", &["z"], "a");
    let builder = builder.node("Softmax", &["a"], "p").node("ArgMax", &["p"], "class").integers("classes", &[7, 8, 9]);
    let mut builder =
        builder.node("ArrayFeatureExtractor", &["classes", "class"], "label").node("ZipMap", &["p"], "dictionary");
    for node in builder.graph.node.iter_mut().rev().take(2) {
        node.domain = Some("ai.onnx.ml".into());
    }
    builder
}

#[test]
fn nodes_that_no_activation_needs_are_left_out_where_the_engine_lacks_them() {
    let model = classifier().output("label").output("dictionary").output("p").model();
    let seen = observe(&model, &input(&[2, 3]));
    assert_eq!(seen.iter().map(|seen| seen.name.as_str()).collect::<Vec<_>>(), ["a", "p"]);
    assert_eq!(model.sites()[1].role, Role::Output);
    assert_eq!(model.outputs(), ["p"]);
    let note = model.engine().note.unwrap();
    assert_eq!(
        note,
        "the outputs `label`, `dictionary` are not computed: the embedded engine lacks ArrayFeatureExtractor `label`"
    );
    assert_eq!(model.run(&input(&[2, 3])).unwrap()[0].0, "p");
}

#[test]
fn a_dictionary_of_probabilities_is_the_output_of_its_activation() {
    let model = classifier().output("label").output("dictionary").model();
    assert_eq!(model.sites()[1].role, Role::Output);
    assert!(model.outputs().is_empty());
    observe(&model, &input(&[2, 3]));
}

#[test]
fn what_an_activation_needs_is_refused_as_before() {
    let mut builder = flat().node("Binarizer", &["x"], "b").node("Relu", &["b"], "y");
    builder.graph.node[0].domain = Some("ai.onnx.ml".into());
    let Err(error) = crate::Model::from_bytes(builder.proto().write_buf().unwrap()) else { panic!("it lacks it") };
    assert!(error.to_string().contains("Binarizer"), "{error}");
    let plain = flat().node("Relu", &["x"], "y").model();
    assert_eq!((plain.outputs(), plain.engine().note), (&["y".to_owned()][..], None));
}

#[test]
fn features_that_scikit_learn_scales_are_scaled() {
    let mut builder = flat().node("Scaler", &["x"], "s").node("Tanh", &["s"], "y");
    builder.graph.node[0].domain = Some("ai.onnx.ml".into());
    for (name, floats) in [("offset", vec![1.0, 2.0, 3.0]), ("scale", vec![0.5])] {
        builder.graph.node[0].attribute.push(rten_onnx::onnx::AttributeProto {
            name: Some(name.into()),
            floats,
            ..Default::default()
        });
    }
    let run = input(&[2, 3]);
    let crate::Values::F32(x) = &run.tensors[0].1.values else { panic!("floats") };
    let expected: Vec<f32> =
        x.iter().zip([1.0, 2.0, 3.0].iter().cycle()).map(|(x, offset)| (x - offset) * 0.5).collect();
    assert_eq!(observe(&builder.model(), &run)[0].z, expected);
}
