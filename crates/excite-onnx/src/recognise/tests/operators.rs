//! Activations that are one node.

use super::builder::{Attribute, Builder, flat, found, input, observe};
use crate::{Role, UnitAxis};

fn one(op: &str, attributes: Vec<Attribute>) -> String {
    let builder = flat().with(op, &["x"], &["y"], attributes).opset(22);
    let found = found(builder);
    assert_eq!(found.len(), 1, "{op}: {found:?}");
    found[0].clone()
}

#[test]
fn operators_are_what_they_are_called_with_their_parameters() {
    use Attribute::{Float, Text};
    let check =
        |op, attributes, expected: &str| assert_eq!(one(op, attributes), format!("x {expected} Output"), "{op}");
    check("Relu", vec![], "relu");
    check("Sigmoid", vec![], "sigmoid");
    check("Tanh", vec![], "tanh");
    check("LeakyRelu", vec![], "leaky_relu");
    check("Elu", vec![Float("alpha", 2.0)], "elu(2)");
    check("Selu", vec![], "selu");
    check("Celu", vec![Float("alpha", 0.5)], "celu(0.5)");
    check("Celu", vec![], "celu");
    check("Softplus", vec![], "softplus");
    check("Softsign", vec![], "softsign");
    check("Mish", vec![], "mish");
    check("Gelu", vec![], "gelu");
    check("Gelu", vec![Text("approximate", "tanh")], "gelu_tanh");
    check("ThresholdedRelu", vec![Float("alpha", 2.0)], "thresholded_relu(2)");
    check("HardSwish", vec![], "hard_swish");
    check("HardSigmoid", vec![Float("alpha", 1.0 / 6.0)], "hard_sigmoid");
    check("Shrink", vec![Float("lambd", 0.75)], "hard_shrink(0.75)");
    check("Shrink", vec![Float("lambd", 0.5), Float("bias", 0.5)], "soft_shrink");
    check("Softmax", vec![], "softmax");
    // As the engine has it: twice the ELU.
    check("Selu", vec![Float("alpha", 0.5), Float("gamma", 2.0)], "elu(0.5)");
}

#[test]
fn a_hard_sigmoid_of_other_constants_has_another_argument() {
    let model = flat().node("HardSigmoid", &["x"], "y").model();
    let seen = observe(&model, &input(&[2, 3]));
    assert_eq!(model.sites()[0].argument.scale, 1.2);
    assert!((seen[0].z[0] - 1.2 * (7.0 / 6.0 - 8.0)).abs() < 1e-6);
}

#[test]
fn what_cannot_be_looked_at_is_named() {
    let model = flat().node("Abs", &["x"], "scale").node("PRelu", &["x", "scale"], "y").model();
    assert!(model.sites().is_empty());
    assert_eq!(model.unseen()[0].why, "its slopes are computed in the run");
    let volume = Builder::new(&[1, 2, 4, 4, 4]);
    let pool = volume.with("MaxPool", &["x"], &["y"], vec![Attribute::Ints("kernel_shape", &[2, 2, 2])]);
    let Err(error) = crate::Model::from_bytes(pool.proto().write_buf().unwrap()) else {
        panic!("the engine has no pooling over three dimensions");
    };
    let text = error.to_string();
    assert!(
        text.starts_with(
            "`y` cannot be run: the embedded engine has no MaxPool over three dimensions; it runs on ONNX Runtime"
        ),
        "{text}"
    );
}

#[test]
fn the_slopes_of_a_prelu_are_those_of_its_units() {
    let one = flat().constant("slope", &[1], &[0.25]).node("PRelu", &["x", "slope"], "y");
    assert_eq!(found(one), ["x prelu Output"]);
    let model = flat().constant("slope", &[3], &[0.0, 0.25, 0.5]).node("PRelu", &["x", "slope"], "y").model();
    let slopes: Vec<f64> = model.sites()[0].unit_functions.iter().map(|f| f.parameter(0).unwrap()).collect();
    assert_eq!(slopes, [0.0, 0.25, 0.5]);
}

