use excite::{Facts, Function, Relu6};
use excite_fixed::calibration::decibels;
use excite_fixed::{Overflow, QFormat, Rounding};

use super::trial::Trial;
use super::{Experiment, Outcome, Setting, figure, listed, spread};
use crate::LabError;
use crate::activation::Activation;
use crate::data::{Dataset, Options};
use crate::initialise::Init;
use crate::loss::{batch_loss, error};
use crate::network::{Network, Start};
use crate::record::comparison::ranges_apart_by_chance;
use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Side, Tone};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "relu6-fixed-point",
    question: "What a cap of 6 does for activations in 8 bits.",
    method: "An MLP 64-64-64-10 is trained on the digits with each function, in floats; relu_n(c), called cap c, is a ReLU with a cap of c. Then its \
             activations, and they alone, are rounded half to even to fixed point, one format for both hidden layers: UQm.n, unsigned with m \
             integer and n fraction bits, or Qm.n with a sign besides. The signal-to-noise ratio is that of the held-out data's activations, \
             10 log10 of Σy² over Σ(y − rounded y)²; the accuracy is that of the network which computes with the rounded ones. The best format of a width is that with the highest ratio on training data; the one that holds all is that with the fewest \
             integer bits m for which no training activation is above 2^m.",
    functions: &["relu6", "relu", "relu_n(1)", "relu_n(2)", "relu_n(4)", "relu_n(8)", "relu_n(16)"],
    seeds: 5,
    takes_data: false,
    refuses,
    run,
};

fn refuses(f: Function) -> Option<String> {
    let low = Facts::of(f).range.low;
    (low < 0.0).then(|| format!("{f} puts out negative numbers, which an unsigned format does not hold"))
}

const HIDDEN: [usize; 2] = [64, 64];
const LEARNING_RATE: f64 = 0.03;
/// The first weights of all networks are those for ReLU: the functions differ in their caps alone.
const GAIN: f64 = std::f64::consts::SQRT_2;
const BITS: std::ops::RangeInclusive<i8> = 2..=16;
/// The integer bits that are tried.
const INTEGERS: std::ops::RangeInclusive<i8> = -3..=8;
/// The number of training activations by which the formats are chosen.
const CHOSEN_BY: usize = 1 << 15;

fn unsigned(bits: i8, integer: i8) -> QFormat {
    QFormat::with_bits(false, bits as u32, integer).expect("2 to 16 bits")
}

fn signed(bits: i8, integer: i8) -> QFormat {
    QFormat::with_bits(true, bits as u32, integer).expect("2 to 16 bits")
}

/// The nearest number of the format, half to even; what lies beyond its end is the end.
fn rounded(y: f32, format: QFormat) -> f64 {
    format.quantise(f64::from(y), Rounding::HalfEven, Overflow::Saturate)
}

/// The signal-to-noise ratio of `values` in `format`, in decibels.
pub(crate) fn signal_to_noise(values: &[f32], format: QFormat) -> f64 {
    let (signal, noise) = values.iter().fold((0.0, 0.0), |(signal, noise), &y| {
        (signal + f64::from(y).powi(2), noise + (f64::from(y) - rounded(y, format)).powi(2))
    });
    decibels(signal, noise)
}

/// The format of `bits` bits with the highest signal-to-noise ratio.
fn best(values: &[f32], bits: i8) -> QFormat {
    let ratio = |integer: &i8| signal_to_noise(values, unsigned(bits, *integer));
    let integer = INTEGERS.max_by(|a, b| ratio(a).total_cmp(&ratio(b))).expect("there is a range");
    unsigned(bits, integer)
}

/// Of the formats of `bits` bits tried, the one with the fewest integer bits m for which no value is above 2^m.
fn holding(largest: f64, bits: i8) -> QFormat {
    let format = QFormat::holding(false, bits as u32, largest);
    let integer = format.map_or(*INTEGERS.start(), QFormat::integer_bits);
    unsigned(bits, integer.clamp(*INTEGERS.start(), *INTEGERS.end()))
}

