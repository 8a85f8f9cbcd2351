//! The little of ONNX that a network needs, in the bytes of protocol buffers. Field numbers are those of onnx.proto3 (ONNX 1.19).

/// The version of the operators: the first with Gelu.
const OPSET: u64 = 20;
/// The version of the file's form that belongs to it.
const IR_VERSION: u64 = 9;
/// TensorProto.FLOAT.
const FLOAT: u64 = 1;

/// A graph with one input and one output, both of floats with a first axis of any length.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) tensors: Vec<Constant>,
    /// The name, and the axes after the first.
    pub(super) input: (String, Vec<usize>),
    pub(super) output: (String, Vec<usize>),
}

/// An operator at work.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) operator: &'static str,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
}

pub(super) enum Attribute {
    Float(f64),
    Integer(u64),
    Integers(Vec<u64>),
    Text(&'static str),
}

/// A tensor that the file holds; one of no axes is a number.
pub(super) struct Constant {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl Graph {
    /// The bytes of the file.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut graph = Message::default();
        self.nodes.iter().for_each(|node| graph.message(1, &node.encoded()));
        graph.bytes(2, b"network");
        self.tensors.iter().for_each(|tensor| graph.message(5, &tensor.encoded()));
        graph.message(11, &value(&self.input));
        graph.message(12, &value(&self.output));
        let mut operators = Message::default();
        operators.number(2, OPSET);
        let mut model = Message::default();
        model.number(1, IR_VERSION);
        model.bytes(2, b"excite");
        model.bytes(3, env!("CARGO_PKG_VERSION").as_bytes());
        model.message(7, &graph);
        model.message(8, &operators);
        model.0
    }
}

impl Node {
    fn encoded(&self) -> Message {
        let mut node = Message::default();
        self.inputs.iter().for_each(|input| node.bytes(1, input.as_bytes()));
        node.bytes(2, self.output.as_bytes());
        node.bytes(3, self.name.as_bytes());
        node.bytes(4, self.operator.as_bytes());
        for (name, value) in &self.attributes {
            let mut attribute = Message::default();
            attribute.bytes(1, name.as_bytes());
            // The field of the value, and the kind that field 20 says it is.
            let kind = match value {
                Attribute::Float(value) => {
                    attribute.float(2, *value as f32);
                    1
                }
                Attribute::Integer(value) => {
                    attribute.number(3, *value);
                    2
                }
                Attribute::Text(value) => {
                    attribute.bytes(4, value.as_bytes());
                    3
                }
                Attribute::Integers(values) => {
                    for value in values {
                        attribute.number(8, *value);
                    }
                    7
                }
            };
            attribute.number(20, kind);
            node.message(5, &attribute);
        }
        node
    }
}

impl Constant {
    fn encoded(&self) -> Message {
        let mut tensor = Message::default();
        self.shape.iter().for_each(|&extent| tensor.number(1, extent as u64));
        tensor.number(2, FLOAT);
        tensor.bytes(8, self.name.as_bytes());
        tensor.bytes(9, &super::little_endian(&self.values));
        tensor
    }
}

fn value((name, sizes): &(String, Vec<usize>)) -> Message {
    let mut shape = Message::default();
    let mut any = Message::default();
    any.bytes(2, b"batch");
    shape.message(1, &any);
    for &size in sizes {
        let mut axis = Message::default();
        axis.number(1, size as u64);
        shape.message(1, &axis);
    }
    let mut tensor = Message::default();
    tensor.number(1, FLOAT);
    tensor.message(2, &shape);
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut value = Message::default();
    value.bytes(1, name.as_bytes());
    value.message(2, &kind);
    value
}

/// Fields one after the other.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_bytes_of_the_specification() {
        // The examples of the encoding's documentation: 150 in field 1, "testing" in field 2, and a message with 150 in field 3.
        let mut inner = Message::default();
        inner.number(1, 150);
        assert_eq!(inner.0, [0x08, 0x96, 0x01]);
        let mut outer = Message::default();
        outer.bytes(2, b"testing");
        outer.message(3, &inner);
        assert_eq!(outer.0, b"\x12\x07testing\x1a\x03\x08\x96\x01");
    }
}
