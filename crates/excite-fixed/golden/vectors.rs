//! The golden vectors that `generate.py` wrote, and the comparison with them. The tests of this crate and the task that writes
//! docs/fixed-point.md both have this file.

use std::path::Path;

use excite_fixed::{Affine, Code, Profile, codes};

/// What came of all records of a profile, function and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub function: String,
    pub code: String,
    /// Pairs of quantisations.
    pub scales: usize,
    /// All outputs that were compared.
    pub outputs: usize,
    /// The outputs that differ. Where only the checksum of 256 codes is known and differs, all 256 count.
    pub differing: usize,
    /// The first difference.
    pub first: Option<String>,
}

/// The profiles that there are vectors of.
pub const PROFILES: [Profile; 7] = [
    Profile::Tflite,
    Profile::Litert,
    Profile::Onnx,
    Profile::Pytorch,
    Profile::Tflm,
    Profile::CmsisNn,
    Profile::CmsisNnSingle,
];

/// Compares a profile with its vectors.
///
/// # Panics
/// If the vectors cannot be read, or if there is no kernel for one of them.
pub fn compare(profile: Profile) -> Vec<Agreement> {
    let file = format!("{}.deflate", profile.name());
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("crates/excite-fixed/golden"));
    let path = path.map(|folder| folder.join(&file)).find(|path| path.exists()).expect("the golden vectors are there");
    let packed = std::fs::read(path).expect("the vectors can be read");
    let bytes = miniz_oxide::inflate::decompress_to_vec(&packed).expect("the vectors can be unpacked");
    let mut rest = &bytes[..];
    let mut agreements: Vec<Agreement> = Vec::new();
    while !rest.is_empty() {
        let record = Record::read(&mut rest);
        let (outputs, differing, first) = match record.code.as_str() {
            "int8" => record.compare::<i8>(profile),
            "uint8" => record.compare::<u8>(profile),
            "int16" => record.compare::<i16>(profile),
            "uint16" => record.compare::<u16>(profile),
            other => panic!("{other} is no type of codes"),
        };
        let same = |a: &&mut Agreement| a.function == record.function && a.code == record.code;
        match agreements.iter_mut().find(same) {
            Some(agreement) => {
                agreement.scales += 1;
                agreement.outputs += outputs;
                agreement.differing += differing;
                agreement.first = agreement.first.take().or(first);
            }
            None => {
                let Record { function, code, .. } = record;
                agreements.push(Agreement { function, code, scales: 1, outputs, differing, first });
            }
        }
    }
    agreements
}

