//! What vitals show: one file per rule, and the one list of them. What it means for the network, [`judgement`](crate::judgement) says.

mod always_on;
mod clipped;
pub(crate) mod constant_layer;
pub(crate) mod dead;
pub(crate) mod diverged;
mod dormant;
pub(crate) mod gradient_over_depth;
pub(crate) mod input_not_standardised;
pub(crate) mod learning_rate;
pub(crate) mod learnt_nothing;
pub(crate) mod not_finite;
mod off_centre;
mod same_sign;
pub(crate) mod saturated;
mod too_few_samples;
mod words;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::LayerVitals;
use crate::evidence::{Stage, Subject};
pub(crate) use crate::in_words::{number, percent, plural};

/// All rules, in the order in which causes are looked for.
pub static ALL: &[&Rule] = &[
    &diverged::RULE,
    &not_finite::RULE,
    &gradient_over_depth::VANISHING,
    &gradient_over_depth::EXPLODING,
    &dead::RULE,
    &saturated::RULE,
    &learning_rate::RULE,
    &constant_layer::RULE,
    &learnt_nothing::RULE,
    &clipped::RULE,
    &dormant::RULE,
    &always_on::RULE,
    &off_centre::RULE,
    &same_sign::RULE,
    &input_not_standardised::RULE,
    &too_few_samples::RULE,
];

/// Where the pages of the guide are, relative to the root of the repository.
pub const GUIDE: &str = "docs/guide/";

/// The rule of that identifier.
///
/// ```
/// assert_eq!(excite_vitals::findings::rule("dead-units").unwrap().title, "Dead units");
/// ```
pub fn rule(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// One thing that is looked for.
pub struct Rule {
    /// Its identifier, in kebab case.
    pub id: &'static str,
    /// Its name as people say it.
    pub title: &'static str,
    /// What it means, in two sentences.
    pub meaning: &'static str,
    /// From which figure on it is reported, and when it counts as more than a fact.
    pub threshold: &'static str,
    /// What to do about it in a network in training, cause by cause.
    pub remedies: &'static [(Cause, &'static str)],
    /// What it means for a finished network, which nobody trains again, and what can be done.
    pub finished: &'static str,
    check: fn(&Subject<'_>) -> Vec<Finding>,
}

impl Rule {
    /// Its page in the guide, relative to the root of the repository: `docs/guide/dead-units.md`.
    pub fn guide(&self) -> String {
        format!("{GUIDE}{}.md", self.id)
    }

    /// What to do where `cause` is behind it.
    pub fn remedy(&self, cause: Cause, stage: Stage) -> &'static str {
        match stage {
            Stage::Training => self.remedies.iter().find(|(known, _)| *known == cause).map_or("", |(_, remedy)| remedy),
            Stage::Finished => self.finished,
        }
    }

    /// What the rule finds.
    pub fn check(&self, subject: &Subject<'_>) -> Vec<Finding> {
        (self.check)(subject)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.id)
    }
}

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The rule; its identifier when serialised.
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub rule: &'static Rule,
    /// The layer. None where it is about the inputs or the network as a whole.
    pub layer: Option<String>,
    /// The units of the layer, by index from 0; those of the inputs, where it is about these. Empty where it is about the whole.
    pub units: Vec<usize>,
    /// How many units the layer has.
    pub of: usize,
    /// How bad it is for the network.
    pub severity: Severity,
    /// How sure it is: as sure as the least sure of its parts.
    pub grade: Grade,
    /// N, the number of independent samples behind it.
    pub samples: u64,
    /// What was found, in a sentence.
    pub summary: String,
    /// The figures behind it.
    pub evidence: Vec<Figure>,
    /// The cause, as far as the figures tell: that of most of its units.
    pub cause: Cause,
    /// Its units by the cause of each and how sure that is. Empty where it is about the whole.
    pub parts: Vec<Part>,
    /// What to do about it; of a finished network, what it means.
    pub remedy: String,
}

/// Units of a finding with one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// The cause that they share.
    pub cause: Cause,
    /// How sure it is.
    pub grade: Grade,
    /// The units, in rising order.
    pub units: Vec<usize>,
}

impl Finding {
    /// A finding on some units of a layer, measured. How severe it is and what to do about it, the judgement says.
    fn on(rule: &'static Rule, layer: &LayerVitals, units: Vec<usize>, cause: Cause, summary: String) -> Self {
        Self {
            rule,
            layer: Some(layer.name().to_owned()),
            of: layer.units().len(),
            severity: Severity::Note,
            grade: Grade::Measured,
            samples: layer.samples(),
            summary,
            evidence: Vec::new(),
            cause,
            parts: if units.is_empty() {
                Vec::new()
            } else {
                vec![Part { cause, grade: Grade::Measured, units: units.clone() }]
            },
            remedy: String::new(),
            units,
        }
    }

    /// A finding on the network as a whole, or on its inputs.
    pub(crate) fn on_network(rule: &'static Rule, samples: u64, cause: Cause, summary: String) -> Self {
        Self {
            rule,
            layer: None,
            units: Vec::new(),
            of: 0,
            severity: Severity::Note,
            grade: Grade::Measured,
            samples,
            summary,
            evidence: Vec::new(),
            cause,
            parts: Vec::new(),
            remedy: String::new(),
        }
    }

    /// With its units by cause: the cause of most of them becomes that of the finding, and the least sure its grade.
    fn with_parts(self, parts: Vec<Part>) -> Self {
        let most = parts.iter().rev().max_by_key(|part| part.units.len());
        let (cause, grade) = (most.map_or(self.cause, |part| part.cause), parts.iter().map(|part| part.grade).min());
        Self { cause, grade: grade.unwrap_or(self.grade), parts, ..self }
    }

