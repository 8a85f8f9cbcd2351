use super::*;
use crate::Unwatched;
use crate::experiments::{self, Request};
use crate::record::experiment::Measure;

/// A record of an experiment that measured these: of what, which quantity, over the seeds.
fn record(experiment: &str, quick: bool, measures: &[(&str, &str, &[f64])]) -> Record {
    Record {
        name: experiment.to_owned(),
        question: String::new(),
        method: String::new(),
        functions: vec![],
        data: None,
        seeds: measures.iter().map(|(_, _, figures)| figures.len()).max().unwrap_or(0),
        quick,
        certainty: String::new(),
        measures: measures.iter().map(|(of, quantity, figures)| Measure::new(of, quantity, "", figures)).collect(),
        pictures: vec![],
    }
}

fn verdict(number: usize, quick: bool, measures: &[(&str, &str, &[f64])]) -> Verdict {
    let statement = statement(number).unwrap();
    statement.answer(&record(statement.experiment, quick, measures)).unwrap().verdict
}

#[test]
fn the_notes_are_31_sentences_in_order_and_one_follows() {
    let numbers: Vec<usize> = statements().map(|statement| statement.number).collect();
    assert_eq!(numbers, (1..=IN_THE_NOTES + 1).collect::<Vec<_>>());
    let count = |group: Group| statements().filter(|statement| statement.group == group).count();
    assert_eq!([Group::Sigmoid, Group::Tanh, Group::Relu, Group::Relu6].map(count), [12, 2, 11, 6]);
    for statement in statements() {
        let Statement { number, sentence, why, .. } = statement;
        assert!(sentence.ends_with('.') && sentence.chars().count() <= 47, "{number}: {sentence}");
        assert!(why.ends_with('.') && why.split(". ").count() == 2, "{number}: {why}");
        assert!(experiments::find(statement.experiment).is_some(), "{number}");
    }
    // The experiments stand in the order of the first sentence that each shows.
    let mut shown: Vec<&str> = vec![];
    for statement in statements() {
        if !shown.contains(&statement.experiment) {
            shown.push(statement.experiment);
        }
    }
    assert_eq!(shown, experiments::ALL.iter().map(|experiment| experiment.name).collect::<Vec<_>>());
}

#[test]
fn every_sentence_has_a_verdict_in_words_and_a_figure() {
    let quick = Request { quick: true, ..Request::default() };
    let records: Vec<Record> =
        experiments::ALL.iter().map(|experiment| experiment.run(&quick, &Unwatched).unwrap()).collect();
    let answers = answers(&records);
    assert_eq!(answers.len(), IN_THE_NOTES + 1);
    for answer in &answers {
        let words = answer.in_words();
        assert!(words.ends_with('.') && words.split_whitespace().count() <= 40, "{}: {words}", answer.number);
        assert!(
            !words.contains("NaN") && answer.in_short.chars().count() <= 30,
            "{}: {}",
            answer.number,
            answer.in_short
        );
        let record = records.iter().find(|record| record.name == answer.experiment).unwrap();
        let picture = record.picture(&answer.figure).unwrap_or_else(|| panic!("{}: {}", answer.number, answer.figure));
        assert!(
            !picture.panels.is_empty() && picture.panels.iter().all(|panel| !panel.marks.is_empty()),
            "{}",
            answer.number
        );
    }
    // Those that need no chance at all are sure however little was done.
    for number in [1, 2, 3, 4, 5, 13, 14, 15, 16, 19, 20, 22, 23, 26, 29] {
        assert_eq!(answers[number - 1].verdict, Verdict::Yes, "{}", answers[number - 1].in_words());
    }
}

#[test]
fn a_range_is_in_0_to_1_or_it_is_not() {
    let outputs = |low: f64, high: f64| {
        verdict(2, false, &[("sigmoid", "least output", &[low]), ("sigmoid", "largest output", &[high])])
    };
    assert_eq!(
        [outputs(0.0, 1.0), outputs(-1.0, 1.0), outputs(0.0, f64::INFINITY)],
        [Verdict::Yes, Verdict::No, Verdict::No]
    );
}

#[test]
fn one_sign_for_a_sample_and_not_in_batches_is_a_yes_but() {
    let shares = |single: f64, batch: f64| {
        let of = "sigmoid";
        verdict(
            6,
            false,
            &[
                (of, "neurons of one sign, 1 sample", &[single; 3]),
                (of, "neurons of one sign, batch of 32", &[batch; 3]),
            ],
        )
    };
    assert_eq!(
        [shares(100.0, 36.0), shares(100.0, 99.0), shares(50.0, 36.0)],
        [Verdict::YesBut, Verdict::Yes, Verdict::No]
    );
}

