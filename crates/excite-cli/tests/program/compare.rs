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
    assert!(ran.out.starts_with("digits: 1438 training and 359 test samples of 1×8×8, 10 classes."), "{}", ran.out);
    for name in ["sigmoid", "tanh", "relu", "relu6"] {
        assert!(ran.out.lines().any(|line| line.trim_start().starts_with(name)), "{name}: {}", ran.out);
    }
    assert!(ran.out.replace('\n', " ").contains("one seed: no spread, so nothing is sure"), "{}", ran.out);
    assert!(ran.out.contains("report: excite-out/report.html"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "no colours where they are not wanted");

    let report = place.read("excite-out/report.html");
    assert!(report.contains("</html>") && report.contains("relu6"));
    let loads = ["<script", "src=\"http", "<link", "@import", "url(http"];
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
fn without_times(json: &str) -> Value {
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
    assert_eq!(lines, 4);
    let second = tiny(&place, &["--json"]);
    assert!(second.err.contains("resumed 4 finished runs"), "{}", second.err);
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
    assert!(
        ran.out.contains("sigmoid") && ran.out.replace('\n', " ").contains("Of what finished before"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("the same command goes on from here"), "{}", ran.err);
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
    assert!(ran.out.replace('\n', " ").contains("relu: diverged on all 2 seeds"), "{}", ran.out);
    assert!(place.has("excite-out/report.html"));
    // And from the journal, where JSON has no NaN, all the same.
    let again = place.run(&["compare", "--epochs", "2", "--seeds", "2", "--lr", "1e30", "--activations", "relu,tanh"]);
    assert!(again.err.contains("resumed 4 finished runs"), "{}", again.err);
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
    assert!(classes.out.starts_with("plots.csv: ") && classes.out.contains("2 classes"), "{}", classes.out);

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
