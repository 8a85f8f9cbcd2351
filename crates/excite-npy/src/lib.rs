//! NumPy's NPY format: a header, and the numbers of an array.
//!
//! ```
//! let mut file = b"\x93NUMPY\x01\x00\x37\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}".to_vec();
//! file.extend([1, 0, 255, 255]);
//! let npy = excite_npy::Npy::parse(&file)?;
//! assert_eq!(npy.shape, [2]);
//! assert_eq!(npy.element.integer(&npy.bytes[2..]), -1);
//! # Ok::<(), excite_npy::NpyError>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::fmt;
use std::io::{self, Read};

/// How an NPY file begins.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// An array in the bytes of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Npy<'a> {
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// How each number is stored.
    pub element: Element,
    /// Whether the first index varies fastest, as Fortran has it, instead of the last.
    pub column_major: bool,
    /// The numbers, as many as the shape declares.
    pub bytes: &'a [u8],
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NpyError {
    /// It is not as an NPY file is.
    Malformed(&'static str),
    /// It holds no numbers, but the type of this name, on one line.
    NotNumeric(String),
    /// Its header declares one number of bytes, and another is there.
    WrongLength {
        /// What the shape and the type amount to.
        declared: u128,
        /// What follows the header.
        found: usize,
    },
}

impl fmt::Display for NpyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => out.write_str(what),
            Self::NotNumeric(dtype) => write!(out, "it holds `{dtype}` instead of numbers"),
            Self::WrongLength { declared, found } => {
                write!(out, "its header declares {declared} bytes of values, and {found} are there")
            }
        }
    }
}

impl std::error::Error for NpyError {}

/// How one number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Which numbers it can be.
    pub kind: Kind,
    /// Its bytes: 1, 2, 4 or 8 for integers, 2, 4 or 8 for floats, 1 for truth values.
    pub size: usize,
    /// Whether the highest byte comes first.
    pub big_endian: bool,
}

/// Which numbers an element can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Integers of either sign.
    Signed,
    /// Integers from 0 on.
    Unsigned,
    /// 0 and 1.
    Bool,
    /// IEEE floats.
    Float,
}

impl Element {
    fn bits(self, bytes: &[u8]) -> u64 {
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// One number from as many bytes as its size; integers beyond 2^53 are rounded.
    pub fn value(self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        match (self.kind, self.size) {
            (Kind::Unsigned | Kind::Bool, _) => bits as f64,
            (Kind::Signed, _) => self.integer(bytes) as f64,
            (Kind::Float, 2) => half::f16::from_bits(bits as u16).to_f64(),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
        }
    }

    /// Whether every number of the type is one of f32 too.
    pub fn is_exact_in_f32(self) -> bool {
        match self.kind {
            Kind::Bool => true,
            Kind::Float => self.size <= 4,
            Kind::Signed | Kind::Unsigned => self.size <= 2,
        }
    }

    /// One integer from as many bytes as its size; those of uint64 beyond `i64::MAX` come out negative.
    pub fn integer(self, bytes: &[u8]) -> i64 {
        let bits = self.bits(bytes);
        let unused = 64 - 8 * self.size;
        if self.kind == Kind::Signed { (bits << unused).cast_signed() >> unused } else { bits.cast_signed() }
    }

    /// The element type as NPY files have it: byte order, kind and size, as in `<f4`, `|u1`, `>i8`.
    fn parse(dtype: &str) -> Option<Self> {
        let &[order @ (b'<' | b'>' | b'|' | b'='), kind, size] = dtype.as_bytes() else { return None };
        let kind = match (kind, size) {
            (b'f', b'2' | b'4' | b'8') => Kind::Float,
            (b'i', b'1' | b'2' | b'4' | b'8') => Kind::Signed,
            (b'u', b'1' | b'2' | b'4' | b'8') => Kind::Unsigned,
            (b'b', b'1') => Kind::Bool,
            _ => return None,
        };
        Some(Self { kind, size: usize::from(size - b'0'), big_endian: order == b'>' })
    }
}

impl<'a> Npy<'a> {
    /// Reads the header: after the magic number a version, the header's length, the header, the values.
    ///
    /// # Errors
    /// If it is no NPY file, holds no numbers, or more or fewer values than it declares.
    pub fn parse(file: &'a [u8]) -> Result<Self, NpyError> {
        let (dtype, column_major, shape, bytes) = parts(file)?;
        let element = numeric(dtype)?;
        let declared = size(&shape, element.size);
        if declared != bytes.len() as u128 {
            return Err(NpyError::WrongLength { declared, found: bytes.len() });
        }
        Ok(Self { shape, element, column_major, bytes })
    }
}

/// The type, whether the order is Fortran's, the shape, and what follows the header.
type Parts<'a> = (&'a str, bool, Vec<usize>, &'a [u8]);

fn parts(file: &[u8]) -> Result<Parts<'_>, NpyError> {
    let (header, start) = header_range(file)?;
    let (header, bytes) =
        file.get(header..start).zip(file.get(start..)).ok_or(NpyError::Malformed("it ends within its header"))?;
    let header = std::str::from_utf8(header).map_err(|_| NpyError::Malformed("its header is not text"))?;
    let (dtype, column_major, shape) =
        Header(header).parse().ok_or(NpyError::Malformed("its header lacks a type, an order or a shape"))?;
    Ok((dtype, column_major, shape, bytes))
}

