//! The judgement of training runs made up of figures: the cause that is named first, and the headline.

use excite_vitals::findings::Cause;
use excite_vitals::judgement::{Health, Judgement, Subject, TrainingRun, judge};
use excite_vitals::{LayerRecord, Vitals};

fn layer(gradient_norm: f64, saturated_units: f64) -> LayerRecord {
    LayerRecord {
        name: "hidden".to_owned(),
        units: 64,
        samples: 1000,
        dead: 0.0,
        saturated: saturated_units,
        saturated_units,
        mean: 0.1,
        std: 1.0,
        off_centre: 0.1,
        gradient_norm,
        same_sign: 0.5,
        update_ratio: 1e-3,
    }
}

/// A run that learnt its data: 3 % error of ten classes.
fn sound() -> TrainingRun {
    TrainingRun {
        function: "relu".parse().unwrap(),
        classes: 10,
        chance: 0.9,
        train_samples: 1438,
        test_samples: 359,
        train_error: 0.01,
        lowest_train_error: 0.01,
        lowest_test_error: 0.03,
        epochs: 30,
        diverged: false,
        learning_rate: 0.03,
        best_learning_rate: Some(0.03),
        best_train_error: Some(0.04),
        bias: 0.0,
        gain: 1.0,
        input_mean: 0.0,
        input_std: 1.0,
        largest_input: 8.0,
        units: 192,
        born_dead: 1,
        died: 4,
        start: vec![layer(0.1, 0.0), layer(0.1, 0.0), layer(0.1, 0.0)],
        end: vec![layer(0.01, 0.0), layer(0.01, 0.0), layer(0.01, 0.0)],
    }
}

/// The same that never got better than guessing.
fn at_chance() -> TrainingRun {
    TrainingRun { train_error: 0.9, lowest_train_error: 0.89, lowest_test_error: 0.89, ..sound() }
}

fn judged(run: &TrainingRun) -> Judgement {
    let judgement = judge(&Subject::of(&Vitals::new("net", vec![])).trained_by(run));
    assert!(judgement.headline.split_whitespace().count() <= 25, "{}", judgement.headline);
    assert!(judgement.findings.iter().all(|finding| !finding.remedy.is_empty()), "{:#?}", judgement.findings);
    judgement
}

#[track_caller]
fn check(run: &TrainingRun, health: Health, rule: &str, cause: Cause, headline: &str) {
    let judgement = judged(run);
    let first = judgement.findings.first().map(|finding| (finding.rule.id, finding.cause));
    assert_eq!((judgement.health, first), (health, Some((rule, cause))), "{judgement:#?}");
    assert_eq!(judgement.headline, headline);
}

#[test]
fn a_network_that_learnt_is_sound_whatever_a_few_units_do() {
    let judgement = judged(&sound());
    assert_eq!((judgement.health, judgement.headline.as_str()), (Health::Sound, "Looks sound."));
    assert!(judgement.findings.is_empty());
    // A tanh that is sure of itself, and a gradient that falls over the depth, are no faults where it learnt.
    let sure = TrainingRun { function: "tanh".parse().unwrap(), end: vec![layer(1e-6, 0.3); 3], ..sound() };
    assert_eq!(judged(&sure).health, Health::Sound);
    let steep = TrainingRun { start: vec![layer(1e-6, 0.0), layer(1e-3, 0.0), layer(0.1, 0.0)], ..sound() };
    assert_eq!(judged(&steep).health, Health::Sound);
}

#[test]
fn eight_layers_of_sigmoid_are_a_vanishing_gradient() {
    let layers: Vec<LayerRecord> = (0..8).map(|place| layer(1.5e-6 * 3.5_f64.powi(place), 0.0)).collect();
    let run = TrainingRun { function: "sigmoid".parse().unwrap(), start: layers.clone(), end: layers, ..at_chance() };
    check(
        &run,
        Health::LearntNothing,
        "vanishing-gradient",
        Cause::Function,
        "Learnt nothing (90 %): the gradient shrinks 6,400-fold from the last of 8 hidden layers to the first.",
    );
    let small = TrainingRun { gain: 0.1, ..run };
    assert_eq!(judged(&small).findings[0].cause, Cause::Initialisation);
}

