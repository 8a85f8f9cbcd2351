//! The record of an experiment on activation functions: what was done, what was measured, and what it looks like. What that says about
//! the notes' sentences is read from it by the [lesson](crate::lesson).

use std::path::Path;
use std::{fmt, io};

use excite::Function;
use excite_vitals::null;
use excite_vitals::statistics::Spread;
use excite_vitals::write_file;
use serde::{Deserialize, Deserializer, Serialize};

/// What one experiment found.
///
/// A record that was written to a file reads back as it was, to the last bit. In JSON a number that is infinite or NaN is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// The experiment's name: `"zig-zag"`.
    pub name: String,
    /// What it is about, a sentence.
    pub question: String,
    /// What was done.
    pub method: String,
    /// The functions that were looked at.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub functions: Vec<Function>,
    /// The data, where they are not those of the experiment: their name and a fingerprint.
    pub data: Option<String>,
    /// How many times it was done, each with other random numbers.
    pub seeds: usize,
    /// Whether less was done than the experiment calls for, so as to be quick.
    pub quick: bool,
    /// How far chance may have a part in the figures.
    pub certainty: String,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// What it looks like.
    pub pictures: Vec<Picture>,
}

/// One figure that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measure {
    /// Of what: a function, a setting.
    pub of: String,
    /// The quantity.
    pub quantity: String,
    /// The unit: `"steps"`; `"%"` is of values from 0 to 100; empty for a pure number.
    pub unit: String,
    /// The figure over the seeds; low and high are the same where chance has no part. None where it could not be taken, as the steps
    /// of a descent that did not arrive.
    pub value: Option<Spread>,
}

impl Measure {
    /// A figure over the seeds.
    pub fn new(of: impl fmt::Display, quantity: &str, unit: &str, over_seeds: &[f64]) -> Self {
        Self { of: of.to_string(), quantity: quantity.to_owned(), unit: unit.to_owned(), value: Spread::of(over_seeds) }
    }

    /// The quantity with its unit.
    fn heading(&self) -> String {
        if self.unit.is_empty() { self.quantity.clone() } else { format!("{}, {}", self.quantity, self.unit) }
    }
}

/// A table of measures: the quantities one way, what they are of the other, the longer of the two downwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<'a> {
    /// What stands over the columns.
    pub columns: Vec<String>,
    /// What stands before each row, and its measures; None where there is none.
    pub rows: Vec<(String, Vec<Option<&'a Measure>>)>,
}

/// What a file of a record begins with; the last byte is the version.
const MAGIC: &[u8] = b"\x89excite record\n\x02";

impl Record {
    /// Writes the record to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let bytes = postcard::to_extend(self, MAGIC.to_vec()).map_err(io::Error::other)?;
        write_file(path, &bytes)
    }

    /// Reads a file that [`write`](Self::write) wrote.
    ///
    /// ```
    /// use excite_lab::record::experiment::Record;
    /// assert!(Record::from_bytes(b"\x89PNG").is_none());
    /// ```
    ///
    /// # Errors
    /// If it cannot be read, or holds no record of this version.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        Self::from_bytes(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is no record of an experiment"))
    }

    /// From the content of such a file; None if it is none, or cut off, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (record, rest) = postcard::take_from_bytes(bytes.strip_prefix(MAGIC)?).ok()?;
        rest.is_empty().then_some(record)
    }

    /// Whether there are times among the figures, in nanoseconds (`"ns"`): those come out otherwise whenever it is done again.
    pub fn has_times(&self) -> bool {
        self.measures.iter().any(|measure| measure.unit == "ns")
    }

    /// A figure; None where it was not measured or could not be taken.
    pub fn figure(&self, of: &str, quantity: &str) -> Option<Spread> {
        self.measures.iter().find(|measure| measure.of == of && measure.quantity == quantity)?.value
    }

    /// The picture of that name.
    pub fn picture(&self, name: &str) -> Option<&Picture> {
        self.pictures.iter().find(|picture| picture.name == name)
    }

    /// The measures as a table, in the order in which they come first.
    pub fn table(&self) -> Table<'_> {
        let (mut quantities, mut names): (Vec<String>, Vec<&str>) = (vec![], vec![]);
        for measure in &self.measures {
            if !quantities.contains(&measure.heading()) {
                quantities.push(measure.heading());
            }
            if !names.contains(&measure.of.as_str()) {
                names.push(&measure.of);
            }
        }
        let find = |of: &str, heading: &str| self.measures.iter().find(|m| m.of == of && m.heading() == heading);
        if quantities.len() > names.len() {
            let row = |heading: &String| (heading.clone(), names.iter().map(|of| find(of, heading)).collect());
            let rows = quantities.iter().map(row).collect();
            return Table { columns: names.into_iter().map(str::to_owned).collect(), rows };
        }
        let row = |of: &&str| ((*of).to_owned(), quantities.iter().map(|heading| find(of, heading)).collect());
        Table { rows: names.iter().map(row).collect(), columns: quantities }
    }
}

