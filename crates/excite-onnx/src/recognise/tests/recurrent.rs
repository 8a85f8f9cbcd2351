//! The gates of LSTM and GRU: put together again they must give what the engine gives.

use rten_onnx::onnx::{AttributeProto, DataType};

use super::builder::{Attribute, Builder, Seen, input, observe};
use crate::{Array, InputSet, Values};

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
        assert_eq!(seen.len(), 5 * directions);
        assert!(seen[0].name.ends_with("input_gate"));
        let width = SEQUENCES * UNITS;
        for (index, gates) in seen.chunks_exact(5).enumerate() {
            let mut cell = vec![0.0_f32; width];
            let backward = direction == "reverse" || index == 1;
            for step in 0..STEPS {
                let step = if backward { STEPS - 1 - step } else { step };
                for lane in 0..width {
                    let [input, output, forget, candidate] =
                        [0, 1, 2, 3].map(|gate| gates[gate].a[step * width + lane]);
                    cell[lane] = forget * cell[lane] + input * candidate;
                    assert!((gates[4].z[step * width + lane] - cell[lane]).abs() < 1e-5, "{direction} step {step}");
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
fn gates_that_cannot_be_computed_are_named() {
    let names = |names: &[&str]| {
        let mut builder = node("LSTM", 4, "forward", vec![]);
        builder.graph.node[0].attribute.push(AttributeProto {
            name: Some("activations".into()),
            strings: names.iter().map(|&name| name.to_owned()).collect(),
            ..AttributeProto::default()
        });
        super::super::recognise(&builder.graph, 17)
    };
    assert_eq!(names(&["Sigmoid", "Affine", "Tanh"]).unseen[0].why, "its function Affine is not looked at");
    assert_eq!(names(&["Sigmoid"]).unseen[0].why, "it names 1 functions, not 3");
    let found: Vec<_> = names(&["HardSigmoid", "Relu", "Tanh"]).sites.into_iter().map(|(_, site)| site).collect();
    let functions: Vec<_> = found.iter().map(|site| (site.function.name(), site.argument.scale)).collect();
    let hard = ("hard_sigmoid", 1.2);
    assert_eq!(functions, [hard, hard, hard, ("relu", 1.0), ("tanh", 1.0)]);
}

/// A cell with all that its operator can have, followed step by step in f64: the states that it gives, and the arguments of its gates.
struct Simulated {
    y: Vec<f32>,
    gates: Vec<Vec<f64>>,
}

const LENGTHS: [usize; SEQUENCES] = [4, 3];

/// Of a cell: W, R, B, the initial states and the peepholes.
struct Weights {
    w: Vec<f32>,
    r: Vec<f32>,
    b: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    p: Vec<f32>,
}

/// `flag` is `input_forget` or `linear_before_reset`.
fn simulate(op: &str, backward: bool, clip: f64, flag: bool, weights_of: &Weights) -> Simulated {
    let Weights { w, r, b, h, c, p } = weights_of;
    let (inputs, gates) = (3, w.len() / (3 * UNITS));
    let x: Vec<f32> = weights(STEPS * SEQUENCES * inputs);
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let mut y = vec![0.0; STEPS * SEQUENCES * UNITS];
    let mut found = vec![Vec::new(); if op == "LSTM" { 5 } else { gates }];
    let mut rows = Vec::new();
    for n in 0..SEQUENCES {
        let (mut state, mut cell): (Vec<f64>, Vec<f64>) =
            (0..UNITS).map(|u| (f64::from(h[n * UNITS + u]), f64::from(c[n * UNITS + u]))).unzip();
        for step in 0..LENGTHS[n] {
            let t = if backward { LENGTHS[n] - 1 - step } else { step };
            let from_x = |row: usize| {
                (0..inputs).map(|i| f64::from(w[row * inputs + i] * x[(t * SEQUENCES + n) * inputs + i])).sum::<f64>()
            };
            let from =
                |row: usize, state: &[f64]| (0..UNITS).map(|u| f64::from(r[row * UNITS + u]) * state[u]).sum::<f64>();
            let bias = |row: usize| f64::from(b[row]);
            let plain = |gate: usize, u: usize, state: &[f64]| {
                let row = gate * UNITS + u;
                from_x(row) + bias(row) + from(row, state) + bias(gates * UNITS + row)
            };
            let cut = |z: f64| z.clamp(-clip, clip);
            let before = state.clone();
            let resets: Vec<f64> = match op {
                "GRU" => (0..UNITS).map(|u| sigmoid(cut(plain(1, u, &before)))).collect(),
                _ => Vec::new(),
            };
            let mut row = vec![Vec::new(); found.len()];
            for u in 0..UNITS {
                let z: Vec<f64> = match op {
                    "RNN" => vec![cut(plain(0, u, &before))],
                    "LSTM" => {
                        let look = |gate: usize, cell: f64| f64::from(p[gate * UNITS + u]) * cell;
                        let old = cell[u];
                        let (i, f) =
                            (cut(plain(0, u, &before) + look(0, old)), cut(plain(2, u, &before) + look(2, old)));
                        let candidate = cut(plain(3, u, &before));
                        let kept = if flag { 1.0 - sigmoid(i) } else { sigmoid(f) };
                        cell[u] = kept * old + sigmoid(i) * candidate.tanh();
                        let o = cut(plain(1, u, &before) + look(1, cell[u]));
                        state[u] = sigmoid(o) * cell[u].tanh();
                        vec![i, o, f, candidate, cell[u]]
                    }
                    _ => {
                        let row = 2 * UNITS + u;
                        let reset: Vec<f64> = before.iter().zip(&resets).map(|(h, r)| h * r).collect();
                        let state_bias = bias(gates * UNITS + row);
                        let from_state = if flag {
                            resets[u] * (from(row, &before) + state_bias)
                        } else {
                            from(row, &reset) + state_bias
                        };
                        let candidate = cut(from_x(row) + bias(row) + from_state);
                        let update = cut(plain(0, u, &before));
                        state[u] = (1.0 - sigmoid(update)) * candidate.tanh() + sigmoid(update) * before[u];
                        vec![update, cut(plain(1, u, &before)), candidate]
                    }
                };
                if op == "RNN" {
                    state[u] = z[0].tanh();
                }
                row.iter_mut().zip(z).for_each(|(row, z)| row.push(z));
            }
            (0..UNITS).for_each(|u| y[(t * SEQUENCES + n) * UNITS + u] = state[u] as f32);
            rows.push((t * SEQUENCES + n, row));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    for (_, row) in rows {
        found.iter_mut().zip(row).for_each(|(found, row)| found.extend(row));
    }
    Simulated { y, gates: found }
}

fn weights(count: usize) -> Vec<f32> {
    (0..count).map(|index| ((index * 37 + 11) % 29) as f32 / 29.0 - 0.5).collect()
}

#[test]
fn every_form_of_a_cell_is_computed_as_it_runs() {
    use crate::engine::Floats;
    use crate::recurrent::{Operands, Recurrence, pre_activations};
    for (op, gates) in [("RNN", 1), ("LSTM", 4), ("GRU", 3)] {
        for (direction, clip, flag, layout) in
            [("forward", 9.0, 0, 0), ("reverse", 0.25, 1, 0), ("forward", 0.25, 0, 1), ("reverse", 9.0, 1, 1)]
        {
            let [w, r, b, h] =
                [gates * UNITS * 3, gates * UNITS * UNITS, 2 * gates * UNITS, SEQUENCES * UNITS].map(weights);
            let (c, p) = (h.iter().rev().copied().collect(), weights(3 * UNITS));
            let all = Weights { w, r, b, h, c, p };
            let simulated = simulate(op, direction == "reverse", clip, flag == 1, &all);
            let Weights { w, r, b, h, c, p } = all;
            let attributes = vec![
                Attribute::Float("clip", clip as f32),
                Attribute::Int("input_forget", flag),
                Attribute::Int("linear_before_reset", flag),
                Attribute::Int("layout", layout),
            ];
            let node = node(op, gates as i64, direction, attributes).graph.node.remove(0);
            let recurrence = Recurrence::of(&node).unwrap();
            let floats =
                |shape: &[usize], values: &[f32]| -> Floats<'static> { (shape.to_vec(), values.to_vec().into()) };
            let (x, y) = (weights(STEPS * SEQUENCES * 3), simulated.y.clone());
            let (x, y) = if layout == 0 {
                (floats(&[STEPS, SEQUENCES, 3], &x), floats(&[STEPS, 1, SEQUENCES, UNITS], &y))
            } else {
                (
                    floats(&[SEQUENCES, STEPS, 3], &sequences_first(&x, 3)),
                    floats(&[SEQUENCES, STEPS, 1, UNITS], &sequences_first(&y, UNITS)),
                )
            };
            let operands = Operands {
                x,
                w: floats(&[], &w),
                r: floats(&[], &r),
                b: Some(floats(&[], &b)),
                lengths: Some(LENGTHS.to_vec()),
                initial: Some(floats(&[], &h)),
                initial_cell: Some(floats(&[], &c)),
                peepholes: Some(floats(&[], &p)),
                y,
            };
            let found = pre_activations(&recurrence, &recurrence.directions[0], &operands).unwrap();
            let expected =
                simulated.gates.iter().enumerate().filter(|&(gate, _)| !(op == "LSTM" && flag == 1 && gate == 2));
            for ((gate, expected), found) in expected.zip(&found) {
                assert_eq!(found.len(), expected.len());
                let off = found.iter().zip(expected).map(|(&found, expected)| (f64::from(found) - expected).abs());
                let off = off.fold(0.0, f64::max);
                assert!(off < 1e-5, "{op} {direction} flag {flag} layout {layout}: gate {gate} is off by {off}");
            }
        }
    }
}

/// With layout 1 the sequences come before the steps.
fn sequences_first(values: &[f32], width: usize) -> Vec<f32> {
    let rows = (0..STEPS * SEQUENCES).map(|row| (row % STEPS) * SEQUENCES + row / STEPS);
    rows.flat_map(|row| values[row * width..][..width].to_vec()).collect()
}

#[test]
fn every_form_of_a_cell_runs_on_the_embedded_engine() {
    for (op, gates) in [("RNN", 1), ("LSTM", 4), ("GRU", 3)] {
        for (direction, clip, flag, layout) in
            [("forward", 9.0, 0, 0), ("reverse", 0.25, 1, 0), ("forward", 0.25, 0, 1), ("reverse", 9.0, 1, 1)]
        {
            let [w, r, b, h] =
                [gates * UNITS * 3, gates * UNITS * UNITS, 2 * gates * UNITS, SEQUENCES * UNITS].map(weights);
            let (c, p): (Vec<f32>, Vec<f32>) = (h.iter().rev().copied().collect(), weights(3 * UNITS));
            let all = Weights { w, r, b, h, c, p };
            let simulated = simulate(op, direction == "reverse", clip, flag == 1, &all);
            let (units, rows) = (UNITS as i64, (gates * UNITS) as i64);
            let (x, y) = (weights(STEPS * SEQUENCES * 3), simulated.y);
            let (shape, x, y) = match layout {
                0 => ([STEPS, SEQUENCES, 3], x, y),
                _ => ([SEQUENCES, STEPS, 3], sequences_first(&x, 3), sequences_first(&y, UNITS)),
            };
            let states = if layout == 0 { [1, SEQUENCES as i64, units] } else { [SEQUENCES as i64, 1, units] };
            let builder = Builder::new(&shape.map(|size| size as i64))
                .constant("w", &[1, rows, 3], &all.w)
                .constant("r", &[1, rows, units], &all.r)
                .constant("b", &[1, 2 * rows], &all.b)
                .small_integers("lengths", DataType::INT32, &[SEQUENCES as i64], &LENGTHS.map(|length| length as i32))
                .constant("h", &states, &all.h)
                .constant("c", &states, &all.c)
                .constant("p", &[1, 3 * units], &all.p);
            let attributes = vec![
                Attribute::Int("hidden_size", units),
                Attribute::Text("direction", direction),
                Attribute::Float("clip", clip as f32),
                Attribute::Int("input_forget", flag),
                Attribute::Int("linear_before_reset", flag),
                Attribute::Int("layout", layout),
            ];
            let inputs = ["x", "w", "r", "b", "lengths", "h", "c", "p"];
            let inputs = if op == "LSTM" { &inputs[..] } else { &inputs[..6] };
            let builder = builder.with(op, inputs, &["states"], attributes).node("Relu", &["states"], "positive");
            let run = InputSet {
                name: "test".into(),
                tensors: vec![("x".into(), Array { shape: shape.to_vec(), values: Values::F32(x) })],
            };
            let mut seen = observe(&builder.output("positive").model(), &run);
            let states = seen.pop().unwrap().z;
            assert_eq!(states.len(), y.len());
            let off = states.iter().zip(&y).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
            assert!(off < 1e-5, "{op} {direction} flag {flag} layout {layout}: the states are off by {off}");
            let expected = simulated.gates.iter().enumerate();
            let expected = expected.filter(|&(gate, _)| !(op == "LSTM" && flag == 1 && gate == 2));
            for (seen, (gate, expected)) in seen.iter().zip(expected) {
                let off = seen.z.iter().zip(expected).map(|(&z, expected)| (f64::from(z) - expected).abs());
                assert!(off.fold(0.0, f64::max) < 1e-5, "{op} {direction} flag {flag} layout {layout}: gate {gate}");
            }
        }
    }
}

#[test]
fn the_steps_of_an_unrolled_network_are_one_layer() {
    let step = |builder: Builder, from: &str, w: &str, to: &str| {
        let (product, sum) = (format!("{to}.product"), format!("{to}.sum"));
        let builder = builder.node("MatMul", &[from, w], &product).node("Add", &[&product, "b"], &sum);
        builder.node("Tanh", &[&sum], to)
    };
    let builder = Builder::new(&[-1, 3]).weights("w", &[3, 3]).weights("other", &[3, 3]).constant("b", &[3], &[0.5; 3]);
    let builder = step(step(step(builder, "x", "w", "first"), "first", "w", "second"), "second", "other", "third");
    let model = builder.node("Neg", &["third"], "y").model();
    assert_eq!([0, 1, 2].map(|site| model.layer_of(site)), [0, 0, 2]);
    let mut examination = crate::Examination::new(&model);
    let run = input(&[2, 3]);
    examination.run(&run).unwrap();
    examination.run(&run).unwrap();
    let (vitals, unexamined) = examination.finish("unrolled");
    let seen: Vec<_> = vitals
        .layers
        .iter()
        .map(|layer| (layer.name().to_owned(), layer.samples(), layer.units()[0].values()))
        .collect();
    assert_eq!(seen, [("first".to_owned(), 4, 8), ("third".to_owned(), 4, 4)]);
    assert!(unexamined.is_empty(), "{unexamined:?}");
    let mut ablation = crate::Ablation::new(&model, &[("first".to_owned(), vec![0, 1, 2])]);
    ablation.run(&run).unwrap();
    // Without the second step the third one sees nothing but its bias.
    let mut plain = Vec::new();
    model
        .run_replacing(&run, |site, a| {
            if site == 2 {
                plain = a.to_vec();
            }
        })
        .unwrap();
    let largest = plain.iter().map(|a| f64::from((a - 0.5_f32.tanh()).abs())).fold(0.0, f64::max);
    let ablated = ablation.finish();
    assert_eq!((ablated.units, ablated.left_out), (3, 0));
    assert!((ablated.outputs[0].largest_difference - largest).abs() < 1e-5);
}
