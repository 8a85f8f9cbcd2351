//! The pictures of the experiment.

use excite::{Facts, Function};

use super::super::{figure, spread};
use super::cases::{BITS, Case, Seed, at, holding};
use crate::record::experiment::{Axis, Mark, Panel, Picture, Scale, Side, Tone};

const SIGN: &str = "sign";
const INTEGER: &str = "integer bits";
const FRACTION: &str = "fraction bits";

/// The eight boxes of each format, a row each, with what they are for before them.
fn boxes(title: &str, rows: &[(String, &str)]) -> Panel {
    let (mut signs, mut integers, mut fractions, mut words) = (vec![], vec![], vec![], vec![]);
    for (row, (_, bits)) in (1..).zip(rows) {
        let row = f64::from(row);
        for (place, bit) in (0_u8..).zip(bits.chars().filter(|bit| *bit != '.')) {
            let left = f64::from(place);
            let corners = ((left + 0.06, row - 0.3), (left + 0.94, row + 0.3));
            match bit {
                's' => signs.push(corners),
                'i' => integers.push(corners),
                _ => fractions.push(corners),
            }
            words.push(Mark::Word { at: (left + 0.5, row), side: Side::Middle, text: bit.to_string() });
        }
        // The point, between the integer bits and the fraction.
        let point = bits.find('.').unwrap_or(0) as f64;
        words.push(Mark::dots("the point", vec![(point, row + 0.3)]));
    }
    let named = [(SIGN, signs), (INTEGER, integers), (FRACTION, fractions)];
    let named = named.into_iter().filter(|(_, boxes)| !boxes.is_empty());
    let marks = named.map(|(name, boxes)| Mark::Boxes { name: name.to_owned(), boxes }).chain(words).collect();
    Panel {
        title: title.to_owned(),
        x: Axis::bare(-0.1, 8.1),
        y: Axis::of_names(rows.iter().map(|(name, _)| name)),
        plane: false,
        marks,
    }
}

fn in_tones(picture: Picture) -> Picture {
    picture
        .toned(SIGN, Tone::Saturated)
        .toned(INTEGER, Tone::Quiet)
        .toned(FRACTION, Tone::Sound)
        .toned("the point", Tone::Reference)
        .toned(CAPPED, Tone::Reference)
        .toned(HOLDING, Tone::Reference)
        .toned(BEST, Tone::Sound)
}

/// The letters of an unsigned byte with this number of integer bits: `"iii.fffff"`.
pub(super) fn letters(integer: usize) -> String {
    let integer = integer.min(8);
    format!("{}.{}", "i".repeat(integer), "f".repeat(8 - integer))
}

fn ratio_bars(title: &str, bars: &[(String, f64)]) -> Panel {
    let rows: Vec<_> =
        (1..).zip(bars).map(|(row, (_, ratio))| (f64::from(row), *ratio, format!("{} dB", figure(*ratio)))).collect();
    Panel {
        title: title.to_owned(),
        x: Axis::new("decibels; 6 are a bit", Scale::Linear).from_to(0.0, 66.0),
        y: Axis::of_names(bars.iter().map(|(name, _)| name)),
        plane: false,
        marks: Mark::bars(FRACTION, &rows),
    }
}

/// What ReLU and ReLU6 need for their largest activation, and the bits left for the fraction.
fn fraction_bits(cases: &[Case]) -> Picture {
    let of = |name: &str| cases.iter().find(|case| case.function.name() == name);
    let (mut rows, mut bars) = (vec![], vec![]);
    for case in ["relu", "relu6"].into_iter().filter_map(of) {
        let largest = spread(&case.figures(|seed| seed.largest)).high;
        let format = holding(largest, 8);
        rows.push((
            format!("{}, up to {}", case.name(), figure(largest)),
            letters(format.integer_bits().max(0) as usize),
        ));
        let ratio = spread(&case.in_byte(format.integer_bits(), false)).median;
        bars.push((format!("{} in {format}", case.name()), ratio));
    }
    let rows: Vec<(String, &str)> = rows.iter().map(|(name, bits)| (name.clone(), bits.as_str())).collect();
    in_tones(Picture::new(
        "fraction-bits",
        "Eight bits for activations of ReLU and of ReLU6",
        "Each format holds the largest activation of all seeds. The signal-to-noise ratio is that of the held-out activations.",
        vec![boxes("the eight bits", &rows), ratio_bars("precision: signal-to-noise ratio", &bars)],
    ))
}

