//! The names of modules, which PyTorch's exporter writes beside the nodes of a file.
//!
//! Its metadata are Python lists as text: `pkg.torch.onnx.name_scopes` has the modules that a node was made in, the outermost first, and last the name
//! of the node in PyTorch's graph; `pkg.torch.onnx.class_hierarchy` has their classes.

use std::collections::{HashMap, HashSet};

use crate::wire::fields;

/// The names of activations by the titles of their nodes: that of a module of `torch.nn.modules.activation`, or the module in whose code a function was
/// called, and its name in the graph.
#[derive(Default)]
pub(crate) struct ModuleNames(HashMap<String, String>);

// Fields of onnx.proto3.
const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_NAME: u64 = 3;
const NODE_METADATA: u64 = 9;
const ENTRY_KEY: u64 = 1;
const ENTRY_VALUE: u64 = 2;

impl ModuleNames {
    /// Those of a model, of which the bytes were checked.
    pub fn of(bytes: &[u8]) -> Self {
        let within =
            |bytes, number| fields(bytes).filter(move |&(field, _)| field == number).map(|(_, content)| content);
        let nodes = within(bytes, MODEL_GRAPH).flat_map(|graph| within(graph, GRAPH_NODE));
        Self(nodes.filter_map(named).collect())
    }

    /// Gives names that stand here to places of the graph that have others, each once.
    pub fn give<'a>(&self, names: impl Iterator<Item = &'a mut String>) {
        if self.0.is_empty() {
            return;
        }
        let mut taken = HashSet::new();
        for name in names {
            // A gate has the name of its node before its own.
            let parts = name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]);
            let own = parts.rev().find_map(|end| Some((self.0.get(&name[..end])?, &name[end..])));
            let wanted = own.map_or_else(|| name.clone(), |(module, rest)| format!("{module}{rest}"));
            let numbered = (2..).map(|call| format!("{wanted}#{call}"));
            let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
            *name = free.unwrap_or(wanted);
            taken.insert(name.clone());
        }
    }
}

/// The title of a node, and the name that its metadata give it.
fn named(node: &[u8]) -> Option<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let first = |number| fields(node).find(|&(field, _)| field == number).map(|(_, content)| text(content));
    let entry = |wanted: &str| {
        let is_wanted = |&(field, entry): &(u64, &[u8])| {
            field == NODE_METADATA && fields(entry).any(|(field, key)| field == ENTRY_KEY && key == wanted.as_bytes())
        };
        let (_, entry) = fields(node).find(is_wanted)?;
        fields(entry).find(|&(field, _)| field == ENTRY_VALUE).map(|(_, value)| strings(&text(value)))
    };
    let scopes = entry("pkg.torch.onnx.name_scopes")?;
    let (own, modules) = scopes.split_last()?;
    let module = modules.iter().rposition(|module| !module.is_empty())?;
    let classes = entry("pkg.torch.onnx.class_hierarchy").unwrap_or_default();
    let is_activation = classes.get(module).is_some_and(|class| class.starts_with("torch.nn.modules.activation."));
    let name = if is_activation { modules[module].clone() } else { format!("{}.{own}", modules[module]) };
    let title = first(NODE_NAME).filter(|name| !name.is_empty()).or_else(|| first(NODE_OUTPUT))?;
    Some((title, name))
}

/// The strings of a Python list as text: `['', "layers.0"]`.
fn strings(list: &str) -> Vec<String> {
    let mut rest = list;
    let mut found = Vec::new();
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = char::from(rest.as_bytes()[start]);
        let Some(end) = rest[start + 1..].find(quote) else { break };
        found.push(rest[start + 1..start + 1 + end].to_owned());
        rest = &rest[start + end + 2..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;
    use crate::recognise::tests::builder::{Builder, flat};

    fn field(number: u64, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![(number << 3 | 2) as u8];
        let mut length = content.len();
        while length >= 128 {
            bytes.push(length as u8 | 128);
            length >>= 7;
        }
        bytes.push(length as u8);
        [&bytes, content].concat()
    }

    /// The model with metadata beside its nodes, by their outputs.
    fn with_metadata(builder: Builder, metadata: &[(&str, &str, &str)]) -> Vec<u8> {
        let of_node = |node: &[u8]| {
            let output = fields(node).find(|&(number, _)| number == NODE_OUTPUT).unwrap().1;
            let own = metadata.iter().filter(|entry| entry.0.as_bytes() == output);
            let entries = own.flat_map(|&(_, scopes, classes)| {
                [("pkg.torch.onnx.class_hierarchy", classes), ("pkg.torch.onnx.name_scopes", scopes)].map(
                    |(key, value)| {
                        let entry = [field(ENTRY_KEY, key.as_bytes()), field(ENTRY_VALUE, value.as_bytes())].concat();
                        field(NODE_METADATA, &entry)
                    },
                )
            });
            let entries: Vec<u8> = entries.flatten().collect();
            field(GRAPH_NODE, &[node, &entries].concat())
        };
        let bytes = builder.proto().write_buf().unwrap();
        let of_graph = |graph: &[u8]| {
            let fields = fields(graph).map(|(number, content)| match number {
                GRAPH_NODE => of_node(content),
                _ => field(number, content),
            });
            field(MODEL_GRAPH, &fields.flatten().collect::<Vec<u8>>())
        };
        let fields = fields(&bytes).map(|(number, content)| match number {
            MODEL_GRAPH => of_graph(content),
            _ => field(number, content),
        });
        // The version of the format is a number.
        [8, 10].into_iter().chain(fields.flatten()).collect()
    }

    #[test]
    fn activations_have_the_names_of_their_modules() {
        let builder =
            flat().node("Relu", &["x"], "relu").node("Tanh", &["relu"], "tanh").node("Relu", &["tanh"], "relu_1");
        let builder = builder.node("Sigmoid", &["relu_1"], "sigmoid").output("sigmoid");
        let classes = "['net.Net', 'torch.nn.modules.activation.ReLU', 'aten.relu.default']";
        let bytes = with_metadata(
            builder,
            &[
                ("relu", "['', 'layers.0.act', 'relu']", classes),
                ("tanh", r#"['', "layers.0", 'tanh']"#, "['net.Net', 'net.Block', 'aten.tanh.default']"),
                ("relu_1", "['', 'layers.0.act', 'relu_1']", classes),
                ("sigmoid", "['', 'sigmoid']", "['net.Net', 'aten.sigmoid.default']"),
            ],
        );
        let model = Model::from_bytes(bytes).unwrap();
        let names: Vec<_> = model.sites().iter().map(|site| site.name.as_str()).collect();
        assert_eq!(names, ["layers.0.act", "layers.0.tanh", "layers.0.act#2", "sigmoid"]);
    }

    #[test]
    fn a_gate_keeps_its_own_name_behind_that_of_the_module() {
        let names = ModuleNames([("lstm_1".to_owned(), "encoder.lstm".to_owned())].into());
        let mut all = ["lstm_1.input_gate".to_owned(), "lstm_1.input_gate.backward".to_owned(), "other".to_owned()];
        names.give(all.iter_mut());
        assert_eq!(all, ["encoder.lstm.input_gate", "encoder.lstm.input_gate.backward", "other"]);
        assert_eq!(strings("[]"), Vec::<String>::new());
        assert_eq!(strings("['', 'unfinished"), [""]);
    }
}
