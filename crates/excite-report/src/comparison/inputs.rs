//! The pre-activations under the function that takes them.

use excite_vitals::sketch::Histogram;
use maud::{Markup, html};

use super::{Series, layer_names};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::Colour;
use crate::{curve, number, page};

/// The most layers in one plot.
const MOST_LAYERS: usize = 5;
/// The height of the function's curve, and of a layer, in pixels.
const CURVE: u32 = 110;
const RIDGE: u32 = 40;

/// One figure for each activation function.
pub(super) fn figures(series: &[Series]) -> Markup {
    let plots: Vec<Markup> = series.iter().map(panel).collect();
    let caption = "At the top the function and, thin, its slope. Below, layer by layer, how often its inputs, the pre-activations, fell where in the \
                   last epoch, over all seeds. In the shaded zones the slope is under 5 % of its largest: what lies there learns hardly anything.";
    page::figure("Inputs of the functions", &html! {}, &plots, caption)
}

/// The curve of the function above a ridge for each layer, over the same inputs.
fn panel(series: &Series) -> Markup {
    let layers = merged(series);
    let drawn = spaced(layers.len());
    let names = layer_names(std::slice::from_ref(series));
    let name = |layer: usize| {
        names.get(layer).map_or_else(|| format!("layer {}", layer + 1), |name| page::shortened(name, 24))
    };
    let f = series.result.name;
    // A unit of height is a ridge; the curve has its own room above them.
    let (rows, curve) = (drawn.len() as f64, f64::from(CURVE) / f64::from(RIDGE));
    let mut marks = curve::zones(f);
    marks.extend(curve::squeezed(f, series.stroke.colour, (rows + 0.25, rows + curve - 0.1)));
    for (row, &layer) in drawn.iter().enumerate() {
        let floor = rows - 1.0 - row as f64;
        marks.extend(ridge(&layers[layer], floor, series.stroke.colour));
        marks.push(Mark::Word { at: (-7.8, floor + 0.8), text: name(layer) });
    }
    let y = Axis::linear("", 0.0, rows + curve, |_| String::new()).with_ticks(Vec::new());
    let height = 28 + CURVE + RIDGE * drawn.len() as u32 + 38;
    let words = format!(
        "The function {} and its slope from −8 to 8, above the histogram of its inputs in each layer",
        series.name
    );
    let plot = Plot { title: series.name.clone(), x: curve::inputs("input"), y, size: (WIDTH, height), marks };
    html! { (plot.inline(&words)) p.soft { (caption(&layers, drawn.len())) } }
}

/// The histogram of a layer as a ridge that stands on `floor`, its highest bin 0.9 high.
fn ridge(histogram: &Histogram, floor: f64, colour: Colour) -> Vec<Mark> {
    let shares = shares(histogram);
    let largest = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![];
    }
    let points = shares.iter().map(|(x, share)| (*x, floor + 0.9 * share / largest)).collect();
    vec![Mark::Hill { points, floor, colour }]
}

/// The histograms of each layer, all runs together.
fn merged(series: &Series) -> Vec<Histogram> {
    let mut layers: Vec<Histogram> = Vec::new();
    for run in &series.runs {
        layers.resize_with(layers.len().max(run.histograms.len()), Histogram::new);
        for (layer, more) in layers.iter_mut().zip(&run.histograms) {
            layer.merge(more);
        }
    }
    layers
}

/// All of the layers, or [`MOST_LAYERS`] from the first to the last.
fn spaced(layers: usize) -> Vec<usize> {
    if layers <= MOST_LAYERS {
        return (0..layers).collect();
    }
    (0..MOST_LAYERS).map(|step| step * (layers - 1) / (MOST_LAYERS - 1)).collect()
}

/// The outline of a histogram: the share of all values in each bin, at its centre. Empty where there are no values.
fn shares(histogram: &Histogram) -> Vec<(f64, f64)> {
    let total = histogram.total() as f64;
    let bins = Histogram::centres().zip(&histogram.counts);
    if total > 0.0 { bins.map(|(centre, count)| (centre, *count as f64 / total)).collect() } else { Vec::new() }
}

/// What the plot cannot show, in words.
fn caption(layers: &[Histogram], drawn: usize) -> String {
    let sum = |part: fn(&Histogram) -> u64| layers.iter().map(part).sum::<u64>();
    let (total, beyond, nan) = (sum(Histogram::total), sum(|layer| layer.below + layer.above), sum(|layer| layer.nan));
    let outside = match (total, beyond) {
        (0, _) => "No inputs were recorded.".to_owned(),
        (_, 0) => "All inputs lie between −8 and 8.".to_owned(),
        _ if beyond as f64 / (total as f64) < 0.001 => "Under 0.1\u{a0}% of the inputs lie outside −8 to 8.".to_owned(),
        _ => format!("{} of the inputs lie outside −8 to 8.", number::percent(beyond as f64 / total as f64)),
    };
    let nan = if nan > 0 { format!(" {nan} were not numbers.") } else { String::new() };
    let some = if drawn < layers.len() {
        format!(" Drawn are {drawn} of the {} layers.", layers.len())
    } else {
        String::new()
    };
    outside + &nan + &some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_of_many_layers_are_drawn() {
        assert_eq!(spaced(3), [0, 1, 2]);
        assert_eq!(spaced(5), [0, 1, 2, 3, 4]);
        assert_eq!(spaced(9), [0, 2, 4, 6, 8]);
        assert_eq!(spaced(0), [0; 0]);
    }
}
