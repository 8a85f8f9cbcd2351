use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};
use excite::{Facts, Function};
use excite_vitals::LayerVitals;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, listed, percent, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "same-sign-gradients",
    claim: "If no input of a neuron is negative, as behind a sigmoid, the gradients of all its weights have one sign, that of its error.",
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
/// Its neurons, and the inputs of each.
const UNITS: usize = 64;
/// The batch that stands for training as it is usual.
const USUAL: usize = 32;

/// What was counted at one size of batches with one seed.
#[derive(Default)]
struct Count {
    /// Neurons, in all batches, that had an error other than 0.
    neurons: u64,
    /// Of these, those with all gradients of the sign of the error.
    agreeing: u64,
    /// The share of a neuron's gradients that has the sign of the majority: what the vitals say.
    majority: f64,
}

impl Count {
    fn share(&self) -> f64 {
        self.agreeing as f64 / self.neurons.max(1) as f64
    }
}

fn count(f: Function, data: &Dataset, seed: u64, batch: usize, batches: usize) -> Result<Count, LabError> {
    let mut trial = Trial::new(data, &[UNITS, UNITS], f, usual_start(), seed)?;
    let mut vitals = LayerVitals::new("second hidden layer", f, UNITS);
    let mut count = Count::default();
    for _ in 0..batches {
        let samples = trial.draw(batch);
        let gradient = trial.gradients(&trial.forward(&samples), &samples).swap_remove(LAYER);
        vitals.update_gradient(&gradient.weights.values, UNITS).expect("a row for each unit");
        for (weights, &error) in gradient.weights.rows().zip(&gradient.biases).filter(|(_, error)| **error != 0.0) {
            count.neurons += 1;
            let against = |&gradient: &f32| gradient != 0.0 && (gradient > 0.0) != (error > 0.0);
            count.agreeing += u64::from(!weights.iter().any(against));
        }
    }
    count.majority = vitals.record().same_sign;
    Ok(count)
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let sizes: Vec<usize> = if setting.quick { vec![1, 4, USUAL] } else { (0..9).map(|i| 1 << i).collect() };
    let batches = if setting.quick { 8 } else { 32 };
    setting.plan(setting.functions.len() * sizes.len());
    let (mut measures, mut cases, mut findings) = (vec![], vec![], vec![]);
    let (mut one_sign, mut majority) = (vec![], vec![]);
    let (mut samples, mut exceptions) = (0, 0);
    for &f in &setting.functions {
        let mut by_size = vec![];
        for &size in &sizes {
            let counts =
                setting.over_seeds(&format!("{f}, batches of {size}"), |seed| count(f, &data, seed, size, batches))?;
            by_size.push((size, counts));
        }
        let at = |wanted: usize, figure: fn(&Count) -> f64| -> Vec<f64> {
            let counts = by_size.iter().find(|(size, _)| *size == wanted).map(|(_, counts)| counts);
            counts.into_iter().flatten().map(figure).collect()
        };
        let over_sizes = |figure: fn(&Count) -> f64| -> Vec<_> {
            sizes.iter().map(|&size| (size as f64, spread(&at(size, figure)))).collect()
        };
        one_sign.extend(Mark::spreads(f, &over_sizes(Count::share)));
        majority.extend(Mark::spreads(f, &over_sizes(|count| count.majority)));
        for size in [1, USUAL] {
            let samples = if size == 1 { "1 sample".to_owned() } else { format!("batch of {size}") };
            let in_percent = |shares: Vec<f64>| shares.iter().map(|share| 100.0 * share).collect::<Vec<_>>();
            let shares = in_percent(at(size, Count::share));
            measures.push(Measure::new(f, &format!("neurons of one sign, {samples}"), "%", &shares));
            let shares = in_percent(at(size, |count| count.majority));
            measures.push(Measure::new(f, &format!("weights with the majority, {samples}"), "%", &shares));
        }
        let (single, batch) = (at(1, Count::share), at(USUAL, Count::share));
        // The claim is of functions whose outputs are not negative; of the others that there it need not be so.
        let is_meant = Facts::of(f).range.low >= 0.0;
        let always = single.iter().all(|share| *share == 1.0);
        cases.push(is_meant == always);
        findings.push(format!(
            "Behind {f}, whose outputs are {}, all gradients had the sign of the error in {} of the neurons for one sample, in {} for \
             batches of {USUAL}.",
            if is_meant { "never negative" } else { "of both signs" },
            percent(spread(&single).median),
            percent(spread(&batch).median),
        ));
        if is_meant {
            let counts = by_size.iter().filter(|(size, _)| *size == 1).flat_map(|(_, counts)| counts);
            for count in counts {
                samples += batches;
                exceptions += count.neurons - count.agreeing;
            }
        }
    }
    let meant = setting.functions.iter().any(|&f| Facts::of(f).range.low >= 0.0);
    if !meant {
        findings.push("The claim says nothing of such functions.".to_owned());
    }
    Ok(Outcome {
        verdict: if meant { Verdict::of(cases) } else { Verdict::Depends },
        finding: findings.join(" "),
        // The neurons of a network are not independent of each other; the samples are.
        certainty: match (samples, exceptions) {
            (0, _) => format!("Nothing was counted behind {} that the claim is of.", listed(&setting.functions)),
            (samples, 0) => format!(
                "Behind functions that are never negative no exception in {samples} single samples: with 95 % confidence fewer than {} of \
                 all have one.",
                percent(3.0 / samples as f64)
            ),
            (samples, exceptions) => format!("{exceptions} neurons were exceptions in {samples} single samples."),
        },
        measures,
        pictures: vec![picture(one_sign, majority)],
    })
}

fn picture(one_sign: Vec<Mark>, majority: Vec<Mark>) -> Picture {
    let panel = |title: &str, marks| Panel {
        title: title.to_owned(),
        x: Axis::new("samples in a batch", Scale::Logarithmic),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks,
    };
    Picture {
        title: "What batches change".to_owned(),
        caption: "The line is the median over the seeds, the band reaches from the lowest to the highest. Left, neurons of which all \
                  gradients have the sign of the error; right, the share of a neuron's gradients that has the sign of the majority, half \
                  of them by chance and a little more in small numbers."
            .to_owned(),
        panels: vec![
            panel("neurons of one sign, % of neurons", one_sign),
            panel("with the majority, % of weights", majority),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn positive_inputs_give_one_sign_for_a_sample_and_not_for_a_batch() {
        let record = quick("same-sign-gradients", &[]);
        assert_eq!(record.verdict, Verdict::Held, "{}", record.finding);
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
    fn of_tanh_alone_the_claim_says_nothing() {
        let record = quick("same-sign-gradients", &["tanh"]);
        assert_eq!(record.verdict, Verdict::Depends);
        assert!(record.finding.contains("says nothing"), "{}", record.finding);
    }
}
