//! Both engines against what ONNX Runtime counts (tests/models/quantised/generate.py), and against each other on real models.

use std::path::{Path, PathBuf};

use excite_onnx::inputs::{InputOptions, Inputs, Loaded};
use excite_onnx::{EngineChoice, EngineOptions, Examination, Model};
use excite_vitals::Vitals;
use serde::Deserialize;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");

/// What ONNX Runtime counts of the results of an activation.
#[derive(Deserialize)]
struct Expected {
    values: usize,
    mean: f64,
    min: f64,
    max: f64,
    zeros: usize,
}

/// The engines that are there: the embedded one, and ONNX Runtime if its library is found in the environment of `cargo xtask conformance`, where
/// `ORT_DYLIB_PATH` says, or in the Python environment.
fn engines() -> Vec<EngineOptions> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/conformance/venv/lib");
    let pythons = std::fs::read_dir(venv).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let library = pythons.map(|python| python.join("site-packages/onnxruntime/capi")).find(|path| path.is_dir());
    let named = std::env::var_os("ORT_DYLIB_PATH").is_some();
    let onnxruntime = EngineOptions { choice: EngineChoice::OnnxRuntime, onnxruntime: library.filter(|_| !named) };
    let embedded = EngineOptions { choice: EngineChoice::Embedded, onnxruntime: None };
    match Model::open_with(format!("{MODELS}/quantised/float.onnx"), &onnxruntime) {
        Ok(_) => vec![embedded, onnxruntime],
        Err(error) => {
            println!("ONNX Runtime: NOT RUN: {error}");
            vec![embedded]
        }
    }
}

fn runs(model: &Model, input: &Path) -> Vec<excite_onnx::InputSet> {
    let inputs = Inputs::find(&[input.to_owned()], InputOptions::default()).unwrap();
    let run = |loaded| match loaded {
        Ok(Loaded::InputSet(run)) => run,
        Ok(_) => panic!("{} is left out", input.display()),
        Err(error) => panic!("{error}"),
    };
    inputs.load(model).map(run).collect()
}

/// Of every activation: values, mean, least, largest, and how many are 0.
fn figures(model: &Model, input: &Path) -> Vec<Expected> {
    let none = || Expected { values: 0, mean: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, zeros: 0 };
    let mut all: Vec<Expected> = model.sites().iter().map(|_| none()).collect();
    for run in runs(model, input) {
        let take = |seen: excite_onnx::Observation| {
            let figures = &mut all[seen.index];
            for &a in seen.a {
                let a = f64::from(seen.site.result.of(a));
                figures.values += 1;
                figures.mean += a;
                (figures.min, figures.max) = (figures.min.min(a), figures.max.max(a));
                figures.zeros += usize::from(a == 0.0);
            }
        };
        model.observe(&run, take).unwrap();
    }
    all.iter_mut().for_each(|figures| figures.mean /= figures.values as f64);
    all
}

#[test]
fn quantised_models_and_one_in_float16_have_the_figures_of_onnx_runtime() {
    let folder = Path::new(MODELS).join("quantised");
    let oracle = std::fs::read_to_string(folder.join("oracle.json")).unwrap();
    let oracle: std::collections::BTreeMap<String, Vec<Expected>> = serde_json::from_str(&oracle).unwrap();
    assert_eq!(oracle.len(), 5);
    for engine in engines() {
        for (name, expected) in &oracle {
            let model = Model::open_with(folder.join(format!("{name}.onnx")), &engine).unwrap();
            assert!(model.unseen().is_empty(), "{name}: {:?}", model.unseen());
            let found = figures(&model, &folder.join("x.npz"));
            assert_eq!(found.len(), expected.len(), "{name}: {:?}", model.sites());
            // ONNX Runtime was asked for what is rounded to steps of up to 1/40, and a number between two may be rounded to either.
            let is_exact = matches!(&name[..], "float" | "dynamic");
            let (near, at_ends, zeros) = if is_exact { (1e-5, 1e-5, 0) } else { (1e-3, 0.0125, 3) };
            for ((found, expected), site) in found.iter().zip(expected).zip(model.sites()) {
                let at = format!("{name}, {} on {:?}", site.name, engine.choice);
                assert_eq!(found.values, expected.values, "{at}");
                let [mean, min, max] =
                    [found.mean - expected.mean, found.min - expected.min, found.max - expected.max].map(f64::abs);
                assert!(mean <= near && min <= at_ends && max <= at_ends, "{at}: {mean} {min} {max}");
                assert!(found.zeros.abs_diff(expected.zeros) <= zeros, "{at}: {} zeros", found.zeros);
            }
        }
    }
}

