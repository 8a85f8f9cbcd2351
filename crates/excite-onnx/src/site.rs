//! What an activation of a model is.

use std::fmt;

use excite::define::Precision;
use excite::{Function, RowFunction, Rowwise};
/// What an activation is there for.
pub use excite_vitals::Role;

use crate::recurrent::RecurrentGate;

/// What an activation computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SiteFunction {
    /// A function of one number, element by element.
    Each(Function),
    /// A function of rows along the unit axis.
    Rows(RowFunction),
}

impl SiteFunction {
    /// The name in `excite`, such as `"relu6"` or `"softmax"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Each(function) => function.name(),
            Self::Rows(function) => function.info().name,
        }
    }

    /// The function of one number, if it is one.
    pub fn each(&self) -> Option<Function> {
        match self {
            Self::Each(function) => Some(*function),
            Self::Rows(_) => None,
        }
    }
}

impl fmt::Display for SiteFunction {
    /// As `excite` writes it, with parameters: `leaky_relu(0.1)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(function) => function.fmt(out),
            Self::Rows(function) => function.fmt(out),
        }
    }
}

/// A factor for a number, and a number to add to the product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// The factor.
    pub scale: f32,
    /// The number to add.
    pub shift: f32,
}

impl Affine {
    /// The number itself.
    pub const ITSELF: Self = Self { scale: 1.0, shift: 0.0 };

    /// scale · x + shift
    pub fn of(self, x: f32) -> f32 {
        if self == Self::ITSELF { x } else { x.mul_add(self.scale, self.shift) }
    }

    /// The number of which this is the scaled and shifted one.
    pub fn before(self, y: f32) -> f32 {
        if self == Self::ITSELF { y } else { (y - self.shift) / self.scale }
    }
}

/// The layer whose results an activation works on: a matrix product or a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearLayer {
    /// The node's name.
    pub node: String,
    /// `"Conv"`, `"ConvTranspose"`, `"Gemm"` or `"MatMul"`.
    pub op: String,
    /// The tensor that it reads.
    pub input: String,
    /// The constant tensor of its weights, if they are constant: see [`Model::constant`](crate::Model::constant).
    pub weights: Option<String>,
    /// The constant tensor of its bias, if it has one; for a MatMul that of the Add behind it.
    pub bias: Option<String>,
    /// How the weights lie, if the pre-activations are W·h + b with these very weights and this bias. None where a normalisation, a
    /// factor, a second bias or a change of shape lies between, and for a ConvTranspose.
    pub orientation: Option<Orientation>,
}

/// Which axis of the weights of a layer is that of its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// The first: \[units, inputs\], or \[units, channels, kernel...\].
    UnitsFirst,
    /// The last: \[inputs, units\].
    UnitsLast,
}

/// Which axis of a tensor its units (channels, features) lie along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitAxis {
    /// Counted from the first: 1 is the channels of \[N, C, H, W\].
    Front(usize),
    /// Counted from the last: 0 is the features of \[N, T, F\].
    Back(usize),
    /// Two, counted from the first, as heads and what lies within a head: a unit is a place along both.
    Two(usize, usize),
    /// The graph does not tell: the second of two, four or five axes, else the last.
    ByRank,
}

impl UnitAxis {
    /// The axis in a tensor of that many axes, the first of two; None for a tensor without any.
    ///
    /// ```
    /// use excite_onnx::UnitAxis;
    /// assert_eq!(UnitAxis::Front(1).of(4), Some(1));
    /// assert_eq!(UnitAxis::Back(0).of(3), Some(2));
    /// assert_eq!(UnitAxis::ByRank.of(2), Some(1));
    /// assert_eq!(UnitAxis::ByRank.of(0), None);
    /// ```
    pub fn of(self, rank: usize) -> Option<usize> {
        let last = rank.checked_sub(1)?;
        Some(match self {
            Self::Front(axis) | Self::Two(axis, _) => axis.min(last),
            Self::Back(axis) => last.saturating_sub(axis),
            Self::ByRank if matches!(rank, 2 | 4 | 5) => 1,
            Self::ByRank => last,
        })
    }
}

/// Where the numbers of an activation come from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// Tensors of the graph, the model's own or ones that were made visible for it.
    Tensors,
    /// A gate of an LSTM or GRU node, computed again from its inputs and outputs.
    RecurrentGate {
        /// The index of the node in the graph.
        node: usize,
        /// The place of the direction among those of the node: 1 is the backward one of two.
        direction: usize,
        /// Which gate.
        gate: RecurrentGate,
    },
}

