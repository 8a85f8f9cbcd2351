//! Networks with a known fault: `compare` and `check` of what it saved name the same cause, in one sentence.

use serde_json::Value;

use crate::Place;

/// The health and the first finding, as rule and cause, of `compare` and then of `check` of the network that it saved.
fn judged(arguments: &[&str], function: &str) -> [(String, String, String); 2] {
    let place = Place::new();
    let first = ["compare", "-a", function, "--seeds", "1", "--epochs", "6", "--save-networks", "n", "--json"];
    let ran = place.run(&[&first, arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let compared: Value = serde_json::from_str(&ran.out).unwrap();
    let network = format!("n/{function}-seed1.onnx");
    let ran = place.run(&["check", &network, "--input", "n/held_out.safetensors", "--json", "--fail-on", "never"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let checked: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    [&compared["activations"][0]["judgement"], &checked].map(|judgement| {
        let finding = &judgement["findings"][0];
        let words = text(&judgement["headline"]);
        assert!((2..=25).contains(&words.split_whitespace().count()), "{words}");
        (text(&judgement["health"]), text(&finding["rule"]), text(&finding["cause"]))
    })
}

#[track_caller]
fn check(arguments: &[&str], function: &str, health: &str, rule: &str, cause: &str) {
    let expected = (health.to_owned(), rule.to_owned(), cause.to_owned());
    assert_eq!(judged(arguments, function), [expected.clone(), expected], "{arguments:?}");
}

#[test]
fn a_sound_network_is_sound_in_both() {
    check(&["--lr", "0.03"], "relu", "sound", "", "");
    check(&["--lr", "0.03"], "sigmoid", "sound", "", "");
}

#[test]
fn eight_layers_of_sigmoid_are_a_vanishing_gradient() {
    let deep = ["--hidden", "32,32,32,32,32,32,32,32", "--lr", "0.1"];
    check(&deep, "sigmoid", "learnt_nothing", "vanishing-gradient", "function");
}

#[test]
fn a_bias_of_minus_4_is_born_dead() {
    check(&["--bias=-4", "--lr", "0.03"], "relu", "learnt_nothing", "dead-units", "bias");
}

#[test]
fn a_rate_of_1_is_too_high() {
    check(&["--lr", "1"], "relu", "learnt_nothing", "dead-units", "learning_rate");
}

#[test]
fn eight_sigmoid_layers_lose_their_gradient() {
    let place = Place::new();
    let hidden = ["64"; 8].join(",");
    let ran =
        place.run(&["compare", "--hidden", &hidden, "--activations", "sigmoid", "--seeds", "2", "--epochs", "15"]);
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("Learnt nothing (90 %): the gradient shrinks "), "{text}");
    assert!(text.contains("error sigmoid: Vanishing gradient (vanishing-gradient)"), "{text}");
}
