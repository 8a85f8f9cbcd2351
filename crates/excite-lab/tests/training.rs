//! Networks trained from start to end.

use std::sync::atomic::{AtomicU64, Ordering};

use excite::Function;
use excite_lab::data::{Dataset, Options, Samples, Targets};
use excite_lab::record::comparison::{Comparison, Task};
use excite_lab::record::deaths::{Death, Push, UnitHistory};
use excite_lab::record::run::{Outcome, Run, Time};
use excite_lab::{Journal, JournalKey, LabError, LearningRate, Local, NetworkSpec, Optimizer, Plan, RunKey, Spec};
use excite_lab::{Unwatched, Watcher, compare, train};

fn function(name: &str) -> Function {
    name.parse().unwrap()
}

fn data(shape: &[usize], classes: usize, inputs: Vec<f32>, targets: Targets) -> Dataset {
    let task = if classes == 0 { Task::Regression } else { Task::Classification };
    let samples = Samples { inputs, targets };
    Dataset {
        name: "made up".to_owned(),
        task,
        shape: shape.to_vec(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
        train: samples.clone(),
        test: samples,
    }
}

fn xor() -> Dataset {
    let corners = [(-1.0, -1.0, 0), (-1.0, 1.0, 1), (1.0, -1.0, 1), (1.0, 1.0, 0)];
    let repeated = || (0..16).flat_map(|_| corners);
    let inputs = repeated().flat_map(|(x, y, _)| [x, y]).collect();
    data(&[2], 2, inputs, Targets::Classes(repeated().map(|(_, _, class)| class).collect()))
}

/// y = sin 3x on [-1, 1], standardised.
fn sine() -> Dataset {
    let x: Vec<f32> = (0..256).map(|i| (i as f32 - 127.5) / 127.5).collect();
    let y: Vec<f32> = x.iter().map(|x| (3.0 * x).sin()).collect();
    let std = (y.iter().map(|y| y * y).sum::<f32>() / y.len() as f32).sqrt();
    data(&[1], 0, x, Targets::Values(y.into_iter().map(|y| y / std).collect()))
}

/// Images of two channels and 6×7 pixels with a horizontal or a vertical bar in the second channel.
fn bars() -> Dataset {
    let (height, width) = (6, 7);
    let mut inputs = vec![];
    let mut classes = vec![];
    for repeat in 0..8 {
        for place in 0..height {
            for vertical in [false, true] {
                let noise = move |i: usize| ((i * 31 + repeat * 17 + place * 7) % 11) as f32 / 11.0 - 0.5;
                inputs.extend((0..height * width).map(noise));
                inputs.extend((0..height * width).map(|i| {
                    let at = if vertical { i % width } else { i / width };
                    f32::from(u8::from(at == place)) * 2.0 - 0.5
                }));
                classes.push(u32::from(vertical));
            }
        }
    }
    data(&[2, height, width], 2, inputs, Targets::Classes(classes))
}

fn mlp(hidden: &[usize]) -> Spec {
    Spec { network: NetworkSpec::Mlp { hidden: hidden.to_vec() }, batch: 16, ..Spec::default() }
}

fn run(data: &Dataset, spec: &Spec, name: &str, rate: f64, epochs: usize) -> Run {
    train(data, spec, run_key(name, rate, 1, epochs), &Unwatched).unwrap().run
}

fn run_key(name: &str, learning_rate: f64, seed: u64, epochs: usize) -> RunKey {
    RunKey { function: function(name), learning_rate, seed, epochs, stop_at: None }
}

/// The plan carried out, with everything trained.
fn compared(data: &Dataset, plan: &Plan) -> Comparison {
    compare(data, plan, &mut Journal::in_memory(), &Local::default(), &Unwatched).unwrap()
}

/// The run without its times, the one thing that differs from run to run.
fn timeless(run: &Run) -> String {
    serde_json::to_string(&Run { time: Time::default(), ..run.clone() }).unwrap()
}

fn runs(comparison: &Comparison) -> Vec<String> {
    comparison.activations.iter().flat_map(|result| &result.runs).map(timeless).collect()
}

fn small_plan() -> Plan {
    Plan {
        activations: vec![function("tanh"), function("relu")],
        seeds: 2,
        epochs: 6,
        spec: mlp(&[8]),
        ..Plan::default()
    }
}

/// Counts the epochs, and stops after `limit` of them.
struct Counter {
    planned: AtomicU64,
    done: AtomicU64,
    limit: u64,
}

impl Counter {
    fn up_to(limit: u64) -> Self {
        Self { planned: AtomicU64::new(0), done: AtomicU64::new(0), limit }
    }
}

impl Watcher for Counter {
    fn plan(&self, epochs_total: u64) {
        self.planned.store(epochs_total, Ordering::SeqCst);
    }

    fn epochs_done(&self, epochs: u64, _note: &str) {
        self.done.fetch_add(epochs, Ordering::SeqCst);
    }

    fn stop_requested(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= self.limit
    }
}

#[test]
fn xor_is_learnt_with_functions_of_every_kind_and_both_optimisers() {
    for name in ["sigmoid", "tanh", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softsign"] {
        let f: Function = name.parse().unwrap();
        for (optimizer, rate) in [(Optimizer::default(), 0.3), (Optimizer::Adam, 0.03)] {
            let run = run(&xor(), &Spec { optimizer, ..mlp(&[16]) }, f.name(), rate, 100);
            let last = run.epochs.last().unwrap();
            assert_eq!((last.train_error, last.test_error), (0.0, 0.0), "{f} with {optimizer}");
            assert!(last.train_loss < 0.1, "{f} with {optimizer}: {}", last.train_loss);
        }
    }
    // No linear model can: at least one of the four corners is wrong.
    let linear = run(&xor(), &mlp(&[]), "relu", 0.1, 20);
    assert!(linear.epochs.last().unwrap().test_error >= 0.25);
    assert!(linear.histograms.is_empty());
}

#[test]
fn the_digits_are_learnt() {
    let digits = Dataset::digits(&Options::default());
    let run = run(&digits, &Spec::default(), "relu", 0.03, 10);
    let last = run.epochs.last().unwrap();
    assert!(last.test_error < 0.08, "{}", last.test_error);
    assert!(last.train_error < 0.02, "{}", last.train_error);
    assert_eq!(last.layers.len(), 2);
    assert_eq!((last.layers[0].name.as_str(), last.layers[0].units), ("hidden 1", 64));
    // Of every third batch.
    assert!((0.3..0.4).contains(&(last.layers[0].samples as f64 / digits.train.len() as f64)));
    assert!(last.layers.iter().all(|layer| layer.gradient_norm > 0.0 && layer.update_ratio > 0.0));
    assert_eq!(run.histograms.len(), 2);
    assert!(run.time.training > run.time.activation + run.time.vitals && run.time.activation > 0.0);
}

#[test]
fn units_that_training_kills_are_listed_with_step_and_cause() {
    let digits = Dataset::digits(&Options::default());
    let of = |name: &str, rate: f64, bias: f64| run(&digits, &Spec { bias, ..Spec::default() }, name, rate, 2).deaths;
    // 1438 samples in batches of 32, twice.
    let killed = of("relu", 0.3, 0.0);
    assert_eq!((killed.units, killed.steps, killed.samples), (128, 90, 256));
    let killed_units: Vec<Death> = killed.histories.iter().filter_map(UnitHistory::killed).collect();
    assert!(killed_units.len() > 10, "{killed:#?}");
    assert!(killed_units.iter().all(|k| k.alive_at < k.step && k.step <= 90));
    for death in &killed_units {
        let Push { own_weights, own_bias, upstream } = death.push;
        assert!(own_weights.max(own_bias).max(upstream) > 0.0, "something pushed it down: {death:?}");
    }
    assert!(killed.dead_after(90) > killed.dead_after(0));
    // A bias of −20 outweighs what standardised pixels sum up to.
    let born = of("relu", 1e-3, -20.0);
    assert!(born.histories.iter().filter(|history| history.is_born_dead()).count() > 100, "{born:#?}");
    assert_eq!(of("leaky_relu", 0.3, 0.0).histories, []);
    // A few units of a low rate are so rarely lifted that none of the samples does.
    assert!(of("relu", 0.01, 0.0).histories.len() < killed_units.len() / 3);
}

#[test]
fn channels_of_a_convolution_are_units_that_can_die() {
    let images = bars();
    let spec = Spec { network: NetworkSpec::Conv, bias: -20.0, ..Spec::default() };
    let deaths = run(&images, &spec, "relu", 1e-3, 1).deaths;
    assert_eq!((deaths.units, deaths.samples), (16 + 32 + 64, images.train.len().min(256)));
    let born_dead = deaths.histories.iter().filter(|history| history.is_born_dead()).count();
    assert_eq!(born_dead, 16 + 32 + 64, "{deaths:#?}");
}

/// A line of a journal from before deaths were recorded has no such run.
#[test]
fn runs_of_an_older_form_are_trained_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (data, plan) = (xor(), small_plan());
    let key = JournalKey::of(&data, &plan.spec);
    compare(&data, &plan, &mut Journal::open(&path, &key).unwrap(), &Local::default(), &Unwatched).unwrap();
    let lines = Journal::open(&path, &key).unwrap().len();
    let text = std::fs::read_to_string(&path).unwrap();
    let older: Vec<String> = text
        .lines()
        .map(|line| {
            let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
            entry["run"].as_object_mut().unwrap().remove("deaths").unwrap();
            entry.to_string() + "\n"
        })
        .collect();
    std::fs::write(&path, older.concat()).unwrap();
    assert!(lines > 0 && Journal::open(&path, &key).unwrap().is_empty());
}

