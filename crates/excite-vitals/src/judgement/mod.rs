//! One judgement for the whole product: evidence in, health and findings out.
//!
//! Rules ([`crate::findings`]) make the findings; how bad each is for the network, and its cause, are decided here.
//! Causes are looked for in this order: diverged or NaN, a vanishing or exploding gradient, units born dead, units that
//! died in training, saturated units, a learning rate that is too high, and where nothing was learnt and none of these
//! is there, the data.
//!
//! ```
//! use excite_vitals::judgement::{Health, Subject, judge};
//! use excite_vitals::{LayerVitals, Vitals};
//!
//! // Of two units one never fires in 400 samples.
//! let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
//! let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
//! let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
//! layer.update(&z, &a)?;
//! let vitals = Vitals::new("mlp", vec![layer]);
//!
//! // In training that is half of the network; nobody retrains a finished one, and its units can be removed.
//! assert_eq!(judge(&Subject::of(&vitals).in_training()).health, Health::Broken);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod headline;
mod severity;
mod units_in_training;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::evidence::{Deaths, Learnt, Stage, Subject, TrainingRun};
use crate::findings::{self, Finding, Grade, Severity};

/// The health of a network, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing need be done.
    Sound,
    /// Something is likely to cost accuracy or time.
    LookAtThis,
    /// It does not work as it is.
    Broken,
    /// It is no better than guessing.
    LearntNothing,
    /// Too little is known.
    CannotTell,
}

impl fmt::Display for Health {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Sound => "sound",
            Self::LookAtThis => "look at this",
            Self::Broken => "broken",
            Self::LearntNothing => "learnt nothing",
            Self::CannotTell => "cannot tell",
        })
    }
}

/// The judgement of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// In a word.
    pub health: Health,
    /// In at most 25 words.
    pub headline: String,
    /// What is wrong, what explains most of the trouble first; at most one for each rule and layer. None of a sound network.
    pub findings: Vec<Finding>,
    /// Facts that are worth knowing, and no fault; in the order of [`findings::ALL`].
    pub facts: Vec<Finding>,
}

impl Judgement {
    /// The severity of the worst finding. None of a sound network.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Findings, and then facts.
    pub fn all(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(&self.facts)
    }

    /// Removes the findings and facts that `is_known`, and gives how many there were. Keeps health and headline.
    pub fn leave_out(&mut self, is_known: impl Fn(&Finding) -> bool) -> usize {
        let before = self.findings.len() + self.facts.len();
        self.findings.retain(|finding| !is_known(finding));
        self.facts.retain(|fact| !is_known(fact));
        before - self.findings.len() - self.facts.len()
    }
}

/// Judges a network by all that is known of it.
pub fn judge(subject: &Subject<'_>) -> Judgement {
    let mut found: Vec<Finding> = findings::ALL.iter().flat_map(|rule| rule.check(subject)).collect();
    found.extend(units_in_training::findings(subject));
    severity::weigh(subject, &mut found);
    for finding in &mut found {
        if subject.vitals.random_data && finding.grade == Grade::Measured {
            finding.grade = Grade::Suspected;
        }
        finding.remedy = finding.rule.remedy(finding.cause, subject.stage).to_owned();
    }
    let (mut findings, mut facts): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|finding| finding.severity > Severity::Note);
    let place = |finding: &Finding| findings::ALL.iter().position(|rule| *rule == finding.rule);
    // What is said of the whole network comes before what is said of a layer of it.
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (std::cmp::Reverse(finding.severity), place(finding), finding.layer.is_some());
        rank(a).cmp(&rank(b)).then(b.share().total_cmp(&a.share()))
    });
    facts.sort_by_key(place);
    let health = health(subject, &findings);
    Judgement { health, headline: headline::of(subject, health, &findings, &facts), findings, facts }
}

fn health(subject: &Subject<'_>, findings: &[Finding]) -> Health {
    let has_seen = subject.layers().next().is_some();
    match findings.iter().map(|finding| finding.severity).max() {
        _ if subject.training.is_some_and(|run| !run.diverged && run.learnt() != Learnt::Something) => {
            Health::LearntNothing
        }
        Some(Severity::Error) => Health::Broken,
        Some(Severity::Warning) => Health::LookAtThis,
        _ if subject.nothing_seen.is_some() => Health::CannotTell,
        _ if subject.training.is_some() => Health::Sound,
        _ if !has_seen || subject.vitals.random_data || subject.vitals.noise || subject.vitals.samples() < 2 => {
            Health::CannotTell
        }
        _ => Health::Sound,
    }
}