fn vitals(path: &Path, input: &Path, engine: &EngineOptions) -> Vitals {
    let model = Model::open_with(path, engine).unwrap();
    let mut examination = Examination::new(&model);
    for run in runs(&model, input) {
        model.split(run, 4).iter().for_each(|part| examination.run(part).unwrap());
    }
    examination.finish("model").0
}

#[test]
fn both_engines_find_the_same_in_real_models() {
    let all = engines();
    let [embedded, onnxruntime] = &all[..] else { return };
    let inputs: [(&str, PathBuf); 3] = [
        ("nmp", "nmp.chords.npz"),
        ("silero_vad_16k_sequence", "silero.noise.npz"),
        ("x100_w32full_pair", "x100.noise.npz"),
    ]
    .map(|(model, input)| (model, Path::new(MODELS).join(input)));
    for (name, input) in &inputs {
        let path = Path::new(MODELS).join(format!("{name}.onnx"));
        let [ours, theirs] = [embedded, onnxruntime].map(|engine| vitals(&path, input, engine));
        assert_eq!((ours.runs, ours.layers.len()), (theirs.runs, theirs.layers.len()), "{name}");
        for (ours, theirs) in ours.layers.iter().zip(&theirs.layers) {
            assert_eq!(ours.identity(), theirs.identity());
            for (one, other) in ours.units().iter().zip(theirs.units()) {
                let at = format!("{name}, {}: {one:?} and {other:?}", ours.name());
                assert_eq!((one.values(), one.is_dead()), (other.values(), other.is_dead()), "{at}");
                let [one, other] = [one, other].map(|unit| (unit.z.mean, unit.z.std()));
                let spread = one.1.max(other.1).max(1e-3);
                assert!((one.0 - other.0).abs() <= 1e-3 * spread && (one.1 - other.1).abs() <= 1e-3 * spread, "{at}");
            }
        }
    }
}

#[test]
fn branches_give_what_runs_of_their_own_give() {
    for engine in engines() {
        for (model, input) in [("nmp.onnx", "nmp.chords.npz"), ("quantised/float.onnx", "quantised/x.npz")] {
            let model = Model::open_with(format!("{MODELS}/{model}"), &engine).unwrap();
            let run = &runs(&model, &Path::new(MODELS).join(input))[0];
            // The trunk is halved, and each branch leaves one activation as it is; the last one leaves two.
            let mut branches: Vec<Vec<usize>> = model.replaceable().iter().map(|&site| vec![site]).collect();
            branches.push(model.replaceable()[..2].to_vec());
            let replace = |branch: Option<usize>, site: usize, values: &mut [f32]| {
                if branch.is_none_or(|branch| !branches[branch].contains(&site)) {
                    values.iter_mut().for_each(|value| *value *= 0.5);
                }
            };
            let mut given = Vec::new();
            model.run_branches(run, &branches, replace, |branch, outputs| given.push((branch, outputs))).unwrap();
            assert_eq!(given.len(), branches.len() + 1);
            for (branch, outputs) in given {
                let alone = model.run_replacing(run, |site, values| replace(branch, site, values)).unwrap();
                assert!(!alone.is_empty() && outputs == alone, "{branch:?} on {:?}", engine.choice);
            }
        }
    }
}
