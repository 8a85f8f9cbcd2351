//! `cargo xtask conformance`: ONNX's own node tests, on both engines that `excite check` runs models on.

mod environment;
mod page;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;
use excite_npy::Npy;
use excite_onnx::inputs::{InputOptions, Inputs, Loaded};
use excite_onnx::{Array, EngineChoice, EngineOptions, Model, Values};

use self::environment::Environment;
use crate::generated::{self, Mode};

/// Runs ONNX's own node tests on both engines, and writes docs/conformance.md; fails if an engine gives a wrong value.
#[derive(Args)]
pub struct Conformance {
    #[command(flatten)]
    mode: Mode,
    /// Run only the cases whose name holds this, print what becomes of each, and write nothing
    filter: Option<String>,
}

/// What becomes of a case on an engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Right,
    /// With what the engine, or excite before it, says.
    Refused(String),
    /// With the difference.
    Wrong(String),
    /// The case is not for excite, or has no one right result.
    NotApplicable(String),
}

/// The outcomes of a case, engine by engine.
pub(crate) struct Case {
    pub name: String,
    /// The operator that it is of.
    pub operator: String,
    pub outcomes: Vec<Outcome>,
}

/// The engines that are there, with their names.
struct Engines(Vec<(String, EngineOptions)>);

