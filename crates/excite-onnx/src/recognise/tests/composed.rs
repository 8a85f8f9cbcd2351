//! Activations of several nodes, and what only looks like them.

use super::builder::{Attribute, Builder, flat, found};

/// x·sigmoid(k·x) or the like: `op` of x, times `by`.
fn times(op: &str, by: &str) -> Builder {
    flat().node(op, &["x"], "s").node("Mul", &[by, "s"], "y")
}

#[test]
fn sigmoids_are_silu_gates_or_outputs() {
    assert_eq!(found(times("Sigmoid", "x")), ["x silu Output"]);
    let scaled = |beta| {
        let scaled = flat().number("beta", beta).node("Mul", &["x", "beta"], "bx").node("Sigmoid", &["bx"], "s");
        found(scaled.node("Mul", &["s", "x"], "y"))
    };
    assert_eq!(scaled(1.702)[0].split('(').next(), Some("x swish"));
    assert_eq!(scaled(-1.0), ["bx sigmoid Gate"]);
    // Squeeze and excite: another tensor, here after a change of shape.
    let gate = flat().node("Sigmoid", &["x"], "s").node("Neg", &["x"], "other").integers("shape", &[2, 3]);
    assert_eq!(found(gate.node("Reshape", &["s", "shape"], "r").node("Mul", &["r", "other"], "y")), ["x sigmoid Gate"]);
    // A constant is no other tensor.
    assert_eq!(
        found(flat().number("two", 2.0).node("Sigmoid", &["x"], "s").node("Mul", &["s", "two"], "y")),
        ["x sigmoid Hidden"]
    );
    let head = flat().integers("shape", &[6]).node("Sigmoid", &["x"], "s").node("Reshape", &["s", "shape"], "y");
    assert_eq!(found(head), ["x sigmoid Output"]);
    let between = flat().node("Sigmoid", &["x"], "s").node("Neg", &["s"], "y");
    assert_eq!(found(between), ["x sigmoid Hidden"]);
}

#[test]
fn quantised_and_dequantised_tensors_are_the_same() {
    let scaled = || flat().number("scale", 0.0625).byte("zero", 128);
    let quantised = |builder: Builder, from: &str, to: &str| {
        let q = format!("{to}.q");
        builder.node("QuantizeLinear", &[from, "scale", "zero"], &q).node(
            "DequantizeLinear",
            &[&q, "scale", "zero"],
            to,
        )
    };
    let builder = quantised(scaled(), "x", "dx").node("Sigmoid", &["dx"], "s");
    let builder = quantised(builder, "x", "dx2").node("Mul", &["dx2", "s"], "y");
    assert_eq!(found(builder), ["dx silu Output"]);
    let relu = quantised(scaled(), "x", "dx").node("Relu", &["dx"], "r");
    assert_eq!(found(quantised(relu, "r", "y")), ["dx relu Output"]);
}

#[test]
fn clips_within_hard_swish_are_part_of_it() {
    let clip = |shift: f32| {
        let builder = flat().number("three", shift).number("zero", 0.0).number("six", 6.0).number("sixth", 1.0 / 6.0);
        builder.node("Add", &["x", "three"], "shifted").node("Clip", &["shifted", "zero", "six"], "clipped")
    };
    let swish = ["x hard_swish Output"];
    assert_eq!(found(clip(3.0).node("Mul", &["x", "clipped"], "m").node("Div", &["m", "six"], "y")), swish);
    assert_eq!(found(clip(3.0).node("Div", &["clipped", "six"], "d").node("Mul", &["d", "x"], "y")), swish);
    assert_eq!(found(clip(3.0).node("Mul", &["clipped", "sixth"], "d").node("Mul", &["x", "d"], "y")), swish);
    assert_eq!(found(clip(3.0).node("Div", &["clipped", "six"], "y")), ["x hard_sigmoid Output"]);
    let gate = clip(3.0).node("Div", &["clipped", "six"], "d").node("Neg", &["x"], "n").node("Mul", &["n", "d"], "y");
    assert_eq!(found(gate), ["x hard_sigmoid Gate"]);
    // Near misses are the ReLU6 that they are.
    assert_eq!(
        found(clip(2.0).node("Mul", &["x", "clipped"], "m").node("Div", &["m", "six"], "y")),
        ["shifted relu6 Hidden"]
    );
    assert_eq!(found(clip(3.0).node("Neg", &["clipped"], "y")), ["shifted relu6 Hidden"]);
    // As operators.
    let sixth = Attribute::Float("alpha", 1.0 / 6.0);
    let hard = flat().with("HardSigmoid", &["x"], &["s"], vec![sixth]).node("Mul", &["x", "s"], "y");
    assert_eq!(found(hard), swish);
    assert_eq!(found(times("HardSigmoid", "x")), ["x hard_sigmoid Gate"]);
    // Keras: 0.2·x + 0.5, clipped.
    let keras = flat().number("fifth", 0.2).number("half", 0.5).number("zero", 0.0).number("one", 1.0);
    let keras = keras.node("Mul", &["x", "fifth"], "m").node("Add", &["m", "half"], "s");
    assert_eq!(found(keras.node("Clip", &["s", "zero", "one"], "y")), ["x hard_sigmoid Output"]);
}

