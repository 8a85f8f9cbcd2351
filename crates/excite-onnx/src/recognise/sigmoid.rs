//! Sigmoid and HardSigmoid: on their own, or as the part of SiLU, Swish and hard swish that scales x.

use excite::{Function, HardSigmoid, HardSwish, Sigmoid, Silu, Swish};
use rten_onnx::onnx::NodeProto;

use super::polynomial::{self, close, gated};
use super::{Match, Verdict};
use crate::graph::{Graph, NodeExt};
use crate::site::Argument;

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    let (input, output) = (node.input(0)?, node.output(0)?);
    match node.op() {
        "Sigmoid" => Some(Verdict::Is(sigmoid(graph, input, output))),
        "HardSigmoid" => Some(Verdict::Is(hard_sigmoid(graph, node, input, output))),
        "HardSwish" => Some(Verdict::Is(Match::new(HardSwish, input, output))),
        "Swish" => Some(Verdict::Is(Match::new(swish(node.float("alpha", 1.0)), input, output))),
        _ => None,
    }
}

fn sigmoid<'a>(graph: &'a Graph<'a>, input: &'a str, output: &'a str) -> Match<'a> {
    let beta = |x| match polynomial::of(graph, input, x)? {
        [0.0, beta, 0.0, 0.0] if beta > 0.0 => Some(beta),
        _ => None,
    };
    match gated(graph, output, (0.0, 1.0), |x| beta(x).is_some()) {
        Some(whole) => Match::new(swish(beta(whole.x).unwrap_or(1.0)), whole.x, whole.output),
        None => Match::new(Sigmoid, input, output),
    }
}

fn swish(beta: f64) -> Function {
    if beta == 1.0 { Silu.into() } else { Swish { beta }.into() }
}

/// ONNX's is max(0, min(1, αx + β)), and `excite`'s has α = 1/6 and β = 1/2: its argument makes up for the rest.
fn hard_sigmoid<'a>(graph: &'a Graph<'a>, node: &NodeProto, input: &'a str, output: &'a str) -> Match<'a> {
    let (alpha, beta) = (node.float("alpha", 0.2), node.float("beta", 0.5));
    let plain = close(alpha, 1.0 / 6.0) && close(beta, 0.5);
    match gated(graph, output, (0.0, 1.0), |x| graph.same(x, input)).filter(|_| plain) {
        Some(whole) => Match::new(HardSwish, whole.x, whole.output),
        None if plain => Match::new(HardSigmoid, input, output),
        None => Match { argument: argument(alpha, beta), ..Match::new(HardSigmoid, input, output) },
    }
}

/// What makes `excite`'s hard sigmoid one of other constants.
pub(super) fn argument(alpha: f64, beta: f64) -> Argument {
    Argument { scale: (6.0 * alpha) as f32, shift: (6.0 * (beta - 0.5)) as f32 }
}
