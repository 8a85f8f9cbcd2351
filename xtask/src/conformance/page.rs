//! docs/conformance.md.

use std::fmt::Write;

use super::{Case, Counts, Outcome, counts};

/// The page, from the outcomes of all cases.
pub fn page(engines: &[&str], cases: &[Case]) -> String {
    let mut page = format!(
        "# ONNX's own node tests\n\nWritten by `cargo xtask conformance`, which is part of the test run: {} cases of the package `onnx`, each run \
         through excite as `excite check` runs a model, and every number of every output compared with the expected one. No case has a \
         wrong value: what an engine cannot compute rightly is refused, with the operator and the node.\n\n",
        cases.len()
    );
    let total = counts(cases, engines.len(), |_| "all".to_owned());
    page.push_str("| engine | right | refused | not applicable |\n|---|---|---|---|\n");
    for (engine, counts) in engines.iter().zip(total.get("all").into_iter().flatten()) {
        let Counts { right, refused, not_applicable } = counts;
        writeln!(page, "| {engine} | {right} | {refused} | {not_applicable} |").expect("a string takes all");
    }
    page.push_str(
        "\nIntegers are compared exactly, but numbers that are rounded to 8 bits, which may be one step off; \
         floats by the tolerance of the case, float16 to two units in its last place, and sums to a millionth of their largest. Not \
         applicable are cases whose inputs or outputs are no tensors of numbers, and those whose results are random. A model that \
         the embedded engine refuses runs on ONNX Runtime: `pip install onnxruntime`.\n\n## By operator\n\nHow many cases are right, of \
         how many. Of operators that are not listed all cases are right on both engines, or none is applicable.\n\n",
    );
    writeln!(page, "| operator | {} |", engines.join(" | ")).expect("a string takes all");
    writeln!(page, "|---{}|", "|---".repeat(engines.len())).expect("a string takes all");
    for (operator, row) in counts(cases, engines.len(), |case| case.operator.clone()) {
        if row.iter().all(|counts| counts.refused == 0) {
            continue;
        }
        let cells = row.iter().map(|counts| match counts.right + counts.refused {
            0 => "–".to_owned(),
            of => format!("{} of {of}", counts.right),
        });
        writeln!(page, "| {operator} | {} |", cells.collect::<Vec<_>>().join(" | ")).expect("a string takes all");
    }
    page.push_str("\n## Not applicable\n\n| case | why |\n|---|---|\n");
    for case in cases {
        let why = case.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::NotApplicable(why) => Some(why),
            _ => None,
        });
        if let Some(why) = why {
            writeln!(page, "| {} | {why} |", case.name).expect("a string takes all");
        }
    }
    page
}
