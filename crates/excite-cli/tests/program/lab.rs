//! `lab`: the lesson on activation functions, and its experiments.

use serde_json::Value;

use crate::Place;

#[test]
fn the_sentences_are_listed_in_order_with_their_experiments() {
    let place = Place::new();
    let ran = place.run(&["lab", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let list: Value = serde_json::from_str(&place.run(&["lab", "list", "--json"]).out).unwrap();
    let (statements, experiments) = (list["statements"].as_array().unwrap(), list["experiments"].as_array().unwrap());
    assert!(statements.len() >= 31 && experiments.len() >= 13);
    let mut rest = ran.out.as_str();
    for (index, statement) in statements.iter().enumerate() {
        assert_eq!(statement["number"], index + 1);
        let experiment = &statement["experiment"];
        assert!(experiments.iter().any(|known| known["name"] == *experiment), "{statement}");
        let line = format!(" {} ", index + 1);
        let at = rest.find(&line).unwrap_or_else(|| panic!("{}", ran.out));
        rest = &rest[at..];
        assert!(rest.lines().next().unwrap().contains(statement["sentence"].as_str().unwrap()), "{}", ran.out);
    }
    for experiment in experiments {
        assert!(experiment["question"].as_str().unwrap().ends_with('.'));
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
}

#[test]
fn an_experiment_gives_its_sentences_a_table_and_a_page() {
    let place = Place::new();
    let ran = place.run(&["lab", "zig-zag", "--quick", "--seeds", "3", "--html", "zig-zag.html"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote zig-zag.html\n"));
    for sentence in [
        "7. The way to the optimum is a zig-zag.",
        "8. Updates are allowed into two quadrants only.",
        "9. That is inefficient.",
    ] {
        assert!(ran.out.contains(sentence), "{}", ran.out);
    }
    assert!(ran.out.contains("sigmoid as it is, single samples") && ran.out.contains("quick form"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let page = place.read("zig-zag.html");
    assert!(page.contains("</html>") && page.contains("excite lab zig-zag --quick"), "the command stands in the page");
    let loads = ["<script src", "src=\"http", "<link", "@import", "url(http"];
    assert!(loads.iter().all(|load| !page.contains(load)), "the report loads something");
    // One of its sentences alone.
    let ran = place.run(&["lab", "8", "--quick", "--json"]);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let statements = result["statements"].as_array().unwrap();
    assert_eq!(
        (statements.len(), &statements[0]["number"], &statements[0]["experiment"]),
        (1, &8.into(), &"zig-zag".into())
    );
}

#[test]
fn json_is_the_whole_result_and_the_same_each_time() {
    let place = Place::new();
    let arguments = ["lab", "sigmoid-squashes", "--function", "torch.nn.Tanh,relu", "--quick", "--json"];
    let ran = place.run(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&result["version"], &result["statements"]), (&2.into(), &serde_json::json!([])));
    let experiment = &result["experiments"][0];
    assert_eq!(experiment["functions"], serde_json::json!(["tanh", "relu"]));
    assert_eq!(experiment["quick"], true);
    let measures = experiment["measures"].as_array().unwrap();
    let value = |of: &str, quantity: &str| {
        let measure = measures.iter().find(|m| m["of"] == of && m["quantity"] == quantity).unwrap();
        measure["value"]["median"].clone()
    };
    assert_eq!(value("tanh", "least output"), -1.0);
    assert!(value("relu", "largest output").is_null(), "infinite");
    assert!(experiment["pictures"][0]["panels"][0]["marks"][0]["boxes"].is_object());
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
    let certainty = result["experiments"][0]["certainty"].as_str().unwrap();
    assert!(certainty.starts_with("Data: points.csv."), "{certainty}");
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
fn the_lesson_is_a_line_and_a_section_for_each_sentence_and_is_kept() {
    let place = Place::new();
    let ran = place.run(&["lab", "--quick", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote excite-out/lab.html\n"));
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let list: Value = serde_json::from_str(&place.run(&["lab", "list", "--json"]).out).unwrap();
    let names = |json: &Value| -> Vec<String> {
        json["experiments"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&result), names(&list));
    let (page, statements) = (place.read("excite-out/lab.html"), result["statements"].as_array().unwrap());
    assert_eq!(statements.len(), list["statements"].as_array().unwrap().len());
    for (index, statement) in statements.iter().enumerate() {
        assert_eq!(statement["number"], index + 1);
        let (_, section) = page.split_once(&format!("id=\"statement-{}\"", index + 1)).unwrap();
        let (section, _) = section.split_once("</section>").unwrap();
        assert!(section.contains("<figure>") && section.contains("class=\"answer"), "{}", index + 1);
    }
    for experiment in result["experiments"].as_array().unwrap() {
        assert!(!experiment["measures"].as_array().unwrap().is_empty(), "{}", experiment["name"]);
    }

    // What is finished is not done again, not even what has times; what is damaged or was asked for otherwise is.
    place.file("excite-out/lab/05-zig-zag.record", "damaged");
    let again = place.run(&["lab", "--quick", "--json"]);
    let kept = "resumed 13 of 14 experiments from excite-out/lab (--fresh runs all of them again)\nwrote excite-out/lab.html\n";
    assert_eq!((again.code, again.err.as_str(), &again.out), (Some(0), kept, &ran.out));

    // In the terminal each sentence has one line, with its number first.
    let shown = place.run(&["lab", "--quick"]).out;
    for (index, statement) in statements.iter().enumerate() {
        let has = |line: &str| {
            let mut words = line.split_whitespace();
            words.next() == Some(&(index + 1).to_string()) && line.contains(statement["sentence"].as_str().unwrap())
        };
        assert_eq!(shown.lines().filter(|line| has(line)).count(), 1, "{}: {shown}", index + 1);
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");

    // Done quickly, it says what the guide says, which is of a whole run, or that the seeds are too few.
    let guide = guide("README.md");
    for statement in statements {
        let (_, of_it) = guide.split_once(&format!("\n### {}. ", statement["number"])).expect(RENEW);
        let (_, words) = of_it.split_once("**").unwrap();
        let beginning = match statement["verdict"].as_str().unwrap() {
            "yes" => "Yes: ",
            "yes_but" => "Yes, but ",
            "no" => "No: ",
            _ => continue,
        };
        assert!(words.starts_with(beginning), "{statement}: {}", words.lines().next().unwrap());
    }
}

const RENEW: &str = "run `excite lab` and `cargo xtask claims`";

/// A page of the guide to the sentences.
fn guide(name: &str) -> String {
    let path = format!("{}/../../docs/guide/claims/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_guide_has_every_sentence_and_a_page_for_each_experiment() {
    let list: Value = serde_json::from_str(&Place::new().run(&["lab", "list", "--json"]).out).unwrap();
    let index = guide("README.md");
    let pictures = |page: &str| {
        for picture in page.split("](").filter_map(|rest| rest.split_once(".svg)")).map(|(name, _)| name) {
            assert!(guide(&format!("{picture}.svg")).contains("</svg>"), "{picture}");
        }
    };
    pictures(&index);
    for statement in list["statements"].as_array().unwrap() {
        let heading = format!("### {}. {}", statement["number"], statement["sentence"].as_str().unwrap());
        assert!(index.contains(&heading) && !index.contains("**Too few"), "{heading}: {RENEW}");
    }
    for experiment in list["experiments"].as_array().unwrap() {
        let text = |key: &str| experiment[key].as_str().unwrap();
        let page = guide(&format!("{}.md", text("name")));
        assert!(page.contains(text("question")) && page.contains(text("method")), "{}: {RENEW}", text("name"));
        assert!(index.contains(&format!("({}.md)", text("name"))), "{}: {RENEW}", text("name"));
        pictures(&page);
    }
}

#[test]
fn what_makes_no_sense_is_one_sentence_and_nothing_is_written() {
    let place = Place::new();
    for (arguments, sentence) in [
        (&["lab", "zigzag"][..], "there is no experiment `zigzag`; did you mean `zig-zag`?"),
        (&["lab", "40"], "there is no sentence 40; they go from 1 to 32"),
        (&["lab", "zig-zag", "--function", "sigmoyd"], "did you mean `sigmoid`?"),
        (&["lab", "zig-zag", "--function", "relu,relu"], "--function names relu twice"),
        (
            &["lab", "relu-half-plane", "--function", "tanh", "--html", "out.html"],
            "tanh has no side on which its slope is 0",
        ),
        (&["lab", "zig-zag", "--seeds", "0"], "it must be a whole number, at least 1"),
        (&["lab", "list", "--quick"], "`list` runs nothing"),
        (&["lab", "zig-zag", "--fresh"], "cannot be used with"),
        (&["lab", "--function", "relu"], "NUMBER|NAME"),
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
