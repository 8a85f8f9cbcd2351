//! The result of `excite compare` as Markdown, to be pasted.

use excite_lab::record::comparison::Comparison;

use crate::table::{ColumnsArgument, Table, comparison};

/// The comparison: what was compared, the headline, the tables; `about` is the first of these in a sentence.
pub fn of_comparison(comparison: &Comparison, about: &str, with_target: bool, columns: &ColumnsArgument) -> String {
    let functions = comparison::functions(comparison);
    let mut parts = vec![
        format!("**{}**", escaped(&comparison.headline)),
        escaped(about),
        of_table(&functions, columns),
        escaped(&functions.notes(columns)),
    ];
    parts.extend(comparison::deaths(comparison).map(|deaths| escaped(&deaths)));
    if with_target {
        let table = of_table(&comparison::target_table(comparison), &ColumnsArgument::default());
        parts.extend([escaped(&comparison::target_heading(comparison)), table]);
    }
    parts.push(format!("```console\n$ {}\n```", comparison.settings.command));
    parts.join("\n\n") + "\n"
}

fn of_table(table: &Table, columns: &ColumnsArgument) -> String {
    let (headings, rows) = table.cells(columns);
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    let rule = std::iter::once("---").chain(headings[1..].iter().map(|_| "--:")).map(str::to_owned);
    let mut headings = headings.iter().map(|heading| escaped(heading));
    let lines = [line(&mut headings), line(&mut rule.into_iter())].into_iter();
    let row = |row: &Vec<String>| line(&mut row.iter().map(|cell| escaped(cell).replace('\n', "<br>")));
    lines.chain(rows.iter().map(row)).collect::<Vec<_>>().join("\n")
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
    use crate::table::Column;

    #[test]
    fn a_table_has_a_rule_and_a_line_for_each_row() {
        let mut table = Table::new([Column::text("name"), Column::figure("saturated")]);
        table.add(["a|b_c", "3 %\n1 of 5"]);
        let text = of_table(&table, &ColumnsArgument::default());
        assert_eq!(text, "| name | saturated |\n| --- | --: |\n| a\\|b\\_c | 3 %<br>1 of 5 |");
    }
}
