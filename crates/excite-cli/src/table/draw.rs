//! Draws columns that fit.

use comfy_table::{Attribute, CellAlignment, ContentArrangement, TableStyle};
use excite_vitals::in_words::end_of;
use unicode_width::UnicodeWidthStr;

use super::{Kind, Table};
use crate::output;

/// The blank between two columns.
pub(super) const GAP: usize = 2;
/// The least width that long names are cut to.
pub(super) const LEAST_PATH: usize = 12;
/// The most width that a name gets.
pub(super) const MOST_PATH: usize = 40;

/// These columns of a table; names and prose share what figures leave of the width.
pub(super) fn block(table: &Table, columns: &[usize], ranges: bool, width: usize) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
    if output::has_colours() {
        drawn.enforce_styling();
    } else {
        drawn.force_no_tty();
    }
    let widths = widths(table, columns, ranges, width);
    let fitted = columns.iter().zip(&widths);
    drawn.set_header(fitted.clone().map(|(&column, &width)| {
        let heading = output::wrapped(&table.columns[column].heading, width);
        comfy_table::Cell::new(heading).add_attribute(Attribute::Bold).set_alignment(alignment(table, column))
    }));
    for row in &table.rows {
        drawn.add_row(fitted.clone().map(|(&column, &width)| {
            let text = row[column].shown(ranges);
            let text = match table.columns[column].kind {
                Kind::Prose => output::wrapped(&text, width),
                Kind::Path => end_of(&text, width),
                Kind::Text | Kind::Figure => text,
            };
            comfy_table::Cell::new(text).set_alignment(alignment(table, column))
        }));
    }
    let last = columns.len().saturating_sub(1);
    for (place, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((0, if place == last { 0 } else { GAP as u16 }));
    }
    let lines: Vec<String> = drawn.lines().collect();
    let header = fitted.map(|(&column, &width)| output::wrapped(&table.columns[column].heading, width).lines().count());
    let header = header.max().unwrap_or(0).min(lines.len());
    // Of a header the letters of its style would be counted.
    let whole = widths.iter().sum::<usize>() + GAP * last;
    let rule = "─".repeat(lines[header..].first().map_or(whole, |line| width_of(line)));
    let (header, rows) = lines.split_at(header);
    let one = std::slice::from_ref::<String>;
    let all = [one(&rule), header, one(&rule), rows, one(&rule)].concat();
    all.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Names, each with its prose in the lines below it: for too little room to have them side by side.
pub(super) fn stacked(table: &Table, columns: &[usize], width: usize) -> String {
    const INDENT: usize = 2;
    let row = |row: &Vec<super::Cell>| {
        let prose = output::indented(&row[columns[1]].text, INDENT, width);
        format!("{}\n{:INDENT$}{prose}\n", row[columns[0]].text, "")
    };
    table.rows.iter().map(row).collect()
}

fn alignment(table: &Table, column: usize) -> CellAlignment {
    if table.columns[column].kind == Kind::Figure { CellAlignment::Right } else { CellAlignment::Left }
}

/// The width of each column: where there is room, names and prose as long as they are, and headings in one line.
fn widths(table: &Table, columns: &[usize], ranges: bool, width: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|&column| table.least_width(column, ranges)).collect();
    let mut left = width.saturating_sub(widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1));
    for (place, &column) in columns.iter().enumerate() {
        let longest = || table.rows.iter().map(|row| width_of(&row[column].text)).max().unwrap_or(0);
        let wanted = match table.columns[column].kind {
            Kind::Path => longest().min(MOST_PATH),
            Kind::Prose => longest(),
            Kind::Text | Kind::Figure => continue,
        };
        let more = wanted.saturating_sub(widths[place]).min(left);
        widths[place] += more;
        left -= more;
    }
    let heading = |column: usize| width_of(&table.columns[column].heading);
    for (place, &column) in columns.iter().enumerate() {
        let more = heading(column).saturating_sub(widths[place]).min(left);
        // A heading in one line, or as before: a part of the way would not help.
        if widths[place] + more >= heading(column) {
            widths[place] += more;
            left -= more;
        }
    }
    widths
}

/// The cells of a terminal that a text takes; of several lines the longest.
pub(super) fn width_of(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}
