//! The gates of LSTM and GRU: put together again they must give what the engine gives.

use super::builder::{Attribute, Builder, Seen, input, observe};

const STEPS: usize = 4;
const SEQUENCES: usize = 2;
const UNITS: usize = 5;

fn node(op: &str, gates: i64, direction: &str, more: Vec<Attribute>) -> Builder {
    let directions = if direction == "bidirectional" { 2 } else { 1 };
    let units = UNITS as i64;
    let builder = Builder::new(&[STEPS as i64, SEQUENCES as i64, 3]);
    let builder =
        builder.weights("w", &[directions, gates * units, 3]).weights("r", &[directions, gates * units, units]);
    let builder =
        builder.weights("b", &[directions, 2 * gates * units]).weights("h", &[directions, SEQUENCES as i64, units]);
    let mut attributes = vec![Attribute::Int("hidden_size", units), Attribute::Text("direction", direction)];
    attributes.extend(more);
    builder.with(op, &["x", "w", "r", "b", "", "h"], &["states"], attributes)
}

/// The state of every step, [T, D, N, H], as the engine gives it.
fn states(builder: Builder) -> (Vec<Seen>, Vec<f32>) {
    let model = builder.node("Relu", &["states"], "positive").node("Neg", &["states"], "other").model();
    let mut seen = observe(&model, &input(&[STEPS, SEQUENCES, 3]));
    let relu = seen.pop().unwrap();
    (seen, relu.z)
}

#[test]
fn the_gates_of_an_lstm_make_up_its_states() {
    for direction in ["forward", "reverse", "bidirectional"] {
        let (seen, states) = states(node("LSTM", 4, direction, vec![]));
        let directions = if direction == "bidirectional" { 2 } else { 1 };
        assert_eq!(seen.len(), 4 * directions);
        assert!(seen[0].name.ends_with("input_gate"));
        let width = SEQUENCES * UNITS;
        for (index, gates) in seen.chunks_exact(4).enumerate() {
            let mut cell = vec![0.0_f32; width];
            let backward = direction == "reverse" || index == 1;
            for step in 0..STEPS {
                let step = if backward { STEPS - 1 - step } else { step };
                for lane in 0..width {
                    let [input, output, forget, candidate] =
                        [0, 1, 2, 3].map(|gate| gates[gate].a[step * width + lane]);
                    cell[lane] = forget * cell[lane] + input * candidate;
                    let state = states[(step * directions + index) * width + lane];
                    assert!((output * cell[lane].tanh() - state).abs() < 1e-5, "{direction} step {step}");
                }
            }
        }
    }
}

#[test]
fn the_gates_of_a_gru_make_up_its_states() {
    let builder = node("GRU", 3, "forward", vec![Attribute::Int("linear_before_reset", 1)]);
    let initial = builder.graph.initializer[3].float_data.clone();
    let (seen, states) = states(builder);
    let width = SEQUENCES * UNITS;
    assert_eq!(seen[2].shape, [STEPS * SEQUENCES, UNITS]);
    for index in 0..STEPS * width {
        let before = if index < width { initial[index] } else { states[index - width] };
        let (update, candidate) = (seen[0].a[index], seen[2].a[index]);
        assert!(((1.0 - update) * candidate + update * before - states[index]).abs() < 1e-5, "at {index}");
    }
}

#[test]
fn gates_that_cannot_be_worked_out_are_named() {
    let mut builder = node("LSTM", 4, "forward", vec![]);
    builder.graph.node[0].input.extend([String::new(), "p".to_owned()]);
    let builder = builder.weights("p", &[1, 15]);
    let graph = builder.graph;
    let found = super::super::recognise(&graph, 17);
    assert_eq!(found.unseen[0].why, "its gates look at the cell state (peepholes)");
}
