//! What the notes say of activation functions, as experiments that anyone can run: one file each. The verdicts are read from their records
//! by the [lesson](crate::lesson).
//!
//! ```
//! use excite_lab::Unwatched;
//! use excite_lab::experiments::{self, Request};
//!
//! let experiment = experiments::find("sigmoid-squashes").unwrap();
//! let record = experiment.run(&Request { seeds: Some(1), ..Request::default() }, &Unwatched)?;
//! assert_eq!(record.figure("sigmoid", "largest output").unwrap().high, 1.0);
//! # Ok::<(), excite_lab::LabError>(())
//! ```

mod bars;
mod dead_from_initialisation;
mod dead_from_learning_rate;
mod exp_is_expensive;
mod not_zero_centred;
mod race;
mod rectifiers;
pub(crate) mod relu6_fixed_point;
mod relu_converges_faster;
pub(crate) mod relu_half_plane;
mod remedies;
mod same_sign_gradients;
mod saturation_kills_gradients;
mod sigmoid_squashes;
mod timing;
mod trial;
mod zero_mean_data;
pub(crate) mod zig_zag;

use crate::record::comparison::{Spread, ranges_apart_by_chance};
use crate::record::experiment::{Measure, Picture, Record};
use excite::Function;
use rayon::prelude::*;

use crate::data::{Dataset, Options};
use crate::{LabError, Watcher};

/// Every experiment, in the order of the first statement that it shows. A new one is a file and a line here.
pub const ALL: &[&Experiment] = &[
    &sigmoid_squashes::EXPERIMENT,
    &saturation_kills_gradients::EXPERIMENT,
    &not_zero_centred::EXPERIMENT,
    &same_sign_gradients::EXPERIMENT,
    &zig_zag::EXPERIMENT,
    &zero_mean_data::EXPERIMENT,
    &exp_is_expensive::EXPERIMENT,
    &rectifiers::EXPERIMENT,
    &relu_converges_faster::EXPERIMENT,
    &relu_half_plane::EXPERIMENT,
    &dead_from_initialisation::EXPERIMENT,
    &dead_from_learning_rate::EXPERIMENT,
    &relu6_fixed_point::EXPERIMENT,
    &remedies::EXPERIMENT,
];

/// The experiment of that name.
pub fn find(name: &str) -> Option<&'static Experiment> {
    ALL.iter().copied().find(|experiment| experiment.name == name)
}

/// Something about activation functions that can be measured.
pub struct Experiment {
    /// The name on the command line.
    pub name: &'static str,
    /// What it is about, a sentence.
    pub question: &'static str,
    /// The steps of it.
    pub method: &'static str,
    /// The functions that are looked at unless others are asked for.
    pub functions: &'static [&'static str],
    /// How many times it is done unless asked otherwise, each with other random numbers.
    pub seeds: usize,
    /// Whether it can be done on other data than the digits.
    pub takes_data: bool,
    /// Why a function cannot be asked for, if it cannot.
    refuses: fn(Function) -> Option<String>,
    run: fn(&Setting<'_>) -> Result<Outcome, LabError>,
}

/// The options of one run of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The functions to look at; none for those of the notes.
    pub functions: Vec<Function>,
    /// How many times to do it, each with other random numbers; None for as many as the experiment calls for.
    pub seeds: Option<usize>,
    /// Do less, in a second or two: rough figures.
    pub quick: bool,
    /// The data to do it on, their inputs as they were read: not standardised. None for the digits.
    pub data: Option<Dataset>,
}

/// The training samples of an experiment in its quick form.
const QUICK_SAMPLES: usize = 400;

/// What an experiment works with.
struct Setting<'a> {
    functions: Vec<Function>,
    seeds: usize,
    quick: bool,
    data: Option<&'a Dataset>,
    watcher: &'a dyn Watcher,
}

/// What an experiment found.
struct Outcome {
    certainty: String,
    measures: Vec<Measure>,
    pictures: Vec<Picture>,
}

