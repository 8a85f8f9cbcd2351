//! The report of a comparison: which activation function serves this data, how much faster, and what goes wrong in the others.

mod deaths;
mod inputs;
mod layers;
mod learning;
mod method;
mod summary;
mod sweep;

use std::path::Path;

use excite_lab::record::comparison::{ActivationResult, Comparison, Spread, Task};
use excite_lab::record::run::{Epoch, Outcome, Run};
use excite_vitals::in_words::thousands;
use maud::{Markup, html};

use crate::headline::{self, Tone};
use crate::plot::Mark;
use crate::theme::Stroke;
use crate::{number, page};

/// The report of `comparison` as a self-contained HTML file. Figures that are missing or not finite are left out or shown as a
/// dash; text from the comparison is escaped.
pub fn comparison_page(comparison: &Comparison) -> String {
    let series = Series::all(comparison);
    // Of a path its last part; the whole of it stands in the command.
    let name = &comparison.data.name;
    let title = Path::new(name).file_name().map_or_else(|| name.clone(), |last| last.to_string_lossy().into_owned());
    let has_sweep = comparison.activations.iter().any(|result| !result.sweep.is_empty());
    let body = html! {
        p.eyebrow { "Comparison of activation functions" }
        h1 { (title) }
        (glance(comparison))
        @if !comparison.complete { (interrupted(comparison)) }
        @if !comparison.headline.is_empty() { (headline::headline(tone(comparison), &comparison.headline)) }
        (learning::lead(comparison, &series))
        (summary::table(comparison, &series))
        (deaths::section(&series))
        (page::section("Layer by layer", &layers::maps(&series)))
        (page::section("Training", &learning::training(comparison, &series)))
        section {
            h2 { "Figures" }
            (page::fold("All figures", &html! { (summary::all_figures(comparison, &series)) (deaths::table(&series)) }))
            @if has_sweep { (page::fold("Learning rates tried", &sweep::figures(comparison, &series))) }
            (page::fold("Inputs on the function's curve", &inputs::figures(&series)))
            (page::fold("Mean activation", &layers::mean_activation(&series)))
            (page::fold("How this was measured", &html! { (facts(comparison)) (method::definitions(comparison)) }))
            (page::fold("Repeat it", &html! { pre { (comparison.settings.command) } }))
        }
    };
    page::page(&format!("{title}: activation functions compared"), &body)
}

/// Sound where any function serves, as there is one to choose; else that of the function that fares best.
fn tone(comparison: &Comparison) -> Tone {
    let found = |tone: Tone| comparison.activations.iter().any(|result| Tone::from(result.judgement.health) == tone);
    [Tone::Sound, Tone::Neutral, Tone::Look, Tone::Broken]
        .into_iter()
        .find(|&tone| found(tone))
        .unwrap_or(Tone::Neutral)
}

/// What was compared, in short.
fn glance(comparison: &Comparison) -> Markup {
    let (data, settings) = (&comparison.data, &comparison.settings);
    let samples = format!("{} training and {} test samples", thousands(data.train as u64), thousands(data.test as u64));
    let training = format!("{}, {}", number::count(settings.epochs, "epoch"), number::count(settings.seeds, "seed"));
    page::facts_line([samples.as_str(), settings.network.as_str(), training.as_str()])
}

