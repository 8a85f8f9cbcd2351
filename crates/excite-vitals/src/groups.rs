//! Findings that say the same of several layers, and the verdict over all.

use std::fmt;

use crate::Diagnosis;
use crate::findings::{Finding, Severity};

/// Findings of one rule, severity, grade and cause: one thing to say, with the layers that it is said of.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingGroup<'a> {
    /// The findings, at least one, in the order of the diagnosis.
    pub findings: Vec<&'a Finding>,
}

impl<'a> FindingGroup<'a> {
    /// The finding that speaks for all: the one with the largest share of units; the first of equal ones.
    pub fn worst(&self) -> &'a Finding {
        let share = |finding: &Finding| finding.units.len() as f64 / finding.of.max(1) as f64;
        let worse = |worst: &'a Finding, next: &&'a Finding| if share(next) > share(worst) { *next } else { worst };
        self.findings[1..].iter().fold(self.findings[0], worse)
    }

    /// In a sentence: the summary, with the layer; of several layers how many they are, and the summary of the worst.
    pub fn summary(&self) -> String {
        let worst = self.worst();
        let place = worst.layer.as_ref().map_or_else(String::new, |layer| format!("`{layer}`: "));
        match self.findings.len() {
            1 => format!("{place}{}", worst.summary),
            layers => format!("{layers} layers, as {place}{}", worst.summary),
        }
    }
}

impl Diagnosis {
    /// The findings, those together that say the same of several layers; the most severe first.
    pub fn groups(&self) -> Vec<FindingGroup<'_>> {
        let mut groups: Vec<FindingGroup<'_>> = Vec::new();
        for finding in &self.findings {
            let key = |finding: &Finding| (finding.rule.id, finding.severity, finding.grade, finding.cause);
            match groups.iter_mut().find(|group| key(group.findings[0]) == key(finding)) {
                Some(group) => group.findings.push(finding),
                None => groups.push(FindingGroup { findings: vec![finding] }),
            }
        }
        groups
    }

    /// How many findings are of that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The verdict in a sentence or two.
    ///
    /// ```
    /// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
    /// let vitals = Vitals::new("mlp", vec![LayerVitals::new("fc1", "relu".parse()?, 2)]);
    /// assert_eq!(Diagnosis::of(&vitals).headline(), "Nothing was seen: no values reached any of the layers.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn headline(&self) -> String {
        if self.layers.iter().all(|layer| layer.samples == 0) {
            return "Nothing was seen: no values reached any of the layers.".to_owned();
        }
        let seen = self.layers.iter().filter(|layer| layer.samples > 0);
        let (layers, units) = seen.fold((0, 0), |(layers, units), layer| (layers + 1, units + layer.units as u64));
        let whole = format!(
            "{} with {} over {}",
            counted(layers, "layer"),
            counted(units, "unit"),
            counted(self.samples, "sample")
        );
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let counts = severities.map(|severity| (severity, self.count(severity)));
        let listed: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| counted(*count as u64, &severity.to_string()))
            .collect();
        let listed = match listed.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None if self.not_looked_at > 0 => return format!("Nothing was found in {whole}.{}", self.coverage(layers)),
            None => return format!("Healthy: nothing was found in {whole}."),
        };
        let coverage = self.coverage(layers);
        match self.groups().first() {
            Some(group) if group.findings[0].severity > Severity::Note => {
                format!(
                    "{listed} in {whole}. The worst: {}, {}.{coverage}",
                    lowered(group.findings[0].rule.title),
                    group.summary()
                )
            }
            _ if self.not_looked_at > 0 => format!("{listed} in {whole}.{coverage}"),
            _ => format!("Healthy, with {listed}, in {whole}."),
        }
    }

    /// How many of how many activations were looked at, where that is not all.
    fn coverage(&self, looked_at: u64) -> String {
        match self.not_looked_at {
            0 => String::new(),
            missed => format!(" Only {looked_at} of {} activations were looked at.", looked_at + missed),
        }
    }
}

/// A line for each group of findings, the most severe first; the verdict where nothing was found.
///
/// ```
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
/// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
/// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&z, &a)?;
/// let lines = Diagnosis::of(&Vitals::new("mlp", vec![layer])).to_string();
/// assert!(lines.starts_with("error: dead units: `fc1`: "), "{lines}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for Diagnosis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.groups();
        if groups.is_empty() {
            return out.write_str(&self.headline());
        }
        for (index, group) in groups.iter().enumerate() {
            let Finding { severity, rule, .. } = group.findings[0];
            let end = if index == 0 { "" } else { "\n" };
            write!(out, "{end}{severity}: {}: {}", lowered(rule.title), group.summary())?;
        }
        Ok(())
    }
}

/// As within a sentence: `Dead units` is `dead units`, and `NaN` stays.
fn lowered(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() && !title.starts_with("NaN") => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}

/// `1 layer`, `3 layers`.
fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayerVitals, Vitals};

    /// ReLU layers of ten units over 400 samples; so many units of each are dead.
    fn diagnosis(dead: &[usize]) -> Diagnosis {
        let layer = |(index, &dead): (usize, &usize)| {
            let sample =
                |i: usize| (0..10).map(move |unit| if unit < dead { -1.0 } else { ((i + unit) % 9) as f32 - 4.0 });
            let z: Vec<f32> = (0..400).flat_map(sample).collect();
            let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
            let mut layer = LayerVitals::new(&format!("fc{index}"), "relu".parse().unwrap(), 10);
            layer.update(&z, &a).unwrap();
            layer
        };
        Diagnosis::of(&Vitals::new("mlp", dead.iter().enumerate().map(layer).collect()))
    }

    #[test]
    fn the_same_of_several_layers_is_one_group_and_the_worst_layer_speaks() {
        let diagnosis = diagnosis(&[2, 0, 3, 7]);
        let groups = diagnosis.groups();
        let of: Vec<_> =
            groups.iter().map(|g| (g.findings[0].severity, g.findings.len(), g.worst().layer.as_deref())).collect();
        assert_eq!(of, [(Severity::Error, 1, Some("fc3")), (Severity::Warning, 2, Some("fc2"))]);
        assert!(groups[0].summary().starts_with("`fc3`: 7 of 10 units"), "{}", groups[0].summary());
        assert!(groups[1].summary().starts_with("2 layers, as `fc2`: 3 of 10 units"), "{}", groups[1].summary());
        assert_eq!(groups.iter().map(|group| group.findings.len()).sum::<usize>(), diagnosis.findings.len());
    }

    #[test]
    fn the_verdict_counts_and_names_the_worst() {
        let text = diagnosis(&[2, 0, 3, 7]).headline();
        assert!(
            text.starts_with(
                "1 error and 2 warnings in 4 layers with 40 units over 400 samples. The worst: dead units, `fc3`"
            ),
            "{text}"
        );
        assert_eq!(diagnosis(&[0]).headline(), "Healthy: nothing was found in 1 layer with 10 units over 400 samples.");
        // What was not looked at is not called healthy.
        let mut part = diagnosis(&[0, 0]);
        part.not_looked_at = 1;
        let expected =
            "Nothing was found in 2 layers with 20 units over 400 samples. Only 2 of 3 activations were looked at.";
        assert_eq!(part.headline(), expected);
    }
}
