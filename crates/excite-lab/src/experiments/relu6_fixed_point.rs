mod cases;
mod pictures;

use excite::{Facts, Function, Relu6};

use self::cases::{A_BIT, Case, Seed};
use super::{Experiment, Outcome, Setting, figure, listed, spread};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::record::comparison::ranges_apart_by_chance;
use crate::record::experiment::Measure;

pub use self::cases::signal_to_noise;

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
    let pictures = pictures::all(&cases, subject[0]);
    Ok(Outcome { certainty: sure(&ours, &others), measures, pictures })
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

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::cases::{BITS, best, holding, signed, unsigned};
    use super::pictures::letters;
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
