//! Comparisons of constructed runs: the figures, and what the judgement makes of them.

use excite::Function;
use excite_lab::record::comparison::{Comparison, DataSummary, Settings, Task};
use excite_lab::record::deaths::{Death, Deaths, Event, Push, UnitHistory};
use excite_lab::record::run::{Epoch, LayerRecord, Outcome, Run, Time};
use excite_lab::record::{FunctionRuns, side_by_side};
use excite_vitals::judgement::Health;

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
        held_out_errors: held_out(test_error),
        histograms: Vec::new(),
        deaths: Deaths::default(),
        time: Time { training: 2.0, activation: 0.5, vitals: 0.1 },
    }
}

/// Of 200 held-out samples the first ones are wrong.
fn held_out(error: f64) -> Vec<f32> {
    let wrong = (200.0 * error).round() as usize;
    (0..200).map(|sample| if sample < wrong { 1.0 } else { 0.0 }).collect()
}

fn diverged(name: &str, seed: u64) -> Run {
    let mut run = run(name, seed, &[f64::NAN], f64::NAN);
    run.epochs[0].train_loss = f64::NAN;
    Run { outcome: Outcome::Diverged, held_out_errors: vec![], ..run }
}

fn compare(task: Task, runs: Vec<Vec<Run>>, complete: bool) -> Comparison {
    let data = DataSummary {
        name: "made up".to_owned(),
        task,
        shape: vec![2],
        classes: if task == Task::Classification {
            (0..10).map(|class| class.to_string()).collect()
        } else {
            Vec::new()
        },
        train: 1000,
        test: 200,
        input_mean: 0.0,
        input_std: 1.0,
        largest_input: 3.0,
        chance: if task == Task::Classification { 0.9 } else { 1.0 },
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
        bias: 0.0,
        gain: None,
        command: "excite compare".to_owned(),
    };
    let results = runs.into_iter().map(|runs| FunctionRuns {
        function: runs[0].activation,
        sweep: Vec::new(),
        learning_rate: 0.1,
        best_rate: None,
        runs,
    });
    side_by_side(data, settings, 0.10, results.collect(), complete)
}

fn headline(runs: Vec<Vec<Run>>) -> String {
    let headline = compare(Task::Classification, runs, true).headline;
    assert!(headline.split_whitespace().count() <= 25, "{headline}");
    headline
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
    let result = compare(Task::Classification, vec![runs], true).activations.remove(0);
    let counts = result.deaths;
    assert_eq!(
        (counts.units, counts.born_dead, counts.killed, counts.by_own_weights, counts.by_upstream),
        (24, 3, 12, 9, 3)
    );
    assert_eq!(result.judgement.findings[0].summary, "50 % of the units died in training");
    // It learnt, with what is left.
    assert_eq!(result.judgement.health, Health::LookAtThis);
}

/// Three seeds like those of `three` that are wrong on other samples each.
fn apart(name: &str, first_wrong: usize, test_error: f64) -> Vec<Run> {
    let mut runs = three(name, 2, test_error);
    for run in &mut runs {
        run.held_out_errors.rotate_right(first_wrong);
    }
    runs
}

#[test]
fn a_difference_in_the_same_samples_is_a_winner() {
    let comparison = compare(Task::Classification, vec![three("relu", 2, 0.03), three("tanh", 4, 0.12)], true);
    assert_eq!(comparison.best, Some("relu".parse().unwrap()));
    assert_eq!(comparison.headline, "relu serves these data best: 3.0 % test error, 9.0 points less than tanh.");
    let difference = comparison.activations[1].behind_best.unwrap();
    assert!((difference.mean - 0.09).abs() < 1e-9 && difference.is_clear(), "{difference:?}");
    assert!(difference.low > 0.04 && difference.high < 0.14, "{difference:?}");
    assert!(comparison.activations[0].behind_best.is_none());
}

