//! NPY files.

use std::io::{self, Read};

use excite_npy::{Element, Kind, NpyHeader};

use crate::{Array, Values};

/// How many numbers are read before they are converted.
const AT_ONCE: usize = 1 << 16;

/// The array whose header and values these are.
pub(super) fn read(header: &NpyHeader, stream: &mut impl Read) -> Result<Array, String> {
    let count = header.shape.iter().product();
    let values = values(header.element, count, stream)?;
    let NpyHeader { shape, column_major, .. } = header;
    let values = if *column_major && shape.len() > 1 { in_row_order(&values, shape) } else { values };
    Ok(Array { shape: shape.clone(), values })
}

/// The next `count` numbers of a stream, of which no more than a piece are in memory twice.
pub(super) fn values(element: Element, count: usize, stream: &mut impl Read) -> Result<Values, String> {
    let mut values = match (element.kind, element.size) {
        (Kind::Float, 8) => Values::F64(Vec::new()),
        (Kind::Float, _) => Values::F32(Vec::new()),
        (Kind::Unsigned | Kind::Bool, 1) => Values::U8(Vec::new()),
        (Kind::Signed, 1) => Values::I8(Vec::new()),
        _ => Values::I64(Vec::new()),
    };
    let mut bytes = Vec::new();
    let mut left = count;
    while left > 0 {
        let now = left.min(AT_ONCE);
        left -= now;
        bytes.resize(now * element.size, 0);
        stream.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends before its last value; save it again".to_owned(),
            _ => format!("it is damaged ({error}); save it again"),
        })?;
        let chunks = bytes.chunks_exact(element.size);
        match &mut values {
            Values::F64(values) => values.extend(chunks.map(|bytes| element.value(bytes))),
            Values::F32(values) => values.extend(chunks.map(|bytes| element.value(bytes) as f32)),
            Values::U8(values) => values.extend_from_slice(&bytes),
            Values::I8(values) => values.extend(bytes.iter().map(|byte| byte.cast_signed())),
            Values::I64(values) => {
                let before = values.len();
                values.extend(chunks.map(|bytes| element.integer(bytes)));
                if (element.kind, element.size) == (Kind::Unsigned, 8)
                    && values[before..].iter().any(|&value| value < 0)
                {
                    return Err("it holds integers beyond 2^63; save it as int64".into());
                }
            }
        }
    }
    Ok(values)
}

/// Numbers whose first index varies fastest, in row-major order.
fn in_row_order(values: &Values, shape: &[usize]) -> Values {
    let strides: Vec<usize> =
        shape.iter().scan(1, |stride, &extent| Some(std::mem::replace(stride, *stride * extent))).collect();
    let offset = |index: usize| {
        let axes = shape.iter().zip(&strides).rev();
        axes.fold((index, 0), |(rest, offset), (&extent, &stride)| (rest / extent, offset + rest % extent * stride)).1
    };
    values.reordered(offset)
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
        let whole = |file: &[u8]| {
            let mut stream = file;
            read(&NpyHeader::read(&mut stream).unwrap().unwrap(), &mut stream)
        };
        let read = |dtype, shape, values: &[u8]| whole(&file(dtype, "False", shape, values)).unwrap().values;
        assert_eq!(read("<f4", "(1,)", &1.5_f32.to_le_bytes()), Values::F32(vec![1.5]));
        assert_eq!(read(">f8", "(1,)", &1.5_f64.to_be_bytes()), Values::F64(vec![1.5]));
        assert_eq!(read("<f2", "(2,)", &[0, 0x3c, 0, 0xc0]), Values::F32(vec![1.0, -2.0]));
        assert_eq!(read("<i8", "()", &(-3_i64).to_le_bytes()), Values::I64(vec![-3]));
        assert_eq!(read("|b1", "(2,)", &[0, 1]), Values::U8(vec![0, 1]));
        let fortran = whole(&file("|i1", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!(fortran, Array { shape: vec![2, 3], values: Values::I8(vec![0, 1, 2, 3, 4, 5]) });
    }
}
