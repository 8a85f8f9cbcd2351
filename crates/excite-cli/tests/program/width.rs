//! Tables in terminals of any width: no line is longer, no number is split, and what is left out is said.

use crate::models::{fixture, model, npy};
use crate::{Place, Ran};

/// Runs the program in a terminal that is `columns` wide.
fn at(place: &Place, columns: usize, arguments: &[&str]) -> Ran {
    let mut command = place.excite(arguments);
    Ran::of(command.env("COLUMNS", columns.to_string()).output().unwrap())
}

/// The lines of the first table that has `heading` in its header, with its rules: one before and one after the header, one at the end.
fn table<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_rule = |line: &str| !line.is_empty() && line.chars().all(|c| c == '─');
    let rules: Vec<usize> = (0..lines.len()).filter(|&i| is_rule(lines[i])).collect();
    let tables = rules.chunks_exact(3);
    let has_heading = |rules: &&[usize]| lines[rules[0]..rules[1]].iter().any(|line| line.contains(heading));
    let found = tables.into_iter().find(has_heading).unwrap_or_else(|| panic!("no table with {heading}: {text}"));
    lines[found[0]..=found[2]].to_vec()
}

/// That the result at 80, 60 and 40 columns fits, has the same number of rows everywhere, and says what is left out.
#[track_caller]
fn assert_fits(place: &Place, arguments: &[&str], heading: &str, prose: bool) -> [String; 3] {
    let wide = table(&at(place, 200, arguments).out, heading).len();
    // Names and sentences stand side by side only where there is room.
    let rows = |out: &str| if prose { 0 } else { table(out, heading).len() };
    [80, 60, 40].map(|columns| {
        let ran = at(place, columns, arguments);
        let longest = ran.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= columns, "{longest} in {columns} columns: {}", ran.out);
        // A cell that is split makes a row longer; only sentences may be.
        let more_for_headings = 2;
        assert!(rows(&ran.out) <= wide + more_for_headings, "{columns} columns: {}", ran.out);
        ran.out
    })
}

const COMPARE: &[&str] =
    &["compare", "--epochs", "2", "--seeds", "2", "--lr", "0.1", "--hidden", "8", "--activations", "tanh,leaky_relu"];

#[test]
fn compare_has_six_columns_and_drops_them_one_by_one() {
    let place = Place::new();
    let usual = place.run(COMPARE);
    let header = table(&usual.out, "activation").join(" ");
    for name in ["activation", "test error", "learning", "dead", "saturated"] {
        assert!(header.contains(name), "{name}: {header}");
    }
    assert!(!header.contains("mean") && !header.contains("vs tanh"), "{header}");
    let said = usual.out.replace('\n', " ");
    assert!(said.contains("Not shown: vs slowest, vs tanh, mean, epoch time, function time. --columns all"), "{said}");
    // The verdict comes first, in a line or two, and the figures after it.
    let (verdict, about) = (0, usual.out.find("digits: ").unwrap());
    assert!(about > verdict && usual.out.find("activation").unwrap() > about, "{}", usual.out);

    let [at_80, at_60, at_40] = assert_fits(&place, COMPARE, "activation", false);
    assert!(table(&at_80, "activation").join(" ").contains("saturated"), "{at_80}");
    assert!(table(&at_60, "activation").join(" ").contains("test error"), "{at_60}");
    let narrow = table(&at_40, "activation").join(" ");
    assert!(narrow.contains("test") && narrow.contains("leaky_relu") && !narrow.contains("saturated"), "{at_40}");
    assert!(at_40.replace('\n', " ").contains("Not shown: ") && at_40.contains("saturated"), "{at_40}");
}