    /// The share of the units of its layer that it is about; all of what has no units.
    pub fn share(&self) -> f64 {
        if self.units.is_empty() { 1.0 } else { self.units.len() as f64 / self.of.max(1) as f64 }
    }

    /// With a figure of the whole.
    pub(crate) fn with(mut self, quantity: &str, value: f64) -> Self {
        self.evidence.push(Figure { quantity: quantity.to_owned(), unit: None, value });
        self
    }

    /// With a figure of each of its units, where there is one.
    fn with_units(mut self, quantity: &str, figure: impl Fn(usize) -> Option<f64>) -> Self {
        for &unit in &self.units {
            if let Some(value) = figure(unit) {
                self.evidence.push(Figure { quantity: quantity.to_owned(), unit: Some(unit), value });
            }
        }
        self
    }
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Figure {
    /// What it is of, in words.
    pub quantity: String,
    /// The unit that it is of. None where it is of the whole.
    pub unit: Option<usize>,
    /// The figure, finite.
    pub value: f64,
}

/// How bad a finding is for the network: its consequence, not its rule, decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A fact: worth knowing, and sound networks have it too.
    Note,
    /// Look at this: it is likely to cost accuracy or time.
    Warning,
    /// Broken: the network does not work as it is.
    Error,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// It may be otherwise: a conclusion from figures on made-up data, or one that leaves something out.
    Suspected,
    /// It was so for all N samples seen.
    Measured,
    /// It follows for every input within the stated intervals.
    Proven,
}

/// The cause of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The figures do not tell.
    Unknown,
    /// The unit's own bias.
    Bias,
    /// The mean of its inputs: were they centred, it would not be so.
    OffCentreInputs,
    /// Its incoming weights.
    Weights,
    /// No input comes: all that lead to it are 0.
    NoInput,
    /// Its pre-activations lie to one side.
    Shift,
    /// Its pre-activations are spread too wide.
    Spread,
    /// The function itself: it is so for standard normal inputs too.
    Function,
    /// Too little was seen.
    FewSamples,
    /// The data.
    Data,
    /// The learning rate.
    LearningRate,
    /// The scale of the initial weights.
    Initialisation,
}

/// `units` in parts of one cause and grade, in the order of the causes.
fn by_cause(units: impl IntoIterator<Item = (usize, Cause, Grade)>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (unit, cause, grade) in units {
        match parts.iter_mut().find(|part| (part.cause, part.grade) == (cause, grade)) {
            Some(part) => part.units.push(unit),
            None => parts.push(Part { cause, grade, units: vec![unit] }),
        }
    }
    parts.sort_by_key(|part| (part.cause, part.grade));
    parts
}

/// Whether its pre-activations lie to one side or are spread wide. Unknown where they are.
fn shift_or_spread(z: &crate::sketch::Moments) -> Cause {
    match z.count {
        0 => Cause::Unknown,
        _ if z.mean.abs() >= z.std() => Cause::Shift,
        _ => Cause::Spread,
    }
}

/// `3 of 64 units`
fn counted(units: usize, of: usize) -> String {
    format!("{units} of {of} {}", if of == 1 { "unit" } else { "units" })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on references")]
pub(crate) fn write_id<S: Serializer>(rule: &&'static Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule.id)
}

pub(crate) fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Rule, D::Error> {
    let id = String::deserialize(deserializer)?;
    rule(&id).ok_or_else(|| de::Error::custom(format!("there is no rule `{id}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_told_apart_explained_and_has_a_remedy_for_each_cause() {
        for rule in ALL {
            assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{rule:?}");
            assert_eq!(
                ALL.iter().filter(|other| other.id == rule.id || other.title == rule.title).count(),
                1,
                "{rule:?}"
            );
            assert_eq!(super::rule(rule.id), Some(*rule));
            assert_eq!(rule.meaning.matches(". ").count(), 1, "two sentences: {rule:?}");
            for text in [rule.title, rule.meaning, rule.threshold] {
                assert!(!text.is_empty() && !text.contains("  ") && text.trim() == text, "{rule:?}: {text:?}");
            }
            assert!(rule.meaning.ends_with('.') && rule.threshold.ends_with('.'), "{rule:?}");
            assert!(!rule.remedies.is_empty() && rule.finished.ends_with('.'), "{rule:?}");
            for (cause, remedy) in rule.remedies {
                assert!(remedy.ends_with('.') && !remedy.contains("  "), "{rule:?}: {remedy:?}");
                assert_eq!(rule.remedies.iter().filter(|(other, _)| other == cause).count(), 1, "{rule:?}");
            }
        }
    }

    #[test]
    fn every_file_of_a_rule_is_in_the_list() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/findings")).unwrap();
        let mut found = 0;
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines().filter(|line| line.trim_start().starts_with("id: \"")) {
                let id = line.split('"').nth(1).unwrap();
                assert!(rule(id).is_some(), "`{id}` is not in ALL");
                found += 1;
            }
        }
        assert_eq!(found, ALL.len());
    }

    #[test]
    fn a_finding_is_serialised_with_the_identifier_of_its_rule() {
        let layer = LayerVitals::new("fc", "relu".parse().unwrap(), 4);
        let finding = Finding::on(&dead::RULE, &layer, vec![2], Cause::Bias, "it is so".to_owned()).with("x", 0.5);
        let json = serde_json::to_string(&finding).unwrap();
        assert!(json.starts_with(r#"{"rule":"dead-units","layer":"fc","units":[2],"of":4"#), "{json}");
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), finding);
        assert!(serde_json::from_str::<Finding>(&json.replace("dead-units", "no-such")).is_err());
        assert_eq!(finding.parts[0].units, [2]);
    }
}
