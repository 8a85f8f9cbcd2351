//! `compare` on data that is sound.

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Place, Ran};

/// The least that can be trained.
const TINY: &[&str] = &["compare", "--epochs", "2", "--seeds", "1", "--lr", "0.1", "--hidden", "8"];

fn tiny(place: &Place, more: &[&str]) -> Ran {
    place.run(&[TINY, more].concat())
}

#[test]
fn the_digits_give_a_table_a_verdict_and_a_report() {
    let place = Place::new();
    let ran = tiny(&place, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let about = "digits: 1438 training and 359 test samples of 1×8×8, 10 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9).";
    let text = ran.out.replace('\n', " ");
    assert!(
        text.starts_with("No clear winner with one seed: ") || text.starts_with("Nothing was learnt."),
        "{}",
        ran.out
    );
    assert!(text.contains(about), "{}", ran.out);
    for name in ["sigmoid", "tanh", "relu", "relu6"] {
        assert!(ran.out.lines().any(|line| line.trim_start().starts_with(name)), "{name}: {}", ran.out);
    }
    assert!(ran.out.contains("report: excite-out/report.html"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "no colours where they are not wanted");

    let report = place.read("excite-out/report.html");
    assert!(report.contains("</html>") && report.contains("relu6"));
    let loads = ["<script src", "src=\"http", "<link", "@import", "url(http"];
    assert!(loads.iter().all(|load| !report.contains(load)), "the report loads something");
}

#[test]
fn json_is_the_whole_result_and_nothing_else() {
    let place = Place::new();
    let ran = tiny(&place, &["--json", "--activations", "torch.nn.ReLU,tanh", "--out", "elsewhere"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<_> = result["activations"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["relu", "tanh"]);
    assert_eq!(result["activations"][0]["runs"][0]["epochs"].as_array().unwrap().len(), 2);
    assert_eq!(result["complete"], true);
    assert!(result["settings"]["command"].as_str().unwrap().starts_with("excite compare --epochs 2"));
    assert!(place.has("elsewhere/report.html") && !place.has("excite-out"));
}

/// What a result says apart from how long it took.
pub(crate) fn without_times(json: &str) -> Value {
    let mut result: Value = serde_json::from_str(json).unwrap();
    result["settings"]["command"] = Value::Null;
    for activation in result["activations"].as_array_mut().unwrap() {
        for time in ["seconds_per_epoch", "activation_share", "vitals_share"] {
            activation[time] = Value::Null;
        }
        for run in activation["runs"].as_array_mut().unwrap() {
            run["time"] = Value::Null;
        }
    }
    result
}

#[test]
fn finished_runs_are_not_trained_again_unless_asked_for() {
    let place = Place::new();
    let first = tiny(&place, &["--json"]);
    let lines = place.read("excite-out/journal.jsonl").lines().count();
    assert!(lines >= 4, "one for each function, and those that look for a better rate where one went wrong: {lines}");
    let second = tiny(&place, &["--json"]);
    assert!(second.err.contains("resumed ") && second.err.contains(" finished runs"), "{}", second.err);
    // To the last digit of the times: nothing was trained.
    assert_eq!(first.out, second.out);
    assert_eq!(place.read("excite-out/journal.jsonl").lines().count(), lines);

    let fresh = tiny(&place, &["--json", "--fresh"]);
    assert!(!fresh.err.contains("resumed"), "{}", fresh.err);
    assert_ne!(fresh.out, first.out, "the times differ at least");
    assert_eq!(without_times(&fresh.out), without_times(&first.out), "the same seed gives the same bits");
}

/// Waits until the program's journal has at least one run.
fn wait_for_a_finished_run(place: &Place) {
    let start = Instant::now();
    while std::fs::read_to_string(place.path().join("excite-out/journal.jsonl")).map_or(0, |text| text.lines().count())
        == 0
    {
        assert!(start.elapsed() < Duration::from_mins(2), "no run was finished");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_shows_and_keeps_what_is_finished() {
    let place = Place::new();
    // One run is short and the next endless, on one thread: there is a moment with one of the two finished.
    let arguments = ["compare", "--epochs", "30", "--seeds", "500", "--lr", "0.1", "--hidden", "8", "--jobs", "1"];
    let child = place.excite(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_a_finished_run(&place);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(ran.out.contains("sigmoid") && ran.out.replace('\n', " ").starts_with("So far: "), "{}", ran.out);
    assert!(ran.err.contains("the same command goes on from there"), "{}", ran.err);
    let kept = place.read("excite-out/journal.jsonl");
    assert!(kept.ends_with('\n') && kept.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(place.read("excite-out/report.html").contains("</html>"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_before_anything_is_finished_says_so_and_leaves_no_report() {
    let place = Place::new();
    let arguments = ["compare", "--epochs", "1000000", "--lr", "0.1", "--hidden", "8"];
    let child = place.excite(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !place.has("excite-out/journal.jsonl") {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""));
    assert!(ran.err.contains("interrupted before any run was finished"), "{}", ran.err);
    assert!(!place.has("excite-out/report.html"));
}

#[test]
fn a_learning_rate_that_diverges_is_a_result() {
    let place = Place::new();
    let ran = place.run(&["compare", "--epochs", "2", "--seeds", "2", "--lr", "1e30", "--activations", "relu,tanh"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let row = ran.out.lines().find(|line| line.trim_start().starts_with("relu")).unwrap();
    assert!(row.contains("diverged"), "{}", ran.out);
    // A tanh whose units are all at −1 or 1 still separates some classes.
    assert!(ran.out.starts_with("Only tanh learnt something: "), "{}", ran.out);
    let diverged = "error   relu: Diverged (diverged): the loss became infinite in epoch 1";
    assert!(ran.out.contains(diverged), "{}", ran.out);
    assert!(place.has("excite-out/report.html"));
    // And from the journal, where JSON has no NaN, all the same.
    let again = place.run(&["compare", "--epochs", "2", "--seeds", "2", "--lr", "1e30", "--activations", "relu,tanh"]);
    assert!(again.err.contains("resumed ") && again.err.contains(" finished runs"), "{}", again.err);
    assert_eq!(again.out, ran.out);
}

#[test]
fn a_csv_with_labels_by_name_and_a_regression() {
    let place = Place::new();
    let mut text = "width,height,area,size\n".to_owned();
    for i in 0..120 {
        let (width, height) = (f64::from(i % 11) / 5.0, f64::from(i % 7) / 3.0);
        let size = if width * height > 1.0 { "large" } else { "small" };
        writeln!(text, "{width},{height},{},{size}", width * height).unwrap();
    }
    place.file("plots.csv", &text);
    let classes = tiny(&place, &["plots.csv", "--activations", "relu,tanh", "--seeds", "2"]);
    assert_eq!(classes.code, Some(2), "a flag twice is one too many");
    let classes = tiny(&place, &["plots.csv", "--activations", "relu,tanh"]);
    assert_eq!(classes.code, Some(0), "{}", classes.err);
    assert!(classes.out.contains("plots.csv: ") && classes.out.contains("2 classes (large, small)"), "{}", classes.out);
    assert!(place.read("excite-out/report.html").contains("2\u{a0}classes: large, small"));

    let without_size = |line: &str| line[..line.rfind(',').unwrap()].to_owned();
    let areas: Vec<_> = text.lines().map(without_size).collect();
    place.file("areas.csv", areas.join("\n"));
    let arguments = ["areas.csv", "--target", "area", "--task", "regression", "--activations", "relu", "--no-centre"];
    let regression = tiny(&place, &arguments);
    assert_eq!(regression.code, Some(0), "{}", regression.err);
    assert!(regression.out.contains("regression"), "{}", regression.out);
}

#[test]
fn the_learning_rate_is_found_for_each_function() {
    let place = Place::new();
    let ran = place.run(&[
        "compare",
        "--epochs",
        "2",
        "--seeds",
        "1",
        "--hidden",
        "8",
        "--activations",
        "tanh,relu",
        "--json",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    for activation in result["activations"].as_array().unwrap() {
        let rates: Vec<_> =
            activation["sweep"].as_array().unwrap().iter().map(|p| p["learning_rate"].as_f64()).collect();
        assert!(rates.len() > 2 && rates.contains(&activation["learning_rate"].as_f64()), "{rates:?}");
    }
}

#[test]
fn markdown_is_a_table_to_paste() {
    let place = Place::new();
    let ran = tiny(&place, &["--markdown", "-", "--activations", "relu,leaky_relu(0.1)"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "report: excite-out/report.html\n"));
    assert!(ran.out.starts_with("**") && ran.out.contains("\n| activation | test error | epochs to "), "{}", ran.out);
    assert!(ran.out.contains("\n| --- | --: | --: |") && ran.out.contains("\n| relu | "), "{}", ran.out);
    assert!(ran.out.contains("\n| leaky\\_relu(0.1) | "), "{}", ran.out);
    assert!(ran.out.contains("```console\n$ excite compare --epochs 2"), "{}", ran.out);
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(ran.out.lines().filter(|line| line.starts_with('|')).all(|line| columns(line) == 7), "{}", ran.out);

    let to_file = tiny(&place, &["--markdown", "table.md", "--activations", "relu,leaky_relu(0.1)"]);
    assert_eq!(to_file.code, Some(0), "{}", to_file.err);
    assert!(to_file.err.contains("wrote table.md") && to_file.out.contains("report: "), "{}", to_file.err);
    let without_command = |text: &str| text[..text.find("```console").unwrap()].to_owned();
    assert_eq!(without_command(&place.read("table.md")), without_command(&ran.out));

    for (arguments, code, sentence) in [
        (&["--markdown", "-", "--json"][..], 2, "--json and --markdown - both write to standard output"),
        (&["--markdown", "no/such/table.md"], 3, "no/such/table.md cannot be written"),
    ] {
        let ran = tiny(&Place::new(), arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{}", ran.err);
        assert!(ran.err.contains(sentence) && ran.err.lines().count() == 1, "{}", ran.err);
    }
}

#[test]
fn until_error_gives_the_interval_of_the_median() {
    let place = Place::new();
    let arguments =
        ["compare", "--epochs", "12", "--seeds", "6", "--lr", "0.1", "--hidden", "16", "--activations", "relu,sigmoid"];
    let until = |error: &str, more: &[&str]| place.run(&[&arguments[..], &["--until-error", error], more].concat());
    let ran = until("0.1", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = ran.out.replace('\n', " ");
    assert!(text.contains("Epochs to a training error of 10 %.") && text.contains("confidence"), "{text}");
    // Of six figures the whole range: 1 − 2/64.
    assert!(
        ran.out.lines().any(|line| line.contains("relu") && line.contains("6 of 6") && line.contains("96.9 %")),
        "{text}"
    );
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let result: Value = serde_json::from_str(&until("0.1", &["--json"]).out).unwrap();
    let relu = &result["activations"][0];
    let (spread, interval) = (&relu["epochs_to_target"], &relu["epochs_interval"]);
    assert_eq!((&spread["low"], &spread["high"]), (&interval["low"], &interval["high"]));
    assert_eq!(interval["confidence"], 0.96875);
    assert!(place.read("excite-out/report.html").contains("96.9\u{a0}%: "), "the report has it too");
    // Out of reach for all: more than was given, no interval.
    let never = until("1e-9", &["--markdown", "-"]);
    assert!(never.out.contains(r"| relu | 0 of 6 | \> 12 | – | – |"), "{}", never.out);
}

#[test]
fn deaths_are_told_with_step_and_cause() {
    let place = Place::new();
    let arguments = ["compare", "--epochs", "2", "--seeds", "1", "--lr", "0.3", "--activations", "relu,leaky_relu"];
    let ran = place.run(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = ran.out.replace('\n', " ");
    assert!(text.contains("Deaths of hidden units, all seeds. relu: of 128 units "), "{text}");
    assert!(text.contains("first by step ") && text.contains("leaky_relu: none."), "{text}");
    let result: Value = serde_json::from_str(&place.run(&[&arguments[..], &["--json"]].concat()).out).unwrap();
    let relu = &result["activations"][0];
    let fates = relu["runs"][0]["deaths"]["fates"].as_array().unwrap();
    let killing = fates.iter().map(|fate| &fate["events"][0]).find(|event| event["event"] == "killed").unwrap();
    assert!(killing["step"].as_u64().unwrap() <= 90 && killing["push"]["own_weights"].is_f64(), "{killing}");
    let by = |cause: &str| relu["deaths"][cause].as_u64().unwrap();
    // A run may reach the target and diverge later: it is neither missed nor counted twice.
    assert!(!ran.out.contains("not reached"), "{}", ran.out);
    assert!(by("killed") > 5 && by("killed") == by("by_own_weights") + by("by_own_bias") + by("by_upstream"));
    assert!(place.read("excite-out/report.html").contains("Deaths step by step"));
    assert!(place.run(&[&arguments[..], &["--markdown", "-"]].concat()).out.contains("Deaths of hidden units"));
}

#[test]
fn balanced_classes_count_alike_however_few_their_samples() {
    let place = Place::new();
    // One in sixteen is rare, and overlaps with the others: to call all of them common costs 1/16 of the samples, and half of the classes.
    let mut text = "x,kind\n".to_owned();
    for i in 0..800 {
        let rare = i % 16 == 0;
        let x = f64::from(i * 37 % 101) / 101.0 + if rare { 0.6 } else { 0.0 };
        writeln!(text, "{x},{}", if rare { "rare" } else { "common" }).unwrap();
    }
    place.file("rare.csv", &text);
    let error = |weights: &[&str]| {
        let ran = place.run(
            &[&["compare", "rare.csv", "--activations", "tanh", "--lr", "0.03", "--seeds", "1", "--json"], weights]
                .concat(),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(result["settings"]["balanced"], !weights.is_empty());
        result["activations"][0]["test_error"]["median"].as_f64().unwrap()
    };
    let (equal, balanced) = (error(&[]), error(&["--class-weights", "balanced"]));
    // Without weights next to nothing is called rare: few of the samples are wrong. With them about a third of each class.
    assert!(equal < 0.08 && (0.1..0.45).contains(&balanced), "{equal} {balanced}");
    let shown = tiny(&place, &["rare.csv", "--activations", "tanh", "--class-weights", "balanced"]);
    assert!(shown.out.contains("2 classes of equal weight (common, rare)"), "{}", shown.out);
    assert!(place.read("excite-out/report.html").contains("every class counts as much as"));

    place.file("numbers.csv", "a,b\n1.5,2.5\n2.5,3.25\n3,4.75\n4,5.5\n");
    let refused = tiny(&Place::new(), &["--class-weights", "heavy"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let regression =
        tiny(&place, &["numbers.csv", "--task", "regression", "--class-weights", "balanced", "--out", "none"]);
    assert_eq!((regression.code, regression.out.as_str()), (Some(2), ""));
    assert!(
        regression.err.contains("classes can be weighted where there are classes, and numbers.csv is a regression"),
        "{}",
        regression.err
    );
    assert!(!place.has("none"), "nothing is written");
}
