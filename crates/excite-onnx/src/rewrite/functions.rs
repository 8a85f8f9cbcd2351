//! Functions that a model brings along, put in place of the nodes that call them. The parser leaves them out, so that they are read from
//! the bytes of the model here.

use std::collections::HashMap;

use rten_onnx::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use rten_onnx::protobuf::{DecodeMessage, OwnedValues, ValueReader};

use crate::Error;
use crate::graph::NodeExt;
use crate::wire::fields;

/// More nodes than any model has: functions that call functions could make any number of them.
const MOST_NODES: usize = 1_000_000;
/// Functions within functions are no deeper in any model; one that calls itself has no end.
const DEEPEST: usize = 50;

/// A function of a model.
#[derive(Default)]
struct Function {
    name: String,
    domain: String,
    overload: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    nodes: Vec<Call>,
    defaults: Vec<AttributeProto>,
    opsets: Vec<OperatorSetIdProto>,
}

/// A node of a function.
struct Call {
    node: NodeProto,
    /// Attributes of it that are attributes of the function: the name of each here and there.
    references: Vec<(String, String)>,
}

/// The functions of a model by domain and name.
type Functions = HashMap<(String, String), Function>;

/// Puts the functions of a model, whose bytes were checked, in place of their calls.
pub(crate) fn inline(bytes: &[u8], proto: &mut ModelProto) -> Result<(), Error> {
    let mut functions = Functions::new();
    for (_, bytes) in fields(bytes).filter(|(number, _)| *number == 25) {
        let function = Function::read(bytes)?;
        if !function.overload.is_empty() {
            let what = format!("it is the overload `{}` of a function, which excite lacks", function.overload);
            return Err(Error::unsupported(function.name, what));
        }
        functions.insert((function.domain.clone(), function.name.clone()), function);
    }
    if functions.is_empty() {
        return Ok(());
    }
    for function in functions.values() {
        function.opsets.iter().try_for_each(|set| import(proto, set, &function.name))?;
    }
    match &mut proto.graph {
        Some(graph) => inline_in(graph, &functions, &mut 0, 0),
        None => Ok(()),
    }
}

/// Adds an operator set that a function needs to those of the model.
fn import(proto: &mut ModelProto, set: &OperatorSetIdProto, function: &str) -> Result<(), Error> {
    let domain = |set: &OperatorSetIdProto| match set.domain.as_deref() {
        None | Some("ai.onnx") => String::new(),
        Some(domain) => domain.to_owned(),
    };
    match proto.opset_import.iter().find(|found| domain(found) == domain(set)) {
        Some(found) if found.version == set.version => Ok(()),
        Some(found) => {
            let [function_has, model_has] = [set, found].map(|set| set.version.unwrap_or(0));
            let what = format!(
                "the function has version {function_has} of the operators, and the model {model_has}; export both with the same"
            );
            Err(Error::unsupported(function, what))
        }
        None => {
            proto.opset_import.push(OperatorSetIdProto { domain: set.domain.clone(), version: set.version });
            Ok(())
        }
    }
}

fn inline_in(graph: &mut GraphProto, functions: &Functions, count: &mut usize, depth: usize) -> Result<(), Error> {
    for mut node in std::mem::take(&mut graph.node) {
        for body in node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()) {
            inline_in(body, functions, count, depth)?;
        }
        let key = (node.domain.clone().unwrap_or_default(), node.op().to_owned());
        let Some(function) = functions.get(&key) else {
            graph.node.push(node);
            continue;
        };
        *count += function.nodes.len();
        if depth > DEEPEST || *count > MOST_NODES {
            return Err(Error::broken(node.title(), "its functions call functions without an end"));
        }
        let mut body = GraphProto { node: function.instance(&node), ..GraphProto::default() };
        inline_in(&mut body, functions, count, depth + 1)?;
        graph.node.append(&mut body.node);
    }
    Ok(())
}

