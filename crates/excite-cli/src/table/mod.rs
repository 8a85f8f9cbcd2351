//! Tables for the terminal. A number is never split: a table that is too wide loses its ranges first, then the columns that matter least.

mod columns;
pub mod comparison;
mod draw;
pub mod layers;

pub use self::columns::ColumnsArgument;

use crate::output;

/// The most columns of a table, its names among them, unless others are asked for.
const MOST_COLUMNS: usize = 6;
/// The longest heading that is never broken into lines.
const SHORT_HEADING: usize = 8;
/// The least width of a column of prose.
const LEAST_PROSE: usize = 12;

/// How the cells of a column are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// To the left, whole.
    Text,
    /// To the left; cut at its beginning where there is little room.
    Path,
    /// To the left, in lines that break between words.
    Prose,
    /// To the right, whole.
    Figure,
}

/// A column of a [`Table`].
#[derive(Clone)]
pub struct Column {
    /// What `--columns` calls it.
    name: String,
    heading: String,
    kind: Kind,
    /// The columns with the lowest ranks are shown first of all.
    rank: usize,
    note: String,
}

impl Column {
    fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), heading: name.to_owned(), kind, rank: 0, note: String::new() }
    }

    /// Words and names.
    pub fn text(name: &str) -> Self {
        Self::new(name, Kind::Text)
    }

    /// Names that end in what tells them from others.
    pub fn path(name: &str) -> Self {
        Self::new(name, Kind::Path)
    }

    /// Sentences.
    pub fn prose(name: &str) -> Self {
        Self::new(name, Kind::Prose)
    }

    /// Figures.
    pub fn figure(name: &str) -> Self {
        Self::new(name, Kind::Figure)
    }

    /// With a heading that says more than its name.
    pub fn headed(self, heading: &str) -> Self {
        Self { heading: heading.to_owned(), ..self }
    }

    /// With this place in the order of importance; the first column of a table has 0.
    pub fn ranked(self, rank: usize) -> Self {
        Self { rank, ..self }
    }

    /// With an explanation that stands below the table.
    pub fn noted(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }
}

/// What stands in a row under a column.
#[derive(Clone, Default)]
pub struct Cell {
    text: String,
    /// Stands behind the text where there is room.
    range: String,
}

impl Cell {
    /// A text with a range, as `(1.8 to 2.3)`.
    pub fn with_range(text: impl Into<String>, range: impl Into<String>) -> Self {
        Self { text: text.into(), range: range.into() }
    }

    fn shown(&self, ranges: bool) -> String {
        if !ranges || self.range.is_empty() { self.text.clone() } else { format!("{} {}", self.text, self.range) }
    }
}

impl<S: Into<String>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self { text: text.into(), range: String::new() }
    }
}

