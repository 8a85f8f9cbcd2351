//! The codes that a tool gave the results of activations when it quantised a model.

use rten_onnx::onnx::{GraphProto, NodeProto};

use crate::graph::{Graph, NodeExt};
use crate::model_file::TensorCodes;
use crate::recognise::Path;
use crate::site::{ActivationSite, Affine};

/// Of each activation the codes of its results, where they are quantised.
pub(crate) fn formats(graph: &GraphProto, opset: i64, sites: &[(Path, ActivationSite)]) -> Vec<Option<TensorCodes>> {
    let graph = Graph::new(graph, opset, None);
    let of = |(path, site): &(Path, ActivationSite)| {
        if path.is_empty() && !site.output.is_empty() { codes(&graph, quantising(&graph, &site.output)?) } else { None }
    };
    sites.iter().map(of).collect()
}

/// The node that quantises a tensor: that which made it, where quantising is the activation, or one that reads it.
fn quantising<'a>(graph: &Graph<'a>, tensor: &str) -> Option<&'a NodeProto> {
    let is_one = |node: &&NodeProto| node.op() == "QuantizeLinear";
    let made = graph.producer(tensor).and_then(|node| match node.op() {
        "DequantizeLinear" => graph.producer(node.input(0)?),
        _ => Some(node),
    });
    made.filter(is_one).or_else(|| graph.consumers(tensor).iter().copied().find(is_one))
}

fn codes(graph: &Graph, node: &NodeProto) -> Option<TensorCodes> {
    let scale = graph.constant(node.input(1)?)?.number()? as f32;
    let (zero_point, (least, largest)) = match node.input(2) {
        Some(zero) => {
            let zero = graph.constant(zero)?;
            (zero.number()?, zero.quantised_range()?)
        }
        None => (0.0, (0.0, 255.0)),
    };
    let is_scale = scale > 0.0 && scale.is_normal();
    is_scale.then_some(TensorCodes {
        scale,
        zero_point: zero_point as i32,
        least: least as i32,
        largest: largest as i32,
        result: Affine::ITSELF,
    })
}
