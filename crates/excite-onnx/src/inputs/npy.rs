//! NPY files.

use excite_npy::{Kind, Npy};

use crate::{Array, Values};

pub(super) fn read(file: &[u8]) -> Result<Array, String> {
    let npy = Npy::parse(file).map_err(|error| format!("{error}; save it again"))?;
    let chunks = npy.bytes.chunks_exact(npy.element.size);
    let (element, offsets) = (npy.element, offsets(&npy));
    let ordered = |index: usize| &npy.bytes[offsets[index] * element.size..][..element.size];
    let chunks: Vec<&[u8]> =
        if offsets.is_empty() { chunks.collect() } else { (0..offsets.len()).map(ordered).collect() };
    let values = match (element.kind, element.size) {
        (Kind::Float, 8) => Values::F64(chunks.iter().map(|bytes| element.value(bytes)).collect()),
        (Kind::Float, _) => Values::F32(chunks.iter().map(|bytes| element.value(bytes) as f32).collect()),
        (Kind::Unsigned | Kind::Bool, 1) => Values::U8(chunks.iter().map(|bytes| bytes[0]).collect()),
        (Kind::Signed, 1) => Values::I8(chunks.iter().map(|bytes| bytes[0].cast_signed()).collect()),
        (Kind::Unsigned, 8) => {
            let integers: Vec<i64> = chunks.iter().map(|bytes| element.integer(bytes)).collect();
            if integers.iter().any(|&value| value < 0) {
                return Err("it holds integers beyond 2^63; save it as int64".into());
            }
            Values::I64(integers)
        }
        _ => Values::I64(chunks.iter().map(|bytes| element.integer(bytes)).collect()),
    };
    Ok(Array { shape: npy.shape, values })
}

/// Where the numbers lie, in row-major order, if they are stored in another.
fn offsets(npy: &Npy) -> Vec<usize> {
    if !npy.column_major || npy.shape.len() < 2 {
        return Vec::new();
    }
    let count: usize = npy.shape.iter().product();
    let strides: Vec<usize> =
        npy.shape.iter().scan(1, |stride, &extent| Some(std::mem::replace(stride, *stride * extent))).collect();
    let offset = |index: usize| {
        let axes = npy.shape.iter().zip(&strides).rev();
        axes.fold((index, 0), |(rest, offset), (&extent, &stride)| (rest / extent, offset + rest % extent * stride)).1
    };
    (0..count).map(offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dtype: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), values].concat()
    }

    #[test]
    fn types_and_orders_are_read() {
        let read = |dtype, shape, values: &[u8]| read(&file(dtype, "False", shape, values)).unwrap().values;
        assert_eq!(read("<f4", "(1,)", &1.5_f32.to_le_bytes()), Values::F32(vec![1.5]));
        assert_eq!(read(">f8", "(1,)", &1.5_f64.to_be_bytes()), Values::F64(vec![1.5]));
        assert_eq!(read("<f2", "(2,)", &[0, 0x3c, 0, 0xc0]), Values::F32(vec![1.0, -2.0]));
        assert_eq!(read("<i8", "()", &(-3_i64).to_le_bytes()), Values::I64(vec![-3]));
        assert_eq!(read("|b1", "(2,)", &[0, 1]), Values::U8(vec![0, 1]));
        let fortran = super::read(&file("|i1", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!(fortran, Array { shape: vec![2, 3], values: Values::I8(vec![0, 1, 2, 3, 4, 5]) });
    }

    #[test]
    fn more_than_is_there_is_refused() {
        let error = read(&file("<f4", "False", "(1000000000000, 8)", &[0; 8])).unwrap_err();
        assert_eq!(error, "its header declares 32000000000000 bytes of values, and 8 are there; save it again");
    }
}
