//! The network as a strip in the order of the data: a bar for each layer, as high as it has units, in the colours of their states.

use excite_vitals::UnitState;
use maud::{Markup, html};

use super::{Layer, network, unit_map};
use crate::plot::{LETTER, px};
use crate::{number, page, rows};

/// The least width of a bar, and the most, in pixels, with the gap.
const THINNEST: f64 = 8.0;
const THICKEST: f64 = 110.0;
const GAP: f64 = 2.0;
/// The height of the bar of the widest layer, and of the least.
const TALLEST: f64 = 96.0;
const LOWEST: f64 = 14.0;
/// What shows of a state however few units are in it.
const LEAST: f64 = 3.0;
/// The lines of text below a row: of the blocks, and of the layers in which something was found.
const BELOW: f64 = 40.0;

pub(super) fn figure(layers: &[Layer], is_seen_enough: bool) -> Markup {
    let states: Vec<UnitState> =
        UnitState::ALL.into_iter().filter(|state| layers.iter().any(|layer| layer.states.contains(state))).collect();
    html! {
        figure {
            (page::by_width(|width, class| strip(layers, width, class)))
            (unit_map::legend(states.into_iter().map(|state| (state, None)), is_seen_enough))
            figcaption {
                "From the input (left) to the output. Each bar is a layer, as high as the root of its number of units; click it for its figures."
            }
        }
    }
}

/// How many bars fit in a row.
fn in_a_row(width: u32) -> usize {
    (f64::from(width) / THINNEST) as usize
}

fn strip(layers: &[Layer], width: u32, class: &str) -> Markup {
    let rows: Vec<&[Layer]> = layers.chunks(in_a_row(width)).collect();
    let longest = rows.iter().map(|row| row.len()).max().unwrap_or(1).max(1);
    let step = (f64::from(width) / longest as f64).min(THICKEST);
    let most = layers.iter().map(|layer| layer.states.len()).max().unwrap_or(1).max(1) as f64;
    let high = TALLEST + BELOW;
    let words = format!(
        "The network, a bar for each of its {}: {}",
        number::count(layers.len(), "layer"),
        ill_in_words(layers)
    );
    let height = high * rows.len() as f64;
    html! {
        svg class=(class) role="group" aria-label=(words) width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
            title { (words) }
            @for (at, row) in rows.iter().enumerate() {
                @let bottom = high * at as f64 + TALLEST;
                @for (column, layer) in row.iter().enumerate() {
                    (bar(layer, step * column as f64, bottom, step - GAP, (layer.states.len() as f64 / most).sqrt()))
                }
                (blocks(row, bottom, step))
                (names(row, bottom, step, width))
            }
        }
    }
}

/// A layer as a bar: the worst at the top.
fn bar(layer: &Layer, x: f64, bottom: f64, width: f64, share: f64) -> Markup {
    let height = (TALLEST * share).max(LOWEST);
    let title = format!("{}, {}: {}", layer.figures.name, network::function(layer), layer.in_words());
    let mut y = bottom - height;
    let parts: Vec<_> = heights(layer, height)
        .into_iter()
        .map(|(state, part)| {
            y += part;
            (unit_map::fill(state), y - part, part)
        })
        .collect();
    html! {
        a href=(format!("#{}", layer.anchor())) {
            title { (title) }
            @for (class, y, part) in parts {
                rect class=(class) x=(px(x)) y=(px(y)) width=(px(width)) height=(px(part)) {}
            }
            rect.bar x=(px(x)) y=(px(bottom - height)) width=(px(width)) height=(px(height)) fill="transparent" {}
        }
    }
}

/// The height of each state in a bar of this height: its share, but so much that it shows.
fn heights(layer: &Layer, height: f64) -> Vec<(UnitState, f64)> {
    let counts = layer.counts();
    let total = layer.states.len().max(1) as f64;
    let raised: Vec<f64> = counts.iter().map(|(_, count)| (height * *count as f64 / total).max(LEAST)).collect();
    let sum: f64 = raised.iter().sum();
    let largest = raised.iter().copied().fold(0.0, f64::max);
    // What the small ones take too much, the largest gives up.
    let fitted = |part: f64| if part == largest { (part - (sum - height)).max(LEAST) } else { part };
    counts.into_iter().zip(raised).map(|((state, _), part)| (state, fitted(part))).collect()
}

/// The blocks that the names of the layers show, as lines below their bars.
fn blocks(row: &[Layer], bottom: f64, step: f64) -> Markup {
    let mut runs: Vec<(usize, usize, &str)> = Vec::new();
    for (column, layer) in row.iter().enumerate() {
        let block = block(&layer.figures.name);
        match runs.last_mut() {
            Some((_, end, name)) if *name == block && *end == column => *end += 1,
            _ => runs.push((column, column + 1, block)),
        }
    }
    if runs.len() < 2 || runs.len() == row.len() {
        return html! {};
    }
    let names = rows::distinct(&runs.iter().map(|(.., name)| *name).collect::<Vec<_>>());
    html! {
        @for ((from, to, _), name) in runs.iter().zip(names) {
            @let (left, right) = (step * *from as f64, step * *to as f64 - GAP);
            path class="thin c-axis" d=(format!("M{} {}H{}", px(left), bottom + 5.5, px(right))) {}
            @if LETTER * name.chars().count() as f64 <= right - left + 4.0 {
                text class="f-text m" x=(px(f64::midpoint(left, right))) y=(bottom + 19.0) { (name) }
            }
        }
    }
}

/// The block that a layer is in, by its name: the first two parts of at least three.
fn block(name: &str) -> &str {
    let ends: Vec<usize> = name.match_indices(['.', '/']).map(|(at, _)| at).filter(|at| *at > 0).collect();
    match ends[..] {
        [_, second, ..] => &name[..second],
        [first] => &name[..first],
        [] => name,
    }
}

/// The names of the layers in which something was found, where there is room.
fn names(row: &[Layer], bottom: f64, step: f64, width: u32) -> Markup {
    let mut free = f64::NEG_INFINITY;
    let mut placed = Vec::new();
    for (column, layer) in row.iter().enumerate().filter(|(_, layer)| layer.is_ill()) {
        let name = &layer.figures.name;
        let wide = LETTER * name.chars().count() as f64;
        let left = (step * (column as f64 + 0.5) - 0.5 * wide).clamp(0.0, (f64::from(width) - wide).max(0.0));
        if left >= free && wide <= f64::from(width) {
            placed.push((left, name));
            free = left + wide + 10.0;
        }
    }
    html! { g.f-text { @for (left, name) in placed { text x=(px(left)) y=(bottom + 35.0) { (name) } } } }
}

fn ill_in_words(layers: &[Layer]) -> String {
    let ill: Vec<_> = layers.iter().filter(|layer| layer.is_ill()).map(|layer| layer.figures.name.as_str()).collect();
    match ill[..] {
        [] => "no warnings in any".to_owned(),
        _ if ill.len() > 8 => format!("warnings in {} of them", ill.len()),
        _ => format!("warnings in {}", ill.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_of_a_layer_is_in_its_name() {
        let names = ["features.3.conv.0.relu6", "/encoder/layers.1/act/Relu", "relu_3", "blocks.2.act1", "conv1.relu"];
        assert_eq!(names.map(block), ["features.3", "/encoder/layers", "relu_3", "blocks.2", "conv1"]);
    }

    #[test]
    fn a_phone_shows_forty_layers_in_a_row() {
        assert!((40..50).contains(&in_a_row(crate::plot::WIDTH)));
    }
}