/// A format, with its signal-to-noise ratio and the accuracy in it.
struct Quality {
    format: QFormat,
    ratio: f64,
    accuracy: f64,
}

/// What one trained network's activations are like.
struct Seed {
    /// The largest activation on training data.
    largest: f64,
    /// In floats.
    accuracy: f64,
    /// By the number of bits.
    best: Vec<Quality>,
    holding: Vec<Quality>,
    /// The signal-to-noise ratio in a byte, by integer bits: unsigned and signed.
    bytes: Vec<[f64; 2]>,
}

impl Seed {
    fn new(data: &Dataset, f: Function, seed: u64, epochs: usize) -> Result<Self, LabError> {
        let start = Start { init: Init::KaimingNormal, gain: Some(GAIN), bias: 0.0 };
        let mut trial = Trial::new(data, &HIDDEN, f, start, seed)?;
        let mut descent = trial.descent(LEARNING_RATE);
        for _ in 0..epochs {
            trial.epoch(&mut descent);
        }
        let network = &trial.network;
        let (_, training) = evaluated(network, f, &data.train, None);
        let (accuracy, held_out) = evaluated(network, f, &data.test, None);
        let largest = f64::from(training.iter().copied().fold(0.0, f32::max));
        let sample: Vec<f32> = training.iter().copied().step_by((training.len() / CHOSEN_BY).max(1)).collect();
        let quality = |format: QFormat| -> Result<Quality, LabError> {
            let (accuracy, _) = evaluated(network, f, &data.test, Some(format));
            Ok(Quality { format, ratio: signal_to_noise(&held_out, format), accuracy })
        };
        Ok(Self {
            largest,
            accuracy,
            best: BITS.map(|bits| quality(best(&sample, bits))).collect::<Result<_, _>>()?,
            holding: BITS.map(|bits| quality(holding(largest, bits))).collect::<Result<_, _>>()?,
            bytes: INTEGERS
                .map(|integer| [unsigned, signed].map(|format| signal_to_noise(&held_out, format(8, integer))))
                .collect(),
        })
    }
}

/// The accuracy on `samples` with activations in `format`, or in floats, and the hidden activations.
fn evaluated(
    network: &Network,
    f: Function,
    samples: &crate::data::Samples,
    format: Option<QFormat>,
) -> (f64, Vec<f32>) {
    let activation = Activation::new(f);
    let pass = network.forward_with(samples.inputs.clone(), |z| {
        let mut a = activation.forward(z);
        if let Some(format) = format {
            a.values.iter_mut().for_each(|y| *y = rounded(*y, format) as f32);
        }
        a
    });
    let all: Vec<usize> = (0..samples.len()).collect();
    let errors = batch_loss(&pass.outputs.values, &samples.targets, &all).errors;
    let activations = pass.hidden.iter().flat_map(|hidden| &hidden.a.values).copied().collect();
    (1.0 - error(&samples.targets, errors, all.len()), activations)
}

/// One function.
struct Case {
    function: Function,
    seeds: Vec<Seed>,
}

impl Case {
    fn figures(&self, figure: impl Fn(&Seed) -> f64) -> Vec<f64> {
        self.seeds.iter().map(figure).collect()
    }

    /// A cap that is not 6 by its value, for that is all the name says.
    fn name(&self) -> String {
        match self.function {
            Function::ReluN(f) => format!("cap {}", f.cap()),
            other => other.to_string(),
        }
    }

    /// The signal-to-noise ratios in the byte with `integer` integer bits.
    fn in_byte(&self, integer: i8, signed: bool) -> Vec<f64> {
        self.figures(|seed| seed.bytes[(integer - INTEGERS.start()) as usize][usize::from(signed)])
    }

    fn in_best_byte(&self) -> Vec<f64> {
        self.figures(|seed| at(&seed.best, 8).ratio)
    }

    fn in_byte_that_holds_all(&self) -> Vec<f64> {
        self.figures(|seed| at(&seed.holding, 8).ratio)
    }

