//! Safetensors files.

use excite_npy::{Element, Kind};
use safetensors::{Dtype, SafeTensors};

use crate::{Array, Values};

pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, Array)>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| format!("it is no whole safetensors file ({error})"))?;
    let tensors = file.tensors().into_iter().map(|(name, tensor)| {
        let values = values(tensor.dtype(), tensor.data());
        let values =
            values.ok_or_else(|| format!("`{name}` is of type {:?}; save it as float32 or int64", tensor.dtype()))?;
        Ok((name, Array { shape: tensor.shape().to_vec(), values }))
    });
    tensors.collect()
}

fn values(dtype: Dtype, bytes: &[u8]) -> Option<Values> {
    let floats = |size| numbers(Kind::Float, size, bytes);
    let integers = |kind, size| {
        let element = Element { kind, size, big_endian: false };
        Values::I64(bytes.chunks_exact(size).map(|bytes| element.integer(bytes)).collect())
    };
    Some(match dtype {
        Dtype::F64 => Values::F64(floats(8).collect()),
        Dtype::F32 => Values::F32(floats(4).map(|value| value as f32).collect()),
        Dtype::F16 => Values::F32(floats(2).map(|value| value as f32).collect()),
        Dtype::BF16 => {
            let bits = bytes.chunks_exact(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
            Values::F32(bits.map(|bits| half::bf16::from_bits(bits).to_f32()).collect())
        }
        Dtype::I64 => integers(Kind::Signed, 8),
        Dtype::I32 => integers(Kind::Signed, 4),
        Dtype::I16 => integers(Kind::Signed, 2),
        Dtype::U16 => integers(Kind::Unsigned, 2),
        Dtype::U32 => integers(Kind::Unsigned, 4),
        Dtype::I8 => Values::I8(bytes.iter().map(|byte| byte.cast_signed()).collect()),
        Dtype::U8 | Dtype::BOOL => Values::U8(bytes.to_vec()),
        _ => return None,
    })
}

fn numbers(kind: Kind, size: usize, bytes: &[u8]) -> impl Iterator<Item = f64> {
    let element = Element { kind, size, big_endian: false };
    bytes.chunks_exact(size).map(move |bytes| element.value(bytes))
}
