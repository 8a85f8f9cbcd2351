//! Operators of quantised tensors, and the ReLU that quantising them is.

use rten_onnx::onnx::DataType;

use super::builder::{Attribute, Builder, flat, input, observe};

/// x quantised in steps of 1/16 around 128, a QLinear operator `op` of it, and the result dequantised in steps of 1/8 from `zero` up.
fn quantised(builder: Builder, op: &str, middle: &[&str], zero: i32, attributes: Vec<Attribute>) -> Builder {
    let builder = builder.number("xs", 0.0625).byte("xz", 128).number("ys", 0.125).byte("yz", zero);
    let builder = builder.node("QuantizeLinear", &["x", "xs", "xz"], "q");
    let (weights, bias) = middle.split_at(middle.len().min(3));
    let inputs = [&["q", "xs", "xz"], weights, &["ys", "yz"], bias].concat();
    let mut builder = builder.with(op, &inputs, &["y.q"], attributes);
    if op.starts_with("QLinear") && !matches!(op, "QLinearConv" | "QLinearMatMul") {
        builder.graph.node.last_mut().unwrap().domain = Some("com.microsoft".into());
    }
    builder.node("DequantizeLinear", &["y.q", "ys", "yz"], "y")
}

/// The activations of a model of `x` of 2 × 3 numbers, each of which is shown.
fn found(builder: Builder) -> Vec<String> {
    let model = builder.model();
    let mut shown = Vec::new();
    model.observe(&input(&[2, 3]), |seen| shown.push(seen.site.function.name().to_owned())).unwrap();
    assert_eq!(shown.len(), model.sites().len());
    shown
}

#[test]
fn a_quantised_convolution_whose_result_begins_at_0_has_a_relu() {
    // Two units of two channels, each with a scale of its own.
    let builder = || {
        let builder = Builder::new(&[1, 2, 1, 3]).small_integers("w", DataType::INT8, &[2, 2, 1, 1], &[1, -2, 3, 4]);
        let builder = builder.constant("ws", &[2], &[0.5, 0.25]);
        let builder = builder.small_integers("wz", DataType::INT8, &[2], &[0, 1]);
        builder.small_integers("b", DataType::INT32, &[2], &[32, -64])
    };
    let model = quantised(builder(), "QLinearConv", &["w", "ws", "wz", "b"], 0, vec![]).model();
    let mut seen = Vec::new();
    model
        .observe(&input(&[1, 2, 1, 3]), |shown| seen.push((shown.z.to_vec(), shown.a.to_vec(), shown.unit_axis)))
        .unwrap();
    assert_eq!(model.sites()[0].function.to_string(), "relu_n(31.875)");
    let layer = model.sites()[0].layer.as_ref().unwrap();
    assert_eq!(model.constant(layer.weights.as_ref().unwrap()).unwrap().1, [0.5, -1.0, 0.5, 0.75]);
    let x = |index: usize| ((((index * 53 + 7) % 97) as f32 / 6.0 - 8.0) * 16.0).round_ties_even() / 16.0;
    let expected: Vec<f32> = (0..6)
        .map(|index| {
            let (a, b) = (x(index % 3), x(index % 3 + 3));
            if index < 3 { 0.5 * a - b + 1.0 } else { 0.5 * a + 0.75 * b - 1.0 }
        })
        .collect();
    let (z, a, unit_axis) = &seen[0];
    assert_eq!((z, *unit_axis), (&expected, 1));
    assert!(expected.iter().any(|z| *z < 0.0));
    // Rounded to steps of 1/8.
    assert!(a.iter().zip(z).all(|(a, z)| (a - z.max(0.0)).abs() <= 0.0625 && a % 0.125 == 0.0), "{a:?} of {z:?}");
    // With room below 0 it clips nothing.
    let model = quantised(builder(), "QLinearConv", &["w", "ws", "wz", "b"], 128, vec![]).proto();
    assert!(super::super::recognise(model.graph.as_ref().unwrap(), 17).sites.is_empty());
}