#[test]
fn clip_is_what_its_bounds_make_of_it() {
    let clip = |low: f32, high: f32| {
        let builder = flat().number("low", low).number("high", high).node("Clip", &["x", "low", "high"], "y");
        found(builder).into_iter().next().unwrap_or_default()
    };
    assert_eq!(clip(0.0, 6.0), "x relu6 Output");
    assert_eq!(clip(0.0, 1.0), "x relu_n(1) Output");
    assert_eq!(clip(0.0, 20.0), "x relu_n Output");
    assert_eq!(clip(-1.0, 1.0), "x hard_tanh Output");
    assert_eq!(clip(0.0, f32::MAX), "x relu Output");
    assert_eq!(clip(1e-9, f32::INFINITY), "");
    assert_eq!(clip(-3.0, 5.0), "x hard_tanh(min_val=-3, max_val=5) Output");
    // Bounds as attributes, of which one is left out; and bounds that are worked out.
    let old = |attributes| found(flat().with("Clip", &["x"], &["y"], attributes).opset(9));
    assert_eq!(old(vec![Attribute::Float("min", 0.0), Attribute::Float("max", 6.0)]), ["x relu6 Output"]);
    assert_eq!(old(vec![Attribute::Float("min", 0.0)]), ["x relu Output"]);
    assert!(old(vec![Attribute::Float("max", 6.0)]).is_empty());
    let made = flat().number("low", 0.0).with("ReduceMax", &["x"], &["high"], vec![Attribute::Int("keepdims", 0)]);
    assert!(found(made.node("Clip", &["x", "low", "high"], "y")).is_empty());
}

#[test]
fn maxima_and_minima_are_rectifiers() {
    let maximum = |low| flat().number("low", low).node("Max", &["x", "low"], "y");
    assert_eq!(found(maximum(0.0)), ["x relu Output"]);
    assert!(found(maximum(0.1)).is_empty());
    // A variance that rounding may have taken below 0.
    let guard = maximum(0.0).number("eps", 1e-5).node("Add", &["y", "eps"], "s").node("Sqrt", &["s"], "root");
    assert!(found(guard).is_empty());
    let capped = |cap| maximum(0.0).number("cap", cap).node("Min", &["y", "cap"], "capped");
    assert_eq!(found(capped(6.0)), ["x relu6 Output"]);
    assert_eq!(found(capped(3.0)), ["x relu_n(3) Output"]);
    let leaky =
        |slope| flat().number("slope", slope).node("Mul", &["slope", "x"], "low").node("Max", &["low", "x"], "y");
    assert_eq!(found(leaky(0.25)), ["x leaky_relu(0.25) Output"]);
    // The larger of x and 2·x is twice a leaky ReLU.
    assert_eq!(found(leaky(2.0)), ["x leaky_relu(0.5) Output"]);
}

#[test]
fn rows_lie_along_the_axis_of_a_softmax() {
    let axis = |attributes, opset| {
        Builder::new(&[2, 3, 4]).with("Softmax", &["x"], &["y"], attributes).opset(opset).model().sites()[0].unit_axis
    };
    assert_eq!(axis(vec![], 13), UnitAxis::Back(0));
    assert_eq!(axis(vec![], 11), UnitAxis::Front(1));
    assert_eq!(axis(vec![Attribute::Int("axis", -2)], 13), UnitAxis::Back(1));
    let attention = Builder::new(&[2, 3, 3]).node("Softmax", &["x"], "y").node("MatMul", &["y", "x"], "out").model();
    assert_eq!(attention.sites()[0].role, Role::Gate);
}

