//! Sentences that once read wrong, from the command line to the right words.

use std::fmt::Write;

use crate::models::{fixture, model, npy};
use crate::{Place, Ran};

const TINY: &[&str] = &["compare", "--epochs", "2", "--seeds", "1", "--lr", "0.1", "--hidden", "8"];

/// A text in one line.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_error_to_reach_is_a_share_or_a_percentage_and_never_500_percent() {
    let place = Place::new();
    let until = |error: &str| place.run(&[TINY, &["--activations", "relu", "--until-error", error]].concat());
    for wrong in ["5", "1", "0", "-0.1", "100%", "five"] {
        let ran = until(wrong);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{wrong}");
        assert!(ran.err.contains("--until-error") && ran.err.lines().count() == 1, "{}", ran.err);
    }
    assert!(until("5").err.contains("it must be a share between 0 and 1, as 0.05, or a percentage, as 5%"));
    assert!(!place.has("excite-out"), "nothing was trained");
    let (share, percent) = (until("0.5"), until("50%"));
    assert!(joined(&share.out).contains("Epochs to a training error of 50 %."), "{}", share.out);
    let figures = |ran: &Ran| ran.out.lines().find(|line| line.starts_with("relu")).map(str::to_owned);
    assert_eq!(figures(&share), figures(&percent));
}

#[test]
fn one_of_a_thing_is_singular() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("one.npy", npy(&[1, 4], &[1.0, -1.0, 0.5, 2.0]));
    let checked = place.run(&["check", "relu.onnx", "--input", "one.npy", "--fail-on", "never"]);
    let text = joined(&checked.out);
    assert!(text.contains("relu.onnx: 1 sample of one.npy"), "{text}");
    assert!(!text.contains("1 samples") && !text.contains("1 layers"), "{text}");
    let compared =
        place.run(&["compare", "--epochs", "1", "--seeds", "1", "--lr", "0.1", "--hidden", "4", "-a", "tanh"]);
    let text = joined(&compared.out);
    assert!(text.contains("1 epoch, 1 seed.") && !text.contains("1 epochs") && !text.contains("1 seeds"), "{text}");
}

#[test]
fn percentages_have_two_digits_that_count() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    // In 43 samples 3/43 is 6.976… %.
    let samples: Vec<f32> = (0..43 * 4).map(|i| if i % 4 == 1 { -1.0 } else { (i % 7) as f32 - 3.0 }).collect();
    place.file("data.npy", npy(&[43, 4], &samples));
    let ran = place.run(&["check", "relu.onnx", "--input", "data.npy", "--fail-on", "never"]);
    let long = |word: &str| word.parse::<f64>().is_ok() && word.split('.').nth(1).is_some_and(|d| d.len() > 2);
    let words: Vec<&str> = ran.out.split_whitespace().collect();
    let wrong: Vec<_> =
        words.windows(2).filter(|two| two[1].starts_with('%') && long(two[0].trim_start_matches('('))).collect();
    assert!(wrong.is_empty(), "{wrong:?}: {}", ran.out);
}

#[test]
fn the_names_of_inputs_are_quoted() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    let ran = place.run(&["check", "relu.onnx", "--input", &fixture("nmp.chords.npz")]);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert!(ran.err.contains("; its input is `x`") && !ran.err.contains("it has x"), "{}", ran.err);
}

#[test]
fn a_baseline_is_compared_before_and_now() {
    let place = Place::new();
    for name in ["nmp.onnx", "nmp.chords.npz"] {
        place.file(name, std::fs::read(fixture(name)).unwrap());
    }
    let arguments = ["check", "nmp.onnx", "--input", "nmp.chords.npz", "--fail-on", "never"];
    let before = place.run(&[&arguments[..], &["--json"]].concat());
    place.file("before.json", &before.out);
    let record: serde_json::Value = serde_json::from_str(&before.out).unwrap();
    let findings: usize = ["findings", "facts"].iter().map(|of| record[of].as_array().unwrap().len()).sum();
    assert!(findings > 1, "the fixture shows something: {}", before.out);
    let ran = place.run(&[&arguments[..], &["--baseline", "before.json"]].concat());
    let text = joined(&ran.out);
    assert!(
        text.starts_with(&format!("Nothing new: all {findings} findings and facts are in the baseline already.")),
        "{text}"
    );
    assert!(!text.contains("Looks sound"), "{text}");
    assert!(text.contains("Findings and facts before and now") && text.contains("layers before"), "{text}");
    let row = ran.out.lines().find(|line| line.starts_with("too-few-samples")).unwrap_or_default();
    let counts: Vec<&str> = row.split_whitespace().skip(1).collect();
    assert!(counts.len() == 4 && counts[0] == counts[1] && counts[0] != "0", "{row}: {}", ran.out);
}

/// A table of `rows` rows, whose first column decides the class.
fn table(rows: usize) -> String {
    let mut text = "x,y,kind\n".to_owned();
    for i in 0..rows {
        writeln!(text, "{},{},{}", i % 7, (i * 5) % 11, if i % 7 > 3 { "large" } else { "small" }).unwrap();
    }
    text
}

#[test]
fn few_test_samples_are_said_to_be_few() {
    let place = Place::new();
    place.file("t.csv", table(40));
    let few = place.run(&[TINY, &["t.csv", "-a", "tanh,relu"]].concat());
    let text = joined(&few.out);
    assert!(
        text.contains("Only 8 test samples, so one of them is 12 % of the test error: small differences say nothing."),
        "{text}"
    );
    let markdown = place.run(&[TINY, &["t.csv", "-a", "tanh,relu", "--markdown", "-"]].concat());
    assert!(markdown.out.contains("Only 8 test samples"), "{}", markdown.out);
    place.file("many.csv", table(400));
    let many = place.run(&[TINY, &["many.csv", "-a", "tanh", "--out", "many"]].concat());
    assert!(!many.out.contains("small differences say nothing"), "{}", many.out);
}

