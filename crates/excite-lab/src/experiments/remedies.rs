use crate::record::comparison::Spread;
use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Unit;

use super::trial::{BATCH, Trial, usual_start};
use super::{Experiment, Outcome, Setting, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::network::Start;
use crate::optimise::clip;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "remedies",
    question: "Which remedy helps against units born dead, and which against units killed in training.",
    method: "An MLP 64-64-64-10 is trained on the digits by SGD with a momentum of 0.9 in batches of 32. In the one case its hidden units \
             start with a bias of −2, and a rate of 0.03; in the other it starts as usual, and the rate of 0.3 is too high. Each is trained \
             as it is and with each remedy: a tenth of the rate; a rate that rises from 0 over the first half of the epochs; gradients \
             clipped to a norm of 1; leaky ReLU; ELU; pre-activations standardised over each batch; the usual weights with biases of 0.1. \
             A remedy helps if with every seed both the share of dead units and the training error at the end are lower than without it. \
             A unit of ELU is dead where its slope is too small for a float.",
    functions: &["relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const HIDDEN: [usize; 2] = [64, 64];

/// What ails the network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ailment {
    BornDead,
    Killed,
}

impl Ailment {
    const ALL: [Self; 2] = [Self::BornDead, Self::Killed];

    fn name(self) -> &'static str {
        match self {
            Self::BornDead => "born dead",
            Self::Killed => "killed in training",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Nothing,
    LowerRate,
    WarmUp,
    Clipping,
    LeakyRelu,
    Elu,
    Standardising,
    Start,
}

impl Remedy {
    const ALL: [Self; 8] = [
        Self::Nothing,
        Self::LowerRate,
        Self::WarmUp,
        Self::Clipping,
        Self::LeakyRelu,
        Self::Elu,
        Self::Standardising,
        Self::Start,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no remedy",
            Self::LowerRate => "lower rate",
            Self::WarmUp => "warm-up",
            Self::Clipping => "clipping",
            Self::LeakyRelu => "leaky ReLU",
            Self::Elu => "ELU",
            Self::Standardising => "standardising",
            Self::Start => "better start",
        }
    }

    fn function(self, own: Function) -> Function {
        let named = |name: &str| name.parse().expect("the catalogue has it");
        match self {
            Self::LeakyRelu => named("leaky_relu"),
            Self::Elu => named("elu"),
            _ => own,
        }
    }
}

/// One function with one ailment and one remedy.
struct Case {
    function: Function,
    ailment: Ailment,
    remedy: Remedy,
}

impl Case {
    fn name(&self) -> String {
        format!("{} {}, {}", self.function, self.ailment.name(), self.remedy.name())
    }

    fn start(&self) -> Start {
        let bias = match (self.remedy, self.ailment) {
            (Remedy::Start, _) => 0.1,
            (_, Ailment::BornDead) => -2.0,
            (_, Ailment::Killed) => 0.0,
        };
        Start { bias, ..usual_start() }
    }

    /// The learning rate of the step of that index, of `steps` in all.
    fn rate(&self, step: usize, steps: usize) -> f64 {
        let full = match self.ailment {
            Ailment::BornDead => 0.03,
            Ailment::Killed => 0.3,
        };
        match self.remedy {
            Remedy::LowerRate => 0.1 * full,
            Remedy::WarmUp => full * (2.0 * (step + 1) as f64 / steps as f64).min(1.0),
            _ => full,
        }
    }

    fn treat(&self, setting: &Setting<'_>, data: &Dataset, seed: u64, epochs: usize) -> Result<Course, LabError> {
        let function = self.remedy.function(self.function);
        let mut trial = Trial::new(data, &HIDDEN, function, self.start(), seed)?;
        if self.remedy == Remedy::Standardising {
            trial = trial.standardised();
        }
        let mut descent = trial.descent(self.rate(0, 1));
        let mut course = Course { dead: vec![dead_share(&trial)], error: vec![] };
        let steps = epochs * data.train.len().div_ceil(BATCH);
        let mut step = 0;
        for _ in 0..epochs {
            if setting.watcher.stop_requested() {
                return Err(LabError::Stopped);
            }
            let error = trial.epoch_by(|network, mut gradients| {
                if self.remedy == Remedy::Clipping {
                    clip(&mut gradients, 1.0);
                }
                descent.set_learning_rate(self.rate(step, steps));
                descent.step(&mut network.parameters, &gradients);
                step += 1;
            });
            let Some(error) = error else { return Ok(course) };
            course.error.push(error);
            course.dead.push(dead_share(&trial));
        }
        Ok(course)
    }
}

fn dead_share(trial: &Trial<'_>) -> f64 {
    let vitals = trial.vitals();
    let dead = vitals.iter().flat_map(LayerVitals::units).filter(|unit| Unit::is_dead(unit)).count();
    dead as f64 / HIDDEN.iter().sum::<usize>() as f64
}

/// One training. It ends early where the loss ceases to be finite.
struct Course {
    /// The share of hidden units dead on all training samples, at the start and after each epoch.
    dead: Vec<f64>,
    /// The share of wrong classes in each epoch.
    error: Vec<f64>,
}

/// A case with its courses, one a seed.
struct Series {
    case: Case,
    courses: Vec<Course>,
    epochs: usize,
}

impl Series {
    fn dead(&self, epoch: usize) -> Vec<f64> {
        self.courses.iter().filter_map(|course| course.dead.get(epoch).copied()).collect()
    }

    /// In the epoch of that number, the first one being 1.
    fn error(&self, epoch: usize) -> Vec<f64> {
        self.courses.iter().filter_map(|course| course.error.get(epoch - 1).copied()).collect()
    }

    fn at_end(&self) -> [Vec<f64>; 2] {
        [self.dead(self.epochs), self.error(self.epochs)]
    }

    /// Whether with every seed the dead and the error at the end are fewer than `untreated` has with that seed. A training that diverged
    /// is the worst.
    fn helps(&self, untreated: &Self) -> bool {
        let lower =
            |with: Option<&f64>, without: Option<&f64>| with.is_some_and(|with| without.is_none_or(|w| with < w));
        self.courses.iter().zip(&untreated.courses).all(|(with, without)| {
            lower(with.dead.get(self.epochs), without.dead.get(self.epochs))
                && lower(with.error.get(self.epochs - 1), without.error.get(self.epochs - 1))
        })
    }

    fn measures(&self) -> [Measure; 3] {
        let percent = |quantity: &str, shares: Vec<f64>| {
            let shares: Vec<f64> = shares.into_iter().map(|share| 100.0 * share).collect();
            Measure::new(self.case.name(), quantity, "%", &shares)
        };
        let [dead, error] = self.at_end();
        [percent("dead at the start", self.dead(0)), percent("dead at the end", dead), percent("training error", error)]
    }

    fn line(&self, epochs: std::ops::RangeInclusive<usize>, figures: fn(&Self, usize) -> Vec<f64>) -> Mark {
        let at = |epoch| Some((epoch as f64, Spread::of(&figures(self, epoch))?.median));
        Mark::line(self.case.remedy.name(), epochs.filter_map(at).collect())
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let epochs = if setting.quick { 4 } else { 20 };
    let mut cases = vec![];
    for &function in &setting.functions {
        for ailment in Ailment::ALL {
            cases.extend(Remedy::ALL.map(|remedy| Case { function, ailment, remedy }));
        }
    }
    let courses = setting.over_cases(&cases, Case::name, |case, seed| case.treat(setting, &data, seed, epochs))?;
    let series = cases.into_iter().zip(courses).map(|(case, courses)| Series { case, courses, epochs });
    let all: Vec<_> = series.collect();

    let (mut measures, mut pictures) = (vec![], vec![]);
    // Of one function and ailment, the untreated one first.
    for group in all.chunks(Remedy::ALL.len()) {
        for series in group {
            measures.extend(series.measures());
        }
        for series in &group[1..] {
            let helps = f64::from(u8::from(series.helps(&group[0])));
            measures.push(Measure::new(series.case.name(), "helps", "", &[helps]));
        }
        pictures.push(picture(group));
    }
    pictures.insert(0, what_helps(&all));
    Ok(Outcome {
        certainty: match setting.seeds {
            1 => "One seed: no spread, so nothing is sure.".to_owned(),
            seeds => format!(
                "Medians over {seeds} seeds; a figure is lower with all of them by chance once in {} times.",
                super::figure(2_f64.powi(seeds.min(1000) as i32))
            ),
        },
        measures,
        pictures,
    })
}

/// The dead units at the end with each remedy, by ailment.
fn what_helps(all: &[Series]) -> Picture {
    const HELPS: &str = "helps: fewer dead and a lower error, with every seed";
    const NOT: &str = "does not";
    let panel = |group: &[Series]| {
        let (mut helps, mut not) = (vec![], vec![]);
        for (row, series) in (1..).zip(group) {
            let row = f64::from(row);
            let dead = series.dead(series.epochs).into_iter().map(|dead| (dead, row));
            if series.helps(&group[0]) { helps.extend(dead) } else { not.extend(dead) }
        }
        Panel {
            title: format!("units {}: dead at the end, a dot a seed", group[0].case.ailment.name()),
            x: Axis::new("", Scale::Share).from_to(-0.02, 1.02),
            y: Axis::of_names(group.iter().map(|series| series.case.remedy.name())),
            plane: false,
            marks: vec![Mark::dots(HELPS, helps), Mark::dots(NOT, not)],
        }
    };
    Picture::new(
        "what-helps",
        "What each remedy leaves dead",
        "A training that diverged has no dot.",
        all.chunks(Remedy::ALL.len()).map(panel).collect(),
    )
    .toned(HELPS, Tone::Sound)
    .toned(NOT, Tone::Reference)
}

fn picture(group: &[Series]) -> Picture {
    let Case { function, ailment, .. } = group[0].case;
    let epochs = group[0].epochs;
    let panel = |title: &str, y: Axis, marks: Vec<Mark>| Panel {
        title: title.to_owned(),
        x: Axis::new("epoch", Scale::Whole),
        y,
        plane: false,
        marks,
    };
    let share = || Axis::new("", Scale::Share).from_to(0.0, 1.02);
    let dead = group.iter().map(|series| series.line(0..=epochs, Series::dead)).collect();
    let error = group.iter().map(|series| series.line(1..=epochs, Series::error)).collect();
    Picture::new(
        &format!("{function}-{}", if ailment == Ailment::BornDead { "born-dead" } else { "killed" }),
        format!("{function}, {}: with each remedy and without", ailment.name()),
        "The median over the seeds. Where lines lie on one another, see the table; one that ends early diverged.",
        vec![panel("dead, % of units", share(), dead), panel("training error", share(), error)],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn a_better_start_helps_the_born_dead_and_a_lower_rate_does_not() {
        let record = quick("remedies", &[]);
        let dead = |of: &str| measured(&record, &format!("relu born dead, {of}"), "dead at the end");
        assert!(dead("better start").high < dead("no remedy").low, "{:#?}", record.measures);
        assert!(dead("lower rate").overlaps(&dead("no remedy")), "{:#?}", record.measures);
        let killed = |of: &str| measured(&record, &format!("relu killed in training, {of}"), "dead at the end");
        assert!(killed("lower rate").high < killed("no remedy").low, "{:#?}", record.measures);
        assert_eq!(dead("leaky ReLU").high, 0.0);
    }

    #[test]
    fn warm_up_rises_to_the_full_rate_at_half_the_steps() {
        let case = Case { function: "relu".parse().unwrap(), ailment: Ailment::Killed, remedy: Remedy::WarmUp };
        let rates: Vec<f64> = (0..4).map(|step| case.rate(step, 4)).collect();
        assert_eq!(rates, [0.15, 0.3, 0.3, 0.3]);
    }

    #[test]
    fn nothing_helps_where_nothing_ails() {
        let record = quick("remedies", &["leaky_relu"]);
        assert_eq!(measured(&record, "leaky_relu born dead, no remedy", "dead at the end").high, 0.0);
        let of_born = |m: &&Measure| m.quantity == "helps" && m.of.contains("born dead");
        assert_eq!(record.measures.iter().filter(of_born).filter(|m| m.value.unwrap().high > 0.0).count(), 0);
    }
}