/// Plots that belong together, with one legend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Picture {
    /// Its name within the record: `"one-neuron"`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The plots.
    pub panels: Vec<Panel>,
    /// The colours that mean something, by the names of the marks; other names have the colours of functions or series.
    pub tones: Vec<(String, Tone)>,
}

impl Picture {
    /// A picture without colours that mean something.
    pub fn new(name: &str, title: impl fmt::Display, caption: &str, panels: Vec<Panel>) -> Self {
        let (title, caption) = (title.to_string(), caption.to_owned());
        Self { name: name.to_owned(), title, caption, panels, tones: vec![] }
    }

    /// With the marks of that name in a colour that means something.
    pub fn toned(mut self, name: impl fmt::Display, tone: Tone) -> Self {
        self.tones.push((name.to_string(), tone));
        self
    }

    /// What the colour of the marks of that name means, if it means something.
    pub fn tone(&self, name: &str) -> Option<Tone> {
        self.tones.iter().find(|(toned, _)| toned == name).map(|(_, tone)| *tone)
    }
}

/// What a colour means, in every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Dead, or lost.
    Dead,
    /// Saturated.
    Saturated,
    /// As it should be.
    Sound,
    /// In the background, as the data.
    Quiet,
    /// To compare with: what theory or a paper says.
    Reference,
}

/// One plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Panel {
    /// What it shows, with the quantity on the y axis.
    pub title: String,
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// Whether one unit is as long on the one axis as on the other: a plot of a plane.
    pub plane: bool,
    /// The marks to draw; the first lies lowest.
    pub marks: Vec<Mark>,
}

/// An axis of a panel. It reaches as far as the marks do, unless `ends` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Axis {
    /// The quantity and its unit; empty where the panel's title says it.
    pub label: String,
    /// How values are laid out.
    pub scale: Scale,
    /// The ends, where they are not those of the marks.
    pub ends: Option<(f64, f64)>,
    /// The marks and words on it.
    pub ticks: Ticks,
}

/// The marks and words on an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ticks {
    /// Round numbers.
    Round,
    /// Nothing.
    None,
    /// These names, the first at 1 and so on; upwards the first stands highest.
    Names(Vec<String>),
}

impl Axis {
    /// An axis that reaches as far as the marks do.
    pub fn new(label: &str, scale: Scale) -> Self {
        Self { label: label.to_owned(), scale, ends: None, ticks: Ticks::Round }
    }

    /// An axis with a row or a column for each name, at 1, 2 and so on.
    pub fn of_names(names: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
        let ends = Some((0.4, names.len() as f64 + 0.6));
        Self { label: String::new(), scale: Scale::Linear, ends, ticks: Ticks::Names(names) }
    }

    /// An axis on which nothing is written.
    pub fn bare(low: f64, high: f64) -> Self {
        Self { label: String::new(), scale: Scale::Linear, ends: Some((low, high)), ticks: Ticks::None }
    }

    /// With these ends.
    pub fn from_to(self, low: f64, high: f64) -> Self {
        Self { ends: Some((low, high)), ..self }
    }
}

/// How values are laid out on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, whole numbers.
    Whole,
    /// Shares from 0 to 1, written as percentages.
    Share,
    /// By their logarithm; 0 and less are left out.
    Logarithmic,
}

/// Something drawn. What has the same name has the same colour in all panels of a picture, and one entry in its legend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A line through points (x, y).
    Line {
        /// In the legend.
        name: String,
        /// The points in order.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(Option<f64>, Option<f64>)>"))]
        points: Vec<(f64, f64)>,
    },
    /// Dots.
    Dots {
        /// In the legend.
        name: String,
        /// The points.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(Option<f64>, Option<f64>)>"))]
        points: Vec<(f64, f64)>,
    },
    /// The range of a figure, from low to high, at each x: (x, low, high).
    Band {
        /// In the legend.
        name: String,
        /// The range at each x, in order.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(Option<f64>, Option<f64>, Option<f64>)>"))]
        points: Vec<(f64, f64, f64)>,
    },
    /// Arrows from (x, y) to (x, y).
    Arrows {
        /// In the legend.
        name: String,
        /// Tail and tip of each.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<((Option<f64>, Option<f64>), (Option<f64>, Option<f64>))>")
        )]
        arrows: Vec<((f64, f64), (f64, f64))>,
    },
    /// An area of the plane, filled.
    Area {
        /// In the legend.
        name: String,
        /// Its corners in order.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(Option<f64>, Option<f64>)>"))]
        corners: Vec<(f64, f64)>,
    },
    /// Filled rectangles between opposite corners: bars, cells, bits.
    Boxes {
        /// In the legend.
        name: String,
        /// Two opposite corners of each.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<((Option<f64>, Option<f64>), (Option<f64>, Option<f64>))>")
        )]
        boxes: Vec<((f64, f64), (f64, f64))>,
    },
    /// A word in the plot. Not in the legend.
    Word {
        /// Where it stands: its middle in height.
        #[serde(deserialize_with = "point")]
        #[cfg_attr(feature = "schema", schemars(with = "(Option<f64>, Option<f64>)"))]
        at: (f64, f64),
        /// How it stands there.
        side: Side,
        /// The word.
        text: String,
    },
    /// A line of equal height on a surface. Not in the legend.
    Contour {
        /// The points in order.
        #[serde(deserialize_with = "points")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(Option<f64>, Option<f64>)>"))]
        points: Vec<(f64, f64)>,
    },
    /// The plot's whole height between two x, shaded. Not in the legend.
    Zone {
        /// The left end.
        from: f64,
        /// The right end.
        to: f64,
    },
}

