//! Weights that lie in files beside the model.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path};

use rten_onnx::onnx::{GraphProto, TensorProto};

use crate::Error;
use crate::tensor_values::{self, is_external};

/// Files that were read, by the names that the model has for them.
type Files = HashMap<String, Vec<u8>>;

/// Brings all constants into a graph whose values lie in files of a folder.
pub(crate) fn bring_in(graph: &mut GraphProto, folder: Option<&Path>) -> Result<(), Error> {
    bring_in_from(graph, folder, &mut Files::new())
}

fn bring_in_from(graph: &mut GraphProto, folder: Option<&Path>, files: &mut Files) -> Result<(), Error> {
    graph.initializer.iter_mut().try_for_each(|tensor| bring_in_one(tensor, folder, files))?;
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        if let Some(tensor) = &mut attribute.t {
            bring_in_one(tensor, folder, files)?;
        }
        if let Some(body) = &mut attribute.g {
            bring_in_from(body, folder, files)?;
        }
    }
    Ok(())
}

fn bring_in_one(tensor: &mut TensorProto, folder: Option<&Path>, files: &mut Files) -> Result<(), Error> {
    if is_external(tensor) {
        let values = values(tensor, folder, files)?;
        tensor.raw_data = Some(RefCell::new(values));
        tensor.data_location = None;
        tensor.external_data.clear();
    }
    Ok(())
}

/// The bytes of the values of a tensor.
fn values(tensor: &TensorProto, folder: Option<&Path>, files: &mut Files) -> Result<Vec<u8>, Error> {
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
    if file.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
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
            "the model needs {len} bytes of it from byte {offset} on, and it is {there} bytes long; download it again"
        )));
    }
    if declared.is_some_and(|declared| declared != len) {
        return Err(wrong(format!("{len} bytes are named for a shape of {:?}; export the model again", tensor.dims)));
    }
    // Both are within the file, as was checked.
    Ok(files[&file][offset as usize..(offset + len) as usize].to_vec())
}

/// The bytes that the shape and the type declare.
fn declared(tensor: &TensorProto) -> Option<u64> {
    let size = tensor_values::element_size(tensor.data_type?)?;
    tensor_values::count(&tensor.dims)?.checked_mul(size).map(|bytes| bytes as u64)
}
