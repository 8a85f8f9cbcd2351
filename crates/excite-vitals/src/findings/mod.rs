//! What vitals show: one file per rule, and the one list of them.

mod always_on;
mod clipped;
mod constant_layer;
mod dead;
mod dormant;
mod gate_over_depth;
mod input_not_standardised;
mod not_finite;
mod off_centre;
mod same_sign;
mod saturated;
mod too_few_samples;
mod words;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{IncomingWeights, LayerVitals, Vitals};

/// All rules, in the order in which they are explained.
pub static ALL: &[&Rule] = &[
    &not_finite::RULE,
    &dead::RULE,
    &saturated::RULE,
    &constant_layer::RULE,
    &gate_over_depth::VANISHING,
    &gate_over_depth::EXPLODING,
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
    /// From which figure on it is reported, and how severely.
    pub threshold: &'static str,
    /// What to do about it, cause by cause.
    pub remedies: &'static [(Cause, &'static str)],
    check: fn(&Subject<'_>) -> Vec<Finding>,
}

impl Rule {
    /// Its page in the guide, relative to the root of the repository: `docs/guide/dead-units.md`.
    pub fn guide(&self) -> String {
        format!("{GUIDE}{}.md", self.id)
    }

    /// What to do where `cause` is behind it.
    pub fn remedy(&self, cause: Cause) -> &'static str {
        self.remedies.iter().find(|(known, _)| *known == cause).map_or("", |(_, remedy)| remedy)
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

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The vitals of the network.
    pub vitals: &'a Vitals,
    /// The weights that lead into its layers, as far as they are at hand, layer by layer.
    pub weights: &'a [Option<IncomingWeights>],
}

impl<'a> Subject<'a> {
    /// The layers that have seen something, each with its incoming weights where known.
    fn layers(&self) -> impl Iterator<Item = (&'a LayerVitals, Option<&'a IncomingWeights>)> {
        let weights = self.weights;
        let layers = self.vitals.layers.iter().enumerate();
        layers
            .filter(|(_, layer)| layer.samples() > 0)
            .map(move |(index, layer)| (layer, weights.get(index).and_then(Option::as_ref)))
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
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub grade: Grade,
    /// N, the number of independent samples behind it.
    pub samples: u64,
    /// What was found, in a sentence.
    pub summary: String,
    /// The figures behind it.
    pub evidence: Vec<Evidence>,
    /// What is behind it, as far as the figures tell.
    pub cause: Cause,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding on some units of a layer, measured. Its remedy is that of the rule for the cause.
    fn on(rule: &'static Rule, layer: &LayerVitals, units: Vec<usize>, cause: Cause, summary: String) -> Self {
        Self {
            rule,
            layer: Some(layer.name().to_owned()),
            units,
            of: layer.units().len(),
            severity: Severity::Warning,
            grade: Grade::Measured,
            samples: layer.samples(),
            summary,
            evidence: Vec::new(),
            cause,
            remedy: rule.remedy(cause).to_owned(),
        }
    }

    fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn grade(self, grade: Grade) -> Self {
        Self { grade, ..self }
    }

    /// With a figure of the whole.
    fn with(mut self, quantity: &str, value: f64) -> Self {
        self.evidence.push(Evidence { quantity: quantity.to_owned(), unit: None, value });
        self
    }

    /// With a figure of each of its units, where there is one.
    fn with_units(mut self, quantity: &str, figure: impl Fn(usize) -> Option<f64>) -> Self {
        for &unit in &self.units {
            if let Some(value) = figure(unit) {
                self.evidence.push(Evidence { quantity: quantity.to_owned(), unit: Some(unit), value });
            }
        }
        self
    }
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// What it is of, in words.
    pub quantity: String,
    /// The unit that it is of. None where it is of the whole.
    pub unit: Option<usize>,
    /// The figure, finite.
    pub value: f64,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; healthy networks have it too.
    Note,
    /// Likely to cost accuracy or time.
    Warning,
    /// The layer or the network does not work as it is.
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

/// What is behind a finding.
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
}

/// `units` in groups of one cause, in the order of the causes.
fn by_cause(units: impl IntoIterator<Item = (usize, Cause)>) -> Vec<(Cause, Vec<usize>)> {
    let mut groups: Vec<(Cause, Vec<usize>)> = Vec::new();
    for (unit, cause) in units {
        match groups.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, group)) => group.push(unit),
            None => groups.push((cause, vec![unit])),
        }
    }
    groups.sort_by_key(|(cause, _)| *cause);
    groups
}

/// A note for a few units of a layer, a warning from a tenth on (as keras-contrib), an error from half on.
fn severity_by_share(units: usize, of: usize) -> Severity {
    match units as f64 / of.max(1) as f64 {
        ..0.1 => Severity::Note,
        ..0.5 => Severity::Warning,
        _ => Severity::Error,
    }
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

fn percent(share: f64) -> String {
    format!("{:.3} %", 100.0 * share).replace(".000 %", " %")
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
            assert!(!rule.remedies.is_empty());
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
        assert!(!finding.remedy.is_empty());
    }

    #[test]
    fn severity_grows_with_the_share() {
        use Severity::{Error, Note, Warning};
        let severities = [1, 9, 10, 49, 50, 100].map(|units| severity_by_share(units, 100));
        assert_eq!(severities, [Note, Note, Warning, Warning, Error, Error]);
    }
}