#[test]
fn a_regression_is_learnt() {
    for name in ["tanh", "relu"] {
        let run = run(&sine(), &mlp(&[32, 32]), name, 0.03, 60);
        let last = run.epochs.last().unwrap();
        assert!(last.test_error < 0.1, "{name}: {}", last.test_error);
        assert!((run.epochs[0].train_error - 1.0).abs() < 0.5, "{name}: {}", run.epochs[0].train_error);
    }
}

#[test]
fn images_are_learnt_by_convolutions() {
    let spec = Spec { network: NetworkSpec::Conv, batch: 16, ..Spec::default() };
    assert_eq!(spec.describe(&bars()).unwrap(), "CNN 2×6×7-conv16-pool-conv32-pool-64-2");
    let run = run(&bars(), &spec, "relu", 0.03, 15);
    let last = run.epochs.last().unwrap();
    assert_eq!(last.test_error, 0.0);
    let layers: Vec<_> = last.layers.iter().map(|layer| (layer.name.as_str(), layer.units, layer.samples)).collect();
    // Each position of a channel counts: of every third batch, 32 images of 6×7, then of 3×3.
    assert_eq!(layers, [("conv 1", 16, 32 * 42), ("conv 2", 32, 32 * 9), ("hidden 1", 64, 32)]);
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    for spec in [mlp(&[8, 8]), Spec { network: NetworkSpec::Conv, batch: 16, ..Spec::default() }] {
        let first = run(&bars(), &spec, "sigmoid", 0.1, 3);
        assert_eq!(timeless(&first), timeless(&run(&bars(), &spec, "sigmoid", 0.1, 3)));
        let other = train(&bars(), &spec, run_key("sigmoid", 0.1, 2, 3), &Unwatched).unwrap();
        assert_ne!(first.epochs, other.run.epochs);
    }
}

