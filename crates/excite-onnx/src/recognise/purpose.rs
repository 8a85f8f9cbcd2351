//! What an activation is there for.

use excite::Function;

use crate::graph::{Graph, NodeExt, changes_shape_only};
use crate::site::{Role, SiteFunction};

/// The role of an activation, by what reads its results.
pub(super) fn of<'a>(graph: &'a Graph<'a>, function: SiteFunction, output: &'a str) -> Role {
    let squashes = match function {
        SiteFunction::Each(function) => matches!(function, Function::Sigmoid(_) | Function::HardSigmoid(_)),
        SiteFunction::Rows(_) => true,
    };
    if squashes && scales_another(graph, output) {
        return Role::Gate;
    }
    let elsewhere = || graph.consumers(output).iter().any(|node| !changes_shape_only(node));
    if graph.leads_to_output(output) && (squashes || !elsewhere()) { Role::Output } else { Role::Hidden }
}

/// Whether a tensor, perhaps in another shape, is multiplied with one that is no constant.
fn scales_another<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> bool {
    let (mut found, mut seen) = (vec![tensor], Vec::new());
    while let Some(tensor) = found.pop() {
        if seen.contains(&tensor) {
            continue;
        }
        seen.push(tensor);
        for node in graph.consumers(tensor) {
            if matches!(node.op(), "Mul" | "MatMul") {
                let others = node.input.iter().filter(|input| *input != tensor);
                if others.into_iter().any(|other| !graph.is_constant(other)) {
                    return true;
                }
            } else if changes_shape_only(node) && node.op() != "Concat" {
                found.extend(node.output.iter().map(String::as_str));
            }
        }
    }
    false
}
