//! Comparisons of constructed runs: the figures, and what the verdict makes of them.

use excite::Function;
use excite_lab::record::comparison::{Comparison, DataSummary, Settings, Task};
use excite_lab::record::deaths::{Death, Deaths, Event, Push, UnitHistory};
use excite_lab::record::run::{Epoch, LayerRecord, Outcome, Run, Time};
use excite_lab::record::side_by_side;

fn layer() -> LayerRecord {
    LayerRecord {
        name: "hidden 1".to_owned(),
        units: 8,
        samples: 100,
        dead: 0.0,
        saturated: 0.0,
        saturated_units: 0.0,
        mean: 0.0,
        std: 1.0,
        off_centre: 0.1,
        gradient_norm: 1.0,
        same_sign: 0.6,
        update_ratio: 1e-3,
    }
}

/// A run of the training errors given, whose last test error is `test_error`.
fn run(name: &str, seed: u64, train_errors: &[f64], test_error: f64) -> Run {
    let epoch = |&train_error: &f64| Epoch { train_loss: 1.0, train_error, test_error, layers: vec![layer()] };
    Run {
        activation: name.parse().unwrap(),
        seed,
        learning_rate: 0.1,
        epochs: train_errors.iter().map(epoch).collect(),
        outcome: Outcome::Finished,
        histograms: Vec::new(),
        deaths: Deaths::default(),
        time: Time { training: 2.0, activation: 0.5, vitals: 0.1 },
    }
}

fn diverged(name: &str, seed: u64) -> Run {
    let mut run = run(name, seed, &[f64::NAN], f64::NAN);
    run.epochs[0].train_loss = f64::NAN;
    Run { outcome: Outcome::Diverged, ..run }
}

fn compare(task: Task, runs: Vec<Vec<Run>>, complete: bool) -> Comparison {
    let data = DataSummary {
        name: "made up".to_owned(),
        task,
        shape: vec![2],
        classes: Vec::new(),
        train: 100,
        test: 20,
        input_mean: 0.0,
        input_std: 1.0,
    };
    let settings = Settings {
        network: "MLP 2-8-2".to_owned(),
        optimizer: "SGD".to_owned(),
        initialisation: "Kaiming".to_owned(),
        batch: 32,
        epochs: 3,
        seeds: runs.iter().map(Vec::len).max().unwrap_or(0),
        balanced: false,
        standardised: true,
        command: "excite compare".to_owned(),
    };
    let results = runs.into_iter().map(|runs| (runs[0].activation, Vec::new(), 0.1, runs)).collect();
    side_by_side(data, settings, 0.10, results, complete)
}

fn verdict(runs: Vec<Vec<Run>>) -> String {
    compare(Task::Classification, runs, true).verdict
}

/// Three seeds that reach 10 % after `epochs` epochs and a bit more each, and end around `test_error`.
fn three(name: &str, epochs: usize, test_error: f64) -> Vec<Run> {
    (0..3)
        .map(|seed| {
            let mut errors = vec![0.5; epochs - 1];
            errors.push(0.09 - 0.01 * seed as f64);
            run(name, seed, &errors, test_error * (0.9 + 0.1 * seed as f64))
        })
        .collect()
}

#[test]
fn epochs_to_the_target_are_interpolated() {
    assert_eq!(run("relu", 0, &[0.5, 0.3, 0.1], 0.1).epochs_to(0.2), Some(2.5));
    assert_eq!(run("relu", 0, &[0.5, 0.3, 0.1], 0.1).epochs_to(0.3), Some(2.0));
    assert_eq!(run("relu", 0, &[0.1, 0.3], 0.1).epochs_to(0.2), Some(1.0));
    assert_eq!(run("relu", 0, &[0.5, 0.3], 0.1).epochs_to(0.2), None);
    assert_eq!(run("relu", 0, &[], 0.1).epochs_to(0.2), None);
    assert_eq!(diverged("relu", 0).epochs_to(0.2), None);
}