#[test]
fn fused_operators_show_what_goes_into_their_activation() {
    use Attribute::{Float, Text};
    let contributed = |mut builder: Builder| {
        builder.graph.node.last_mut().unwrap().domain = Some("com.microsoft".into());
        let model = builder.model();
        let seen = observe(&model, &input(&[2, 3]));
        let site = &model.sites()[0];
        (site.function.to_string(), site.name.clone(), seen[0].z[..3].to_vec())
    };
    let x: Vec<f32> = (0..3).map(|index| ((index * 53 + 7) % 97) as f32 / 6.0 - 8.0).collect();
    let bias = [0.5, -0.25, 1.0];
    let shifted: Vec<f32> = x.iter().zip(bias).map(|(x, bias)| x + bias).collect();
    let with_bias = || flat().constant("bias", &[3], &bias);
    let expected = |name: &str, z: &[f32]| (name.to_owned(), "y".to_owned(), z.to_vec());
    let gelu = |op: &str| with_bias().node(op, &["x", "bias"], "y");
    // Parts are named after what they make; an activation that makes the result has its name.
    for (op, name) in [("BiasGelu", "gelu"), ("FastGelu", "gelu_tanh")] {
        assert_eq!(contributed(gelu(op)), expected(name, &shifted), "{op}");
    }
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let gemm = |attributes| {
        let builder = with_bias().constant("w", &[3, 3], &identity);
        contributed(builder.with("FusedGemm", &["x", "w", "bias"], &["y"], attributes))
    };
    assert_eq!(gemm(vec![Text("activation", "Relu")]), expected("relu", &shifted));
    let leaky = vec![Text("activation", "LeakyRelu"), Float("activation_alpha", 0.25)];
    assert_eq!(gemm(leaky), expected("leaky_relu(0.25)", &shifted));
}

#[test]
fn quantised_activations_are_taken_apart() {
    let quantised = |op: &str, attributes| {
        let builder = flat().number("scale", 0.125).byte("zero", 64).number("fine", 1.0 / 256.0).byte("none", 0);
        let builder = builder.node("QuantizeLinear", &["x", "scale", "zero"], "q");
        let mut builder = builder.with(op, &["q", "scale", "zero", "fine", "none"], &["a"], attributes);
        builder.graph.node.last_mut().unwrap().domain = Some("com.microsoft".into());
        let model = builder.node("DequantizeLinear", &["a", "fine", "none"], "y").model();
        model.sites().iter().map(|site| site.function.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(quantised("QLinearSigmoid", vec![]), ["sigmoid"]);
    assert_eq!(quantised("QLinearLeakyRelu", vec![Attribute::Float("alpha", 0.25)]), ["leaky_relu(0.25)"]);
}

#[test]
fn channels_in_blocks_are_not_taken_for_channels() {
    let in_blocks = |reorder: bool| {
        let mut builder = Builder::new(&[1, 3, 4, 4]).weights("w", &[8, 3, 1, 1]).node("Conv", &["x", "w"], "c");
        builder.graph.node[0].domain = Some("com.microsoft.nchwc".into());
        if reorder {
            builder = builder.node("ReorderOutput", &["c"], "z");
            builder.graph.node[1].domain = Some("com.microsoft.nchwc".into());
        } else {
            builder = builder.node("Add", &["c", "c"], "z");
        }
        let found = super::super::recognise(&builder.node("Relu", &["z"], "y").graph, 17);
        (found.sites.len(), found.unseen.len())
    };
    assert_eq!((in_blocks(false), in_blocks(true)), ((0, 1), (1, 0)));
}

#[test]
fn a_slice_backwards_from_before_the_first_element_begins_there() {
    for start in [-9, -20, i64::MIN] {
        let builder = Builder::new(&[2, 8]).integers("from", &[start]).integers("to", &[i64::MIN]);
        let builder = builder.integers("axis", &[1]).integers("step", &[-1]);
        let model = builder.node("Slice", &["x", "from", "to", "axis", "step"], "z").node("Relu", &["z"], "y").model();
        let run = input(&[2, 8]);
        let crate::Values::F32(x) = &run.tensors[0].1.values else { panic!("floats") };
        let mut seen = Vec::new();
        model.observe(&run, |shown| seen.extend_from_slice(shown.z)).unwrap();
        assert_eq!(seen, [x[0], x[8]], "from {start}");
    }
}
