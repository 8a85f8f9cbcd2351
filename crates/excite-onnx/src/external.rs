//! Weights that lie in files beside the model.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use rten_onnx::onnx::{GraphProto, TensorProto};

use crate::tensor_values::{self, is_external};
use crate::{Error, graph::NodeExt};

/// The bytes of every file that a graph's constants refer to, under the name that they use.
pub(crate) fn read(graph: &GraphProto, folder: Option<&Path>) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    collect(graph, folder, &mut files)?;
    Ok(files)
}

fn collect(graph: &GraphProto, folder: Option<&Path>, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    for tensor in &graph.initializer {
        add(tensor, folder, files)?;
    }
    for attribute in graph.node.iter().flat_map(|node| &node.attribute) {
        if let Some(tensor) = &attribute.t {
            add(tensor, folder, files)?;
        }
    }
    graph.node.iter().flat_map(NodeExt::subgraphs).try_for_each(|body| collect(body, folder, files))
}

fn add(tensor: &TensorProto, folder: Option<&Path>, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    if !is_external(tensor) {
        return Ok(());
    }
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|entry| entry.key.as_deref() == Some(key));
        found.and_then(|entry| entry.value.clone())
    };
    let file = entry("location").unwrap_or_default();
    let wrong = |what: String| Error::ExternalData {
        tensor: tensor.name.clone().unwrap_or_default(),
        file: file.clone(),
        what,
    };
    let path = Path::new(&file);
    if file.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(wrong("the file must lie in the model's folder or below it; export the model again".into()));
    }
    if !files.contains_key(&file) {
        let folder =
            folder.ok_or_else(|| wrong("the model was given without its folder; open it by its path".into()))?;
        let bytes = std::fs::read(folder.join(path))
            .map_err(|error| wrong(format!("it cannot be read ({error}); put it beside the model")))?;
        files.insert(file.clone(), bytes);
    }
    let number = |key: &str, default: u64| match entry(key) {
        Some(text) => {
            text.parse().map_err(|_| wrong(format!("its {key} `{text}` is no number; export the model again")))
        }
        None => Ok(default),
    };
    let there = files[&file].len() as u64;
    let (offset, declared) = (number("offset", 0)?, declared(tensor));
    let len = number("length", declared.unwrap_or(0))?;
    if offset.checked_add(len).is_none_or(|end| end > there) {
        return Err(wrong(format!(
            "{len} bytes from byte {offset} on are wanted, and it has {there}; download it again"
        )));
    }
    if declared.is_some_and(|declared| declared != len) {
        return Err(wrong(format!("{len} bytes are named for a shape of {:?}; export the model again", tensor.dims)));
    }
    Ok(())
}

/// The bytes that the shape and the type declare.
fn declared(tensor: &TensorProto) -> Option<u64> {
    let size = tensor_values::element_size(tensor.data_type?)?;
    tensor_values::count(&tensor.dims)?.checked_mul(size).map(|bytes| bytes as u64)
}