#[test]
fn speed_ups_are_ratios_of_medians_and_none_where_undefined() {
    let relu = vec![run("relu", 0, &[0.5, 0.1], 0.1)];
    let tanh = vec![run("tanh", 0, &[0.5, 0.3, 0.2, 0.1], 0.1)];
    let sigmoid = vec![run("sigmoid", 0, &[0.5, 0.5], 0.1)];
    let comparison = compare(Task::Classification, vec![relu, tanh, sigmoid], true);
    let speed_ups: Vec<_> =
        comparison.activations.iter().map(|a| (a.speed_up_over_slowest, a.speed_up_over_tanh)).collect();
    assert_eq!(speed_ups, [(Some(2.0), Some(2.0)), (Some(1.0), Some(1.0)), (None, None)]);
    let alone = compare(Task::Classification, vec![three("relu", 2, 0.1)], true);
    assert_eq!((alone.activations[0].speed_up_over_slowest, alone.activations[0].speed_up_over_tanh), (None, None));
}

#[test]
fn seeds_that_diverged_stay_out_of_the_test_error_and_few_that_reached_give_no_epochs() {
    let runs = vec![run("relu", 0, &[0.5, 0.1], 0.2), diverged("relu", 1), diverged("relu", 2)];
    let result = &compare(Task::Classification, vec![runs], true).activations[0];
    assert_eq!((result.reached, result.diverged, result.epochs_to_target), (1, 2, None));
    assert_eq!(result.test_error.unwrap().high, 0.2);
    assert_eq!((result.seconds_per_epoch, result.activation_share), (2.0, 0.25));
}

/// One that reached 10 % after each of these epochs, and as many that did not as are None.
fn seeds_to_target(name: &str, epochs: &[Option<usize>]) -> Vec<Run> {
    let errors = |epochs: Option<usize>| match epochs {
        Some(epochs) => [vec![0.5; epochs - 1], vec![0.1]].concat(),
        None => vec![0.5; 9],
    };
    (0..).zip(epochs).map(|(seed, epochs)| run(name, seed, &errors(*epochs), 0.1)).collect()
}

#[test]
fn seeds_that_missed_the_target_count_as_above_all_others_in_the_median_and_in_its_interval() {
    let of = |epochs: &[Option<usize>]| {
        let result = compare(Task::Classification, vec![seeds_to_target("relu", epochs)], true).activations.remove(0);
        let interval = result.epochs_interval.map(|interval| (interval.low, interval.high));
        (result.epochs_to_target.map(|epochs| (epochs.median, epochs.low, epochs.high)), interval)
    };
    assert_eq!(of(&[Some(2), Some(4), Some(6)]), (Some((4.0, 2.0, 6.0)), Some((2.0, Some(6.0)))));
    // The one in the middle is now the later of the two that did.
    assert_eq!(of(&[Some(2), Some(4), None]), (Some((4.0, 2.0, 4.0)), Some((2.0, None))));
    assert_eq!(of(&[Some(2), None, None]), (None, Some((2.0, None))));
    // Of the two in the middle one missed: no number of epochs is half way to that.
    assert_eq!(of(&[Some(2), Some(4), None, None]), (None, Some((2.0, None))));
    assert_eq!(of(&[None, None]), (None, None));
}

#[test]
fn where_a_seed_missed_no_speed_up_is_shown() {
    let runs =
        vec![seeds_to_target("relu", &[Some(2), Some(2), None]), seeds_to_target("tanh", &[Some(6), Some(6), Some(7)])];
    let text = verdict(runs);
    assert!(
        text.contains("that this is faster than tanh is not shown (3.0 times, 0.0 to 3.5 over the seeds)"),
        "{text}"
    );
    let runs =
        vec![seeds_to_target("relu", &[Some(2), Some(2), Some(2)]), seeds_to_target("tanh", &[Some(6), Some(6), None])];
    let text = verdict(runs);
    assert!(text.contains("3.0 times as fast as tanh (3.0 and more times over the seeds)"), "{text}");
}

