//! Made-up vitals of networks: the same each time, with planted faults.

use excite_vitals::{InputVitals, LayerVitals, Role, Vitals};

/// What a network is made up of.
#[derive(Clone, Debug)]
pub struct Shape {
    pub layers: usize,
    pub units: usize,
    pub samples: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { layers: 10, units: 96, samples: 320 }
    }
}

/// The functions of the layers, in turn.
const FUNCTIONS: [&str; 5] = ["relu6", "relu", "tanh", "gelu", "sigmoid"];

/// The vitals of a network of this shape. Every third layer is sound; in the others a sixth of the units has a fault.
pub fn vitals(shape: &Shape) -> Vitals {
    let layers = (0..shape.layers).map(|index| layer(shape, index)).collect();
    let mut vitals = Vitals::new("made-up network", layers);
    let mut input = InputVitals::new(3);
    let pixels: Vec<f32> = (0..600).map(|i| 100.0 + 80.0 * wobble(i) as f32).collect();
    input.update(&pixels, 100).unwrap();
    (vitals.input, vitals.runs) = (Some(input), 10);
    vitals
}

fn layer(shape: &Shape, index: usize) -> LayerVitals {
    let function: excite::Function = FUNCTIONS[index % FUNCTIONS.len()].parse().unwrap();
    // As deep networks do: the later layers are wider, and the last ones narrow.
    let units = if index + 1 == shape.layers { 5 } else { shape.units << (index / 4).min(4) };
    let role = match (index % 5, index + 1 == shape.layers) {
        (_, true) => Role::Output,
        (4, _) => Role::Gate,
        _ => Role::Hidden,
    };
    let mut layer =
        LayerVitals::new(&format!("blocks.{}.act{}", index / 2, index % 2 + 1), function, units).with_role(role);
    let z: Vec<f32> =
        (0..shape.samples).flat_map(|sample| (0..units).map(move |unit| pre_activation(index, unit, sample))).collect();
    let a: Vec<f32> = z.iter().map(|&z| function.value(z)).collect();
    layer.update(&z, &a).unwrap();
    layer
}

fn pre_activation(layer: usize, unit: usize, sample: usize) -> f32 {
    let chance = wobble(7919 * layer + unit);
    let (mean, spread) = if layer % 3 == 1 || chance < 0.67 {
        (0.6 * wobble(31 * unit + layer), 1.0 + 0.4 * wobble(unit))
    } else {
        // Dead or saturated low, saturated high or clipped or always on, spread too wide, silent.
        [(-6.0, 1.0), (9.0, 1.5), (0.0, 40.0), (0.0, 0.01)][(chance * 1e4) as usize % 4]
    };
    let normal: f64 =
        (0..4).map(|part| wobble(100_003 * layer + 1009 * unit + 17 * sample + 500_009 * part)).sum::<f64>() * 0.87;
    (mean + spread * normal) as f32
}

/// Something between −1 and 1 that looks random and is not.
fn wobble(n: usize) -> f64 {
    let mut scrambled = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    scrambled = (scrambled ^ (scrambled >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    scrambled ^= scrambled >> 27;
    (scrambled >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
