//! `list`, `plot`, and what goes for all commands.

use std::process::Stdio;

use crate::Place;

#[test]
fn list_shows_every_function_with_its_facts() {
    let ran = Place::new().run(&["list"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let line = |name: &str| ran.out.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    assert!(line("sigmoid").contains("beyond ±4.36") && line("sigmoid").contains("0.25 at 0"), "{}", ran.out);
    assert!(line("tanh").contains("±1") && line("tanh").contains("yes"), "{}", ran.out);
    assert!(line("relu ").contains("0 to ∞") && line("relu6").contains("0 to 6"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    // A line for each, and those of the frame and the notes.
    let functions = excite::Function::ALL.len();
    assert!((functions + 4..functions + 24).contains(&ran.out.lines().count()), "{}", ran.out);
}

#[test]
fn list_shows_a_function_in_full() {
    let ran = Place::new().run(&["list", "torch.nn.LeakyReLU(0.2)"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for text in ["negative_slope = 0.2, from", "Lipschitz     1\n", "torch.nn.LeakyReLU", "-∞ to ∞"] {
        assert!(ran.out.replace('−', "-").contains(text), "{text}: {}", ran.out);
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let wrong = Place::new().run(&["list", "geluu"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean `gelu`?"), "{}", wrong.err);
}

#[test]
fn list_gives_names_and_json() {
    let place = Place::new();
    assert!(place.run(&["list", "--names"]).out.contains("torch.nn.ReLU6"));
    let json: serde_json::Value = serde_json::from_str(&place.run(&["list", "--json"]).out).unwrap();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, excite::Function::ALL.iter().map(excite::Function::name).collect::<Vec<_>>());
    let json: serde_json::Value = serde_json::from_str(&place.run(&["list", "--json", "sigmoid", "relu"]).out).unwrap();
    assert_eq!(json[0]["facts"]["largest_slope"], 0.25);
    assert!(json[1]["facts"]["range"]["high"].is_null(), "infinite");
}

#[test]
fn plot_draws_in_the_terminal() {
    let ran = Place::new().run(&["plot", "tanh", "torch.nn.ReLU6"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("value f(x)") && ran.out.contains("slope f′(x)"), "{}", ran.out);
    assert!(ran.out.contains("● tanh: ") && ran.out.contains("○ relu6: "), "{}", ran.out);
    assert!(ran.out.matches('●').count() > 60 && ran.out.matches('○').count() > 60, "{}", ran.out);
}

#[test]
fn plot_writes_an_svg_file() {
    let place = Place::new();
    let ran = place.run(&["plot", "sigmoid", "relu", "--out", "curves.svg"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", "wrote curves.svg\n"));
    let svg = place.read("curves.svg");
    assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>") && svg.contains("sigmoid"));
}

#[test]
fn plot_into_a_folder_that_cannot_be_is_one_sentence_and_exit_code_1() {
    let place = Place::new();
    place.file("file", "");
    let ran = place.run(&["plot", "relu", "--out", "file/curves.svg"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.starts_with("error: file/curves.svg cannot be written"), "{}", ran.err);
}

#[test]
fn help_explains_each_command_with_examples() {
    let place = Place::new();
    for command in
        [&["--help"][..], &["compare", "--help"], &["lab", "--help"], &["list", "--help"], &["plot", "--help"]]
    {
        let ran = place.run(command);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command:?}");
        assert!(ran.out.contains("Examples:"), "{command:?}: {}", ran.out);
    }
    assert!(place.run(&["--version"]).out.starts_with("excite "));
}

#[test]
fn a_reader_that_stops_reading_is_no_panic() {
    let mut child =
        Place::new().excite(&["plot", "tanh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = crate::Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}
