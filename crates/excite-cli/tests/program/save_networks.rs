//! `compare --save-networks`, and what other programs find in the files.

use excite::Function;
use excite_lab::data::{Dataset, Options};
use excite_lab::{NetworkSpec, RunKey, Spec, TrainedNetwork, Unwatched, exportable, train};
use excite_onnx::inputs::{InputOptions, Inputs, Loaded};
use excite_onnx::{Array, InputSet, Model, Values};
use serde_json::Value;

use crate::Place;

const SMALL: &[&str] = &["compare", "--epochs", "3", "--seeds", "2", "--lr", "0.03", "--hidden", "12,8"];

fn run_of(model: &Model, shape: &[usize], inputs: &[f32]) -> InputSet {
    let samples = inputs.len() / shape.iter().product::<usize>();
    let shape = std::iter::once(samples).chain(shape.iter().copied()).collect();
    let array = Array { shape, values: Values::F32(inputs.to_vec()) };
    InputSet { name: "test".to_owned(), tensors: vec![(model.inputs()[0].name.clone(), array)] }
}

/// Both to 1e-5 of their size; images lie channels last in the one, and first in the other.
fn assert_alike(ours: &[f32], theirs: &[f32], channels: usize, positions: usize, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (sample, (ours, theirs)) in
        ours.chunks(channels * positions).zip(theirs.chunks(channels * positions)).enumerate()
    {
        for channel in 0..channels {
            for position in 0..positions {
                let (a, b) = (ours[position * channels + channel], theirs[channel * positions + position]);
                assert!((a - b).abs() <= 1e-5 * (1.0 + a.abs()), "{what}, sample {sample}: {a} and {b}");
            }
        }
    }
}

fn trained(data: &Dataset, spec: &Spec, function: Function) -> TrainedNetwork {
    let key = RunKey { function, learning_rate: 0.01, seed: 1, epochs: 1, stop_at: None };
    train(data, spec, key, &Unwatched).unwrap().network
}