#[test]
fn columns_are_shown_by_name_and_all_of_them_in_blocks() {
    let place = Place::new();
    let named = at(&place, 80, &[COMPARE, &["--columns", "mean,Test-Error"]].concat());
    let header = table(&named.out, "activation").join(" ");
    assert!(header.contains("mean") && header.contains("test error") && !header.contains("dead"), "{}", named.out);
    assert!(header.find("mean") < header.find("test error"), "in the order asked for: {header}");
    let all = at(&place, 60, &[COMPARE, &["--columns", "all"]].concat());
    for name in ["dead", "mean", "vs tanh", "epoch", "function"] {
        assert!(all.out.contains(name), "{name}: {}", all.out);
    }
    assert!(all.out.lines().all(|line| line.chars().count() <= 60), "{}", all.out);
    assert!(!all.out.contains("Not shown: mean"), "{}", all.out);

    let wrong = Place::new();
    let ran = wrong.run(&[COMPARE, &["--columns", "means"]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert_eq!(ran.err, "error: --columns: there is no column `means`; did you mean `mean`?\n");
    assert!(!wrong.has("excite-out"), "nothing was trained");
}

#[test]
fn check_keeps_numbers_whole() {
    let place = Place::new();
    for name in ["nmp.onnx", "nmp.chords.npz"] {
        place.file(name, std::fs::read(fixture(name)).unwrap());
    }
    let arguments = ["check", "nmp.onnx", "--input", "nmp.chords.npz", "--fail-on", "never"];
    let [at_80, at_60, at_40] = assert_fits(&place, &arguments, "layer", false);
    assert!(table(&at_80, "layer").join(" ").contains("units"), "{at_80}");
    for text in [&at_60, &at_40] {
        assert!(table(text, "layer").join(" ").contains("worst"), "{text}");
    }
    let all = at(&place, 80, &[&arguments[..], &["--columns", "all"]].concat());
    let gates = all.out.lines().filter(|line| line.contains("0.")).count();
    assert!(all.out.contains("gate") && all.out.contains("γ") && gates > 0, "{}", all.out);
}

#[test]
fn quantise_keeps_numbers_whole() {
    let place = Place::new();
    place.file("relu.onnx", model(4, &[("Relu", &["x"], "y")]));
    let inputs: Vec<f32> = (0..400_u32).map(|i| (i * 37 % 101) as f32 / 10.0 - 3.0).collect();
    place.file("data.npy", npy(&[100, 4], &inputs));
    let arguments = ["quantise", "relu.onnx", "--input", "data.npy"];
    for heading in ["scale", "best", "activations by"] {
        assert_fits(&place, &arguments, heading, false);
    }
    let usual = place.run(&arguments);
    let header = table(&usual.out, "method").join(" ");
    assert!(header.contains("method") && header.contains("zero point") && !header.contains("ACIQ"), "{header}");
    let all = place.run(&[&arguments[..], &["--columns", "all"]].concat());
    assert!(all.out.contains("ACIQ") && all.out.contains("codes") && all.out.contains("best cap"), "{}", all.out);
    let widths = [&arguments[..], &["--bits", "4..12"]].concat();
    let [_, _, at_40] = assert_fits(&place, &widths, "12 bits", false);
    assert!(at_40.contains("4 bits"), "the ends stay: {at_40}");
    let unknown = place.run(&[&arguments[..], &["--columns", "scael"]].concat());
    assert!(unknown.code == Some(2) && unknown.err.contains("did you mean `scale`?"), "{}", unknown.err);
}

#[test]
fn list_and_lab_fit() {
    let place = Place::new();
    let [_, _, narrow] = assert_fits(&place, &["list"], "activation", false);
    assert!(narrow.contains("hard_sigmoid") && narrow.contains("range"), "{narrow}");
    assert_fits(&place, &["list", "--names"], "activation", false);
    assert_fits(&place, &["list", "gelu", "--names"], "activation", false);
    assert_fits(&place, &["lab", "list"], "experiment", true);
    assert_fits(&place, &["check", "--explain"], "rule", true);
    let arguments = ["lab", "same-sign-gradients", "--quick"];
    let [at_80, _, _] = assert_fits(&place, &arguments, "sigmoid", true);
    assert!(at_80.contains("100"), "{at_80}");
    let one = at(&place, 40, &["list", "relu"]);
    assert!(one.out.lines().all(|line| line.chars().count() <= 40), "{}", one.out);
}