#[test]
fn the_dead_are_named_with_their_cause() {
    let mut runs = three("relu", 2, 0.05);
    for run in &mut runs {
        run.epochs.iter_mut().flat_map(|epoch| &mut epoch.layers).for_each(|layer| layer.dead = 0.5);
        let killed = |unit, upstream| {
            let push = Push { own_weights: 1.0, own_bias: 0.0, upstream };
            let death = Death { step: 16, alive_at: 8, push, survives_half: true };
            UnitHistory { layer: 0, unit, events: vec![Event::Killed(death)] }
        };
        let histories = vec![
            UnitHistory { layer: 0, unit: 0, events: vec![Event::BornDead] },
            killed(1, 0.0),
            killed(2, 0.0),
            killed(3, 2.0),
            killed(4, 0.0),
        ];
        run.deaths = Deaths { units: 8, steps: 90, samples: 256, histories };
    }
    let comparison = compare(Task::Classification, vec![runs], true);
    let counts = comparison.activations[0].deaths;
    assert_eq!(
        (counts.units, counts.born_dead, counts.killed, counts.by_own_weights, counts.by_upstream),
        (24, 3, 12, 9, 3)
    );
    let expected = "50 % of the units dead (12 % born so, 50 % killed in training, 75 % of those by their own weights)";
    assert!(comparison.verdict.contains(expected), "{}", comparison.verdict);
}

#[test]
fn ranges_apart_are_a_winner_with_the_odds_of_chance() {
    let verdict = verdict(vec![three("relu", 2, 0.03), three("tanh", 4, 0.06)]);
    assert!(
        verdict.starts_with("relu has the lowest test error, 3.0 % (2.7 % to 3.3 %), before tanh with 6.0 %"),
        "{verdict}"
    );
    assert!(verdict.contains("serves this data best: the ranges over 3 seeds do not overlap"), "{verdict}");
    assert!(verdict.contains("once in 10 times"), "{verdict}");
    assert!(verdict.contains("relu reached the target of 10.0 % training error first, after 2.0 epochs, 2.0 times as fast as tanh (2.0 to 2.1 times"), "{verdict}");
}

#[test]
fn overlapping_ranges_show_no_winner() {
    let verdict = verdict(vec![three("relu", 2, 0.030), three("tanh", 2, 0.031), three("sigmoid", 2, 0.09)]);
    assert!(verdict.contains("the difference from tanh is within the spread of 3 seeds"), "{verdict}");
    assert!(verdict.contains("that relu serves this data best is not shown"), "{verdict}");
    assert!(!verdict.contains("best:"), "{verdict}");
}

#[test]
fn one_seed_is_sure_of_nothing() {
    let first = |name, epochs, error| vec![three(name, epochs, error).remove(0)];
    let verdict = verdict(vec![first("relu", 2, 0.03), first("tanh", 4, 0.09)]);
    assert!(verdict.contains("one seed: no spread, so nothing is sure"), "{verdict}");
    assert!(!verdict.contains("serves this data best"), "{verdict}");
    assert!(verdict.contains("on one seed"), "{verdict}");
}

#[test]
fn a_speed_up_whose_range_holds_1_is_not_shown() {
    let quick_and_slow = |name, slow: usize| {
        vec![
            run(name, 0, &[0.5, 0.1], 0.1),
            run(name, 1, &vec![0.5; slow].into_iter().chain([0.1]).collect::<Vec<_>>(), 0.1),
        ]
    };
    let verdict = verdict(vec![quick_and_slow("relu", 3), quick_and_slow("tanh", 5)]);
    assert!(verdict.contains("that this is faster than tanh is not shown"), "{verdict}");
}

#[test]
fn functions_that_are_first_together_are_named_together() {
    let one = |name, errors: &[f64]| vec![run(name, 0, errors, 0.1)];
    let verdict = verdict(vec![one("relu", &[0.05]), one("tanh", &[0.05]), one("sigmoid", &[0.5, 0.1])]);
    assert!(verdict.contains("relu and tanh reached the target of 10.0 % training error first, after 1.0 epochs, 2.0 times as fast as sigmoid"), "{verdict}");
}

