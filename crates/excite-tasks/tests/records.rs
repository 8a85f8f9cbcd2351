//! Records read back as they were written, and a model is checked from memory as from files.
#![cfg(all(feature = "models", feature = "npz"))]

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use excite_tasks::quantisation::Quantisation;
use excite_tasks::{
    Array, Baseline, CheckOptions, CheckRecord, Checked, CodeComparison, CodeType, Data, Error, FunctionQuantisation,
    InputOptions, NamedModel, QuantiseOptions, UnitAxis, Values, Watcher, check, quantise,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../excite-onnx/tests/models")
}

fn model() -> NamedModel {
    NamedModel::open(models().join("nmp.onnx")).unwrap()
}

fn chords() -> Data {
    Data::files(&[models().join("nmp.chords.npz")], InputOptions::default()).unwrap()
}

fn checked(data: &Data, options: &CheckOptions) -> Checked {
    check(&model(), data, options, &()).unwrap()
}

/// What is read from the JSON of a record.
fn read_back<T: Serialize + DeserializeOwned>(record: &T) -> T {
    serde_json::from_str(&serde_json::to_string_pretty(record).unwrap()).unwrap()
}

#[test]
fn records_read_back_as_they_were() {
    let record = checked(&chords(), &CheckOptions::default()).record("excite check nmp.onnx");
    assert_eq!(read_back::<CheckRecord>(&record), record);
    assert!(!record.diagnosis.judgement.facts.is_empty() && record.diagnosis.layers.len() == 6);

    let options = QuantiseOptions { bits: vec![8, 4, 8], ..QuantiseOptions::default() };
    let record = quantise(&model(), &chords(), &options, &()).unwrap().record;
    assert_eq!(read_back::<Quantisation>(&record), record);
    assert_eq!(record.bits, [4, 8]);

    let hard_swish = FunctionQuantisation {
        function: "hard_swish".parse().unwrap(),
        code: CodeType::Int8,
        input: (0.05, 0),
        output: Some((0.03, 0)),
    };
    let record = hard_swish.compare(&["tflite".parse().unwrap(), "onnx".parse().unwrap()]).unwrap();
    assert_eq!(read_back::<CodeComparison>(&record), record);
    assert!(!record.rows.is_empty());
}

#[test]
fn arrays_are_checked_as_files_are() {
    let model = model();
    let sound = |value: f32| Array { shape: vec![1, 43844, 1], values: Values::F32(vec![value; 43844]) };
    let name = model.model().inputs()[0].name.clone();
    let named = check(&model, &Data::arrays("x", vec![(name, sound(0.25))]), &CheckOptions::default(), &()).unwrap();
    let alone =
        check(&model, &Data::arrays("x", vec![(String::new(), sound(0.25))]), &CheckOptions::default(), &()).unwrap();
    assert_eq!(named.vitals, alone.vitals);
    assert_eq!((named.data.as_str(), named.vitals.samples()), ("1 sample of x", 1));
    let wrong = Array { shape: vec![1, 7], values: Values::F32(vec![0.0; 7]) };
    let refused = check(&model, &Data::arrays("x", vec![(String::new(), wrong)]), &CheckOptions::default(), &());
    assert!(matches!(refused, Err(Error::InputSet(_))));
}

#[test]
fn a_baseline_leaves_out_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.json");
    let before = checked(&chords(), &CheckOptions::default());
    std::fs::write(&file, serde_json::to_string(&before.record("")).unwrap()).unwrap();
    let options = CheckOptions { baseline: Some(Baseline::read(&file).unwrap()), ..CheckOptions::default() };
    let after = checked(&chords(), &options);
    assert_eq!((after.diagnosis.judgement.all().count(), after.known), (0, before.diagnosis.judgement.all().count()));
    assert!(matches!(Baseline::read(&models().join("nmp.onnx")), Err(Error::Baseline { .. })));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |options: QuantiseOptions| quantise(&model(), &chords(), &options, &()).err().unwrap();
    for bits in [vec![], vec![3], vec![8, 17]] {
        let error = refused(QuantiseOptions { bits, ..QuantiseOptions::default() });
        assert!(matches!(error, Error::Bits { .. }) && error.is_about_options(), "{error}");
    }
    for cap in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(QuantiseOptions { cap, ..QuantiseOptions::default() }), Error::Cap { .. }));
    }
    let mut model = model();
    let error = model.set_unit_axis(Some("nowhere"), UnitAxis::Front(1)).unwrap_err();
    assert!(error.to_string().contains("`nowhere`") && error.is_about_options(), "{error}");
    assert!(matches!(NamedModel::open("no-such.onnx"), Err(Error::Model { .. })));
}

/// Keeps what it hears, and stops after so many steps.
#[derive(Default)]
struct Recorder {
    heard: Mutex<Vec<(u64, u64)>>,
    stop_after: Option<u64>,
}

impl Watcher for Recorder {
    fn progress(&self, done: u64, total: u64, _note: &str) {
        self.heard.lock().unwrap().push((done, total));
    }

    fn is_stopping(&self) -> bool {
        let done = self.heard.lock().unwrap().last().map(|(done, _)| *done);
        self.stop_after.is_some_and(|after| done >= Some(after))
    }
}

#[test]
fn a_watcher_sees_every_step_and_stops_the_task() {
    let watcher = Recorder::default();
    quantise(&model(), &chords(), &QuantiseOptions::default(), &watcher).unwrap();
    let heard = watcher.heard.into_inner().unwrap();
    assert!(heard.is_sorted() && heard.iter().all(|(done, total)| done <= total));
    let (done, total) = *heard.last().unwrap();
    assert_eq!(done, total);
    let watcher = Recorder { stop_after: Some(1), ..Recorder::default() };
    let stopped = quantise(&model(), &Data::random(0), &QuantiseOptions::default(), &watcher);
    assert!(matches!(stopped, Err(Error::Stopped)));
}
