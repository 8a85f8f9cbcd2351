//! RNN, and the forms of LSTM and GRU that the engine lacks, as a Loop over the steps: other functions, clip, input_forget, peepholes, sequences
//! of different lengths (which the engine takes for whole ones), a reset before the product, sequences before steps.
//!
//! Formulas and shapes are those of the ONNX operators, as in [`crate::recurrent`], which takes the gates out of what runs here.

use excite::Function;
use rten_onnx::onnx::{GraphProto, NodeProto};

use super::super::spelling::integer;
use super::super::{float, integers, tensor_info};
use super::{Change, Known, Spelling, adapt, refused};
use crate::Error;
use crate::graph::NodeExt;
use crate::recurrent::{Cell, Direction, GateFunction, Recurrence};

/// Spells a recurrent node, if the engine lacks its form.
pub(super) fn spell(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let recurrence = Recurrence::of(old).map_err(|why| refused(old, &format!("of this form ({why})")))?;
    // The lengths of the sequences, and peepholes.
    if recurrence.is_plain() && old.input(4).is_none() && old.input(7).is_none() {
        return Ok(Change::Keep);
    }
    let units = match known.shape(old.input(2).unwrap_or_default()) {
        Some(&[.., units]) if units > 0 => units,
        _ => old.int("hidden_size", 0),
    };
    let ([Some(x), Some(w), Some(r)], 1..) = ([0, 1, 2].map(|place| old.input(place)), units) else {
        return Err(Error::broken(old.title(), format!("its {} lacks X, W, R or hidden_size", old.op())));
    };
    // Steps first: [T, N, I].
    let turn = |s: &mut Spelling, tensor: &str, order: &[i64]| {
        s.with_attributes("Transpose", &[tensor], vec![integers("perm", order.to_vec())])
    };
    let first = recurrence.sequences_first;
    let x = if first { turn(spelling, x, &[1, 0, 2]) } else { x.to_owned() };
    let [steps, sequences] = [0, 1].map(|axis| spelling.size(&x, axis));
    let states = [5, 6].map(|place| {
        old.input(place).map(|states| if first { turn(spelling, states, &[1, 0, 2]) } else { states.to_owned() })
    });
    let node = Node { old, known, recurrence: &recurrence, units, x, w, r, steps, sequences, states };
    let of_direction = |direction| node.direction(spelling, direction);
    let results = recurrence.directions.iter().map(of_direction).collect::<Result<Vec<_>, _>>()?;
    // [T, N, H] of each direction make [T, D, N, H], or [N, T, D, H]; the last states [D, N, H], or [N, D, H].
    let joined = [(1, &[2, 0, 1, 3][..]), (0, &[1, 0, 2]), (0, &[1, 0, 2])];
    for (place, (axis, order)) in joined.into_iter().enumerate() {
        let Some(output) = old.output(place).filter(|name| !name.is_empty()) else { continue };
        let at = spelling.integers(&[axis]);
        let each: Vec<String> = results.iter().map(|one| spelling.step("Unsqueeze", &[&one[place], &at])).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        let axis = vec![integer("axis", axis)];
        if first {
            let all = spelling.with_attributes("Concat", &each, axis);
            spelling.last("Transpose", &[&all], output, vec![integers("perm", order.to_vec())]);
        } else {
            spelling.last("Concat", &each, output, axis);
        }
    }
    Ok(Change::Replaced)
}

/// A node with what its directions share.
struct Node<'a> {
    old: &'a NodeProto,
    known: &'a Known<'a>,
    recurrence: &'a Recurrence,
    units: i64,
    x: String,
    w: &'a str,
    r: &'a str,
    /// How many steps, and how many sequences.
    steps: String,
    sequences: String,
    /// The initial states and cells, \[D, N, H\].
    states: [Option<String>; 2],
}

/// The states after each step, \[T, N, H\], and the last state and cell, \[N, H\], of one direction.
type Results = [String; 3];

/// What the steps of one direction read from outside their body.
struct Weights {
    /// What the input gives to all gates, with its bias, \[T, N, gates·H\].
    from_input: String,
    /// The weights of the state, \[H, gates·H\], and their bias.
    r: String,
    bias: Option<String>,
    /// The peepholes of the input, output and forget gate, each \[H\].
    peepholes: Option<[String; 3]>,
}