#[test]
fn a_difference_within_chance_is_no_clear_winner() {
    let comparison = compare(Task::Classification, vec![three("relu", 2, 0.030), apart("tanh", 90, 0.035)], true);
    assert_eq!(comparison.best, None);
    assert!(!comparison.activations[1].behind_best.unwrap().is_clear());
    assert_eq!(comparison.headline, "No clear winner: relu and tanh end between 3.0 and 3.5 % test error.");
    let level = headline(vec![three("sigmoid", 5, 0.03), apart("relu", 90, 0.03), apart("tanh", 40, 0.03)]);
    assert_eq!(level, "No clear winner: sigmoid, relu and tanh end at 3.0 % test error.");
    let faster = headline(vec![three("sigmoid", 9, 0.03), three("relu", 3, 0.03)]);
    assert_eq!(
        faster,
        "No clear winner: sigmoid and relu end at 3.0 % test error. relu reaches 10.0 % training error first."
    );
}

#[test]
fn one_seed_is_sure_of_nothing() {
    let first = |name, epochs, error| vec![three(name, epochs, error).remove(0)];
    let headline = headline(vec![first("relu", 2, 0.03), first("tanh", 4, 0.19)]);
    assert!(headline.starts_with("No clear winner with one seed"), "{headline}");
}

#[test]
fn the_best_test_error_and_a_missed_target_are_no_contradiction() {
    let slow: Vec<Run> = (0..3).map(|seed| run("sigmoid", seed, &[0.5, 0.3, 0.2], 0.04)).collect();
    let headline = headline(vec![slow, three("relu", 2, 0.15)]);
    assert_eq!(
        headline,
        "sigmoid serves these data best, with 4.0 % test error. It misses 10.0 % training error and generalises; others overfit."
    );
}

#[test]
fn networks_at_chance_take_no_part() {
    let chance = |name: &str| (0..3).map(|seed| run(name, seed, &[0.91, 0.9, 0.89], 0.9)).collect::<Vec<_>>();
    let comparison = compare(Task::Classification, vec![chance("relu"), chance("tanh")], true);
    assert!(comparison.activations.iter().all(|result| result.judgement.health == Health::LearntNothing));
    assert_eq!((comparison.best, &comparison.headline[..20]), (None, "Nothing was learnt. "));
    let one = headline(vec![three("relu", 2, 0.03), chance("sigmoid")]);
    assert_eq!(one, "Only relu learnt something: its test error is 3.0 %.");
    let alone = headline(vec![three("relu", 2, 0.03)]);
    assert_eq!(alone, "Looks sound. Only relu was run, so nothing is compared: its test error is 3.0 %.");
}

#[test]
fn shuffled_labels_are_the_fault_of_the_data() {
    let by_heart: Vec<Run> = (0..3).map(|seed| run("relu", seed, &[0.8, 0.4, 0.1], 0.9)).collect();
    let comparison = compare(Task::Classification, vec![by_heart], true);
    let judgement = &comparison.activations[0].judgement;
    assert_eq!(judgement.health, Health::LearntNothing);
    assert_eq!(judgement.findings[0].rule.id, "learnt-nothing");
    assert!(
        comparison.headline.contains("labels seem to have nothing to do with the inputs"),
        "{}",
        comparison.headline
    );
}

#[test]
fn divergence_is_named_and_no_winner_is_made_of_it() {
    let all = headline(vec![vec![diverged("relu", 0)], vec![diverged("tanh", 0)]]);
    assert!(all.starts_with("Nothing was learnt. relu: the loss became infinite in epoch 1"), "{all}");
    let one = headline(vec![three("relu", 2, 0.03), vec![diverged("tanh", 0), diverged("tanh", 1)]]);
    assert_eq!(one, "Only relu learnt something: its test error is 3.0 %.");
}

#[test]
fn an_interruption_is_named_and_a_regression_speaks_of_errors_as_numbers() {
    let cut = compare(Task::Classification, vec![three("relu", 2, 0.03), three("tanh", 4, 0.06)], false);
    assert!(cut.headline.starts_with("So far: "), "{}", cut.headline);
    let regression = compare(Task::Regression, vec![three("relu", 2, 0.3), three("tanh", 2, 0.6)], true);
    assert!(regression.headline.contains("0.30 test error"), "{}", regression.headline);
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