/// Where the header begins, and where it ends, by the first twelve bytes.
fn header_range(file: &[u8]) -> Result<(usize, usize), NpyError> {
    match file.strip_prefix(MAGIC) {
        Some(&[1, _, a, b, ..]) => Ok((10, 10 + usize::from(u16::from_le_bytes([a, b])))),
        Some(&[2 | 3, _, a, b, c, d, ..]) => Ok((12, 12 + u32::from_le_bytes([a, b, c, d]) as usize)),
        Some(_) => Err(NpyError::Malformed("it is cut short or of an unknown version of the NPY format")),
        None => Err(NpyError::Malformed("it does not begin as an NPY file does")),
    }
}

fn numeric(dtype: &str) -> Result<Element, NpyError> {
    Element::parse(dtype).ok_or_else(|| NpyError::NotNumeric(dtype.replace(char::is_control, " ")))
}

fn size(shape: &[usize], of_one: usize) -> u128 {
    shape.iter().fold(of_one as u128, |bytes, &extent| bytes.saturating_mul(extent as u128))
}

/// What the header of an NPY file declares, read from the beginning of a stream, so that the numbers can be read in pieces.
///
/// ```
/// let mut file = b"\x93NUMPY\x01\x00\x37\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}".to_vec();
/// file.extend([1, 0, 255, 255]);
/// let mut stream = &file[..];
/// let header = excite_npy::NpyHeader::read(&mut stream).unwrap()?;
/// assert_eq!((header.shape, header.element.size, stream.len()), (vec![2], 2, 4));
/// # Ok::<(), excite_npy::NpyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// The shape of the array; empty for a single number.
    pub shape: Vec<usize>,
    /// How each number is stored.
    pub element: Element,
    /// Whether the first index varies fastest, as Fortran has it, instead of the last.
    pub column_major: bool,
    /// How many bytes the header takes: where the numbers begin.
    pub start: u64,
}

/// The most bytes of a header that are read: NumPy's own limit is lower.
const LONGEST_HEADER: usize = 1 << 20;

impl NpyHeader {
    /// Reads a header, and leaves the stream where the numbers begin.
    ///
    /// # Errors
    /// The outer one if reading fails, the inner one if it is no header of numbers.
    pub fn read(stream: &mut impl Read) -> io::Result<Result<Self, NpyError>> {
        let mut file = Vec::new();
        stream.by_ref().take(12).read_to_end(&mut file)?;
        let (_, start) = match header_range(&file) {
            Ok(range) => range,
            Err(error) => return Ok(Err(error)),
        };
        if start > LONGEST_HEADER {
            return Ok(Err(NpyError::Malformed("its header is too long")));
        }
        stream.by_ref().take(start.saturating_sub(file.len()) as u64).read_to_end(&mut file)?;
        let read = || {
            let (dtype, column_major, shape, _) = parts(&file)?;
            Ok(Self { shape, element: numeric(dtype)?, column_major, start: start as u64 })
        };
        Ok(read())
    }