#[test]
fn a_bias_of_minus_4_is_named_as_why_units_are_born_dead() {
    let run = TrainingRun { bias: -4.0, born_dead: 186, died: 0, best_learning_rate: None, ..at_chance() };
    check(
        &run,
        Health::LearntNothing,
        "dead-units",
        Cause::Bias,
        "Learnt nothing (90 %): 97 % of the units were dead before the first step; the initial bias, −4, is why.",
    );
}

#[test]
fn a_rate_far_above_the_best_is_named_as_why_units_died() {
    let run = TrainingRun { learning_rate: 0.3, died: 64, train_error: 0.53, lowest_train_error: 0.4, ..sound() };
    check(
        &run,
        Health::LookAtThis,
        "dead-units",
        Cause::LearningRate,
        "Look at this: 33 % of the units died in training; the rate, 0.3, is 10 times the best one found.",
    );
    let worse = TrainingRun { learning_rate: 1.0, died: 180, ..at_chance() };
    check(
        &worse,
        Health::LearntNothing,
        "dead-units",
        Cause::LearningRate,
        "Learnt nothing (90 %): 94 % of the units died in training; the rate, 1, is 33 times the best one found.",
    );
}

#[test]
fn a_rate_is_to_blame_only_beside_a_better_one() {
    let slow = TrainingRun { learning_rate: 0.3, train_error: 0.5, lowest_train_error: 0.5, ..sound() };
    let judgement = judged(&slow);
    assert_eq!(judgement.findings[0].rule.id, "learning-rate-too-high");
    let unknown = TrainingRun { best_learning_rate: None, best_train_error: None, ..slow };
    assert!(judged(&unknown).findings.is_empty());
}

#[test]
fn raw_inputs_are_named_as_why_units_are_dead_or_saturated() {
    let raw = TrainingRun { input_mean: 120.0, input_std: 60.0, largest_input: 255.0, ..at_chance() };
    let dead = TrainingRun { born_dead: 100, ..raw.clone() };
    check(
        &dead,
        Health::LearntNothing,
        "dead-units",
        Cause::Data,
        "Learnt nothing (90 %): 52 % of the units were dead before the first step; the inputs have mean 120 and standard deviation 60.",
    );
    let tanh = TrainingRun {
        function: "tanh".parse().unwrap(),
        start: vec![layer(0.1, 0.9); 3],
        end: vec![layer(0.1, 0.9); 3],
        born_dead: 0,
        died: 0,
        ..raw
    };
    assert_eq!(judged(&tanh).findings[0].cause, Cause::Data);
}

#[test]
fn a_gain_of_four_saturates_tanh() {
    let run = TrainingRun {
        function: "tanh".parse().unwrap(),
        gain: 4.0,
        start: vec![layer(280.0, 0.7), layer(0.1, 0.7), layer(1e-3, 0.7)],
        end: vec![layer(280.0, 0.7), layer(0.1, 0.7), layer(1e-3, 0.7)],
        ..at_chance()
    };
    check(
        &run,
        Health::LearntNothing,
        "saturated-units",
        Cause::Initialisation,
        "Learnt nothing (90 %): 70 % of the values were saturated in the first epoch; the initial weights are 4 times their usual size.",
    );
}

#[test]
fn a_gain_of_four_is_named_where_the_network_learnt_too() {
    let tanh = || "tanh".parse().unwrap();
    let of_values = |share: f64| vec![LayerRecord { saturated: share, ..layer(0.1, 0.0) }; 3];
    let run = TrainingRun { function: tanh(), gain: 4.0, start: of_values(0.75), ..sound() };
    check(
        &run,
        Health::LookAtThis,
        "saturated-units",
        Cause::Initialisation,
        "Look at this: 75 % of the values were saturated in the first epoch; the initial weights are 4 times their usual size.",
    );
    // As with the usual gain, and half of what goes into a ReLU6 is negative whatever the gain.
    assert_eq!(judged(&TrainingRun { start: of_values(0.2), ..run.clone() }).health, Health::Sound);
    let relu6 = TrainingRun { function: "relu6".parse().unwrap(), start: of_values(0.6), ..run };
    assert_eq!(judged(&relu6).health, Health::Sound);
}

