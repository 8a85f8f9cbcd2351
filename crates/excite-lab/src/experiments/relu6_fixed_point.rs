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
use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "relu6-fixed-point",
    claim: "ReLU6 suits fixed point: in the 8 bits of UQ3.5 its activations keep more precision than those of ReLU, or of a ReLU with another \
            cap.",
    method: "An MLP 64-64-64-10 is trained on the digits with each function, in floats; relu_n(c), called cap c, is a ReLU with a cap of c. Then its \
             activations, and they alone, are rounded half to even to fixed point, one format for both hidden layers: UQm.n, unsigned with m \
             integer and n fraction bits, or Qm.n with a sign besides. The signal-to-noise ratio is that of the held-out data's activations, \
             10 log10 of Σy² over Σ(y − rounded y)²; the accuracy is that of the network which computes with the rounded ones. The best format of a width is that with the highest ratio on training data; the one that holds all is that with the fewest \
             integer bits m for which no training activation is above 2^m. ReLU6 in UQ3.5 is compared with every other function in its \
             best byte, and in the byte that holds all.",
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

/// The median, and its range over the seeds where there is one.
fn with_range(figures: &[f64]) -> String {
    let of = spread(figures);
    if of.low == of.high {
        return figure(of.median);
    }
    format!("{} ({} to {})", figure(of.median), figure(of.low), figure(of.high))
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
    let (subject, ours) = (subject[0], subject[0].in_byte(3, false));
    let theirs = || others.iter().flat_map(|other| [other.in_byte_that_holds_all(), other.in_best_byte()]);
    Ok(Outcome {
        verdict: Verdict::of(theirs().map(|theirs| spread(&ours).low > spread(&theirs).high)),
        finding: finding(subject, &others, &cases),
        certainty: sure(&ours, &others),
        measures: cases.iter().flat_map(Case::measures).collect(),
        pictures: pictures(&cases),
    })
}

fn finding(subject: &Case, others: &[&Case], cases: &[Case]) -> String {
    let ours = subject.in_byte(3, false);
    let mut sentences = vec![format!(
        "relu6 keeps a signal-to-noise ratio of {} dB in UQ3.5, and {} in Q3.4.",
        with_range(&ours),
        with_range(&subject.in_byte(3, true))
    )];
    let gain_over = |other: &&Case| {
        // Seed by seed: the first weights are the same.
        let gain = |theirs: Vec<f64>| {
            with_range(&ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs).collect::<Vec<_>>())
        };
        let (holding, best) = (gain(other.in_byte_that_holds_all()), gain(other.in_best_byte()));
        if holding == best {
            return format!("{best} over {}", other.name());
        }
        format!("{holding} over {} in the byte that holds all and {best} in its best", other.name())
    };
    if !others.is_empty() {
        let gains: Vec<_> = others.iter().map(gain_over).collect();
        sentences.push(format!("What UQ3.5 gains, in dB: {}.", gains.join("; ")));
    }
    let by_ratio = |a: &&Case, b: &&Case| spread(&a.in_best_byte()).median.total_cmp(&spread(&b.in_best_byte()).median);
    if let Some(highest) = cases.iter().max_by(by_ratio) {
        let mut formats: Vec<String> = vec![];
        for seed in &highest.seeds {
            let format = at(&seed.best, 8).format.to_string();
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        sentences.push(format!(
            "The highest ratio in 8 bits is that of {}, {} dB in {}.",
            highest.name(),
            with_range(&highest.in_best_byte()),
            listed(formats),
        ));
    }
    let changes = |bits: i8| {
        let change = |seed: &Seed| 100.0 * (at(&seed.best, bits).accuracy - seed.accuracy);
        let all: Vec<f64> = cases.iter().flat_map(|case| case.figures(change)).collect();
        let (low, high) = (spread(&all).low, spread(&all).high);
        format!("by {} to {} points in {bits} bits", figure(low), figure(high))
    };
    sentences.push(format!(
        "Over all functions and seeds, rounding changes the accuracy {}.",
        listed([8, 4, 2].map(changes))
    ));
    sentences.join(" ")
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
    let caption = "Of each function the median over the seeds, in a band from the lowest to the highest. A signed format of b bits rounds \
                   these activations, none of which is negative, as an unsigned one of b − 1 bits does.";
    vec![
        Picture {
            title: "Precision of the activations".to_owned(),
            caption: format!(
                "{caption} Each bit is worth 6 dB as long as rounding is all the noise; a format whose end is too low adds that of clipping."
            ),
            panels: vec![
                by_bits("best format: signal-to-noise ratio, dB", decibels(), &|seed, bits| at(&seed.best, bits).ratio),
                by_bits("format that holds all: signal-to-noise ratio, dB", decibels(), &|seed, bits| {
                    at(&seed.holding, bits).ratio
                }),
                by_integer_bits,
            ],
        },
        Picture {
            title: "Accuracy with rounded activations".to_owned(),
            caption: caption.to_owned(),
            panels: vec![
                by_bits("best format: accuracy on held-out data", accuracy(), &|seed, bits| {
                    at(&seed.best, bits).accuracy
                }),
                by_bits("format that holds all: accuracy on held-out data", accuracy(), &|seed, bits| {
                    at(&seed.holding, bits).accuracy
                }),
            ],
        },
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
        assert!(record.finding.contains("UQ3.5") && record.finding.contains("relu"), "{}", record.finding);
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
