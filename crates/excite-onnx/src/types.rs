//! The types of the numbers of a graph's tensors, as far as they follow from what the model declares and from its operators.

use std::collections::HashMap;

use rten_onnx::onnx::{DataType, GraphProto, NodeProto, ValueInfoProto};

use crate::graph::NodeExt;

/// The types of the tensors of a graph and of all graphs in it, by name.
pub(crate) struct Types(HashMap<String, DataType>);

impl Types {
    pub fn of(graph: &GraphProto) -> Self {
        let mut types = Self(HashMap::new());
        types.take(graph);
        types
    }

    pub fn get(&self, tensor: &str) -> Option<DataType> {
        self.0.get(tensor).copied()
    }

    fn take(&mut self, graph: &GraphProto) {
        for info in graph.input.iter().chain(&graph.value_info).chain(&graph.output) {
            if let (Some(name), Some(declared)) = (&info.name, declared(info)) {
                self.0.insert(name.clone(), declared);
            }
        }
        for tensor in &graph.initializer {
            if let (Some(name), Some(declared)) = (&tensor.name, tensor.data_type) {
                self.0.insert(name.clone(), declared);
            }
        }
        for node in &graph.node {
            node.subgraphs().for_each(|body| self.take(body));
            for (index, output) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
                if let Some(made) = self.made(node, index) {
                    self.0.entry(output.clone()).or_insert(made);
                }
            }
        }
    }

    /// The type of an output of a node.
    fn made(&self, node: &NodeProto, output: usize) -> Option<DataType> {
        let input = |index: usize| node.input(index).and_then(|name| self.get(name));
        let attribute = |name: &str| {
            let value = node.find_attribute(name)?.i.and_then(|value| i32::try_from(value).ok())?;
            (value != 0).then_some(DataType(value))
        };
        Some(match (node.op(), output) {
            ("Cast", _) => attribute("to")?,
            ("CastLike" | "Where" | "DequantizeLinear", _) => match node.op() {
                "DequantizeLinear" => attribute("output_dtype").or_else(|| input(1))?,
                _ => input(1)?,
            },
            ("Constant", _) => constant(node)?,
            ("ConstantOfShape", _) => node
                .find_attribute("value")
                .and_then(|value| value.t.as_ref())
                .map_or(Some(DataType::FLOAT), |tensor| tensor.data_type)?,
            ("QuantizeLinear", _) => attribute("output_dtype").or_else(|| input(2)).unwrap_or(DataType::UINT8),
            ("DynamicQuantizeLinear", 0 | 2) => DataType::UINT8,
            ("DynamicQuantizeLinear", _) => DataType::FLOAT,
            ("ConvInteger" | "MatMulInteger", _) => DataType::INT32,
            ("QLinearConv" | "QLinearMatMul", _) => input(7)?,
            (
                "And" | "Or" | "Xor" | "Not" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual"
                | "IsNaN" | "IsInf",
                _,
            ) => DataType::BOOL,
            ("Shape" | "Size" | "ArgMax" | "ArgMin" | "NonZero" | "NonMaxSuppression" | "SequenceLength", _)
            | ("TopK" | "MaxPool", 1) => DataType::INT64,
            ("RandomNormal" | "RandomUniform", _) => attribute("dtype").unwrap_or(DataType::FLOAT),
            ("RandomNormalLike" | "RandomUniformLike" | "EyeLike" | "Bernoulli", _) => {
                attribute("dtype").or_else(|| input(0))?
            }
            ("Dropout", 1) => DataType::BOOL,
            ("OneHot", _) => input(2)?,
            ("If", _) => {
                let result = |body: &GraphProto| self.get(body.output.get(output)?.name.as_deref()?);
                node.subgraphs().find_map(result)?
            }
            ("Loop", _) => {
                let body = node.subgraphs().next()?;
                self.get(body.output.get(output + 1)?.name.as_deref()?)?
            }
            ("Scan" | "SequenceAt", _) => return None,
            _ => input(0)?,
        })
    }
}

/// The type that a Constant node's attribute has.
fn constant(node: &NodeProto) -> Option<DataType> {
    let attribute = node.attribute.first()?;
    match attribute.name.as_deref()? {
        "value" => attribute.t.as_ref()?.data_type,
        "value_float" | "value_floats" => Some(DataType::FLOAT),
        "value_int" | "value_ints" => Some(DataType::INT64),
        _ => None,
    }
}

fn declared(info: &ValueInfoProto) -> Option<DataType> {
    info.r#type.as_ref()?.tensor_type.as_ref()?.elem_type
}