#[test]
fn weights_that_start_too_small_are_named_before_the_units_that_they_cost() {
    let run = TrainingRun { gain: 0.1, died: 120, ..at_chance() };
    check(
        &TrainingRun { start: vec![layer(1e-4, 0.0); 4], ..run.clone() },
        Health::LearntNothing,
        "vanishing-gradient",
        Cause::Initialisation,
        "Learnt nothing (90 %): signal and gradient shrink 10,000-fold over 4 hidden layers; the initial weights are 0.1 times their usual size.",
    );
    assert_eq!(judged(&TrainingRun { gain: 0.1, ..sound() }).health, Health::Sound, "it learnt");
}

#[test]
fn units_that_died_of_nothing_known_are_no_fault_of_a_network_that_does_as_well_as_any() {
    let run = |died: usize| TrainingRun { died, ..sound() };
    assert_eq!([40, 90].map(|died| judged(&run(died)).health), [Health::Sound; 2]);
    assert_eq!(judged(&run(150)).health, Health::LookAtThis);
    assert_eq!(judged(&TrainingRun { train_error: 0.4, ..run(90) }).health, Health::LookAtThis);
}

/// The diabetes data of scikit-learn, with 88 samples held out.
#[test]
fn a_regression_that_overfits_has_learnt_something() {
    let run = TrainingRun {
        classes: 0,
        chance: 1.0,
        train_error: 0.45,
        lowest_train_error: 0.45,
        lowest_test_error: 0.78,
        test_samples: 88,
        best_train_error: Some(0.45),
        ..sound()
    };
    assert_eq!(judged(&run).headline, "Looks sound.");
    assert_eq!(judged(&TrainingRun { lowest_test_error: 0.98, ..run }).findings[0].rule.id, "learnt-nothing");
}

#[test]
fn labels_are_doubted_only_where_the_training_samples_were_learnt() {
    let run = TrainingRun { train_error: 0.8, lowest_train_error: 0.75, lowest_test_error: 0.88, ..sound() };
    let judgement = judged(&run);
    assert_eq!(judgement.health, Health::LearntNothing);
    assert!(!judgement.headline.contains("by heart"), "{}", judgement.headline);
}

#[test]
fn divergence_is_named_with_the_rate_or_the_inputs() {
    let run = TrainingRun { diverged: true, epochs: 1, learning_rate: 3.0, ..at_chance() };
    check(
        &run,
        Health::Broken,
        "diverged",
        Cause::LearningRate,
        "Broken: the loss became infinite in epoch 1; the rate, 3, is 100 times the best one found.",
    );
    let huge = TrainingRun { input_mean: 1e6, input_std: 1e6, largest_input: 5e6, ..run };
    assert_eq!(judged(&huge).findings[0].cause, Cause::Data);
}

#[test]
fn labels_that_have_nothing_to_do_with_the_inputs_are_not_the_fault_of_activations() {
    let run = TrainingRun { train_error: 0.1, lowest_train_error: 0.1, lowest_test_error: 0.88, ..sound() };
    check(
        &run,
        Health::LearntNothing,
        "learnt-nothing",
        Cause::Data,
        "Learnt nothing (90 %): learnt by heart; the labels seem to have nothing to do with the inputs.",
    );
    // Eight samples held out tell nothing.
    assert_eq!(judged(&TrainingRun { test_samples: 8, ..run }).health, Health::Sound);
}

#[test]
fn a_run_survives_json() {
    let run = TrainingRun { train_error: f64::NAN, ..sound() };
    let json = serde_json::to_string(&run).unwrap();
    let back: TrainingRun = serde_json::from_str(&json).unwrap();
    assert!(back.train_error.is_nan());
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
}

#[test]
fn of_a_run_whose_errors_nobody_told_units_and_steps_decide() {
    let untold = TrainingRun { epochs: 0, best_learning_rate: None, best_train_error: None, ..at_chance() };
    assert_eq!(judged(&untold).health, Health::Sound);
    let huge = |layer: LayerRecord| LayerRecord { update_ratio: 0.07, ..layer };
    let died = TrainingRun { died: 120, learning_rate: 1.0, start: vec![huge(layer(0.1, 0.0)); 3], ..untold };
    let headline = "Broken: 62 % of the units died in training; the rate, 1, moved weights by 7 % a step.";
    check(&died, Health::Broken, "dead-units", Cause::LearningRate, headline);
    let small = TrainingRun { start: vec![layer(0.1, 0.0); 3], ..died.clone() };
    assert_eq!(judged(&small).findings[0].cause, Cause::Unknown);
    let few = TrainingRun { died: 45, ..died };
    assert_eq!(judged(&few).health, Health::LookAtThis);
}
