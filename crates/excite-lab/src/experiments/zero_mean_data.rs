use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Unit;

use super::race::{Goal, Race, certainty, panels, race};
use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, same_sign_gradients, spread, takes_all};
use crate::data::Dataset;
use crate::{LabError, Spec};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "zero-mean-data",
    question: "Whether zero-mean data are learnt sooner, and of which sign they are.",
    method: "An MLP with two hidden layers of 64 units is trained on the digits, or on the data given, by SGD with a momentum of 0.9 in \
             batches of 32 until its training error is 5 %: with the inputs as they are; centred, each less its mean over the training \
             samples; scaled, each over its standard deviation; and standardised, both. Centred is held against raw, and standardised \
             against scaled: the pairs differ in the mean alone. Each function has for each preparation the learning rate that gets there \
             soonest. A unit is dead at the start if none of the training samples gives it a gradient. The signs are counted over all \
             training inputs, and in the first layer's gradients of single samples before training.",
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
    /// The share of neurons of the first layer whose gradients have one sign for a sample, one figure a seed.
    one_sign: Vec<f64>,
}

impl Case {
    fn measures(&self) -> [Measure; 4] {
        let name = format!("{}, {}", self.race.function, self.preparation.name());
        let [dead, one_sign] =
            [&self.dead, &self.one_sign].map(|shares| shares.iter().map(|share| 100.0 * share).collect::<Vec<_>>());
        [
            Measure::new(&name, "learning rate", "", &[self.race.rate]),
            Measure::new(&name, "epochs to 5 %", "", &self.race.epochs()),
            Measure::new(&name, "dead at the start", "%", &dead),
            Measure::new(&name, "neurons of one sign, 1 sample", "%", &one_sign),
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
    let (mut all, mut negative) = (vec![], vec![]);
    for preparation in Preparation::ALL {
        let data = preparation.of(&raw);
        let inputs = &data.train.inputs;
        negative.push(inputs.iter().filter(|x| **x < 0.0).count() as f64 / inputs.len() as f64);
        for race in race(setting, &data, &Spec::default(), goal)? {
            let seeds = || 1..=setting.seeds as u64;
            let dead: Result<_, _> = seeds().map(|seed| dead_at_start(&data, race.function, seed)).collect();
            let one_sign = seeds().map(|seed| {
                Ok::<_, LabError>(same_sign_gradients::count(race.function, &data, 0, seed, (1, 16))?.share())
            });
            let one_sign: Result<_, _> = one_sign.collect();
            all.push(Case { preparation, dead: dead?, one_sign: one_sign?, race });
        }
    }
    let (mut sure, mut measures, mut more) = (vec![], vec![], vec![]);
    for &f in &setting.functions {
        let cases: Vec<&Case> = all.iter().filter(|case| case.race.function == f).collect();
        measures.extend(cases.iter().flat_map(|case| case.measures()));
        more.push(training(f, &cases));
        // Of each pair the one without its means taken away first.
        for pair in cases.chunks(2) {
            let names = (pair[0].preparation.name(), pair[1].preparation.name());
            sure.push((format!("{f} {} against {}", names.0, names.1), &pair[0].race, &pair[1].race));
        }
    }
    for (preparation, share) in Preparation::ALL.into_iter().zip(&negative) {
        measures.push(Measure::new(preparation.name(), "inputs under 0", "%", &[100.0 * share]));
    }
    let certainty = certainty(&sure);
    let pictures = [epochs(&setting.functions, &all), signs(&all, &negative)].into_iter().chain(more).collect();
    Ok(Outcome { certainty: format!("Data: {}. {certainty}", raw.name), measures, pictures })
}

/// The epochs of each function with its mean and without, a dot a seed.
fn epochs(functions: &[Function], all: &[Case]) -> Picture {
    const OFF: &str = "with their mean";
    const CENTRED: &str = "zero-mean";
    let finite = || all.iter().flat_map(|case| case.race.epochs()).filter(|epochs| epochs.is_finite());
    let furthest = finite().fold(1.0, f64::max);
    let panel = |scaled: bool| {
        let dots = |name: &str, centred: bool, shift: f64| {
            let points = (1..).zip(functions).flat_map(|(row, f)| {
                let preparation = Preparation { centred, scaled };
                let case = all.iter().find(|case| case.race.function == *f && case.preparation == preparation);
                let row = f64::from(row) + shift;
                case.into_iter().flat_map(move |case| case.race.epochs().into_iter().map(move |epochs| (epochs, row)))
            });
            Mark::dots(name, points.filter(|(epochs, _)| epochs.is_finite()).collect())
        };
        Panel {
            title: format!("epochs to 5 % error, {}", if scaled { "inputs scaled" } else { "inputs as they are" }),
            x: Axis::new("epochs", Scale::Linear).from_to(0.0, 1.08 * furthest),
            y: Axis::of_names(functions),
            plane: false,
            marks: vec![dots(OFF, false, -0.12), dots(CENTRED, true, 0.12)],
        }
    };
    Picture::new("epochs", "Epochs to 5 % training error, a dot a seed", "", vec![panel(false), panel(true)])
        .toned(OFF, Tone::Reference)
        .toned(CENTRED, Tone::Sound)
}

/// The signs of the inputs, and of the gradients that come of them.
fn signs(all: &[Case], negative: &[f64]) -> Picture {
    const SHARE: &str = "share";
    let panel = |title: &str, shares: &[f64]| {
        let bars: Vec<_> =
            (1..).zip(shares).map(|(row, share)| (f64::from(row), *share, super::percent(*share))).collect();
        Panel {
            title: title.to_owned(),
            x: Axis::new("", Scale::Share).from_to(0.0, 1.15),
            y: Axis::of_names(Preparation::ALL.map(Preparation::name)),
            plane: false,
            marks: Mark::bars(SHARE, &bars),
        }
    };
    let one_sign = Preparation::ALL.map(|preparation| {
        let cases = all.iter().filter(|case| case.preparation == preparation);
        spread(&cases.flat_map(|case| case.one_sign.iter().copied()).collect::<Vec<_>>()).median
    });
    Picture::new(
        "signs",
        "The signs of the inputs, and of the first layer's gradients",
        "",
        vec![panel("inputs under 0", negative), panel("neurons with gradients all of one sign, 1 sample", &one_sign)],
    )
    .toned(SHARE, Tone::Reference)
}

fn training(f: Function, cases: &[&Case]) -> Picture {
    let races: Vec<_> = cases.iter().map(|case| (case.preparation.name(), &case.race)).collect();
    Picture::new(
        &format!("{f}-training"),
        format!("{f}: training on the data as they are, centred, scaled, and both"),
        "To the left each at its own best rate; the thin line is at 5 %. To the right the epochs to 5 % by rate, of two runs the slower; \
         there is no point where one of them did not get there.",
        panels(&races),
    )
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
        // Grey values are never negative; a digit's edges are 0 in all samples, and remain so.
        assert_eq!(measured(&record, "raw", "inputs under 0").high, 0.0);
        assert!(measured(&record, "centred", "inputs under 0").low > 25.0);
        let one_sign = |of: &str| measured(&record, &format!("relu, {of}"), "neurons of one sign, 1 sample");
        assert_eq!((one_sign("raw").low, one_sign("centred").high), (100.0, 0.0));
    }
}
