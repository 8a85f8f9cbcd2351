//! RNN, LSTM and GRU nodes: their gates, as their attributes say, and in [`gates`] the values of these.

mod gates;

use std::fmt;

use excite::{Elu, Function, HardSigmoid, LeakyRelu, Relu, Sigmoid, Softplus, Softsign, Tanh, ThresholdedRelu};
use rten_onnx::onnx::NodeProto;

use crate::graph::NodeExt;
use crate::site::Affine;

pub(crate) use self::gates::{Operands, pre_activations};

/// A gate of a recurrent node, or another of its activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecurrentGate {
    /// An LSTM's: how much of the candidate enters the cell.
    Input,
    /// An LSTM's: how much of the cell shows.
    Output,
    /// An LSTM's: how much of the cell stays.
    Forget,
    /// An LSTM's candidate for the cell.
    Cell,
    /// An LSTM's cell, as the output gate shows it.
    CellOutput,
    /// A GRU's: how much of the state stays.
    Update,
    /// A GRU's: how much of the state the candidate sees.
    Reset,
    /// A GRU's candidate for the state, or an RNN's state.
    Hidden,
}

impl RecurrentGate {
    /// Whether it is a new value rather than a gate.
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Cell | Self::Hidden | Self::CellOutput)
    }
}

impl fmt::Display for RecurrentGate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Input => "input_gate",
            Self::Output => "output_gate",
            Self::Forget => "forget_gate",
            Self::Cell => "cell_candidate",
            Self::CellOutput => "cell_output",
            Self::Update => "update_gate",
            Self::Reset => "reset_gate",
            Self::Hidden => "hidden_candidate",
        })
    }
}

/// Which operator a recurrent node is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Rnn,
    Lstm,
    Gru,
}

impl Cell {
    pub fn of(node: &NodeProto) -> Option<Self> {
        match node.op() {
            "RNN" => Some(Self::Rnn),
            "LSTM" => Some(Self::Lstm),
            "GRU" => Some(Self::Gru),
            _ => None,
        }
    }

    /// Its activations: first the gates that have rows in the weights, in the order of these rows, then others.
    pub fn gates(self) -> &'static [RecurrentGate] {
        match self {
            Self::Rnn => &[RecurrentGate::Hidden],
            Self::Lstm => &[
                RecurrentGate::Input,
                RecurrentGate::Output,
                RecurrentGate::Forget,
                RecurrentGate::Cell,
                RecurrentGate::CellOutput,
            ],
            Self::Gru => &[RecurrentGate::Update, RecurrentGate::Reset, RecurrentGate::Hidden],
        }
    }

    /// How many of them have rows in the weights.
    pub fn weighted(self) -> usize {
        self.gates().iter().filter(|gate| **gate != RecurrentGate::CellOutput).count()
    }

    /// The functions that it has where the node names none.
    fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Rnn => &["Tanh"],
            Self::Lstm => &["Sigmoid", "Tanh", "Tanh"],
            Self::Gru => &["Sigmoid", "Tanh"],
        }
    }

    /// Which of those functions a gate has.
    fn place(self, gate: RecurrentGate) -> usize {
        match (self, gate) {
            (Self::Lstm, RecurrentGate::Cell) | (Self::Gru, RecurrentGate::Hidden) => 1,
            (_, RecurrentGate::CellOutput) => 2,
            _ => 0,
        }
    }
}

/// A function of a gate: of a scaled and shifted argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GateFunction {
    pub function: Function,
    pub argument: Affine,
}

impl GateFunction {
    fn value(self, z: f32) -> f32 {
        self.function.value(self.argument.of(z))
    }
}

/// One of the directions that a node reads its sequences in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Direction {
    /// Its place along the axis of directions.
    pub index: usize,
    /// Whether it goes from the last step to the first.
    pub backward: bool,
    /// The function of each gate, in their order.
    pub functions: Vec<GateFunction>,
}

/// All that the attributes of a recurrent node say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recurrence {
    pub cell: Cell,
    pub directions: Vec<Direction>,
    /// How far from 0 the argument of a gate may be.
    pub clip: f32,
    /// Whether an LSTM forgets what it does not let in.
    pub input_forget: bool,
    /// Whether a GRU resets the product with the state, not the state.
    pub reset_after: bool,
    /// Whether sequences come before steps.
    pub sequences_first: bool,
}

