//! Networks with a fault in known units, and healthy ones.

use excite_vitals::findings::Cause;
use excite_vitals::judgement::Subject;
use excite_vitals::{Diagnosis, Role, Vitals};

use super::network::{Layer, Random, Trace, descend, incoming, trace, vitals};

/// The number of samples that every network is run on.
pub const SAMPLES: usize = 1000;
/// The number of inputs of every network.
const INPUTS: usize = 16;
/// The number of units of every hidden layer.
const UNITS: usize = 32;
/// The step in which the oversized step is taken.
pub const OVERSIZED_AT: usize = 20;

/// A network with what is wrong with each of its units.
pub struct Planted {
    pub name: &'static str,
    /// What was done to it, in a sentence; for a healthy one what it is.
    pub what: &'static str,
    pub traces: Vec<Trace>,
    /// Per layer and unit.
    pub dead: Vec<Vec<bool>>,
    /// Per layer and unit.
    pub saturated: Vec<Vec<bool>>,
    /// What is behind it, per layer and unit; None for a sound unit.
    pub causes: Vec<Vec<Option<Cause>>>,
    pub vitals: Vitals,
    pub diagnosis: Diagnosis,
}

impl Planted {
    fn new(name: &'static str, what: &'static str, layers: &[Layer], inputs: &[Vec<f32>]) -> Self {
        let traces = trace(layers, inputs);
        let vitals = vitals(name, layers, inputs, &traces);
        let weights = incoming(layers, &vitals);
        let subject =
            Subject::of(&vitals).in_training().with_weights(&weights).expect("weights of the layers themselves");
        let diagnosis = Diagnosis::of_subject(&subject.with_shortcuts(false));
        let none: Vec<Vec<bool>> = traces.iter().map(|trace| vec![false; trace.units()]).collect();
        let causes = traces.iter().map(|trace| vec![None; trace.units()]).collect();
        Self { name, what, traces, dead: none.clone(), saturated: none, causes, vitals, diagnosis }
    }

    fn with_dead(mut self, layer: usize, units: &[usize], cause: Cause) -> Self {
        for &unit in units {
            (self.dead[layer][unit], self.causes[layer][unit]) = (true, Some(cause));
        }
        self
    }

    fn with_saturated(mut self, layer: usize, units: &[usize], cause: Cause) -> Self {
        for &unit in units {
            (self.saturated[layer][unit], self.causes[layer][unit]) = (true, Some(cause));
        }
        self
    }

    pub fn is_healthy(&self) -> bool {
        self.causes.iter().flatten().all(Option::is_none)
    }
}

fn standard_inputs(random: &mut Random) -> Vec<Vec<f32>> {
    (0..SAMPLES).map(|_| (0..INPUTS).map(|_| random.standard()).collect()).collect()
}

fn two_layers(function: &str, random: &mut Random) -> Vec<Layer> {
    vec![
        Layer::new("hidden 1", function, UNITS, INPUTS, random),
        Layer::new("hidden 2", function, UNITS, UNITS, random),
    ]
}

/// Turns the weights of some units all to one sign.
fn turn(layer: &mut Layer, units: &[usize], sign: f32) {
    for &unit in units {
        layer.weights[unit].iter_mut().for_each(|w| *w = sign * w.abs());
    }
}

fn others(units: &[usize]) -> Vec<usize> {
    (0..UNITS).filter(|unit| !units.contains(unit)).collect()
}

/// Every network, those with faults first.
pub fn all() -> Vec<Planted> {
    vec![
        bias(),
        off_centre_inputs(),
        upstream_shift(),
        upstream_dead(),
        oversized_step().0,
        saturating_gain(),
        saturating_bias(),
        healthy("healthy ReLU", "Two layers of ReLU, He initialisation", "relu", 1),
        sparse(),
        healthy("healthy leaky ReLU", "Two layers of leaky ReLU", "leaky_relu", 2),
        healthy("healthy GELU", "Two layers of GELU", "gelu", 3),
        healthy("healthy tanh", "Two layers of tanh, gain 5/3", "tanh", 4),
        healthy("healthy ReLU6", "Two layers of ReLU6", "relu6", 5),
        head(),
        gate(),
    ]
}