    fn measures(&self) -> Vec<Measure> {
        let name = self.name();
        let percent = |share: f64| 100.0 * share;
        let mut measures = vec![
            Measure::new(&name, "largest activation", "", &self.figures(|seed| seed.largest)),
            Measure::new(&name, "accuracy in floats", "%", &self.figures(|seed| percent(seed.accuracy))),
        ];
        for (integer, is_signed) in [(2, false), (3, false), (4, false), (2, true), (3, true), (4, true)] {
            let format = if is_signed { signed(8, integer) } else { unsigned(8, integer) };
            measures.push(Measure::new(&name, &format!("SNR in {format}"), "dB", &self.in_byte(integer, is_signed)));
        }
        let mut measure =
            |quantity: &str, unit: &str, figures: &[f64]| measures.push(Measure::new(&name, quantity, unit, figures));
        let integers = |seed: &Seed| f64::from(at(&seed.best, 8).format.integer_bits());
        measure("integer bits of best byte", "", &self.figures(integers));
        let holding = |seed: &Seed| f64::from(at(&seed.holding, 8).format.integer_bits());
        measure("integer bits of byte that holds all", "", &self.figures(holding));
        let change = |seed: &Seed| percent(at(&seed.best, 8).accuracy - seed.accuracy);
        measure("accuracy gained in best 8 bits", "points", &self.figures(change));
        measure("SNR in best byte", "dB", &self.in_best_byte());
        measure("SNR in byte that holds all", "dB", &self.in_byte_that_holds_all());
        for bits in [8, 6, 4] {
            let accuracy = |seed: &Seed| percent(at(&seed.best, bits).accuracy);
            measure(&format!("accuracy in best {bits} bits"), "%", &self.figures(accuracy));
        }
        measure("accuracy in 4 bits that hold all", "%", &self.figures(|seed| percent(at(&seed.holding, 4).accuracy)));
        measures
    }
}

fn at(by_bits: &[Quality], bits: i8) -> &Quality {
    &by_bits[(bits - BITS.start()) as usize]
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let epochs = if setting.quick { 4 } else { 20 };
    let relu6 = Function::from(Relu6);
    let mut functions = setting.functions.clone();
    if !functions.contains(&relu6) {
        functions.insert(0, relu6);
    }
    setting.plan(functions.len());
    let case = |&function: &Function| -> Result<Case, LabError> {
        let seeds = setting.over_seeds(&function.to_string(), |seed| Seed::new(&data, function, seed, epochs))?;
        Ok(Case { function, seeds })
    };
    let cases: Vec<Case> = functions.iter().map(case).collect::<Result<_, _>>()?;
    let (subject, others): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.function == relu6);
    let ours = subject[0].in_byte(3, false);
    let mut measures: Vec<Measure> = cases.iter().flat_map(Case::measures).collect();
    if let Some(relu) = cases.iter().find(|case| case.function.name() == "relu") {
        // Seed by seed: the first weights are the same.
        let gained: Vec<f64> = ours.iter().zip(relu.in_byte_that_holds_all()).map(|(six, all)| six - all).collect();
        measures.push(Measure::new("relu6", "SNR in UQ3.5 over ReLU in the byte that holds all", "dB", &gained));
        measures.push(Measure::new(
            "relu6",
            "bits that is",
            "",
            &gained.iter().map(|gain| gain / A_BIT).collect::<Vec<_>>(),
        ));
    }
    let mut pictures: Vec<Picture> =
        [fraction_bits(&cases), sign_bit(subject[0]), reach(&cases), caps(&cases), formats(&cases)].into();
    pictures.extend(self::pictures(&cases));
    Ok(Outcome { certainty: sure(&ours, &others), measures, pictures })
}

