//! `cargo xtask diagnosis`: plants faults, and writes down in docs/diagnosis.md which rule finds them.

mod acceptance;
mod network;
mod planted;
mod rules;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use excite_lab::data::{Dataset, Options};
use excite_vitals::findings::Cause;

use crate::generated::{self, Files, Mode};
use acceptance::Cases;
use planted::{Planted, SAMPLES};
use rules::{Fault, RULES, Rule};

/// Writes docs/diagnosis.md, from the code.
#[derive(Args)]
pub struct Diagnosis {
    #[command(flatten)]
    mode: Mode,
    /// Train networks that are sound and networks with a known fault, judge them, and write docs/diagnosis-networks.md; takes minutes
    #[arg(long)]
    networks: bool,
    /// A folder of working models with their inputs, NAME.onnx and NAME.inputs.npz, to be judged too
    #[arg(long, value_name = "FOLDER", requires = "networks")]
    models: Option<PathBuf>,
    /// Data beside the digits for the sound networks, as of `excite compare`
    #[arg(long, value_name = "PATH", requires = "networks")]
    data: Vec<PathBuf>,
}

impl Diagnosis {
    pub fn run(&self) -> ExitCode {
        if !self.networks {
            return generated::run(&self.mode, "cargo xtask diagnosis", &files());
        }
        match self.judged() {
            Ok(page) => generated::write_all(&vec![("diagnosis-networks.md".to_owned(), page)]),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn judged(&self) -> Result<String, Box<dyn std::error::Error>> {
        let mut skipped = Vec::new();
        let mut sound = match &self.models {
            Some(folder) => acceptance::models(folder)?,
            None => {
                skipped.push("working models, for no folder was given (--models FOLDER)".to_owned());
                Vec::new()
            }
        };
        sound.extend(acceptance::comparisons(&Dataset::digits(&Options::default()))?);
        for path in &self.data {
            sound.extend(acceptance::comparisons(&Dataset::open(path, &Options::default())?)?);
        }
        if self.data.is_empty() {
            skipped.push("networks of other data than the digits, for none were given (--data PATH)".to_owned());
        }
        let mut broken = acceptance::broken()?;
        match acceptance::watched()? {
            Some(watched) => {
                sound.extend(watched.sound);
                broken.extend(watched.broken);
            }
            None => skipped.push(
                "networks of PyTorch, for the environment that `cargo xtask python` makes is not there".to_owned(),
            ),
        }
        Ok(acceptance::page(&Cases { sound, broken }, &skipped))
    }
}

fn files() -> Files {
    vec![("diagnosis.md".to_owned(), page(&planted::all()))]
}

/// How the units that a rule flags agree with those that have the fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn of(rule: &Rule, planted: &Planted) -> Self {
        let truth = match rule.fault {
            Fault::Dead => &planted.dead,
            Fault::Saturated => &planted.saturated,
        };
        let mut score = Self::default();
        for (flag, fault) in (rule.flags)(planted).into_iter().flatten().zip(truth.iter().flatten()) {
            match (flag, fault) {
                (true, true) => score.right += 1,
                (true, false) => score.wrong += 1,
                (false, true) => score.missed += 1,
                (false, false) => (),
            }
        }
        score
    }

    fn plus(self, other: Self) -> Self {
        Self { right: self.right + other.right, wrong: self.wrong + other.wrong, missed: self.missed + other.missed }
    }

    /// Of the flagged units, the share that has the fault. None if none is flagged.
    fn precision(self) -> Option<f64> {
        let flagged = self.right + self.wrong;
        (flagged > 0).then(|| self.right as f64 / flagged as f64)
    }

    /// Of the units that have the fault, the share that is flagged. None if none has it.
    fn recall(self) -> Option<f64> {
        let faulty = self.right + self.missed;
        (faulty > 0).then(|| self.right as f64 / faulty as f64)
    }
}

