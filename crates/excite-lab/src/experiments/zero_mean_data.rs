use crate::record::experiment::{Measure, Picture, Verdict};
use excite::Function;
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Unit;

use super::race::{Goal, Race, certainty, panels, race, ranged};
use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, percents, spread, takes_all};
use crate::data::Dataset;
use crate::{LabError, Spec};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "zero-mean-data",
    claim: "Zero-mean data are learnt in fewer epochs, and leave fewer units dead at the start.",
    method: "An MLP with two hidden layers of 64 units is trained on the digits, or on the data given, by SGD with a momentum of 0.9 in \
             batches of 32 until its training error is 5 %: with the inputs as they are; centred, each less its mean over the training \
             samples; scaled, each over its standard deviation; and standardised, both. Centred is held against raw, and standardised \
             against scaled: the pairs differ in the mean alone. Each function has for each preparation the learning rate that gets there \
             soonest. A unit is dead at the start if none of the training samples gives it a slope.",
    functions: &["sigmoid", "tanh", "relu"],
    seeds: 5,
    takes_data: true,
    refuses: takes_all,
    run,
};

const HIDDEN: [usize; 2] = [64, 64];

/// How each input is prepared.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Preparation {
    centred: bool,
    scaled: bool,
}

impl Preparation {
    const ALL: [Self; 4] = [
        Self { centred: false, scaled: false },
        Self { centred: true, scaled: false },
        Self { centred: false, scaled: true },
        Self { centred: true, scaled: true },
    ];

    fn name(self) -> &'static str {
        match (self.centred, self.scaled) {
            (false, false) => "raw",
            (true, false) => "centred",
            (false, true) => "scaled",
            (true, true) => "standardised",
        }
    }

    /// By the means and deviations of the training split. A constant is only centred.
    fn of(self, raw: &Dataset) -> Dataset {
        let mut data = raw.clone();
        let (width, count): (usize, f64) = (raw.shape.iter().product(), raw.train.len() as f64);
        for variable in 0..width {
            let values = || raw.train.inputs.iter().skip(variable).step_by(width).map(|&x| f64::from(x));
            let mean = values().sum::<f64>() / count;
            let deviation = (values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
            let shift = if self.centred { mean } else { 0.0 };
            let scale = if self.scaled && deviation > 0.0 { deviation.recip() } else { 1.0 };
            for inputs in [&mut data.train.inputs, &mut data.test.inputs] {
                let variables = inputs.iter_mut().skip(variable).step_by(width);
                variables.for_each(|x| *x = ((f64::from(*x) - shift) * scale) as f32);
            }
        }
        data
    }
}

/// One function on the data prepared in one way.
struct Case {
    preparation: Preparation,
    race: Race,
    /// The share of units dead at the start, one figure a seed.
    dead: Vec<f64>,
}

impl Case {
    fn measures(&self) -> [Measure; 3] {
        let name = format!("{}, {}", self.race.function, self.preparation.name());
        let dead: Vec<f64> = self.dead.iter().map(|share| 100.0 * share).collect();
        [
            Measure::new(&name, "learning rate", "", &[self.race.rate]),
            Measure::new(&name, "epochs to 5 %", "", &self.race.epochs()),
            Measure::new(&name, "dead at the start", "%", &dead),
        ]
    }
}

