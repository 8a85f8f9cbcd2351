//! Vitals on disk: both forms come back as they were, and what is damaged is refused in words.

use excite::Function;
use excite_vitals::{Batch, InputVitals, LayerFigures, LayerVitals, Role, Vitals, VitalsError};
use proptest::prelude::*;

fn network() -> Vitals {
    let functions = ["relu", "leaky_relu(0.2)", "sigmoid"].map(|name| name.parse::<Function>().unwrap());
    let names = ["conv 1", "fc", "se.gate"];
    let mut layers: Vec<_> = names.iter().zip(functions).map(|(name, f)| LayerVitals::new(name, f, 3)).collect();
    layers[2] = layers[2].clone().with_role(Role::Gate);
    let z: Vec<f32> =
        (0..90).map(|i| (i * 31 % 47) as f32 * 0.2 - 4.0).chain([f32::NAN, f32::INFINITY, -0.0]).collect();
    for layer in &mut layers {
        layer.update_batch(Batch::pre_activations(&z)).unwrap();
    }
    let mut vitals = Vitals::new("a model", layers);
    let mut input = InputVitals::new(2);
    input.update(&[1.0, 2.0, 3.0, f32::NAN], 1).unwrap();
    (vitals.input, vitals.runs, vitals.random_data) = (Some(input), 4, true);
    vitals
}