impl Function {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut function = Self::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (number, bytes) in fields(bytes) {
            match number {
                1 => function.name = text(bytes),
                4 => function.inputs.push(text(bytes)),
                5 => function.outputs.push(text(bytes)),
                7 => function.nodes.push(Call { node: decode(bytes)?, references: references(bytes)? }),
                9 => function.opsets.push(decode(bytes)?),
                10 => function.domain = text(bytes),
                11 => function.defaults.push(decode(bytes)?),
                13 => function.overload = text(bytes),
                _ => {}
            }
        }
        Ok(function)
    }

    /// The nodes in place of a call, with tensors of their own.
    fn instance(&self, call: &NodeProto) -> Vec<NodeProto> {
        let title = call.title();
        let given = self.inputs.iter().enumerate().map(|(index, name)| (name, call.input.get(index)));
        let made = self.outputs.iter().enumerate().map(|(index, name)| (name, call.output.get(index)));
        // An input that is left out has no name; an output that is not asked for keeps one of its own.
        let outside: HashMap<&str, String> =
            given
                .map(|(name, outside)| (name.as_str(), outside.cloned().unwrap_or_default()))
                .chain(made.filter_map(|(name, outside)| {
                    Some((name.as_str(), outside.filter(|name| !name.is_empty())?.clone()))
                }))
                .collect();
        let rename = |name: &str| match outside.get(name) {
            Some(outside) => outside.clone(),
            None if name.is_empty() => String::new(),
            None => format!("{title}/{name}"),
        };
        let instance = |Call { node, references }: &Call| {
            let mut node = node.clone();
            for (here, there) in references {
                node.attribute.retain(|attribute| attribute.name.as_deref() != Some(here));
                let given = call.find_attribute(there);
                let default = || self.defaults.iter().find(|attribute| attribute.name.as_deref() == Some(there));
                if let Some(attribute) = given.or_else(default) {
                    node.attribute.push(AttributeProto { name: Some(here.clone()), ..attribute.clone() });
                }
            }
            rename_in(&mut node, &rename);
            node
        };
        self.nodes.iter().map(instance).collect()
    }
}

fn rename_in(node: &mut NodeProto, rename: &dyn Fn(&str) -> String) {
    if let Some(name) = node.name.as_mut().filter(|name| !name.is_empty()) {
        *name = rename(name);
    }
    node.input.iter_mut().chain(&mut node.output).for_each(|name| *name = rename(name));
    for body in node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()) {
        body.node.iter_mut().for_each(|node| rename_in(node, rename));
        let infos =
            body.input.iter_mut().chain(&mut body.output).chain(&mut body.value_info).map(|info| &mut info.name);
        let names = infos.chain(body.initializer.iter_mut().map(|tensor| &mut tensor.name));
        names.flatten().for_each(|name| *name = rename(name));
    }
}

fn decode<M: DecodeMessage<Types = OwnedValues>>(bytes: &[u8]) -> Result<M, Error> {
    M::decode(ValueReader::from_buf(bytes)).map_err(|error| Error::not_onnx(error.to_string()))
}

/// The attributes of a node in a function that refer to those of the function.
fn references(node: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for (_, attribute) in fields(node).filter(|(number, _)| *number == 5) {
        let text = |wanted| fields(attribute).find(|(number, _)| *number == wanted).map(|(_, bytes)| bytes);
        let name = String::from_utf8_lossy(text(1).unwrap_or_default()).into_owned();
        if let Some(reference) = text(21).filter(|bytes| !bytes.is_empty()) {
            found.push((name.clone(), String::from_utf8_lossy(reference).into_owned()));
        }
        for (_, node) in text(6).into_iter().flat_map(fields).filter(|(number, _)| *number == 1) {
            if !references(node)?.is_empty() {
                let what = "a node in a body within a function has an attribute of the function, which excite lacks";
                return Err(Error::unsupported(name, what));
            }
        }
    }
    Ok(found)
}
