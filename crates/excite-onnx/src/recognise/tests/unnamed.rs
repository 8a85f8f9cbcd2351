//! Activations that are no function of the catalogue, and those whose units differ within.

use excite::{Facts, Function};

use super::builder::{Builder, flat, found, input, observe};
use crate::{Examination, UnitAxis};

/// z = x·W, for an activation of it.
fn fed() -> Builder {
    flat().weights("w", &[3, 3]).node("MatMul", &["x", "w"], "z")
}

/// The one activation of a model, which is shown as what its curve gives.
fn only(builder: Builder) -> (String, Function) {
    let model = builder.model();
    assert!(model.unseen().is_empty(), "{:?}", model.unseen());
    assert_eq!(observe(&model, &input(&[2, 3])).len(), 1);
    let site = &model.sites()[0];
    (format!("{} {}", site.pre_activation, site.function), site.function.each().unwrap())
}

#[test]
fn a_product_of_two_functions_is_one_activation_with_the_facts_of_its_curve() {
    let builder = fed().number("three", 3.0).node("Min", &["z", "three"], "m").node("Sigmoid", &["z"], "s");
    let (text, f) = only(builder.node("Mul", &["m", "s"], "y"));
    assert_eq!(text, "z unnamed (min(x, 3)·sigmoid(x))");
    let facts = Facts::of(f);
    assert!((facts.range.high - 3.0).abs() < 1e-6 && (facts.range.low + 0.2785).abs() < 1e-4, "{:?}", facts.range);
    assert!(!facts.monotone && facts.saturated_below.is_some());
}

#[test]
fn where_the_gradient_is_0_is_exact() {
    let builder = fed().number("low", -1.0).number("high", 2.0).number("slope", 0.25).node("Sub", &["z", "high"], "s");
    let builder =
        builder.node("Relu", &["s"], "r").node("Mul", &["r", "slope"], "t").node("Clip", &["z", "low", "high"], "c");
    let (text, f) = only(builder.node("Add", &["c", "t"], "y"));
    assert_eq!(text, "z unnamed (clip(x, −1, 2) + relu(x − 2)·0.25)");
    assert_eq!(f.curve().unwrap().len(), 4);
    assert_eq!([-1.01, -0.99, 1.99, 2.01].map(|z: f32| f.slope_at(z)), [0.0, 1.0, 1.0, 0.25]);
    assert_eq!(Facts::of(f).saturated_below, Some(-1.0));
    assert_eq!(only(fed().node("Abs", &["z"], "y")).0, "z unnamed (|x|)");
    let (_, bell) = only(fed().node("Mul", &["z", "z"], "q").node("Neg", &["q"], "n").node("Exp", &["n"], "y"));
    assert_eq!((Facts::of(bell).range.low, Facts::of(bell).range.high), (0.0, 1.0));
}

#[test]
fn the_parts_of_a_sequence_and_what_a_path_leads_round_keep_their_names() {
    assert_eq!(found(fed().node("Gelu", &["z"], "g").opset(20).node("Add", &["z", "g"], "y")), ["z gelu Hidden"]);
    let two = fed().node("Tanh", &["z"], "t").node("Sigmoid", &["t"], "y");
    assert_eq!(found(two), ["z tanh Hidden", "t sigmoid Output"]);
    // Without a layer before it, it may be any formula.
    assert!(found(flat().node("Abs", &["x"], "y")).is_empty());
}

#[test]
fn each_unit_may_have_a_curve_of_its_own() {
    // The square of min(z, k), which is 1, 2 and 3 for the three units: the gradient is 2z below k, and 0 above.
    let tops = [1.0, 2.0, 3.0];
    let builder =
        Builder::new(&[-1, 3]).weights("w", &[3, 3]).node("MatMul", &["x", "w"], "z").constant("k", &[3], &tops);
    let builder = builder.node("Min", &["z", "k"], "m").node("Mul", &["m", "m"], "y");
    let model = builder.model();
    assert!(model.unseen().is_empty(), "{:?}", model.unseen());
    assert_eq!(model.sites()[0].function.to_string(), "unnamed (min(x, c)·min(x, c))");
    let (run, mut examination) = (input(&[8, 3]), Examination::new(&model));
    examination.run(&run).unwrap();
    let (vitals, _) = examination.finish("model");
    let mut z = Vec::new();
    model.observe(&run, |seen| z.extend_from_slice(seen.z)).unwrap();
    for (unit, top) in tops.into_iter().enumerate() {
        let own = z.iter().skip(unit).step_by(3).map(|&z| if z < top { 2.0 * f64::from(z) } else { 0.0 });
        let expected = own.sum::<f64>() / 8.0;
        let found = vitals.layers[0].units()[unit].slope.mean;
        assert!((found - expected).abs() < 0.02 * (1.0 + expected.abs()), "unit {unit}: {found} for {expected}");
    }
}

#[test]
fn the_terms_of_a_softmax_of_several_nodes_are_named_as_not_seen() {
    let builder = fed().node("Exp", &["z"], "e").integers("axes", &[-1]).node("ReduceSum", &["e", "axes"], "s");
    let builder = builder.number("small", 1e-9).node("Add", &["s", "small"], "d").node("Div", &["e", "d"], "y");
    let model = builder.model();
    assert!(model.sites().is_empty(), "{:?}", model.sites());
    assert!(model.unseen()[0].why.contains("as in a softmax"), "{:?}", model.unseen());
}

#[test]
fn a_prelu_with_a_slope_for_each_pixel_has_the_gradient_of_each() {
    // Of two channels with two pixels each, the first has no slope below 0, the second one of 0.5 in its second pixel.
    let builder = Builder::new(&[-1, 2, 1, 2]).constant("slopes", &[2, 1, 2], &[0.0, 0.0, 0.0, 0.5]);
    let model = builder.node("PRelu", &["x", "slopes"], "y").model();
    assert_eq!(model.sites()[0].functions_shape, [2, 1, 2]);
    let mut run = input(&[3, 2, 1, 2]);
    if let crate::Values::F32(x) = &mut run.tensors[0].1.values {
        x.iter_mut().for_each(|x| *x = -x.abs() - 0.1);
    }
    let mut model = model;
    assert!(model.set_unit_axis("y", UnitAxis::Front(1)));
    let mut examination = Examination::new(&model);
    examination.run(&run).unwrap();
    let (vitals, _) = examination.finish("model");
    let units = vitals.layers[0].units();
    assert_eq!([units[0].is_dead(), units[1].is_dead()], [true, false]);
    assert_eq!([units[0].slope.mean, units[1].slope.mean], [0.0, 0.25]);
    assert_eq!(vitals.layers[0].figures().gate, Some(0.125));
}
