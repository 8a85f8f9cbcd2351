//! Activations within If and Loop.

use rten_onnx::onnx::{DataType, GraphProto};

use super::builder::{Attribute, Builder, flat, input, observe, value_info};
use crate::{Array, InputSet, Values};

fn branch(op: &str, output: &str) -> GraphProto {
    // x is a tensor outside; its double is one within.
    let builder = Builder::default().node("Add", &["x", "x"], &format!("{output}.double"));
    builder.node(op, &[&format!("{output}.double")], output).output(output).graph
}

fn run(on: bool) -> InputSet {
    let mut run = input(&[2, 3]);
    run.tensors.push(("on".into(), Array { shape: vec![], values: Values::U8(vec![u8::from(on)]) }));
    run
}

#[test]
fn the_branch_that_is_taken_is_shown() {
    let branches = vec![
        Attribute::Graph("then_branch", branch("Relu", "r")),
        Attribute::Graph("else_branch", branch("Tanh", "t")),
    ];
    let mut builder = flat().with("If", &["on"], &["y"], branches);
    builder.graph.input.push(value_info("on", DataType::BOOL, Some(&[])));
    let model = builder.model();
    let names = |on| observe(&model, &run(on)).into_iter().map(|seen| seen.name).collect::<Vec<_>>();
    assert_eq!(names(true), ["r"]);
    assert_eq!(names(false), ["t"]);
    let seen = observe(&model, &run(true));
    assert_eq!(seen[0].z[0], 2.0 * (7.0 / 6.0 - 8.0));
}

#[test]
fn a_pre_activation_from_outside_a_branch_is_shown_too() {
    let branches = vec![
        Attribute::Graph("then_branch", Builder::default().node("Relu", &["x"], "r").output("r").graph),
        Attribute::Graph("else_branch", Builder::default().node("Identity", &["x"], "i").output("i").graph),
    ];
    let mut builder = flat().with("If", &["on"], &["y"], branches);
    builder.graph.input.push(value_info("on", DataType::BOOL, Some(&[])));
    assert_eq!(observe(&builder.model(), &run(true)).len(), 1);
}

#[test]
fn the_steps_of_a_loop_are_stacked() {
    let mut body = Builder::default().node("Tanh", &["state"], "next").node("Identity", &["going"], "on");
    body.graph.input.push(value_info("step", DataType::INT64, Some(&[])));
    body.graph.input.push(value_info("going", DataType::BOOL, Some(&[])));
    body.graph.input.push(value_info("state", DataType::FLOAT, None));
    let body = body.output("on").output("next").graph;
    let builder = flat().integers("steps", &[4]);
    let mut builder = builder.with("Loop", &["steps", "", "x"], &["y"], vec![Attribute::Graph("body", body)]);
    builder.graph.initializer[0].dims.clear();
    let model = builder.model();
    let seen = observe(&model, &input(&[2, 3]));
    assert_eq!((seen.len(), &seen[0].shape[..], seen[0].unit_axis), (1, &[4, 2, 3][..], 2));
    // Two samples in each of four steps.
    model.observe(&input(&[2, 3]), |shown| assert_eq!(shown.samples, 2)).unwrap();
    assert_eq!(seen[0].a[..6], seen[0].z[6..12]);
}

/// next = tanh(state + row), and the doubled results are stacked.
fn scan(axis: i64, backward: i64) -> Builder {
    let body = Builder::default().node("Add", &["state", "row"], "sum").node("Tanh", &["sum"], "next");
    let mut body = body.node("Add", &["next", "next"], "twice");
    body.graph.input.push(value_info("state", DataType::FLOAT, Some(&[3])));
    body.graph.input.push(value_info("row", DataType::FLOAT, Some(&[3])));
    let mut body = body.output("next").graph;
    body.output.push(value_info("twice", DataType::FLOAT, Some(&[3])));
    let (directions, axes) = ([backward], [axis]);
    let attributes = vec![
        Attribute::Graph("body", body),
        Attribute::Int("num_scan_inputs", 1),
        Attribute::Ints("scan_input_directions", &directions),
        Attribute::Ints("scan_output_directions", &directions),
        Attribute::Ints("scan_output_axes", &axes),
    ];
    let builder = flat().constant("zero", &[3], &[0.0; 3]);
    builder.with("Scan", &["zero", "x"], &["last", "all"], attributes).node("Sigmoid", &["all"], "y").output("y")
}

#[test]
fn a_scan_runs_on_the_embedded_engine() {
    for (axis, backward) in [(0, 0), (1, 0), (-1, 1), (0, 1)] {
        let run = input(&[2, 3]);
        let Values::F32(x) = &run.tensors[0].1.values else { panic!("the input is floats") };
        let rows: Vec<usize> = if backward == 0 { vec![0, 1] } else { vec![1, 0] };
        let (mut state, mut stacked) = ([0.0_f32; 3], [[0.0; 3]; 2]);
        for &row in &rows {
            for unit in 0..3 {
                state[unit] = (state[unit] + x[3 * row + unit]).tanh();
                stacked[row][unit] = 2.0 * state[unit];
            }
        }
        let seen = observe(&scan(axis, backward).model(), &run);
        let sigmoid = seen.last().unwrap();
        let expected: Vec<f32> = match axis {
            0 => stacked.concat(),
            _ => (0..6).map(|place| stacked[place % 2][place / 2]).collect(),
        };
        assert_eq!(sigmoid.shape, if axis == 0 { [2, 3] } else { [3, 2] });
        for (found, expected) in sigmoid.z.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "axis {axis}, backward {backward}: {found} for {expected}");
        }
        // The steps in the order in which they were computed.
        assert_eq!((seen.len(), &seen[0].shape[..]), (2, &[2, 3][..]));
        assert!((2.0 * seen[0].a[3] - stacked[rows[1]][0]).abs() < 1e-6);
    }
}
