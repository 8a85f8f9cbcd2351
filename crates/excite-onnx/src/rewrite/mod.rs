//! Changes to a model before the engine loads it: results stay the same, and more can be run and seen.

pub(crate) mod embedded;
pub(crate) mod functions;
pub(crate) mod fused;
pub(crate) mod onnxruntime;
mod quantised;
pub(crate) mod spelling;
pub(crate) mod subgraphs;

use crate::graph::NodeExt;
use rten_onnx::onnx::{AttributeProto, AttributeType, DataType, NodeProto, TensorProto, ValueInfoProto};

/// Why no engine runs a Dropout that drops.
const IN_TRAINING: &str = "it is in training mode, and drops at random: export the model for inference";

/// Whether a Dropout drops, at random.
fn is_in_training(node: &NodeProto, known: &spelling::Known) -> bool {
    match node.input(2) {
        Some(mode) => known.values(mode).is_none_or(|mode| mode.first().is_some_and(|&mode| mode != 0.0)),
        // Before version 7 it was an attribute that said the contrary.
        None => known.opset < 7 && node.int("is_test", 0) == 0,
    }
}

pub(crate) fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(op.to_owned()),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

fn tensor(name: Option<&str>, dims: Vec<i64>, values: Vec<f32>) -> TensorProto {
    TensorProto {
        name: name.map(str::to_owned),
        dims,
        data_type: Some(DataType::FLOAT),
        float_data: values,
        ..TensorProto::default()
    }
}

pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        f: Some(value),
        r#type: Some(AttributeType::FLOAT),
        ..AttributeProto::default()
    }
}

fn integers(name: &str, values: Vec<i64>) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values,
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    }
}

/// An input or an output of a graph, of a type that is not said.
pub(crate) fn tensor_info(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: Some(name.to_owned()), r#type: None }
}
