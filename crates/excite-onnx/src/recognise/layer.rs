//! The layer that feeds an activation.

use std::fmt::Write;

use rten_onnx::onnx::NodeProto;

use crate::graph::{Graph, NodeExt};
use crate::site::{LinearLayer, Orientation};

/// How many nodes may lie between a layer and its activation: a bias, a normalisation, changes of shape.
const FARTHEST: usize = 8;

/// The layer whose results a tensor holds.
pub(super) fn feeding<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> Option<LinearLayer> {
    let mut tensor = tensor;
    let (mut bias, mut plain) = (None, true);
    for _ in 0..FARTHEST {
        tensor = graph.origin(tensor);
        let node = graph.producer(tensor)?;
        match node.op() {
            "Conv" | "ConvTranspose" | "Gemm" | "MatMul" => return layer(graph, node, bias, plain),
            "Add" => {
                let (left, right) = (node.input(0)?, node.input(1)?);
                let constant;
                (tensor, constant) = match (graph.is_constant(left), graph.is_constant(right)) {
                    (false, true) => (left, right),
                    (true, false) => (right, left),
                    _ => return None,
                };
                plain &= bias.is_none();
                bias = Some(constant);
            }
            "BatchNormalization" | "Slice" | "Reshape" | "Transpose" | "Squeeze" | "Unsqueeze" | "Flatten" => {
                plain = false;
                tensor = node.input(0)?;
            }
            _ => return None,
        }
    }
    None
}

/// `plain` says that nothing but the Add of the bias `added` lies between the node and the activation.
fn layer<'a>(graph: &'a Graph<'a>, node: &'a NodeProto, added: Option<&'a str>, plain: bool) -> Option<LinearLayer> {
    let constant = |tensor: &'a str| graph.is_constant(tensor).then(|| graph.origin(tensor).to_owned());
    // A MatMul has its constant on either side.
    let (input, weights) = match (node.input(0)?, node.input(1)?) {
        (left, right) if node.op() == "MatMul" && graph.is_constant(left) => (right, left),
        (input, weights) => (input, weights),
    };
    let is_one = |name: &str| node.float(name, 1.0) == 1.0;
    let orientation = match node.op() {
        _ if !plain || (node.input(2).is_some() && added.is_some()) => None,
        "Conv" => Some(Orientation::UnitsFirst),
        "MatMul" if graph.is_constant(node.input(1)?) => Some(Orientation::UnitsLast),
        "Gemm" if is_one("alpha") && is_one("beta") && node.int("transA", 0) == 0 => {
            Some(if node.int("transB", 0) == 0 { Orientation::UnitsLast } else { Orientation::UnitsFirst })
        }
        _ => None,
    };
    Some(LinearLayer {
        orientation,
        node: node.title().to_owned(),
        op: node.op().to_owned(),
        input: input.to_owned(),
        weights: constant(weights),
        bias: node.input(2).or(added).and_then(constant),
    })
}

/// How a tensor is made of constants and of other tensors, which have no names here: the same for two steps of a network that share their
/// weights. None where no weights make it.
pub(super) fn made_by<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> Option<String> {
    let (mut text, mut has_weights) = (String::new(), false);
    spell(graph, tensor, FARTHEST, &mut text, &mut has_weights);
    has_weights.then_some(text)
}

fn spell<'a>(graph: &'a Graph<'a>, tensor: &'a str, farthest: usize, text: &mut String, has_weights: &mut bool) {
    let tensor = graph.origin(tensor);
    if graph.is_constant(tensor) {
        match graph.constant(tensor).filter(|constant| constant.values.len() <= 8) {
            Some(constant) => _ = write!(text, "{:?}{:?}", constant.shape, constant.values),
            None => text.push_str(tensor),
        }
        return;
    }
    let Some(node) = graph.producer(tensor) else { return };
    let is_layer = matches!(node.op(), "Conv" | "ConvTranspose" | "Gemm" | "MatMul");
    let goes_on = matches!(
        node.op(),
        "Add"
            | "Sub"
            | "Mul"
            | "Sum"
            | "BatchNormalization"
            | "LayerNormalization"
            | "Slice"
            | "Split"
            | "Reshape"
            | "Transpose"
            | "Squeeze"
            | "Unsqueeze"
            | "Flatten"
            | "Gather"
    );
    let Some(left) = farthest.checked_sub(1).filter(|_| is_layer || goes_on) else { return };
    let place = node.output.iter().position(|output| output == tensor);
    let _ = write!(text, "{} {place:?} ", node.op());
    for attribute in &node.attribute {
        let _ = write!(text, "{:?}{:?}{:?}{:?} ", attribute.name, attribute.i, attribute.f, attribute.ints);
    }
    text.push('(');
    for input in node.input.iter().filter(|input| !input.is_empty()) {
        *has_weights |= is_layer && graph.is_constant(input);
        if goes_on || graph.is_constant(input) {
            spell(graph, input, left, text, has_weights);
        }
        text.push(',');
    }
    text.push(')');
}