#[test]
fn the_number_of_jobs_changes_no_bit() {
    let compared = |jobs| {
        let local = Local { jobs, ..Local::default() };
        compare(&xor(), &small_plan(), &mut Journal::in_memory(), &local, &Unwatched).unwrap()
    };
    let (one, two, many) = (compared(1), compared(2), compared(64));
    assert!(one.complete);
    assert_eq!(runs(&one).len(), 4);
    assert_eq!(runs(&one), runs(&two));
    assert_eq!(runs(&one), runs(&many));
    assert_eq!(one.activations[0].sweep, two.activations[0].sweep);
}

#[test]
fn a_planted_dead_layer_is_found() {
    let dead = run(&xor(), &Spec { bias: -100.0, ..mlp(&[8]) }, "relu", 0.01, 2);
    assert!(dead.epochs.iter().all(|epoch| epoch.layers[0].dead == 1.0));
    let alive = run(&xor(), &mlp(&[8]), "relu", 0.01, 2);
    assert!(alive.epochs.iter().all(|epoch| epoch.layers[0].dead < 0.5));
    let saturated = run(&xor(), &Spec { bias: -100.0, ..mlp(&[8]) }, "sigmoid", 0.01, 2);
    assert!(saturated.epochs.iter().all(|epoch| epoch.layers[0].saturated == 1.0));
}

#[test]
fn divergence_is_a_result_that_survives_json() {
    let run = run(&sine(), &mlp(&[8]), "relu", 1e6, 5);
    assert_eq!(run.outcome, Outcome::Diverged);
    assert!(run.epochs.len() < 5);
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run);

    let plan = Plan { learning_rate: LearningRate::Fixed(1e6), ..small_plan() };
    let comparison = compared(&sine(), &plan);
    assert!(comparison.complete);
    assert_eq!(comparison.activations[1].diverged, 2);
    assert_eq!(comparison.activations[1].test_error, None);
}

