use crate::record::deaths::{Cause, UnitHistory};
use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, bars, certainty, spread, takes_all};
use crate::data::{Dataset, Options};
use crate::deaths::DeathWatch;
use crate::{LabError, Optimizer};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "dead-from-learning-rate",
    question: "How many units a learning rate kills, by which cause, and how many live again.",
    method: "An MLP 64-64-64-10 is trained on the digits by SGD in batches of 32, at rates from low to far too high, with a momentum of 0.9 \
             and without; a rate over 1 less the momentum is the effective one. After every step all training samples are run through: a \
             hidden unit that none of them gives a gradient is dead. Of each step that kills, the change is split: how far the unit's \
             largest pre-activation over the samples falls by its own weights alone, by its own bias alone, and by the layers before it \
             alone. The part that pushed furthest is the cause. Then the step is taken again at half the rate, to see whether the unit lives.",
    functions: &["relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const HIDDEN: [usize; 2] = [64, 64];
const MOMENTA: [f64; 2] = [0.0, 0.9];
/// Over 1 less the momentum; a rate of 0.03 with momentum 0.9 is one that serves.
const EFFECTIVE_RATES: [f64; 6] = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// One function trained with one momentum at one rate.
struct Case {
    function: Function,
    momentum: f64,
    effective_rate: f64,
}

impl Case {
    fn rate(&self) -> f64 {
        // Rounded, so that 0.1 · (1 − 0.9) is 0.01.
        (self.effective_rate * (1.0 - self.momentum) * 1e6).round() / 1e6
    }

    fn name(&self) -> String {
        format!("{}, {}, rate {}", self.function, momentum(self.momentum), self.rate())
    }
}

fn momentum(momentum: f64) -> String {
    if momentum == 0.0 { "no momentum".to_owned() } else { format!("momentum {momentum}") }
}

/// What one training did to the units.
struct Training {
    units: usize,
    histories: Vec<UnitHistory>,
    /// The share of units dead at the start and after each step.
    dead: Vec<f64>,
    /// The share of wrong classes in the last epoch; None where the loss ceased to be finite.
    error: Option<f64>,
}

impl Training {
    fn of(setting: &Setting<'_>, data: &Dataset, case: &Case, seed: u64, epochs: usize) -> Result<Self, LabError> {
        let mut trial = Trial::new(data, &HIDDEN, case.function, usual_start(), seed)?;
        let mut descent = trial.descent_by(Optimizer::Sgd { momentum: case.momentum }, case.rate());
        let mut watch = DeathWatch::new(&trial.network, case.function, data.train.inputs.clone());
        let (mut dead, mut error) = (vec![watch.dead_share()], None);
        for _ in 0..epochs {
            if setting.watcher.stop_requested() {
                return Err(LabError::Stopped);
            }
            error = trial.epoch_by(|network, gradients| {
                descent.step(&mut network.parameters, &gradients);
                watch.look(dead.len(), network);
                dead.push(watch.dead_share());
            });
            if error.is_none() {
                break;
            }
        }
        Ok(Self { units: watch.units(), histories: watch.histories().to_vec(), dead, error })
    }

    fn killed(&self) -> impl Iterator<Item = &UnitHistory> {
        self.histories.iter().filter(|history| history.killed().is_some())
    }

    /// The share of all units that training killed, if only for a while.
    fn killed_share(&self) -> f64 {
        self.killed().filter(|history| !history.is_born_dead()).count() as f64 / self.units as f64
    }

    /// Of the killed the share that `counts`. None if there are none.
    fn share(&self, counts: impl Fn(&UnitHistory) -> bool) -> Option<f64> {
        let killed = self.killed().count();
        (killed > 0).then(|| self.killed().filter(|history| counts(history)).count() as f64 / killed as f64)
    }

    fn by(&self, cause: Cause) -> Option<f64> {
        self.share(|history| history.killed().is_some_and(|death| death.push.cause() == cause))
    }

    /// Of the killed the share that is alive at the end.
    fn back(&self) -> Option<f64> {
        self.share(|history| !history.is_dead())
    }

    fn survive_half(&self) -> Option<f64> {
        self.share(|history| history.killed().is_some_and(|death| death.survives_half))
    }

    /// The median of the steps that killed.
    fn step(&self) -> Option<f64> {
        let steps: Vec<f64> = self.killed().filter_map(UnitHistory::killed).map(|death| death.step as f64).collect();
        (!steps.is_empty()).then(|| spread(&steps).median)
    }
}

/// A case with what came of it, a training a seed.
struct Series {
    case: Case,
    trainings: Vec<Training>,
}

impl Series {
    fn figures(&self, figure: impl Fn(&Training) -> Option<f64>) -> Vec<f64> {
        self.trainings.iter().filter_map(figure).collect()
    }

    fn killed(&self) -> Vec<f64> {
        self.figures(|training| Some(training.killed_share()))
    }

    fn measures(&self) -> Vec<Measure> {
        let name = self.case.name();
        let percent = |quantity: &str, figure: &dyn Fn(&Training) -> Option<f64>| {
            Measure::new(&name, quantity, "%", &self.figures(|training| figure(training).map(|share| 100.0 * share)))
        };
        vec![
            percent("killed", &|training| Some(training.killed_share())),
            Measure::new(&name, "at step", "", &self.figures(Training::step)),
            percent("by own weights", &|training| training.by(Cause::OwnWeights)),
            percent("by own bias", &|training| training.by(Cause::OwnBias)),
            percent("by upstream", &|training| training.by(Cause::Upstream)),
            percent("live at half the step", &Training::survive_half),
            percent("alive at the end", &Training::back),
            percent("training error", &|training| training.error),
        ]
    }

    /// The median share of dead units after each step that all seeds took, thinned to what a plot shows.
    fn timeline(&self) -> Mark {
        let steps = self.trainings.iter().map(|training| training.dead.len()).min().unwrap_or(0);
        let stride = steps.div_ceil(120).max(1);
        let at = |step| (step as f64, spread(&self.figures(|training| Some(training.dead[step]))).median);
        Mark::line(format!("rate {}", self.case.rate()), (0..steps).step_by(stride).map(at).collect())
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let (rates, epochs): (&[f64], _) = if setting.quick { (&[0.03, 0.3, 3.0], 2) } else { (&EFFECTIVE_RATES, 10) };
    let mut cases = vec![];
    for &function in &setting.functions {
        for momentum in MOMENTA {
            cases.extend(rates.iter().map(|&effective_rate| Case { function, momentum, effective_rate }));
        }
    }
    let training = |case: &Case, seed| Training::of(setting, &data, case, seed, epochs);
    let trainings = setting.over_cases(&cases, Case::name, training)?;
    let all: Vec<_> = cases.into_iter().zip(trainings).map(|(case, trainings)| Series { case, trainings }).collect();

    let (mut sure, mut pictures) = (vec![], vec![]);
    let mut measures: Vec<Measure> = all.iter().flat_map(Series::measures).collect();
    for &f in &setting.functions {
        let with = |momentum: f64| -> Vec<&Series> {
            all.iter().filter(|series| series.case.function == f && series.case.momentum == momentum).collect()
        };
        for momentum in MOMENTA {
            let series = with(momentum);
            let worst = worst(&series);
            let sureness = certainty(&worst.killed(), &series[0].killed());
            sure.push(format!("{f}, {}: {sureness}", self::momentum(momentum)));
            for (name, series) in [("lowest rate", series[0]), ("worst rate", worst)] {
                let of = format!("{f}, {}, {name}", self::momentum(momentum));
                measures.push(Measure::new(&of, "rate", "", &[series.case.rate()]));
                let killed: Vec<f64> = series.killed().iter().map(|share| 100.0 * share).collect();
                measures.push(Measure::new(&of, "units killed", "%", &killed));
            }
        }
        let histories: Vec<&UnitHistory> = all
            .iter()
            .filter(|series| series.case.function == f)
            .flat_map(|series| series.trainings.iter().flat_map(Training::killed))
            .collect();
        for layer in [0, 1] {
            let of_layer = || histories.iter().filter(|history| history.layer == layer);
            let back = of_layer().filter(|history| !history.is_dead()).count();
            let of = format!("{f}, layer {}, all rates", layer + 1);
            measures.push(Measure::new(&of, "units killed, in all", "", &[of_layer().count() as f64]));
            measures.push(Measure::new(&of, "of them alive at the end", "", &[back as f64]));
        }
        pictures.extend([
            killed_by_rate(f, &MOMENTA.map(with)),
            timelines(f, &MOMENTA.map(with)),
            causes_by_rate(f, &MOMENTA.map(with)),
        ]);
    }
    Ok(Outcome { certainty: sure.join(" "), measures, pictures })
}

/// The rate that kills most.
fn worst<'a>(series: &[&'a Series]) -> &'a Series {
    let median = |series: &Series| spread(&series.killed()).median;
    series.iter().max_by(|a, b| median(a).total_cmp(&median(b))).expect("there are rates")
}