#[test]
fn what_converges_faster_is_said_plainly() {
    let race = |quick: bool, tanh: &[f64], relu: &[f64]| {
        let times: Vec<f64> = tanh.iter().zip(relu).map(|(tanh, relu)| tanh / relu).collect();
        let measures: &[(&str, &str, &[f64])] = &[
            ("relu", "epochs to 25 %", relu),
            ("tanh", "epochs to 25 %", tanh),
            ("tanh", "times those of relu", &times),
            ("sigmoid", "times those of relu", &[12.0; 3]),
        ];
        let statement = statement(17).unwrap();
        let answer = statement.answer(&record(statement.experiment, quick, measures)).unwrap();
        (answer.verdict, answer.in_words())
    };
    let relu = [2.0, 2.1, 2.2];
    assert_eq!(race(false, &[12.0, 12.6, 13.2], &relu).0, Verdict::Yes);
    assert_eq!(race(false, &[2.4, 2.5, 2.6], &relu).0, Verdict::YesBut);
    let (verdict, words) = race(false, &[1.6, 1.68, 1.76], &relu);
    assert_eq!(verdict, Verdict::No);
    assert!(words.contains("tanh was 1.2 × faster, sigmoid 12 × slower"), "{words}");
    assert_eq!(race(false, &[2.0, 2.1, 2.3], &relu).0, Verdict::No);
    // Done roughly, only figures that are far apart count; nothing comes out the other way round.
    assert_eq!(race(true, &[1.6, 1.68, 1.76], &relu).0, Verdict::TooFewSeeds);
    assert_eq!(race(true, &[12.0, 12.6, 13.2], &relu).0, Verdict::Yes);
}

#[test]
fn one_pair_of_zero_mean_data_that_overlaps_makes_it_a_yes_but() {
    let data = |quick: bool, last: [f64; 3]| {
        let names: Vec<String> = ["sigmoid", "tanh", "relu"]
            .into_iter()
            .flat_map(|f| ["raw", "centred", "scaled", "standardised"].map(|how| format!("{f}, {how}")))
            .collect();
        let (off, centred) = ([3.0, 3.1, 3.2], [2.0, 2.1, 2.2]);
        let figures = |place: usize| {
            if place == 11 {
                last
            } else if place.is_multiple_of(2) {
                off
            } else {
                centred
            }
        };
        let figures: Vec<[f64; 3]> = (0..12).map(figures).collect();
        let measures: Vec<(&str, &str, &[f64])> =
            names.iter().zip(&figures).map(|(name, figures)| (name.as_str(), "epochs to 5 %", &figures[..])).collect();
        verdict(10, quick, &measures)
    };
    assert_eq!(data(false, [2.0, 2.1, 2.2]), Verdict::Yes);
    assert_eq!(data(false, [2.0, 2.1, 3.05]), Verdict::YesBut);
    assert_eq!(data(true, [2.0, 2.1, 2.2]), Verdict::TooFewSeeds);
}

#[test]
fn the_cap_that_keeps_most_decides_whether_6_fits_best() {
    let caps = |cap_1: f64| {
        let mut measures: Vec<(&str, &str, Vec<f64>)> = ["cap 1", "cap 2", "cap 4", "cap 8", "cap 16"]
            .map(|cap| (cap, "SNR in best byte", vec![if cap == "cap 1" { cap_1 } else { 40.0 }; 3]))
            .into();
        measures.push(("relu6", "SNR in best byte", vec![49.0; 3]));
        let all = ["relu6", "relu", "cap 1", "cap 2", "cap 4", "cap 8", "cap 16"];
        measures.extend(all.map(|f| (f, "accuracy gained in best 8 bits", vec![0.1; 3])));
        let measures: Vec<(&str, &str, &[f64])> = measures.iter().map(|(of, what, x)| (*of, *what, &x[..])).collect();
        verdict(31, false, &measures)
    };
    assert_eq!([caps(55.0), caps(45.0)], [Verdict::No, Verdict::Yes]);
}

#[test]
fn records_of_other_functions_answer_nothing() {
    let statement = statement(2).unwrap();
    let other =
        record(statement.experiment, false, &[("tanh", "least output", &[-1.0]), ("tanh", "largest output", &[1.0])]);
    assert_eq!(statement.answer(&other), None);
    assert_eq!(answers(&[other]), []);
    assert_eq!(statement.answer(&record("zig-zag", false, &[])), None);
}

#[test]
fn figures_have_two_digits_and_a_minus_sign() {
    use super::reading::{figure, from_to, percent};
    let figures = [0.0, 0.98, 12.93, 1.153, -0.455, 123.4, 2.7e-12, f64::INFINITY].map(figure);
    assert_eq!(figures, ["0", "0.98", "13", "1.2", "−0.46", "123", "2.7e−12", "∞"]);
    assert_eq!([percent(99.93), percent(100.0), percent(35.8)], ["99.9 %", "100 %", "36 %"]);
    assert_eq!([from_to(&[1.2, 2.07, 1.5]), from_to(&[1.0, 1.0])], ["1.2 to 2.1", "1"]);
}
