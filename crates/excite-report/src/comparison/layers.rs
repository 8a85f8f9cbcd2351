//! The vitals of the layers: over the epochs, and from layer to layer.

use excite_lab::record::run::LayerRecord;
use excite_vitals::statistics::median;
use maud::{Markup, html};

use super::{Series, layer_names};
use crate::axis::Axis;
use crate::heat::{Heat, Scale};
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::Colour;
use crate::{number, page};

/// The cells of all maps of a page, about, to keep the file small; with more epochs, neighbouring ones share a cell.
const MOST_CELLS: usize = 5000;
/// The most columns of a map.
const MOST_COLUMNS: usize = 60;
/// The width of each of four maps beside each other.
const FOURTH: u32 = 262;

/// One quantity of the layers in each epoch.
struct Quantity {
    title: &'static str,
    of: fn(&LayerRecord) -> f64,
    caption: &'static str,
}

const DEAD: Quantity = Quantity {
    title: "Dead units",
    of: |layer| layer.dead,
    caption: "A dead unit let no gradient through for any of the epoch's samples that were looked at.",
};
const SATURATED: Quantity = Quantity {
    title: "Saturated values",
    of: |layer| layer.saturated,
    caption: "A saturated value lies where the slope is under 5 % of the function's largest. The side on which a rectifier is off does not \
              count: off is not saturated.",
};
const GRADIENT: Quantity = Quantity {
    title: "Gradient norm",
    of: |layer| layer.gradient_norm.log10(),
    caption: "The norm of the loss gradient by the layer's weights. A first layer much paler than the last shows a gradient that vanishes on its \
              way back.",
};

/// A row of maps for each quantity: a map for each function, a row for each layer, a column for each epoch.
pub(super) fn maps(series: &[Series]) -> Markup {
    let names = layer_names(series);
    if names.is_empty() {
        return html! {};
    }
    let columns = (MOST_CELLS / (3 * names.len() * series.len()).max(1)).clamp(10, MOST_COLUMNS);
    let (dead, saturated, gradient) =
        (cells(series, &names, DEAD.of), cells(series, &names, SATURATED.of), cells(series, &names, GRADIENT.of));
    let largest = values(&dead).fold(0.0, f64::max);
    let of_dead = Scale { colour: Colour::Dead, low: 0.0, high: largest.max(0.05), text: number::percent };
    let of_saturated = Scale { colour: Colour::Saturated, low: 0.0, high: 1.0, text: number::percent };
    let (low, high) =
        values(&gradient).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| (low.min(log), high.max(log)));
    // Six decades tell a gradient that vanishes; what is under them is as good as none.
    let (low, high) = if low <= high { (low.max(high - 6.0), high.max(low + 0.5)) } else { (-1.0, 0.0) };
    let of_gradient = Scale { colour: Colour::Series(0), low, high, text: |log| number::significant(10_f64.powf(log)) };
    html! {
        @if largest > 0.0 { (row(series, &names, &DEAD, dead, &of_dead, columns)) }
        @else { p { "No unit was dead in any epoch." } }
        (row(series, &names, &SATURATED, saturated, &of_saturated, columns))
        (row(series, &names, &GRADIENT, gradient, &of_gradient, columns))
    }
}

fn row(
    series: &[Series],
    names: &[String],
    quantity: &Quantity,
    cells: Vec<Vec<Vec<Option<f64>>>>,
    scale: &Scale,
    columns: usize,
) -> Markup {
    let width = if series.len() == 4 { FOURTH } else { WIDTH };
    let map = |(series, cells): (&Series, Vec<Vec<Option<f64>>>)| {
        let last = |row: &Vec<Option<f64>>| row.last().copied().flatten().map_or_else(|| "–".to_owned(), scale.text);
        let ends: Vec<String> =
            names.iter().zip(&cells).map(|(name, row)| format!("{name} ends at {}", last(row))).collect();
        let words = format!("{} of {} by layer and epoch: {}", quantity.title, series.name, ends.join(", "));
        Heat { title: &series.name, rows: names, cells }.inline(scale, width, columns, &words)
    };
    let maps: Vec<Markup> = series.iter().zip(cells).map(map).collect();
    html! {
        figure {
            h3 { (quantity.title) }
            (scale.legend())
            div class=(if width == WIDTH { "plots" } else { "plots four" }) { @for map in maps { div { (map) } } }
            figcaption { (quantity.caption) }
        }
    }
}

