//! The gates of recurrent nodes, computed again from what goes into the node and what comes out of it.
//!
//! Formulas, order of the gates and shapes are those of the ONNX operators. With T steps, N sequences, I inputs, H units and D directions, X is
//! \[T, N, I\], W \[D, gates·H, I\], R \[D, gates·H, H\], B \[D, 2·gates·H\], the initial states \[D, N, H\], and Y \[T, D, N, H\]; with
//! layout = 1 the sequences come first: X \[N, T, I\], states \[N, D, H\], Y \[N, T, D, H\]. Y tells the state before every step, so only the
//! cell of an LSTM must be followed from step to step.

use rten::FloatOperators;
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::{Cell, Direction, GateFunction, Recurrence};
use crate::Error;
use crate::engine::Floats;

/// What goes into a node and comes out of it.
pub(crate) struct Operands<'a> {
    pub x: Floats<'a>,
    pub w: Floats<'a>,
    pub r: Floats<'a>,
    pub b: Option<Floats<'a>>,
    /// How many steps each sequence has.
    pub lengths: Option<Vec<usize>>,
    pub initial: Option<Floats<'a>>,
    pub initial_cell: Option<Floats<'a>>,
    /// The weights with which the gates of an LSTM look at its cell.
    pub peepholes: Option<Floats<'a>>,
    pub y: Floats<'a>,
}

/// The sizes of a run.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    sequences: usize,
    inputs: usize,
    units: usize,
    directions: usize,
}

/// The pre-activations of every gate in one direction, each \[rows, H\]: a row for every step of every sequence, steps first.
pub(crate) fn pre_activations(
    recurrence: &Recurrence,
    direction: &Direction,
    operands: &Operands,
) -> Result<Vec<Vec<f32>>, Error> {
    let (x, y) = (&operands.x.0[..], &operands.y.0[..]);
    let first = recurrence.sequences_first;
    let sizes = match (x, y) {
        (&[a, b, inputs], &[.., units]) if y.len() == 4 => {
            let (steps, sequences) = if first { (b, a) } else { (a, b) };
            Sizes { steps, sequences, inputs, units, directions: if first { y[2] } else { y[1] } }
        }
        _ => return Err(failed(format!("X and Y of a recurrent node have {} and {} axes", x.len(), y.len()))),
    };
    Direct::new(recurrence, direction, operands, sizes)?.gates()
}

/// One direction of a run.
struct Direct<'a> {
    recurrence: &'a Recurrence,
    direction: &'a Direction,
    sizes: Sizes,
    lengths: Vec<usize>,
    /// What the inputs give to each gate, with their bias, \[T·N, gates·H\].
    from_input: Vec<f32>,
    /// What the states give, with theirs.
    from_state: Vec<f32>,
    /// The states before each step, \[T·N, H\].
    before: Vec<f32>,
    initial_cell: Vec<f32>,
    peepholes: Vec<f32>,
    /// The weights of the state, \[gates·H, H\].
    r: Tensor,
    state_biases: Vec<f32>,
}

