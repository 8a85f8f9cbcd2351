//! What can be wrong with data.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Data that cannot be trained on: where it lies and what is wrong with it.
#[derive(Debug)]
pub struct DataError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file or a folder of data.
#[derive(Debug)]
pub enum Problem {
    /// It is not there, must not be read, or reading it failed.
    Unreadable(std::io::Error),
    /// It is neither a file nor a folder.
    NotAFile,
    /// It is gzipped or zipped, and damaged or cut short.
    Packed(String),
    /// It is larger than this many bytes when unpacked.
    TooLarge(u64),
    /// The file is of a kind that is not read.
    UnknownType,
    /// The folder holds no file of a known name.
    NothingInFolder,
    /// Several sets of data lie in the folder.
    SeveralInFolder(Vec<String>),
    /// There is a file of inputs, but no file of targets beside it; the names looked for.
    NoTargets(Vec<String>),

    /// The CSV file holds nothing but blank lines.
    Empty,
    /// The CSV file has a header and no rows.
    HeaderOnly,
    /// The CSV file has one column only, so that there is nothing to predict from.
    OneColumn,
    /// The text is not UTF-8 at this line, counted from 1.
    NotUtf8 {
        /// The line.
        line: u64,
    },
    /// A row has more or fewer fields than the first one.
    Ragged {
        /// The line of the row, counted from 1.
        line: u64,
        /// The fields it has.
        found: usize,
        /// The fields of the first row.
        expected: usize,
    },
    /// A field that has to be a number is none.
    NotANumber(Field),
    /// A number is written with a comma for its point.
    DecimalComma(Field),
    /// The first column counts the rows, as pandas writes it.
    IndexColumn {
        /// Its name, which may be empty.
        name: String,
    },
    /// A field is NaN or infinite as a 32-bit float.
    NotFinite(Field),
    /// A field is empty or marked as missing.
    Missing(Field),
    /// There is no column of the asked-for name or number.
    NoSuchColumn {
        /// What was asked for.
        asked: String,
        /// The columns, by name, or by number without a header.
        columns: Vec<String>,
    },

    /// A file breaks its format's rules.
    Malformed {
        /// The array, or what else is damaged.
        array: String,
        /// What is wrong.
        what: String,
    },
    /// The header declares more or fewer bytes of values than there are.
    WrongLength {
        /// The array.
        array: String,
        /// The bytes that the header declares.
        declared: u128,
        /// The bytes that follow it.
        found: usize,
    },
    /// An array holds something else than numbers.
    NotNumeric {
        /// The array.
        array: String,
        /// Its element type as the file spells it.
        dtype: String,
    },
    /// An array has a shape that does not fit its part.
    WrongShape {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shapes that fit.
        expected: &'static str,
    },
    /// An array holds NaN or an infinity.
    NotFiniteIn {
        /// The array.
        array: String,
        /// The sample, counted from 1.
        sample: usize,
    },
    /// The archive lacks inputs or targets under the known names.
    NoArrays {
        /// The arrays it has.
        found: Vec<String>,
    },
    /// There are more or fewer inputs than labels.
    CountsDiffer {
        /// The number of inputs.
        inputs: usize,
        /// The number of labels.
        labels: usize,
    },
    /// The samples of the training and test split are of different shapes.
    ShapesDiffer {
        /// The shape of a training sample.
        train: Vec<usize>,
        /// The shape of a test sample.
        test: Vec<usize>,
    },

    /// There is one sample only, where one has to be trained on and one held out.
    TooFewSamples,
    /// No class has two samples, so that none can be held out.
    NothingToHoldOut {
        /// The number of samples.
        samples: usize,
    },
    /// All labels are the same.
    OneClass {
        /// The label.
        class: String,
    },
    /// The targets are text, and were to be taken as numbers.
    TextTargets,
    /// All targets of the training split are the same number.
    ConstantTarget {
        /// The number.
        value: f64,
    },
}

