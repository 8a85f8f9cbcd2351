//! Finds the activations in a graph by what they compute, however they are spelled.
//!
//! An exporter may write SiLU as a Sigmoid and a Mul, as x / (1 + e⁻ˣ), with its constants cast, unsqueezed or
//! dequantised, in float16 between two casts. All of these are one curve, and the curve decides:
//!
//! 1. **Regions** ([`region`]). Some tensors are functions of one other tensor z, number by number: everything between them and z is
//!    element-wise nodes (Add, Mul, Exp, Where, Clip, Cast, ...) and constants. So it is if all paths to the tensor pass through z, as in a
//!    graph of control flow: z is one of its dominators. These are found once, in the order of the nodes.
//! 2. **Curves**. A region is evaluated in f64 at some 150 numbers z, with the operators of [`elementwise`](crate::elementwise). They lie
//!    densely around 0 and reach to ±3000. Constants that differ from unit to unit, as the slopes of a PReLU, make one curve for each unit.
//! 3. **Functions** ([`identify`]). A curve is compared with every function of the catalogue: as it is; with parameters, which are solved for
//!    and then must hold at every number; and with a scale and a shift before or after it.
//! 4. **Which region** ([`choose`]). From the last tensor of the graph to the first, the largest region that is exactly a function is that
//!    activation, and all within it is part of it: the tanh in a GELU, the ReLU before a Clip from 0 to 6. Straight lines at either end are
//!    left off, so z and the result are tensors as near to the bend as can be. A scale or a shift is taken for part of a function only
//!    where no smaller region is one without. Where a bend is no function of the catalogue, and a layer feeds it, it is an activation without a name, known by
//!    its [`curve`].
//!
//! Activations that are not element-wise have their own files: [`softmax`], and the [`recurrent`] operators. What an
//! activation is there for ([`purpose`]), the [`layer`] that feeds it and the axis of its units ([`layout`]) follow
//! from the graph around it.

mod choose;
mod clipping;
mod curve;
mod identify;
mod layer;
mod layout;
mod purpose;
mod recurrent;
mod region;
mod sampled;
mod softmax;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;

use rten_onnx::onnx::{GraphProto, NodeProto};

pub(crate) use crate::elementwise::SELU;
use crate::graph::{Graph, NodeExt};
use crate::site::{ActivationSite, Unseen};
use choose::Chooser;
use identify::Catalogue;
pub use sampled::function_of_curve;

/// Where a graph within graphs is: for each level the index of the node and the name of its attribute.
pub(crate) type Path = Vec<(usize, String)>;

/// The activations of a graph and of those within its nodes, in the order of the nodes.
#[derive(Default)]
pub(crate) struct Found {
    /// Each with the path to its graph.
    pub sites: Vec<(Path, ActivationSite)>,
    pub unseen: Vec<Unseen>,
}

/// An activation, or one that cannot be looked at.
#[expect(clippy::large_enum_variant, reason = "there are few, and none is kept")]
enum Verdict {
    Is(ActivationSite),
    Unseen(String),
}

/// Finds all activations of a model's graph.
pub(crate) fn recognise(graph: &GraphProto, opset: i64) -> Found {
    let mut found = Found::default();
    within(&Graph::new(graph, opset, None), &Vec::new(), &mut Catalogue::new(), &mut found);
    found
}

fn within<'a>(graph: &'a Graph<'a>, path: &Path, catalogue: &mut Catalogue, found: &mut Found) {
    let mut chosen = Chooser::new(graph, catalogue).choose();
    let in_blocks = in_blocks(graph.proto);
    for (index, node) in graph.proto.node.iter().enumerate() {
        for attribute in &node.attribute {
            if let Some(body) = &attribute.g {
                let mut path = path.clone();
                path.push((index, attribute.name.clone().unwrap_or_default()));
                within(&Graph::new(body, graph.opset, Some((graph, node))), &path, catalogue, found);
            }
        }
        let of_rows = softmax::recognise(graph, node);
        for verdict in chosen.remove(&index).into_iter().flatten().chain(of_rows).chain(in_recurrent(index, node, path))
        {
            match verdict {
                Verdict::Is(site) if in_blocks.contains(site.pre_activation.as_str()) => {
                    let why = "its channels lie in blocks, as ONNX Runtime lays them out for one processor: check the model before that".into();
                    found.unseen.push(Unseen { name: site.name, op: node.op().to_owned(), why });
                }
                Verdict::Is(site) => found.sites.push((path.clone(), site)),
                Verdict::Unseen(why) => {
                    found.unseen.push(Unseen { name: node.title().to_owned(), op: node.op().to_owned(), why });
                }
            }
        }
    }
}

/// The tensors whose channels lie in blocks: tensors that operators of the domain com.microsoft.nchwc make, and results
/// of other operators on them.
fn in_blocks(graph: &GraphProto) -> HashSet<&str> {
    let mut blocks = HashSet::new();
    for node in &graph.node {
        let makes = node.domain.as_deref() == Some("com.microsoft.nchwc");
        if node.op() != "ReorderOutput" && (makes || node.input.iter().any(|input| blocks.contains(input.as_str()))) {
            blocks.extend(node.output.iter().map(String::as_str));
        }
    }
    blocks
}

fn in_recurrent(index: usize, node: &NodeProto, path: &Path) -> Vec<Verdict> {
    if !recurrent::is_recurrent(node) {
        return Vec::new();
    }
    match recurrent::recognise(index, node) {
        Ok(_) if !path.is_empty() => {
            vec![Verdict::Unseen("the gates of recurrent nodes within If or Loop are not computed".into())]
        }
        Ok(gates) => gates.into_iter().map(Verdict::Is).collect(),
        Err(why) => vec![Verdict::Unseen(why)],
    }
}
