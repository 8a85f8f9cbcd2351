//! CSV: one sample a row.

use std::collections::HashSet;

use crate::record::comparison::Task;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Field, Inputs, Labels, Options, Problem, Source, Table};

/// How many rows the delimiter and the header are judged by.
const ROWS_TO_JUDGE: usize = 20;

/// What stands for a missing value, in any case.
const MISSING: [&str; 6] = ["", "na", "n/a", "nan", "null", "?"];

/// Reads a table; the label column is the one that the options name.
pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Source, Problem> {
    let text = text_of(bytes)?;
    let layout = Layout::of(text)?;
    let target = layout.target(options.target.as_deref())?;
    let mut inputs = Vec::new();
    let mut labels = LabelColumn::default();
    let mut index = Index::of(&layout);
    for row in rows(text, layout.delimiter).skip(usize::from(layout.header.is_some())) {
        let row = row?;
        let line = || line_at(text, &row);
        if row.len() != layout.width {
            return Err(Problem::Ragged { line: line(), found: row.len(), expected: layout.width });
        }
        index.look_at(&row);
        for (column, text) in row.iter().enumerate() {
            let field = || layout.field(line(), column, text);
            if column == target {
                labels.push(text, field)?;
            } else {
                inputs.push(number(text, field)?.ok_or_else(|| not_a_number(text, field()))?);
            }
        }
    }
    if labels.texts.is_empty() {
        return Err(Problem::HeaderOnly);
    }
    if target != 0 && index.counts {
        return Err(Problem::IndexColumn {
            name: layout.header.map(|header| header[0].to_owned()).unwrap_or_default(),
        });
    }
    let labels = labels.finish(options.task)?;
    Ok(Source { shape: vec![layout.width - 1], train: Table { inputs: Inputs::Double(inputs), labels }, test: None })
}

/// What is wrong with a field that is no number.
fn not_a_number(text: &str, field: Field) -> Problem {
    if has_decimal_comma(text) { Problem::DecimalComma(field) } else { Problem::NotANumber(field) }
}

/// `1,5` and `1.234,5`, as spreadsheets write them in many countries.
fn has_decimal_comma(text: &str) -> bool {
    text.contains(',') && text.replace('.', "").replacen(',', ".", 1).parse::<f64>().is_ok_and(f64::is_finite)
}

/// Finds out whether the first column is the index that pandas writes by default: it has no name, or is called `Unnamed: 0` if the file was
/// read and written again, and each row has a different whole number.
struct Index {
    counts: bool,
    seen: HashSet<u64>,
}

impl Index {
    fn of(layout: &Layout) -> Self {
        let name = layout.header.as_ref().map(|header| &header[0]);
        let counts = layout.width > 2 && name.is_some_and(|name| name.is_empty() || name.starts_with("Unnamed: "));
        Self { counts, seen: HashSet::new() }
    }

    fn look_at(&mut self, row: &StringRecord) {
        self.counts = self.counts && row[0].parse().is_ok_and(|number| self.seen.insert(number));
    }
}

/// The text without a byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Problem::NotUtf8 { line: line_ends(&bytes[..error.valid_up_to()]) + 1 })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The rows that are not blank.
fn rows(text: &str, delimiter: u8) -> impl Iterator<Item = Result<StringRecord, Problem>> {
    let reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    reader
        .into_records()
        .map(|row| row.map_err(|error| Problem::Malformed { array: "the table".to_owned(), what: error.to_string() }))
        .filter(|row| !row.as_ref().is_ok_and(|row| row.len() == 1 && row[0].is_empty()))
}

/// The line that a row begins at, counted from 1. A row's position is where the one before it ended, so the blank
/// lines in between are counted here.
fn line_at(text: &str, row: &StringRecord) -> u64 {
    let start = row.position().map_or(0, |position| position.byte() as usize);
    let blank = text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    line_ends(&text.as_bytes()[..start + blank]) + 1
}

/// The number of line ends: `\n`, `\r\n` and a lone `\r` are one each.
fn line_ends(text: &[u8]) -> u64 {
    let mut ends = 0;
    let mut previous = 0;
    for &byte in text {
        ends += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    ends
}

/// A field's number; None if it is something else.
fn number(text: &str, field: impl Fn() -> Field) -> Result<Option<f64>, Problem> {
    match text.parse::<f64>() {
        _ if MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing)) => Err(Problem::Missing(field())),
        Ok(number) if !(number as f32).is_finite() => Err(Problem::NotFinite(field())),
        // Without the sign of zero, which would make two classes of one.
        Ok(number) => Ok(Some(number + 0.0)),
        Err(_) => Ok(None),
    }
}

/// The layout of a file, by its first rows.
struct Layout {
    delimiter: u8,
    width: usize,
    header: Option<StringRecord>,
}

