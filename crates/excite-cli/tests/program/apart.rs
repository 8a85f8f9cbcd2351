//! The runs of a comparison trained one by one, each as on a machine of its own.

use crate::Place;
use crate::compare::without_times;

const PLAN: &[&str] = &["compare", "--activations", "tanh,relu", "--seeds", "2", "--epochs", "1", "--hidden", "4"];

#[test]
fn joined_journals_give_the_comparison_of_one_machine() {
    let place = Place::new();
    let run = |more: &[&str]| {
        let ran = place.run(&[PLAN, more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    let whole = run(&["--json", "--out", "whole"]);

    let mut joined = String::new();
    let mut rounds = Vec::new();
    loop {
        let next = run(&["--next-runs", "--out", "joined"]);
        if next.is_empty() {
            break;
        }
        for line in next.lines() {
            assert_eq!(run(&["--train-run", line, "--out", "apart", "--fresh"]), "");
            assert!(!place.has("apart/report.html"));
            let journal = place.read("apart/journal.jsonl");
            assert_eq!(journal.lines().count(), 1);
            joined += &journal;
        }
        rounds.push(next.lines().count());
        place.file("joined/journal.jsonl", &joined);
    }
    // Six learning rates with two seeds for each function come first, the two seeds of each last.
    assert_eq!(rounds[0], 24);
    assert!(rounds.len() >= 2, "{rounds:?}");
    let resumed = place.run(&[PLAN, &["--json", "--out", "joined"]].concat());
    assert!(resumed.err.contains(&format!("resumed {} finished runs", joined.lines().count())), "{}", resumed.err);
    assert_eq!(place.read("joined/journal.jsonl"), joined, "nothing was left to train");
    assert_eq!(without_times(&resumed.out), without_times(&whole));
}

#[test]
fn several_runs_are_trained_at_once_and_not_again() {
    let place = Place::new();
    let fixed = [PLAN, &["--lr", "0.1"]].concat();
    let next = place.run(&[&fixed[..], &["--next-runs"]].concat()).out;
    let runs: Vec<&str> = next.lines().flat_map(|line| ["--train-run", line]).collect();
    assert_eq!(runs.len(), 8);
    for _ in 0..2 {
        assert_eq!(place.run(&[&fixed[..], &runs].concat()).code, Some(0));
        assert_eq!(place.read("excite-out/journal.jsonl").lines().count(), 4);
    }
}

#[test]
fn what_is_no_run_is_refused() {
    let place = Place::new();
    for (run, why) in [
        ("tanh", "--next-runs prints"),
        (r#"{"function":"tanh","learning_rate":0.1,"seed":1,"epochs":0,"stop_at":null}"#, "at least one epoch"),
        (
            r#"{"function":"tanh","learning_rate":-1,"seed":1,"epochs":1,"stop_at":null}"#,
            "must be a positive number, not -1",
        ),
    ] {
        let ran = place.run(&[PLAN, &["--train-run", run]].concat());
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(why) && ran.err.lines().count() == 1, "{}", ran.err);
    }
    let both = place.run(&[PLAN, &["--next-runs", "--train-run", "{}"]].concat());
    assert_eq!(both.code, Some(2));
}
