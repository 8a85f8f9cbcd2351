//! The findings of an earlier check, so that only new ones are reported.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use excite_vitals::findings::{self, Finding, Severity};
use excite_vitals::judgement::Judgement;
use serde::Deserialize;

use crate::Error;

/// What one rule found in the earlier check and in this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// The name of the rule.
    pub rule: &'static str,
    /// What it found before.
    pub before: Extent,
    /// What it finds now.
    pub now: Extent,
}

/// How far the findings of one rule reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The number of layers.
    pub layers: usize,
    /// The number of units.
    pub units: usize,
}

impl Extent {
    fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        let findings: Vec<_> = findings.collect();
        let layers: BTreeSet<_> = findings.iter().map(|finding| &finding.layer).collect();
        Self { layers: layers.len(), units: findings.iter().map(|finding| finding.units.len()).sum() }
    }
}

/// The findings of an earlier check.
#[derive(Clone, Debug, Deserialize)]
pub struct Baseline {
    findings: Vec<Finding>,
    #[serde(default)]
    facts: Vec<Finding>,
}

impl Baseline {
    /// Reads the JSON of an earlier check.
    ///
    /// # Errors
    /// If it cannot be read, or is not the JSON of a check.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let fault = |fault: &str| Error::Baseline { path: path.to_owned(), fault: fault.to_owned() };
        let text = fs::read(path).map_err(|error| fault(&error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| fault(&error.to_string()))
    }

    /// The rules that found something before or now, in the order of [`findings::ALL`].
    pub(crate) fn changes(&self, judgement: &Judgement) -> Vec<RuleChange> {
        let change = |rule: &'static str| {
            let is_of = |finding: &&Finding| finding.rule.id == rule;
            let before = self.findings.iter().chain(&self.facts).filter(is_of);
            let now = judgement.all().filter(is_of);
            RuleChange { rule, before: Extent::of(before), now: Extent::of(now) }
        };
        let all = findings::ALL.iter().map(|rule| change(rule.id));
        all.filter(|change| change.before.layers + change.now.layers > 0).collect()
    }

    /// Leaves out the known findings: those of the same rule and layer that are no more severe and have no new unit. Gives their number.
    pub(crate) fn retain_new(&self, judgement: &mut Judgement) -> usize {
        judgement.leave_out(|finding| !self.is_new(finding))
    }

    /// Causes and grades may differ: a unit is the same with another cause.
    fn is_new(&self, finding: &Finding) -> bool {
        let all = || self.findings.iter().chain(&self.facts);
        let same = || all().filter(|known| known.rule == finding.rule && known.layer == finding.layer);
        let worst: Option<Severity> = same().map(|known| known.severity).max();
        let known: HashSet<usize> = same().flat_map(|known| known.units.iter().copied()).collect();
        worst < Some(finding.severity) || finding.units.iter().any(|unit| !known.contains(unit))
    }
}

#[cfg(test)]
mod tests {
    use excite_vitals::{Diagnosis, LayerVitals, Vitals};

    use super::*;

    /// Of a ReLU layer of 30 units in which these are dead.
    fn judgement(dead: &[usize]) -> Judgement {
        let sample =
            |i: usize| (0..30).map(move |unit| if dead.contains(&unit) { -1.0 } else { ((i + unit) % 9) as f32 - 4.0 });
        let z: Vec<f32> = (0..400).flat_map(sample).collect();
        let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
        let mut layer = LayerVitals::new("fc", "relu".parse().unwrap(), 30);
        layer.update(&z, &a).unwrap();
        Diagnosis::of(&Vitals::new("mlp", vec![layer])).judgement
    }

    #[test]
    fn before_and_now_are_counted_by_rule() {
        let Judgement { findings, facts, .. } = judgement(&[1, 2]);
        let before = Baseline { findings, facts };
        let dead = |layers, units| Extent { layers, units };
        let changes = |after: &[usize]| before.changes(&judgement(after));
        assert_eq!(changes(&[2, 3, 4]), [RuleChange { rule: "dead-units", before: dead(1, 2), now: dead(1, 3) }]);
        assert_eq!(changes(&[]), [RuleChange { rule: "dead-units", before: dead(1, 2), now: dead(0, 0) }]);
    }

    #[test]
    fn only_what_is_new_or_worse_stays() {
        let new = |before: &[usize], after: &[usize]| {
            let mut judgement = judgement(after);
            let Judgement { findings, facts, .. } = self::judgement(before);
            let known = Baseline { findings, facts }.retain_new(&mut judgement);
            (judgement.all().count(), known)
        };
        assert_eq!(new(&[1, 2], &[1, 2]), (0, 1));
        assert_eq!(new(&[1, 2], &[2]), (0, 1), "fewer are not worse");
        assert_eq!(new(&[1], &[2]), (1, 0), "another unit");
        assert_eq!(new(&[1, 2], &[1, 2, 3]), (1, 0), "one more, and a warning");
        assert_eq!(new(&[], &[2]), (1, 0));
    }
}