/// The units that each rate kills: dead at the end, or alive again.
fn killed_by_rate(f: Function, by_momentum: &[Vec<&Series>; 2]) -> Picture {
    const DEAD: &str = "killed, and dead at the end";
    const AGAIN: &str = "killed, and alive again at the end";
    let panel = |series: &Vec<&Series>| {
        let ends = (1..).zip(series).map(|(row, series)| {
            let units: usize = series.trainings.iter().map(|training| training.units).sum();
            let killed =
                || series.trainings.iter().flat_map(Training::killed).filter(|history| !history.is_born_dead());
            let share = |count: usize| count as f64 / units.max(1) as f64;
            (row, share(killed().filter(|history| history.is_dead()).count()), share(killed().count()))
        });
        bars::in_two_parts(
            format!("% of the units, by rate, {}", momentum(series[0].case.momentum)),
            series.iter().map(|series| series.case.rate()),
            [DEAD, AGAIN],
            &ends.collect::<Vec<_>>(),
        )
    };
    Picture::new(
        "killed-by-rate",
        format!("{f}: units that training killed"),
        "Over all seeds, 128 units each. Of the rates with momentum, 0.03 is one that serves.",
        by_momentum.iter().rev().map(panel).collect(),
    )
    .toned(DEAD, Tone::Dead)
    .toned(AGAIN, Tone::Sound)
}

