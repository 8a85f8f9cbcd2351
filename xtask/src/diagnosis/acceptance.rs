//! The judgement scored like a classifier: on networks that are sound, and on networks with a known fault, in `compare`, in `check` of
//! the networks that it saved, and in the `watch` of PyTorch.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use excite::Function;
use excite_lab::data::{Dataset, Options, Targets};
use excite_lab::record::comparison::Task;
use excite_lab::{Init, Journal, LearningRate, Local, NetworkSpec, Plan, Spec, exportable};
use excite_tasks::{CheckOptions, Data, InputOptions, NamedModel, check, compare};
use excite_vitals::findings::Cause;
use excite_vitals::judgement::{Health, Judgement};
use serde::Deserialize;

use super::network::Random;
use crate::verify::root;

/// What a case came to.
pub struct Scored {
    /// What was judged, and by which command.
    pub name: String,
    /// What is right: None is sound.
    pub expected: Option<String>,
    /// What was said: None is sound.
    pub found: Option<String>,
    pub headline: String,
}

impl Scored {
    fn is_right(&self) -> bool {
        self.expected == self.found
    }
}

/// Networks that are sound, and networks with a known fault.
#[derive(Default)]
pub struct Cases {
    pub sound: Vec<Scored>,
    pub broken: Vec<Scored>,
}

type Fault = Box<dyn std::error::Error>;

/// The models of a folder on their inputs: `NAME.inputs.npz`, or a file whose name begins with that of the model.
pub fn models(folder: &Path) -> Result<Vec<Scored>, Fault> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    names.sort();
    let inputs_of = |model: &Path| {
        let stem = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let start = stem.split('_').next().unwrap_or_default().to_owned();
        let is_data = |path: &&PathBuf, start: &str| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.extension().is_some_and(|extension| extension == "npz") && name.starts_with(&format!("{start}."))
        };
        names.iter().find(|path| is_data(path, &stem)).or_else(|| names.iter().find(|path| is_data(path, &start)))
    };
    let mut scored = Vec::new();
    for model in names.iter().filter(|path| path.extension().is_some_and(|extension| extension == "onnx")) {
        let Some(data) = inputs_of(model) else { continue };
        let name = format!("check {}", model.file_name().unwrap_or_default().to_string_lossy());
        scored.push(match judged(model, data) {
            Ok(judgement) => of_judgement(name, None, &judgement),
            Err(error) => Scored { name, expected: None, found: None, headline: format!("not judged: {error}") },
        });
    }
    Ok(scored)
}

/// The networks of default comparisons, with every function that ONNX has an operator for; but for the identity, after which there is
/// nothing to check.
pub fn comparisons(data: &Dataset) -> Result<Vec<Scored>, Fault> {
    let functions: Vec<Function> =
        Function::ALL.iter().copied().filter(|&f| exportable(f).is_ok() && f.name() != "identity").collect();
    let plan = Plan { activations: functions, ..Plan::default() };
    // Of a path its last part.
    let name =
        Path::new(&data.name).file_name().map_or_else(|| data.name.as_str().into(), |name| name.to_string_lossy());
    judge_all(&name, data, &plan, None)
}

/// A fault with the cause that is to be named first, as rule and cause.
struct Broken {
    name: &'static str,
    expected: Option<&'static str>,
    function: &'static str,
    data: Dataset,
    spec: Spec,
    rate: LearningRate,
}

/// The networks with a known fault.
pub fn broken() -> Result<Vec<Scored>, Fault> {
    let mut scored = Vec::new();
    for case in cases()? {
        let plan = Plan {
            activations: vec![case.function.parse()?],
            seeds: 1,
            epochs: 15,
            learning_rate: case.rate,
            spec: case.spec,
            ..Plan::default()
        };
        scored.extend(judge_all(case.name, &case.data, &plan, case.expected)?);
    }
    Ok(scored)
}

