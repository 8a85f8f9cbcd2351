//! Finds the activations in a graph: one file for each function or family, each anchored at one node.

mod clip;
mod elementary;
mod gelu;
mod layer;
mod layout;
mod polynomial;
mod rectifier;
mod recurrent;
mod sigmoid;
mod softmax;
mod tanh;
#[cfg(test)]
mod tests;

use excite::Function;
use rten_onnx::onnx::{GraphProto, NodeProto};

use crate::graph::{Graph, NodeExt, changes_shape_only};
use crate::site::{ActivationSite, Argument, Role, SiteFunction, Source, Unseen};
pub(crate) use elementary::SELU;

/// What a pattern says of its anchor.
enum Verdict<'a> {
    /// It is one activation.
    Is(Match<'a>),
    /// It is one, but not one that can be looked at.
    Unseen(String),
    /// It is part of another activation, or none.
    No,
}

/// An activation as a pattern finds it.
struct Match<'a> {
    function: SiteFunction,
    pre_activation: &'a str,
    output: &'a str,
    argument: Argument,
    slopes: Vec<f32>,
}

impl<'a> Match<'a> {
    fn new(function: impl Into<Function>, pre_activation: &'a str, output: &'a str) -> Self {
        let function = SiteFunction::Each(function.into());
        Self { function, pre_activation, output, argument: Argument::ITSELF, slopes: Vec::new() }
    }
}

/// One after the other is asked until one gives a verdict.
const PATTERNS: [for<'a> fn(&'a Graph<'a>, &'a NodeProto) -> Option<Verdict<'a>>; 7] = [
    clip::recognise,
    rectifier::recognise,
    gelu::recognise,
    sigmoid::recognise,
    tanh::recognise,
    softmax::recognise,
    elementary::recognise,
];

/// Where a graph within graphs is: for each level the index of the node and the name of its attribute.
pub(crate) type Path = Vec<(usize, String)>;

/// The activations of a graph and of those within its nodes, in the order of the nodes.
#[derive(Default)]
pub(crate) struct Found {
    /// Each with the path to its graph, and the index of its node there.
    pub sites: Vec<(Path, ActivationSite)>,
    pub unseen: Vec<Unseen>,
}

/// Finds all activations of a model's graph.
pub(crate) fn recognise(graph: &GraphProto, opset: i64) -> Found {
    let mut found = Found::default();
    within(&Graph::new(graph, opset, None), &Vec::new(), &mut found);
    found
}

fn within<'a>(graph: &'a Graph<'a>, path: &Path, found: &mut Found) {
    for (index, node) in graph.proto.node.iter().enumerate() {
        for attribute in &node.attribute {
            if let Some(body) = &attribute.g {
                let mut path = path.clone();
                path.push((index, attribute.name.clone().unwrap_or_default()));
                within(&Graph::new(body, graph.opset, Some((graph, node))), &path, found);
            }
        }
        let unseen = |why: String| Unseen { name: node.title().to_owned(), op: node.op().to_owned(), why };
        if recurrent::is_recurrent(node) {
            match recurrent::recognise(index, node) {
                Ok(_) if !path.is_empty() => {
                    found
                        .unseen
                        .push(unseen("the gates of recurrent nodes within If or Loop are not worked out".into()));
                }
                Ok(gates) => found.sites.extend(gates.into_iter().map(|site| (path.clone(), site))),
                Err(why) => found.unseen.push(unseen(why)),
            }
            continue;
        }
        match PATTERNS.iter().find_map(|pattern| pattern(graph, node)) {
            Some(Verdict::Is(one)) => found.sites.push((path.clone(), site(graph, node, one))),
            Some(Verdict::Unseen(why)) => found.unseen.push(unseen(why)),
            Some(Verdict::No) | None => {}
        }
    }
}

/// All that is to be said of an activation, from the graph around it.
fn site<'a>(graph: &'a Graph<'a>, node: &NodeProto, one: Match<'a>) -> ActivationSite {
    ActivationSite {
        name: node.title().to_owned(),
        function: one.function,
        slopes: one.slopes,
        pre_activation: one.pre_activation.to_owned(),
        argument: one.argument,
        output: one.output.to_owned(),
        role: role(graph, one.function, one.output),
        unit_axis: match one.function {
            SiteFunction::Rows(_) => softmax::axis(graph, node),
            SiteFunction::Each(_) => layout::unit_axis(graph, one.pre_activation, one.output),
        },
        layer: layer::feeding(graph, one.pre_activation),
        source: Source::Tensors,
    }
}

fn role<'a>(graph: &'a Graph<'a>, function: SiteFunction, output: &'a str) -> Role {
    let squashes = match function {
        SiteFunction::Each(function) => matches!(function, Function::Sigmoid(_) | Function::HardSigmoid(_)),
        SiteFunction::Rows(_) => true,
    };
    if squashes && scales_another(graph, output) {
        return Role::Gate;
    }
    let elsewhere = || graph.consumers(output).iter().any(|node| !changes_shape_only(node));
    if graph.leads_to_output(output) && (squashes || !elsewhere()) { Role::Output } else { Role::Hidden }
}

/// Whether a tensor, perhaps in another shape, is multiplied with one that is no constant.
fn scales_another<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> bool {
    let (mut found, mut seen) = (vec![tensor], Vec::new());
    while let Some(tensor) = found.pop() {
        if seen.contains(&tensor) {
            continue;
        }
        seen.push(tensor);
        for node in graph.consumers(tensor) {
            if matches!(node.op(), "Mul" | "MatMul") {
                let others = node.input.iter().filter(|input| *input != tensor);
                if others.into_iter().any(|other| !graph.is_constant(other)) {
                    return true;
                }
            } else if changes_shape_only(node) && node.op() != "Concat" {
                found.extend(node.output.iter().map(String::as_str));
            }
        }
    }
    false
}
