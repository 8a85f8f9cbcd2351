//! The diagnosis as JSON, for other programs and for people who read it there.

use serde_json::{Value, json};

use crate::{Diagnosis, FindingGroup};

/// The lists of units, and the rules that find them.
const UNITS: [(&str, &str); 6] = [
    ("dead", "dead-units"),
    ("saturated", "saturated-units"),
    ("clipped", "clipped-units"),
    ("dormant", "dormant-units"),
    ("always_on", "always-on"),
    ("not_finite", "nan-or-infinite"),
];

impl Diagnosis {
    /// The diagnosis as the programs give it out. To its fields come the verdict and the findings in groups, in words; and of each layer
    /// the indices of the units that were found dead, saturated and so on take the place of their number.
    ///
    /// ```
    /// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
    /// let z: Vec<f32> = (0..400).flat_map(|i| [(i % 7) as f32 - 3.0, -1.0]).collect();
    /// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
    /// layer.update(&z, &z.iter().map(|z| z.max(0.0)).collect::<Vec<f32>>())?;
    /// let json = Diagnosis::of(&Vitals::new("mlp", vec![layer])).to_json();
    /// assert_eq!(json["layers"][0]["dead"][0], 1);
    /// assert_eq!(json["groups"][0]["title"], "Dead units");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> Value {
        let layers = self.layers.iter().map(|figures| {
            let mut layer = json!(figures);
            for (key, rule) in UNITS {
                layer[key] = json!(self.units_of(&figures.name, rule));
            }
            layer
        });
        json!({
            "version": self.version,
            "model": self.model,
            "samples": self.samples,
            "random_data": self.random_data,
            "verdict": self.headline(),
            "layers": layers.collect::<Vec<_>>(),
            "groups": self.groups().iter().map(FindingGroup::to_json).collect::<Vec<_>>(),
            "findings": self.findings,
        })
    }

    /// The units of a layer that a rule finds, in rising order.
    fn units_of(&self, layer: &str, rule: &str) -> Vec<usize> {
        let meant = self.findings.iter().filter(|one| one.rule.id == rule && one.layer.as_deref() == Some(layer));
        let mut units: Vec<usize> = meant.flat_map(|finding| finding.units.clone()).collect();
        units.sort_unstable();
        units
    }
}

impl FindingGroup<'_> {
    fn to_json(&self) -> Value {
        let worst = self.worst();
        json!({
            "rule": worst.rule.id,
            "title": worst.rule.title,
            "severity": worst.severity,
            "grade": worst.grade,
            "samples": worst.samples,
            "layers": self.findings.iter().filter_map(|finding| finding.layer.as_deref()).collect::<Vec<_>>(),
            "summary": self.summary(),
            "remedy": worst.remedy,
        })
    }
}