/// Inputs are within ±√3 and weights within ±√2·√3/4 ≈ 0.61, 16 a unit: z − b is within ±17.
fn bias() -> Planted {
    let mut random = Random(10);
    let mut layers = two_layers("relu", &mut random);
    let units = [1, 4, 7, 15, 30];
    for unit in units {
        layers[0].bias[unit] = -20.0;
    }
    let inputs = standard_inputs(&mut random);
    Planted::new("initial bias", "The biases of 5 of 32 ReLU start at −20", &layers, &inputs).with_dead(
        0,
        &units,
        Cause::Bias,
    )
}

/// Inputs from 0 to 255, never standardised: a unit fires always or never, as its weights sum up to more or less than 0.
fn off_centre_inputs() -> Planted {
    let mut random = Random(11);
    let mut layers = two_layers("relu", &mut random);
    let units = [0, 2, 5, 8, 13, 21, 31];
    turn(&mut layers[0], &others(&units), 1.0);
    turn(&mut layers[0], &units, -1.0);
    // What fires is as large as the inputs; the next layer is as it would be on standardised ones.
    layers[1].weights.iter_mut().flatten().for_each(|w| *w = w.abs() / 255.0);
    let inputs: Vec<Vec<f32>> =
        (0..SAMPLES).map(|_| (0..INPUTS).map(|_| random.uniform(0.0, 255.0)).collect()).collect();
    Planted::new(
        "off-centre inputs",
        "Inputs from 0 to 255; the weights of 7 of 32 ReLU are negative",
        &layers,
        &inputs,
    )
    .with_dead(0, &units, Cause::OffCentreInputs)
}

/// The first layer's biases have drifted to 20, so that its outputs lie around 20; units of the second with negative weights die.
fn upstream_shift() -> Planted {
    let mut random = Random(12);
    let mut layers = two_layers("relu", &mut random);
    layers[0].bias.fill(20.0);
    let units = [3, 6, 9, 12];
    turn(&mut layers[1], &others(&units), 1.0);
    turn(&mut layers[1], &units, -1.0);
    let inputs = standard_inputs(&mut random);
    Planted::new(
        "upstream shift",
        "The layer before has drifted by 20; the weights of 4 of 32 ReLU are negative",
        &layers,
        &inputs,
    )
    .with_dead(1, &units, Cause::OffCentreInputs)
}

/// The first layer is dead as a whole; so the second has its biases alone, and those of half of its units are not positive.
fn upstream_dead() -> Planted {
    let mut random = Random(13);
    let mut layers = two_layers("relu", &mut random);
    layers[0].bias.fill(-20.0);
    (0..UNITS).for_each(|unit| layers[1].bias[unit] = if unit < 16 { -0.1 } else { 0.1 });
    let inputs = standard_inputs(&mut random);
    Planted::new(
        "dead layer before",
        "All 32 ReLU of the first layer start at −20, so nothing comes to the second",
        &layers,
        &inputs,
    )
    .with_dead(0, &others(&[]), Cause::Bias)
    .with_dead(1, &(0..16).collect::<Vec<_>>(), Cause::NoInput)
}

/// Gradient descent at a sound rate, but for one step: then what is dead is found by looking at every value. With the network before that
/// step.
pub fn oversized_step() -> (Planted, Planted) {
    let mut random = Random(14);
    let mut layers = vec![
        Layer::new("hidden 1", "relu", UNITS, INPUTS, &mut random),
        Layer::new("output", "identity", 1, UNITS, &mut random),
    ];
    layers[1].role = Role::Output;
    let inputs = standard_inputs(&mut random);
    let targets: Vec<f32> = inputs.iter().map(|input| input[0].sin() + input[1] * input[2]).collect();
    for _ in 0..OVERSIZED_AT {
        descend(&mut layers, &inputs, &targets, 0.01);
    }
    let before = Planted::new("before the oversized step", "The same network, a step earlier", &layers, &inputs);
    // Once the targets are off by 20 as well, as after a broken batch, all gradients point one way.
    let broken: Vec<f32> = targets.iter().map(|target| target - 20.0).collect();
    descend(&mut layers, &inputs, &broken, 0.5);
    let what = "Gradient descent of an MLP; in step 20 the targets are off by 20 and the rate is 50 times too large";
    let after = Planted::new("oversized step", what, &layers, &inputs);
    let killed: Vec<usize> = (0..UNITS).filter(|&unit| after.traces[0].z_of(unit).all(|z| z <= 0.0)).collect();
    (after.with_dead(0, &killed, Cause::Bias), before)
}

