//! Functions of rows.

use excite::{LogSoftmax, RowFunction, Softmax};
use rten_onnx::onnx::NodeProto;

use super::{Verdict, layer, purpose};
use crate::graph::{Graph, NodeExt};
use crate::site::{ActivationSite, Affine, SiteFunction, Source, UnitAxis};

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict> {
    let function: RowFunction = match node.op() {
        "Softmax" => Softmax::default().into(),
        "LogSoftmax" => LogSoftmax::default().into(),
        "Hardmax" => return Some(Verdict::Unseen("it gives one 1 and zeros: there is nothing to look at".into())),
        _ => return None,
    };
    let (pre_activation, output) = (node.input(0)?, node.output(0)?);
    let function = SiteFunction::Rows(function);
    Some(Verdict::Is(ActivationSite {
        name: node.title().to_owned(),
        function,
        unit_functions: Vec::new(),
        functions_shape: Vec::new(),
        pre_activation: pre_activation.to_owned(),
        argument: Affine::ITSELF,
        output: output.to_owned(),
        result: Affine::ITSELF,
        role: purpose::of(graph, function, output),
        unit_axis: axis(graph, node),
        layer: layer::feeding(graph, pre_activation),
        source: Source::Tensors,
        made_by: None,
    }))
}

/// The axis that the rows lie along: the last, and before version 13 of the operators the second, unless the node says otherwise.
fn axis(graph: &Graph, node: &NodeProto) -> UnitAxis {
    let axis = node.int("axis", if graph.opset < 13 { 1 } else { -1 });
    let from_end = || usize::try_from(-1 - axis).unwrap_or(0);
    usize::try_from(axis).map_or_else(|_| UnitAxis::Back(from_end()), UnitAxis::Front)
}
