use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale};
use excite::Function;
use excite_vitals::LayerVitals;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "same-sign-gradients",
    question: "Of which sign the gradients of a neuron's weights are.",
    method: "An MLP 64-64-64-10 with each function is looked at on the digits as it starts. The inputs of the second hidden layer are \
             the outputs of the function. For one sample, and for batches of 2 to 256, the gradients of the weights of each neuron there \
             are compared with that of its bias, which is its error, and with one another; excite's vitals count the share that has the \
             sign of the majority. Gradients of 0 have no sign and are left out.",
    functions: &["sigmoid", "relu", "tanh"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

/// The layer whose weights are looked at, counted from 0.
const LAYER: usize = 1;
/// The weights that are drawn one by one.
const DRAWN: usize = 24;
/// Its neurons, and the inputs of each.
const UNITS: usize = 64;
/// The batch that stands for training as it is usual.
const USUAL: usize = 32;

/// What was counted at one size of batches with one seed.
#[derive(Default)]
pub(super) struct Count {
    /// Neurons, in all batches, that had an error other than 0.
    neurons: u64,
    /// Of these, those with all gradients of the sign of the error.
    agreeing: u64,
    /// The share of a neuron's gradients that has the sign of the majority: what the vitals say.
    majority: f64,
}

impl Count {
    pub(super) fn share(&self) -> f64 {
        self.agreeing as f64 / self.neurons.max(1) as f64
    }
}

/// Counts in the hidden layer of that number, from 0 on.
pub(super) fn count(
    f: Function,
    data: &Dataset,
    layer: usize,
    seed: u64,
    (batch, batches): (usize, usize),
) -> Result<Count, LabError> {
    let mut trial = Trial::new(data, &[UNITS, UNITS], f, usual_start(), seed)?;
    let mut vitals = LayerVitals::new("hidden layer", f, UNITS);
    let mut count = Count::default();
    for _ in 0..batches {
        let samples = trial.draw(batch);
        let gradient = trial.gradients(&trial.forward(&samples), &samples).swap_remove(layer);
        let columns = gradient.weights.columns;
        vitals.update_gradient(&gradient.weights.values, columns).expect("a row for each unit");
        for (weights, &error) in gradient.weights.rows().zip(&gradient.biases).filter(|(_, error)| **error != 0.0) {
            count.neurons += 1;
            let against = |&gradient: &f32| gradient != 0.0 && (gradient > 0.0) != (error > 0.0);
            count.agreeing += u64::from(!weights.iter().any(against));
        }
    }
    count.majority = vitals.record().same_sign;
    Ok(count)
}

/// The inputs of one neuron of the layer for one sample, and the gradients of its weights over the size of its error.
fn one_neuron(f: Function, data: &Dataset) -> Result<[Vec<f64>; 2], LabError> {
    let mut trial = Trial::new(data, &[UNITS, UNITS], f, usual_start(), 1)?;
    let samples = trial.draw(1);
    let pass = trial.forward(&samples);
    let gradient = trial.gradients(&pass, &samples).swap_remove(LAYER);
    // The neuron with the largest error of those with a negative one: so its gradients are on the other side of its inputs.
    let errors = gradient.biases.iter().enumerate();
    let chosen = errors.min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(unit, _)| unit);
    let error = f64::from(gradient.biases[chosen].abs()).max(f64::MIN_POSITIVE);
    let row = gradient.weights.rows().nth(chosen).unwrap_or_default();
    let inputs = pass.hidden[LAYER - 1].a.values.iter().map(|x| f64::from(*x));
    Ok([inputs.take(DRAWN).collect(), row.iter().map(|dw| f64::from(*dw) / error).take(DRAWN).collect()])
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let sizes: Vec<usize> = if setting.quick { vec![1, 4, USUAL] } else { (0..9).map(|i| 1 << i).collect() };
    let batches = if setting.quick { 8 } else { 32 };
    setting.plan(setting.functions.len() * sizes.len());
    let (mut measures, mut one_sign, mut neurons) = (vec![], vec![], vec![]);
    for &f in &setting.functions {
        let mut by_size = vec![];
        for &size in &sizes {
            let note = format!("{f}, batches of {size}");
            let counts = setting.over_seeds(&note, |seed| count(f, &data, LAYER, seed, (size, batches)))?;
            let shares: Vec<f64> = counts.iter().map(Count::share).collect();
            by_size.push((size as f64, spread(&shares)));
            if [1, USUAL].contains(&size) {
                let samples = if size == 1 { "1 sample".to_owned() } else { format!("batch of {size}") };
                let in_percent = |shares: Vec<f64>| shares.iter().map(|share| 100.0 * share).collect::<Vec<_>>();
                let majority = counts.iter().map(|count| count.majority).collect();
                let mut measure = |quantity: &str, shares: Vec<f64>| {
                    measures.push(Measure::new(f, &format!("{quantity}, {samples}"), "%", &in_percent(shares)));
                };
                measure("neurons of one sign", shares);
                measure("weights with the majority", majority);
            }
        }
        one_sign.extend(Mark::spreads(f, &by_size));
        neurons.push((f, one_neuron(f, &data)?));
    }
    let samples = batches * setting.seeds;
    Ok(Outcome {
        certainty: format!(
            "{samples} single samples of each function: an exception that none of them shows is rarer than {}, with 95 % confidence.",
            super::percent(3.0 / samples as f64)
        ),
        measures,
        pictures: vec![weights(&neurons), by_batch(one_sign)],
    })
}

