//! NumPy's arrays, as the parser gives them.

use excite_npy::Npy;

use crate::Target;

/// The NPY format.
pub const NPY: Target = Target { name: "npy", read, seeds };

fn read(bytes: &[u8]) -> bool {
    let Ok(npy) = Npy::parse(bytes) else { return false };
    let declared = npy.shape.iter().try_fold(npy.element.size, |bytes, &extent| bytes.checked_mul(extent));
    assert!(declared == Some(npy.bytes.len()) || npy.shape.contains(&0) && npy.bytes.is_empty());
    for number in npy.bytes.chunks_exact(npy.element.size) {
        let _ = (npy.element.value(number), npy.element.integer(number));
    }
    true
}

/// A file of this type, order, shape and values.
pub(crate) fn file(dtype: &str, order: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), values].concat()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let pairs = [("<f4", 4), ("<f8", 8), ("<f2", 2), ("|i1", 1), (">i2", 2), ("<i8", 8), ("<u4", 4), ("|b1", 1)];
    let square = |(dtype, size): (&str, usize)| file(dtype, "False", "(2, 2)", &vec![0; 4 * size]);
    let others = [
        file("<f4", "True", "(3, 2)", &[63; 24]),
        file("<f4", "False", "(6,)", &[63; 24]),
        file("|u1", "False", "(4, 2, 2, 1)", &[7; 16]),
        file("<u8", "False", "()", &[1; 8]),
    ];
    pairs.into_iter().map(square).chain(others).collect()
}
