//! Dense layers.

use super::{Gradients, Parameters};
use crate::matrix::{Matrix, Sums};

/// z = x·wᵀ + b for x of [samples, inputs], w of [units, inputs] and b of [units].
pub(crate) struct Dense {
    /// Whether the gradient by x is wanted: not that of the data.
    pub(crate) input_gradient: bool,
    /// How its sums are taken.
    pub(crate) sums: Sums,
}

impl Dense {
    pub(crate) fn forward(&self, x: &Matrix, parameters: &Parameters) -> Matrix {
        let mut z = parameters.biases.repeat(x.row_count());
        self.sums.add_product(&mut z, &x.view(), &parameters.weights.view().reversed_axes());
        Matrix::new(z, parameters.biases.len())
    }

    /// The gradients from that by z.
    pub(crate) fn backward(&self, x: &Matrix, parameters: &Parameters, by_z: &Matrix) -> Gradients {
        let inputs = self.input_gradient.then(|| self.sums.product(&by_z.view(), &parameters.weights.view()));
        let weights = self.sums.product(&by_z.view().reversed_axes(), &x.view());
        Gradients { inputs, parameters: Parameters { weights, biases: by_z.column_sums() } }
    }
}