/// Where a word stands from its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// To the right of it.
    Right,
    /// On it.
    Middle,
    /// To the left of it.
    Left,
}

impl Mark {
    /// A word to the right of a point.
    pub fn word(at: (f64, f64), text: impl fmt::Display) -> Self {
        Self::Word { at, side: Side::Right, text: text.to_string() }
    }

    /// Horizontal bars from 0, each in the row of its number, and the text at its end.
    pub fn bars(name: impl fmt::Display, bars: &[(f64, f64, String)]) -> Vec<Self> {
        let boxes = bars.iter().map(|&(row, to, _)| ((0.0, row - 0.32), (to, row + 0.32))).collect();
        let words = bars.iter().map(|(row, to, text)| Self::word((*to, *row), text));
        std::iter::once(Self::Boxes { name: name.to_string(), boxes }).chain(words).collect()
    }

    /// Dots.
    pub fn dots(name: impl fmt::Display, points: Vec<(f64, f64)>) -> Self {
        Self::Dots { name: name.to_string(), points }
    }

    /// A line.
    pub fn line(name: impl fmt::Display, points: Vec<(f64, f64)>) -> Self {
        Self::Line { name: name.to_string(), points }
    }

    /// A figure over the seeds at each x: its range as a band, its median as a line.
    pub fn spreads(name: impl fmt::Display, spreads: &[(f64, Spread)]) -> [Self; 2] {
        let name = name.to_string();
        let band = spreads.iter().map(|(x, spread)| (*x, spread.low, spread.high)).collect();
        let line = spreads.iter().map(|(x, spread)| (*x, spread.median)).collect();
        [Self::Band { name: name.clone(), points: band }, Self::Line { name, points: line }]
    }

    /// Its name in the legend, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Line { name, .. }
            | Self::Dots { name, .. }
            | Self::Band { name, .. }
            | Self::Arrows { name, .. }
            | Self::Boxes { name, .. }
            | Self::Area { name, .. } => Some(name),
            Self::Contour { .. } | Self::Zone { .. } | Self::Word { .. } => None,
        }
    }

    /// The points between which it lies; of a zone, which has no height, none.
    pub fn points(&self) -> Vec<(f64, f64)> {
        match self {
            Self::Line { points, .. } | Self::Dots { points, .. } | Self::Contour { points } => points.clone(),
            Self::Area { corners, .. } => corners.clone(),
            Self::Band { points, .. } => points.iter().flat_map(|&(x, low, high)| [(x, low), (x, high)]).collect(),
            Self::Arrows { arrows: pairs, .. } | Self::Boxes { boxes: pairs, .. } => {
                pairs.iter().flat_map(|&(tail, tip)| [tail, tip]).collect()
            }
            Self::Zone { .. } | Self::Word { .. } => vec![],
        }
    }
}

/// A number of a point; `null` in JSON where it is not finite.
#[derive(Deserialize)]
struct Number(#[serde(deserialize_with = "null::nan")] f64);

/// Points that are read as numbers that may be null.
trait Point {
    type Read: serde::de::DeserializeOwned;

    fn of(read: Self::Read) -> Self;
}

impl Point for (f64, f64) {
    type Read = (Number, Number);

    fn of((x, y): Self::Read) -> Self {
        (x.0, y.0)
    }
}

impl Point for (f64, f64, f64) {
    type Read = (Number, Number, Number);

    fn of((x, low, high): Self::Read) -> Self {
        (x.0, low.0, high.0)
    }
}

impl Point for ((f64, f64), (f64, f64)) {
    type Read = ((Number, Number), (Number, Number));

    fn of((tail, tip): Self::Read) -> Self {
        (Point::of(tail), Point::of(tip))
    }
}

fn points<'de, P: Point, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<P>, D::Error> {
    Ok(Vec::<P::Read>::deserialize(deserializer)?.into_iter().map(P::of).collect())
}

fn point<'de, P: Point, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    P::Read::deserialize(deserializer).map(P::of)
}
