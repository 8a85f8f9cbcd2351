//! The errors over the epochs.

use excite_lab::record::comparison::{Comparison, Spread, Task};
use excite_lab::record::run::{Epoch, Outcome};
use maud::{Markup, html};

use super::{Series, error};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::{number, page};

/// A regression's error of 1 is that of always guessing the mean; far above it the curves tell nothing.
const LARGEST_REGRESSION_ERROR: f64 = 2.0;

/// The picture that carries the page: the test error by epoch.
pub(super) fn lead(comparison: &Comparison, series: &[Series]) -> Markup {
    let words = format!("Test error by epoch, one line for each activation function: {}", ends(comparison, series));
    let draw = |width: u32, class: &str| {
        let height = if width == WIDTH { 260 } else { 320 };
        plot(comparison, series, "test error", |epoch| epoch.test_error, None, (width, height)).of_class(class, &words)
    };
    let limit = match comparison.data.task {
        Task::Classification => "",
        Task::Regression => " An error of 1 is that of always guessing the mean; above 2 it lies at the upper edge.",
    };
    html! {
        figure {
            (super::legend(series))
            (page::by_width(draw))
            figcaption {
                "Of " (number::count(comparison.settings.seeds, "seed")) " the line is the median, the band all of them; so in all charts. "
                "The axis is logarithmic." (limit)
            }
        }
        @for sentence in series.iter().filter_map(diverged) { p { (sentence) } }
    }
}

/// The training error and the size of the updates.
pub(super) fn training(comparison: &Comparison, series: &[Series]) -> Markup {
    let target = Some(comparison.target_error);
    let training = plot(comparison, series, "training error", |epoch| epoch.train_error, target, (WIDTH, 250));
    let words = format!("Training error by epoch, one line for each activation function: {}", ends(comparison, series));
    let caption = "A test error that rises while the training error falls is overfitting. An update of about a thousandth of the weights a step is \
                   usual: far above it the rate is too high, far below too low.";
    let plots = [training.inline(&words), super::layers::update_ratio(series)];
    page::figure("Training error and update-to-weight ratio", &super::legend(series), &plots, caption)
}

/// The errors from lowest to highest that the plots show, on a logarithmic axis; the others lie at its ends.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// The axis reaches down to this share of the highest error at most.
    const DEPTH: f64 = 1e-3;

    fn of(comparison: &Comparison, series: &[Series], figure: fn(&Epoch) -> f64, target: Option<f64>) -> Self {
        let spreads = series.iter().flat_map(|series| series.by_epoch(|epoch| Some(figure(epoch))));
        let all = spreads.flat_map(|(_, spread)| [spread.low, spread.high]).chain(target);
        let positive: Vec<f64> = all.filter(|error| *error > 0.0 && error.is_finite()).collect();
        let most = match comparison.data.task {
            Task::Classification => 1.0,
            Task::Regression => LARGEST_REGRESSION_ERROR,
        };
        let high = positive.iter().copied().reduce(f64::max).unwrap_or(most).clamp(1e-9, most);
        let low = positive.into_iter().fold(high / 2.0, f64::min).max(Self::DEPTH * high);
        Self { low: low / 1.1, high: high * 1.1 }
    }

    fn height(&self, error: f64) -> f64 {
        error.clamp(self.low, self.high).log10()
    }

    fn axis(&self, task: Task) -> Axis {
        match task {
            Task::Classification => {
                let text = |error: f64| format!("{} %", number::significant(100.0 * error));
                Axis::logarithmic("", self.low, self.high, text).in_percent()
            }
            Task::Regression => Axis::logarithmic("", self.low, self.high, number::significant),
        }
    }
}

fn plot(
    comparison: &Comparison,
    series: &[Series],
    title: &str,
    figure: fn(&Epoch) -> f64,
    target: Option<f64>,
    size: (u32, u32),
) -> Plot {
    let scale = Scale::of(comparison, series, figure, target);
    let curves: Vec<_> = series.iter().map(|series| series.by_epoch(|epoch| Some(figure(epoch)))).collect();
    let level = |error: f64| Mark::Level { y: scale.height(error), dash: 1, word: "target" };
    let mut marks: Vec<Mark> = target.map(level).into_iter().collect();
    for (series, curve) in series.iter().zip(&curves) {
        let points =
            curve.iter().map(|(epoch, Spread { low, high, .. })| (*epoch, scale.height(*low), scale.height(*high)));
        marks.push(Mark::Band { points: points.collect(), colour: series.stroke.colour });
    }
    let line = |curve: &Vec<(f64, Spread)>| {
        curve.iter().map(|(epoch, spread)| (*epoch, scale.height(spread.median))).collect()
    };
    marks.extend(super::named(series, curves.iter().map(line).collect()));
    let epochs = series.iter().map(Series::epochs).max().unwrap_or(0);
    let title = match comparison.data.task {
        Task::Classification => format!("{title}, % of samples"),
        Task::Regression => format!("{title}, standard deviations"),
    };
    Plot { title, x: Axis::epochs(epochs), y: scale.axis(comparison.data.task), size, marks }
}

/// The last training and test errors in words, for those who hear the figure.
fn ends(comparison: &Comparison, series: &[Series]) -> String {
    let end = |series: &Series, figure: fn(&Epoch) -> f64| {
        let last = series.by_epoch(|epoch| Some(figure(epoch))).last().map(|(_, spread)| spread.median);
        error(comparison.data.task, last.unwrap_or(f64::NAN))
    };
    let words = |series: &Series| {
        format!(
            "{} ends at {} in training and {} in the test",
            series.name,
            end(series, |e| e.train_error),
            end(series, |e| e.test_error)
        )
    };
    series.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// Which runs of a function diverged, and whether the figures show them.
fn diverged(series: &Series) -> Option<String> {
    let runs = &series.result.runs;
    let lost: Vec<_> = runs.iter().filter(|run| run.outcome == Outcome::Diverged).collect();
    let list = lost
        .iter()
        .map(|run| format!("seed {} in epoch {}", run.seed, run.epochs.len()))
        .collect::<Vec<_>>()
        .join(", ");
    let shown =
        if lost.len() == runs.len() { "The figures show them up to there." } else { "The figures show the others." };
    (!lost.is_empty()).then(|| {
        format!(
            "{}: {} of {} diverged, their loss no longer a number ({list}). {shown}",
            series.name,
            lost.len(),
            number::count(runs.len(), "run")
        )
    })
}
