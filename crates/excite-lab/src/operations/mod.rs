//! The operations of a network besides the activation function, forward and backward.
//!
//! Images lie channels last: a batch is [samples, height · width · channels], and the patches under a 3×3 kernel are
//! the rows of a matrix, so that a convolution is a matrix product. Convolutions share their samples out to the rayon pool that the
//! caller is in; a run's bits do not depend on the machine's cores, because sums are taken in one order.

mod convolution;
mod dense;
mod pooling;
mod standardise;

use crate::matrix::Matrix;

pub(crate) use convolution::Convolution;
pub(crate) use dense::Dense;
pub(crate) use pooling::MaxPool;
pub(crate) use standardise::{standardise, standardise_backward};

/// The weights of a layer, [units, inputs], and its biases; or the gradients by them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) weights: Matrix,
    pub(crate) biases: Vec<f32>,
}

impl Parameters {
    /// The weights, then the biases.
    pub(crate) fn values(&self) -> [&[f32]; 2] {
        [&self.weights.values, &self.biases]
    }

    /// The weights, then the biases, to be changed.
    pub(crate) fn values_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut self.weights.values, &mut self.biases]
    }
}

/// The gradients by what a layer was given and by its parameters.
pub(crate) struct Gradients {
    /// None for the first layer, which is given the data.
    pub(crate) inputs: Option<Matrix>,
    pub(crate) parameters: Parameters,
}

/// The samples of a batch that are one piece of work for a thread.
const SAMPLES_A_TASK: usize = 8;

/// The extent of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Image {
    pub(crate) fn len(self) -> usize {
        self.positions() * self.channels
    }

    fn positions(self) -> usize {
        self.height * self.width
    }

    /// The image after pooling.
    pub(crate) fn pooled(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2, ..self }
    }

    /// The image with a border of zeros one pixel wide.
    fn padded(self) -> Self {
        Self { height: self.height + 2, width: self.width + 2, ..self }
    }
}
