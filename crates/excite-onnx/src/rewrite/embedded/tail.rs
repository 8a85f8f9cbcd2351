//! The part of a model behind its last activations, such as labels that are looked up and dictionaries that are made of probabilities.

use std::collections::HashSet;
use std::fmt;

use rten_onnx::onnx::{GraphProto, NodeProto};

use super::{Known, adapt};
use crate::engine::Embedded;
use crate::error::printable;
use crate::graph::NodeExt;
use crate::plan::read_by;
use crate::site::{ActivationSite, Source};

/// Outputs of a model that are not computed.
pub(crate) struct CutOff {
    pub outputs: Vec<String>,
    /// The operator and the node that the engine lacks.
    pub node: String,
}

impl fmt::Display for CutOff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outputs, node } = self;
        let names: Vec<String> = outputs.iter().map(|name| format!("`{}`", printable(name))).collect();
        let node = printable(node);
        match &names[..] {
            [] => write!(
                out,
                "{node} and what follows are left out: the embedded engine lacks it, and no activation needs it"
            ),
            [one] => write!(out, "the output {one} is not computed: the embedded engine lacks {node}"),
            all => write!(out, "the outputs {} are not computed: the embedded engine lacks {node}", all.join(", ")),
        }
    }
}

/// Takes out the nodes that no activation needs and that the engine lacks or would compute wrongly, with all that follows from them. None if
/// there are none, or if there is no activation.
pub(crate) fn cut(graph: &mut GraphProto, sites: &[ActivationSite], known: &Known) -> Option<CutOff> {
    let needed = needed(graph, sites);
    let mut gone: HashSet<String> = HashSet::new();
    let mut first = None;
    let mut nodes = Vec::with_capacity(graph.node.len());
    for (node, needed) in std::mem::take(&mut graph.node).into_iter().zip(needed) {
        let mut read = HashSet::new();
        read_by(&node, &mut read);
        let follows = read.iter().any(|name| gone.contains(*name));
        if needed || sites.is_empty() || !(follows || lacks(&node, known)) {
            nodes.push(node);
            continue;
        }
        first.get_or_insert_with(|| format!("{} `{}`", node.op(), node.title()));
        gone.extend(node.output.into_iter().filter(|name| !name.is_empty()));
    }
    graph.node = nodes;
    let node = first?;
    let is_gone = |name: &Option<String>| name.as_ref().is_some_and(|name| gone.contains(name));
    let outputs =
        graph.output.iter().map(|output| &output.name).filter(|name| is_gone(name)).flatten().cloned().collect();
    graph.output.retain(|output| !is_gone(&output.name));
    // Texts that only these nodes read are constants that the engine has no type for.
    let mut read: HashSet<&str> = graph.output.iter().filter_map(|output| output.name.as_deref()).collect();
    graph.node.iter().for_each(|node| read_by(node, &mut read));
    graph.initializer.retain(|tensor| tensor.name.as_deref().is_some_and(|name| read.contains(name)));
    Some(CutOff { outputs, node })
}

/// Of each node whether an activation needs it.
fn needed(graph: &GraphProto, sites: &[ActivationSite]) -> Vec<bool> {
    let mut needed = vec![false; graph.node.len()];
    let mut wanted: HashSet<&str> = sites.iter().flat_map(|site| [&site.pre_activation[..], &site.output]).collect();
    for site in sites {
        if let Source::RecurrentGate { node, .. } = site.source {
            wanted.extend(graph.node[node].output.iter().map(String::as_str));
        }
    }
    wanted.remove("");
    // Nodes are in the order in which they are computed.
    for (node, needed) in graph.node.iter().zip(&mut needed).rev() {
        *needed = node.output.iter().any(|output| wanted.contains(output.as_str()));
        if *needed {
            read_by(node, &mut wanted);
        }
    }
    needed
}

/// Whether the engine cannot compute a node, or would compute it wrongly.
fn lacks(node: &NodeProto, known: &Known) -> bool {
    let mut bodies = node.subgraphs().flat_map(|body| &body.node);
    if node.subgraphs().next().is_some() {
        return bodies.any(|node| lacks(node, known));
    }
    let mut alone = GraphProto { node: vec![node.clone()], ..GraphProto::default() };
    adapt(&mut alone, known).is_err() || alone.node.iter().any(|node| !Embedded::has(node, known.opset))
}