impl Node<'_> {
    fn direction(&self, spelling: &mut Spelling, direction: &Direction) -> Result<Results, Error> {
        let weights = self.weights(spelling, direction);
        let mut carried = vec![self.initial(spelling, 0, direction)];
        if self.recurrence.cell == Cell::Lstm {
            carried.push(self.initial(spelling, 1, direction));
        }
        let body = self.body(&spelling.name(), direction, &weights, carried.len())?;
        let carried: Vec<&str> = carried.iter().map(String::as_str).collect();
        let outputs = spelling.loop_over(&self.steps, &carried, body);
        let mut all = outputs[carried.len()].clone();
        if direction.backward {
            // The last step was computed first.
            all = spelling.last_first(&all, &self.steps);
        }
        let cell = outputs[carried.len() - 1].clone();
        Ok([all, outputs[0].clone(), cell])
    }

    fn weights(&self, spelling: &mut Spelling, direction: &Direction) -> Weights {
        let place = spelling.integer(direction.index as i64);
        let width = self.recurrence.cell.weighted() as i64 * self.units;
        let mut own = |tensor: &str| {
            let own = spelling.step("Gather", &[tensor, &place]);
            spelling.with_attributes("Transpose", &[&own], vec![integers("perm", vec![1, 0])])
        };
        let (w, r) = (own(self.w), own(self.r));
        let mut from_input = spelling.step("MatMul", &[&self.x, &w]);
        let bias = self.old.input(3).map(|biases| {
            let own = spelling.step("Gather", &[biases, &place]);
            let of_input = spelling.slice(&own, 0, 0, width);
            from_input = spelling.step("Add", &[&from_input, &of_input]);
            spelling.slice(&own, 0, width, 2 * width)
        });
        let peepholes = self.old.input(7).map(|peepholes| {
            let own = spelling.step("Gather", &[peepholes, &place]);
            [0, 1, 2].map(|gate| spelling.slice(&own, 0, gate * self.units, (gate + 1) * self.units))
        });
        Weights { from_input, r, bias, peepholes }
    }

    /// The states or cells before the first step, 0 where none are given.
    fn initial(&self, spelling: &mut Spelling, which: usize, direction: &Direction) -> String {
        if let Some(states) = &self.states[which] {
            let place = spelling.integer(direction.index as i64);
            return spelling.step("Gather", &[states, &place]);
        }
        let (axis, units) = (spelling.integers(&[0]), spelling.integers(&[self.units]));
        let sequences = spelling.step("Unsqueeze", &[&self.sequences, &axis]);
        let shape = spelling.with_attributes("Concat", &[&sequences, &units], vec![integer("axis", 0)]);
        let zero = spelling.number(0.0);
        spelling.step("Expand", &[&zero, &shape])
    }

    /// One step: the state and the cell before it in, those after it out.
    fn body(&self, name: &str, of: &Direction, weights: &Weights, carried: usize) -> Result<GraphProto, Error> {
        let input = |what: &str| format!("{name}/{what}");
        let [step, goes_on, state, cell] = ["step", "goes_on", "state", "cell"].map(input);
        let mut body = GraphProto::default();
        let mut spelling = Spelling::new(&mut body, name);
        let s = &mut spelling;
        let at = if of.backward { s.counted_back(&self.steps, &step) } else { step.clone() };
        let x = s.step("Gather", &[&weights.from_input, &at]);
        let mut h = s.step("MatMul", &[&state, &weights.r]);
        if let Some(bias) = &weights.bias {
            h = s.step("Add", &[&h, bias]);
        }
        let mut cells = Step { node: self, of, s, x, h, weights };
        let (mut new, mut new_cell) = match self.recurrence.cell {
            Cell::Rnn => (cells.rnn()?, None),
            Cell::Gru => (cells.gru(&state)?, None),
            Cell::Lstm => cells.lstm(&cell).map(|(state, cell)| (state, Some(cell)))?,
        };
        let mut shown = new.clone();
        if let Some(lengths) = self.old.input(4) {
            // Beyond its end a sequence keeps its state, and shows 0.
            let (axis, zero) = (s.integers(&[1]), s.number(0.0));
            let goes_on = s.step("Less", &[&at, lengths]);
            let goes_on = s.step("Unsqueeze", &[&goes_on, &axis]);
            shown = s.step("Where", &[&goes_on, &new, &zero]);
            new = s.step("Where", &[&goes_on, &new, &state]);
            new_cell = new_cell.map(|new| s.step("Where", &[&goes_on, &new, &cell]));
        }
        let kept = s.step("Identity", &[&goes_on]);
        // A tensor can be an output once only.
        let shown = s.step("Identity", &[&shown]);
        let inputs = [&step, &goes_on, &state, &cell];
        body.input = inputs.into_iter().take(2 + carried).map(|name| tensor_info(name)).collect();
        let outputs = [Some(&kept), Some(&new), new_cell.as_ref(), Some(&shown)];
        body.output = outputs.into_iter().flatten().map(|name| tensor_info(name)).collect();
        // Functions of gates that the engine lacks.
        adapt(&mut body, self.known)?;
        Ok(body)
    }
}

/// One step in the making.
struct Step<'s, 'g, 'n> {
    node: &'n Node<'n>,
    of: &'n Direction,
    s: &'s mut Spelling<'g>,
    /// What the input and the state give to all gates.
    x: String,
    h: String,
    weights: &'n Weights,
}

