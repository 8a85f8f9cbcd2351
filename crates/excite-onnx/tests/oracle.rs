//! Real models against what ONNX Runtime counts (tests/models/oracle.py).

use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded};
use excite_onnx::{Model, Role, Source, UnitAxis};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    op: String,
    axis: usize,
    units: usize,
    samples_per_unit: usize,
    never_above_0: usize,
    share_z_le_0: f64,
    share_z_ge_6: f64,
    z_min: f64,
    z_max: f64,
    z_mean: f64,
    a_mean: f64,
}

#[derive(Clone, Default)]
struct Counted {
    highest: Vec<f32>,
    lowest: f32,
    values: usize,
    under_0: usize,
    from_6: usize,
    z_sum: f64,
    a_sum: f64,
}

fn folder() -> PathBuf {
    std::env::var_os("EXCITE_MODELS")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models").into(), PathBuf::from)
}

fn count(model: &Model, files: &[PathBuf]) -> Vec<Counted> {
    let mut counted = vec![Counted::default(); model.sites().len()];
    for loaded in Inputs::find(files, InputOptions::default()).unwrap().load(model) {
        let Loaded::InputSet(run) = loaded.unwrap() else { panic!("left out") };
        for run in model.split(run, 4) {
            let add = |seen: excite_onnx::Observation| {
                let counted = &mut counted[seen.index];
                // ONNX Runtime was asked for the argument of Erf, which is that of GELU over √2.
                let scale = if seen.site.function.name() == "gelu" { std::f32::consts::FRAC_1_SQRT_2 } else { 1.0 };
                let scaled: Vec<f32> = seen.z.iter().map(|z| z * scale).collect();
                counted.highest.resize(seen.units(), f32::NEG_INFINITY);
                for (row, z) in scaled.chunks_exact(seen.positions()).enumerate() {
                    let highest = &mut counted.highest[row % seen.units()];
                    *highest = z.iter().copied().fold(*highest, f32::max);
                }
                counted.lowest = scaled.iter().copied().fold(counted.lowest, f32::min);
                counted.values += seen.z.len();
                counted.under_0 += scaled.iter().filter(|&&z| z <= 0.0).count();
                counted.from_6 += scaled.iter().filter(|&&z| z >= 6.0).count();
                counted.z_sum += scaled.iter().map(|&z| f64::from(z)).sum::<f64>();
                counted.a_sum += seen.a.iter().map(|&a| f64::from(a)).sum::<f64>();
            };
            model.observe(&run, add).unwrap();
        }
    }
    counted
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-3 * expected.abs().max(1.0), "{what}: {found} instead of {expected}");
}

fn compare(model: &str, prefix: &str) -> Model {
    let folder = folder();
    let mut model = Model::open(folder.join(model)).unwrap();
    let oracle = std::fs::read(folder.join(format!("{prefix}.oracle.json"))).unwrap();
    let oracle: Vec<Expected> = serde_json::from_slice(&oracle).unwrap();
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let of_model = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(&format!("{prefix}.")) && path.extension().is_some_and(|ending| ending == "npz")
    };
    let mut files: Vec<_> = files.filter(of_model).collect();
    files.sort();
    let sites = model.sites().iter().filter(|site| site.source == Source::Tensors && site.function.each().is_some());
    let names: Vec<_> = sites.map(|site| site.name.clone()).collect();
    if std::env::var_os("EXCITE_MODELS").is_some() {
        // Those counts are along the second axis throughout.
        names.iter().zip(&oracle).for_each(|(name, row)| assert!(model.set_unit_axis(name, UnitAxis::Front(row.axis))));
    }
    let counted = count(&model, &files);
    let tensors = model
        .sites()
        .iter()
        .zip(&counted)
        .filter(|(site, _)| site.source == Source::Tensors && site.function.each().is_some());
    let tensors: Vec<_> = tensors.collect();
    assert_eq!(tensors.len(), oracle.len());
    for ((site, counted), expected) in tensors.into_iter().zip(&oracle) {
        let name = &site.name;
        println!("{name}: {} {} of {}", site.function, expected.never_above_0, expected.units);
        assert_eq!(counted.highest.len(), expected.units, "{name}");
        assert_eq!(counted.values, expected.units * expected.samples_per_unit, "{name}");
        let never = counted.highest.iter().filter(|&&highest| highest <= 0.0).count();
        assert_eq!(never, expected.never_above_0, "{name}");
        let values = counted.values as f64;
        let share = |count: usize| count as f64 / values;
        assert!((share(counted.under_0) - expected.share_z_le_0).abs() < 1e-3, "{name}");
        assert!((share(counted.from_6) - expected.share_z_ge_6).abs() < 1e-3, "{name}");
        close(f64::from(counted.lowest), expected.z_min, name);
        close(f64::from(counted.highest.iter().copied().fold(f32::MIN, f32::max)), expected.z_max, name);
        close(counted.z_sum / values, expected.z_mean, name);
        if expected.op != "Erf" {
            close(counted.a_sum / values, expected.a_mean, name);
        }
    }
    model
}

#[test]
fn basic_pitch_is_as_onnx_runtime_has_it() {
    let model = compare("nmp.onnx", "nmp");
    let roles: Vec<_> = model.sites().iter().map(|site| (site.function.name(), site.role)).collect();
    assert_eq!(roles[..2], [("relu", Role::Hidden), ("sigmoid", Role::Output)]);
    assert!(model.unseen().is_empty());
}

#[test]
fn silero_is_as_onnx_runtime_has_it() {
    let model = compare("silero_vad_16k_sequence.onnx", "silero");
    let gates = model.sites().iter().filter(|site| matches!(site.source, Source::RecurrentGate { .. }));
    // The gates of an LSTM, and the cell that its output gate shows.
    assert_eq!(gates.count(), 5);
}

#[test]
fn a_model_with_gelu_in_parts_is_as_onnx_runtime_has_it() {
    let model = compare("x100_w32full_pair.onnx", "x100");
    let names: Vec<_> = model.sites().iter().map(|site| site.function.name()).collect();
    assert_eq!(names.iter().filter(|name| **name == "gelu").count(), 16);
    assert_eq!(names.iter().filter(|name| **name == "softmax").count(), 1);
}

/// By hand, with the models that are too large for here or whose inputs may not be passed on: `EXCITE_MODELS=folder cargo test ... -- --ignored`.
#[test]
#[ignore = "needs mobilenet_v2.onnx, which is not in the repository"]
fn mobilenet_is_as_onnx_runtime_has_it() {
    let model = compare("mobilenet_v2.onnx", "mobilenet_v2");
    assert!(model.sites().iter().all(|site| site.function.name() == "relu6" && site.layer.is_some()));
}
