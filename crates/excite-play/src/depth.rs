//! The gradient of each layer of a deep network before its first step.

use std::sync::Arc;

use excite::{Facts, Function};
use excite_lab::LabError;
use excite_lab::data::Dataset;
use excite_lab::live::{Setup, Training};
use serde::{Deserialize, Serialize};

const UNITS: usize = 64;
const SAMPLES: usize = 64;

/// Asks for the gradients of one function at the start.
#[derive(Deserialize)]
pub struct DepthRequest {
    function: Function,
    depth: usize,
    /// The size of the weights over the usual one for the function.
    scale: f64,
    seed: u64,
}

/// The layers of a network at the start, the first layer first.
#[derive(Serialize)]
pub struct Depth {
    /// The norm of the gradient by each hidden layer's weights.
    gradients: Vec<f64>,
    /// The last layer's, times the largest slope of the function for each layer between: what that slope alone leaves at most, were the
    /// weights to hand on as much as they get. None where the slope has no bound.
    by_slope: Option<Vec<f64>>,
    /// The share of values whose slope is under 5 % of the largest.
    saturated: Vec<f64>,
}

pub fn depth(digits: &Arc<Dataset>, request: &DepthRequest) -> Result<Depth, LabError> {
    let DepthRequest { function, depth, scale, seed } = *request;
    let setup = Setup {
        hidden: vec![UNITS; depth],
        gain: Some(scale * function.gain()),
        watched: SAMPLES,
        seed,
        ..Setup::new(function)
    };
    let training = Training::new(digits.clone(), &setup)?;
    let mut gradients = training.gradient_norms();
    // The output layer, which has no activation function.
    gradients.pop();
    let largest = Facts::of(function).largest_slope;
    let mut by_slope: Vec<f64> =
        std::iter::successors(gradients.last().copied(), |left| Some(left * largest)).take(depth).collect();
    by_slope.reverse();
    Ok(Depth {
        gradients,
        by_slope: largest.is_finite().then_some(by_slope),
        saturated: training.vitals().iter().map(|layer| layer.record().saturated).collect(),
    })
}