#[test]
fn the_target_reached_by_one_or_by_none() {
    let never = |name| vec![run(name, 0, &[0.5, 0.4], 0.3), run(name, 1, &[0.5, 0.4], 0.31)];
    let one = verdict(vec![three("relu", 2, 0.03), never("sigmoid")]);
    assert!(one.contains("only relu reached the target"), "{one}");
    assert!(one.contains("sigmoid: target not reached on all 2 seeds"), "{one}");
    let none = verdict(vec![never("relu"), never("sigmoid")]);
    assert!(none.contains("none reached the target"), "{none}");
}

#[test]
fn divergence_is_named_and_no_winner_is_made_of_it() {
    let all = verdict(vec![vec![diverged("relu", 0)], vec![diverged("tanh", 0)]]);
    assert!(all.starts_with("no run ended soundly"), "{all}");
    assert!(all.contains("relu: diverged on its one seed"), "{all}");
    let one = verdict(vec![three("relu", 2, 0.03), vec![diverged("tanh", 0), diverged("tanh", 1)]]);
    assert!(one.starts_with("only relu ended soundly"), "{one}");
    assert!(one.contains("tanh: diverged on all 2 seeds"), "{one}");
}

#[test]
fn dead_saturated_and_off_centre_are_named_with_figures() {
    let with = |name: &str, change: fn(&mut LayerRecord)| {
        let mut runs = three(name, 2, 0.05);
        runs.iter_mut().flat_map(|run| &mut run.epochs).flat_map(|epoch| &mut epoch.layers).for_each(change);
        runs
    };
    let runs = vec![
        with("relu", |layer| (layer.dead, layer.saturated) = (0.25, 0.6)),
        with("tanh", |layer| layer.saturated = 0.6),
        with("sigmoid", |layer| (layer.off_centre, layer.mean) = (2.4, 0.5)),
        with("relu6", |layer| (layer.saturated, layer.mean) = (0.6, 0.4)),
    ];
    let verdict = verdict(runs);
    assert!(verdict.contains("relu: 25 % of the units dead; tanh: 60 % of the values saturated; sigmoid: off-centre, with a mean activation of 0.50."), "{verdict}");
    assert!(!verdict.contains("relu6: "), "half of a normal input is saturated in relu6 anyway: {verdict}");
}

#[test]
fn nothing_wrong_is_said_to_be_so_and_an_interruption_is_named() {
    let sound = verdict(vec![three("relu", 2, 0.03), three("tanh", 4, 0.06)]);
    assert!(sound.contains("Over 3 seeds nothing went wrong"), "{sound}");
    let cut = compare(Task::Classification, vec![three("relu", 2, 0.03), three("tanh", 4, 0.06)], false);
    assert!(cut.verdict.starts_with("Of what finished before the interruption: "), "{}", cut.verdict);
}

#[test]
fn a_regression_speaks_of_errors_as_numbers() {
    let comparison = compare(Task::Regression, vec![three("relu", 2, 0.3), three("tanh", 2, 0.6)], true);
    assert!(comparison.verdict.contains("0.300 (0.270 to 0.330)"), "{}", comparison.verdict);
    assert!(comparison.verdict.contains("the target of 0.100 training error"), "{}", comparison.verdict);
}

#[test]
fn a_comparison_survives_json_even_where_a_run_diverged() {
    let comparison = compare(Task::Classification, vec![three("relu", 2, 0.03), vec![diverged("tanh", 0)]], true);
    let json = serde_json::to_string(&comparison).unwrap();
    assert!(json.contains(r#""activations":[{"name":"relu""#));
    let back: Comparison = serde_json::from_str(&json).unwrap();
    assert!(back.activations[1].runs[0].epochs[0].train_loss.is_nan());
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
    assert_eq!(back.activations[0].name, "relu".parse::<Function>().unwrap());
}
