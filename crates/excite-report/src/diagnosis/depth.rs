//! Figures of the layers from the input to the output.

use excite_vitals::Role;
use maud::{Markup, html};

use super::Layer;
use crate::axis::Axis;
use crate::plot::{Mark, Plot, WIDTH};
use crate::theme::Colour;
use crate::{number, page};

/// γ beyond this is drawn at the top: what matters is which side of 1 it is on.
const LARGEST_GAMMA: f64 = 4.0;

pub(super) fn figures(layers: &[Layer]) -> Markup {
    let share = |share: f64| format!("{} %", number::trimmed(100.0 * share, 1));
    let gates = heights(layers, |layer| layer.figures.gate);
    let top = gates.iter().map(|(_, _, y)| *y).filter(|y| y.is_finite()).fold(1.0, f64::max);
    let gate =
        plot(layers, "mean slope E[f′(z)]", &gates, Axis::linear("", 0.0, 1.05 * top, |y| number::trimmed(y, 2)), None);
    let dead = heights(layers, |layer| Some(layer.vitals.dead_units()? as f64 / layer.figures.units.max(1) as f64));
    let axis = Axis::linear("", 0.0, dead.iter().map(|(_, _, y)| *y).fold(0.05, f64::max) * 1.05, share);
    let dead = plot(layers, "share of dead units", &dead, axis, None);
    let gammas = heights(layers, |layer| (layer.figures.samples > 0).then_some(layer.figures.gamma.min(LARGEST_GAMMA)));
    let axis = Axis::linear("", 0.0, 1.05 * LARGEST_GAMMA, |y| number::trimmed(y, 1));
    let centring = plot(layers, "off-centre γ = ‖μ‖/‖σ‖", &gammas, axis, Some((1.0, "")));
    let plots = [
        gate.inline("Mean slope of each layer's function, from the input to the output"),
        dead.inline("Share of dead units of each layer, from the input to the output"),
        centring.inline("How far the outputs of each layer lie to one side of 0, from the input to the output"),
    ];
    let legend = page::areas([(HIDDEN, "hidden layer"), (OTHER, "gate or output")]);
    let caption = "Gradients are multiplied with the mean slope of each layer on their way back: a run of small ones starves the layers \
         before. Over the line at γ = 1 the means of a layer's units are larger than their spread; 4 and more lies at the top.";
    html! { (page::figure("From layer to layer", &legend, &plots, caption)) }
}

const HIDDEN: Colour = Colour::Series(0);
const OTHER: Colour = Colour::Series(1);

/// The figure of each layer that has it: the place, whether the layer is hidden, and the figure.
fn heights(layers: &[Layer], figure: impl Fn(&Layer) -> Option<f64>) -> Vec<(f64, bool, f64)> {
    let one = |layer: &Layer| {
        let y = figure(layer).filter(|y| y.is_finite())?;
        Some((layer.place as f64, layer.figures.role == Role::Hidden, y))
    };
    layers.iter().filter_map(one).collect()
}

fn plot(
    layers: &[Layer],
    title: &str,
    heights: &[(f64, bool, f64)],
    y: Axis,
    level: Option<(f64, &'static str)>,
) -> Plot {
    let of =
        |hidden: bool| heights.iter().filter(move |(_, is_hidden, _)| *is_hidden == hidden).map(|&(x, _, y)| (x, y));
    let (hidden, others): (Vec<_>, Vec<_>) = (of(true).collect(), of(false).collect());
    let mut marks: Vec<Mark> = level.into_iter().map(|(y, word)| Mark::Level { y, dash: 1, word }).collect();
    if hidden.len() > 1 {
        let name = "hidden layer".to_owned();
        marks.push(Mark::Named { points: hidden.clone(), series: 0, name, label: false });
    }
    // Dots of very many layers would hide the line.
    if hidden.len() <= 60 {
        marks.push(Mark::Dots { points: hidden, colour: HIDDEN });
    }
    marks.push(Mark::Dots { points: others, colour: OTHER });
    let names = layers.iter().map(|layer| page::shortened(&layer.figures.name, 10)).collect();
    Plot { title: title.to_owned(), x: Axis::places("layer", names), y, size: (WIDTH, 230), marks }
}