/// A table: its first column has the names of the rows.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// Whether its user can ask for columns.
    has_option: bool,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: vec![], has_option: true }
    }

    /// A table of a command that has no `--columns`.
    pub fn fixed(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { has_option: false, ..Self::new(columns) }
    }

    /// Adds a row, a cell for each column.
    pub fn add(&mut self, row: impl IntoIterator<Item = impl Into<Cell>>) {
        let row: Vec<Cell> = row.into_iter().map(Into::into).collect();
        debug_assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.rows.push(row);
    }

    /// What `--columns` may name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// For the terminal, with a line on the columns that are not shown, and notes on the others; nothing where there are no rows.
    pub fn drawn(&self, asked: &ColumnsArgument) -> String {
        self.drawn_in(asked, output::width())
    }

    fn drawn_in(&self, asked: &ColumnsArgument, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut chosen = self.chosen(asked);
        let ranges = self.width(&chosen, true) <= width;
        let mut blocks = vec![];
        if self.width(&chosen, ranges) <= width {
            blocks.push(chosen.clone());
        } else if asked.is_default() || !self.has_option {
            while chosen.len() > 2 && self.width(&chosen, false) > width {
                let least = *chosen.iter().max_by_key(|&&column| self.columns[column].rank).unwrap_or(&0);
                chosen.retain(|&column| column != least);
            }
            if let [_, second] = chosen[..]
                && self.columns[second].kind == Kind::Prose
                && self.width(&chosen, false) > width
            {
                return draw::stacked(self, &chosen, width);
            }
            blocks.push(chosen.clone());
        } else {
            blocks = self.in_blocks(&chosen, width);
        }
        let mut text: String = blocks.iter().map(|block| draw::block(self, block, ranges, width)).collect();
        for line in [self.not_shown(&chosen, ranges), self.notes_on(&chosen)] {
            if !line.is_empty() {
                text += &(output::wrapped(&line, width.min(output::TEXT_WIDTH)) + "\n");
            }
        }
        text
    }

    /// A sentence that names the missing columns and how to see it; empty where all is shown.
    fn not_shown(&self, shown: &[usize], ranges: bool) -> String {
        let hidden = (0..self.columns.len()).filter(|column| !shown.contains(column));
        let mut names: Vec<&str> = hidden.map(|column| self.columns[column].name.as_str()).collect();
        let can_be_asked_for = self.has_option && !names.is_empty();
        if !ranges && shown.iter().any(|&column| self.rows.iter().any(|row| !row[column].range.is_empty())) {
            names.push("ranges");
        }
        match (names.is_empty(), can_be_asked_for) {
            (true, _) => String::new(),
            (false, true) => format!("Not shown: {}. --columns all shows every column.", names.join(", ")),
            (false, false) => format!("Not shown for want of width: {}.", names.join(", ")),
        }
    }

    fn notes_on(&self, shown: &[usize]) -> String {
        let notes = shown.iter().map(|&column| self.columns[column].note.as_str());
        notes.filter(|note| !note.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// The headings and cells that are chosen, of any width.
    pub fn cells(&self, asked: &ColumnsArgument) -> (Vec<&str>, Vec<Vec<String>>) {
        let chosen = self.chosen(asked);
        let headings = chosen.iter().map(|&column| self.columns[column].heading.as_str()).collect();
        let row = |row: &Vec<Cell>| chosen.iter().map(|&column| row[column].shown(true)).collect();
        (headings, self.rows.iter().map(row).collect())
    }

    /// The notes on the columns that are chosen.
    pub fn notes(&self, asked: &ColumnsArgument) -> String {
        self.notes_on(&self.chosen(asked))
    }

    /// The places of the columns to show, if there is room for all of them.
    fn chosen(&self, asked: &ColumnsArgument) -> Vec<usize> {
        let all = || (0..self.columns.len()).collect::<Vec<_>>();
        if asked.is_all() || !self.has_option {
            return all();
        }
        let named: Vec<usize> = asked.places(self.columns.iter().map(|column| column.name.as_str()));
        if !named.is_empty() {
            return std::iter::once(0).chain(named.into_iter().filter(|&column| column != 0)).collect();
        }
        // A column without a figure says nothing.
        let is_empty =
            |column: &usize| *column > 0 && self.rows.iter().all(|row| ["–", ""].contains(&row[*column].text.as_str()));
        let mut by_rank: Vec<usize> = all().into_iter().filter(|column| !is_empty(column)).collect();
        by_rank.sort_by_key(|&column| self.columns[column].rank);
        by_rank.truncate(MOST_COLUMNS);
        by_rank.sort_unstable();
        by_rank
    }

    /// The columns in as many blocks as it takes, each with the names of the rows.
    fn in_blocks(&self, chosen: &[usize], width: usize) -> Vec<Vec<usize>> {
        let mut blocks: Vec<Vec<usize>> = vec![];
        for &column in &chosen[1..] {
            match blocks.last_mut() {
                Some(block) if self.width(&[block.as_slice(), &[column]].concat(), false) <= width => {
                    block.push(column);
                }
                _ => blocks.push(vec![chosen[0], column]),
            }
        }
        blocks
    }

    /// Words of prose are not broken.
    fn longest_word(&self, column: usize) -> usize {
        let words = self.rows.iter().flat_map(|row| row[column].text.split(' '));
        words.map(draw::width_of).max().unwrap_or(0)
    }

    fn width(&self, columns: &[usize], ranges: bool) -> usize {
        let widths = columns.iter().map(|&column| self.least_width(column, ranges)).sum::<usize>();
        widths + draw::GAP * columns.len().saturating_sub(1)
    }

    /// The width that a column cannot do without.
    fn least_width(&self, column: usize, ranges: bool) -> usize {
        let Column { kind, heading, .. } = &self.columns[column];
        // A short heading stays in one line.
        // As lines are broken: not before a per cent sign.
        let words = heading.replace(" %", "\u{a0}%").split(' ').map(draw::width_of).max().unwrap_or(0);
        let word = if draw::width_of(heading) <= SHORT_HEADING { draw::width_of(heading) } else { words };
        let cells = self.rows.iter().map(|row| draw::width_of(&row[column].shown(ranges))).max().unwrap_or(0);
        word.max(match kind {
            // Names of rows that are sentences: ranges are given up before they are broken.
            Kind::Prose if column == 0 && ranges => cells.min(draw::MOST_PATH),
            Kind::Prose => cells.min(LEAST_PROSE.max(self.longest_word(column))),
            Kind::Path => cells.min(draw::LEAST_PATH),
            Kind::Text | Kind::Figure => cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three columns of figures, the second of least importance, and a long name.
    fn table() -> Table {
        let mut table = Table::new([
            Column::path("layer"),
            Column::figure("error").ranked(1),
            Column::figure("mean").ranked(3),
            Column::figure("learning rate").ranked(2).noted("learning rate: of the runs"),
        ]);
        table.add([
            "features/stage1/block2/relu".into(),
            Cell::with_range("2.8 %", "(2.5 to 3.1)"),
            "0.123".into(),
            "0.03".into(),
        ]);
        table
    }

    fn lines(width: usize, columns: &[&str]) -> Vec<String> {
        let asked = ColumnsArgument::of(columns);
        table().drawn_in(&asked, width).lines().map(str::to_owned).collect()
    }

    #[test]
    fn ranges_go_first_then_the_columns_that_matter_least() {
        let (wide, no_ranges, narrow) = (lines(100, &[]), lines(46, &[]), lines(30, &[]));
        assert!(wide.iter().any(|line| line.contains("2.8 % (2.5 to 3.1)")) && !wide.concat().contains("Not shown"));
        assert!(!no_ranges.concat().contains("(2.5") && no_ranges.concat().contains("0.123"), "{no_ranges:#?}");
        assert!(no_ranges.concat().contains("Not shown for want of width: ranges."), "{no_ranges:#?}");
        assert!(narrow.concat().contains("2.8 %") && !narrow.concat().contains("0.123"), "{narrow:#?}");
        assert!(narrow.join(" ").contains("Not shown: mean, ranges."), "{narrow:#?}");
        for (width, lines) in [(100, wide), (46, no_ranges), (30, narrow)] {
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:#?}");
        }
    }

    #[test]
    fn columns_that_are_asked_for_stand_below_where_there_is_no_room_beside() {
        let named = lines(100, &["mean"]);
        assert!(named.concat().contains("0.123") && !named.concat().contains("2.8 %"), "{named:#?}");
        let all = lines(26, &["all"]);
        assert!(["2.8 %", "0.123", "0.03"].iter().all(|figure| all.concat().contains(figure)), "{all:#?}");
        assert!(all.iter().filter(|line| line.starts_with("layer")).count() > 1, "{all:#?}");
        assert!(!all.concat().contains("--columns"), "{all:#?}");
    }

    #[test]
    fn notes_are_those_of_the_columns_that_are_shown() {
        assert!(lines(100, &[]).concat().contains("learning rate: of the runs"));
        assert!(!lines(100, &["mean"]).concat().contains("of the runs"));
    }
}