impl Step<'_, '_, '_> {
    fn columns(&mut self, tensor: &str, gate: i64) -> String {
        let units = self.node.units;
        self.s.slice(tensor, 1, gate * units, (gate + 1) * units)
    }

    /// The argument of a gate, but for a peephole.
    fn sum(&mut self, gate: i64) -> String {
        let (x, h) = (self.x.clone(), self.h.clone());
        let (x, h) = (self.columns(&x, gate), self.columns(&h, gate));
        self.s.step("Add", &[&x, &h])
    }

    /// The function of a gate of its clipped argument.
    fn clipped(&mut self, gate: usize, z: &str) -> Result<String, Error> {
        let clip = self.node.recurrence.clip;
        if clip.is_infinite() {
            return self.function(gate, z);
        }
        let (low, high) = (self.s.number(f64::from(-clip)), self.s.number(f64::from(clip)));
        let z = self.s.step("Clip", &[z, &low, &high]);
        self.function(gate, &z)
    }

    fn function(&mut self, gate: usize, z: &str) -> Result<String, Error> {
        let GateFunction { function, argument } = self.of.functions[gate];
        let (op, attributes) = match function {
            Function::Sigmoid(_) => ("Sigmoid", vec![]),
            Function::Tanh(_) => ("Tanh", vec![]),
            Function::Relu(_) => ("Relu", vec![]),
            Function::Softsign(_) => ("Softsign", vec![]),
            Function::Softplus(_) => ("Softplus", vec![]),
            Function::LeakyRelu(f) => ("LeakyRelu", vec![float("alpha", f.negative_slope() as f32)]),
            Function::Elu(f) => ("Elu", vec![float("alpha", f.alpha() as f32)]),
            Function::ThresholdedRelu(f) => ("ThresholdedRelu", vec![float("alpha", f.alpha() as f32)]),
            // excite's is that of z/6 + 1/2.
            Function::HardSigmoid(_) => {
                let (alpha, beta) = (argument.scale / 6.0, argument.shift / 6.0 + 0.5);
                return Ok(self.s.with_attributes(
                    "HardSigmoid",
                    &[z],
                    vec![float("alpha", alpha), float("beta", beta)],
                ));
            }
            other => return Err(refused(self.node.old, &format!("whose gate is {other}"))),
        };
        Ok(self.s.with_attributes(op, &[z], attributes))
    }

    fn rnn(&mut self) -> Result<String, Error> {
        let z = self.sum(0);
        self.clipped(0, &z)
    }

    fn gru(&mut self, state: &str) -> Result<String, Error> {
        let [update, reset] = [0, 1].map(|gate| self.sum(gate));
        let (update, reset) = (self.clipped(0, &update)?, self.clipped(1, &reset)?);
        let from_state = if self.node.recurrence.reset_after {
            let h = self.h.clone();
            let h = self.columns(&h, 2);
            self.s.step("Mul", &[&reset, &h])
        } else {
            let seen = self.s.step("Mul", &[&reset, state]);
            let r = self.columns(&self.weights.r, 2);
            let product = self.s.step("MatMul", &[&seen, &r]);
            match &self.weights.bias {
                Some(bias) => {
                    let bias = self.s.slice(bias, 0, 2 * self.node.units, 3 * self.node.units);
                    self.s.step("Add", &[&product, &bias])
                }
                None => product,
            }
        };
        let x = self.x.clone();
        let x = self.columns(&x, 2);
        let z = self.s.step("Add", &[&x, &from_state]);
        let candidate = self.clipped(2, &z)?;
        // (1 − update)·candidate + update·state
        let one = self.s.number(1.0);
        let left = self.s.step("Sub", &[&one, &update]);
        let (new, kept) = (self.s.step("Mul", &[&left, &candidate]), self.s.step("Mul", &[&update, state]));
        Ok(self.s.step("Add", &[&new, &kept]))
    }

    /// The state and the cell.
    fn lstm(&mut self, cell: &str) -> Result<(String, String), Error> {
        let let_in = self.looking(0, cell)?;
        let kept = if self.node.recurrence.input_forget {
            let one = self.s.number(1.0);
            self.s.step("Sub", &[&one, &let_in])
        } else {
            self.looking(2, cell)?
        };
        let candidate = self.sum(3);
        let candidate = self.clipped(3, &candidate)?;
        let (old, new) = (self.s.step("Mul", &[&kept, cell]), self.s.step("Mul", &[&let_in, &candidate]));
        let cell = self.s.step("Add", &[&old, &new]);
        let shown = self.looking(1, &cell)?;
        let value = self.function(4, &cell)?;
        Ok((self.s.step("Mul", &[&shown, &value]), cell))
    }

    /// A gate that looks at the cell through its peephole.
    fn looking(&mut self, gate: usize, cell: &str) -> Result<String, Error> {
        let mut z = self.sum(gate as i64);
        if let Some(peepholes) = &self.weights.peepholes {
            let seen = self.s.step("Mul", &[&peepholes[gate], cell]);
            z = self.s.step("Add", &[&z, &seen]);
        }
        self.clipped(gate, &z)
    }
}