impl Recurrence {
    /// The gates that are computed: all, but a forget gate that is what the input gate leaves.
    pub fn gates(&self) -> impl Iterator<Item = (usize, RecurrentGate)> {
        let input_forget = self.input_forget;
        let gates = self.cell.gates().iter().copied().enumerate();
        gates.filter(move |&(_, gate)| !(input_forget && gate == RecurrentGate::Forget))
    }

    /// Whether it has the functions, the order and the sums that nodes of its operator mostly have: an LSTM or a GRU as PyTorch exports it.
    pub fn is_plain(&self) -> bool {
        let usual = |gate: RecurrentGate| if gate.is_candidate() { Tanh.into() } else { Sigmoid.into() };
        let is_usual = |(&gate, of): (&RecurrentGate, &GateFunction)| of.function == usual(gate);
        let functions = self.directions.iter().all(|of| self.cell.gates().iter().zip(&of.functions).all(is_usual));
        let sums = match self.cell {
            Cell::Rnn => false,
            Cell::Lstm => !self.input_forget,
            Cell::Gru => self.reset_after,
        };
        functions && sums && self.clip.is_infinite() && !self.sequences_first
    }

    /// How many sequences an X of that shape holds.
    pub fn sequences(&self, x: &[usize]) -> usize {
        x.get(usize::from(!self.sequences_first)).copied().unwrap_or(1)
    }

    /// What a node says; or why its gates cannot be computed.
    pub fn of(node: &NodeProto) -> Result<Self, String> {
        let cell = Cell::of(node).ok_or("its operator is not known")?;
        let backward: &[bool] = match node.text("direction") {
            Some("bidirectional") => &[false, true],
            Some("reverse") => &[true],
            _ => &[false],
        };
        let named: &[String] = node.find_attribute("activations").map_or(&[][..], |names| &names.strings[..]);
        let usual = cell.usual();
        let names: Vec<&str> = match named {
            [] => usual.repeat(backward.len()),
            named if named.len() == usual.len() * backward.len() => named.iter().map(String::as_str).collect(),
            named => return Err(format!("it names {} functions, not {}", named.len(), usual.len() * backward.len())),
        };
        let numbers = |name: &str| node.find_attribute(name).map_or(&[][..], |found| &found.floats[..]).iter().copied();
        let (mut alphas, mut betas) = (numbers("activation_alpha"), numbers("activation_beta"));
        let functions: Vec<_> =
            names.into_iter().map(|name| gate_function(name, &mut alphas, &mut betas)).collect::<Result<_, _>>()?;
        let of_direction = |(index, &backward): (usize, &bool)| {
            let own = &functions[index * usual.len()..];
            let functions = cell.gates().iter().map(|&gate| own[cell.place(gate)]).collect();
            Direction { index, backward, functions }
        };
        Ok(Self {
            cell,
            directions: backward.iter().enumerate().map(of_direction).collect(),
            clip: node
                .find_attribute("clip")
                .and_then(|clip| clip.f)
                .filter(|&clip| clip > 0.0)
                .unwrap_or(f32::INFINITY),
            input_forget: node.int("input_forget", 0) != 0,
            reset_after: node.int("linear_before_reset", 0) != 0,
            sequences_first: node.int("layout", 0) != 0,
        })
    }
}

/// A function by its name in ONNX; functions that have α and β take the next ones of the node, if there are any.
fn gate_function(
    name: &str,
    alphas: &mut dyn Iterator<Item = f32>,
    betas: &mut dyn Iterator<Item = f32>,
) -> Result<GateFunction, String> {
    let mut alpha = |default: f32| f64::from(alphas.next().unwrap_or(default));
    let mut argument = Affine::ITSELF;
    let function: Function = match &name.to_ascii_lowercase()[..] {
        "sigmoid" => Sigmoid.into(),
        "tanh" => Tanh.into(),
        "relu" => Relu.into(),
        "softsign" => Softsign.into(),
        "softplus" => Softplus::default().into(),
        "leakyrelu" => LeakyRelu::new(alpha(0.01)).map_err(|error| error.to_string())?.into(),
        "elu" => Elu::new(alpha(1.0)).map_err(|error| error.to_string())?.into(),
        "thresholdedrelu" => ThresholdedRelu::new(alpha(1.0)).map_err(|error| error.to_string())?.into(),
        "hardsigmoid" => {
            let (alpha, beta) = (alpha(0.2), f64::from(betas.next().unwrap_or(0.5)));
            argument = Affine { scale: (6.0 * alpha) as f32, shift: (6.0 * beta - 3.0) as f32 };
            HardSigmoid.into()
        }
        _ => return Err(format!("its function {name} is not looked at")),
    };
    Ok(GateFunction { function, argument })
}
