//! ONNX test data: a folder with a TensorProto in each of `input_0.pb`, `input_1.pb`...

use std::fs;
use std::path::Path;

use rten_onnx::onnx::{DataType, TensorProto};
use rten_onnx::protobuf::{DecodeMessage, ValueReader};

use crate::tensor_values::{self, values};
use crate::{Array, Error, ModelInput, Values, wire};

/// Whether a file is one of the inputs of a folder.
pub(super) fn is_input(path: &Path) -> bool {
    index(path).is_some()
}

/// Whether a folder goes by the name of a set of test data.
pub(super) fn is_data_set(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("test_data_set"))
}

fn index(path: &Path) -> Option<usize> {
    path.file_name()?.to_str()?.strip_prefix("input_")?.strip_suffix(".pb")?.parse().ok()
}

/// The arrays of a folder: by the names that they carry, or by their numbers.
pub(super) fn read_folder(folder: &Path, inputs: &[ModelInput]) -> Result<Vec<(String, Array)>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::file(folder, error))?;
    let mut arrays = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let Some(index) = index(&path) else { continue };
        let bytes = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        let (name, array) = read(&bytes).map_err(|what| Error::input(path.display(), what))?;
        let name = match (inputs.iter().any(|input| input.name == name), inputs.get(index)) {
            (false, Some(input)) => input.name.clone(),
            _ => name,
        };
        arrays.push((name, array));
    }
    if arrays.is_empty() {
        return Err(Error::input(folder.display(), "the folder holds no input_0.pb"));
    }
    Ok(arrays)
}

/// The name and the array of a file.
pub(super) fn read(bytes: &[u8]) -> Result<(String, Array), String> {
    wire::check_tensor(bytes).map_err(|_| "it is no whole TensorProto; save it again")?;
    let tensor =
        TensorProto::decode(ValueReader::from_buf(bytes)).map_err(|error| format!("it is no TensorProto ({error})"))?;
    let name = tensor.name.clone().unwrap_or_default();
    tensor_values::check(&name, &tensor).map_err(|error| error.to_string())?;
    let shape = tensor_values::shape(&tensor).ok_or("its shape is negative")?;
    let numbers = values(&tensor).ok_or("it holds no numbers; save it as float32 or int64")?;
    let values = match tensor.data_type {
        Some(DataType::DOUBLE) => Values::F64(numbers),
        Some(DataType::FLOAT | DataType::FLOAT16 | DataType::BFLOAT16) => {
            Values::F32(numbers.into_iter().map(|value| value as f32).collect())
        }
        Some(DataType::INT8) => Values::I8(numbers.into_iter().map(|value| value as i8).collect()),
        Some(DataType::UINT8 | DataType::BOOL) => Values::U8(numbers.into_iter().map(|value| value as u8).collect()),
        _ => Values::I64(numbers.into_iter().map(|value| value as i64).collect()),
    };
    if values.len() != shape.iter().product::<usize>() {
        return Err(format!("its shape {shape:?} does not fit its {} values; save it again", values.len()));
    }
    Ok((name, Array { shape, values }))
}