#[test]
fn gelu_by_erf_is_found_in_every_order() {
    let erf = |op: &str, scale: f32| {
        let builder = flat().number("scale", scale).number("one", 1.0).number("half", 0.5).number("two", 2.0);
        builder.node(op, &["x", "scale"], "inner").node("Erf", &["inner"], "e").node("Add", &["e", "one"], "u")
    };
    let root = std::f32::consts::SQRT_2;
    let gelu = ["x gelu Output"];
    assert_eq!(found(erf("Div", root).node("Mul", &["x", "u"], "m").node("Mul", &["m", "half"], "y")), gelu);
    assert_eq!(found(erf("Mul", 1.0 / root).node("Mul", &["x", "half"], "h").node("Mul", &["h", "u"], "y")), gelu);
    assert_eq!(found(erf("Mul", 0.707).node("Mul", &["u", "half"], "h").node("Mul", &["h", "x"], "y")), gelu);
    assert_eq!(found(erf("Div", root).node("Mul", &["u", "x"], "m").node("Div", &["m", "two"], "y")), gelu);
    // Another scale, or another tensor.
    assert!(found(erf("Div", 1.5).node("Mul", &["x", "u"], "m").node("Mul", &["m", "half"], "y")).is_empty());
    let other = erf("Div", root).node("Neg", &["x"], "n").node("Mul", &["n", "u"], "m");
    assert!(found(other.node("Mul", &["m", "half"], "y")).is_empty());
}

#[test]
fn gelu_by_tanh_is_found_in_both_forms() {
    let builder = || {
        let builder = flat().number("cube", 0.044715).number("k", 0.797_884_6).number("one", 1.0).number("half", 0.5);
        builder.number("three", 3.0)
    };
    let end = |builder: Builder| {
        let builder = builder.node("Mul", &["inner", "k"], "arg").node("Tanh", &["arg"], "t");
        builder.node("Add", &["t", "one"], "u").node("Mul", &["x", "half"], "h").node("Mul", &["h", "u"], "y")
    };
    let power = builder().node("Pow", &["x", "three"], "x3").node("Mul", &["x3", "cube"], "c");
    assert_eq!(found(end(power.node("Add", &["x", "c"], "inner"))), ["x gelu_tanh Output"]);
    let product =
        builder().node("Mul", &["x", "x"], "x2").node("Mul", &["x2", "cube"], "c").node("Add", &["c", "one"], "f");
    assert_eq!(found(end(product.node("Mul", &["x", "f"], "inner"))), ["x gelu_tanh Output"]);
    // Without the cube it is a tanh of its own.
    assert_eq!(found(end(builder().node("Neg", &["x"], "inner"))), ["arg tanh Hidden"]);
}

#[test]
fn mish_is_found_and_its_softplus_is_part_of_it() {
    let start = || flat().node("Softplus", &["x"], "p").node("Tanh", &["p"], "t");
    assert_eq!(found(start().node("Mul", &["x", "t"], "y")), ["x mish Output"]);
    let near = start().node("Neg", &["x"], "n").node("Mul", &["n", "t"], "y");
    assert_eq!(found(near), ["x softplus Hidden", "p tanh Hidden"]);
}