impl Conformance {
    pub fn run(&self) -> ExitCode {
        match self.outcome() {
            Ok(code) => code,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn outcome(&self) -> Result<ExitCode, String> {
        let environment = match Environment::make()? {
            Ok(environment) => environment,
            Err(why) => {
                println!("ONNX's node tests: NOT RUN: {why}");
                return Ok(ExitCode::SUCCESS);
            }
        };
        let engines = Engines::of(&environment)?;
        let folders = environment.cases()?;
        let wanted = |path: &&PathBuf| self.filter.as_ref().is_none_or(|filter| title(path).contains(filter));
        let cases: Vec<Case> = folders.iter().filter(wanted).map(|folder| engines.case(folder)).collect();
        let mut wrong = 0;
        for case in &cases {
            for ((engine, _), outcome) in engines.0.iter().zip(&case.outcomes) {
                if matches!(outcome, Outcome::Wrong(_)) {
                    wrong += 1;
                }
                if matches!(outcome, Outcome::Wrong(_)) || self.filter.is_some() {
                    println!("{} on {engine}: {outcome:?}", case.name);
                }
            }
        }
        if wrong > 0 {
            return Err(format!("{wrong} of ONNX's node tests have a wrong result"));
        }
        if self.filter.is_some() {
            return Ok(ExitCode::SUCCESS);
        }
        let names: Vec<&str> = engines.0.iter().map(|(name, _)| name.as_str()).collect();
        let files = vec![("conformance.md".to_owned(), page::page(&names, &cases))];
        Ok(generated::run(&self.mode, "cargo xtask conformance", &files))
    }
}

impl Engines {
    fn of(environment: &Environment) -> Result<Self, String> {
        let embedded = EngineOptions { choice: EngineChoice::Embedded, onnxruntime: None };
        let onnxruntime =
            EngineOptions { choice: EngineChoice::OnnxRuntime, onnxruntime: Some(environment.onnxruntime()?) };
        Ok(Self(vec![("the embedded engine".to_owned(), embedded), ("ONNX Runtime".to_owned(), onnxruntime)]))
    }

    fn case(&self, folder: &Path) -> Case {
        let outcome = |(_, options): &(String, EngineOptions)| {
            // An engine must not panic; if it does, the others cases are run all the same.
            let outcome = catch_unwind(AssertUnwindSafe(|| outcome(folder, options)));
            outcome.unwrap_or_else(|_| Outcome::Wrong("a panic".to_owned()))
        };
        let operator = fs::read_to_string(folder.join("operator")).unwrap_or_default();
        Case { name: title(folder), operator, outcomes: self.0.iter().map(outcome).collect() }
    }
}

fn title(folder: &Path) -> String {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.trim_start_matches("test_").to_owned()
}

fn outcome(folder: &Path, engine: &EngineOptions) -> Outcome {
    if let Ok(why) = fs::read_to_string(folder.join("skipped")) {
        return Outcome::NotApplicable(why);
    }
    let outputs = match outputs(folder, engine) {
        Ok(outputs) => outputs,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match expected(folder) {
        Ok(expected) => compare(&expected, &outputs),
        Err(error) => Outcome::Wrong(format!("the case cannot be read: {error}")),
    }
}

/// The outputs of the model on the inputs of a case.
fn outputs(folder: &Path, engine: &EngineOptions) -> Result<Vec<(String, Array)>, excite_onnx::Error> {
    let model = Model::open_with(folder.join("model.onnx"), engine)?;
    if model.inputs().is_empty() {
        return model.run(&excite_onnx::InputSet { name: title(folder), tensors: Vec::new() });
    }
    let inputs = Inputs::find(&[folder.to_owned()], InputOptions::default())?;
    let mut runs = inputs.load(&model);
    match runs.next() {
        Some(Ok(Loaded::InputSet(run))) => model.run(&run),
        Some(Err(error)) => Err(error),
        _ => Ok(Vec::new()),
    }
}

/// An expected output: its shape, its numbers, and the relative and the absolute tolerance.
type Expected = (Vec<usize>, Vec<f64>, (f64, f64));

fn expected(folder: &Path) -> io::Result<Vec<Expected>> {
    let tolerances = fs::read_to_string(folder.join("tolerance"))?;
    let mut tolerances = tolerances.lines();
    let mut outputs = Vec::new();
    while let Ok(bytes) = fs::read(folder.join(format!("output_{}.npy", outputs.len()))) {
        let npy = Npy::parse(&bytes).map_err(io::Error::other)?;
        let numbers = npy.bytes.chunks_exact(8).map(|bytes| npy.element.value(bytes));
        let numbers = in_order(&npy.shape, npy.column_major, numbers.collect());
        let tolerance = tolerances.next().and_then(|line| line.split_once(' '));
        let tolerance =
            tolerance.and_then(|(relative, absolute)| Some((relative.parse().ok()?, absolute.parse().ok()?)));
        let tolerance = tolerance.ok_or_else(|| io::Error::other("it has no two tolerances for each output"))?;
        outputs.push((npy.shape.clone(), numbers, tolerance));
    }
    Ok(outputs)
}

/// Numbers in row-major order.
fn in_order(shape: &[usize], column_major: bool, numbers: Vec<f64>) -> Vec<f64> {
    if !column_major || numbers.is_empty() {
        return numbers;
    }
    let place = |mut index: usize| {
        let mut place = 0;
        for (axis, &extent) in shape.iter().enumerate().rev() {
            place += index % extent * shape[..axis].iter().product::<usize>();
            index /= extent;
        }
        place
    };
    (0..numbers.len()).map(|index| numbers[place(index)]).collect()
}

fn compare(expected: &[Expected], outputs: &[(String, Array)]) -> Outcome {
    if outputs.len() < expected.len() {
        return Outcome::Refused("an output is of a type of numbers that excite does not read".to_owned());
    }
    for ((shape, expected, tolerance), (name, output)) in expected.iter().zip(outputs) {
        if *shape != output.shape {
            return Outcome::Wrong(format!("`{name}` has the shape {:?} for {shape:?}", output.shape));
        }
        let differs = |(expected, found): &(&f64, &f64)| !is_near(**expected, **found, *tolerance);
        let found = numbers(&output.values);
        if let Some((expected, found)) = expected.iter().zip(&found).find(differs) {
            return Outcome::Wrong(format!("`{name}` holds {found} for {expected}"));
        }
    }
    Outcome::Right
}

/// As NumPy's `assert_allclose`: NaN is near NaN, and an infinity near itself.
fn is_near(expected: f64, found: f64, (relative, absolute): (f64, f64)) -> bool {
    let same = expected == found || expected.is_nan() && found.is_nan();
    same || expected.is_finite() && (expected - found).abs() <= absolute + relative * expected.abs()
}

fn numbers(values: &Values) -> Vec<f64> {
    match values {
        Values::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
        Values::F64(values) => values.clone(),
        Values::I64(values) => values.iter().map(|&value| value as f64).collect(),
        Values::I8(values) => values.iter().map(|&value| f64::from(value)).collect(),
        Values::U8(values) => values.iter().map(|&value| f64::from(value)).collect(),
    }
}

/// How many cases come out how.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub right: usize,
    pub refused: usize,
    pub not_applicable: usize,
}

impl Counts {
    fn take(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Right => self.right += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::NotApplicable(_) => self.not_applicable += 1,
            // The command fails before it counts.
            Outcome::Wrong(_) => {}
        }
    }
}

/// The outcomes by a key of each case, engine by engine.
pub(crate) fn counts(cases: &[Case], engines: usize, key: fn(&Case) -> String) -> BTreeMap<String, Vec<Counts>> {
    let mut counts = BTreeMap::new();
    for case in cases {
        let row: &mut Vec<Counts> = counts.entry(key(case)).or_insert_with(|| vec![Counts::default(); engines]);
        row.iter_mut().zip(&case.outcomes).for_each(|(counts, outcome)| counts.take(outcome));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(values: &[f32]) -> Vec<(String, Array)> {
        vec![("y".to_owned(), Array { shape: vec![values.len()], values: Values::F32(values.to_vec()) })]
    }

    #[test]
    fn a_wrong_value_is_found_whatever_it_is() {
        let expected = [(vec![3], vec![1.0, f64::NAN, f64::INFINITY], (1e-3, 1e-7))];
        let outcome = |values: &[f32]| compare(&expected, &array(values));
        assert_eq!(outcome(&[1.0005, f32::NAN, f32::INFINITY]), Outcome::Right);
        for wrong in [[1.01, f32::NAN, f32::INFINITY], [1.0, 0.0, f32::INFINITY], [1.0, f32::NAN, f32::MAX]] {
            assert!(matches!(outcome(&wrong), Outcome::Wrong(_)), "{wrong:?}");
        }
        assert!(matches!(outcome(&[1.0]), Outcome::Wrong(_)), "another shape");
        assert!(matches!(compare(&expected, &[]), Outcome::Refused(_)), "no output");
    }

    #[test]
    fn column_major_numbers_are_put_in_order() {
        assert_eq!(in_order(&[2, 3], true, vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }
}
