//! Along which axis the units of a tensor lie: that which the weights of the layer before it make, followed through what moves axes.

use rten_onnx::onnx::NodeProto;

use crate::graph::{Graph, NodeExt};
use crate::site::UnitAxis;

/// How many nodes back a tensor is followed: past that, its rank must do.
const FARTHEST: usize = 64;

/// The axis of the units of an activation: by what made its pre-activation, or else by what reads its output.
pub(super) fn unit_axis<'a>(graph: &'a Graph<'a>, pre_activation: &'a str, output: &'a str) -> UnitAxis {
    let read = || graph.readers(output).into_iter().find_map(|(node, _)| by_layer(node));
    of(graph, pre_activation, FARTHEST).map(|units| units.axis).or_else(read).unwrap_or(UnitAxis::ByRank)
}

/// Where the units are.
#[derive(Clone, Copy)]
struct Units {
    axis: UnitAxis,
    /// How many there are, where the weights tell.
    count: Option<i64>,
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
        | "FusedMatMul"
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

fn of<'a>(graph: &'a Graph<'a>, tensor: &'a str, farthest: usize) -> Option<Units> {
    let node = graph.producer(tensor)?;
    let farthest = farthest.checked_sub(1)?;
    let before = || of(graph, node.input(0)?, farthest);
    match node.op() {
        // W·x, with the units where the rows of the weights are.
        "MatMul" if node.input(0).is_some_and(|left| graph.is_constant(left)) => {
            Some(Units { axis: UnitAxis::Back(1), count: weight_size(graph, node.input(0)?, -2) })
        }
        "Einsum" => by_equation(graph, node),
        "Reshape" => reshaped(graph, node, farthest),
        "Flatten" => Some(Units { axis: UnitAxis::Back(0), count: None }),
        "Transpose" => transposed(node, before()?),
        "Unsqueeze" => moved(before()?, |axis| unsqueezed(&axes(graph, node)?, axis)),
        "Squeeze" => moved(before()?, |axis| squeezed(&axes(graph, node)?, axis)),
        // What was a unit is no more to be told.
        "Gather" | "GatherND" | "If" | "Loop" | "Shape" => None,
        _ => match by_layer(node) {
            Some(axis) => Some(Units { axis, count: count(graph, node) }),
            // What is left keeps the axes of its first input that is no constant.
            None => {
                node.input.iter().filter(|input| !graph.is_constant(input)).find_map(|input| of(graph, input, farthest))
            }
        },
    }
}

/// How many units the weights of a layer make.
fn count(graph: &Graph, node: &NodeProto) -> Option<i64> {
    match node.op() {
        "Conv" | "ConvInteger" | "BatchNormalization" => weight_size(graph, node.input(1)?, 0),
        "MatMul" | "MatMulInteger" => weight_size(graph, node.input(1)?, -1),
        "Gemm" => weight_size(graph, node.input(1)?, i64::from(node.int("transB", 0) == 0)),
        _ => None,
    }
}

/// A size of a constant tensor; negative axes count from the last.
fn weight_size(graph: &Graph, tensor: &str, axis: i64) -> Option<i64> {
    let dims = graph.dims(graph.origin(tensor))?;
    let axis = if axis < 0 { axis + dims.len() as i64 } else { axis };
    dims.get(usize::try_from(axis).ok()?).copied()
}

/// By the letter that the weights bring in: `bti,io->bot` has its units second.
fn by_equation(graph: &Graph, node: &NodeProto) -> Option<Units> {
    let equation: String = node.text("equation")?.split_whitespace().collect();
    let (operands, output) = equation.split_once("->")?;
    let operands: Vec<&str> = operands.split(',').collect();
    let weights = node.input.iter().position(|input| graph.is_constant(input))?;
    let others =
        |letter: char| operands.iter().enumerate().any(|(at, operand)| at != weights && operand.contains(letter));
    let made =
        |&(_, letter): &(usize, char)| operands[weights].contains(letter) && !others(letter) && letter.is_alphabetic();
    let found: Vec<usize> = output.chars().enumerate().filter(made).map(|(at, _)| at).collect();
    // The three dots are letters of no axis.
    let axis = |at: usize| match output.find("...") {
        Some(dots) if dots < at => UnitAxis::Back(output.len() - 1 - at),
        _ => UnitAxis::Front(at),
    };
    match found[..] {
        [at] => Some(Units { axis: axis(at), count: None }),
        [first, second] if !output.contains('.') => Some(Units { axis: UnitAxis::Two(first, second), count: None }),
        _ => None,
    }
}

/// Where the units are after a Reshape: where sizes that they had, or two that make up their number, still are.
fn reshaped<'a>(graph: &'a Graph<'a>, node: &'a NodeProto, farthest: usize) -> Option<Units> {
    let shape = node.input(1)?;
    let Some(sizes) = graph.integers(shape) else {
        // As another tensor is shaped.
        let made = graph.producer(shape).filter(|node| node.op() == "Shape")?;
        return of(graph, made.input(0)?, farthest);
    };
    let before = of(graph, node.input(0)?, farthest)?;
    let count = before.count?;
    let rank = sizes.len();
    let size = |axis: usize| sizes.get(axis).copied();
    let front = |axis: usize| match (size(axis), size(axis + 1)) {
        (Some(own), _) if own == count || own == 0 => Some(UnitAxis::Front(axis)),
        (Some(first), Some(second)) if makes_up(first, second, count) => Some(UnitAxis::Two(axis, axis + 1)),
        _ => None,
    };
    let back = || match rank.checked_sub(1) {
        Some(last) if size(last) == Some(count) || (size(last) == Some(-1) && last == 1) => Some(UnitAxis::Back(0)),
        Some(last @ 1..) if makes_up(size(last - 1)?, size(last)?, count) => Some(UnitAxis::Two(last - 1, last)),
        _ => None,
    };
    let axis = match before.axis {
        UnitAxis::Front(axis) => front(axis),
        UnitAxis::Back(0) => back(),
        UnitAxis::Two(first, second) if second == first + 1 => front(first).or_else(back),
        _ => None,
    };
    Some(Units { axis: axis?, count: Some(count) })
}

/// Whether the product of two sizes, one of which may be left open (-1), can be `count`, the number of units.
fn makes_up(first: i64, second: i64, count: i64) -> bool {
    match (first, second) {
        (-1, size) | (size, -1) => size > 1 && count % size == 0,
        (first, second) => first > 0 && second > 0 && first.checked_mul(second) == Some(count),
    }
}

fn moved(units: Units, to: impl FnOnce(UnitAxis) -> Option<UnitAxis>) -> Option<Units> {
    Some(Units { axis: to(units.axis)?, ..units })
}

fn transposed(node: &NodeProto, units: Units) -> Option<Units> {
    let order = &node.find_attribute("perm")?.ints;
    let place = |before: usize| order.iter().position(|&from| from == before as i64);
    let axis = match units.axis {
        UnitAxis::Two(first, second) => UnitAxis::Two(place(first)?, place(second)?),
        axis => UnitAxis::Front(place(axis.of(order.len())?)?),
    };
    Some(Units { axis, ..units })
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
