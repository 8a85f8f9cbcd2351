//! The layer that feeds an activation.

use rten_onnx::onnx::NodeProto;

use crate::graph::{Graph, NodeExt};
use crate::site::{Layer, Orientation};

/// How many nodes may lie between a layer and its activation: a bias, a normalisation, changes of shape.
const FARTHEST: usize = 8;

/// The layer whose results a tensor holds.
pub(super) fn feeding<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> Option<Layer> {
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
fn layer<'a>(graph: &'a Graph<'a>, node: &'a NodeProto, added: Option<&'a str>, plain: bool) -> Option<Layer> {
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
    Some(Layer {
        orientation,
        node: node.title().to_owned(),
        op: node.op().to_owned(),
        input: input.to_owned(),
        weights: constant(weights),
        bias: node.input(2).or(added).and_then(constant),
    })
}
