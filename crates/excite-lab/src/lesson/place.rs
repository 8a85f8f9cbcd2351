//! Where a statement stands: in the notes, on the page of the lesson, and on the page to play with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What its section is called in addresses: `"statement-3"`.
pub(super) fn anchor(number: usize) -> String {
    format!("statement-{number}")
}

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The rectified linear unit.
    Relu,
    /// The rectified linear unit with a cap of 6.
    Relu6,
    /// What the notes do not ask.
    Beyond,
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Beyond => "Beyond the notes",
        })
    }
}

/// A part of the page to play with, which `excite play` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Widget {
    /// One neuron: its input, value and gradient.
    OneNeuron,
    /// Lines of neurons over a cloud of points.
    HalfPlane,
    /// A network trained at the rate one picks.
    LearningRate,
    /// A descent of two weights.
    ZigZag,
    /// The gradient by layer.
    Depth,
    /// A number in eight bits.
    Bits,
}

impl fmt::Display for Widget {
    /// Its place on the page: `"half-plane"`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::OneNeuron => "one-neuron",
            Self::HalfPlane => "half-plane",
            Self::LearningRate => "learning-rate",
            Self::ZigZag => "zig-zag",
            Self::Depth => "depth",
            Self::Bits => "bits",
        })
    }
}
