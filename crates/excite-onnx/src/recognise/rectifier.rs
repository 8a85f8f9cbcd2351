//! ReLU and its kin, also as a maximum with 0 or with a multiple of x.

use excite::{LeakyRelu, Prelu, Relu, Relu6, ReluN, ThresholdedRelu};
use rten_onnx::onnx::NodeProto;

use super::polynomial::multiple;
use super::{Match, Verdict};
use crate::graph::{Graph, NodeExt, changes_shape_only};
use crate::tensor_values;

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    let (input, output) = (node.input(0)?, node.output(0)?);
    Some(match node.op() {
        "Relu" => Verdict::Is(capped(graph, input, output)),
        "LeakyRelu" => Verdict::Is(Match::new(LeakyRelu { negative_slope: node.float("alpha", 0.01) }, input, output)),
        "ThresholdedRelu" => {
            Verdict::Is(Match::new(ThresholdedRelu { alpha: node.float("alpha", 1.0) }, input, output))
        }
        "PRelu" => prelu(graph, node, input, output),
        "Max" if node.input.len() == 2 => maximum(graph, node, output)?,
        _ => return None,
    })
}

/// A ReLU, or a capped one where a minimum follows and nothing else reads it.
fn capped<'a>(graph: &'a Graph<'a>, input: &'a str, output: &'a str) -> Match<'a> {
    let readers = graph.readers(output);
    if let [(node, read)] = readers[..]
        && node.op() == "Min"
        && let Some(cap) = graph.other_input(node, read).and_then(|other| graph.scalar(other)).filter(|&cap| cap > 0.0)
        && let Some(minimum) = node.output(0)
    {
        return if cap == 6.0 { Match::new(Relu6, input, minimum) } else { Match::new(ReluN { cap }, input, minimum) };
    }
    Match::new(Relu, input, output)
}

/// max(x, 0) and max(x, a·x).
fn maximum<'a>(graph: &'a Graph<'a>, node: &'a NodeProto, output: &'a str) -> Option<Verdict<'a>> {
    if let Some((input, bound)) = graph.with_scalar(node) {
        let rectifies = bound == 0.0 && !guards_a_root(graph, output);
        return rectifies.then(|| Verdict::Is(capped(graph, input, output)));
    }
    let (left, right) = (node.input(0)?, node.input(1)?);
    [(left, right), (right, left)].into_iter().find_map(|(x, scaled)| {
        let (base, negative_slope) = multiple(graph, scaled)?;
        let leaky = graph.same(base, x) && (0.0..1.0).contains(&negative_slope);
        leaky.then(|| Verdict::Is(Match::new(LeakyRelu { negative_slope }, x, output)))
    })
}

/// Whether a tensor goes into a root, a logarithm or a quotient, as a variance does that rounding may have taken below 0.
pub(super) fn guards_a_root<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> bool {
    let mut tensor = tensor;
    while let [(node, read)] = graph.readers(tensor)[..] {
        match node.op() {
            "Sqrt" | "Log" | "Reciprocal" | "Pow" => return true,
            "Div" => return node.input(1) == Some(read),
            "Add" if graph.with_scalar(node).is_some() => {}
            _ if changes_shape_only(node) => {}
            _ => return false,
        }
        let Some(output) = node.output(0) else { return false };
        tensor = output;
    }
    false
}

fn prelu<'a>(graph: &'a Graph<'a>, node: &'a NodeProto, input: &'a str, output: &'a str) -> Verdict<'a> {
    let slopes = node.input(1).and_then(|slope| graph.constant(graph.origin(slope))).and_then(tensor_values::values);
    let Some(slopes) = slopes.filter(|slopes| !slopes.is_empty()) else {
        return Verdict::Unseen("its slopes are worked out in the run".into());
    };
    let weight = slopes.iter().sum::<f64>() / slopes.len() as f64;
    let differ = slopes.iter().any(|&slope| slope != slopes[0]);
    let slopes = if differ { slopes.iter().map(|&slope| slope as f32).collect() } else { Vec::new() };
    Verdict::Is(Match { slopes, ..Match::new(Prelu { weight }, input, output) })
}