struct Record<'a> {
    function: String,
    code: String,
    input: (f32, i32),
    output: (f32, i32),
    kind: String,
    data: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(rest: &mut &'a [u8]) -> Self {
        let end = rest.iter().position(|&byte| byte == b'\n').expect("a line of a record");
        let line = std::str::from_utf8(&rest[..end]).expect("the line of a record is text");
        let fields: Vec<&str> = line.split(' ').collect();
        let [function, code, scale, zero_point, output_scale, output_zero_point, kind] = fields[..] else {
            panic!("not the line of a record: {line}")
        };
        let scale_of = |bits: &str| f32::from_bits(u32::from_str_radix(bits, 16).expect("the bits of a scale"));
        let whole = |digits: &str| digits.parse::<i32>().expect("a zero point");
        let bytes = if code.ends_with('8') { 1 } else { 2 };
        let len = match kind {
            "all" => bytes << (8 * bytes),
            "crc" => 4 * 256,
            rows => 2 * bytes * shape(rows).0 * shape(rows).1,
        };
        let data = &rest[end + 1..end + 1 + len];
        *rest = &rest[end + 1 + len..];
        Self {
            function: function.to_owned(),
            code: code.to_owned(),
            input: (scale_of(scale), whole(zero_point)),
            output: (scale_of(output_scale), whole(output_zero_point)),
            kind: kind.to_owned(),
            data,
        }
    }

    /// The number of outputs compared, the number that differ, and the first difference.
    fn compare<C: Code>(&self, profile: Profile) -> (usize, usize, Option<String>) {
        let affine = |(scale, zero_point)| Affine::<C>::new(scale, zero_point).expect("a quantisation");
        let (input, output) = (affine(self.input), affine(self.output));
        let what = format!("{profile} {} {input:?} {output:?}", self.function);
        if self.kind.starts_with("rows") {
            let kernel = profile.softmax(1.0, input, output).unwrap_or_else(|error| panic!("{what}: {error}"));
            let (rows, len) = shape(&self.kind);
            let numbers: Vec<i32> = numbers::<C>(self.data);
            let (x, expected) = numbers.split_at(rows * len);
            let x: Vec<C> = x.iter().map(|&code| C::saturated(code)).collect();
            let mut y = vec![C::default(); rows * len];
            for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
                kernel.apply(x, y).expect("slices of one length");
            }
            let got: Vec<i32> = y.iter().map(|y| y.to_i32()).collect();
            return differences(&what, &got, expected);
        }
        let f = self.function.parse().expect("a function of the catalogue");
        let kernel = profile.kernel(f, input, output).unwrap_or_else(|error| panic!("{what}: {error}"));
        let x: Vec<C> = codes().collect();
        let mut y = vec![C::default(); x.len()];
        kernel.apply(&x, &mut y).expect("slices of one length");
        let got: Vec<i32> = y.iter().map(|y| y.to_i32()).collect();
        match (self.kind.as_str(), C::BITS) {
            ("all", 8) => differences(&what, &got, &numbers::<C>(self.data)),
            ("all", _) => {
                let mut last = 0_u16;
                let expected = self.data.chunks_exact(2).map(|step| {
                    last = last.wrapping_add(u16::from_le_bytes([step[0], step[1]]));
                    wrapped::<C>(last)
                });
                differences(&what, &got, &expected.collect::<Vec<_>>())
            }
            _ => {
                let bad: Vec<usize> = (0..256)
                    .filter(|&i| {
                        let part: Vec<u8> =
                            got[256 * i..256 * (i + 1)].iter().flat_map(|y| (*y as u16).to_le_bytes()).collect();
                        crc32(&part).to_le_bytes() != self.data[4 * i..4 * (i + 1)]
                    })
                    .collect();
                let first = bad.first().map(|&i| format!("{what}: within the 256 codes from number {}", 256 * i));
                (got.len(), 256 * bad.len(), first)
            }
        }
    }
}

fn differences(what: &str, got: &[i32], expected: &[i32]) -> (usize, usize, Option<String>) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let differing = || got.iter().zip(expected).enumerate().filter(|(_, (got, expected))| got != expected);
    let first =
        differing().next().map(|(i, (got, expected))| format!("{what}: output number {i} is {got}, not {expected}"));
    (got.len(), differing().count(), first)
}

/// Rows and their length, of `rows=4,100`.
fn shape(rows: &str) -> (usize, usize) {
    let parsed = rows.strip_prefix("rows=").and_then(|shape| shape.split_once(','));
    let (rows, len) = parsed.expect("the shape of rows");
    (rows.parse().expect("a number of rows"), len.parse().expect("a length of rows"))
}

fn numbers<C: Code>(bytes: &[u8]) -> Vec<i32> {
    if C::BITS == 8 {
        bytes.iter().map(|&byte| if C::MIN_CODE < 0 { i32::from(byte as i8) } else { i32::from(byte) }).collect()
    } else {
        bytes.chunks_exact(2).map(|pair| wrapped::<C>(u16::from_le_bytes([pair[0], pair[1]]))).collect()
    }
}

fn wrapped<C: Code>(bits: u16) -> i32 {
    if C::MIN_CODE < 0 { i32::from(bits as i16) } else { i32::from(bits) }
}

/// The CRC-32 of zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