fn cases() -> Result<Vec<Broken>, Fault> {
    let digits = || Dataset::digits(&Options::default());
    let raw = || Dataset::digits(&Options { centre: false, ..Options::default() });
    let deep = |depth: usize| NetworkSpec::Mlp { hidden: vec![32; depth] };
    let case = |name, function, expected| Broken {
        name,
        expected: Some(expected),
        function,
        data: digits(),
        spec: Spec::default(),
        rate: LearningRate::Auto,
    };
    let fixed = LearningRate::Fixed;
    let gain = |gain| Spec { gain: Some(gain), ..Spec::default() };
    Ok(vec![
        Broken {
            spec: Spec { network: deep(8), ..Spec::default() },
            ..case("8 layers of sigmoid", "sigmoid", "vanishing-gradient: the function itself")
        },
        Broken {
            spec: Spec { bias: -4.0, ..Spec::default() },
            ..case("bias −4", "relu", "dead-units: the unit's own bias")
        },
        Broken { rate: fixed(1.0), ..case("rate 1", "relu", "dead-units: the learning rate") },
        Broken { rate: fixed(0.3), ..case("rate 0.3", "relu", "dead-units: the learning rate") },
        Broken {
            data: with_inputs(raw(), |x| 20.0 * x + 1000.0),
            rate: fixed(0.03),
            ..case("raw inputs around 1,000, ReLU", "relu", "dead-units: the data")
        },
        Broken {
            data: with_inputs(raw(), |x| 20.0 * x + 1000.0),
            rate: fixed(0.03),
            // Saturated so far that the slope is 0 for every sample.
            ..case("raw inputs around 1,000, tanh", "tanh", "dead-units: the data")
        },
        Broken {
            spec: Spec { network: deep(5), init: Init::XavierNormal, ..gain(4.0 * 5.0 / 3.0) },
            rate: fixed(0.03),
            ..case("tanh with 4 times its gain", "tanh", "saturated-units: the scale of the initial weights")
        },
        Broken {
            spec: Spec { network: deep(8), ..gain(0.1 * 2.0_f64.sqrt()) },
            rate: fixed(0.03),
            ..case(
                "8 layers of ReLU with a tenth of its gain",
                "relu",
                "vanishing-gradient: the scale of the initial weights",
            )
        },
        Broken {
            spec: Spec { network: deep(5), init: Init::XavierNormal, ..gain(0.05 * 5.0 / 3.0) },
            rate: fixed(0.03),
            ..case(
                "5 layers of tanh with a twentieth of its gain",
                "tanh",
                "vanishing-gradient: the scale of the initial weights",
            )
        },
        Broken {
            spec: Spec { network: deep(4), ..gain(0.1 * 2.0_f64.sqrt()) },
            rate: LearningRate::Auto,
            ..case(
                "4 layers of ReLU with a tenth of its gain",
                "relu",
                "vanishing-gradient: the scale of the initial weights",
            )
        },
        Broken {
            data: with_inputs(raw(), |x| 1e19 * x),
            rate: fixed(0.03),
            ..case("inputs of 1e20, which overflow", "relu", "diverged: the data")
        },
        Broken { data: shuffled(digits()), ..case("shuffled labels", "relu", "learnt-nothing: the data") },
        Broken { expected: None, data: constant_feature(digits()), ..case("a constant feature", "relu", "") },
        Broken {
            expected: None,
            data: large_targets()?,
            ..case("targets of 1e6, which compare standardises", "tanh", "")
        },
    ])
}

fn with_inputs(mut data: Dataset, change: impl Fn(f32) -> f32) -> Dataset {
    for samples in [&mut data.train, &mut data.test] {
        samples.inputs.iter_mut().for_each(|x| *x = change(*x));
    }
    data
}

fn constant_feature(mut data: Dataset) -> Dataset {
    let width: usize = data.shape.iter().product();
    for samples in [&mut data.train, &mut data.test] {
        samples.inputs.iter_mut().skip(20).step_by(width).for_each(|x| *x = 1.0);
    }
    data
}

fn shuffled(mut data: Dataset) -> Dataset {
    let mut random = Random(11);
    for samples in [&mut data.train, &mut data.test] {
        if let Targets::Classes(classes) = &mut samples.targets {
            for last in (1..classes.len()).rev() {
                classes.swap(last, random.uniform(0.0, (last + 1) as f64) as usize % (last + 1));
            }
        }
    }
    data
}

fn large_targets() -> Result<Dataset, Fault> {
    let mut random = Random(12);
    let mut rows = "a,b,c,y\n".to_owned();
    for _ in 0..600 {
        let [a, b, c] = [(); 3].map(|()| random.standard());
        writeln!(rows, "{a},{b},{c},{}", 1e6 * (a + 2.0 * b - c + 0.5 * a * b))?;
    }
    let file = std::env::temp_dir().join(format!("excite-targets-{}.csv", std::process::id()));
    std::fs::write(&file, rows)?;
    let data = Dataset::open(&file, &Options { task: Some(Task::Regression), ..Options::default() });
    std::fs::remove_file(&file)?;
    Ok(data?)
}