impl Experiment {
    /// Runs it. The same request gives the same record, to the last bit; but times come out otherwise ([`Record::has_times`]).
    ///
    /// # Errors
    /// If the experiment makes no sense with a function or data that were asked for, if there are no seeds, or if the watcher asked to stop.
    pub fn run(&self, request: &Request, watcher: &dyn Watcher) -> Result<Record, LabError> {
        let (functions, seeds) = self.asked_for(request);
        if seeds == 0 {
            return Err(LabError::Plan("an experiment needs at least one seed".to_owned()));
        }
        if let Some(why) = functions.iter().find_map(|&f| (self.refuses)(f)) {
            return Err(LabError::Plan(format!("{}: {why}", self.name)));
        }
        if request.data.is_some() && !self.takes_data {
            return Err(LabError::Plan(format!("{}: it cannot be done on data of your own", self.name)));
        }
        let setting = Setting { functions, seeds, quick: request.quick, data: request.data.as_ref(), watcher };
        let Outcome { certainty, measures, pictures } = (self.run)(&setting)?;
        Ok(Record {
            name: self.name.to_owned(),
            question: self.question.to_owned(),
            method: self.method.to_owned(),
            functions: setting.functions,
            data: request.data.as_ref().map(described),
            seeds,
            quick: request.quick,
            certainty,
            measures,
            pictures,
        })
    }
}

impl Experiment {
    /// Whether `record` is what [`run`](Self::run) made of such a request, by an experiment that does the same.
    pub fn is_answered_by(&self, request: &Request, record: &Record) -> bool {
        let Record { name, question, method, functions, data, seeds, quick, .. } = record;
        let (asked_functions, asked_seeds) = self.asked_for(request);
        (name.as_str(), question.as_str(), method.as_str()) == (self.name, self.question, self.method)
            && (functions, *seeds, *quick) == (&asked_functions, asked_seeds, request.quick)
            && *data == request.data.as_ref().map(described)
    }

    /// The functions and the number of seeds.
    fn asked_for(&self, request: &Request) -> (Vec<Function>, usize) {
        let functions = if request.functions.is_empty() { self.own_functions() } else { request.functions.clone() };
        let usual = if request.quick { self.seeds.min(2) } else { self.seeds };
        (functions, request.seeds.unwrap_or(usual))
    }

    fn own_functions(&self) -> Vec<Function> {
        self.functions.iter().map(|name| name.parse().expect("the list names functions of the catalogue")).collect()
    }
}

impl Setting<'_> {
    /// The data with their inputs as they were read; the first samples of them if the experiment is to be quick.
    fn raw_data(&self) -> Dataset {
        let digits = || Dataset::digits(&Options { centre: false, ..Options::default() });
        let data = self.data.cloned().unwrap_or_else(digits);
        if self.quick { data.with_first(QUICK_SAMPLES) } else { data }
    }

    /// Does `once` for each seed from 1 on, telling the watcher.
    fn over_seeds<T>(&self, note: &str, mut once: impl FnMut(u64) -> Result<T, LabError>) -> Result<Vec<T>, LabError> {
        let seed = |seed: usize| {
            if self.watcher.stop_requested() {
                return Err(LabError::Stopped);
            }
            let note = format!("{note}, seed {seed} of {}", self.seeds);
            self.watcher.epochs_done(0, &note);
            let done = once(seed as u64)?;
            self.watcher.epochs_done(1, &note);
            Ok(done)
        };
        (1..=self.seeds).map(seed).collect()
    }

    /// Does `once` for each case with each seed from 1 on, as many at once as there are cores, telling the watcher; of each case the
    /// results by seed.
    fn over_cases<C: Sync, T: Send>(
        &self,
        cases: &[C],
        note: impl Fn(&C) -> String + Sync,
        once: impl Fn(&C, u64) -> Result<T, LabError> + Sync,
    ) -> Result<Vec<Vec<T>>, LabError> {
        self.plan(cases.len());
        let seeds = 1..=self.seeds as u64;
        let jobs: Vec<_> = cases.iter().flat_map(|case| seeds.clone().map(move |seed| (case, seed))).collect();
        let job = |(case, seed)| {
            if self.watcher.stop_requested() {
                return Err(LabError::Stopped);
            }
            let note = format!("{}, seed {seed} of {}", note(case), self.seeds);
            self.watcher.epochs_done(0, &note);
            let done = once(case, seed)?;
            self.watcher.epochs_done(1, &note);
            Ok(done)
        };
        let done: Result<Vec<T>, LabError> = jobs.into_par_iter().map(job).collect();
        let mut done = done?.into_iter();
        Ok(cases.iter().map(|_| done.by_ref().take(self.seeds).collect()).collect())
    }

    /// Tells the watcher that [`over_seeds`](Self::over_seeds) will be called `times` times.
    fn plan(&self, times: usize) {
        self.watcher.plan((times * self.seeds) as u64);
    }
}

/// The user's data, by their name and their fingerprint.
fn described(data: &Dataset) -> String {
    format!("{} ({:016x})", data.name, data.fingerprint())
}

