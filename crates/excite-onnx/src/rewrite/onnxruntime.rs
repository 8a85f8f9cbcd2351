//! What ONNX Runtime computes otherwise than ONNX says, and is refused.

use rten_onnx::onnx::{GraphProto, NodeProto};

use super::spelling::Known;
use super::{IN_TRAINING, is_in_training};
use crate::Error;
use crate::graph::NodeExt;

/// Refuses the nodes of a graph, and of all graphs in it, that ONNX Runtime would compute wrongly.
pub(crate) fn check(graph: &GraphProto, known: &Known) -> Result<(), Error> {
    for node in &graph.node {
        node.subgraphs().try_for_each(|body| check(body, known))?;
        if node.op() == "Dropout" && is_in_training(node, known) {
            return Err(Error::unsupported(node.title(), IN_TRAINING));
        }
        if let Some(why) = why(node, known) {
            let what = format!("ONNX Runtime computes {} {why} otherwise than ONNX says", node.op());
            return Err(Error::unsupported(node.title(), what));
        }
    }
    Ok(())
}

fn why(node: &NodeProto, known: &Known) -> Option<&'static str> {
    let by_fractions = || {
        let scales = node.input(2).map(|scales| known.values(scales));
        scales.is_some_and(|scales| scales.is_none_or(|scales| scales.iter().any(|scale| scale.fract() != 0.0)))
    };
    match node.op() {
        "Resize"
            if node.text("coordinate_transformation_mode") == Some("align_corners")
                && matches!(node.text("mode"), Some("linear" | "cubic"))
                && by_fractions() =>
        {
            Some("with align_corners by scales that are no whole numbers")
        }
        "MaxUnpool" if node.input(2).is_some() => Some("with an output_shape"),
        "Attention" if node.output(3).is_some() && node.int("is_causal", 0) != 0 => {
            Some("with is_causal and qk_matmul_output")
        }
        _ => None,
    }
}