impl<'a> Direct<'a> {
    fn new(recurrence: &'a Recurrence, direction: &'a Direction, from: &Operands, sizes: Sizes) -> Result<Self, Error> {
        let Sizes { steps, sequences, inputs, units, .. } = sizes;
        let (gates, rows) = (recurrence.cell.weighted(), steps * sequences);
        let part = |values: &Option<Floats>, len: usize| match values {
            Some((_, values)) => {
                let own = values.get(direction.index * len..(direction.index + 1) * len);
                own.map(<[f32]>::to_vec).ok_or_else(|| failed("weights of a recurrent node are too few".into()))
            }
            None => Ok(vec![0.0; len]),
        };
        let states = |values: &Option<Floats>| match values {
            Some((_, values)) if recurrence.sequences_first => {
                let all: Vec<&[f32]> = values.chunks_exact(units.max(1)).collect();
                let own =
                    all.chunks_exact(sizes.directions.max(1)).filter_map(|each| each.get(direction.index).copied());
                Ok(own.collect::<Vec<_>>().concat())
            }
            values => part(values, sequences * units),
        };
        let w = Tensor::from_data(&[gates * units, inputs], part(&Some(from.w.clone()), gates * units * inputs)?);
        let r = Tensor::from_data(&[gates * units, units], part(&Some(from.r.clone()), gates * units * units)?);
        let biases = part(&from.b, 2 * gates * units)?;
        let lengths = from.lengths.clone().unwrap_or_else(|| vec![steps; sequences]);
        if lengths.len() != sequences || lengths.iter().any(|&length| length > steps) {
            return Err(failed("the lengths of the sequences do not fit them".into()));
        }
        let (initial, initial_cell) = (states(&from.initial)?, states(&from.initial_cell)?);
        let whole = from.x.1.len() == rows * inputs
            && from.y.1.len() == rows * sizes.directions * units
            && [&initial, &initial_cell].iter().all(|states| states.len() == sequences * units);
        if !whole {
            return Err(failed("X, Y and the initial states of a recurrent node do not fit one another".into()));
        }
        let mut direct = Self {
            recurrence,
            direction,
            sizes,
            lengths,
            from_input: Vec::new(),
            from_state: Vec::new(),
            before: Vec::new(),
            initial_cell,
            peepholes: part(&from.peepholes, 3 * units)?,
            r,
            state_biases: biases[gates * units..].to_vec(),
        };
        let x = steps_first(&from.x.1, recurrence.sequences_first, sizes, inputs);
        direct.before = direct.states_before(&from.y.1, &initial);
        direct.from_input = with_biases(product(&[rows, inputs], x, &w)?, &biases[..gates * units]);
        let from_state = product(&[rows, units], direct.before.clone(), &direct.r)?;
        direct.from_state = with_biases(from_state, &direct.state_biases);
        Ok(direct)
    }

    /// The rows of the steps of a sequence, in the order of the direction.
    fn order(&self, sequence: usize) -> impl Iterator<Item = usize> + use<> {
        let (length, sequences, backward) = (self.lengths[sequence], self.sizes.sequences, self.direction.backward);
        (0..length).map(move |step| (if backward { length - 1 - step } else { step }) * sequences + sequence)
    }

    /// The state before each step: that after the step before, in the order of the direction.
    fn states_before(&self, y: &[f32], initial: &[f32]) -> Vec<f32> {
        let Sizes { steps, sequences, units, directions, .. } = self.sizes;
        let state = |row: usize| {
            let (step, sequence) = (row / sequences, row % sequences);
            let place = if self.recurrence.sequences_first {
                (sequence * steps + step) * directions + self.direction.index
            } else {
                (step * directions + self.direction.index) * sequences + sequence
            };
            &y[place * units..][..units]
        };
        let mut before = vec![0.0; steps * sequences * units];
        for sequence in 0..sequences {
            let mut last = &initial[sequence * units..][..units];
            for row in self.order(sequence) {
                before[row * units..][..units].copy_from_slice(last);
                last = state(row);
            }
        }
        before
    }

    fn function(&self, gate: usize) -> GateFunction {
        self.direction.functions[gate]
    }

    fn gates(&self) -> Result<Vec<Vec<f32>>, Error> {
        let all = match self.recurrence.cell {
            Cell::Rnn => vec![self.clipped(self.gate(0))],
            Cell::Gru => self.gru()?,
            Cell::Lstm => self.lstm(),
        };
        // Rows beyond the end of a sequence are none.
        let Sizes { sequences, units, .. } = self.sizes;
        let is_there = |row: usize| row / sequences < self.lengths[row % sequences];
        let kept = |values: Vec<f32>| {
            let rows = values.chunks_exact(units.max(1)).enumerate().filter(|&(row, _)| is_there(row));
            rows.flat_map(|(_, values)| values.iter().copied()).collect()
        };
        Ok(all.into_iter().map(kept).collect())
    }

    /// What the input and the state give to a gate, in every row.
    fn gate(&self, gate: usize) -> Vec<f32> {
        let (input, state) = (self.columns(&self.from_input, gate), self.columns(&self.from_state, gate));
        input.zip(state).map(|(input, state)| input + state).collect()
    }

