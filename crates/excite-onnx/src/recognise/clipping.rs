//! Clipping that is an activation, and clipping that is not.

use rten_onnx::onnx::NodeProto;

use crate::elementwise::Operator;
use crate::graph::{Graph, NodeExt, changes_shape_only};

/// How many nodes back it is looked whether a tensor can be negative.
const FARTHEST: usize = 16;

/// Quantising to integers from the zero point up is what tools that quantise leave of a ReLU: they drop the node, for the integers hold no
/// number below 0 anyway. None where nothing negative comes in, and for other zero points, which are there to clip nothing.
pub(super) fn of_quantising(graph: &Graph, node: &NodeProto) -> Option<Operator> {
    let (input, scale) = (node.input(0)?, node.input(1)?);
    if node.op() != "QuantizeLinear" || !comes_from_sums(graph, input) || is_not_negative(graph, input, FARTHEST) {
        return None;
    }
    let (low, high) = range(graph, node)?;
    if low != 0.0 {
        return None;
    }
    let (zero, scale) =
        (node.input(2).map_or(Some(0.0), |zero| graph.constant(zero)?.number())?, graph.constant(scale)?.number()?);
    Some(Box::new(move |x| x[0].clamp(0.0, high) / scale + zero))
}

/// The numbers that quantising leaves as they are.
fn range(graph: &Graph, node: &NodeProto) -> Option<(f64, f64)> {
    let scale = graph.constant(node.input(1)?)?.number()?;
    let zero = node.input(2).map(|zero| graph.constant(zero));
    let (zero, (low, high)) = match zero {
        None => (0.0, (0.0, 255.0)),
        Some(zero) => (zero.as_ref()?.number()?, zero.as_ref()?.quantised_range()?),
    };
    (scale > 0.0).then_some(((low - zero) * scale, (high - zero) * scale))
}

/// Whether a tensor is what a layer, a normalisation or a sum gives, which may have any sign.
fn comes_from_sums(graph: &Graph, tensor: &str) -> bool {
    let sums = |node: &NodeProto| {
        matches!(
            node.op(),
            "Conv"
                | "ConvTranspose"
                | "ConvInteger"
                | "Gemm"
                | "MatMul"
                | "Einsum"
                | "Add"
                | "Sub"
                | "Sum"
                | "Mul"
                | "Div"
        ) || node.op().ends_with("Normalization")
    };
    graph.producer(tensor).is_some_and(sums)
}

fn is_not_negative(graph: &Graph, tensor: &str, farthest: usize) -> bool {
    if let Some(constant) = graph.constant(tensor) {
        return constant.values.iter().all(|&value| value >= 0.0);
    }
    let (Some(node), Some(farthest)) = (graph.producer(tensor), farthest.checked_sub(1)) else { return false };
    let all = |names: &[String]| names.iter().all(|name| is_not_negative(graph, name, farthest));
    match node.op() {
        "Relu" | "Sigmoid" | "HardSigmoid" | "Softmax" | "Softplus" | "Exp" | "Abs" | "Sqrt" | "ReduceL2" => true,
        "QuantizeLinear" => range(graph, node).is_some_and(|(low, _)| low == 0.0) || all(&node.input[..1]),
        "Clip" => {
            let low =
                node.input(1).map_or_else(|| Some(node.float("min", f32::MIN)), |low| graph.constant(low)?.number());
            low.is_some_and(|low| low >= 0.0)
        }
        "Add" | "Mul" | "Div" | "Sum" | "Concat" => all(&node.input),
        "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean" | "ReduceMax" | "Pad"
        | "Resize" => all(&node.input[..1]),
        _ => changes_shape_only(node) && all(&node.input[..1]),
    }
}

/// Whether a tensor goes into a root, a logarithm or a quotient, as a variance does that rounding may have taken below 0: what clips it is
/// there to keep the result finite.
pub(super) fn guards_a_root<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> bool {
    let mut tensor = tensor;
    while let [(node, read)] = graph.readers(tensor)[..] {
        match node.op() {
            "Sqrt" | "Log" | "Reciprocal" | "Pow" => return true,
            "Div" => return node.input(1) == Some(read),
            "Add" if node.input.iter().any(|input| graph.is_constant(input)) => {}
            _ if changes_shape_only(node) => {}
            _ => return false,
        }
        let Some(output) = node.output(0) else { return false };
        tensor = output;
    }
    false
}