/// The decibels that a bit is worth: 20 log10 of 2.
const A_BIT: f64 = 6.020_599_913_279_624;

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
fn letters(integer: usize) -> String {
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

/// From whom the seeds tell `ours` apart.
fn sure(ours: &[f64], others: &[&Case]) -> String {
    let mut like: Vec<String> = vec![];
    for other in others {
        for (theirs, which) in [(other.in_byte_that_holds_all(), "holding all"), (other.in_best_byte(), "best")] {
            if spread(ours).overlaps(&spread(&theirs)) {
                like.push(format!("{} ({which})", other.name()));
            }
        }
    }
    let seeds = ours.len();
    if seeds < 2 {
        return "One seed: no spread, so nothing is sure.".to_owned();
    }
    format!(
        "Ranges over {seeds} seeds that do not overlap come about by chance once in {} times. Those of UQ3.5 overlap with those of {}.",
        figure(ranges_apart_by_chance(seeds, seeds)),
        listed(like),
    )
}

fn pictures(cases: &[Case]) -> Vec<Picture> {
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

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn uniform_values_have_the_ratio_of_the_textbook() {
        // Uniform from 0 to 8: a mean square of 64/3; rounding to steps of s has one of s²/12.
        let values: Vec<f32> = (0..100_000).map(|i| (i as f32 + 0.5) / 100_000.0 * 7.9).collect();
        for (format, step) in [("UQ3.5", 1.0 / 32.0_f64), ("Q3.4", 1.0 / 16.0)] {
            let expected = 10.0 * (7.9_f64.powi(2) / 3.0 / (step * step / 12.0)).log10();
            let ratio = signal_to_noise(&values, format.parse().unwrap());
            assert!((ratio - expected).abs() < 0.02, "{format}: {ratio} for {expected}");
        }
        // In two integer bits all above 4 is clipped, and that is nearly all the noise: ∫(x − 4)² from 4 to 7.9.
        let expected = 10.0 * (7.9_f64.powi(3) / 3.9_f64.powi(3)).log10();
        let ratio = signal_to_noise(&values, "UQ2.6".parse().unwrap());
        assert!((ratio - expected).abs() < 0.1, "{ratio} for {expected}");
        assert_eq!(best(&values, 8), "UQ3.5".parse().unwrap());
    }

    #[test]
    fn a_format_holds_powers_of_two_up_to_its_last_step() {
        for (largest, name) in [(6.0, "UQ3.5"), (8.0, "UQ3.5"), (8.1, "UQ4.4"), (1.0, "UQ0.8"), (0.2, "UQ-2.10")] {
            assert_eq!(holding(largest, 8).to_string(), name, "{largest}");
        }
    }

    #[test]
    fn a_signed_format_rounds_these_values_as_an_unsigned_one_with_a_bit_less() {
        let values: Vec<f32> = (0..1000).map(|i| i as f32 / 113.0).collect();
        for bits in BITS.skip(1) {
            assert_eq!(signal_to_noise(&values, signed(bits, 3)), signal_to_noise(&values, unsigned(bits - 1, 3)));
        }
    }

    #[test]
    fn relu6_comes_out_in_uq3_5_and_q3_4_and_a_bit_is_worth_six_decibels() {
        let record = quick("relu6-fixed-point", &["relu6", "relu"]);
        let ratio = |format: &str| measured(&record, "relu6", &format!("SNR in {format}")).median;
        let gained = ratio("UQ3.5") - ratio("Q3.4");
        assert!((gained - 6.02).abs() < 0.5, "{gained}");
        assert!(measured(&record, "relu6", "largest activation").high <= 6.0);
        assert!(measured(&record, "relu", "accuracy in floats").median > 80.0, "it has learned");
        // Eight bits are as good as a float here.
        let lost = measured(&record, "relu6", "accuracy in best 8 bits").median;
        assert!((lost - measured(&record, "relu6", "accuracy in floats").median).abs() < 2.0);
        assert_eq!(letters(3), "iii.fffff");
    }

    #[test]
    fn another_cap_may_keep_more() {
        // Values that use all of two integer bits gain a bit over those for which three are kept.
        let wide: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0 * 4.0).collect();
        assert!(
            signal_to_noise(&wide, "UQ2.6".parse().unwrap()) > signal_to_noise(&wide, "UQ3.5".parse().unwrap()) + 5.0
        );
        assert!(refuses("tanh".parse().unwrap()).is_some() && refuses(Function::from(Relu6)).is_none());
    }
}
