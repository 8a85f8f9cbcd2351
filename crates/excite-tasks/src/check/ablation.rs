//! What a network computes without the units that were found.

use excite_onnx::{Ablated, AblatedOutput, Ablation};
use excite_vitals::Diagnosis;

use super::record::{AblationRecord, OutputChange};
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel};

/// The rules whose units may be of no use.
const RULES: [&str; 2] = ["dead-units", "dormant-units"];

/// Runs the model on the same batches without the units that each rule found.
pub(super) fn ablate(
    model: &NamedModel,
    data: &Data,
    diagnosis: &Diagnosis,
    batches: u64,
    steps: &Steps<'_>,
) -> Result<Vec<AblationRecord>, Error> {
    let mut records = Vec::new();
    for rule in RULES {
        let found = diagnosis.judgement.all().filter(|finding| finding.rule.id == rule);
        let layers: Vec<(String, Vec<usize>)> =
            found.filter_map(|finding| Some((finding.layer.clone()?, finding.units.clone()))).collect();
        if layers.is_empty() {
            continue;
        }
        let mut ablation = Ablation::new(model.model(), &layers);
        data.first_batches(model.model(), steps, batches, |part| Ok(ablation.run(part)?))?;
        records.push(record(rule, ablation.finish()));
    }
    Ok(records)
}

fn record(rule: &str, ablated: Ablated) -> AblationRecord {
    let change = |output: AblatedOutput| OutputChange {
        largest_relative_difference: Some(output.relative_difference()).filter(|difference| difference.is_finite()),
        samples: output.classes.map(|classes| classes.samples),
        changed_labels: output.classes.map(|classes| classes.changed),
        name: output.name,
    };
    AblationRecord {
        rule: rule.to_owned(),
        units: ablated.units,
        left_out: ablated.left_out,
        outputs: ablated.outputs.into_iter().map(change).collect(),
    }
}
