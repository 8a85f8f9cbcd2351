//! Small networks in plain code: every value is at hand, and nothing of the library under test computes it.

use excite::{Function, Interval};
use excite_vitals::{IncomingWeights, InputVitals, LayerVitals, Role, Vitals};

/// Numbers that are the same on every machine: SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    /// Uniform over [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        (low + (high - low) * unit) as f32
    }

    /// Uniform with mean 0 and standard deviation 1. Bounded, so that what a unit can reach is known for sure.
    pub fn standard(&mut self) -> f32 {
        self.uniform(-(3.0_f64.sqrt()), 3.0_f64.sqrt())
    }
}

/// A fully connected layer: z = W·h + b, a = f(z).
#[derive(Clone)]
pub struct Layer {
    pub name: &'static str,
    pub function: Function,
    pub role: Role,
    /// A row for each unit.
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

impl Layer {
    /// With weights of mean 0 and a standard deviation of gain / √fan-in, and biases of 0.
    pub fn new(name: &'static str, function: &str, units: usize, fan_in: usize, random: &mut Random) -> Self {
        let function: Function = function.parse().expect("a function of the catalogue");
        let scale = (function.gain() / (fan_in as f64).sqrt()) as f32;
        let row = |random: &mut Random| (0..fan_in).map(|_| scale * random.standard()).collect();
        Self {
            name,
            function,
            role: Role::Hidden,
            weights: (0..units).map(|_| row(random)).collect(),
            bias: vec![0.0; units],
        }
    }

    fn pre_activation(&self, unit: usize, input: &[f32]) -> f32 {
        self.bias[unit] + self.weights[unit].iter().zip(input).map(|(w, h)| w * h).sum::<f32>()
    }
}

/// What one layer did: z and a, a row for each sample.
#[derive(Clone)]
pub struct Trace {
    pub name: &'static str,
    pub function: Function,
    pub z: Vec<Vec<f32>>,
    pub a: Vec<Vec<f32>>,
}

impl Trace {
    pub fn units(&self) -> usize {
        self.z[0].len()
    }

    /// The pre-activations of one unit.
    pub fn z_of(&self, unit: usize) -> impl Iterator<Item = f32> {
        self.z.iter().map(move |row| row[unit])
    }

    /// The activations of one unit.
    pub fn a_of(&self, unit: usize) -> impl Iterator<Item = f32> {
        self.a.iter().map(move |row| row[unit])
    }
}

/// Runs `layers` over `inputs`, sample by sample.
pub fn trace(layers: &[Layer], inputs: &[Vec<f32>]) -> Vec<Trace> {
    let mut inputs = inputs.to_vec();
    let mut traces = Vec::new();
    for layer in layers {
        let units = 0..layer.bias.len();
        let z: Vec<Vec<f32>> =
            inputs.iter().map(|input| units.clone().map(|unit| layer.pre_activation(unit, input)).collect()).collect();
        let a: Vec<Vec<f32>> = z.iter().map(|row| row.iter().map(|&z| layer.function.value(z)).collect()).collect();
        traces.push(Trace { name: layer.name, function: layer.function, z, a: a.clone() });
        inputs = a;
    }
    traces
}

/// The vitals of a run, fed in batches of 32 as a training loop would.
pub fn vitals(model: &str, layers: &[Layer], inputs: &[Vec<f32>], traces: &[Trace]) -> Vitals {
    let blank = |layer: &Layer| LayerVitals::new(layer.name, layer.function, layer.bias.len()).with_role(layer.role);
    let mut vitals = Vitals::new(model, layers.iter().map(blank).collect());
    for (layer, trace) in vitals.layers.iter_mut().zip(traces) {
        for (z, a) in trace.z.chunks(32).zip(trace.a.chunks(32)) {
            layer.update(&z.concat(), &a.concat()).expect("rows of one length");
        }
    }
    let mut input = InputVitals::new(inputs[0].len());
    input.update(&inputs.concat(), 1).expect("rows of one length");
    (vitals.input, vitals.runs) = (Some(input), inputs.len().div_ceil(32) as u64);
    vitals
}

/// The weights of each layer with what the layer before can put out, or the inputs could hold.
pub fn incoming(layers: &[Layer], vitals: &Vitals) -> Vec<Option<IncomingWeights>> {
    let first = vitals.input.as_ref().map(|input| {
        let intervals = input.features.iter().map(|f| Interval { low: f.min, high: f.max }).collect();
        (intervals, input.features.iter().map(|feature| feature.mean).collect())
    });
    let weights = |layer: &Layer| (layer.weights.concat(), layer.bias.clone());
    let mut incoming = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let (weights, bias) = weights(layer);
        incoming.push(match index.checked_sub(1) {
            Some(before) => Some(IncomingWeights::after(&vitals.layers[before], weights, bias)),
            None => first.clone().map(|(inputs, input_means)| IncomingWeights {
                bias,
                weights,
                inputs,
                input_means,
                groups: 1,
                rows: None,
            }),
        });
    }
    incoming
}

/// One step of gradient descent on the mean squared error of a network with one output unit, `target` for each sample. Written out: for
/// each sample the output's error goes back through the layers.
pub fn descend(layers: &mut [Layer], inputs: &[Vec<f32>], targets: &[f32], rate: f32) {
    let traces = trace(layers, inputs);
    let before = layers.to_vec();
    let step = rate / inputs.len() as f32;
    for (sample, target) in targets.iter().enumerate() {
        let mut error = vec![2.0 * (traces[layers.len() - 1].a[sample][0] - target)];
        for index in (0..layers.len()).rev() {
            let z = &traces[index].z[sample];
            let delta: Vec<f32> = error.iter().zip(z).map(|(e, &z)| e * layers[index].function.slope_at(z)).collect();
            let below = if index == 0 { &inputs[sample] } else { &traces[index - 1].a[sample] };
            for (unit, delta) in delta.iter().enumerate() {
                layers[index].bias[unit] -= step * delta;
                for (weight, h) in layers[index].weights[unit].iter_mut().zip(below) {
                    *weight -= step * delta * h;
                }
            }
            let through = |input: usize| delta.iter().zip(&before[index].weights).map(|(d, row)| d * row[input]).sum();
            error = (0..below.len()).map(through).collect();
        }
    }
}
