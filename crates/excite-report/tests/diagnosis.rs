//! The page of a diagnosis, read as a reader's browser would read it.

mod made_up;
mod svg;

use std::collections::HashSet;

use excite_report::{Origin, diagnosis_page};
use excite_vitals::findings;
use excite_vitals::judgement::Subject;
use excite_vitals::{Diagnosis, LayerVitals, UnitState, Vitals};
use made_up::Shape;
use svg::check_svgs;

fn page(vitals: &Vitals) -> String {
    diagnosis_page(vitals, &in_training(vitals), &Origin::default())
}

fn in_training(vitals: &Vitals) -> Diagnosis {
    Diagnosis::of_subject(&Subject::of(vitals).in_training())
}

#[test]
fn the_page_tells_all_that_was_found() {
    let vitals = made_up::vitals(&Shape::default());
    let diagnosis = in_training(&vitals);
    let origin = Origin {
        command: "excite check net.onnx --input data.npz".to_owned(),
        data: "320 rows of data.npz".to_owned(),
        not_seen: vec![("softmax_3".to_owned(), "a function of rows".to_owned())],
        ablations: vec!["With the one unit of dead-units set to 0, `y` does not change.".to_owned()],
        training: None,
    };
    let page = diagnosis_page(&vitals, &diagnosis, &origin);
    for text in [
        "made-up network",
        "320 rows of data.npz",
        "excite check net.onnx --input data.npz",
        "softmax_3",
        "Without these units",
        "With the one unit of dead-units set to 0",
        "a function of rows",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let rules: HashSet<_> = diagnosis.judgement.all().map(|finding| finding.rule.id).collect();
    assert!(rules.len() >= 6, "the made-up network has many faults: {rules:?}");
    for finding in diagnosis.judgement.all() {
        assert!(page.contains(&finding.summary), "{}", finding.summary);
        assert!(page.contains(&finding.remedy), "{}", finding.remedy);
    }
    for layer in &diagnosis.layers {
        assert!(page.contains(&format!(">{}</a>", layer.name)), "{}", layer.name);
    }
    assert!(check_svgs(&page) > 3 * diagnosis.layers.len());
}

#[test]
fn the_first_screen_has_the_headline_the_network_and_what_stands_out_in_this_order() {
    let page = page(&made_up::vitals(&Shape::default()));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    let places = [
        at("<h1>"),
        at("class=\"headline"),
        at("<svg class=\"plot wide\""),
        at("What stands out"),
        at("All 10\u{a0}layers"),
    ];
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_strip_has_a_bar_for_each_layer_that_leads_to_it() {
    let vitals = made_up::vitals(&Shape { layers: 60, units: 4, samples: 40 });
    let page = page(&vitals);
    for class in ["plot wide", "plot narrow"] {
        let strip = page.split(&format!("<svg class=\"{class}\"")).nth(1).unwrap().split("</svg>").next().unwrap();
        for place in 1..=vitals.layers.len() {
            assert_eq!(strip.matches(&format!("<a href=\"#layer-{place}\">")).count(), 1, "{class} {place}");
        }
    }
}

/// The units that a map shows in a state.
fn cells(map: &str, state: &str, columns: usize) -> Vec<usize> {
    let Some(shape) = map.split(&format!("data-n=\"{state}\" d=\"")).nth(1) else { return vec![] };
    let mut cells = vec![];
    for run in shape.split('"').next().unwrap().split('M').skip(1) {
        let numbers: Vec<usize> = run
            .split(|c: char| !c.is_ascii_digit())
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().unwrap())
            .collect();
        let first = numbers[1] * columns + numbers[0];
        cells.extend(first..first + numbers[2]);
    }
    cells
}

#[test]
fn every_unit_of_a_layer_that_is_not_sound_is_a_cell_of_its_state() {
    let vitals = made_up::vitals(&Shape::default());
    let diagnosis = in_training(&vitals);
    let page = page(&vitals);
    let maps: Vec<&str> =
        page.split("<svg class=\"map\"").skip(1).map(|map| map.split("</svg>").next().unwrap()).collect();
    let states: Vec<Vec<UnitState>> = vitals.layers.iter().map(|layer| diagnosis.unit_states(layer)).collect();
    let ill: Vec<_> = states.iter().filter(|states| states.iter().any(|state| state.rule().is_some())).collect();
    assert!(maps.len() == ill.len() && maps.len() > 4 && maps.len() < states.len(), "{} maps", maps.len());
    for (map, states) in maps.iter().zip(ill) {
        let columns: usize = map.split("data-columns=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        for state in UnitState::ALL {
            let of_state: Vec<usize> = (0..states.len()).filter(|unit| states[*unit] == state).collect();
            assert_eq!(cells(map, state.name(), columns), of_state, "{state:?}");
        }
    }
}

#[test]
fn severities_and_states_are_told_in_words_and_signs_too() {
    let page = page(&made_up::vitals(&Shape::default()));
    assert!(page.contains("● note"));
    let z: Vec<f32> = (0..1600).map(|i| if i % 4 == 0 { -1.0 } else { (i % 7) as f32 - 3.0 }).collect();
    let mut quarter = LayerVitals::new("fc1", "relu".parse().unwrap(), 4);
    quarter.update(&z, &z.iter().map(|z| z.max(0.0)).collect::<Vec<f32>>()).unwrap();
    assert!(self::page(&Vitals::new("a quarter dead", vec![quarter])).contains("▲ warning"));
    let mut dead = LayerVitals::new("fc1", "relu".parse().unwrap(), 2);
    dead.update(&[-1.0; 800], &[0.0; 800]).unwrap();
    assert!(self::page(&Vitals::new("dead", vec![dead])).contains("✕ error"));
    // One pattern with a sign for each state that a rule finds.
    let ill = UnitState::ALL.iter().filter(|state| state.rule().is_some()).count();
    assert_eq!(page.matches("<pattern id=\"u-").count(), ill);
    assert_eq!(page.matches("class=\"sign\"").count(), ill);
}

#[test]
fn made_up_inputs_are_told_loudly_and_real_ones_are_not() {
    let mut vitals = made_up::vitals(&Shape::default());
    assert!(!page(&vitals).contains("random numbers"));
    vitals.random_data = true;
    let page = page(&vitals);
    let (notice, verdict) =
        (page.find("The inputs were random numbers.").unwrap(), page.find("class=\"headline").unwrap());
    assert!(notice < verdict);
    assert!(!page.contains("Measured: so for all samples"));
}

#[test]
fn every_link_leads_somewhere_in_the_page_and_nothing_is_loaded() {
    let page = page(&made_up::vitals(&Shape::default()));
    let mut links = 0;
    for link in page.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let id = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads out of the page"));
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        links += 1;
    }
    assert!(links > 20);
    assert_eq!(page.matches("<script>").count(), 1);
    for loader in ["http://", "https://", "<link", "<img", "<iframe", "@import", "src="] {
        assert!(!page.contains(loader), "{loader}");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(#").count());
}

#[test]
fn every_rule_is_explained() {
    let page = page(&made_up::vitals(&Shape::default()));
    for rule in findings::ALL {
        assert!(page.contains(&format!("id=\"rule-{}\"", rule.id)), "{}", rule.id);
    }
}

#[test]
fn a_healthy_network_is_told_so() {
    let mut layer = LayerVitals::new("fc1", "tanh".parse().unwrap(), 4);
    let z: Vec<f32> = (0..4000).map(|i| ((i * 37) % 41) as f32 / 20.0 - 1.0).collect();
    let a: Vec<f32> = z.iter().map(|z| z.tanh()).collect();
    layer.update(&z, &a).unwrap();
    let vitals = Vitals::new("sound", vec![layer]);
    assert_eq!(Diagnosis::of(&vitals).judgement.worst(), None);
    let page = page(&vitals);
    assert!(page.contains("Looks sound.") && page.contains("Nothing need be done."));
    check_svgs(&page);
}

#[test]
fn text_from_the_model_is_escaped() {
    let hostile = "<script>alert(1)</script>\"'&</style></title>`";
    let mut layer = LayerVitals::new(hostile, "relu".parse().unwrap(), 2);
    layer.update(&[-1.0; 8], &[0.0; 8]).unwrap();
    let vitals = Vitals::new(hostile, vec![layer]);
    let origin = Origin {
        command: hostile.into(),
        data: hostile.into(),
        not_seen: vec![(hostile.into(), hostile.into())],
        ablations: vec![hostile.into()],
        training: None,
    };
    let page = diagnosis_page(&vitals, &Diagnosis::of(&vitals), &origin);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;"));
    assert_eq!(page.matches("<script").count(), 1, "its own");
    // That of the page, and that of the patterns.
    assert_eq!(page.matches("</style>").count(), 2);
    check_svgs(&page);
}

#[test]
fn all_sizes_are_drawn_and_stay_small() {
    // The last two have over 50,000 and 100,000 units, two thirds of their layers with a fault in every third unit.
    for (layers, units, samples, most) in
        [(1, 1, 1, 60_000), (0, 1, 1, 50_000), (2, 3, 2, 90_000), (50, 96, 40, 700_000), (300, 24, 4, 5_000_000)]
    {
        let page = page(&made_up::vitals(&Shape { layers, units, samples }));
        check_svgs(&page);
        assert!(page.len() < most, "{layers} layers of {units} units take {} bytes", page.len());
    }
}

#[test]
fn layers_are_folded_and_sound_ones_have_no_map() {
    let vitals = made_up::vitals(&Shape { layers: 50, units: 96, samples: 40 });
    let diagnosis = in_training(&vitals);
    let page = page(&vitals);
    assert_eq!(page.matches("<details class=\"layer\">").count(), 50);
    assert!(!page.contains("<details class=\"layer\" open") && !page.contains("<details class=\"fold\" open"));
    let ill = |layer: &LayerVitals| diagnosis.unit_states(layer).iter().any(|state| state.rule().is_some());
    let count = vitals.layers.iter().filter(|layer| ill(layer)).count();
    assert_eq!(page.matches("<svg class=\"map\"").count(), count);
}

#[test]
fn layers_without_values_with_nan_or_with_huge_numbers_break_nothing() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e-45, 0.0] {
        let mut layers = Vec::new();
        for name in ["relu", "relu6", "tanh", "gelu", "exponential", "squared_relu", "identity"] {
            let function: excite::Function = name.parse().unwrap();
            let mut layer = LayerVitals::new(name, function, 2);
            let z = [value, 1.0, value, -1.0];
            layer.update(&z, &z.map(|z| function.value(z))).unwrap();
            layers.push(layer);
            layers.push(LayerVitals::new(&format!("{name}, not seen"), function, 2));
        }
        let page = page(&Vitals::new("edge", layers));
        check_svgs(&page);
        assert!(page.contains("No value reached this layer."));
    }
    check_svgs(&page(&Vitals::new("empty", Vec::new())));
}

#[test]
fn layers_of_which_only_activations_were_given_are_shown() {
    let mut layer = LayerVitals::new("act", "gelu".parse().unwrap(), 2);
    layer.update_batch(excite_vitals::Batch::activations(&[0.5, 1.0, 0.1, 2.0])).unwrap();
    let page = page(&Vitals::new("hooked", vec![layer]));
    check_svgs(&page);
    assert!(page.contains("Pre-activations were not recorded"));
}

#[test]
fn the_same_said_of_many_layers_is_said_once() {
    let vitals = made_up::vitals(&Shape { layers: 30, units: 4, samples: 3 });
    let diagnosis = Diagnosis::of(&vitals);
    let few = diagnosis.judgement.facts.iter().filter(|fact| fact.rule.id == "too-few-samples").count();
    assert_eq!((few, diagnosis.judgement.worst()), (1, None));
    let page = page(&vitals);
    let findings = page.split("<h2>What stands out</h2>").nth(1).unwrap().split("<h2>").next().unwrap();
    assert_eq!(findings.matches("</span> Too few samples").count(), 1);
}
