//! The outer form of an ONNX file, checked before anything is parsed: every length within the bytes that are there, and messages nested
//! no deeper than a real model's. What passes can be parsed without a large allocation or a deep recursion.
//!
//! Field numbers are those of onnx.proto3 (ONNX 1.19).

use crate::Error;

/// Graphs within graphs are three messages a level (graph, node, attribute): 30 nested loops are more than any model has.
const DEEPEST: usize = 100;

/// The messages that hold other messages.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Model,
    Function,
    Graph,
    Node,
    Attribute,
    ValueInfo,
    Type,
    Sequence,
    TensorType,
    Shape,
    Tensor,
    /// Any message that holds no other.
    Leaf,
}

impl Message {
    /// The message in a field; None if the field holds bytes, text or packed numbers.
    fn inner(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Model, 25) => Self::Function,
            (Self::Function, 7) => Self::Node,
            (Self::Function, 11) => Self::Attribute,
            (Self::Model, 8 | 14) | (Self::Function, 9) | (Self::Tensor, 13) | (Self::Shape, 1) => Self::Leaf,
            (Self::Graph | Self::Attribute, 5) => Self::Tensor,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) | (Self::Sequence, 1) => Self::Type,
            (Self::Type, 4) => Self::Sequence,
            _ => return None,
        })
    }

    /// Whether bytes in a field are whole numbers, one after the other, if it is one of numbers. The parser would look for the rest of
    /// the last one without an end.
    fn are_whole_numbers(self, field: u64, bytes: &[u8]) -> bool {
        match (self, field) {
            (Self::Tensor, 4) | (Self::Attribute, 7) => bytes.len().is_multiple_of(4),
            (Self::Tensor, 10) => bytes.len().is_multiple_of(8),
            (Self::Tensor, 1 | 5 | 7 | 11) | (Self::Attribute, 8) => {
                let mut at = 0;
                while at < bytes.len() {
                    if varint(bytes, &mut at).is_none() {
                        return false;
                    }
                }
                true
            }
            _ => true,
        }
    }
}

/// Checks the bytes of a model.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    walk(bytes, Message::Model)
}

/// Checks the bytes of a single tensor.
pub(crate) fn check_tensor(bytes: &[u8]) -> Result<(), Error> {
    walk(bytes, Message::Tensor)
}

fn walk(bytes: &[u8], outermost: Message) -> Result<(), Error> {
    let mut at = 0;
    let mut graphs = 0;
    // The messages that are open, and where each ends.
    let mut open = vec![(outermost, bytes.len())];
    while let Some(&(message, end)) = open.last() {
        if at == end {
            open.pop();
            continue;
        }
        let start = at;
        let cut = || Error::not_onnx(format!("it ends within the field at byte {start}"));
        let tag = varint(&bytes[..end], &mut at).ok_or_else(cut)?;
        let skip = match tag & 7 {
            0 => varint(&bytes[..end], &mut at).map(|_| 0),
            1 => Some(8),
            2 => varint(&bytes[..end], &mut at),
            5 => Some(4),
            _ => None,
        };
        let skip = skip.ok_or_else(|| Error::not_onnx(format!("the field at byte {start} has no known form")))?;
        let after = usize::try_from(skip).ok().and_then(|skip| at.checked_add(skip)).filter(|&after| after <= end);
        let after = after.ok_or_else(|| {
            let left = end - at;
            Error::not_onnx(format!("the field at byte {start} should have {skip} bytes, and {left} are left"))
        })?;
        match message.inner(tag >> 3).filter(|_| tag & 7 == 2) {
            Some(inner) => {
                graphs += usize::from(message == Message::Model && inner == Message::Graph);
                open.push((inner, after));
                if open.len() > DEEPEST {
                    return Err(Error::not_onnx(format!(
                        "messages are nested more than {DEEPEST} deep at byte {start}"
                    )));
                }
            }
            None if tag & 7 == 2 && !message.are_whole_numbers(tag >> 3, &bytes[at..after]) => {
                return Err(Error::not_onnx(format!("the numbers of the field at byte {start} are cut short")));
            }
            None => at = after,
        }
    }
    if outermost == Message::Model && graphs != 1 {
        return Err(Error::not_onnx(if graphs == 0 { "it holds no graph" } else { "it holds more than one graph" }));
    }
    Ok(())
}

/// A field of a message: its tag, where it begins, and where its content does and ends.
struct Field {
    tag: u64,
    start: usize,
    content: std::ops::Range<usize>,
}

impl Field {
    fn is_bytes(&self) -> bool {
        self.tag & 7 == 2
    }
}