fn timelines(f: Function, by_momentum: &[Vec<&Series>; 2]) -> Picture {
    let panel = |series: &Vec<&Series>| Panel {
        title: format!("{}: dead, % of units", momentum(series[0].case.momentum)),
        x: Axis::new("step", Scale::Whole),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks: series.iter().map(|series| series.timeline()).collect(),
    };
    // With momentum first, whose rates are lower: so the legend rises.
    Picture::new(
        "step-by-step",
        format!("{f}: deaths step by step"),
        "The median over the seeds. A line that ends early is a training whose loss became infinite or NaN.",
        by_momentum.iter().rev().map(panel).collect(),
    )
}

fn causes_by_rate(f: Function, by_momentum: &[Vec<&Series>; 2]) -> Picture {
    let marks = |x: fn(&Case) -> f64, figure: &dyn Fn(&Training) -> Option<f64>| -> Vec<Mark> {
        let of = |series: &Vec<&Series>| {
            let at = |series: &&Series| {
                let figures = series.figures(figure);
                (!figures.is_empty()).then(|| (x(&series.case), spread(&figures)))
            };
            Mark::spreads(momentum(series[0].case.momentum), &series.iter().filter_map(at).collect::<Vec<_>>())
        };
        by_momentum.iter().flat_map(of).collect()
    };
    let panel = |title: &str, label: &str, marks| Panel {
        title: title.to_owned(),
        x: Axis::new(label, Scale::Logarithmic),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks,
    };
    let (rate, effective) = ("learning rate", "learning rate / (1 − momentum)");
    let by = |cause| marks(|case| case.effective_rate, &move |training: &Training| training.by(cause));
    Picture::new(
        "causes",
        format!("{f}: the rate, the training and its cause"),
        "The shares by cause, and the share that lives at half the step, are of the killed units; there is no point where none was killed.",
        vec![
            panel("killed, % of units", rate, marks(Case::rate, &|training| Some(training.killed_share()))),
            panel(
                "killed, % of units",
                effective,
                marks(|case| case.effective_rate, &|training| Some(training.killed_share())),
            ),
            panel("killed by own weights, %", effective, by(Cause::OwnWeights)),
            panel("killed by upstream, %", effective, by(Cause::Upstream)),
            panel("live at half the step, %", effective, marks(|case| case.effective_rate, &Training::survive_half)),
            panel(
                "training error at the end",
                effective,
                marks(|case| case.effective_rate, &|training| training.error),
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn a_high_rate_kills_and_a_low_one_does_not() {
        let record = quick("dead-from-learning-rate", &[]);
        let killed = |of: &str| measured(&record, of, "killed");
        assert!(killed("relu, no momentum, rate 0.03").high < 2.0, "{:#?}", record.measures);
        assert!(killed("relu, no momentum, rate 3").low > 20.0, "{:#?}", record.measures);
        let of = "relu, momentum 0.9, rate 0.3";
        let causes = ["by own weights", "by own bias", "by upstream"].map(|cause| measured(&record, of, cause).median);
        assert!((causes.iter().sum::<f64>() - 100.0).abs() < 10.0, "{causes:?}");
    }

    /// Such a unit gets no gradient and sees the same data for ever.
    #[test]
    fn without_momentum_nothing_revives_a_unit_of_the_first_layer() {
        let data = Dataset::digits(&Options::default());
        let function = "relu".parse().unwrap();
        let setting =
            Setting { functions: vec![function], seeds: 1, quick: true, data: None, watcher: &crate::Unwatched };
        let training =
            Training::of(&setting, &data, &Case { function, momentum: 0.0, effective_rate: 3.0 }, 1, 2).unwrap();
        let of_layer = |layer: usize| training.killed().filter(move |history| history.layer == layer);
        assert!(of_layer(0).count() > 10 && of_layer(0).all(|history| history.events.len() == 1));
        assert!(of_layer(1).any(UnitHistory::has_revived));
        assert_eq!(training.dead.len(), 91);
        assert!(
            (training.dead[90] - training.histories.iter().filter(|history| history.is_dead()).count() as f64 / 128.0)
                .abs()
                < 1e-12
        );
    }

    #[test]
    fn a_function_without_a_flat_side_has_no_dead_units() {
        let record = quick("dead-from-learning-rate", &["leaky_relu"]);
        assert_eq!(measured(&record, "leaky_relu, momentum 0.9, worst rate", "units killed").high, 0.0);
    }

    #[test]
    fn rates_are_effective_ones_less_what_momentum_adds() {
        let case = |momentum| Case { function: "relu".parse().unwrap(), momentum, effective_rate: 0.3 };
        assert_eq!(MOMENTA.map(|momentum| case(momentum).rate()), [0.3, 0.03]);
    }
}