/// An activation of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationSite {
    /// The name of the model's node, or of its output where it has none; a recurrent gate has its own added.
    pub name: String,
    /// What it computes.
    pub function: SiteFunction,
    /// The functions of the units, where they differ, as those of a PReLU with a slope for each channel; `function` has the mean of their
    /// parameters then. There may be more of them, as for each pixel too: one for each index of [`functions_shape`](Self::functions_shape).
    pub unit_functions: Vec<Function>,
    /// The shape that the functions are broadcast from to that of the activation, in row-major order; empty where they do not differ.
    pub functions_shape: Vec<usize>,
    /// The tensor that it works on.
    pub pre_activation: String,
    /// How the tensor becomes the argument of the function: mostly as it is, but the hard sigmoid of Keras is that of 1.2·z here.
    pub argument: Affine,
    /// The tensor of its results; empty where no tensor holds them.
    pub output: String,
    /// How the function's value becomes the result.
    pub result: Affine,
    /// What it is there for.
    pub role: Role,
    /// The axis of its units; may be set to another.
    pub unit_axis: UnitAxis,
    /// The layer that it works on the results of, if there is one.
    pub layer: Option<LinearLayer>,
    /// Where its numbers come from.
    pub source: Source,
    /// How its pre-activation is made of weights and other tensors, where weights make it.
    pub(crate) made_by: Option<String>,
}

impl ActivationSite {
    /// Whether both are one layer at two places, as two steps of an unrolled recurrent network are: the same weights make their
    /// pre-activations in the same way.
    pub(crate) fn is_same_layer(&self, other: &Self) -> bool {
        self.made_by.is_some()
            && self.unit_axis != UnitAxis::ByRank
            && self.made_by == other.made_by
            && (self.function, self.role, self.unit_axis) == (other.function, other.role, other.unit_axis)
            && (self.argument, self.result) == (other.argument, other.result)
            && self.unit_functions == other.unit_functions
    }

    /// The first parameter of each unit's function, such as the slopes of a PReLU; empty where the units do not differ.
    pub fn unit_parameters(&self) -> Vec<f32> {
        self.unit_functions.iter().filter_map(|function| Some(function.parameter(0)? as f32)).collect()
    }

    /// Whether its functions are one for each place along an axis of a tensor of that rank, or along several that were made one.
    pub(crate) fn functions_lie_along(&self, axis: usize, rank: usize) -> bool {
        let mut along = (0..self.functions_shape.len()).filter(|&axis| self.functions_shape[axis] > 1);
        match (along.next(), along.next()) {
            (Some(only), None) => only + rank == axis + self.functions_shape.len(),
            _ => true,
        }
    }

    /// The slope at each pre-activation of a tensor, by the functions of their places; None where the functions do not differ, or do not fit
    /// the shape.
    pub(crate) fn slopes(&self, z: &[f32], shape: &[usize]) -> Option<Vec<f32>> {
        let leading = shape.len().checked_sub(self.functions_shape.len())?;
        let sizes = &shape[leading..];
        let fits = |(&own, &size): (&usize, &usize)| own == 1 || own == size;
        if self.unit_functions.is_empty() || !self.functions_shape.iter().zip(sizes).all(fits) {
            return None;
        }
        let place = |mut at: usize| {
            let (mut place, mut stride) = (0, 1);
            for (&own, &size) in self.functions_shape.iter().zip(sizes).rev() {
                place += if own == 1 { 0 } else { at % size * stride };
                (stride, at) = (stride * own, at / size);
            }
            place
        };
        let functions: Vec<Function> =
            (0..sizes.iter().product()).map(|at| self.unit_functions.get(place(at)).copied()).collect::<Option<_>>()?;
        Some(z.iter().zip(functions.iter().cycle()).map(|(&z, function)| function.slope_at(z)).collect())
    }

    /// Whether its activations follow from its pre-activations to the last bit, whoever computes them: each is its input or a constant.
    pub(crate) fn output_follows(&self) -> bool {
        self.result == Affine::ITSELF
            && self.function.each().is_some_and(|function| function.precision() == Precision::Selects)
    }

    /// The activations of pre-activations, as the function has them.
    pub(crate) fn computed(&self, z: &[f32]) -> Vec<f32> {
        let mut a = z.to_vec();
        if let Some(function) = self.function.each() {
            function.forward_in_place(&mut a);
        }
        a
    }
}

/// An activation that is there but cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The name of the node.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// Why not.
    pub why: String,
}