    fn clip(&self, z: f32) -> f32 {
        z.clamp(-self.recurrence.clip, self.recurrence.clip)
    }

    fn clipped(&self, mut z: Vec<f32>) -> Vec<f32> {
        z.iter_mut().for_each(|z| *z = self.clip(*z));
        z
    }

    /// The values of one gate in every row.
    fn columns<'s>(&self, values: &'s [f32], gate: usize) -> impl Iterator<Item = f32> + use<'s> {
        let (units, gates) = (self.sizes.units, self.recurrence.cell.weighted());
        let rows = values.chunks_exact((gates * units).max(1));
        rows.flat_map(move |row| row[gate * units..][..units].iter().copied())
    }

    fn gru(&self) -> Result<Vec<Vec<f32>>, Error> {
        let Sizes { steps, sequences, units, .. } = self.sizes;
        let [update, reset] = [0, 1].map(|gate| self.clipped(self.gate(gate)));
        let resets = reset.iter().map(|&z| self.function(1).value(z));
        let state: Vec<f32> = if self.recurrence.reset_after {
            self.columns(&self.from_state, 2).zip(resets).map(|(state, reset)| state * reset).collect()
        } else {
            let seen: Vec<f32> = self.before.iter().zip(resets).map(|(before, reset)| before * reset).collect();
            let r = self.r.to_vec()[2 * units * units..].to_vec();
            let r = Tensor::from_data(&[units, units], r);
            with_biases(product(&[steps * sequences, units], seen, &r)?, &self.state_biases[2 * units..])
        };
        let hidden = self.columns(&self.from_input, 2).zip(state).map(|(input, state)| self.clip(input + state));
        Ok(vec![update, reset, hidden.collect()])
    }

    fn lstm(&self) -> Vec<Vec<f32>> {
        let units = self.sizes.units;
        let [mut input, mut output, mut forget, candidate] = [0, 1, 2, 3].map(|gate| self.gate(gate));
        let candidate = self.clipped(candidate);
        let mut cells = vec![0.0; input.len()];
        for sequence in 0..self.sizes.sequences {
            let mut cell = self.initial_cell[sequence * units..][..units].to_vec();
            for row in self.order(sequence) {
                for (unit, cell) in cell.iter_mut().enumerate() {
                    let (at, peephole) = (row * units + unit, |gate: usize| self.peepholes[gate * units + unit]);
                    input[at] = self.clip(input[at] + peephole(0) * *cell);
                    forget[at] = self.clip(forget[at] + peephole(2) * *cell);
                    let let_in = self.function(0).value(input[at]);
                    let kept =
                        if self.recurrence.input_forget { 1.0 - let_in } else { self.function(2).value(forget[at]) };
                    *cell = kept * *cell + let_in * self.function(3).value(candidate[at]);
                    output[at] = self.clip(output[at] + peephole(1) * *cell);
                    cells[at] = *cell;
                }
            }
        }
        let mut all = vec![input, output, forget, candidate, cells];
        if self.recurrence.input_forget {
            all.remove(2);
        }
        all
    }
}

/// The values of X with steps before sequences.
fn steps_first(values: &[f32], sequences_first: bool, sizes: Sizes, width: usize) -> Vec<f32> {
    if !sequences_first {
        return values.to_vec();
    }
    let Sizes { steps, sequences, .. } = sizes;
    let rows = (0..steps * sequences).map(|row| (row % sequences) * steps + row / sequences);
    rows.flat_map(|row| values[row * width..][..width].iter().copied()).collect()
}

fn product(shape: &[usize; 2], rows: Vec<f32>, weights: &Tensor) -> Result<Vec<f32>, Error> {
    let product = Tensor::from_data(shape, rows).matmul(weights.transposed());
    Ok(product.map_err(|error| failed(error.to_string()))?.to_vec())
}

fn with_biases(mut values: Vec<f32>, biases: &[f32]) -> Vec<f32> {
    for row in values.chunks_exact_mut(biases.len().max(1)) {
        row.iter_mut().zip(biases).for_each(|(value, bias)| *value += bias);
    }
    values
}

fn failed(message: String) -> Error {
    Error::Engine { doing: "the gates of a recurrent node", message }
}
