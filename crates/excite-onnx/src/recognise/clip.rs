//! Clip: ReLU6, other capped ReLUs, hard tanh, and the middle of hard swish and hard sigmoid; or no activation at all.

use excite::{HardSigmoid, HardSwish, HardTanh, Relu, Relu6, ReluN};
use rten_onnx::onnx::NodeProto;

use super::polynomial::{close, gated, multiple};
use super::rectifier::guards_a_root;
use super::sigmoid::argument;
use super::{Match, Verdict};
use crate::graph::{Graph, NodeExt};

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    if node.op() != "Clip" {
        return None;
    }
    let (input, output) = (node.input(0)?, node.output(0)?);
    let Some((low, high)) = bounds(graph, node) else { return Some(Verdict::No) };
    let found = match (low, high) {
        (0.0, 6.0) => hard(graph, input, output).unwrap_or_else(|| Match::new(Relu6, input, output)),
        (0.0, 1.0) => {
            linear_between(graph, input, output).unwrap_or_else(|| Match::new(ReluN { cap: 1.0 }, input, output))
        }
        // Beyond what an f32 reaches in a network, the bound is there for form's sake.
        (0.0, high) if high > 1e30 && guards_a_root(graph, output) => return Some(Verdict::No),
        (0.0, high) if high > 1e30 => Match::new(Relu, input, output),
        (0.0, cap) if cap > 1e-6 => Match::new(ReluN { cap }, input, output),
        (low, high) if low == -high && 0.0 < high && high < 1e4 => {
            Match::new(HardTanh { min_val: low, max_val: high }, input, output)
        }
        // A guard against dividing by zero or the like.
        _ => return Some(Verdict::No),
    };
    Some(Verdict::Is(found))
}

/// The bounds: attributes before version 11 of the operators, then inputs; None if they are worked out in the run.
fn bounds(graph: &Graph, node: &NodeProto) -> Option<(f64, f64)> {
    let bound = |index, name, none: f64| match node.input(index) {
        Some(input) => graph.scalar(input),
        None => Some(node.find_attribute(name).and_then(|attribute| attribute.f).map_or(none, f64::from)),
    };
    Some((bound(1, "min", f64::NEG_INFINITY)?, bound(2, "max", f64::INFINITY)?))
}

/// Clip(x + 3, 0, 6), times x / 6 or over 6.
fn hard<'a>(graph: &'a Graph<'a>, input: &'a str, output: &'a str) -> Option<Match<'a>> {
    let (x, shift) = graph.with_scalar(graph.made_by(graph.origin(input), "Add")?)?;
    if shift != 3.0 {
        return None;
    }
    if let Some(whole) = gated(graph, output, (0.0, 1.0 / 6.0), |other| graph.same(other, x)) {
        return Some(Match::new(HardSwish, x, whole.output));
    }
    graph.readers(output).into_iter().find_map(|(node, read)| {
        let number = graph.scalar(graph.other_input(node, read)?)?;
        let sixth = match node.op() {
            "Div" => node.input(0) == Some(read) && number == 6.0,
            "Mul" => close(number, 1.0 / 6.0),
            _ => false,
        };
        sixth.then(|| Match::new(HardSigmoid, x, node.output(0).unwrap_or(output)))
    })
}

/// Clip(αx + ½, 0, 1): a hard sigmoid as Keras writes it.
fn linear_between<'a>(graph: &'a Graph<'a>, input: &'a str, output: &'a str) -> Option<Match<'a>> {
    let (scaled, beta) = graph.with_scalar(graph.made_by(graph.origin(input), "Add")?)?;
    let (x, alpha) = multiple(graph, scaled)?;
    (beta == 0.5 && alpha > 0.0)
        .then(|| Match { argument: argument(alpha, beta), ..Match::new(HardSigmoid, x, output) })
}
