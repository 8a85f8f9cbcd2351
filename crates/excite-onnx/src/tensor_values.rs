//! The values of a constant tensor, whichever of its fields holds them.

use rten_onnx::onnx::{DataLocation, DataType, TensorProto};

use crate::Error;

/// The bytes of one element; None for types that hold no plain numbers.
pub(crate) fn element_size(data_type: DataType) -> Option<usize> {
    Some(match data_type {
        DataType::UINT8 | DataType::INT8 | DataType::BOOL => 1,
        DataType::UINT16 | DataType::INT16 | DataType::FLOAT16 | DataType::BFLOAT16 => 2,
        DataType::FLOAT | DataType::INT32 | DataType::UINT32 => 4,
        DataType::DOUBLE | DataType::INT64 | DataType::UINT64 => 8,
        _ => return None,
    })
}

/// The shape, if no extent is negative.
pub(crate) fn shape(tensor: &TensorProto) -> Option<Vec<usize>> {
    tensor.dims.iter().map(|&extent| usize::try_from(extent).ok()).collect()
}

/// The number of elements that the shape declares; None if it is negative or beyond what can be counted.
pub(crate) fn count(dims: &[i64]) -> Option<usize> {
    dims.iter().try_fold(1_usize, |count, &extent| count.checked_mul(usize::try_from(extent).ok()?))
}

pub(crate) fn is_external(tensor: &TensorProto) -> bool {
    tensor.data_location == Some(DataLocation::EXTERNAL)
}

/// Checks that as many values are there as the shape declares, unless they are in another file.
pub(crate) fn check(name: &str, tensor: &TensorProto) -> Result<(), Error> {
    let broken = |what: String| Error::broken(name, what);
    let declared =
        count(&tensor.dims).ok_or_else(|| broken(format!("its shape {:?} is negative or too large", tensor.dims)))?;
    let data_type = tensor.data_type.unwrap_or(DataType(0));
    let Some(size) = element_size(data_type).filter(|_| !is_external(tensor)) else { return Ok(()) };
    let there = match &tensor.raw_data {
        Some(raw) => {
            let bytes = raw.borrow().len();
            if bytes % size != 0 {
                return Err(broken(format!("its {bytes} bytes are no whole number of elements of {size} bytes")));
            }
            bytes / size
        }
        None => [tensor.float_data.len(), tensor.int32_data.len(), tensor.int64_data.len(), tensor.double_data.len()]
            .into_iter()
            .max()
            .unwrap_or(0),
    };
    // uint32 and uint64 use a field that the parser leaves out; the engine says so itself.
    let unread = matches!(data_type, DataType::UINT32 | DataType::UINT64) && tensor.raw_data.is_none();
    if there == declared || unread {
        Ok(())
    } else {
        Err(broken(format!("its shape {:?} declares {declared} values, and {there} are there", tensor.dims)))
    }
}

/// The values as f64; None if they are in another file, or not plain numbers.
pub(crate) fn values(tensor: &TensorProto) -> Option<Vec<f64>> {
    if is_external(tensor) {
        return None;
    }
    let data_type = tensor.data_type?;
    if let Some(raw) = &tensor.raw_data {
        return Some(
            raw.borrow().chunks_exact(element_size(data_type)?).map(|bytes| number(data_type, bytes)).collect(),
        );
    }
    Some(match data_type {
        DataType::FLOAT => tensor.float_data.iter().map(|&value| f64::from(value)).collect(),
        DataType::DOUBLE => tensor.double_data.clone(),
        DataType::INT64 => tensor.int64_data.iter().map(|&value| value as f64).collect(),
        DataType::FLOAT16 => tensor.int32_data.iter().map(|&bits| half::f16::from_bits(bits as u16).to_f64()).collect(),
        DataType::BFLOAT16 => {
            tensor.int32_data.iter().map(|&bits| half::bf16::from_bits(bits as u16).to_f64()).collect()
        }
        DataType::INT8 | DataType::UINT8 | DataType::INT16 | DataType::UINT16 | DataType::INT32 | DataType::BOOL => {
            tensor.int32_data.iter().map(|&value| f64::from(value)).collect()
        }
        _ => return None,
    })
}

/// One element in little-endian bytes, of as many as [`element_size`] says.
fn number(data_type: DataType, bytes: &[u8]) -> f64 {
    let bits = bytes.iter().rev().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
    match data_type {
        DataType::FLOAT => f64::from(f32::from_bits(bits as u32)),
        DataType::DOUBLE => f64::from_bits(bits),
        DataType::FLOAT16 => half::f16::from_bits(bits as u16).to_f64(),
        DataType::BFLOAT16 => half::bf16::from_bits(bits as u16).to_f64(),
        DataType::INT8 | DataType::INT16 | DataType::INT32 | DataType::INT64 => {
            let unused = 64 - 8 * bytes.len();
            ((bits << unused).cast_signed() >> unused) as f64
        }
        _ => bits as f64,
    }
}
