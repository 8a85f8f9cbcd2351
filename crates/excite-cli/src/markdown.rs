//! The result of `excite compare` as Markdown, to be pasted.

use excite_lab::record::comparison::Comparison;

use crate::table::{self, Grid};

/// The comparison: what was compared, the headline, the tables; `about` is the first of these in a sentence.
pub fn of_comparison(comparison: &Comparison, about: &str, with_target: bool) -> String {
    let mut parts = vec![
        format!("**{}**", escaped(&comparison.headline)),
        escaped(about),
        of_grid(&table::of_comparison(comparison)),
        escaped(table::LEGEND),
    ];
    parts.extend(table::deaths(comparison).map(|deaths| escaped(&deaths)));
    if with_target {
        parts.extend([escaped(&table::target_heading(comparison)), of_grid(&table::of_target(comparison))]);
    }
    parts.push(format!("```console\n$ {}\n```", comparison.settings.command));
    parts.join("\n\n") + "\n"
}

fn of_grid(grid: &Grid) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    let rule = std::iter::once("---").chain(grid.columns[1..].iter().map(|_| "--:")).map(str::to_owned);
    // Headings are parted for narrow columns; here there is room.
    let headings = grid.columns.iter().map(|heading| escaped(&heading.replace("-\n", "").replace('\n', " ")));
    let lines = [line(&mut headings.into_iter()), line(&mut rule.into_iter())].into_iter();
    let row = |row: &Vec<String>| line(&mut row.iter().map(|cell| escaped(cell).replace('\n', "<br>")));
    lines.chain(grid.rows.iter().map(row)).collect::<Vec<_>>().join("\n")
}

/// Text in which no character means anything but itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\`*_[]<>|#".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_rule_and_a_line_for_each_row() {
        let grid = Grid {
            columns: vec!["name".to_owned(), "satu-\nrated".to_owned()],
            rows: vec![vec!["a|b_c".to_owned(), "3 %\n1–5".to_owned()]],
        };
        assert_eq!(of_grid(&grid), "| name | saturated |\n| --- | --: |\n| a\\|b\\_c | 3 %<br>1–5 |");
    }
}
