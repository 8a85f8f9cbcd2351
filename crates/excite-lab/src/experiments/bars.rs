//! Bars in two parts.

use std::fmt::Display;

use crate::record::experiment::{Axis, Mark, Panel, Scale};

/// Shares as horizontal bars in two parts, `parts` by name: of each row, from 1 on, the end of the first part and that of both, which stands
/// beside it in words.
pub(super) fn in_two_parts(
    title: String,
    rows: impl IntoIterator<Item = impl Display>,
    parts: [&str; 2],
    ends: &[(usize, f64, f64)],
) -> Panel {
    let part = |name: &str, range: fn(f64, f64) -> (f64, f64)| Mark::Boxes {
        name: name.to_owned(),
        boxes: ends
            .iter()
            .map(|&(row, first, both)| {
                let ((from, to), row) = (range(first, both), row as f64);
                ((from, row - 0.32), (to, row + 0.32))
            })
            .collect(),
    };
    let mut marks = vec![part(parts[0], |first, _| (0.0, first)), part(parts[1], |first, both| (first, both))];
    marks.extend(ends.iter().map(|&(row, _, both)| Mark::word((both, row as f64), super::percent(both))));
    Panel { title, x: Axis::new("", Scale::Share).from_to(0.0, 1.2), y: Axis::of_names(rows), plane: false, marks }
}