fn assert_exported(data: &Dataset, network: &TrainedNetwork, f: Function) {
    let model = Model::from_bytes(network.to_onnx().unwrap()).unwrap();
    let inputs = &data.test.inputs[..20 * data.shape.iter().product::<usize>()];
    let computed = network.compute(inputs).unwrap();
    assert_eq!(model.sites().len(), computed.hidden.len(), "{f}");
    let mut seen = 0;
    model
        .observe(&run_of(&model, &data.shape, inputs), |observed| {
            let (name, z, a) = &computed.hidden[observed.index];
            assert_eq!(observed.site.function.each(), Some(f), "{name}");
            let (channels, positions) = (observed.units(), observed.positions());
            assert_alike(z, observed.z, channels, positions, &format!("{f}, {name}, before"));
            assert_alike(a, observed.a, channels, positions, &format!("{f}, {name}, after"));
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, computed.hidden.len());

    // The last layer is no activation: what its weights make of the last activations.
    let (shape, weights) = model.constant("output.weight").unwrap();
    let (_, biases) = model.constant("output.bias").unwrap();
    let (_, _, last) = &computed.hidden[seen - 1];
    for (inputs, outputs) in last.chunks(shape[1]).zip(computed.outputs.chunks(shape[0])) {
        for ((row, bias), output) in weights.chunks(shape[1]).zip(&biases).zip(outputs) {
            let sum: f32 = row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>() + bias;
            assert!((sum - output).abs() <= 1e-5 * (1.0 + output.abs()), "{f}: {sum} and {output}");
        }
    }
}

#[test]
fn onnx_computes_what_was_trained_with_every_function_that_it_has() {
    let data = Dataset::digits(&Options::default());
    let spec = Spec { network: NetworkSpec::Mlp { hidden: vec![9, 7] }, ..Spec::default() };
    let parameters =
        ["leaky_relu(0.2)", "prelu(0.1)", "elu(0.5)", "swish(1.5)", "relu_n(3)", "hard_tanh(-2, 2)", "celu(2)"];
    let parameters = parameters.iter().map(|name| name.parse().unwrap());
    let (mut exported, mut unseen) = (0, vec![]);
    for f in Function::ALL.iter().copied().chain(parameters) {
        if exportable(f).is_err() {
            continue;
        }
        let network = trained(&data, &spec, f);
        if Model::from_bytes(network.to_onnx().unwrap()).unwrap().sites().is_empty() {
            unseen.push(f.name());
            continue;
        }
        // Under the names that it has here: a prelu is a leaky ReLU where its slope is a number.
        let known =
            if f.name() == "prelu" { format!("leaky_relu({})", f.parameter(0).unwrap()).parse().unwrap() } else { f };
        let known = if f == "swish".parse().unwrap() { "silu".parse().unwrap() } else { known };
        assert_exported(&data, &network, known);
        exported += 1;
    }
    assert!(exported >= 26, "{exported}");
    assert_eq!(unseen, ["identity"]);
}

#[test]
fn onnx_computes_what_a_convolutional_network_does() {
    let data = Dataset::digits(&Options::default());
    let spec = Spec { network: NetworkSpec::Conv, ..Spec::default() };
    for name in ["relu6", "tanh"] {
        let f = name.parse().unwrap();
        let network = trained(&data, &spec, f);
        assert_exported(&data, &network, f);
    }
}

#[test]
fn check_finds_the_activations_that_compare_trained() {
    let place = Place::new();
    let arguments = [SMALL, &["--activations", "relu,leaky_relu(0.1)", "--save-networks", "nets", "--json"]].concat();
    let ran = place.run(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for name in ["relu-seed1", "relu-seed2", "leaky_relu-0.1-seed2"] {
        assert!(place.has(&format!("nets/{name}.onnx")) && place.has(&format!("nets/{name}.safetensors")), "{name}");
    }
    let check =
        ["check", "nets/relu-seed1.onnx", "--input", "nets/held_out.safetensors", "--json", "--fail-on", "never"];
    let checked = place.run(&check);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let checked: Value = serde_json::from_str(&checked.out).unwrap();
    let layers = checked["layers"].as_array().unwrap();
    let found: Vec<_> =
        layers.iter().map(|layer| (layer["function"].as_str().unwrap(), layer["units"].as_u64())).collect();
    assert_eq!(found, [("relu", Some(12)), ("relu", Some(8))], "{}", checked["layers"]);

    let data = Dataset::digits(&Options::default());
    let bytes = std::fs::read(place.path().join("nets/relu-seed1.safetensors")).unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("hidden_2.weight"));
    let model = Model::open(place.path().join("nets/relu-seed1.onnx")).unwrap();
    let held_out = Inputs::find(&[place.path().join("nets/held_out.safetensors")], InputOptions::default()).unwrap();
    let Some(Ok(Loaded::InputSet(run))) = held_out.load(&model).next() else { panic!("a run") };
    assert_eq!((run.tensors[0].0.as_str(), &run.tensors[0].1.values), ("input", &Values::F32(data.test.inputs)));

    // Again, from the journal: the same files to the last bit, for what was trained is the same.
    let before = std::fs::read(place.path().join("nets/relu-seed2.onnx")).unwrap();
    std::fs::remove_dir_all(place.path().join("nets")).unwrap();
    let again = place.run(&arguments);
    assert_eq!(
        (again.code, again.out == ran.out),
        (Some(0), true),
        "the runs and their times are the journal's: {}",
        again.err
    );
    assert_eq!(std::fs::read(place.path().join("nets/relu-seed2.onnx")).unwrap(), before);
}

#[test]
fn what_cannot_be_saved_is_said_before_anything_is_trained() {
    let place = Place::new();
    let ran = place.run(&[SMALL, &["--activations", "squareplus", "--save-networks", "nets"]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("ONNX has no operator for squareplus") && ran.err.lines().count() == 1, "{}", ran.err);
    assert!(std::fs::read_dir(place.path()).unwrap().next().is_none(), "nothing is written");
    place.file("taken", "");
    let ran = place.run(&[SMALL, &["--save-networks", "taken"]].concat());
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("taken cannot be written") && ran.err.lines().count() == 1, "{}", ran.err);
}
