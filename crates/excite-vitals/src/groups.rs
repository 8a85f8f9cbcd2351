//! Findings of one rule in several layers: one thing to say.

use std::fmt;

use crate::findings::Finding;
use crate::judgement::Judgement;

/// Findings of one rule and severity, with the layers that they are in.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingGroup<'a> {
    /// The findings, at least one, in the order of the judgement.
    pub findings: Vec<&'a Finding>,
}

impl<'a> FindingGroup<'a> {
    /// The finding that speaks for all: the one with the largest share of units; the first of equal ones.
    pub fn worst(&self) -> &'a Finding {
        let worse = |worst: &'a Finding, next: &&'a Finding| if next.share() > worst.share() { *next } else { worst };
        self.findings[1..].iter().fold(self.findings[0], worse)
    }

    /// In a sentence: the summary, with the layer; of several layers how many they are, and the summary of the worst.
    pub fn summary(&self) -> String {
        let worst = self.worst();
        let place = worst.layer.as_ref().map_or_else(String::new, |layer| format!("`{layer}`: "));
        match self.findings.len() {
            1 => format!("{place}{}", worst.summary),
            layers => format!("in {layers} layers, most in {place}{}", worst.summary),
        }
    }
}

impl Judgement {
    /// The findings by rule, in their order.
    pub fn finding_groups(&self) -> Vec<FindingGroup<'_>> {
        grouped(&self.findings)
    }

    /// The facts by rule, in their order.
    pub fn fact_groups(&self) -> Vec<FindingGroup<'_>> {
        grouped(&self.facts)
    }
}

/// The headline, and a line for each rule that found something. Facts are not in it.
///
/// ```
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
/// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
/// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &a)?;
/// let vitals = Vitals::new("mlp", vec![layer]);
/// let judgement = excite_vitals::judgement::judge(&excite_vitals::judgement::Subject::of(&vitals).in_training());
/// assert_eq!(judgement.to_string().lines().count(), 1 + judgement.finding_groups().len());
/// assert!(judgement.to_string().contains("error: `fc1`: 1 of 2 units"), "{judgement}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for Judgement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.headline)?;
        for group in self.finding_groups() {
            write!(out, "\n{}: {}", group.findings[0].severity, group.summary())?;
        }
        Ok(())
    }
}

fn grouped(findings: &[Finding]) -> Vec<FindingGroup<'_>> {
    let mut groups: Vec<FindingGroup<'_>> = Vec::new();
    for finding in findings {
        let key = |finding: &Finding| (finding.rule.id, finding.severity);
        match groups.iter_mut().find(|group| key(group.findings[0]) == key(finding)) {
            Some(group) => group.findings.push(finding),
            None => groups.push(FindingGroup { findings: vec![finding] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use crate::{Diagnosis, LayerVitals, Vitals};

    #[test]
    fn the_same_of_several_layers_is_one_group_and_the_worst_layer_speaks() {
        let layer = |(index, dead): (usize, usize)| {
            let sample =
                |i: usize| (0..10).map(move |unit| if unit < dead { -1.0 } else { ((i + unit) % 9) as f32 - 4.0 });
            let z: Vec<f32> = (0..400).flat_map(sample).collect();
            let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
            let mut layer = LayerVitals::new(&format!("fc{index}"), "relu".parse().unwrap(), 10);
            layer.update(&z, &a).unwrap();
            layer
        };
        let layers = [1, 0, 3, 2].into_iter().enumerate().map(layer).collect();
        let judgement = Diagnosis::of(&Vitals::new("mlp", layers)).judgement;
        let groups = judgement.fact_groups();
        let dead = groups.iter().find(|group| group.worst().rule.id == "dead-units").unwrap();
        assert_eq!((dead.findings.len(), dead.worst().layer.as_deref()), (3, Some("fc2")));
        assert_eq!(dead.summary(), "in 3 layers, most in `fc2`: 3 of 10 units stayed silent on all 400 samples");
        assert_eq!(groups.iter().map(|group| group.findings.len()).sum::<usize>(), judgement.facts.len());
    }
}
