//! The vitals of the layers: over the epochs, and from layer to layer.

use excite_lab::record::comparison::Spread;
use excite_lab::record::run::{Epoch, LayerRecord};
use maud::{Markup, html};

use super::{Series, layer_names, legend};
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::{number, page};

/// Dead units and saturated values over the epochs, a plot for each layer.
pub(super) fn over_epochs(series: &[Series]) -> Markup {
    let dead = shares(series, "dead units", |layer| layer.dead);
    let saturated = shares(series, "saturated values", |layer| layer.saturated);
    html! {
        (page::figure(
            "Dead units by epoch, layer by layer",
            &legend(series),
            &dead,
            "A dead unit answered none of the epoch's samples that were looked at with a slope other than zero, so none could teach it \
             anything. Units that are dead in the first epoch most likely were born so; a line that climbs shows units \
             lost in training. Median over the seeds.",
        ))
        (page::figure(
            "Saturated values by epoch, layer by layer",
            &legend(series),
            &saturated,
            "A saturated value lies where the function is nearly flat: its slope is under 5 % of the largest, so \
             hardly any gradient comes through. For a function that cuts one side off, as relu does, half of the \
             values being so is ordinary; for one that is bounded on both sides it slows learning down. Median over \
             the seeds.",
        ))
    }
}

/// Gradient norm and mean activation, by layer.
pub(super) fn by_layer(series: &[Series]) -> Markup {
    let names = layer_names(series);
    let gradients = plot(series, &names, "gradient norm, median over epochs", true, |series, layer| {
        let all = series.runs.iter().flat_map(|run| &run.epochs).filter_map(|epoch| epoch.layers.get(layer));
        Some(median(all.map(|layer| layer.gradient_norm))?.log10())
    });
    let means = plot(series, &names, "mean activation, last epoch", false, |series, layer| {
        let last = series.runs.iter().filter_map(|run| run.epochs.last()).filter_map(|epoch| epoch.layers.get(layer));
        median(last.map(|layer| layer.mean))
    });
    let plots = [
        gradients.inline(
            "Norm of the loss gradient by the weights of each hidden layer, on a logarithmic axis, one line for each \
        activation function",
        ),
        means.inline("Mean activation of each hidden layer in the last epoch, one line for each activation function"),
    ];
    page::figure(
        "Gradient norm and mean activation by layer",
        &legend(series),
        &plots,
        "Gradient norm: each step on the axis is a factor of ten. A line that falls towards the first layer shows a \
         gradient that fades on its way back (vanishing). Mean activation: the further it is from 0 (the dashed \
         line), the more the weights into one unit of the next layer are pushed the same way together. Medians over \
         the seeds; a norm of zero is not drawn.",
    )
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    Spread::of(&values.filter(|value| value.is_finite()).collect::<Vec<_>>()).map(|spread| spread.median)
}

/// A share by epoch, a plot for each layer, all to one scale.
fn shares(series: &[Series], title: &str, share: fn(&LayerRecord) -> f64) -> Vec<Markup> {
    let in_layer = |layer: usize| move |epoch: &Epoch| epoch.layers.get(layer).map(share);
    let curve = |series: &Series, layer: usize| -> Vec<(f64, f64)> {
        series.by_epoch(in_layer(layer)).iter().map(|(epoch, spread)| (*epoch, spread.median)).collect()
    };
    let names = layer_names(series);
    let curves: Vec<Vec<_>> =
        (0..names.len()).map(|layer| series.iter().map(|series| curve(series, layer)).collect()).collect();
    let epochs = series.iter().map(Series::epochs).max().unwrap_or(0);
    let panel = |(name, lines): (&String, &Vec<Vec<(f64, f64)>>)| {
        let line = |(series, points): (&Series, &Vec<(f64, f64)>)| Mark::line(points.clone(), series.stroke);
        let marks = series.iter().zip(lines).map(line).collect();
        let y = Axis::shares("", curves.iter().flatten().flatten().map(|(_, share)| *share));
        let title = format!("{}: {title}", page::shortened(name, 28));
        let ends = series.iter().zip(lines).filter_map(|(series, points)| {
            Some(format!("{} ends at {}", series.name, number::percent(points.last()?.1)))
        });
        let description = format!("Share of {title} by epoch: {}", ends.collect::<Vec<_>>().join(", "));
        Plot { title, x: Axis::epochs(epochs), y, size: (WIDTH, 210), marks }.inline(&description)
    };
    names.iter().zip(&curves).map(panel).collect()
}

/// A figure by layer, a line for each function.
fn plot(
    series: &[Series],
    names: &[String],
    title: &str,
    decades: bool,
    figure: impl Fn(&Series, usize) -> Option<f64>,
) -> Plot {
    let curve = |series: &Series| -> Vec<(f64, f64)> {
        let point = |layer: usize| Some(((layer + 1) as f64, figure(series, layer).filter(|y| y.is_finite())?));
        (0..names.len()).filter_map(point).collect()
    };
    let curves: Vec<_> = series.iter().map(curve).collect();
    let heights = || curves.iter().flatten().map(|(_, y)| *y);
    let y = if decades {
        Axis::decades("", heights())
    } else {
        let (low, high) = (heights().fold(-0.05, f64::min), heights().fold(0.05, f64::max));
        Axis::linear("", low - 0.05 * (high - low), high + 0.05 * (high - low), |y| number::trimmed(y, 3))
    };
    let mut marks: Vec<Mark> = if decades { Vec::new() } else { vec![Mark::Level { y: 0.0, dash: 1, word: "" }] };
    for (series, points) in series.iter().zip(curves) {
        marks.push(Mark::Dots { points: points.clone(), colour: series.stroke.colour });
        marks.push(Mark::line(points, series.stroke));
    }
    let names = names.iter().map(|name| page::shortened(name, 10)).collect();
    Plot { title: title.to_owned(), x: Axis::places("layer", names), y, size: (WIDTH, 250), marks }
}