/// The fields of a message that was checked.
fn raw_fields(bytes: &[u8]) -> impl Iterator<Item = Field> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let tag = varint(bytes, &mut at)?;
        let len = match tag & 7 {
            0 => varint(bytes, &mut at).map(|_| 0)?,
            1 => 8,
            2 => varint(bytes, &mut at)?,
            5 => 4,
            _ => return None,
        };
        let content = at;
        at = usize::try_from(len).ok().and_then(|len| at.checked_add(len)).filter(|&end| end <= bytes.len())?;
        Some(Field { tag, start, content: content..at })
    })
}

/// The fields of a message that was checked and that are text, bytes or messages: the number of each, and what it holds.
pub(crate) fn fields(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    raw_fields(bytes).filter(Field::is_bytes).map(|field| (field.tag >> 3, &bytes[field.content]))
}

/// The bytes of a model with a name for every graph: the parser leaves names of graphs out, and ONNX Runtime asks for those of bodies.
pub(crate) fn with_names_of_graphs(bytes: &[u8]) -> Vec<u8> {
    let mut named = Vec::with_capacity(bytes.len() + 64);
    name_graphs(bytes, Message::Model, &mut named);
    named
}

fn name_graphs(bytes: &[u8], message: Message, named: &mut Vec<u8>) {
    if message == Message::Graph {
        const NAME: u8 = 2;
        named.extend([NAME << 3 | 2, 1, b'g']);
    }
    for field in raw_fields(bytes) {
        let inner = message.inner(field.tag >> 3).filter(|_| field.is_bytes());
        match inner.filter(|inner| matches!(inner, Message::Graph | Message::Node | Message::Attribute)) {
            Some(inner) => {
                let mut content = Vec::new();
                name_graphs(&bytes[field.content], inner, &mut content);
                push_varint(field.tag, named);
                push_varint(content.len() as u64, named);
                named.extend(content);
            }
            None => named.extend(&bytes[field.start..field.content.end]),
        }
    }
}

fn push_varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A number of up to ten bytes with seven bits in each, the lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        // Of the tenth byte one bit is left.
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        check(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_graph_gets_a_name_and_all_else_stays() {
        // A model with a graph (7), in it a node (1) with an attribute (5) that holds a graph (6) with a node.
        let message = |field: u8, content: &[u8]| [&[field << 3 | 2, content.len() as u8], content].concat();
        let inner = message(1, b"");
        let model = |name: &[u8]| {
            let body = message(6, &[name, &inner].concat());
            let node = message(1, &message(5, &body));
            [&[8, 9][..], &message(7, &[name, &node].concat())].concat()
        };
        check(&model(b"")).unwrap();
        assert_eq!(with_names_of_graphs(&model(b"")), model(&message(2, b"g")));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        assert!(message(b"").contains("it holds no graph"));
        assert!(message(b"\x89PNG\r\n\x1a\n").contains("is not a whole ONNX model"));
        assert!(message(&[0x08, 0x08]).contains("it holds no graph"));
        // A graph of 2^40 bytes.
        assert!(
            message(&[0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20])
                .contains("should have 1099511627776 bytes, and 0 are left")
        );
    }

    #[test]
    fn numbers_that_are_cut_short_are_refused() {
        let tensor = |field: u8, bytes: &[u8]| check_tensor(&[&[field << 3 | 2, bytes.len() as u8], bytes].concat());
        assert!(tensor(4, &[0; 8]).is_ok() && tensor(10, &[0; 8]).is_ok() && tensor(7, &[0x80, 1]).is_ok());
        let beyond_64_bits = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        for (field, bytes) in
            [(7, &beyond_64_bits[..]), (4, &[0; 6]), (10, &[0; 12]), (7, &[1, 0x80]), (5, &[0x80; 11]), (1, &[0xff])]
        {
            let message = tensor(field, bytes).unwrap_err().to_string();
            assert!(message.contains("the numbers of the field at byte 0 are cut short"), "{message}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let mut bytes = Vec::new();
        let path = [1, 5, 6];
        for level in 0..400 {
            let field: u8 = if level == 399 { 7 } else { path[(398 - level) % 3] };
            let mut outer = vec![field << 3 | 2];
            let mut len = bytes.len();
            while len >= 0x80 {
                outer.push(len as u8 | 0x80);
                len >>= 7;
            }
            outer.push(len as u8);
            outer.extend(bytes);
            bytes = outer;
        }
        assert!(message(&bytes).contains("nested more than 100 deep"));
    }
}