#[test]
fn a_report_of_other_data_is_not_overwritten() {
    let place = Place::new();
    place.file("t.csv", table(60));
    let first = place.run(&[TINY, &["t.csv", "-a", "tanh"]].concat());
    assert!(first.out.contains("report: excite-out/report.html"), "{}", first.out);
    let page = place.read("excite-out/report.html");
    let other = place.run(&[TINY, &["-a", "tanh"]].concat());
    assert!(other.out.contains("report: excite-out/report-digits.html"), "{}", other.out);
    assert_eq!(place.read("excite-out/report.html"), page, "the report of t.csv stays");
    assert!(place.read("excite-out/report-digits.html").contains("digits"));
    // Each command finds its own report again.
    let again = place.run(&[TINY, &["t.csv", "-a", "tanh"]].concat());
    assert!(again.out.contains("report: excite-out/report.html"), "{}", again.out);
    let digits = place.run(&[TINY, &["-a", "tanh"]].concat());
    assert!(digits.out.contains("report: excite-out/report-digits.html"), "{}", digits.out);
}

#[cfg(target_os = "linux")]
#[test]
fn open_hands_the_page_to_the_browser() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    place.file("data.npy", npy(&[40, 4], &(0..160).map(|i| (i % 7) as f32 - 3.0).collect::<Vec<_>>()));
    // A browser that writes down what it is asked to open.
    std::fs::create_dir(place.path().join("bin")).unwrap();
    place.file("bin/xdg-open", format!("#!/bin/sh\necho \"$1\" >> {}/opened\n", place.path().display()));
    let script = place.path().join("bin/xdg-open");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let check = ["check", "relu.onnx", "--input", "data.npy", "--fail-on", "never", "--open"];
    let quantise = ["quantise", "relu.onnx", "--input", "data.npy", "--open", "--html", "q.html"];
    let lab = ["lab", "sigmoid-squashes", "--quick", "--open"];
    let compare = [TINY, &["-a", "tanh", "--open"]].concat();
    for (arguments, page) in [
        (&check[..], "excite-out/check.html"),
        (&quantise, "q.html"),
        (&lab, "excite-out/sigmoid-squashes.html"),
        (&compare, "excite-out/report.html"),
    ] {
        let path = format!("{}:{}", place.path().join("bin").display(), std::env::var("PATH").unwrap());
        let ran = Ran::of(place.excite(arguments).env("PATH", path).output().unwrap());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        assert!(place.read(page).contains("</html>"), "{page}");
        let start = std::time::Instant::now();
        let opened = || std::fs::read_to_string(place.path().join("opened")).unwrap_or_default();
        while !opened().lines().any(|line| line.ends_with(page)) {
            assert!(start.elapsed().as_secs() < 20, "{page} is not among {:?}: {}", opened(), ran.err);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_what_is_kept() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    // Rates are tried first: their runs are finished long before any function is.
    let place = Place::new();
    let arguments = ["compare", "--epochs", "300", "--hidden", "16", "--jobs", "1", "-a", "tanh"];
    let child = place.excite(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let journal = || std::fs::read_to_string(place.path().join("excite-out/journal.jsonl")).unwrap_or_default();
    while journal().lines().count() == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""), "{}", ran.err);
    let kept = journal().lines().count();
    let said = if kept == 1 { "1 finished run is".to_owned() } else { format!("{kept} finished runs are") };
    let sentence = format!(
        "interrupted before any function was finished: {said} kept in excite-out/journal.jsonl; the same command goes on from there"
    );
    assert!(ran.err.contains(&sentence), "{sentence}: {}", ran.err);
    assert!(!ran.err.contains("4294967296"), "{}", ran.err);
}

#[test]
fn wrong_commands_are_met_with_the_right_one() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    for (arguments, sentence) in [
        (&["chek"][..], "check"),
        (&["check"], "missing: <MODEL>; excite check --help shows examples"),
        (&["quantise", "--function", "gelu"], "--function is for --emit, which writes a kernel, or --diff"),
        (&["compare", "--activation", "relu"], "--activations"),
        (&["compare", "--seed", "3"], "--seeds"),
        (&["compare", "-a", "relo"], "did you mean `relu`?"),
        (&["compare", "--lr", "fast"], "it must be auto, or a finite number above 0"),
        (&["compare", "--columns", "error"], "--columns: there is no column `error`"),
        (&["check", "relu.onnx", "--columns", "dormnt"], "did you mean `dormant`?"),
        (&["check", "--explain", "dead"], "did you mean `dead-units`?"),
        (&["check", "relu.onnx", "--fail-on", "fatal"], "[possible values: warning, error, never]"),
        (&["lab", "zigzag"], "did you mean `zig-zag`?"),
        (&["list", "--columns", "rang"], "did you mean `range`?"),
        (&["quantise", "relu.onnx", "--bits", "3"], "it must be numbers of bits from 4 to 16"),
    ] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(sentence) && ran.err.lines().count() == 1, "{arguments:?}: {}", ran.err);
    }
    for spelling in [&["quantize", "--help"][..], &["compare", "--no-center", "--help"]] {
        assert_eq!(place.run(spelling).code, Some(0), "{spelling:?}");
    }
}