/// A figure of each function, layer and epoch, the median over the seeds.
fn cells(series: &[Series], names: &[String], of: fn(&LayerRecord) -> f64) -> Vec<Vec<Vec<Option<f64>>>> {
    let cell = |series: &Series, layer: usize, epoch: usize| {
        let found = series.runs.iter().filter_map(|run| run.epochs.get(epoch)?.layers.get(layer));
        median(found.map(of))
    };
    let one = |series: &Series| -> Vec<Vec<Option<f64>>> {
        (0..names.len()).map(|layer| (0..series.epochs()).map(|epoch| cell(series, layer, epoch)).collect()).collect()
    };
    series.iter().map(one).collect()
}

fn values(cells: &[Vec<Vec<Option<f64>>>]) -> impl Iterator<Item = f64> {
    cells.iter().flatten().flatten().copied().flatten()
}

/// The update-to-weight ratio over the epochs, a line for each function.
pub(super) fn update_ratio(series: &[Series]) -> Markup {
    let ratio = |series: &Series, epoch: usize| {
        let layers = series.runs.iter().filter_map(|run| run.epochs.get(epoch)).flat_map(|epoch| &epoch.layers);
        median(layers.map(|layer| layer.update_ratio.log10()))
    };
    let points = |series: &Series| -> Vec<(f64, f64)> {
        (0..series.epochs()).filter_map(|epoch| Some(((epoch + 1) as f64, ratio(series, epoch)?))).collect()
    };
    let lines: Vec<_> = series.iter().map(points).collect();
    let heights = lines.iter().flatten().map(|(_, y)| *y).chain([-3.0]);
    let epochs = series.iter().map(Series::epochs).max().unwrap_or(0);
    let mut marks = vec![Mark::Level { y: -3.0, dash: 1, word: "rule of thumb" }];
    marks.extend(super::named(series, lines.clone()));
    let title = "update-to-weight ratio (logarithmic)".to_owned();
    let plot = Plot { title, x: Axis::epochs(epochs), y: Axis::decades("", heights), size: (WIDTH, 250), marks };
    plot.inline("How large the update of a step is beside the weights, by epoch, one line for each activation function")
}

/// The mean activation of each layer in the last epoch.
pub(super) fn mean_activation(series: &[Series]) -> Markup {
    let names = layer_names(series);
    let mean = |series: &Series, layer: usize| {
        let last = series.runs.iter().filter_map(|run| run.epochs.last()).filter_map(|epoch| epoch.layers.get(layer));
        median(last.map(|layer| layer.mean))
    };
    let points = |series: &Series| -> Vec<(f64, f64)> {
        (0..names.len()).filter_map(|layer| Some(((layer + 1) as f64, mean(series, layer)?))).collect()
    };
    let lines: Vec<_> = series.iter().map(points).collect();
    let heights = || lines.iter().flatten().map(|(_, y)| *y);
    let (low, high) = (heights().fold(-0.05, f64::min), heights().fold(0.05, f64::max));
    let margin = 0.05 * (high - low);
    let y = Axis::linear("", low - margin, high + margin, |y| number::trimmed(y, 3));
    let mut marks = vec![Mark::Level { y: 0.0, dash: 1, word: "" }];
    marks.extend(super::named(series, lines.clone()));
    let x = Axis::places("layer", names.iter().map(|name| page::shortened(name, 10)).collect());
    let plot = Plot { title: "mean activation, last epoch".to_owned(), x, y, size: (WIDTH, 250), marks };
    let plot =
        plot.inline("Mean activation of each hidden layer in the last epoch, one line for each activation function");
    let caption = "The further it is from 0 (dashed), the more the weights into one unit of the next layer are pushed the same way together.";
    page::figure("Mean activation by layer", &super::legend(series), &[plot], caption)
}