fn dead_at_start(data: &Dataset, f: Function, seed: u64) -> Result<f64, LabError> {
    let vitals = Trial::new(data, &HIDDEN, f, usual_start(), seed)?.vitals();
    let units: Vec<&Unit> = vitals.iter().flat_map(LayerVitals::units).collect();
    Ok(units.iter().filter(|unit| unit.is_dead()).count() as f64 / units.len() as f64)
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let raw = setting.raw_data();
    let goal = Goal { error: 0.05, epochs: if setting.quick { 15 } else { 30 } };
    let mut all = vec![];
    for preparation in Preparation::ALL {
        let data = preparation.of(&raw);
        for race in race(setting, &data, &Spec::default(), goal)? {
            let dead: Result<_, _> =
                (1..=setting.seeds as u64).map(|seed| dead_at_start(&data, race.function, seed)).collect();
            all.push(Case { preparation, race, dead: dead? });
        }
    }
    let (mut held, mut findings, mut sure, mut measures, mut pictures) = (vec![], vec![], vec![], vec![], vec![]);
    for &f in &setting.functions {
        let cases: Vec<&Case> = all.iter().filter(|case| case.race.function == f).collect();
        measures.extend(cases.iter().flat_map(|case| case.measures()));
        pictures.push(picture(f, &cases));
        // Of each pair the one without its means taken away first.
        for pair in cases.chunks(2) {
            let (off, centred) = (pair[0], pair[1]);
            held.push(centred.race.is_faster_than(&off.race));
            let names = (off.preparation.name(), centred.preparation.name());
            let mut dead = String::new();
            if off.dead.iter().chain(&centred.dead).any(|dead| *dead > 0.0) {
                held.push(spread(&centred.dead).high < spread(&off.dead).low);
                dead = format!("; dead at the start {}, {} {}", percents(&off.dead), names.1, percents(&centred.dead));
            }
            findings.push(format!(
                "{f}, {}: {}, {} times as many as {}{dead}.",
                names.0,
                off.race.in_words(),
                ranged(&off.race.times(&centred.race)),
                names.1
            ));
            sure.push((format!("{f} {} against {}", names.0, names.1), &off.race, &centred.race));
        }
    }
    Ok(Outcome {
        verdict: Verdict::of(held),
        finding: format!("To a training error of 5 % on {}. {}", raw.name, findings.join(" ")),
        certainty: certainty(&sure),
        measures,
        pictures,
    })
}

fn picture(f: Function, cases: &[&Case]) -> Picture {
    let races: Vec<_> = cases.iter().map(|case| (case.preparation.name(), &case.race)).collect();
    Picture {
        title: format!("{f}: training on the data as they are, centred, scaled, and both"),
        caption: "To the left each at its own best rate: the median over the seeds, with the band from the lowest to the highest; the thin \
                  line is at 5 %. To the right the epochs to 5 % by rate, of two runs the slower; there is no point where one of them did \
                  not get there."
            .to_owned(),
        panels: panels(&races),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;
    use crate::data::{Options, Samples, Targets};

    #[test]
    fn each_input_is_prepared_by_its_own_mean_and_deviation() {
        let samples =
            |inputs: &[f32]| Samples { inputs: inputs.to_vec(), targets: Targets::Values(vec![0.0; inputs.len() / 2]) };
        let raw = Dataset {
            shape: vec![2],
            train: samples(&[1.0, 7.0, 5.0, 7.0]),
            test: samples(&[3.0, 8.0]),
            ..Dataset::digits(&Options::default())
        };
        let prepared = Preparation::ALL.map(|preparation| preparation.of(&raw));
        let train = prepared.each_ref().map(|data| data.train.inputs.clone());
        // Means 3 and 7, deviations 2 and 0.
        assert_eq!(train[0], [1.0, 7.0, 5.0, 7.0]);
        assert_eq!(train[1], [-2.0, 0.0, 2.0, 0.0]);
        assert_eq!(train[2], [0.5, 7.0, 2.5, 7.0]);
        assert_eq!(train[3], [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(prepared[3].test.inputs, [0.0, 1.0]);
    }

    #[test]
    fn raw_digits_start_with_more_dead_units_than_centred_ones() {
        let record = quick("zero-mean-data", &["relu"]);
        let dead = |of: &str| measured(&record, &format!("relu, {of}"), "dead at the start");
        assert!(dead("raw").low > dead("centred").high, "{:#?}", record.measures);
        let epochs = measured(&record, "relu, standardised", "epochs to 5 %");
        assert!(epochs.high <= 15.0, "{epochs:?}");
    }
}
