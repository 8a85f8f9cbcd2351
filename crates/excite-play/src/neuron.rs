//! One neuron: its value, its gradient, and the gradient that it lets through.

use excite::{Facts, Function};
use serde::{Deserialize, Serialize};

/// The layers over which the gradient that is let through is followed.
const LAYERS: usize = 8;

/// A function of the catalogue, in words.
#[derive(Serialize)]
pub struct Described {
    name: &'static str,
    title: &'static str,
    formula: &'static str,
    advice: &'static str,
}

/// The whole catalogue.
pub fn catalogue() -> Vec<Described> {
    let described = |f: &Function| {
        let info = f.info();
        Described { name: info.name, title: info.title, formula: info.formula, advice: info.advice }
    };
    Function::ALL.iter().map(described).collect()
}

/// Facts that are computed of a function, which takes some time at the first request.
#[derive(Serialize)]
pub struct Computed {
    /// Where the gradient is under 5 % of the largest, from there on outwards; none where it never is.
    saturated_below: Option<f64>,
    saturated_above: Option<f64>,
    /// None where it has no bound.
    largest_gradient: Option<f64>,
}

pub fn facts(function: Function) -> Computed {
    let facts = Facts::of(function);
    Computed {
        saturated_below: facts.saturated_below,
        saturated_above: facts.saturated_above,
        largest_gradient: Some(facts.largest_slope).filter(|slope| slope.is_finite()),
    }
}

/// Asks for a function and its gradient from one input to another.
#[derive(Deserialize)]
pub struct CurveRequest {
    function: Function,
    low: f32,
    high: f32,
    points: usize,
}

/// A function and its gradient at inputs evenly apart.
#[derive(Serialize)]
pub struct Curve {
    value: Vec<f32>,
    gradient: Vec<f32>,
}

pub fn curve(request: &CurveRequest) -> Curve {
    let CurveRequest { function, low, high, points } = *request;
    let step = (high - low) / points.saturating_sub(1).max(1) as f32;
    let inputs = || (0..points).map(|at| low + step * at as f32);
    Curve {
        value: inputs().map(|x| function.value(x)).collect(),
        gradient: inputs().map(|x| function.slope_at(x)).collect(),
    }
}

/// Asks for one neuron.
#[derive(Deserialize)]
pub struct NeuronRequest {
    function: Function,
    z: f32,
}

/// A neuron at one input.
#[derive(Serialize)]
pub struct Neuron {
    value: f32,
    gradient: f32,
    /// The rest of a gradient of 1 after one such neuron, two in a row, and so on.
    through: Vec<f32>,
}

pub fn neuron(request: &NeuronRequest) -> Neuron {
    let NeuronRequest { function, z } = *request;
    let gradient = function.slope_at(z);
    let through = std::iter::successors(Some(gradient), |left| Some(left * gradient)).take(LAYERS).collect();
    Neuron { value: function.value(z), gradient, through }
}

/// Bits of a function's values and gradients, for the test that they are the same in a browser.
#[derive(Deserialize)]
pub struct BitsRequest {
    function: Function,
    /// Inputs, by their bits.
    inputs: Vec<u32>,
}

/// The bits of values and gradients. All NaN have one pattern.
#[derive(Serialize)]
pub struct Bits {
    value: Vec<u32>,
    gradient: Vec<u32>,
}

pub fn bits(request: &BitsRequest) -> Bits {
    let x: Vec<f32> = request.inputs.iter().map(|&bits| f32::from_bits(bits)).collect();
    let y = request.function.apply(&x);
    let gradient = x.iter().map(|&x| request.function.slope_at(x));
    let bits = |x: f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    Bits { gradient: gradient.map(bits).collect(), value: y.into_iter().map(bits).collect() }
}
