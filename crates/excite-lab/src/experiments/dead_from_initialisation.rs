use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Unit;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, bars, certainty, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::network::Start;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "dead-from-initialisation",
    question: "How many units are dead before training because of their first weights and biases, and how many come back.",
    method: "An MLP 64-64-64-10 starts on the digits with biases from 0 downwards and with weights of the usual scale for the function, \
             half of it and twice as much. excite's vitals tell which hidden units are dead on all training samples at step 0. Then the \
             network is trained, and after each epoch the dead ones are looked at again: one that answers to any sample has come \
             back.",
    functions: &["relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const HIDDEN: [usize; 2] = [64, 64];
const SCALES: [f64; 3] = [0.5, 1.0, 2.0];

/// What became of the units of each hidden layer with one seed.
struct DeadUnits {
    born_dead: [usize; 2],
    came_back: [usize; 2],
}

impl DeadUnits {
    fn new(data: &Dataset, f: Function, scale: f64, bias: f64, seed: u64, epochs: usize) -> Result<Self, LabError> {
        let start = Start { gain: Some(scale * f.gain()), bias, ..usual_start() };
        let mut trial = Trial::new(data, &HIDDEN, f, start, seed)?;
        let born_dead = dead(&trial.vitals());
        let mut came_back = born_dead.clone();
        came_back.iter_mut().flatten().for_each(|unit| *unit = false);
        let mut descent = trial.descent(0.03);
        for _ in 0..epochs {
            trial.epoch(&mut descent);
            let now = dead(&trial.vitals());
            let units = came_back.iter_mut().flatten().zip(born_dead.iter().flatten().zip(now.iter().flatten()));
            units.for_each(|(back, (born_dead, now))| *back |= *born_dead && !*now);
        }
        let count = |units: &[Vec<bool>], layer: usize| units[layer].iter().filter(|unit| **unit).count();
        Ok(Self {
            born_dead: [0, 1].map(|layer| count(&born_dead, layer)),
            came_back: [0, 1].map(|layer| count(&came_back, layer)),
        })
    }

    fn dead_share(&self, layer: usize) -> f64 {
        self.born_dead[layer] as f64 / HIDDEN[layer] as f64
    }

    /// Whether gradients pass: no layer is all dead.
    fn lives(&self) -> bool {
        (0..2).all(|layer| self.born_dead[layer] < HIDDEN[layer])
    }

    fn all_dead_share(&self) -> f64 {
        self.born_dead.iter().sum::<usize>() as f64 / HIDDEN.iter().sum::<usize>() as f64
    }

    /// The share of the born dead that came back. None if there were none.
    fn back_share(&self, layer: usize) -> Option<f64> {
        (self.born_dead[layer] > 0).then(|| self.came_back[layer] as f64 / self.born_dead[layer] as f64)
    }
}

fn dead(layers: &[LayerVitals]) -> Vec<Vec<bool>> {
    layers.iter().map(|layer| layer.units().iter().map(Unit::is_dead).collect()).collect()
}

/// One function with one scale and one bias.
struct Case {
    function: Function,
    scale: f64,
    bias: f64,
    counts: Vec<DeadUnits>,
}

impl Case {
    fn dead(&self) -> Vec<f64> {
        self.counts.iter().map(DeadUnits::all_dead_share).collect()
    }

    fn measures(&self) -> Vec<Measure> {
        let name = format!("{}, scale × {}, bias {}", self.function, self.scale, self.bias);
        let mut measures = vec![];
        for layer in [0, 1] {
            let dead: Vec<f64> = self.counts.iter().map(|count| 100.0 * count.dead_share(layer)).collect();
            measures.push(Measure::new(&name, &format!("dead at step 0, layer {}", layer + 1), "%", &dead));
        }
        for layer in [0, 1] {
            let back: Vec<f64> =
                self.counts.iter().filter_map(|count| count.back_share(layer)).map(|share| 100.0 * share).collect();
            measures.push(Measure::new(&name, &format!("of these came back, layer {}", layer + 1), "%", &back));
        }
        measures
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let biases: &[f64] = if setting.quick { &[0.0, -4.0] } else { &[0.0, -1.0, -2.0, -3.0, -4.0] };
    let epochs = if setting.quick { 2 } else { 10 };
    setting.plan(setting.functions.len() * SCALES.len() * biases.len());
    let mut all = vec![];
    for &function in &setting.functions {
        for scale in SCALES {
            for &bias in biases {
                let note = format!("{function}, scale × {scale}, bias {bias}");
                let counts =
                    setting.over_seeds(&note, |seed| DeadUnits::new(&data, function, scale, bias, seed, epochs))?;
                all.push(Case { function, scale, bias, counts });
            }
        }
    }
    let mut measures: Vec<Measure> = all.iter().flat_map(Case::measures).collect();
    let mut sure = vec![];
    for &f in &setting.functions {
        let dead = |bias: f64| {
            all.iter().find(|c| (c.function, c.scale, c.bias) == (f, 1.0, bias)).map_or_else(Vec::new, Case::dead)
        };
        let (usual, lowest) = (dead(0.0), dead(biases[biases.len() - 1]));
        sure.push(format!("Dead by the bias: {}", certainty(&lowest, &usual)));
        for (name, shares) in [("bias 0", &usual), ("lowest bias", &lowest)] {
            let shares: Vec<f64> = shares.iter().map(|share| 100.0 * share).collect();
            measures.push(Measure::new(format!("{f}, usual weights, {name}"), "units dead at step 0", "%", &shares));
        }
        measures.push(Measure::new(f, "lowest bias", "", &[biases[biases.len() - 1]]));
        // Where a whole layer is dead nothing learns, and nothing can come back.
        let living =
            || all.iter().filter(|case| case.function == f).flat_map(|case| &case.counts).filter(|count| count.lives());
        for layer in [0, 1] {
            let born: usize = living().map(|count| count.born_dead[layer]).sum();
            let back: usize = living().map(|count| count.came_back[layer]).sum();
            let of = format!("{f}, layer {}, networks that learn", layer + 1);
            measures.push(Measure::new(&of, "units dead at step 0", "", &[born as f64]));
            measures.push(Measure::new(&of, "of them came back", "", &[back as f64]));
        }
    }
    let pictures = setting.functions.iter().flat_map(|&f| [by_bias(f, &all, biases), by_scale(f, &all)]).collect();
    Ok(Outcome { certainty: sure.join(" "), measures, pictures })
}

/// The units that are dead at the start, by bias: which come back, and which do not.
fn by_bias(f: Function, all: &[Case], biases: &[f64]) -> Picture {
    const STAY: &str = "dead at the start, and stay so";
    const BACK: &str = "dead at the start, and come back";
    let panel = |layer: usize| {
        let ends = (1..).zip(biases).filter_map(|(row, &bias)| {
            let case = all.iter().find(|c| (c.function, c.scale, c.bias) == (f, 1.0, bias))?;
            let units = (HIDDEN[layer] * case.counts.len().max(1)) as f64;
            let born: usize = case.counts.iter().map(|count| count.born_dead[layer]).sum();
            let came_back: usize = case.counts.iter().map(|count| count.came_back[layer]).sum();
            Some((row, (born - came_back) as f64 / units, born as f64 / units))
        });
        bars::in_two_parts(
            format!("layer {}: % of its units, by bias", layer + 1),
            biases.iter().map(|bias| bias.to_string().replace('-', "−")),
            [STAY, BACK],
            &ends.collect::<Vec<_>>(),
        )
    };
    Picture::new(
        "by-bias",
        format!("{f}: dead before training, and what becomes of them"),
        "With the usual scale of the weights, over all seeds. Where a whole layer is dead nothing learns, and nothing comes back.",
        vec![panel(0), panel(1)],
    )
    .toned(STAY, Tone::Dead)
    .toned(BACK, Tone::Sound)
}

fn by_scale(f: Function, all: &[Case]) -> Picture {
    let series = |figures: &dyn Fn(&DeadUnits) -> Option<f64>| -> Vec<Mark> {
        let of_scale = |scale: f64| {
            let cases = all.iter().filter(move |case| case.function == f && case.scale == scale);
            let at = |case: &Case| {
                let values: Vec<f64> = case.counts.iter().filter_map(figures).collect();
                (!values.is_empty()).then(|| (case.bias, spread(&values)))
            };
            Mark::spreads(format!("scale × {scale}"), &cases.filter_map(at).collect::<Vec<_>>())
        };
        SCALES.into_iter().flat_map(of_scale).collect()
    };
    let panel = |title: String, marks: Vec<Mark>| Panel {
        title,
        x: Axis::new("bias of the hidden units", Scale::Linear),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks,
    };
    let layers = [0, 1];
    let dead = layers.map(|layer| {
        let title = format!("layer {}: dead at step 0, % of units", layer + 1);
        panel(title, series(&|count| Some(count.dead_share(layer))))
    });
    let back = layers.map(|layer| {
        let title = format!("layer {}: of these came back, %", layer + 1);
        panel(title, series(&|count| count.back_share(layer)))
    });
    Picture::new(
        "by-scale",
        format!("{f}: dead from the start, and come back, by bias and scale of the weights"),
        "A unit of the first layer that is dead gets no gradient and sees the same data for ever; one of the second layer may be lifted by \
         what changes below it.",
        dead.into_iter().chain(back).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn a_low_bias_kills_and_scale_alone_does_not() {
        let record = quick("dead-from-initialisation", &[]);
        let dead = |of: &str, layer: usize| measured(&record, of, &format!("dead at step 0, layer {layer}"));
        assert!(dead("relu, scale × 1, bias -4", 1).low > dead("relu, scale × 1, bias 0", 1).high);
        // relu(c·z) = c·relu(z): without biases the scale changes no sign.
        assert_eq!(dead("relu, scale × 0.5, bias 0", 2), dead("relu, scale × 2, bias 0", 2));
        // With half the scale hardly a sum of weights gets over 4; nothing lifts a dead unit of the first layer.
        assert!(dead("relu, scale × 0.5, bias -4", 1).low > dead("relu, scale × 2, bias -4", 1).high);
        assert_eq!(measured(&record, "relu, scale × 0.5, bias -4", "of these came back, layer 1").high, 0.0);
        let back =
            |layer: usize| measured(&record, &format!("relu, layer {layer}, networks that learn"), "of them came back");
        assert!(back(1).high == 0.0 && back(2).low > 0.0, "{:#?}", record.measures);
    }

    #[test]
    fn a_function_without_a_dead_side_has_no_dead_units() {
        let record = quick("dead-from-initialisation", &["leaky_relu"]);
        assert_eq!(measured(&record, "leaky_relu, usual weights, lowest bias", "units dead at step 0").high, 0.0);
    }

    #[test]
    fn the_vitals_find_dead_the_units_that_no_sample_lifts() {
        let data = Dataset::digits(&Options::default());
        let start = Start { bias: -4.0, ..usual_start() };
        let trial = Trial::new(&data, &HIDDEN, "relu".parse().unwrap(), start, 1).unwrap();
        let all: Vec<usize> = (0..data.train.len()).collect();
        let pass = trial.forward(&all);
        let found = dead(&trial.vitals());
        for (hidden, found) in pass.hidden.iter().zip(found) {
            let z = &hidden.z.values;
            let lifted = |unit: usize| z.iter().skip(unit).step_by(HIDDEN[0]).any(|z| *z > 0.0);
            assert_eq!(found, (0..HIDDEN[0]).map(|unit| !lifted(unit)).collect::<Vec<_>>());
        }
    }
}
