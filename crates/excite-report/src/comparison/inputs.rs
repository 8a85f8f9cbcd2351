//! The pre-activations under the function that takes them.

use excite_vitals::sketch::Histogram;
use maud::{Markup, html};

use super::{Series, layer_names};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::Stroke;
use crate::{curve, number, page};

/// The most layers in one plot: as many as there are dash patterns.
const MOST_LAYERS: usize = Stroke::DASHES;

/// One figure for each activation function.
pub(super) fn figures(series: &[Series]) -> Markup {
    html! {
        p {
            "Above, the function and its slope. Below, how often its inputs, the pre-activations, fell where in the \
             last epoch, over all seeds: one outline for each layer. In the shaded zones the slope is under 5 % of \
             its largest: what lies there learns hardly anything."
        }
        div.pairs { @for series in series { (pair(series)) } }
    }
}

fn pair(series: &Series) -> Markup {
    let layers = merged(series);
    let drawn = spaced(layers.len());
    let names = layer_names(std::slice::from_ref(series));
    let name = |layer: usize| {
        names.get(layer).map_or_else(|| format!("layer {}", layer + 1), |name| page::shortened(name, 28))
    };
    let labels: Vec<_> = drawn.iter().map(|&layer| name(layer)).collect();
    let strokes = (0..MOST_LAYERS).map(|dash| Stroke { dash, ..series.stroke });
    let legend = page::legend(strokes.clone().zip(labels.iter().map(String::as_str)));
    let shares: Vec<Vec<(f64, f64)>> = drawn.iter().map(|&layer| shares(&layers[layer])).collect();
    let y = Axis::shares("", shares.iter().flatten().map(|(_, share)| *share));
    let mut marks = curve::zones(series.result.name);
    marks.extend(shares.into_iter().zip(strokes).map(|(points, stroke)| Mark::line(points, stroke)));
    let title = "share of the inputs in steps of 1/8".to_owned();
    let below = Plot { title, x: curve::inputs("input"), y, size: (WIDTH, 190), marks };
    let stack = html! {
        (curve::plot_with_zones(series.result.name, series.stroke.colour)
            .inline(&format!("Value and slope of {} from −8 to 8, its saturated zones shaded", series.name)))
        (below.inline(&format!("Histogram of the inputs of {} in the last epoch, an outline for each layer", series.name)))
    };
    page::figure(&series.name, &legend, &[stack], &caption(&layers, drawn.len()))
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