/// What the comparison says of each function, and what a check says of each network that it saved.
fn judge_all(name: &str, data: &Dataset, plan: &Plan, expected: Option<&'static str>) -> Result<Vec<Scored>, Fault> {
    let folder = std::env::temp_dir().join(format!("excite-diagnosis-{}", std::process::id()));
    let local = Local { save_networks: Some(folder.clone()), ..Local::default() };
    let comparison = compare(data, plan, &mut Journal::in_memory(), &local, &())?;
    let mut scored = Vec::new();
    for result in &comparison.activations {
        scored.push(of_judgement(format!("compare: {name}, {}", result.name), expected, &result.judgement));
    }
    let mut networks: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    networks.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    networks.sort();
    for network in &networks {
        let file = network.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let judgement = judged(network, &folder.join("held_out.safetensors"))?;
        scored.push(of_judgement(format!("check: {name}, {file}"), expected, &judgement));
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(scored)
}

fn judged(model: &Path, data: &Path) -> Result<Judgement, Fault> {
    let model = NamedModel::open(model)?;
    let data = Data::files(&[data.to_owned()], InputOptions::default())?;
    Ok(check(&model, &data, &CheckOptions::default(), &())?.diagnosis.judgement)
}

fn of_judgement(name: String, expected: Option<&str>, judgement: &Judgement) -> Scored {
    let is_sound = matches!(judgement.health, Health::Sound | Health::CannotTell);
    let first = judgement.findings.first().map(|finding| named(finding.rule.id, finding.cause));
    let found = if is_sound { None } else { Some(first.unwrap_or_else(|| judgement.health.to_string())) };
    Scored { name, expected: expected.map(str::to_owned), found, headline: judgement.headline.clone() }
}

/// A rule with a cause, as the page has them.
fn named(rule: &str, cause: Cause) -> String {
    format!("{rule}: {cause}")
}

/// A network in training, as `python/tests/watched_networks.py` prints it.
#[derive(Deserialize)]
struct Watched {
    name: String,
    /// The rules of which one is right, and the cause; none for a sound network.
    rules: Vec<String>,
    cause: Option<Cause>,
    found: Option<(String, Option<Cause>)>,
    headline: String,
}

/// Networks that `excite.torch.watch` judged while they were trained: the sound ones, and those with a fault. None if the environment of
/// `cargo xtask python` is not there or has no PyTorch.
pub fn watched() -> Result<Option<Cases>, Fault> {
    let python = root().join("target/python/venv/bin/python");
    let folder = root().join("python");
    let has_torch =
        || Command::new(&python).args(["-c", "import torch, excite"]).current_dir(root().join("xtask")).output();
    if !has_torch().is_ok_and(|done| done.status.success()) {
        return Ok(None);
    }
    let done = Command::new(&python).arg("tests/watched_networks.py").current_dir(folder).output()?;
    if !done.status.success() {
        return Err(format!("tests/watched_networks.py failed: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    let mut cases = Cases::default();
    for line in String::from_utf8(done.stdout)?.lines() {
        let watched: Watched = serde_json::from_str(line)?;
        let is_sound = watched.rules.is_empty();
        let case = of_watched(watched);
        if is_sound { cases.sound.push(case) } else { cases.broken.push(case) }
    }
    Ok(Some(cases))
}

fn of_watched(watched: Watched) -> Scored {
    let found = watched.found.map(|(rule, cause)| (cause.map_or(rule.clone(), |cause| named(&rule, cause)), rule));
    // Of several rules that are right, that which was named.
    let rule = match &found {
        Some((_, rule)) if watched.rules.contains(rule) => Some(rule),
        _ => watched.rules.first(),
    };
    let expected = rule.zip(watched.cause).map(|(rule, cause)| named(rule, cause));
    Scored {
        name: format!("watch: {}", watched.name),
        expected,
        found: found.map(|(found, _)| found),
        headline: watched.headline,
    }
}

/// The page: precision and recall, and every miss.
pub fn page(Cases { sound, broken }: &Cases, skipped: &[String]) -> String {
    let all = || sound.iter().chain(broken);
    let (alarms, right) = (
        all().filter(|case| case.found.is_some()).count(),
        all().filter(|case| case.found.is_some() && case.is_right()).count(),
    );
    let faults = all().filter(|case| case.expected.is_some()).count();
    let ratio = |part: usize, whole: usize| {
        if whole == 0 { "–".to_owned() } else { format!("{:.2}", part as f64 / whole as f64) }
    };
    let mut page = format!(
        "\
# How good the judgement is

Written by `cargo xtask diagnosis --networks`. Each network is judged as `excite compare` and `excite check` do, or by `excite.torch.watch` in
training. A fault counts as found if the right cause is named first; a sound network counts as right if nothing is found.

| set | judged | right |
|---|---|---|
| sound | {} | {} |
| broken | {} | {} |

Precision {}, recall {}.
",
        sound.len(),
        sound.iter().filter(|case| case.is_right()).count(),
        broken.len(),
        broken.iter().filter(|case| case.is_right()).count(),
        ratio(right, alarms),
        ratio(right, faults),
    );
    for line in skipped {
        writeln!(page, "\nNot judged: {line}.").expect("a string takes all");
    }
    page += "\n## Misses\n\n";
    let misses: Vec<&Scored> = all().filter(|case| !case.is_right()).collect();
    if misses.is_empty() {
        page += "None.\n";
    }
    for case in misses {
        let expected = case.expected.as_deref().unwrap_or("sound");
        let found = case.found.as_deref().unwrap_or("sound");
        writeln!(page, "- {}: {found}, and right is {expected}. “{}”", case.name, case.headline)
            .expect("a string takes all");
    }
    page += "\n## The networks with a fault\n\n| network | cause named first | headline |\n|---|---|---|\n";
    for case in broken {
        let found = case.found.as_deref().unwrap_or("sound");
        writeln!(page, "| {} | {found} | {} |", case.name, case.headline.replace('|', "\\|"))
            .expect("a string takes all");
    }
    page += "\n## The sound networks\n\n";
    for case in sound {
        writeln!(page, "- {}: {}", case.name, case.headline).expect("a string takes all");
    }
    page
}
