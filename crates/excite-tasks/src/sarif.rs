//! Findings as SARIF 2.1.0, which code scanning services read.

use excite_vitals::Diagnosis;
use excite_vitals::findings::{self, Finding, Severity};
use serde_json::{Value, json};

/// The findings as SARIF 2.1.0; `model` is the path that they are said to be in.
///
/// ```
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
/// let vitals = Vitals::new("mlp", vec![LayerVitals::new("fc1", "relu".parse()?, 2)]);
/// let log = excite_tasks::sarif(&Diagnosis::of(&vitals), "mlp.onnx");
/// assert_eq!((&log["version"], log["runs"][0]["results"].as_array().map(Vec::len)), (&"2.1.0".into(), Some(0)));
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
pub fn sarif(diagnosis: &Diagnosis, model: &str) -> Value {
    let rules = findings::ALL.iter().map(|rule| {
        json!({
            "id": rule.id,
            "name": rule.title,
            "shortDescription": { "text": rule.title },
            "fullDescription": { "text": rule.meaning },
            "help": { "text": rule.page(), "markdown": rule.page() },
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "excite",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": diagnosis.judgement.all().map(|finding| result(finding, model)).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding, model: &str) -> Value {
    let index = findings::ALL.iter().position(|rule| *rule == finding.rule);
    let layer = finding.layer.as_deref().unwrap_or("the network");
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": { "text": format!("{layer}: {}. {}", finding.summary, finding.remedy) },
        "locations": [{
            // A model has no lines; services ask for one all the same.
            "physicalLocation": { "artifactLocation": { "uri": uri(model) }, "region": { "startLine": 1 } },
            "logicalLocations": [{ "name": layer, "kind": "member" }],
        }],
        // By rule and layer, so that a finding stays the same one while its figures move.
        "partialFingerprints": { "excite/v2": format!("{}/{layer}", finding.rule.id) },
        "properties": { "grade": finding.grade, "samples": finding.samples, "units": finding.units, "of": finding.of },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a relative reference, with special characters percent-encoded.
fn uri(path: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        b'\\' if cfg!(windows) => "/".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("models/my net.onnx"), "models/my%20net.onnx");
        assert_eq!(uri("ä.onnx"), "%C3%A4.onnx");
    }
}
