//! `check` and `merge` on models and data that are sound.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::models::{fixture, model, npy};
use crate::{Place, Ran};

/// A place with `relu.onnx`, a ReLU of its four inputs that a softmax reads, and `data.npy`: 400 samples in which these units are never positive.
fn place(dead: &[usize]) -> Place {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y"), ("Softmax", &["y"], "p")]));
    place.file("data.npy", npy(&[400, 4], &samples(dead, 0..400)));
    place
}

fn samples(dead: &[usize], range: std::ops::Range<usize>) -> Vec<f32> {
    let z = |sample: usize, unit: usize| ((sample * 7 + unit * 3) % 11) as f32 / 3.0 - 5.0 / 3.0;
    let one = |sample: usize| (0..4).map(move |unit| (z(sample, unit), unit));
    range.flat_map(one).map(|(z, unit)| if dead.contains(&unit) { -z.abs() - 0.1 } else { z }).collect()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

fn rules(result: &Value) -> Vec<String> {
    result["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

const CHECK: &[&str] = &["check", "relu.onnx", "--input", "data.npy"];

fn check(place: &Place, more: &[&str]) -> Ran {
    place.run(&[CHECK, more].concat())
}

#[test]
fn dead_units_are_found_told_and_fail() {
    let place = place(&[1, 3]);
    let ran = check(&place, &["--in-training"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(ran.err, "", "a bar is for terminals");
    assert!(
        ran.out.starts_with(
            "Broken: `y_node`: 2 of 4 units stayed silent on all 400 samples.\nrelu.onnx: 400 samples of data.npy\n"
        ),
        "{}",
        ran.out
    );
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ran.out.contains("error   Dead units (dead-units): `y_node`: 2 of 4 units"), "{}", ran.out);
    assert!(ran.out.contains("→ ") && text.contains("measured, N = 400"), "{}", ran.out);
    let row = ran.out.lines().find(|line| line.trim_start().starts_with("y_node")).unwrap();
    assert!(row.contains("relu") && row.contains("error"), "{row}");
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !text.contains("random"), "{}", ran.out);
}

#[test]
fn a_healthy_network_passes() {
    let ran = check(&place(&[]), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.starts_with("Looks sound.\n"), "{}", ran.out);
}

#[test]
fn json_has_the_units_and_nothing_else_is_printed() {
    let ran = check(&place(&[1, 3]), &["--json", "--in-training"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let result = json(&ran);
    assert_eq!(result["model"], "relu.onnx");
    assert_eq!((&result["samples"], &result["random_data"]), (&400.into(), &false.into()));
    let layer = &result["layers"][0];
    assert_eq!((&layer["name"], &layer["function"]), (&"y_node".into(), &"relu".into()), "{layer}");
    assert_eq!((&layer["units"], &layer["samples"]), (&4.into(), &400.into()));
    assert_eq!(layer["dead"], serde_json::json!([1, 3]));
    assert_eq!(layer["clipped"], serde_json::json!([]));
    assert_eq!((&result["health"], &result["stage"]), (&"broken".into(), &"training".into()));
    let finding = &result["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["severity"], &finding["grade"]),
        (&"dead-units".into(), &"error".into(), &"measured".into())
    );
    assert_eq!(finding["samples"], 400);
}

#[test]
fn fail_on_sets_the_exit_code() {
    let (half, quarter) = (place(&[1, 3]), place(&[1]));
    let codes = |place: &Place| {
        ["warning", "error", "never"].map(|from| check(place, &["--fail-on", from, "--in-training"]).code.unwrap())
    };
    assert_eq!(codes(&half), [1, 1, 0]);
    assert_eq!(codes(&quarter), [1, 0, 0]);
    assert_eq!(codes(&place(&[])), [0, 0, 0]);
}

#[test]
fn a_finished_network_is_judged_by_what_it_does_and_facts_do_not_fail() {
    let quarter = check(&place(&[1]), &[]);
    assert_eq!(quarter.code, Some(0), "{}", quarter.out);
    assert!(
        quarter.out.starts_with("Looks sound. 1 of 4 hidden units stayed silent on all 400 samples.\n"),
        "{}",
        quarter.out
    );
    assert!(quarter.out.contains("no fault") && !quarter.out.contains("they can be removed"), "{}", quarter.out);
    let facts = check(&place(&[1]), &["--facts"]).out.replace("\n        ", " ");
    assert!(facts.contains("fact    Dead units") && facts.contains("they can be removed"), "{facts}");
    let few = check(&place(&[1]), &["--samples", "20"]);
    let words = few.out.lines().take(2).collect::<Vec<_>>().join(" ");
    assert!(few.code == Some(0) && words.contains("too few samples to call them dead."), "{words}");
}

#[test]
fn random_inputs_are_told_loudly_and_nothing_counts_as_measured() {
    let place = place(&[]);
    let ran = place.run(&["check", "relu.onnx"]);
    assert!(ran.out.contains("the inputs were random numbers"), "{}", ran.out);
    assert!(ran.out.contains("16 samples of random numbers, seed 0"), "{}", ran.out);
    let result = json(&place.run(&["check", "relu.onnx", "--json", "--samples", "5"]));
    assert_eq!((&result["samples"], &result["random_data"]), (&5.into(), &true.into()));
    assert!(result["findings"].as_array().unwrap().iter().all(|finding| finding["grade"] != "measured"));
    let again = place.run(&["check", "relu.onnx", "--json", "--samples", "5"]);
    assert_eq!(json(&again)["layers"], result["layers"], "the same seed gives the same numbers");
    let other = place.run(&["check", "relu.onnx", "--json", "--samples", "5", "--seed", "1"]);
    assert_ne!(json(&other)["layers"], result["layers"]);
}

#[test]
fn samples_and_batches_change_how_much_is_seen_and_how() {
    let place = place(&[1]);
    let few = json(&check(&place, &["--json", "--samples", "100", "--batch", "50"]));
    assert_eq!(few["samples"], 100);
    let by_one = json(&check(&place, &["--json", "--batch", "1"]));
    let at_once = json(&check(&place, &["--json", "--batch", "400"]));
    assert_same(&by_one["layers"], &at_once["layers"]);
}

/// Equal but for the last digits of numbers, which depend on the order of summing.
#[track_caller]
fn assert_same(a: &Value, b: &Value) {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            assert!((x - y).abs() <= 1e-9 * x.abs().max(1.0), "{x} and {y}");
        }
        (Value::Array(xs), Value::Array(ys)) => {
            assert_eq!(xs.len(), ys.len(), "{a} and {b}");
            xs.iter().zip(ys).for_each(|(x, y)| assert_same(x, y));
        }
        (Value::Object(xs), Value::Object(ys)) => {
            assert_eq!(xs.len(), ys.len(), "{a} and {b}");
            xs.iter().for_each(|(key, x)| assert_same(x, &ys[key]));
        }
        _ => assert_eq!(a, b),
    }
}

#[test]
fn shards_merged_in_any_order_say_what_the_whole_says() {
    let place = place(&[1, 3]);
    let whole = json(&check(&place, &["--json", "--vitals", "whole.vitals"]));
    for (name, range) in [("a", 0..150), ("b", 150..151), ("c", 151..400)] {
        place.file(&format!("{name}.npy"), npy(&[range.len(), 4], &samples(&[1, 3], range)));
        let ran = place.run(&[
            "check",
            "relu.onnx",
            "--input",
            &format!("{name}.npy"),
            "--vitals",
            &format!("{name}.vitals"),
        ]);
        assert_ne!(ran.code, Some(3), "{}", ran.err);
    }
    for order in [["a", "b", "c"], ["c", "a", "b"]] {
        let files = order.map(|name| format!("{name}.vitals"));
        let arguments = ["merge", &files[0], &files[1], &files[2], "-o", "all.vitals", "--json", "--html", "all.html"];
        let ran = place.run(&arguments);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        let merged = json(&ran);
        for part in ["layers", "findings", "facts", "samples", "model", "health", "headline"] {
            assert_same(&merged[part], &whole[part]);
        }
        assert!(place.read("all.html").contains("</html>"));
    }
    let again = json(&place.run(&["merge", "all.vitals", "--json"]));
    assert_same(&again["findings"], &whole["findings"]);
    let text = place.run(&["merge", "whole.vitals"]);
    assert!(text.out.contains("Dead units (dead-units): `y_node`: 2 of 4 units"), "{}", text.out);
}

#[test]
fn a_baseline_leaves_out_what_was_there_before() {
    let place = place(&[1]);
    let before = check(&place, &["--json"]);
    place.file("before.json", &before.out);
    let same = check(&place, &["--json", "--baseline", "before.json"]);
    assert_eq!(same.code, Some(0), "{}", same.err);
    assert!(rules(&json(&same)).is_empty());
    let told = check(&place, &["--baseline", "before.json"]);
    let text = told.out.replace('\n', " ");
    assert!(text.contains("in the baseline already") && !text.contains("Looks sound"), "{}", told.out);

    place.file("data.npy", npy(&[400, 4], &samples(&[1, 2], 0..400)));
    let worse = check(&place, &["--json", "--baseline", "before.json", "--in-training"]);
    assert_eq!(worse.code, Some(1), "{}", worse.err);
    assert_eq!(rules(&json(&worse))[0], "dead-units");
}

#[test]
fn sarif_has_a_rule_and_a_place_for_each_result() {
    let place = place(&[1, 3]);
    let ran = check(&place, &["--sarif", "out.sarif", "--fail-on", "never", "--in-training"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let file: Value = serde_json::from_str(&place.read("out.sarif")).unwrap();
    let printed = json(&check(&place, &["--sarif", "-", "--in-training"]));
    assert_eq!(file, printed);
    assert_eq!(file["version"], "2.1.0");
    let run = &file["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty() && rules.len() >= 10);
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "relu.onnx");
        assert!(result["partialFingerprints"]["excite/v2"].is_string());
    }
    assert_eq!(results[0]["level"], "error");
}

#[test]
fn the_page_and_the_vitals_are_written() {
    let place = place(&[1, 3]);
    let ran = check(&place, &["--html", "report.html", "--vitals", "v.json"]);
    assert!(ran.err.contains("wrote report.html"), "{}", ran.err);
    let page = place.read("report.html");
    assert!(page.contains("</html>") && page.contains("400 samples of data.npy"));
    assert!(page.contains("excite check relu.onnx --input data.npy --html report.html --vitals v.json"));
    let loads = ["<script src", "src=\"", "<link", "@import", "http"];
    assert!(loads.iter().all(|load| !page.contains(load)), "the report loads something");
    let vitals: Value = serde_json::from_str(&place.read("v.json")).unwrap();
    assert_eq!(vitals["model"], "relu.onnx");
}

#[test]
fn rules_explain_themselves() {
    let place = Place::new();
    let list = place.run(&["check", "--explain"]);
    assert_eq!(list.code, Some(0), "{}", list.err);
    assert!(list.out.contains("dead-units") && list.out.contains("too-few-samples"), "{}", list.out);
    let page = place.run(&["check", "--explain", "dead-units"]);
    assert!(page.out.starts_with("# Dead units\n"), "{}", page.out);
    assert!(page.out.contains("When it is reported") && page.out.contains("What to do"), "{}", page.out);
    let unknown = place.run(&["check", "--explain", "dead"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(2), ""));
    assert!(unknown.err.contains("no rule `dead`") && unknown.err.contains("dead-units"), "{}", unknown.err);
}

#[test]
fn the_axis_of_the_units_can_be_another() {
    let place = place(&[]);
    let result = json(&check(&place, &["--json", "--unit-axis", "y_node=0", "--batch", "8", "--samples", "8"]));
    assert_eq!(result["layers"][0]["units"], 8, "the rows of a batch");
    let unknown = check(&place, &["--unit-axis", "conv=1"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("`conv`") && unknown.err.contains("y_node"), "{}", unknown.err);
}

#[test]
fn raw_numbers_are_read_with_their_shape() {
    let place = place(&[]);
    let bytes: Vec<u8> = samples(&[2], 0..400).iter().flat_map(|value| value.to_le_bytes()).collect();
    place.file("data.f32", bytes);
    let ran = place.run(&["check", "relu.onnx", "--input", "data.f32", "--shape", "0,4", "--json"]);
    assert_eq!(json(&ran)["layers"][0]["dead"], serde_json::json!([2]), "{}", ran.err);
}

#[test]
fn real_models_are_checked_on_their_data() {
    let place = Place::new();
    for (model, data, functions, health) in [
        ("nmp.onnx", "nmp.chords.npz", &["relu", "sigmoid"][..], "sound"),
        // A record of noise, which is not white: the network was trained to tell it from speech.
        ("silero_vad_16k_sequence.onnx", "silero.noise.npz", &["relu", "sigmoid", "tanh"], "sound"),
        ("x100_w32full_pair.onnx", "x100.noise.npz", &["gelu"], "cannot_tell"),
    ] {
        let ran = place.run(&["check", &fixture(model), "--input", &fixture(data), "--json", "--html", "report.html"]);
        let result = json(&ran);
        assert_eq!((ran.code, &result["health"]), (Some(0), &health.into()), "{model}: {}", result["headline"]);
        assert_eq!(result["random_data"], false);
        let found: Vec<_> =
            result["layers"].as_array().unwrap().iter().map(|layer| layer["function"].as_str().unwrap()).collect();
        assert!(!found.is_empty() && found.iter().all(|name| functions.contains(name)), "{model}: {found:?}");
        assert!(place.read("report.html").len() < 5_000_000);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_cleanly_and_writes_nothing() {
    let place = Place::new();
    let nmp = fixture("nmp.onnx");
    let arguments = ["check", &nmp, "--samples", "1000000", "--html", "r.html", "--vitals", "r.vitals", "--json"];
    let child = place.excite(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""), "{}", ran.err);
    assert!(ran.err.contains("stopping, nothing is written"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn units_that_were_found_are_set_to_0_where_asked_for() {
    let place = place(&[1, 3]);
    let found = json(&check(&place, &["--ablate", "--json"]));
    assert_eq!(
        found["ablations"],
        serde_json::json!([{
            "rule": "dead-units",
            "units": 2,
            "left_out": 0,
            "outputs": [{ "name": "y", "samples": 400, "changed_labels": 0, "largest_relative_difference": 0.0 }]
        }])
    );
    let text = check(&place, &["--ablate"]).out.replace('\n', " ");
    assert!(text.contains("With the 2 units of dead-units set to 0, `y` does not change."), "{text}");
    // A unit of a clamp that is stuck at its upper end is dead, and yet its output is read.
    place.file("clamp.onnx", model(4, &[("Sigmoid", &["x"], "y")]));
    place.file(
        "high.npy",
        npy(&[40, 4], &(0..160).map(|at| if at % 4 == 2 { 99.0 } else { (at % 7) as f32 - 3.0 }).collect::<Vec<_>>()),
    );
    let clamp = json(&place.run(&["check", "clamp.onnx", "--input", "high.npy", "--ablate", "--json"]));
    assert_eq!(clamp["ablations"][0]["outputs"][0]["changed_labels"], 40);
    assert_eq!(clamp["ablations"][0]["outputs"][0]["largest_relative_difference"], 1.0);
    assert!(json(&check(&place, &["--json"])).get("ablations").is_none());
}

#[test]
fn samples_are_cut_exactly() {
    let place = place(&[]);
    for (batch, samples) in [("8", 10), ("1", 3), ("64", 400), ("3", 7)] {
        let found = json(&check(&place, &["--batch", batch, "--samples", &samples.to_string(), "--json"]));
        assert_eq!(found["samples"], samples, "{batch}");
    }
}