#[test]
fn runs_end_at_the_error_asked_for() {
    let key = RunKey { stop_at: Some(0.1), ..run_key("tanh", 0.3, 1, 100) };
    let run = train(&xor(), &mlp(&[16]), key, &Unwatched).unwrap().run;
    assert!(run.epochs.len() < 100);
    assert!(run.epochs.last().unwrap().train_error <= 0.1);
    assert_eq!(run.epochs.iter().filter(|epoch| epoch.train_error <= 0.1).count(), 1);
}

#[test]
fn the_journal_spares_finished_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (data, plan) = (xor(), small_plan());
    let compared = |data: &Dataset, plan: &Plan| {
        let counter = Counter::up_to(u64::MAX);
        let mut journal = Journal::open(&path, &JournalKey::of(data, &plan.spec)).unwrap();
        let comparison = compare(data, plan, &mut journal, &Local::default(), &counter).unwrap();
        assert_eq!(counter.done.load(Ordering::SeqCst), counter.planned.load(Ordering::SeqCst));
        (comparison, counter.done.load(Ordering::SeqCst))
    };
    let (first, trained) = compared(&data, &plan);
    assert!(trained >= 4 * 6, "{trained}");
    let (again, trained) = compared(&data, &plan);
    // Equal to the last bit, times included.
    assert_eq!((&again, trained), (&first, 0));

    // A last line cut short, as a kill leaves it, costs that one run.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 10]).unwrap();
    let (again, trained) = compared(&data, &plan);
    assert_eq!((runs(&again), trained), (runs(&first), 6));
    assert_eq!(compared(&data, &plan).1, 0);

    // One more seed: two more runs.
    let more = Plan { seeds: 3, ..plan.clone() };
    assert_eq!(compared(&data, &more).1, 2 * 6);

    // Other settings or data: none of them is of use.
    let other = Plan { spec: Spec { bias: 0.5, ..plan.spec.clone() }, ..plan.clone() };
    assert!(compared(&data, &other).1 >= 4 * 6);
    assert!(compared(&sine(), &plan).1 >= 4 * 6);
}

#[test]
fn a_request_to_stop_keeps_what_is_finished() {
    let plan = Plan { learning_rate: LearningRate::Fixed(0.1), ..small_plan() };
    let one_job = Local { jobs: 1, ..Local::default() };
    let compared = |counter| compare(&xor(), &plan, &mut Journal::in_memory(), &one_job, &counter);
    let comparison = compared(Counter::up_to(8)).unwrap();
    assert!(!comparison.complete);
    assert_eq!(comparison.activations.len(), 1);
    assert_eq!(comparison.activations[0].runs.len(), 1);

    assert!(matches!(compared(Counter::up_to(0)), Err(LabError::Stopped)));
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let refused = |plan: Plan| {
        let result = compare(&xor(), &plan, &mut Journal::in_memory(), &Local::default(), &Unwatched);
        result.unwrap_err().to_string()
    };
    let plan = small_plan;
    let with = |spec: Spec| Plan { spec, ..small_plan() };
    assert_eq!(refused(Plan { epochs: 0, ..plan() }), "there must be at least one epoch");
    assert_eq!(refused(Plan { seeds: 0, ..plan() }), "there must be at least one seed");
    assert_eq!(refused(with(Spec { batch: 0, ..mlp(&[8]) })), "a batch must have at least one sample");
    assert_eq!(
        refused(Plan { learning_rate: LearningRate::Fixed(-1.0), ..plan() }),
        "the learning rate must be a positive number, not -1"
    );
    assert_eq!(
        refused(with(Spec { network: NetworkSpec::Conv, ..mlp(&[8]) })),
        "the convolutional network needs images of at least 4×4 pixels, and one sample of made up is [2]: use an MLP"
    );
    assert_eq!(refused(with(mlp(&[4, 0]))), "a hidden layer must have at least one unit");
    assert!(refused(Plan { activations: vec![], ..plan() }).contains("at least one activation"));
    assert!(refused(Plan { until_error: Some(0.0), ..plan() }).contains("between 0 and 1"));
    assert!(refused(with(Spec { gain: Some(f64::NAN), ..mlp(&[8]) })).contains("gain"));
    assert!(refused(with(Spec { optimizer: Optimizer::Sgd { momentum: 1.0 }, ..mlp(&[8]) })).contains("momentum"));
}