/// The inputs and the gradients of one neuron for each function.
fn weights(neurons: &[(Function, [Vec<f64>; 2])]) -> Picture {
    let drawn = |f: Function, title: String, values: &[f64], reach: f64| {
        let bar = |(place, value): (usize, &f64)| ((place as f64 + 0.6, 0.0), (place as f64 + 1.4, *value));
        Panel {
            title,
            x: Axis::new("weight", Scale::Linear).from_to(0.0, DRAWN as f64 + 1.0),
            y: Axis::new("", Scale::Linear).from_to(-reach, reach),
            plane: false,
            marks: vec![
                Mark::Boxes { name: f.to_string(), boxes: values.iter().enumerate().map(bar).collect() },
                Mark::Contour { points: vec![(0.0, 0.0), (DRAWN as f64 + 1.0, 0.0)] },
            ],
        }
    };
    // The notes' function and one with inputs of both signs.
    let shown = neurons.iter().filter(|(f, _)| f.name() != "relu" || neurons.len() < 3);
    let panels = shown.flat_map(|(f, [inputs, gradients])| {
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let reach = 1.1 * largest(inputs).max(largest(gradients)).max(1e-9);
        [
            drawn(*f, format!("behind {f}: its inputs x"), inputs, reach),
            drawn(*f, format!("behind {f}: dL/dW, over the size of the error"), gradients, reach),
        ]
    });
    Picture::new(
        "one-neuron",
        format!("One neuron, one sample, its first {DRAWN} weights: dL/dW = error · x"),
        "The error of each neuron shown is negative, so each gradient is its input turned over.",
        panels.collect(),
    )
}

fn by_batch(marks: Vec<Mark>) -> Picture {
    let panel = Panel {
        title: "neurons all of whose gradients have one sign, % of neurons".to_owned(),
        x: Axis::new("samples in a batch, logarithmic", Scale::Logarithmic),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks,
    };
    Picture::new("by-batch", "What batches change", "", vec![panel])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn positive_inputs_give_one_sign_for_a_sample_and_not_for_a_batch() {
        let record = quick("same-sign-gradients", &[]);
        for f in ["sigmoid", "relu"] {
            let single = measured(&record, f, "neurons of one sign, 1 sample");
            assert_eq!((single.low, single.high), (100.0, 100.0), "{f}");
            // What the vitals say of the same gradients.
            assert_eq!(measured(&record, f, "weights with the majority, 1 sample").low, 100.0, "{f}");
            assert!(measured(&record, f, "neurons of one sign, batch of 32").high < 100.0, "{f}");
        }
        // 64 signs at random have a majority of 50 % + 100/√(2π·64) % = 55 %.
        assert_eq!(measured(&record, "tanh", "neurons of one sign, 1 sample").high, 0.0);
        let tanh = measured(&record, "tanh", "weights with the majority, 1 sample").median;
        assert!((50.0..65.0).contains(&tanh), "{tanh}");
    }

    #[test]
    fn the_gradient_of_a_weight_is_the_error_times_its_input() {
        let data = Dataset::digits(&Options::default());
        for f in ["sigmoid", "tanh"] {
            let [inputs, gradients] = one_neuron(f.parse().unwrap(), &data).unwrap();
            assert_eq!(inputs.len(), DRAWN);
            assert!(inputs.iter().zip(&gradients).all(|(x, dw)| (x + dw).abs() < 1e-5), "{inputs:?} {gradients:?}");
        }
    }
}
