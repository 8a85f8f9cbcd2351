//! Several plots with one legend on a sheet, as an SVG file.

use maud::{PreEscaped, html};

use crate::plot::{Plot, WIDTH};
use crate::theme::{self, Stroke};

/// Plots in a row.
const IN_A_ROW: usize = 2;
/// The height of a line of the legend, and the width of an entry's line, in pixels.
const LINE: u32 = 22;
const SWATCH: u32 = 28;
/// The width of a letter of the legend's 13 pixels, an average one is a little less.
const LETTER: f64 = 8.4;

/// A sheet of `plots`, read aloud as `description`.
pub(crate) fn svg(description: &str, legend: &[(Stroke, &str)], plots: &[Plot]) -> String {
    let columns = plots.len().clamp(1, IN_A_ROW);
    let width = columns as u32 * WIDTH;
    let (entries, lines) = laid_out(legend, width);
    let mut top = lines * LINE + if lines > 0 { 8 } else { 0 };
    let mut placed = Vec::new();
    for row in plots.chunks(columns) {
        placed.extend(row.iter().enumerate().map(|(column, plot)| (column as u32 * WIDTH, top, plot)));
        top += row.iter().map(|plot| plot.size.1).max().unwrap_or(0);
    }
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(description)
            viewBox=(format!("0 0 {width} {top}")) width=(width) height=(top) {
            title { (description) }
            style { (PreEscaped(theme::css())) }
            rect class="ground" width="100%" height="100%" {}
            @for (x, y, stroke, name) in entries {
                path class=(format!("l {}", stroke.classes())) d=(format!("M{x} {y}h{}", SWATCH - 6)) {}
                text class="f-text" x=(x + SWATCH) y=(y + 4) { (name) }
            }
            @for (x, y, plot) in placed { (plot.nested(x, y)) }
        }
    };
    svg.into_string() + "\n"
}

/// Where each entry's line begins, and the number of lines.
fn laid_out<'a>(legend: &[(Stroke, &'a str)], width: u32) -> (Vec<(u32, u32, Stroke, &'a str)>, u32) {
    let (mut entries, mut x, mut line) = (Vec::new(), 8, 0);
    for &(stroke, name) in legend {
        let wide = SWATCH + (name.chars().count() as f64 * LETTER) as u32 + 16;
        if x > 8 && x + wide > width {
            (x, line) = (8, line + 1);
        }
        entries.push((x, line * LINE + LINE / 2 + 4, stroke, name));
        x += wide;
    }
    let lines = if legend.is_empty() { 0 } else { line + 1 };
    (entries, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_breaks_where_the_sheet_ends() {
        let entries: Vec<_> = (0..4).map(|index| (Stroke::solid(index), "a name of some length")).collect();
        let (places, lines) = laid_out(&entries, WIDTH);
        assert_eq!(lines, 4);
        assert!(places.iter().all(|(x, ..)| *x == 8));
        assert_eq!(laid_out(&entries, 2 * WIDTH).1, 2);
        assert_eq!(laid_out(&[], WIDTH).1, 0);
    }
}