    /// How many bytes of numbers the shape and the type amount to.
    pub fn size(&self) -> u128 {
        size(&self.shape, self.element.size)
    }
}

/// An array of text in an NPY file, as class names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyText {
    /// Its shape.
    pub shape: Vec<usize>,
    /// The texts.
    pub items: Vec<String>,
}

impl NpyText {
    /// Reads text of type `<U6` or `|S6`: None if it is anything else, or damaged.
    ///
    /// ```
    /// let mut file = b"\x93NUMPY\x01\x00\x37\x00{'descr': '|S2', 'fortran_order': False, 'shape': (2,)}".to_vec();
    /// file.extend(b"noye");
    /// assert_eq!(excite_npy::NpyText::parse(&file).unwrap().items, ["no", "ye"]);
    /// ```
    pub fn parse(file: &[u8]) -> Option<Self> {
        let (dtype, _, shape, bytes) = parts(file).ok()?;
        let (order, length) = dtype.split_at_checked(2)?;
        let length: usize = length.parse().ok().filter(|&length| length > 0)?;
        let of_one = match order.as_bytes() {
            [b'<' | b'>' | b'=', b'U'] => length.checked_mul(4)?,
            [b'|', b'S'] => length,
            _ => return None,
        };
        let is_axis = shape.iter().filter(|&&extent| extent != 1).count() <= 1;
        if size(&shape, of_one) != bytes.len() as u128 || !is_axis {
            return None;
        }
        let text = |item: &[u8]| -> Option<String> {
            let characters: Vec<char> = if order.ends_with('S') {
                String::from_utf8_lossy(item).chars().collect()
            } else {
                let (codes, _) = item.as_chunks::<4>();
                let code = |&code: &[u8; 4]| match order.as_bytes()[0] {
                    b'>' => u32::from_be_bytes(code),
                    _ => u32::from_le_bytes(code),
                };
                codes.iter().map(|bytes| char::from_u32(code(bytes))).collect::<Option<_>>()?
            };
            Some(characters.into_iter().collect::<String>().trim_end_matches('\0').to_owned())
        };
        let items = bytes.chunks_exact(of_one).map(text).collect::<Option<_>>()?;
        Some(Self { shape, items })
    }
}

/// The header of an NPY file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct Header<'a>(&'a str);

impl<'a> Header<'a> {
    /// The element type, whether the order is Fortran's, and the shape.
    fn parse(&self) -> Option<(&'a str, bool, Vec<usize>)> {
        let column_major = self.value("fortran_order")?.starts_with("True");
        let shape = self.value("shape")?.strip_prefix('(')?.split_once(')')?.0;
        let extents = shape.split(',').map(str::trim).filter(|extent| !extent.is_empty());
        let shape = extents.map(|extent| extent.parse().ok()).collect::<Option<Vec<usize>>>()?;
        let descr = self.value("descr")?;
        let dtype = match descr.strip_prefix(['\'', '"']) {
            Some(quoted) => quoted.split_once(['\'', '"'])?.0,
            // A record of several fields, shown as it stands.
            None => descr.split_once(']')?.0,
        };
        Some((dtype, column_major, shape))
    }

    /// What follows a key.
    fn value(&self, key: &str) -> Option<&'a str> {
        let (_, after) = self.0.split_once(key)?;
        Some(after.strip_prefix(['\'', '"'])?.trim_start().strip_prefix(':')?.trim_start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_named_on_several_lines_makes_one_line() {
        let header = "{'descr': '<i\n0', 'fortran_order': False, 'shape': (4,)}";
        let file = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
        let message = Npy::parse(&file).unwrap_err().to_string();
        assert_eq!(message, "it holds `<i 0` instead of numbers");
    }
}