/// Three integer bits with a sign and without.
fn sign_bit(six: &Case) -> Picture {
    let rows = [("UQ3.5, unsigned".to_owned(), "iii.fffff"), ("Q3.4, signed".to_owned(), "siii.ffff")];
    let ratio = |signed: bool| spread(&six.in_byte(3, signed)).median;
    let bars = [("UQ3.5".to_owned(), ratio(false)), ("Q3.4".to_owned(), ratio(true))];
    in_tones(Picture::new(
        "sign-bit",
        "Three integer bits reach to 8: the bits left for the fraction",
        "",
        vec![boxes("the eight bits", &rows), ratio_bars("precision of ReLU6: signal-to-noise ratio", &bars)],
    ))
}

const CAPPED: &str = "another cap";

/// The name by which a case is coloured: a function's own, or that of all other caps.
fn series(case: &Case) -> String {
    if matches!(case.function, Function::ReluN(_)) { CAPPED.to_owned() } else { case.function.to_string() }
}

/// The cases by their cap, the least first; no cap last.
fn by_cap(cases: &[Case]) -> Vec<&Case> {
    let mut cases: Vec<&Case> = cases.iter().collect();
    let cap = |case: &&Case| Facts::of(case.function).range.high;
    cases.sort_by(|a, b| cap(a).total_cmp(&cap(b)));
    cases
}

/// A dot a seed for each case.
fn dots(title: &str, x: Axis, cases: &[&Case], figures: impl Fn(&Case) -> Vec<f64>) -> Panel {
    let mark = |(row, case): (i32, &&Case)| {
        Mark::dots(series(case), figures(case).into_iter().map(|figure| (figure, f64::from(row))).collect())
    };
    Panel {
        title: title.to_owned(),
        x,
        y: Axis::of_names(cases.iter().map(|case| case.name())),
        plane: false,
        marks: (1..).zip(cases).map(mark).collect(),
    }
}

/// The largest activation of each function, with the ends of the formats.
fn reach(cases: &[Case]) -> Picture {
    let cases = by_cap(cases);
    let rows = cases.len() as f64;
    let x = Axis::new("largest activation on the training data, a dot a seed", Scale::Linear).from_to(0.0, 17.0);
    let mut panel = dots("largest activation, and where 1, 2, 3 and 4 integer bits end", x, &cases, |case| {
        case.figures(|seed| seed.largest)
    });
    let ends = [2.0, 4.0, 8.0, 16.0].map(|end| Mark::Contour { points: vec![(end, 0.4), (end, rows + 0.6)] });
    panel.marks.splice(0..0, ends);
    in_tones(Picture::new("reach", "How far the activations reach", "", vec![panel]))
}

/// Precision and accuracy in the best byte, by cap.
fn caps(cases: &[Case]) -> Picture {
    let cases = by_cap(cases);
    let ratio = Axis::new("decibels; 6 are a bit", Scale::Linear);
    let change = Axis::new("points of accuracy", Scale::Linear).from_to(-2.0, 2.0);
    in_tones(Picture::new(
        "caps",
        "Each cap in its best byte, a dot a seed",
        "",
        vec![
            dots("precision: signal-to-noise ratio", ratio, &cases, Case::in_best_byte),
            dots("accuracy gained by rounding to 8 bits", change, &cases, |case| {
                case.figures(|seed| 100.0 * (at(&seed.best, 8).accuracy - seed.accuracy))
            }),
        ],
    ))
}

const HOLDING: &str = "the byte that holds all";
const BEST: &str = "the best byte";