/// Weights 200 times too large: z has a standard deviation of over 300, and is within ±2.2 in under 1 % of the samples.
fn saturating_gain() -> Planted {
    let mut random = Random(15);
    let mut layers = two_layers("tanh", &mut random);
    let units = [0, 3, 11, 17, 18, 25];
    for unit in units {
        layers[0].weights[unit].iter_mut().for_each(|w| *w *= 200.0);
    }
    let inputs = standard_inputs(&mut random);
    Planted::new("saturating gain", "The weights of 6 of 32 tanh are 200 times too large", &layers, &inputs)
        .with_saturated(0, &units, Cause::Spread)
}

/// Biases of ±10 on weights that keep z within ±3.5 of them: beyond ±4.4 always.
fn saturating_bias() -> Planted {
    let mut random = Random(16);
    let mut layers = two_layers("sigmoid", &mut random);
    layers[0].weights.iter_mut().flatten().for_each(|w| *w *= 0.3);
    let units = [2, 9, 20, 27];
    for unit in units {
        layers[0].bias[unit] = if unit % 2 == 0 { 10.0 } else { -10.0 };
    }
    let inputs = standard_inputs(&mut random);
    Planted::new("saturating bias", "The biases of 4 of 32 sigmoid are ±10", &layers, &inputs).with_saturated(
        0,
        &units,
        Cause::Shift,
    )
}

fn healthy(name: &'static str, what: &'static str, function: &str, seed: u64) -> Planted {
    let mut random = Random(seed);
    let layers = two_layers(function, &mut random);
    let inputs = standard_inputs(&mut random);
    Planted::new(name, what, &layers, &inputs)
}

/// Every unit fires for about a fifth of the samples: normal z is over 0.84 standard deviations with probability 0.2.
fn sparse() -> Planted {
    let mut random = Random(6);
    let mut layer = Layer::new("hidden 1", "relu", UNITS, INPUTS, &mut random);
    for (weights, bias) in layer.weights.iter().zip(&mut layer.bias) {
        *bias = -0.84 * weights.iter().map(|w| w * w).sum::<f32>().sqrt();
    }
    let inputs = standard_inputs(&mut random);
    Planted::new(
        "healthy sparse ReLU",
        "A layer of ReLU whose units fire for a fifth of the samples",
        &[layer],
        &inputs,
    )
}

/// A classifier that is sure of itself: the sigmoid of its output is saturated, and is meant to be.
fn head() -> Planted {
    let mut random = Random(7);
    let mut layers = vec![
        Layer::new("hidden 1", "relu", UNITS, INPUTS, &mut random),
        Layer::new("head", "sigmoid", 4, UNITS, &mut random),
    ];
    layers[1].role = Role::Output;
    layers[1].weights.iter_mut().flatten().for_each(|w| *w *= 12.0);
    let inputs = standard_inputs(&mut random);
    Planted::new("healthy sigmoid head", "ReLU, and a sigmoid output that is sure of its answers", &layers, &inputs)
}

/// Squeeze-and-excite: gates that are mostly open.
fn gate() -> Planted {
    let mut random = Random(8);
    let mut layers = vec![
        Layer::new("hidden 1", "relu", UNITS, INPUTS, &mut random),
        Layer::new("gate", "sigmoid", UNITS, UNITS, &mut random),
    ];
    layers[1].role = Role::Gate;
    layers[1].bias.fill(7.0);
    let inputs = standard_inputs(&mut random);
    Planted::new("healthy gate", "ReLU, and sigmoid gates that are nearly always open", &layers, &inputs)
}
