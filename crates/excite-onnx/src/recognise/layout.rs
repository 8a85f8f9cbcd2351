//! Along which axis the units of a tensor lie, by what made it.

use rten_onnx::onnx::NodeProto;

use crate::graph::{Graph, NodeExt};
use crate::site::UnitAxis;

/// How many nodes back a tensor is followed: past that, its rank must do.
const FARTHEST: usize = 64;

/// The axis of the units of an activation: by what made its pre-activation, or else by what reads its output.
pub(super) fn unit_axis<'a>(graph: &'a Graph<'a>, pre_activation: &'a str, output: &'a str) -> UnitAxis {
    let read = || graph.readers(output).into_iter().find_map(|(node, _)| by_layer(node));
    of(graph, pre_activation, FARTHEST).or_else(read).unwrap_or(UnitAxis::ByRank)
}

/// The axis that the channels of a layer lie along, both of what it reads and of what it makes.
fn by_layer(node: &NodeProto) -> Option<UnitAxis> {
    match node.op() {
        "Conv"
        | "ConvTranspose"
        | "ConvInteger"
        | "BatchNormalization"
        | "InstanceNormalization"
        | "GlobalAveragePool"
        | "GlobalMaxPool"
        | "AveragePool"
        | "MaxPool"
        | "DepthToSpace"
        | "SpaceToDepth"
        | "GroupNormalization" => Some(UnitAxis::Front(1)),
        "MatMul"
        | "MatMulInteger"
        | "Gemm"
        | "LayerNormalization"
        | "RMSNormalization"
        | "LSTM"
        | "GRU"
        | "SkipLayerNormalization"
        | "SimplifiedLayerNormalization" => Some(UnitAxis::Back(0)),
        _ => None,
    }
}

fn of<'a>(graph: &'a Graph<'a>, tensor: &'a str, farthest: usize) -> Option<UnitAxis> {
    let node = graph.producer(tensor)?;
    let farthest = farthest.checked_sub(1)?;
    if let Some(axis) = by_layer(node) {
        return Some(axis);
    }
    match node.op() {
        "Flatten" => Some(UnitAxis::Back(0)),
        "Transpose" => transposed(node, of(graph, node.input(0)?, farthest)?),
        "Unsqueeze" => unsqueezed(&axes(graph, node)?, of(graph, node.input(0)?, farthest)?),
        "Squeeze" => squeezed(&axes(graph, node)?, of(graph, node.input(0)?, farthest)?),
        // A new shape: what was a unit is no more to be told.
        "Reshape" | "Einsum" | "Gather" | "GatherND" | "If" | "Loop" | "Shape" => None,
        // What is left keeps the axes of its first input that is no constant.
        _ => node.input.iter().filter(|input| !graph.is_constant(input)).find_map(|input| of(graph, input, farthest)),
    }
}

fn transposed(node: &NodeProto, axis: UnitAxis) -> Option<UnitAxis> {
    let order = &node.find_attribute("perm")?.ints;
    let before = axis.of(order.len())?;
    order.iter().position(|&from| from == before as i64).map(UnitAxis::Front)
}

/// The axes that a Squeeze or an Unsqueeze takes away or adds: an attribute before version 13 of the operators, then an input.
fn axes(graph: &Graph, node: &NodeProto) -> Option<Vec<i64>> {
    match node.input(1) {
        Some(axes) => graph.integers(axes),
        None => node.find_attribute("axes").map(|attribute| attribute.ints.clone()),
    }
}

fn unsqueezed(added: &[i64], axis: UnitAxis) -> Option<UnitAxis> {
    let mut added = added.to_vec();
    added.sort_unstable();
    match axis {
        UnitAxis::Front(axis) if added.iter().all(|&added| added >= 0) => {
            let place = added.iter().fold(axis as i64, |place, &added| place + i64::from(added <= place));
            Some(UnitAxis::Front(place as usize))
        }
        UnitAxis::Back(axis) if added.iter().all(|&added| added < 0) => {
            let from_end = |added: i64| -1 - added;
            let place = added.iter().rev().fold(axis as i64, |place, &a| place + i64::from(from_end(a) <= place));
            Some(UnitAxis::Back(place as usize))
        }
        // Axes that are added at the front do not move those counted from the end, and the other way round.
        UnitAxis::Back(0) if added == [0] || added == [1] => Some(axis),
        UnitAxis::Front(1) if added == [-1] => Some(axis),
        _ => None,
    }
}

fn squeezed(removed: &[i64], axis: UnitAxis) -> Option<UnitAxis> {
    match axis {
        UnitAxis::Front(axis) if removed.iter().all(|&removed| removed >= 0 && removed != axis as i64) => {
            Some(UnitAxis::Front(axis - removed.iter().filter(|&&removed| removed < axis as i64).count()))
        }
        UnitAxis::Back(axis) if removed.iter().all(|&removed| removed < 0 && -1 - removed != axis as i64) => {
            Some(UnitAxis::Back(axis - removed.iter().filter(|&&removed| -1 - removed < axis as i64).count()))
        }
        UnitAxis::Front(1) if removed.iter().all(|&removed| removed < -1) => None,
        UnitAxis::Front(1) if removed == [-1] => Some(axis),
        UnitAxis::Back(0) if removed == [0] || removed == [1] => Some(axis),
        _ => None,
    }
}
