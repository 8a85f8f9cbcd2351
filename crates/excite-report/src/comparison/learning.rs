//! The errors over the epochs.

use excite_lab::record::comparison::{Comparison, Spread, Task};
use excite_lab::record::run::{Epoch, Outcome};
use maud::{Markup, html};

use super::{Series, error, legend};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::{number, page};

/// A regression's error of 1 is that of always guessing the mean; far above it the curves tell nothing.
const LARGEST_REGRESSION_ERROR: f64 = 2.0;

pub(super) fn figures(comparison: &Comparison, series: &[Series]) -> Markup {
    let training = plot(comparison, series, "training error", |epoch| epoch.train_error, Some(comparison.target_error));
    let test = plot(comparison, series, "test error", |epoch| epoch.test_error, None);
    let describe =
        |which: &str| format!("{which} by epoch, one line for each activation function: {}", ends(comparison, series));
    let plots = [training.inline(&describe("Training error")), test.inline(&describe("Test error"))];
    let limit = match comparison.data.task {
        Task::Classification => "",
        Task::Regression => {
            " An error of 1 is that of always guessing the mean; errors above 2 are drawn at the upper edge."
        }
    };
    let caption = format!(
        "The line is the median over the seeds, the band reaches from the lowest to the highest. The dashed line is \
         the target, a training error of {}: the further left a curve crosses it, the faster that function learns. A \
         test error that rises while the training error falls is overfitting. The axis is logarithmic: halving an \
         error is the same step down everywhere; an error of 0 lies at the lower edge.{limit}",
        error(comparison.data.task, comparison.target_error)
    );
    html! {
        @for sentence in series.iter().filter_map(diverged) { p { (sentence) } }
        (page::figure("Error by epoch", &legend(series), &plots, &caption))
    }
}

/// The errors from lowest to highest that the plots show, on a logarithmic axis; the others lie at its ends.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// The axis reaches down to this share of the highest error at most.
    const DEPTH: f64 = 1e-3;

    fn of(comparison: &Comparison, series: &[Series]) -> Self {
        let errors = |figure: fn(&Epoch) -> f64| {
            series.iter().flat_map(move |series| series.by_epoch(|epoch| Some(figure(epoch))))
        };
        let spreads = errors(|epoch| epoch.train_error).chain(errors(|epoch| epoch.test_error));
        let all = spreads.flat_map(|(_, spread)| [spread.low, spread.high]).chain([comparison.target_error]);
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
        Axis::logarithmic("", self.low, self.high, move |error| match task {
            Task::Classification => format!("{} %", number::significant(100.0 * error)),
            Task::Regression => number::significant(error),
        })
    }
}

fn plot(
    comparison: &Comparison,
    series: &[Series],
    title: &str,
    figure: fn(&Epoch) -> f64,
    target: Option<f64>,
) -> Plot {
    let scale = Scale::of(comparison, series);
    let curves: Vec<_> = series.iter().map(|series| series.by_epoch(|epoch| Some(figure(epoch)))).collect();
    let level = |error: f64| Mark::Level { y: scale.height(error), dash: 1, word: "target" };
    let mut marks: Vec<Mark> = target.map(level).into_iter().collect();
    for (series, curve) in series.iter().zip(&curves) {
        let points =
            curve.iter().map(|(epoch, Spread { low, high, .. })| (*epoch, scale.height(*low), scale.height(*high)));
        marks.push(Mark::Band { points: points.collect(), colour: series.stroke.colour });
    }
    for (series, curve) in series.iter().zip(&curves) {
        let points = curve.iter().map(|(epoch, spread)| (*epoch, scale.height(spread.median)));
        marks.push(Mark::line(points.collect(), series.stroke));
    }
    let epochs = series.iter().map(Series::epochs).max().unwrap_or(0);
    let title = match comparison.data.task {
        Task::Classification => format!("{title}, % of samples"),
        Task::Regression => format!("{title}, standard deviations"),
    };
    Plot { title, x: Axis::epochs(epochs), y: scale.axis(comparison.data.task), size: (WIDTH, 250), marks }
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
            number::count(runs.len(), "run", "runs")
        )
    })
}
