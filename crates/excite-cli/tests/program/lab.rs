//! `lab`: experiments on what is said about activation functions.

use serde_json::Value;

use crate::Place;

#[test]
fn the_experiments_are_listed_with_their_claims() {
    let place = Place::new();
    let ran = place.run(&["lab", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let list: Value = serde_json::from_str(&place.run(&["lab", "list", "--json"]).out).unwrap();
    let experiments = list["experiments"].as_array().unwrap();
    assert!(experiments.len() >= 11);
    for experiment in experiments {
        assert!(ran.out.contains(experiment["name"].as_str().unwrap()), "{}", ran.out);
        assert!(experiment["claim"].as_str().unwrap().ends_with('.'));
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
}

#[test]
fn an_experiment_gives_a_verdict_a_table_and_a_page() {
    let place = Place::new();
    let ran = place.run(&["lab", "zig-zag", "--quick", "--seeds", "3", "--html", "zig-zag.html"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote zig-zag.html\n"));
    assert!(ran.out.contains("\nzig-zag: With inputs that are never negative"), "{}", ran.out);
    assert!(["held: ", "depends: ", "did not hold: "].iter().any(|verdict| ran.out.contains(verdict)), "{}", ran.out);
    assert!(ran.out.contains("sigmoid as it is, single samples") && ran.out.contains("quick form"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let page = place.read("zig-zag.html");
    assert!(page.contains("</html>") && page.contains("excite lab zig-zag --quick"), "the command stands in the page");
    let loads = ["<script src", "src=\"http", "<link", "@import", "url(http"];
    assert!(loads.iter().all(|load| !page.contains(load)), "the report loads something");
}

#[test]
fn json_is_the_whole_result_and_the_same_each_time() {
    let place = Place::new();
    let arguments = ["lab", "sigmoid-squashes", "--function", "torch.nn.Tanh,relu", "--quick", "--json"];
    let ran = place.run(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(result["version"], 1);
    let experiment = &result["experiments"][0];
    assert_eq!(experiment["functions"], serde_json::json!(["tanh", "relu"]));
    assert_eq!((&experiment["verdict"], &experiment["quick"]), (&"depends".into(), &true.into()));
    let measures = experiment["measures"].as_array().unwrap();
    let value = |of: &str, quantity: &str| {
        let measure = measures.iter().find(|m| m["of"] == of && m["quantity"] == quantity).unwrap();
        measure["value"]["median"].clone()
    };
    assert_eq!(value("tanh", "least output"), -1.0);
    assert!(value("relu", "largest output").is_null(), "infinite");
    assert!(experiment["pictures"][0]["panels"][0]["marks"][0]["zone"].is_object());
    assert_eq!(place.run(&arguments).out, ran.out);
}

#[test]
fn an_experiment_on_data_is_done_on_ones_own() {
    let place = Place::new();
    let row = |i| format!("{},{},{}", i % 7, (i * 5) % 11, u8::from(i % 7 > 3));
    place.file("points.csv", (0..120).map(row).collect::<Vec<_>>().join("\n"));
    let ran = place.run(&["lab", "zero-mean-data", "--data", "points.csv", "--function", "relu", "--quick", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let finding = result["experiments"][0]["finding"].as_str().unwrap();
    assert!(finding.starts_with("To a training error of 5 % on points.csv."), "{finding}");
    let refused = place.run(&["lab", "zig-zag", "--data", "points.csv"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(refused.err.contains("zig-zag: it cannot be done on data of your own"), "{}", refused.err);
    let missing = place.run(&["lab", "zero-mean-data", "--data", "nothing.csv"]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(3), ""));
    assert!(missing.err.contains("nothing.csv"), "{}", missing.err);
    let images = place.run(&["lab", "relu-converges-faster", "--data", "points.csv", "--quick"]);
    assert!(images.code == Some(2) && images.err.contains("needs images"), "{}", images.err);
}

#[test]
fn all_experiments_are_run_into_one_page_and_kept() {
    let place = Place::new();
    let ran = place.run(&["lab", "--quick", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote excite-out/lab.html\n"));
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let list: Value = serde_json::from_str(&place.run(&["lab", "list", "--json"]).out).unwrap();
    let names = |json: &Value| -> Vec<String> {
        json["experiments"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&result), names(&list));
    let page = place.read("excite-out/lab.html");
    for experiment in result["experiments"].as_array().unwrap() {
        let name = experiment["name"].as_str().unwrap();
        assert!(page.contains(&format!("<section id=\"{name}\">")), "{name}");
        assert!(!experiment["measures"].as_array().unwrap().is_empty(), "{name}");
        assert!(!experiment["certainty"].as_str().unwrap().is_empty() || experiment["verdict"] == "depends", "{name}");
    }

    // What is finished is not done again, not even what has times; what is damaged or was asked for otherwise is.
    place.file("excite-out/lab/03-zig-zag.record", "damaged");
    let again = place.run(&["lab", "--quick", "--json"]);
    let kept = "resumed 12 of 13 experiments from excite-out/lab (--fresh runs all of them again)\nwrote excite-out/lab.html\n";
    assert_eq!((again.code, again.err.as_str(), &again.out), (Some(0), kept, &ran.out));
}

#[test]
fn the_guide_has_a_page_for_each_experiment() {
    let list: Value = serde_json::from_str(&Place::new().run(&["lab", "list", "--json"]).out).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/claims");
    let read =
        |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"));
    let index = read("README.md");
    for experiment in list["experiments"].as_array().unwrap() {
        let text = |key: &str| experiment[key].as_str().unwrap();
        let page = read(&format!("{}.md", text("name")));
        let renew = "run `excite lab` and `cargo xtask claims`";
        assert!(page.contains(text("claim")) && page.contains(text("method")), "{}: {renew}", text("name"));
        assert!(index.contains(&format!("({}.md)", text("name"))), "{}: {renew}", text("name"));
        for picture in page.split("](").filter_map(|rest| rest.split_once(".svg)")).map(|(name, _)| name) {
            assert!(read(&format!("{picture}.svg")).contains("</svg>"), "{picture}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_one_sentence_and_nothing_is_written() {
    let place = Place::new();
    for (arguments, sentence) in [
        (&["lab", "zigzag"][..], "there is no experiment `zigzag`; did you mean `zig-zag`?"),
        (&["lab", "zig-zag", "--function", "sigmoyd"], "did you mean `sigmoid`?"),
        (&["lab", "zig-zag", "--function", "relu,relu"], "--function names relu twice"),
        (
            &["lab", "relu-half-plane", "--function", "tanh", "--html", "out.html"],
            "tanh has no side on which its slope is 0",
        ),
        (&["lab", "zig-zag", "--seeds", "0"], "it must be a whole number, at least 1"),
        (&["lab", "list", "--quick"], "`list` runs nothing"),
        (&["lab", "zig-zag", "--fresh"], "cannot be used with"),
        (&["lab", "--function", "relu"], "NAME"),
    ] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(sentence) && ran.err.lines().count() == 1, "{arguments:?}: {}", ran.err);
    }
    let ran = place.run(&["lab", "zig-zag", "--html", "no/such/page.html"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("no/such/page.html cannot be written"), "{}", ran.err);
    assert!(std::fs::read_dir(place.path()).unwrap().next().is_none(), "nothing is written");
}