/// For experiments that take any function.
fn takes_all(_: Function) -> Option<String> {
    None
}

/// The spread of figures of which there is at least one.
fn spread(figures: &[f64]) -> Spread {
    Spread::of(figures).unwrap_or(Spread { median: f64::NAN, low: f64::NAN, high: f64::NAN })
}

/// How sure it is that `larger` is larger than `smaller`, one figure a seed in each, in words.
fn certainty(larger: &[f64], smaller: &[f64]) -> String {
    let seeds = larger.len().min(smaller.len());
    if seeds < 2 {
        return "One seed: no spread, so nothing is sure.".to_owned();
    }
    if spread(larger).overlaps(&spread(smaller)) {
        return format!("The ranges over {seeds} seeds overlap: no difference is shown.");
    }
    format!(
        "The ranges over {seeds} seeds do not overlap, which by chance happens once in {} times.",
        figure(ranges_apart_by_chance(seeds, seeds))
    )
}

/// Names with commas between, and "and" before the last.
fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    match &names[..] {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// A share in per cent, with three digits: `"12.3 %"`.
fn percent(share: f64) -> String {
    format!("{} %", figure(100.0 * share))
}

/// Three significant digits.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string().replace("inf", "∞");
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..5).contains(&magnitude) {
        return format!("{value:.1e}").replace('-', "−");
    }
    let text = format!("{value:.*}", (2 - magnitude).max(0) as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;

    /// What the experiment of that name finds in its quick form.
    pub(super) fn quick(name: &str, functions: &[&str]) -> Record {
        let functions = functions.iter().map(|name| name.parse().unwrap()).collect();
        find(name).unwrap().run(&Request { functions, seeds: Some(3), quick: true, data: None }, &Unwatched).unwrap()
    }

    /// One figure of a record.
    pub(super) fn measured(record: &Record, of: &str, quantity: &str) -> Spread {
        let measure = record.measures.iter().find(|measure| measure.of == of && measure.quantity == quantity);
        measure.unwrap_or_else(|| panic!("{quantity} of {of}: {:#?}", record.measures)).value.unwrap()
    }

    #[test]
    fn every_file_of_an_experiment_is_in_the_list() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/experiments")).unwrap();
        let mut found = 0;
        // The parts of an experiment lie in folders.
        for file in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(file).unwrap();
            for line in text.lines().filter(|line| line.starts_with("    name: \"") && line.ends_with("\",")) {
                let name = line.split('"').nth(1).unwrap();
                assert!(find(name).is_some(), "`{name}` is not in ALL");
                found += 1;
            }
        }
        assert_eq!(found, ALL.len());
    }

    #[test]
    fn every_experiment_says_what_it_is_about_and_does_in_sentences() {
        for experiment in ALL {
            for text in [experiment.question, experiment.method] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", experiment.name);
            }
            assert!(experiment.functions.iter().all(|name| name.parse::<Function>().is_ok()) && experiment.seeds > 0);
        }
    }

    #[test]
    fn a_request_that_cannot_be_is_refused() {
        let none = Request { seeds: Some(0), ..Request::default() };
        assert!(matches!(ALL[0].run(&none, &Unwatched), Err(LabError::Plan(_))));
        let tanh = Request { functions: vec!["tanh".parse().unwrap()], ..Request::default() };
        let data = Some(Dataset::digits(&Options::default()));
        let elsewhere = find("zig-zag").unwrap().run(&Request { data, ..Request::default() }, &Unwatched);
        assert!(elsewhere.unwrap_err().to_string().starts_with("zig-zag: it cannot be done on data of your own"));
        let refused = find("relu-half-plane").unwrap().run(&tanh, &Unwatched).unwrap_err().to_string();
        assert!(refused.starts_with("relu-half-plane: ") && refused.contains("tanh"), "{refused}");
    }

    #[test]
    fn certainty_rests_on_whether_the_ranges_overlap() {
        assert!(certainty(&[3.0, 4.0, 5.0], &[0.0, 1.0, 2.0]).contains("once in 10 times"));
        assert!(certainty(&[3.0, 4.0], &[0.0, 3.0]).contains("no difference is shown"));
        assert!(certainty(&[3.0], &[0.0]).starts_with("One seed"));
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(
            [0.0, 0.012345, 123.456, 1e-7, 1.5, 12345.0].map(figure),
            ["0", "0.0123", "123", "1.0e−7", "1.5", "12345"]
        );
        assert_eq!((percent(0.1234), listed(["a", "b", "c"])), ("12.3 %".to_owned(), "a, b and c".to_owned()));
    }
}