fn page(all: &[Planted]) -> String {
    let mut page = format!(
        "\
# How good the diagnosis is

Written by `cargo xtask diagnosis`. Networks of plain code get a fault in units that are known, and each is run over {SAMPLES} samples; a rule
is right where it flags those units and no others. Inputs and weights are bounded, so that which units are dead is known
from how they were made (after the oversized step, from all their values). The rules of other tools are written from
descriptions of them, with their default thresholds, and see the same values; the tools themselves were not run.

Cells are precision / recall over units; – where nothing is flagged. A rule that speaks of a layer as a whole flags all its units.
False alarms are the healthy networks in which the rule flags anything. Only excite knows which layers are gates and outputs, where
it notes saturation and raises no alarm; the others have no way to know. The threshold of `off-centre` was set with these
healthy networks.
"
    );
    for (fault, title) in [(Fault::Dead, "Dead units"), (Fault::Saturated, "Saturated units")] {
        table(&mut page, all, fault, title);
    }
    causes(&mut page, all);
    page += "\n## The networks\n\n";
    for planted in all {
        writeln!(page, "- **{}**: {}.", planted.name, planted.what).expect("a string takes all");
    }
    page += "\nWhole networks, sound ones and ones with a known fault, are judged in [diagnosis-networks.md](diagnosis-networks.md). The rules of the \
             diagnosis: [the guide](guide/README.md).\n";
    page
}

fn table(page: &mut String, all: &[Planted], fault: Fault, title: &str) {
    let has_fault = |planted: &&Planted| {
        let truth = if fault == Fault::Dead { &planted.dead } else { &planted.saturated };
        truth.iter().flatten().any(|&fault| fault)
    };
    let faulty: Vec<&Planted> = all.iter().filter(has_fault).collect();
    let healthy: Vec<&Planted> = all.iter().filter(|planted| planted.is_healthy()).collect();
    let names: Vec<&str> = faulty.iter().map(|planted| planted.name).collect();
    write!(page, "\n## {title}\n\n| rule | flags | {} | all | false alarms |\n|---|---|", names.join(" | "))
        .expect("written");
    writeln!(page, "{}", "---|".repeat(names.len() + 2)).expect("a string takes all");
    for rule in RULES.iter().filter(|rule| rule.fault == fault) {
        let scores: Vec<Score> = faulty.iter().map(|planted| Score::of(rule, planted)).collect();
        let total = scores.iter().fold(Score::default(), |sum, score| sum.plus(*score));
        let cells: Vec<String> = scores.iter().chain([&total]).map(|score| score_cell(*score)).collect();
        let alarms = healthy.iter().filter(|planted| (rule.flags)(planted).iter().flatten().any(|&flag| flag)).count();
        let alarms = format!("{alarms} of {}", healthy.len());
        writeln!(page, "| {} | {} | {} | {alarms} |", rule.name, cell(rule.says), cells.join(" | ")).expect("written");
    }
}

fn score_cell(score: Score) -> String {
    let figure = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.2}"));
    format!("{} / {}", figure(score.precision()), figure(score.recall()))
}

/// How often the cause that the diagnosis gives is the one that was planted.
fn causes(page: &mut String, all: &[Planted]) {
    *page += "\n## Causes\n\nThe other tools name none. The weights are known.\n\n| fault | cause | units for which it is given |\n|---|---|---|\n";
    for planted in all.iter().filter(|planted| !planted.is_healthy()) {
        let found = found_causes(planted);
        let mut kinds: Vec<Cause> = planted.causes.iter().flatten().filter_map(|cause| *cause).collect();
        kinds.sort();
        kinds.dedup();
        for kind in kinds {
            let units =
                planted.causes.iter().flatten().zip(found.iter().flatten()).filter(|(cause, _)| **cause == Some(kind));
            let (given, of) = (units.clone().filter(|(cause, found)| cause == found).count(), units.count());
            writeln!(page, "| {} | {kind} | {given} of {of} |", planted.name).expect("a string takes all");
        }
    }
}

