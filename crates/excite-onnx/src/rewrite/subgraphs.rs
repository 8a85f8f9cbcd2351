//! Tensors within the bodies of If and Loop made outputs of those nodes: of an If as they are, empty where the other branch was taken;
//! of a Loop and a Scan with all iterations stacked along a new first axis.

use std::collections::HashMap;

use rten_onnx::onnx::{AttributeProto, AttributeType, GraphProto, NodeProto};

use super::{node, tensor, tensor_info};
use crate::graph::NodeExt;
use crate::recognise::{Found, Path};
use crate::site::UnitAxis;

/// Makes the tensors of all sites in bodies tensors of the graph, and has the sites name those.
pub(crate) fn expose(graph: &mut GraphProto, found: &mut Found) {
    let mut exposed = HashMap::new();
    for (path, site) in &mut found.sites {
        for level in (0..path.len()).rev() {
            for name in [&mut site.pre_activation, &mut site.output].into_iter().filter(|name| !name.is_empty()) {
                let key = (path[..=level].to_vec(), name.clone());
                let outside = exposed.entry(key).or_insert_with_key(|(path, name)| expose_one(graph, path, name));
                name.clone_from(outside);
            }
            if stacks_steps(graph, &path[..=level]) {
                site.unit_axis = match site.unit_axis {
                    UnitAxis::Front(axis) => UnitAxis::Front(axis + 1),
                    UnitAxis::Two(first, second) => UnitAxis::Two(first + 1, second + 1),
                    axis => axis,
                };
            }
        }
    }
}

/// The graph at a path.
fn at<'a>(graph: &'a mut GraphProto, path: &[(usize, String)]) -> &'a mut GraphProto {
    path.iter().fold(graph, |graph, (index, name)| {
        let attributes = &mut graph.node[*index].attribute;
        let body =
            attributes.iter_mut().find(|attribute| attribute.name.as_deref() == Some(name) && attribute.g.is_some());
        // The path was made by walking these very attributes.
        body.and_then(|attribute| attribute.g.as_mut()).expect("a path leads through bodies")
    })
}

fn stacks_steps(graph: &mut GraphProto, path: &[(usize, String)]) -> bool {
    let stacks = |node: &NodeProto| matches!(node.op(), "Loop" | "Scan");
    path.split_last().is_some_and(|((index, _), outer)| stacks(&at(graph, outer).node[*index]))
}

/// Makes a tensor of the innermost body of a path an output of the node that holds the body; gives its name outside.
fn expose_one(graph: &mut GraphProto, path: &Path, name: &str) -> String {
    let Some(((index, taken), outer)) = path.split_last() else { return name.to_owned() };
    let owner = &mut at(graph, outer).node[*index];
    let outside = format!("{}/{taken}/{name}", owner.title());
    let hidden = usize::from(owner.op() == "Loop");
    let mut outputs = 0;
    for attribute in &mut owner.attribute {
        let is_taken = attribute.name.as_deref() == Some(taken);
        let Some(body) = &mut attribute.g else { continue };
        outputs = body.output.len() - hidden.min(body.output.len());
        let output = if !is_taken {
            let mut constant = node("Constant", &[], &format!("{outside}/none"));
            constant.attribute.push(AttributeProto {
                name: Some("value".to_owned()),
                t: Some(tensor(None, vec![0], Vec::new())),
                r#type: Some(AttributeType::TENSOR),
                ..AttributeProto::default()
            });
            body.node.push(constant);
            format!("{outside}/none")
        } else if body.node.iter().any(|node| node.output.iter().any(|output| output == name))
            && !body.output.iter().any(|output| output.name.as_deref() == Some(name))
        {
            name.to_owned()
        } else {
            // It comes from outside the body, or is one of its inputs or outputs: an output must be made by a node, and be one only once.
            body.node.push(node("Identity", &[name], &format!("{outside}/copy")));
            format!("{outside}/copy")
        };
        body.output.push(tensor_info(&output));
    }
    owner.output.resize(outputs, String::new());
    owner.output.push(outside.clone());
    // A Scan stacks it along its first axis, from the first step to the last.
    let of_outputs = |attribute: &&mut AttributeProto| {
        matches!(attribute.name.as_deref(), Some("scan_output_axes" | "scan_output_directions"))
    };
    owner.attribute.iter_mut().filter(of_outputs).for_each(|attribute| attribute.ints.push(0));
    outside
}
