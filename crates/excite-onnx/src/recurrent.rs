//! The gates of LSTM and GRU nodes, worked out again from what goes into the node and what comes out of it.
//!
//! Formulas, order of the gates and shapes are those of the ONNX operators LSTM and GRU. With T steps, N sequences, I inputs, H units and
//! D directions, X is \[T, N, I\], W \[D, gates·H, I\], R \[D, gates·H, H\], B \[D, 2·gates·H\], the initial state \[D, N, H\], and Y
//! \[T, D, N, H\].

use std::fmt;

use excite::{Elementwise, Function, Sigmoid, Tanh};
use rten::FloatOperators;
use rten_onnx::onnx::NodeProto;
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};

use crate::Error;
use crate::graph::NodeExt;

/// A gate of a recurrent node, or the candidate for its next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// An LSTM's: how much of the candidate enters the cell.
    Input,
    /// An LSTM's: how much of the cell shows.
    Output,
    /// An LSTM's: how much of the cell stays.
    Forget,
    /// An LSTM's candidate for the cell.
    Cell,
    /// A GRU's: how much of the state stays.
    Update,
    /// A GRU's: how much of the state the candidate sees.
    Reset,
    /// A GRU's candidate for the state.
    Hidden,
}

impl Gate {
    /// Whether it is a new value rather than a gate.
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Cell | Self::Hidden)
    }

    pub(crate) fn function(self) -> Function {
        if self.is_candidate() { Tanh.into() } else { Sigmoid.into() }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Input => "input_gate",
            Self::Output => "output_gate",
            Self::Forget => "forget_gate",
            Self::Cell => "cell_candidate",
            Self::Update => "update_gate",
            Self::Reset => "reset_gate",
            Self::Hidden => "hidden_candidate",
        })
    }
}

/// Which operator a recurrent node is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Lstm,
    Gru,
}

impl Cell {
    pub fn of(node: &NodeProto) -> Option<Self> {
        match node.op() {
            "LSTM" => Some(Self::Lstm),
            "GRU" => Some(Self::Gru),
            _ => None,
        }
    }

    /// The gates in the order of the rows of the weights.
    pub fn gates(self) -> &'static [Gate] {
        match self {
            Self::Lstm => &[Gate::Input, Gate::Output, Gate::Forget, Gate::Cell],
            Self::Gru => &[Gate::Update, Gate::Reset, Gate::Hidden],
        }
    }
}

/// One of the directions that a node reads its sequences in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Direction {
    /// Its place along the axis of directions.
    pub index: usize,
    /// Whether it goes from the last step to the first.
    pub backward: bool,
}

impl Direction {
    pub fn of(node: &NodeProto) -> Vec<Self> {
        let backward: &[bool] = match node.text("direction") {
            Some("bidirectional") => &[false, true],
            Some("reverse") => &[true],
            _ => &[false],
        };
        backward.iter().enumerate().map(|(index, &backward)| Self { index, backward }).collect()
    }
}

/// What goes into a node and comes out of it.
pub(crate) struct Operands<'a> {
    pub x: TensorView<'a>,
    pub w: TensorView<'a>,
    pub r: TensorView<'a>,
    pub b: Option<TensorView<'a>>,
    pub initial: Option<TensorView<'a>>,
    pub y: TensorView<'a>,
}

/// The pre-activations of every gate in one direction, each \[T·N, H\].
pub(crate) fn pre_activations(cell: Cell, direction: Direction, operands: &Operands) -> Result<Vec<Vec<f32>>, Error> {
    let Operands { x, w, r, b, initial, y } = operands;
    let gates = cell.gates().len();
    let (&[steps, sequences, inputs], &[_, _, _, units]) = (x.shape(), y.shape()) else {
        return Err(failed(format!("X and Y of a recurrent node have {} and {} axes", x.ndim(), y.ndim())));
    };
    let rows = steps * sequences;
    let of_direction = |tensor: &TensorView, shape: &[usize]| -> Result<Tensor, Error> {
        let len: usize = shape.iter().product();
        let values = tensor.to_vec();
        let here = values.get(direction.index * len..(direction.index + 1) * len);
        Ok(Tensor::from_data(
            shape,
            here.ok_or_else(|| failed("weights of a recurrent node are too few".into()))?.to_vec(),
        ))
    };
    let (w, r) = (of_direction(w, &[gates * units, inputs])?, of_direction(r, &[gates * units, units])?);
    let biases = match b {
        Some(b) => of_direction(b, &[2 * gates * units])?.to_vec(),
        None => vec![0.0; 2 * gates * units],
    };
    let initial = match initial {
        Some(initial) => of_direction(initial, &[sequences, units])?.to_vec(),
        None => vec![0.0; sequences * units],
    };
    let before = before(direction, y, &initial);
    let product = |rows: Tensor, weights: &Tensor| -> Result<Vec<f32>, Error> {
        Ok(rows.matmul(weights.transposed()).map_err(|error| failed(error.to_string()))?.to_vec())
    };
    let from_input = product(Tensor::from_data(&[rows, inputs], x.to_vec()), &w)?;
    let from_state = product(Tensor::from_data(&[rows, units], before), &r)?;
    let (input_biases, state_biases) = biases.split_at(gates * units);
    // Of a gate, in every row: what the input gives, and what the state gives, each with its bias.
    let gate = |gate: usize, values: &[f32], biases: &[f32]| -> Vec<f32> {
        let rows = values.chunks_exact(gates * units).map(|row| &row[gate * units..][..units]);
        rows.flat_map(|row| row.iter().zip(&biases[gate * units..]).map(|(value, bias)| value + bias)).collect()
    };
    let mut found: Vec<Vec<f32>> = Vec::new();
    for position in 0..gates {
        let mut z = gate(position, &from_input, input_biases);
        let mut state = gate(position, &from_state, state_biases);
        // Of the two forms of a GRU the engine has the one that resets after the product (linear_before_reset).
        if cell.gates()[position] == Gate::Hidden {
            let reset = found[1].iter().map(|&z| Sigmoid.value(z));
            state.iter_mut().zip(reset).for_each(|(state, reset)| *state *= reset);
        }
        z.iter_mut().zip(state).for_each(|(z, state)| *z += state);
        found.push(z);
    }
    Ok(found)
}

/// The state before each step, \[T·N, H\]: that after the step before, in the order of the direction.
fn before(direction: Direction, y: &TensorView, initial: &[f32]) -> Vec<f32> {
    let directions = y.shape()[1];
    let values = y.to_vec();
    let states: Vec<&[f32]> =
        values.chunks_exact(initial.len().max(1)).skip(direction.index).step_by(directions.max(1)).collect();
    let mut before: Vec<&[f32]> = vec![initial; states.len()];
    if direction.backward {
        let last = states.len().saturating_sub(1);
        before[..last].copy_from_slice(&states[1.min(states.len())..]);
    } else if !states.is_empty() {
        before[1..].copy_from_slice(&states[..states.len() - 1]);
    }
    before.concat()
}

fn failed(message: String) -> Error {
    Error::Engine { doing: "the gates of a recurrent node", message }
}