impl Layout {
    fn of(text: &str) -> Result<Self, Problem> {
        let delimiter = delimiter(text);
        let mut head = rows(text, delimiter).take(ROWS_TO_JUDGE);
        let first = head.next().ok_or(Problem::Empty)??;
        let next = head.collect::<Result<Vec<_>, _>>()?;
        if first.len() == 1 {
            return Err(Problem::OneColumn);
        }
        let width = first.len();
        Ok(Self { delimiter, width, header: is_header(&first, &next).then_some(first) })
    }

    fn field(&self, line: u64, column: usize, text: &str) -> Field {
        let name = self.header.as_ref().map(|header| header[column].to_owned());
        Field { line, column: column + 1, name, text: text.to_owned() }
    }

    /// The column to predict, counted from 0. A name goes before a number, since names may be numbers.
    fn target(&self, asked: Option<&str>) -> Result<usize, Problem> {
        let Some(asked) = asked else { return Ok(self.width - 1) };
        let named = self.header.as_ref().and_then(|header| header.iter().position(|name| name == asked));
        let numbered =
            asked.parse().ok().filter(|number| (1..=self.width).contains(number)).map(|number: usize| number - 1);
        named.or(numbered).ok_or_else(|| Problem::NoSuchColumn {
            asked: asked.to_owned(),
            columns: match &self.header {
                Some(header) => header.iter().map(str::to_owned).collect(),
                None => (1..=self.width).map(|number| number.to_string()).collect(),
            },
        })
    }
}

/// The separator that all of the first lines hold. Tabs and semicolons go before commas, which may stand in numbers
/// and names of such files.
fn delimiter(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(ROWS_TO_JUDGE).collect();
    let candidates = [b'\t', b';', b','];
    let in_all = candidates.iter().find(|&&candidate| lines.iter().all(|line| separates(line, candidate)));
    let in_first =
        || candidates.iter().find(|&&candidate| lines.first().is_some_and(|line| separates(line, candidate)));
    in_all.or_else(in_first).copied().unwrap_or(b',')
}

/// Whether the line holds the separator outside of quotes.
fn separates(line: &str, separator: u8) -> bool {
    let mut quoted = false;
    line.bytes().any(|byte| {
        quoted ^= byte == b'"';
        !quoted && byte == separator
    })
}

/// Whether a row is a header: see `Dataset::open`.
fn is_header(first: &StringRecord, next: &[StringRecord]) -> bool {
    let is_number = |text: &str| text.parse::<f64>().is_ok() || has_decimal_comma(text);
    let names_numbers = first
        .iter()
        .enumerate()
        .any(|(column, text)| !is_number(text) && next.iter().any(|row| row.get(column).is_some_and(is_number)));
    let numbers: Vec<f64> = first.iter().filter_map(|text| text.parse().ok()).collect();
    // As pandas names the columns of an array: 0, 1, 2 ... or 1, 2, 3 ..., and no other row goes on like that.
    let enumerates = |row: &StringRecord| {
        let ends = |first: usize| row.iter().enumerate().all(|(at, text)| text.parse() == Ok(first + at));
        row.len() > 2 && (ends(0) || ends(1))
    };
    if enumerates(first) && !next.is_empty() && !next.iter().any(enumerates) {
        return true;
    }
    let counted =
        numbers.iter().all(|number| number.fract() == 0.0) && numbers.windows(2).all(|pair| pair[0] < pair[1]);
    // With nothing below it, a row of names alone is a header too.
    counted && (names_numbers || (next.is_empty() && numbers.is_empty()))
}

/// The labels, which are numbers or text only once all of them are known.
#[derive(Default)]
struct LabelColumn {
    texts: Vec<String>,
    numbers: Vec<f64>,
    first_text: Option<Field>,
}

impl LabelColumn {
    fn push(&mut self, text: &str, field: impl Fn() -> Field) -> Result<(), Problem> {
        match number(text, &field)? {
            Some(number) => self.numbers.push(number),
            None if self.first_text.is_none() => self.first_text = Some(field()),
            None => {}
        }
        self.texts.push(text.to_owned());
        Ok(())
    }

    /// Text among numbers with fractions is a slip, not a class, unless classes were asked for.
    fn finish(self, task: Option<Task>) -> Result<Labels, Problem> {
        let Some(text) = self.first_text else { return Ok(Labels::Numbers(self.numbers)) };
        // Numbers, every one, but for how they are written.
        let is_number = |text: &String| text.parse::<f64>().is_ok() || has_decimal_comma(text);
        if task != Some(Task::Classification) && self.texts.iter().all(is_number) {
            return Err(Problem::DecimalComma(text));
        }
        let fractions = self.numbers.iter().any(|number| number.fract() != 0.0);
        if task == Some(Task::Regression) || (task.is_none() && fractions) {
            return Err(not_a_number(&text.text.clone(), text));
        }
        Ok(Labels::Text(self.texts))
    }
}
