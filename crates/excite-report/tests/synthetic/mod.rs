//! Made-up comparisons: the same each time, and of the shapes that real ones have.

use excite::Function;
use excite_lab::record::comparison::{Comparison, DataSummary, Settings, SweepPoint, Task};
use excite_lab::record::deaths::{Death, Deaths, Event, Push, UnitHistory};
use excite_lab::record::run::{Epoch, LayerRecord, Outcome, Run, Time};
use excite_lab::record::{FunctionRuns, side_by_side};
use excite_vitals::sketch::Histogram;

/// What a comparison is made up of.
#[derive(Clone, Debug)]
pub struct Shape {
    pub functions: Vec<Function>,
    pub seeds: usize,
    pub epochs: usize,
    pub layers: usize,
    pub task: Task,
    /// The number of the function whose second run diverges.
    pub diverging: Option<usize>,
}

impl Default for Shape {
    fn default() -> Self {
        let functions = ["sigmoid", "tanh", "relu", "relu6"].map(|name| name.parse().unwrap()).to_vec();
        Self { functions, seeds: 3, epochs: 20, layers: 3, task: Task::Classification, diverging: Some(2) }
    }
}

/// A comparison of this shape, with a headline that says that it is made up.
pub fn comparison(shape: &Shape) -> Comparison {
    let classes =
        if shape.task == Task::Classification { (0..10).map(|digit| digit.to_string()).collect() } else { Vec::new() };
    let data = DataSummary {
        name: "Made-up digits".to_owned(),
        task: shape.task,
        shape: vec![1, 8, 8],
        classes,
        train: 1437,
        test: 360,
        input_mean: 0.0,
        input_std: 1.0,
        largest_input: 3.0,
        chance: 0.9,
    };
    let settings = Settings {
        network: "MLP 64-64-64-64-10".to_owned(),
        optimizer: "SGD, momentum 0.9".to_owned(),
        initialisation: "Kaiming normal, gain by function".to_owned(),
        batch: 32,
        epochs: shape.epochs,
        seeds: shape.seeds,
        balanced: false,
        standardised: true,
        bias: 0.0,
        gain: None,
        command: "excite compare --activations sigmoid,tanh,relu,relu6 --seeds 3".to_owned(),
    };
    let results = shape.functions.iter().enumerate().map(|(index, f)| {
        let runs = (0..shape.seeds).map(|seed| run(shape, index, *f, seed)).collect();
        FunctionRuns { function: *f, sweep: sweep(index), learning_rate: 0.1, best_rate: None, runs }
    });
    let mut comparison = side_by_side(data, settings, 0.05, results.collect(), true);
    comparison.headline =
        String::from("These figures are made up and show the form of a report. No network was trained.");
    comparison
}

fn sweep(index: usize) -> Vec<SweepPoint> {
    let point = |step: usize| SweepPoint {
        learning_rate: [0.01, 0.03, 0.1, 0.3, 1.0][step],
        epochs_to_target: [None, Some(9.0 - index as f64 * 0.5), Some(4.0 + wobble(index)), Some(6.0), None][step],
        train_loss: [Some(0.4), Some(0.02), Some(0.01), Some(0.05), None][step],
    };
    (0..5).map(point).collect()
}

/// Something between −1 and 1 that looks random and is not.
fn wobble(n: usize) -> f64 {
    let scrambled = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (scrambled >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn run(shape: &Shape, index: usize, f: Function, seed: usize) -> Run {
    let diverges = shape.diverging == Some(index) && seed == 1;
    let length = if diverges { shape.epochs.min(4) } else { shape.epochs };
    let epoch = |at: usize| {
        let pace = 0.35 + 0.25 * index as f64 + 0.06 * wobble(31 * index + seed);
        let left = (-pace * (at + 1) as f64).exp();
        let noise = 0.006 * wobble(1009 * index + 101 * seed + at);
        let lost = diverges && at + 1 == length;
        Epoch {
            train_loss: if lost { f64::NAN } else { 2.3 * left + 0.005 },
            train_error: if lost { f64::NAN } else { (0.85 * left + 0.004 + noise * left).max(0.0) },
            test_error: if lost { f64::NAN } else { 0.8 * left + 0.03 + noise },
            layers: (0..shape.layers).map(|layer| record(index, layer, at, seed)).collect(),
        }
    };
    Run {
        activation: f,
        seed: seed as u64,
        learning_rate: 0.1,
        epochs: (0..length).map(epoch).collect(),
        outcome: if diverges { Outcome::Diverged } else { Outcome::Finished },
        held_out_errors: vec![],
        histograms: (0..shape.layers).map(|layer| histogram(index, layer)).collect(),
        deaths: deaths(shape, index, length, seed),
        time: Time {
            training: 0.012 * length as f64,
            activation: 0.0015 * length as f64,
            vitals: 0.0004 * length as f64,
        },
    }
}

/// Units of rectifiers that die of each cause, one born dead and one that revives.
fn deaths(shape: &Shape, index: usize, epochs: usize, seed: usize) -> Deaths {
    let units = 64 * shape.layers;
    let mut histories = vec![];
    if index % 4 >= 2 && shape.layers > 0 {
        histories.push(UnitHistory { layer: 0, unit: 63, events: vec![Event::BornDead] });
        for unit in 0..3 + seed {
            let push = Push { own_weights: 0.5, own_bias: [0.1, 0.9][unit % 2], upstream: [0.2, 0.3, 1.2][unit % 3] };
            let step = (16 << unit).min(45 * epochs.max(1));
            let death = Death { step, alive_at: step - 16, push, survives_half: unit == 1 };
            let events = [Event::Killed(death)].into_iter().chain((unit == 0).then_some(Event::Revived { step: 48 }));
            histories.push(UnitHistory { layer: 0, unit, events: events.collect() });
        }
    }
    Deaths { units, steps: 45 * epochs, samples: 256, histories }
}

fn record(index: usize, layer: usize, epoch: usize, seed: usize) -> LayerRecord {
    let (depth, progress) = (layer as f64, 1.0 - (-0.2 * epoch as f64).exp());
    let rectifies = index % 4 >= 2;
    let noise = 0.01 * wobble(7 * index + 3 * layer + epoch + 17 * seed);
    LayerRecord {
        name: format!("hidden {}", layer + 1),
        units: 64,
        samples: 1437,
        dead: if rectifies { (0.02 + 0.04 * depth * progress + noise).max(0.0) } else { 0.0 },
        saturated: if rectifies {
            0.5 + 0.05 * depth + noise
        } else {
            0.03 + 0.2 * progress / (1.0 + depth) + noise.abs()
        },
        saturated_units: 0.02,
        mean: [0.49, 0.01, 0.42, 0.4][index % 4] + 0.05 * depth * noise.signum() + noise,
        std: 0.6,
        off_centre: 0.4,
        gradient_norm: 0.4 * 10_f64.powf(-(2.0 - depth) * [1.1, 0.3, 0.1, 0.15][index % 4]) * (1.1 - progress),
        same_sign: 0.7,
        update_ratio: 1e-3,
    }
}

/// Counts as of a normal distribution.
fn histogram(index: usize, layer: usize) -> Histogram {
    let mut histogram = Histogram::new();
    let (mean, width) = (-0.3 * index as f64, 1.2 + 0.5 * layer as f64);
    for (count, x) in histogram.counts.iter_mut().zip(Histogram::centres()) {
        *count = (9000.0 * (-0.5 * ((x - mean) / width).powi(2)).exp() / width) as u64;
    }
    histogram.below = 12 * layer as u64;
    histogram
}
