//! Functions and their slopes.

use excite::{Facts, Function};

use crate::axis::Axis;
use crate::number;
use crate::plot::{Mark, Plot};
use crate::theme::{Colour, Stroke};

/// The inputs that curves are drawn over.
const LOW: f64 = -8.0;
const HIGH: f64 = 8.0;

/// Values and slopes beyond this are not drawn: they would squeeze all else.
const LARGEST: f64 = 9.0;

/// The value (solid) and the slope (dashed) of `functions` over inputs from −8 to 8, as an SVG file with a legend and a
/// light and a dark style of its own.
///
/// ```
/// let svg = excite_report::curve_svg(&["tanh".parse()?]);
/// assert!(svg.starts_with("<svg ") && svg.contains("slope of tanh"));
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
pub fn curve_svg(functions: &[Function]) -> String {
    let mut marks = Vec::new();
    for (index, f) in functions.iter().enumerate() {
        // Functions coincide over wide ranges: the lower lines are wider, so that they show at the sides.
        let above = (functions.len() - 1 - index) as f64;
        marks.extend(lines(*f, Colour::Series(index), 2.0 + above.min(3.0)));
    }
    let (low, high) = heights(functions);
    let row = 0.06 * (high - low);
    let top = high + row * (functions.len() as f64 + 0.5);
    for (index, f) in functions.iter().enumerate() {
        let y = top - row * (index as f64 + 0.5);
        let entries = [(LOW + 0.3, 0, f.to_string()), (-3.0, 1, format!("slope of {f}"))];
        for (x, dash, text) in entries {
            marks.push(Mark::line(vec![(x, y), (x + 1.0, y)], Stroke { colour: Colour::Series(index), dash }));
            marks.push(Mark::Word { at: (x + 1.2, y), text });
        }
    }
    let names: Vec<_> = functions.iter().map(ToString::to_string).collect();
    let y = Axis::linear("", low, top, |y| number::trimmed(y, 2)).with_ticks_up_to(high);
    let title = "value f(x), solid, and slope f′(x), dashed; no units".to_owned();
    Plot { title, x: inputs("input x, no unit"), y, size: (640, 480), marks }
        .standalone(&format!("Value and slope of {} for inputs from −8 to 8", names.join(", ")))
}

/// The value and, thin, the slope of `f`, squeezed between two heights.
pub(crate) fn squeezed(f: Function, colour: Colour, (floor, top): (f64, f64)) -> [Mark; 2] {
    let (low, high) = heights(&[f]);
    let height = |y: f64| floor + (top - floor) * (y - low) / (high - low);
    let [value, slope] = lines(f, colour, 2.0).map(|mark| match mark {
        Mark::Line { points, .. } => points.into_iter().step_by(4).map(|(x, y)| (x, height(y))).collect(),
        _ => Vec::new(),
    });
    let line = |points, colour, width| Mark::Line { points, stroke: Stroke { colour, dash: 0 }, width };
    [line(slope, Colour::Level, 1.0), line(value, colour, 2.0)]
}

/// The value of `f` alone as a line, with the ends of a y axis that holds it.
pub(crate) fn value_line(f: Function, stroke: Stroke) -> (Mark, f64, f64) {
    let points: Vec<_> = positions().step_by(8).map(|x| (x, f.value(x))).filter(|(_, y)| y.abs() <= LARGEST).collect();
    let (low, high) = points.iter().fold((0.0, 1.0), |(low, high): (f64, f64), (_, y)| (low.min(*y), high.max(*y)));
    let margin = 0.05 * (high - low);
    (Mark::Line { points, stroke, width: 2.0 }, low - margin, high + margin)
}

/// The axis of inputs.
pub(crate) fn inputs(label: &str) -> Axis {
    Axis::linear(label, LOW, HIGH, |x| number::trimmed(x, 0)).with_ticks(vec![LOW, -4.0, 0.0, 4.0, HIGH])
}

/// The inputs at which `f` is saturated, shaded.
pub(crate) fn zones(f: Function) -> Vec<Mark> {
    let facts = Facts::of(f);
    let below = facts.saturated_below.filter(|to| *to > LOW).map(|to| Mark::Zone { from: LOW, to });
    let above = facts.saturated_above.filter(|from| *from < HIGH).map(|from| Mark::Zone { from, to: HIGH });
    below.into_iter().chain(above).collect()
}

fn lines(f: Function, colour: Colour, width: f64) -> [Mark; 2] {
    let line = |dash: usize, y: &dyn Fn(f64) -> f64| Mark::Line {
        points: positions().map(|x| (x, y(x))).filter(|(_, y)| y.abs() <= LARGEST).collect(),
        stroke: Stroke { colour, dash },
        width,
    };
    [line(0, &|x| f.value(x)), line(1, &|x| f.slope_at(x))]
}

fn positions() -> impl Iterator<Item = f64> {
    (0..=640).map(|i| LOW + (HIGH - LOW) * f64::from(i) / 640.0)
}

/// The range of values and slopes, with a margin.
fn heights(functions: &[Function]) -> (f64, f64) {
    let ys = functions.iter().flat_map(|f| positions().flat_map(|x| [f.value(x), f.slope_at(x)]));
    let (low, high) =
        ys.filter(|y| y.abs() <= LARGEST).fold((0.0, 1.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y)));
    let margin = 0.05 * (high - low);
    (low - margin, high + margin)
}