fn fault(bytes: &[u8]) -> String {
    match Vitals::from_bytes(bytes).unwrap_err() {
        VitalsError::Format { fault } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn both_forms_come_back_as_they_were() {
    let vitals = network();
    let folder = tempfile::tempdir().unwrap();
    for name in ["run.vitals", "run.json"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "what was there before").unwrap();
        vitals.write(&path).unwrap();
        assert_eq!(Vitals::read(&path).unwrap(), vitals);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    let (binary, json) = (vitals.to_bytes().unwrap(), vitals.to_json().unwrap());
    assert!(2 * binary.len() < json.len(), "{} and {}", binary.len(), json.len());
    assert!(json.starts_with(r#"{"version":3,"model":"a model""#), "{json}");
    assert_eq!(Vitals::from_bytes(&Vitals::new("", vec![]).to_bytes().unwrap()).unwrap(), Vitals::new("", vec![]));
}

#[test]
fn a_function_without_a_name_comes_back_with_its_curve() {
    let f = Function::from_curve("min(x, 3)", &[(-1.0, -1.0), (3.0, 3.0), (4.0, 3.0)]).unwrap();
    let mut layer = LayerVitals::new("act", f, 2);
    layer.update_batch(Batch::pre_activations(&[4.0, 1.0, 5.0, 3.5])).unwrap();
    assert_eq!([0, 1].map(|unit| layer.units()[unit].is_dead()), [true, false]);
    let vitals = Vitals::new("model", vec![layer]);
    assert_eq!(Vitals::from_bytes(&vitals.to_bytes().unwrap()).unwrap(), vitals);
    assert_eq!(Vitals::from_bytes(vitals.to_json().unwrap().as_bytes()).unwrap(), vitals);
    let figures = serde_json::to_value(vitals.layers[0].figures()).unwrap();
    assert_eq!((&figures["function"], &figures["curve"][1][0]), (&"unnamed (min(x, 3))".into(), &3.0.into()));
    assert_eq!(serde_json::from_value::<LayerFigures>(figures).unwrap(), vitals.layers[0].figures());
    let named = serde_json::to_value(network().layers[0].figures()).unwrap();
    assert_eq!((&named["function"], named.get("curve")), (&"relu".into(), None));
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let vitals = network();
    for bytes in [vitals.to_bytes().unwrap(), vitals.to_json().unwrap().into_bytes()] {
        for end in 0..bytes.len() {
            assert!(!fault(&bytes[..end]).is_empty(), "{end}");
        }
        let mut longer = bytes.clone();
        longer.push(b'x');
        assert!(!fault(&longer).is_empty());
    }
}

#[test]
fn other_files_and_versions_are_refused_in_words() {
    assert_eq!(fault(b""), "neither the JSON nor the binary form");
    assert_eq!(fault(b"PK\x03\x04"), "neither the JSON nor the binary form");
    assert!(fault(b"{}").contains("version"), "{}", fault(b"{}"));
    let json = network().to_json().unwrap();
    assert_eq!(fault(json.replacen('3', "9", 1).as_bytes()), "version 9, this program reads version 3");
    assert!(
        fault(json.replace(r#""version":3,"name""#, r#""version":1,"name""#).as_bytes())
            .contains("layer `conv 1`: version 1")
    );
    let mut binary = network().to_bytes().unwrap();
    let at = binary.iter().position(|&b| b == b'\n').unwrap() + 1;
    binary[at] = 7;
    assert_eq!(fault(&binary), "version 7, this program reads version 3");
    assert!(fault(json.replacen(r#""function":"relu""#, r#""function":"rellu""#, 1).as_bytes()).contains("rellu"));
}

#[test]
fn impossible_figures_are_refused() {
    let json = network().to_json().unwrap();
    let with = |from: &str, to: &str| {
        assert!(json.contains(from), "{from}");
        fault(json.replacen(from, to, 1).as_bytes())
    };
    assert!(with(r#""samples":31"#, r#""samples":18446744073709551615"#).contains("impossible"));
    assert!(with(r#""counts":["#, r#""counts":[0,"#).contains("histogram"));
    assert!(with(r#""runs":4"#, r#""runs":18446744073709551615"#).contains("runs"));
    assert!(with(r#""m2":"#, r#""m2":-"#).contains("impossible"));
}

#[test]
fn numbers_that_json_cannot_hold_are_refused() {
    // JSON has no NaN: what the binary form let through could not be read again.
    let binary = network().to_bytes().unwrap();
    let places: Vec<usize> = (0..binary.len() - 8).collect();
    for place in places {
        for number in [f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX] {
            let mut bytes = binary.clone();
            bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
            let Ok(mut vitals) = Vitals::from_bytes(&bytes) else { continue };
            assert_eq!(Vitals::from_bytes(vitals.to_json().unwrap().as_bytes()).unwrap(), vitals, "{place}");
            let same = vitals.clone();
            vitals.merge(&same).unwrap();
            let json = vitals.to_json().unwrap().replace(r#""input":null"#, "");
            assert!(!json.contains(":null"), "{place}");
        }
    }
}

#[test]
fn a_length_that_is_a_lie_asks_for_no_memory() {
    // The name of the model is said to have 2^60 bytes, and after it so many layers.
    let mut bytes = network().to_bytes().unwrap();
    let head = bytes.iter().position(|&b| b == b'\n').unwrap() + 5;
    bytes.truncate(head);
    bytes.push(1);
    bytes.extend([0x80; 8].iter().chain(&[0x10]));
    assert_eq!(fault(&bytes), "the file is cut off or damaged");
    let mut bytes = bytes[..head].to_vec();
    bytes.extend([1, 0, 0, 0, 0]);
    bytes.extend([0x80; 8].iter().chain(&[0x10]));
    assert_eq!(fault(&bytes), "the file is cut off or damaged");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Vitals::read(std::path::Path::new("no such folder/x.vitals")).unwrap_err().to_string();
    assert!(error.starts_with("`no such folder/x.vitals`: "), "{error}");
    assert!(network().write(std::path::Path::new("no such folder/x.vitals")).is_err());
}

proptest! {
    #[test]
    fn damage_is_refused_or_harmless(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for mut bytes in [network().to_bytes().unwrap(), network().to_json().unwrap().into_bytes()] {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            // What is read can be worked with: nothing panics.
            if let Ok(mut vitals) = Vitals::from_bytes(&bytes) {
                let same = vitals.clone();
                vitals.merge(&same).unwrap();
                let diagnosis = excite_vitals::Diagnosis::of(&vitals);
                prop_assert!(serde_json::to_string(&diagnosis.record()).is_ok());
            }
        }
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = network().to_bytes().unwrap();
        let head = bytes.iter().position(|&b| b == b'\n').unwrap() + 5;
        bytes.truncate(head);
        bytes.extend(&noise);
        prop_assert!(Vitals::from_bytes(&noise).is_err());
        let _ = Vitals::from_bytes(&bytes);
    }
}
