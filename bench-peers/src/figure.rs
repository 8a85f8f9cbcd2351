//! The figure that docs/performance.md begins with: for each function a dot per library, time against error, and excite's three accuracies
//! joined.

use std::fmt::Write;

use crate::jobs::Table;
use crate::peers::{FAST, OWN};
use crate::results::Results;
use crate::verdict::is_rival;

/// The functions shown.
const SHOWN: [&str; 12] = [
    "sigmoid",
    "tanh",
    "silu",
    "gelu",
    "gelu_tanh",
    "softplus",
    "mish",
    "elu",
    "exponential",
    "sine",
    "softmax",
    "log_softmax",
];

/// Panels beside each other.
const COLUMNS: usize = 4;
/// The size of a panel with its title and its scales, and of what is drawn in it.
const PANEL: (f64, f64) = (250.0, 210.0);
const PLOT: (f64, f64) = (200.0, 150.0);
/// Between which nanoseconds an element, and which errors in ULP. What is outside is drawn at the edge.
const TIMES: (f64, f64) = (0.08, 30.0);
const ERRORS: (f64, f64) = (0.4, 1e9);

/// The legend, on the top.
const TOP: f64 = 60.0;

/// A library: time in nanoseconds an element, and error in ULP.
struct Dot {
    name: String,
    time: f64,
    error: f64,
}

/// As SVG. Times are of arrays of `size` elements.
pub fn draw(results: &Results, size: usize) -> String {
    let shown: Vec<&str> = SHOWN.into_iter().filter(|row| !results.row(Table::Forward, size, row).is_empty()).collect();
    let rows = shown.len().div_ceil(COLUMNS);
    let (width, height) = (COLUMNS as f64 * PANEL.0, TOP + rows as f64 * PANEL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"11\">\n<title>Time and error of each library, by function</title>\n\
         <style>text {{ fill: #333 }} .axis {{ stroke: #bbb; fill: none }} .peer {{ fill: #8a8f98 }} .own {{ fill: #d1495b }} \
         .line {{ stroke: #d1495b; fill: none; stroke-width: 1.5 }} .name {{ font-size: 8px; fill: #777 }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} .axis {{ stroke: #555 }} .name {{ fill: #aaa }} }}</style>\n"
    );
    _ = writeln!(
        svg,
        "<circle class=\"own\" cx=\"20\" cy=\"18\" r=\"4\"/><text x=\"30\" y=\"22\">excite: Exact, Stated and Fast, from left to right</text>\n\
         <circle class=\"peer\" cx=\"330\" cy=\"18\" r=\"4\"/><text x=\"340\" y=\"22\">other libraries</text>\n\
         <text x=\"16\" y=\"44\">Across: largest error in ULP where the result is normal. Up: nanoseconds an element, in the cache. \
         Lower and further left is better.</text>"
    );
    for (index, row) in shown.iter().enumerate() {
        let left = (index % COLUMNS) as f64 * PANEL.0;
        let top = TOP + (index / COLUMNS) as f64 * PANEL.1;
        _ = writeln!(
            svg,
            "<g transform=\"translate({:.0} {:.0})\">\n{}</g>",
            left + 36.0,
            top + 20.0,
            panel(results, size, row)
        );
    }
    svg + "</svg>\n"
}

fn panel(results: &Results, size: usize, row: &str) -> String {
    let mut svg = format!(
        "<text x=\"0\" y=\"-6\" font-weight=\"600\">{row}</text><rect class=\"axis\" width=\"{}\" height=\"{}\"/>\n",
        PLOT.0, PLOT.1
    );
    for power in [0, 3, 6, 9] {
        let label =
            if power == 0 { "1".to_owned() } else { format!("10<tspan dy=\"-4\" font-size=\"7\">{power}</tspan>") };
        _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            across(10_f64.powi(power)),
            PLOT.1 + 14.0
        );
    }
    for time in [0.1, 1.0, 10.0] {
        _ = writeln!(svg, "<text x=\"-4\" y=\"{:.1}\" text-anchor=\"end\">{time}</text>", up(time) + 4.0);
    }
    let at = |name: &str| {
        let time = results.get(Table::Forward, size, row, name)?;
        let error = results.get(Table::Accuracy, 0, row, name)?;
        Some(Dot { name: name.to_owned(), time, error })
    };
    let columns = results.row(Table::Forward, size, row).iter().map(|(name, _)| name.as_str());
    for Dot { name, time, error } in columns.filter(|name| is_rival(name)).filter_map(at) {
        let (x, y) = (across(error), up(time));
        _ = writeln!(
            svg,
            "<circle class=\"peer\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{name}: {time:.2} ns, {error:.1} ULP</title></circle>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 4.0,
            y + 2.5,
            short(&name)
        );
    }
    let exact =
        results.get(Table::Exact, size, row, "exact").map(|time| Dot { name: "Exact".to_owned(), time, error: 0.5 });
    let own: Vec<Dot> = exact.into_iter().chain(at(OWN)).chain(at(FAST)).collect();
    let points: Vec<String> = own.iter().map(|dot| format!("{:.1},{:.1}", across(dot.error), up(dot.time))).collect();
    _ = writeln!(svg, "<polyline class=\"line\" points=\"{}\"/>", points.join(" "));
    for Dot { name, time, error } in own {
        _ = writeln!(
            svg,
            "<circle class=\"own\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{name}: {time:.2} ns, {error:.2} ULP</title></circle>",
            across(error),
            up(time)
        );
    }
    svg
}

/// The first word of a library's name.
fn short(name: &str) -> &str {
    name.split([' ', '-']).next().unwrap_or(name)
}

fn across(error: f64) -> f64 {
    PLOT.0 * share(error, ERRORS)
}

fn up(time: f64) -> f64 {
    PLOT.1 * (1.0 - share(time, TIMES))
}

/// Where a number lies between two, on a scale of logarithms.
fn share(number: f64, (low, high): (f64, f64)) -> f64 {
    (number.clamp(low, high) / low).ln() / (high / low).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_the_scale_is_drawn_at_its_edge() {
        assert_eq!((across(0.0), across(f64::MAX)), (0.0, PLOT.0));
        assert_eq!((up(1e-3), up(1e3)), (PLOT.1, 0.0));
        assert!(up(1.0) < up(0.5) && across(1.0) < across(4.0));
    }
}
