//! The messages of ONNX that a network needs. Field numbers are those of onnx.proto3 (ONNX 1.19).

use std::cell::RefCell;

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};
use rten_onnx::protobuf::{EncodeMessage, MessageWriter, ProtobufError, ValueWriter, WriteValue};

use super::Constant;

/// The version of the operators: the first with Gelu.
const OPSET: i64 = 20;
/// The version of the file's form that belongs to it.
const IR_VERSION: i64 = 9;

pub(super) fn node(
    name: &str,
    operator: &str,
    inputs: &[&str],
    output: &str,
    attributes: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        name: Some(name.to_owned()),
        op_type: Some(operator.to_owned()),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute: attributes,
        domain: None,
    }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: Some(name.to_owned()), r#type: Some(kind), ..AttributeProto::default() }
}

pub(super) fn float(name: &str, value: f64) -> AttributeProto {
    AttributeProto { f: Some(value as f32), ..attribute(name, AttributeType::FLOAT) }
}

pub(super) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: Some(value), ..attribute(name, AttributeType::INT) }
}

pub(super) fn integers(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, AttributeType::INTS) }
}

pub(super) fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: Some(value.to_owned()), ..attribute(name, AttributeType::STRING) }
}

pub(super) fn tensor(constant: &Constant) -> TensorProto {
    TensorProto {
        name: Some(constant.name.clone()),
        dims: constant.shape.iter().map(|&extent| extent as i64).collect(),
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(super::little_endian(&constant.values))),
        ..TensorProto::default()
    }
}

/// An input or an output of floats, with a first axis of any length and others of these sizes.
pub(super) fn value(name: &str, sizes: &[usize]) -> ValueInfoProto {
    let any = Dimension { dim_value: None, dim_param: Some("batch".to_owned()) };
    let fixed = sizes.iter().map(|&size| Dimension { dim_value: Some(size as i64), dim_param: None });
    let shape = TensorShapeProto { dim: std::iter::once(any).chain(fixed).collect() };
    let tensor = TypeProtoTensor { elem_type: Some(DataType::FLOAT), shape: Some(shape) };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(tensor), sequence: None }),
    }
}

/// The file of a model with this graph.
pub(super) fn encoded(graph: GraphProto) -> Vec<u8> {
    let model = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("excite".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        opset_import: vec![OperatorSetIdProto { domain: None, version: Some(OPSET) }],
        ..ModelProto::default()
    };
    let mut bytes = vec![];
    let file = File { model, graph: NamedGraph(graph) };
    file.encode(ValueWriter::new(&mut bytes)).expect("a vector takes every byte");
    bytes
}

/// An entry of a model's metadata. Appended to the file of a model it is one of that model: protocol buffers merge so.
pub(super) fn metadata(key: &str, value: String) -> Vec<u8> {
    let entry = StringStringEntryProto { key: Some(key.to_owned()), value: Some(value) };
    let model = ModelProto { metadata_props: vec![entry], ..ModelProto::default() };
    let mut bytes = vec![];
    model.encode(ValueWriter::new(&mut bytes)).expect("a vector takes every byte");
    bytes
}

/// A graph with its name, which ONNX demands and `GraphProto` leaves out.
struct NamedGraph(GraphProto);

impl EncodeMessage for NamedGraph {
    fn encode_fields<W: WriteValue>(&self, fields: &mut MessageWriter<W>) -> Result<(), ProtobufError> {
        fields.write_string(2, "network")?;
        self.0.encode_fields(fields)
    }
}

/// A model, all but its graph, and the graph.
struct File {
    model: ModelProto,
    graph: NamedGraph,
}

impl EncodeMessage for File {
    fn encode_fields<W: WriteValue>(&self, fields: &mut MessageWriter<W>) -> Result<(), ProtobufError> {
        self.model.encode_fields(fields)?;
        fields.write_message(7, &self.graph)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_has_its_name_and_is_read_back() {
        let constant = Constant { name: "w".to_owned(), shape: vec![2], values: vec![1.5, -2.0] };
        let graph = GraphProto {
            node: vec![node("n", "Relu", &["x"], "y", vec![integers("pads", &[1, 300])])],
            initializer: vec![tensor(&constant)],
            input: vec![value("x", &[2])],
            output: vec![value("y", &[2])],
            ..GraphProto::default()
        };
        let bytes = encoded(graph);
        assert!(bytes.windows(9).any(|field| field == b"\x12\x07network"), "field 2 of the graph");
        let model = ModelProto::parse_buf(&bytes).unwrap();
        let graph = model.graph.unwrap();
        assert_eq!((model.ir_version, model.opset_import[0].version), (Some(9), Some(20)));
        assert_eq!(graph.node[0].attribute[0].ints, [1, 300]);
        assert_eq!((&graph.initializer[0].dims[..], graph.input[0].name.as_deref()), (&[2][..], Some("x")));
        let with_metadata = [bytes, metadata("k", "v".to_owned())].concat();
        let model = ModelProto::parse_buf(&with_metadata).unwrap();
        assert_eq!((model.ir_version, model.graph.is_some()), (Some(9), true));
        assert_eq!(model.metadata_props[0].value.as_deref(), Some("v"));
    }
}
