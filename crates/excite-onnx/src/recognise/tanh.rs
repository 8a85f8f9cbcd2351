//! Tanh: on its own, or as the part of Mish that scales x.

use excite::{Mish, Tanh};
use rten_onnx::onnx::NodeProto;

use super::polynomial::gated;
use super::{Match, Verdict};
use crate::graph::{Graph, NodeExt};

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    let (input, output) = (node.input(0)?, node.output(0)?);
    match node.op() {
        "Mish" => Some(Verdict::Is(Match::new(Mish, input, output))),
        "Tanh" => Some(Verdict::Is(mish(graph, node).unwrap_or_else(|| Match::new(Tanh, input, output)))),
        _ => None,
    }
}

/// x·tanh(softplus(x)), seen from the Tanh.
fn mish<'a>(graph: &'a Graph<'a>, tanh: &'a NodeProto) -> Option<Match<'a>> {
    let softplus = graph.made_by(graph.origin(tanh.input(0)?), "Softplus")?;
    let x = softplus.input(0)?;
    let whole = gated(graph, tanh.output(0)?, (0.0, 1.0), |other| graph.same(other, x))?;
    Some(Match::new(Mish, x, whole.output))
}

/// Whether a Softplus is there for a Mish alone.
pub(super) fn is_part_of_mish<'a>(graph: &'a Graph<'a>, softplus: &'a NodeProto) -> bool {
    let Some(output) = softplus.output(0) else { return false };
    let readers = graph.readers(output);
    !readers.is_empty() && readers.iter().all(|(node, _)| node.op() == "Tanh" && mish(graph, node).is_some())
}
