//! Numbers without a header, the lowest byte first.

use excite_npy::{Element, Kind};

use crate::{Array, Values};

/// What a file without a header holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The shape of its array. A first size of 0 stands for as many as there are.
    pub shape: Vec<usize>,
    /// `"float32"`, `"float64"`, `"int64"`, `"int32"`, `"int16"`, `"int8"` or `"uint8"`.
    pub dtype: String,
}

impl Raw {
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Array, String> {
        let (kind, size): (Kind, usize) = match self.dtype.as_str() {
            "float32" => (Kind::Float, 4),
            "float64" => (Kind::Float, 8),
            "int64" => (Kind::Signed, 8),
            "int32" => (Kind::Signed, 4),
            "int16" => (Kind::Signed, 2),
            "int8" => (Kind::Signed, 1),
            "uint8" => (Kind::Unsigned, 1),
            other => {
                return Err(format!(
                    "raw numbers of type `{other}` cannot be read; use float32, float64, int64, int32, int16, int8 or uint8"
                ));
            }
        };
        let mut shape = self.shape.clone();
        let inner =
            shape.iter().skip(1).try_fold(size, |bytes, &extent| bytes.checked_mul(extent)).filter(|&inner| inner > 0);
        let wrong = || format!("its {} bytes do not make up the shape {:?} of {}", bytes.len(), self.shape, self.dtype);
        let inner = inner.ok_or_else(wrong)?;
        if shape.first() == Some(&0) {
            shape[0] = bytes.len() / inner;
        }
        if shape.first().unwrap_or(&1).checked_mul(inner) != Some(bytes.len()) {
            return Err(wrong());
        }
        let element = Element { kind, size, big_endian: false };
        let chunks = bytes.chunks_exact(size);
        let values = match (kind, size) {
            (Kind::Float, 4) => Values::F32(chunks.map(|bytes| element.value(bytes) as f32).collect()),
            (Kind::Float, _) => Values::F64(chunks.map(|bytes| element.value(bytes)).collect()),
            (Kind::Unsigned, _) => Values::U8(bytes.to_vec()),
            (_, 1) => Values::I8(bytes.iter().map(|byte| byte.cast_signed()).collect()),
            _ => Values::I64(chunks.map(|bytes| element.integer(bytes)).collect()),
        };
        Ok(Array { shape, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_must_be_that_of_the_file() {
        let raw = Raw { shape: vec![0, 2], dtype: "float32".into() };
        assert_eq!(raw.read(&[0; 24]).unwrap().shape, [3, 2]);
        assert_eq!(raw.read(&[0; 20]).unwrap_err(), "its 20 bytes do not make up the shape [0, 2] of float32");
        let vast = Raw { shape: vec![usize::MAX, 8], dtype: "int8".into() };
        assert!(vast.read(&[0; 8]).is_err());
    }
}