/// A field of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The line, counted from 1 as an editor does.
    pub line: u64,
    /// The column, counted from 1.
    pub column: usize,
    /// The column's name, where the file has a header.
    pub name: Option<String>,
    /// What stands there.
    pub text: String,
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> DataError {
        DataError { path: path.to_path_buf(), problem: self }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for DataError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    #[expect(clippy::too_many_lines, reason = "one sentence for each problem")]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => match error.kind() {
                ErrorKind::NotFound => write!(out, "there is no such file or folder: check the path"),
                ErrorKind::PermissionDenied => write!(out, "may not be read: give yourself the permission"),
                _ => write!(out, "cannot be read: {error}"),
            },
            Self::NotAFile => write!(out, "is not a regular file: name a file or a folder of files"),
            Self::Packed(error) => {
                write!(out, "cannot be unpacked ({error}): it is damaged or cut short, fetch it again")
            }
            Self::TooLarge(limit) => {
                write!(out, "unpacks to more than {} MiB, the most that is read: give fewer samples", limit >> 20)
            }
            Self::UnknownType => write!(
                out,
                "is of no kind that is read: give a CSV file of text in UTF-8, an .npz or .npy file of numbers, or a \
                 folder of IDX or .npy files, each gzipped or not"
            ),
            Self::NothingInFolder => write!(
                out,
                "the folder holds no data that is known: looked for train-images-idx3-ubyte (with \
                 train-labels-idx1-ubyte), data_batch_1.bin and X.npy (with y.npy), gzipped or not; give the path of the file if it \
                 has another name"
            ),
            Self::SeveralInFolder(names) => {
                write!(out, "the folder holds several sets of data: give the path of one of {}", listed(names))
            }
            Self::NoTargets(names) => {
                write!(out, "lies there without its targets: put them beside it as {}", names.join(" or "))
            }
            Self::Empty => write!(out, "is empty: give rows of numbers, the label last"),
            Self::HeaderOnly => write!(out, "has a header but no rows below it: add the samples"),
            Self::OneColumn => write!(
                out,
                "has one column only, so that there is nothing to predict from: separate the columns by commas, \
                 semicolons or tabs"
            ),
            Self::NotUtf8 { line } => {
                write!(out, "line {line} is not text in UTF-8: save the file as CSV in that encoding")
            }
            Self::Ragged { line, found, expected } => write!(
                out,
                "line {line}: the row has {found} {} where the first row has {expected}: give every row the same number",
                if *found == 1 { "field" } else { "fields" }
            ),
            Self::NotANumber(field) => {
                write!(out, "{field} is not a number: replace it, or leave the column out")
            }
            Self::DecimalComma(field) => write!(
                out,
                "{field} has a decimal comma: write numbers with a point, for example by pandas.read_csv(..., decimal=\",\") and \
                 .to_csv(..., index=False)"
            ),
            Self::IndexColumn { name } => write!(
                out,
                "the first column{} counts the rows, as pandas writes its index, and says nothing of them: save the table without it, \
                 by .to_csv(..., index=False)",
                if name.is_empty() { ", which has no name,".to_owned() } else { format!(" (`{}`)", shown(name)) }
            ),
            Self::NotFinite(field) => {
                write!(out, "{field} is not a finite 32-bit number: replace the value or drop the row")
            }
            Self::Missing(field) => write!(out, "{field} is a missing value: fill it in or drop the row"),
            Self::NoSuchColumn { asked, columns } => no_such_column(out, asked, columns),
            Self::Malformed { array, what } => {
                write!(out, "{array} is damaged or not of the kind that its name says: {what}; fetch or save it again")
            }
            Self::WrongLength { array, declared, found } => write!(
                out,
                "{array} should hold {declared} bytes of values by its header but holds {found}: the file is cut short or \
                 damaged, fetch or save it again"
            ),
            Self::NotNumeric { array, dtype } if dtype == "|O" => write!(
                out,
                "{array} has elements of type {dtype}, Python objects: convert them to numbers with .astype('float32'), or labels to \
                 text with .astype(str), and save again"
            ),
            Self::NotNumeric { array, dtype } => write!(
                out,
                "{array} has elements of type {dtype}: convert them to numbers, for example with .astype('float32')"
            ),
            Self::WrongShape { array, shape, expected } => {
                write!(out, "{array} has shape {shape:?}: reshape it to {expected}")
            }
            Self::NotFiniteIn { array, sample } => write!(
                out,
                "sample {sample} of {array} holds NaN or a value that is not a finite 32-bit number: replace it or drop \
                 the sample"
            ),
            Self::NoArrays { found } => write!(
                out,
                "lacks inputs (x, X, inputs, features or data) or targets (y, labels, targets or target), or arr_0 and arr_1, or \
                 x_train and y_train with x_test and y_test; it holds {}: save the arrays under these names",
                if found.is_empty() { "no arrays".to_owned() } else { listed(found) }
            ),
            Self::CountsDiffer { inputs, labels } => {
                write!(out, "there are {inputs} inputs but {labels} labels: give one label for each input")
            }
            Self::ShapesDiffer { train, test } => {
                write!(out, "training samples have shape {train:?} but test samples {test:?}: bring them to one size")
            }
            Self::TooFewSamples => {
                write!(out, "has one sample only: at least two are needed, one of them to be held out")
            }
            Self::NothingToHoldOut { samples } => write!(
                out,
                "each of the {samples} samples is of a class of its own, so that none can be held out: choose another \
                 target, or take it as a regression"
            ),
            Self::OneClass { class } => {
                write!(
                    out,
                    "every label is `{class}`, so that there is nothing to learn: give samples of two classes or more"
                )
            }
            Self::TextTargets => {
                write!(
                    out,
                    "the targets are text, which a regression cannot predict: give numbers, or take them as classes"
                )
            }
            Self::ConstantTarget { value } => write!(
                out,
                "every target of the training split is {value}, so that there is nothing to learn: choose another target"
            ),
        }
    }
}

fn no_such_column(out: &mut fmt::Formatter<'_>, asked: &str, columns: &[String]) -> fmt::Result {
    write!(out, "there is no column `{asked}`: ")?;
    let distance = |column: &&String| strsim::damerau_levenshtein(&asked.to_lowercase(), &column.to_lowercase());
    match columns.iter().min_by_key(distance).filter(|column| distance(column) <= 2 && asked.parse::<f64>().is_err()) {
        Some(near) => write!(out, "did you mean `{}`?", shown(near)),
        None => write!(out, "choose one of {}, or a number from 1 to {}", listed(columns), columns.len()),
    }
}

/// The first of many names, so that a message stays a message.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let more = if names.len() > MOST { " …" } else { "" };
    let names: Vec<String> = names.iter().take(MOST).map(|name| shown(name)).collect();
    format!("{}{more}", names.join(", "))
}

/// The beginning of a text from a file, on one line.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let more = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    let beginning: String = text.chars().take(MOST).collect();
    format!("{}{more}", beginning.escape_debug())
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}", self.line, self.column)?;
        if let Some(name) = &self.name {
            write!(out, " (`{}`)", shown(name))?;
        }
        write!(out, ": `{}`", shown(&self.text))
    }
}