/// Precision in the byte that holds all and in the best, by cap.
fn formats(cases: &[Case]) -> Picture {
    let cases = by_cap(cases);
    let marks = [(HOLDING, -0.13), (BEST, 0.13)].map(|(name, shift)| {
        let points = (1..).zip(&cases).flat_map(|(row, case)| {
            let ratios = if name == BEST { case.in_best_byte() } else { case.in_byte_that_holds_all() };
            ratios.into_iter().map(move |ratio| (ratio, f64::from(row) + shift))
        });
        Mark::dots(name, points.collect())
    });
    let panel = Panel {
        title: "signal-to-noise ratio in 8 bits, a dot a seed".to_owned(),
        x: Axis::new("decibels; 6 are a bit", Scale::Linear),
        y: Axis::of_names(cases.iter().map(|case| case.name())),
        plane: false,
        marks: marks.into(),
    };
    in_tones(Picture::new("formats", "Which cap fits 8 bits best", "", vec![panel]))
}

/// All of them; `six` is the function with a cap of 6.
pub(super) fn all(cases: &[Case], six: &Case) -> Vec<Picture> {
    let mut pictures = vec![fraction_bits(cases), sign_bit(six), reach(cases), caps(cases), formats(cases)];
    pictures.extend(by_bits(cases));
    pictures
}

/// Precision and accuracy by the number of bits.
fn by_bits(cases: &[Case]) -> Vec<Picture> {
    let by_bits = |title: &str, y: Axis, figure: &dyn Fn(&Seed, i8) -> f64| {
        let marks = |case: &Case| {
            let at = |bits: i8| (f64::from(bits), spread(&case.figures(|seed| figure(seed, bits))));
            Mark::spreads(case.name(), &BITS.map(at).collect::<Vec<_>>())
        };
        Panel {
            title: title.to_owned(),
            x: Axis::new("bits of an unsigned number", Scale::Whole),
            y,
            plane: false,
            marks: cases.iter().flat_map(marks).collect(),
        }
    };
    let decibels = || Axis::new("", Scale::Linear);
    let seeds = cases.iter().flat_map(|case| &case.seeds);
    let accuracies = seeds.flat_map(|seed| seed.best.iter().chain(&seed.holding)).map(|quality| quality.accuracy);
    // Both panels from the same multiple of 5 % on.
    let lowest = (20.0 * accuracies.fold(1.0, f64::min)).floor() / 20.0;
    let accuracy = || Axis::new("", Scale::Share).from_to(lowest, 1.0);
    let by_integer_bits = Panel {
        title: "8 bits: signal-to-noise ratio, dB".to_owned(),
        x: Axis::new("integer bits m of UQm.n", Scale::Whole),
        y: decibels(),
        plane: false,
        marks: cases
            .iter()
            .flat_map(|case| {
                let at = |integer: i8| (f64::from(integer), spread(&case.in_byte(integer, false)));
                Mark::spreads(case.name(), &(0..=6).map(at).collect::<Vec<_>>())
            })
            .collect(),
    };
    let caption = "A signed format of b bits rounds \
                   these activations, none of which is negative, as an unsigned one of b − 1 bits does.";
    vec![
        Picture::new(
            "precision-by-bits",
            "Precision of the activations",
            &format!(
                "{caption} Each bit is worth 6 dB as long as rounding is all the noise; a format whose end is too low adds that of clipping."
            ),
            vec![
                by_bits("best format: signal-to-noise ratio, dB", decibels(), &|seed, bits| at(&seed.best, bits).ratio),
                by_bits("format that holds all: signal-to-noise ratio, dB", decibels(), &|seed, bits| {
                    at(&seed.holding, bits).ratio
                }),
                by_integer_bits,
            ],
        ),
        Picture::new(
            "accuracy-by-bits",
            "Accuracy with rounded activations",
            caption,
            vec![
                by_bits("best format: accuracy on held-out data", accuracy(), &|seed, bits| {
                    at(&seed.best, bits).accuracy
                }),
                by_bits("format that holds all: accuracy on held-out data", accuracy(), &|seed, bits| {
                    at(&seed.holding, bits).accuracy
                }),
            ],
        ),
    ]
}