/// The lines of the functions, named at their ends.
fn named(series: &[Series], lines: Vec<Vec<(f64, f64)>>) -> Vec<Mark> {
    let label = series.len() <= MOST_LINES;
    let line = |(index, points): (usize, Vec<(f64, f64)>)| Mark::Named {
        points,
        series: index,
        name: series[index].name.clone(),
        label,
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// The most lines that a reader can distinguish in one plot.
const MOST_LINES: usize = 5;

/// One activation function in the figures: its stroke is the same in all of them.
struct Series<'a> {
    name: String,
    stroke: Stroke,
    /// The runs shown: the finished ones, or all where none finished.
    runs: Vec<&'a Run>,
    result: &'a ActivationResult,
}

impl<'a> Series<'a> {
    fn all(comparison: &'a Comparison) -> Vec<Self> {
        let of = |(index, result): (usize, &'a ActivationResult)| {
            let finished: Vec<_> = result.runs.iter().filter(|run| run.outcome == Outcome::Finished).collect();
            let runs = if finished.is_empty() { result.runs.iter().collect() } else { finished };
            Self { name: result.name.to_string(), stroke: Stroke::solid(index), runs, result }
        };
        comparison.activations.iter().enumerate().map(of).collect()
    }

    /// The number of epochs of the longest run.
    fn epochs(&self) -> usize {
        self.runs.iter().map(|run| run.epochs.len()).max().unwrap_or(0)
    }

    /// What `figure` is over the seeds, as (epoch, spread), from epoch 1; epochs without a finite figure are left out.
    fn by_epoch(&self, figure: impl Fn(&Epoch) -> Option<f64>) -> Vec<(f64, Spread)> {
        let at = |index: usize| {
            let values = self.runs.iter().filter_map(|run| run.epochs.get(index)).filter_map(&figure);
            let spread = Spread::of(&values.filter(|value| value.is_finite()).collect::<Vec<_>>())?;
            Some(((index + 1) as f64, spread))
        };
        (0..self.epochs()).filter_map(at).collect()
    }
}

/// The names of the layers, from the function that has most of them.
fn layer_names(series: &[Series]) -> Vec<String> {
    let records = series.iter().flat_map(|series| &series.runs).flat_map(|run| &run.epochs).map(|epoch| &epoch.layers);
    let longest = records.reduce(|longest, layers| if layers.len() > longest.len() { layers } else { longest });
    longest.map_or_else(Vec::new, |layers| layers.iter().map(|layer| layer.name.clone()).collect())
}

/// The legend of plots whose lines have no names at their ends.
fn legend(series: &[Series]) -> Markup {
    if series.len() <= MOST_LINES {
        return html! {};
    }
    page::legend(series.iter().map(|series| (series.stroke, series.name.as_str())))
}

fn interrupted(comparison: &Comparison) -> Markup {
    let runs: usize = comparison.activations.iter().map(|result| result.runs.len()).sum();
    html! {
        p.notice role="note" {
            strong { "Interrupted. " }
            "The comparison was stopped before it was through; what follows is partial and rests on the "
            (number::count(runs, "run")) " that came to an end. The same command goes on from there."
        }
    }
}

/// The data and what was trained on it.
fn facts(comparison: &Comparison) -> Markup {
    let (data, settings) = (&comparison.data, &comparison.settings);
    let shape = data.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
    let predicted = match data.task {
        Task::Classification => {
            format!("{}: {}", number::count(data.classes.len(), "class"), some_of(&data.classes))
        }
        Task::Regression => "a number (regression)".to_owned(),
    };
    let inputs = format!(
        "{shape} ({}; mean {}, standard deviation {})",
        if settings.standardised { "standardised" } else { "as they are" },
        number::fixed(data.input_mean, 2),
        number::fixed(data.input_std, 2),
    );
    let facts = [
        ("Samples", format!("{} to train on, {} held out", data.train, data.test)),
        ("Inputs", inputs),
        ("Predicted", predicted),
        ("Network", settings.network.clone()),
        ("Initialisation", settings.initialisation.clone()),
        ("Optimiser", format!("{}, batches of {}", settings.optimizer, settings.batch)),
        ("Training", format!("{}, {}", number::count(settings.epochs, "epoch"), number::count(settings.seeds, "seed"))),
        ("Target", format!("training error {}", error(data.task, comparison.target_error))),
    ];
    html! {
        dl.facts { @for (term, fact) in &facts { div { dt { (term) } dd { (fact) } } } }
    }
}

/// The first few names, and how many more there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(|name| page::shortened(name, 40)).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// An error as the task counts it: a percentage of wrong classes, or a share of the target's standard deviation.
fn error(task: Task, error: f64) -> String {
    match task {
        Task::Classification => number::percent(error),
        Task::Regression => number::fixed(error, 3),
    }
}