#[test]
fn what_quantised_operators_compute_is_what_their_floats_do() {
    let weights = |op: &str, zero: i32| {
        let builder = flat().small_integers("w", DataType::INT8, &[3, 2], &[1, -2, 3, 4, -5, 6]).number("ws", 0.25);
        let builder = builder.small_integers("wz", DataType::INT8, &[], &[1]);
        found(quantised(builder, op, &["w", "ws", "wz"], zero, vec![]))
    };
    assert_eq!(weights("QLinearMatMul", 0), ["relu_n"]);
    assert!(weights("QLinearMatMul", 128).is_empty());
    let sum = |zero: i32| {
        let builder = flat().node("Neg", &["x"], "n").number("ns", 0.0625).byte("nz", 100);
        let builder = builder.node("QuantizeLinear", &["n", "ns", "nz"], "nq");
        found(quantised(builder, "QLinearAdd", &["nq", "ns", "nz"], zero, vec![]))
    };
    assert_eq!(sum(0), ["relu_n"]);
    assert!(sum(128).is_empty());
    assert_eq!(found(quantised(flat(), "QLinearSigmoid", &[], 0, vec![])), ["sigmoid"]);
    let leaky = vec![Attribute::Float("alpha", 0.25)];
    assert_eq!(found(quantised(flat(), "QLinearLeakyRelu", &[], 128, leaky)), ["leaky_relu"]);
}

#[test]
fn scales_that_the_run_settles_leave_an_operator_as_it_is() {
    let mut builder = flat().small_integers("w", DataType::INT8, &[3, 2], &[1, -2, 3, 4, -5, 6]);
    builder = builder.node("ReduceMax", &["x"], "ws").small_integers("wz", DataType::INT8, &[], &[1]);
    let mut proto = quantised(builder, "QLinearMatMul", &["w", "ws", "wz"], 0, vec![]).proto();
    let graph = proto.graph.as_mut().unwrap();
    crate::rewrite::fused::take_apart(graph);
    assert!(graph.node.iter().any(|node| node.op_type.as_deref() == Some("QLinearMatMul")));
}

#[test]
fn integers_of_16_bits_are_quantised_too() {
    let builder = flat().number("s", 0.001).small_integers("z", DataType::UINT16, &[], &[32768]);
    let builder = builder.node("QuantizeLinear", &["x", "s", "z"], "q").node("DequantizeLinear", &["q", "s", "z"], "d");
    let model = builder.node("Tanh", &["d"], "y").model();
    let seen = observe(&model, &input(&[2, 3]));
    let x = 7.0_f32 / 6.0 - 8.0;
    assert!((seen[0].z[0] - x).abs() < 0.0006, "{} for {x}", seen[0].z[0]);
}

#[test]
fn a_power_may_have_an_integer_for_exponent() {
    let cube = flat().integers("three", &[3]).node("Pow", &["x", "three"], "p").node("Tanh", &["p"], "y");
    let seen = observe(&cube.model(), &input(&[2, 3]));
    assert!((seen[0].z[0] - (7.0_f32 / 6.0 - 8.0).powi(3)).abs() < 1e-2);
}

#[test]
fn products_of_unsigned_weights_are_exact_whatever_the_processor() {
    for terms in [3, 600_i64] {
        let weights: Vec<i32> = (0..2 * terms as i32).map(|i| if i % 2 == 0 { 255 } else { i * 7 % 256 }).collect();
        let builder = Builder::new(&[2, terms]).small_integers("w", DataType::UINT8, &[terms, 2], &weights);
        let builder = builder.number("xs", 0.0625).byte("xz", 90).byte("wz", 128);
        let builder = builder.node("QuantizeLinear", &["x", "xs", "xz"], "q");
        let builder = builder.node("MatMulInteger", &["q", "w", "xz", "wz"], "sums");
        let builder = builder.with("Cast", &["sums"], &["z"], vec![Attribute::Int("to", i64::from(DataType::FLOAT.0))]);
        let model = builder.node("Relu", &["z"], "y").model();
        let run = input(&[2, terms as usize]);
        let mut seen = Vec::new();
        model.observe(&run, |shown| seen.extend_from_slice(shown.z)).unwrap();
        let crate::Values::F32(x) = &run.tensors[0].1.values else { panic!("floats") };
        let code = |x: f32| ((x / 0.0625).round_ties_even() + 90.0).clamp(0.0, 255.0) as i32 - 90;
        let sum = |row: usize, column: usize| -> i32 {
            (0..terms as usize).map(|k| code(x[row * terms as usize + k]) * (weights[2 * k + column] - 128)).sum()
        };
        let expected = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(row, column)| sum(row, column) as f32);
        assert_eq!(seen, expected, "{terms} terms");
    }
}
