//! Heat maps: what a figure was in each layer, epoch by epoch, as how deep the colour of a cell is.

use excite_vitals::in_words::end_of;
use maud::{Markup, html};

use crate::plot::{LETTER, px};
use crate::rows;
use crate::theme::{self, Colour};

/// The heights of a row, in pixels: that of few rows and that of many.
const TALLEST: f64 = 18.0;
const LOWEST: f64 = 5.0;
/// What all rows are to fit in.
const HEIGHT: f64 = 220.0;
/// The most letters of a row's name.
const LETTERS: usize = 10;
const TOP: f64 = 24.0;

/// What the colours of the maps of one quantity mean: the same in all of them.
pub(crate) struct Scale {
    pub(crate) colour: Colour,
    /// The value that is drawn faintest, and the value that is drawn deepest.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) text: fn(f64) -> String,
}

/// A map: a row for each layer, a column for each epoch.
pub(crate) struct Heat<'a> {
    pub(crate) title: &'a str,
    pub(crate) rows: &'a [String],
    /// The figure of each layer in each epoch; None where it is not known.
    pub(crate) cells: Vec<Vec<Option<f64>>>,
}

impl Scale {
    /// What the depth of the colour means.
    pub(crate) fn legend(&self) -> Markup {
        let steps = 9;
        html! {
            ul.legend {
                li {
                    ((self.text)(self.low))
                    svg.scale viewBox="0 0 90 12" preserveAspectRatio="none" aria-hidden="true" {
                        g class=(format!("f-{}", self.colour.name())) {
                            @for step in 0..steps {
                                rect class=(theme::opacity(f64::from(step) / f64::from(steps - 1))) x=(10 * step) width="10" height="12" {}
                            }
                        }
                    }
                    ((self.text)(self.high))
                }
            }
        }
    }

    fn share(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl Heat<'_> {
    /// The map as an element of a page, read aloud as `description`. It has at most `columns` columns: with more epochs, a column is the mean of
    /// several.
    pub(crate) fn inline(&self, scale: &Scale, width: u32, columns: usize, description: &str) -> Markup {
        let epochs = self.cells.iter().map(Vec::len).max().unwrap_or(0);
        let each = epochs.div_ceil(columns.max(1)).max(1);
        let count = epochs.div_ceil(each).max(1);
        let names: Vec<String> = rows::distinct(&self.rows.iter().map(String::as_str).collect::<Vec<_>>())
            .iter()
            .map(|name| end_of(name, LETTERS))
            .collect();
        let left = 8.0 + LETTER * names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
        let (wide, high) = ((f64::from(width) - left - 6.0) / count as f64, row_height(self.rows.len()));
        let bottom = TOP + high * self.rows.len() as f64;
        let height = bottom + 18.0;
        let step = (LINE / high).ceil().max(1.0) as usize;
        html! {
            svg.plot role="img" aria-label=(description) width=(width) height=(px(height)) viewBox=(format!("0 0 {width} {}", px(height))) {
                title { (description) }
                text.f-text x="0" y="14" { (self.title) }
                g.f-text {
                    @for (row, name) in names.iter().enumerate().step_by(step) {
                        text.e x=(px(left - 6.0)) y=(px(TOP + high * (row as f64 + 0.5) + 4.5)) { (name) }
                    }
                    text x=(px(left)) y=(px(height - 3.0)) { "epoch 1" }
                    @if epochs > 1 { text.e x=(px(left + wide * count as f64)) y=(px(height - 3.0)) { (epochs) } }
                }
                g class=(format!("f-{}", scale.colour.name())) {
                    @for (row, cells) in self.cells.iter().enumerate() {
                        @for run in runs(cells, each, scale) {
                            rect class=(theme::opacity(scale.share(run.value))) x=(px(left + wide * run.from as f64))
                                y=(px(TOP + high * row as f64)) width=(px(wide * run.columns as f64 - 0.6)) height=(px(high - 0.8)) {
                                title { (run.title(&self.rows[row], each, epochs, scale.text)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const LINE: f64 = 15.0;

fn row_height(rows: usize) -> f64 {
    (HEIGHT / rows.max(1) as f64).clamp(LOWEST, TALLEST)
}

/// Columns beside each other that are read as the same.
struct Cells {
    from: usize,
    columns: usize,
    value: f64,
}

impl Cells {
    fn title(&self, layer: &str, each: usize, epochs: usize, text: fn(f64) -> String) -> String {
        let (first, last) = (self.from * each + 1, ((self.from + self.columns) * each).min(epochs));
        let when = if first == last { format!("epoch {first}") } else { format!("epochs {first} to {last}") };
        format!("{layer}, {when}: {}", text(self.value))
    }
}

/// The cells of a row, `each` epochs a column; neighbours that are read as the same are drawn as one.
fn runs(cells: &[Option<f64>], each: usize, scale: &Scale) -> Vec<Cells> {
    let mut runs: Vec<Cells> = Vec::new();
    for (column, epochs) in cells.chunks(each).enumerate() {
        let known: Vec<f64> = epochs.iter().copied().flatten().filter(|value| value.is_finite()).collect();
        if known.is_empty() {
            continue;
        }
        let value = known.iter().sum::<f64>() / known.len() as f64;
        match runs.last_mut() {
            Some(last) if last.from + last.columns == column && (scale.text)(last.value) == (scale.text)(value) => {
                last.columns += 1;
            }
            _ => runs.push(Cells { from: column, columns: 1, value }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;

    const SCALE: Scale = Scale { colour: Colour::Dead, low: 0.0, high: 1.0, text: number::percent };

    #[test]
    fn cells_that_read_the_same_are_one_and_unknown_ones_are_left_out() {
        let cells = [Some(0.0), Some(0.0), None, Some(0.5), Some(f64::NAN), Some(0.5)];
        let found: Vec<_> = runs(&cells, 1, &SCALE).iter().map(|run| (run.from, run.columns)).collect();
        assert_eq!(found, [(0, 2), (3, 1), (5, 1)]);
        let found: Vec<_> = runs(&cells, 2, &SCALE).iter().map(|run| (run.from, run.columns, run.value)).collect();
        assert_eq!(found, [(0, 1, 0.0), (1, 2, 0.5)]);
    }

    #[test]
    fn a_map_has_a_cell_for_each_epoch_up_to_the_most_columns() {
        let row = |epochs: usize| (0..epochs).map(|epoch| Some(epoch as f64 / 1000.0)).collect();
        let names = ["hidden 1".to_owned()];
        let heat = |epochs| Heat { title: "relu", rows: &names, cells: vec![row(epochs)] };
        let count = |epochs| heat(epochs).inline(&SCALE, 350, 50, "a map").into_string().matches("<rect").count();
        assert_eq!([20, 50, 500].map(count), [20, 50, 50]);
    }
}