/// The cause that the diagnosis gives for each unit that is dead or saturated.
fn found_causes(planted: &Planted) -> Vec<Vec<Option<Cause>>> {
    let mut causes: Vec<Vec<Option<Cause>>> = planted.traces.iter().map(|trace| vec![None; trace.units()]).collect();
    let findings = planted.diagnosis.judgement.all();
    for finding in findings.filter(|finding| ["dead-units", "saturated-units"].contains(&finding.rule.id)) {
        let layer = planted.traces.iter().position(|trace| finding.layer.as_deref() == Some(trace.name));
        for part in &finding.parts {
            for &unit in &part.units {
                causes[layer.expect("a layer of the network")][unit] = Some(part.cause);
            }
        }
    }
    causes
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use excite_vitals::findings::Grade;
    use excite_vitals::judgement::Health;

    use super::*;

    fn ours() -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(|rule| rule.name == "excite")
    }

    /// What was planted is there: by looking at every value, and by the definition in f64.
    #[test]
    fn the_planted_truth_is_what_plain_counting_finds() {
        for planted in planted::all() {
            for (layer, trace) in planted.traces.iter().enumerate() {
                let slope = |z: f32| trace.function.slope_at(f64::from(z)).abs();
                let largest = if trace.function.name() == "sigmoid" { 0.25 } else { 1.0 };
                for unit in 0..trace.units() {
                    let place = format!("{}, {}, unit {unit}", planted.name, trace.name);
                    assert_eq!(planted.dead[layer][unit], trace.z_of(unit).all(|z| slope(z) == 0.0), "{place}");
                    let flat = trace.z_of(unit).filter(|&z| slope(z) < 0.05 * largest).count();
                    let is_sigmoidal = matches!(trace.function.name(), "sigmoid" | "tanh");
                    let is_meant = planted.vitals.layers[layer].role() != excite_vitals::Role::Hidden;
                    let is_saturated = is_sigmoidal && !is_meant && 20 * flat > 19 * SAMPLES;
                    assert_eq!(planted.saturated[layer][unit], is_saturated, "{place}: {flat}");
                }
            }
        }
    }

    #[test]
    fn the_diagnosis_finds_every_planted_unit_and_no_other() {
        for planted in planted::all() {
            for rule in ours() {
                let score = Score::of(rule, &planted);
                assert_eq!((score.wrong, score.missed), (0, 0), "{}, {:?}: {score:?}", planted.name, rule.fault);
            }
        }
    }

    #[test]
    fn the_diagnosis_gives_the_planted_cause() {
        for planted in planted::all().iter().filter(|planted| !planted.is_healthy()) {
            assert_eq!(found_causes(planted), planted.causes, "{}", planted.name);
        }
    }

    #[test]
    fn healthy_networks_are_sound() {
        let all = planted::all();
        let healthy: Vec<_> = all.iter().filter(|planted| planted.is_healthy()).collect();
        assert_eq!(healthy.len(), 8);
        for planted in healthy {
            let judgement = &planted.diagnosis.judgement;
            assert_eq!(judgement.health, Health::Sound, "{}: {:#?}", planted.name, judgement.findings);
        }
    }

    #[test]
    fn what_was_planted_by_bounds_is_proven() {
        let all = planted::all();
        let proven = |name: &str| {
            let planted = all.iter().find(|planted| planted.name == name).unwrap();
            let dead = planted.diagnosis.judgement.all().filter(|finding| finding.rule.id == "dead-units");
            let parts = dead.flat_map(|finding| &finding.parts).filter(|part| part.grade == Grade::Proven);
            parts.map(|part| part.units.len()).sum::<usize>()
        };
        assert_eq!((proven("initial bias"), proven("off-centre inputs"), proven("dead layer before")), (5, 7, 48));
    }

    #[test]
    fn an_oversized_step_kills_units_that_were_alive_before_it() {
        let (after, before) = planted::oversized_step();
        let dead = |planted: &Planted| planted.dead[0].iter().filter(|&&dead| dead).count();
        let alive_before = before.traces[0].units();
        assert!(before.diagnosis.judgement.all().all(|f| f.rule.id != "dead-units"));
        assert!((4..=alive_before).contains(&dead(&after)), "{}", dead(&after));
    }

    #[test]
    fn faults_besides_dead_and_saturated_are_found_too() {
        let all = planted::all();
        let finds = |name: &str, id: &str| {
            let planted = all.iter().find(|planted| planted.name == name).unwrap();
            planted.diagnosis.judgement.all().any(|finding| finding.rule.id == id)
        };
        assert!(finds("off-centre inputs", "input-not-standardised"));
        assert!(finds("upstream shift", "always-on") && finds("upstream shift", "off-centre"));
        assert!(finds("dead layer before", "constant-layer"));
        assert!(!finds("initial bias", "constant-layer") && !finds("healthy ReLU", "always-on"));
    }

    #[test]
    fn a_score_counts_what_is_right_wrong_and_missed() {
        let score = Score { right: 3, wrong: 1, missed: 2 };
        assert_eq!((score.precision(), score.recall()), (Some(0.75), Some(0.6)));
        assert_eq!(score_cell(Score { right: 0, wrong: 0, missed: 2 }), "– / 0.00");
    }

    #[test]
    fn the_files_are_what_the_code_says() {
        assert_eq!(generated::stale(&files()), None, "run `cargo xtask diagnosis`");
    }
}
