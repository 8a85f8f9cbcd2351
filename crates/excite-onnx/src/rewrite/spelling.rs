//! Nodes in place of a node that an engine lacks, or computes otherwise.

use std::collections::HashMap;

use rten_onnx::onnx::{AttributeProto, AttributeType, DataType, GraphProto, NodeProto, TensorProto};

use super::{node, tensor};
use crate::graph::NodeExt;
use crate::tensor_values;
use crate::types::Types;

/// Constants of more values are weights, whose values nobody asks for.
const SMALL: usize = 4096;

/// The facts about a model that are known before it is run.
pub(crate) struct Known<'a> {
    pub types: &'a Types,
    /// The version of the standard operators.
    pub opset: i64,
    /// The shapes of constants, and of the inputs and other tensors that declare one; −1 is an open size.
    shapes: HashMap<String, Vec<i64>>,
    /// The values of small constants.
    values: HashMap<String, Vec<f64>>,
}

impl<'a> Known<'a> {
    pub fn of(graph: &GraphProto, opset: i64, types: &'a Types) -> Self {
        let mut known = Self { types, opset, shapes: HashMap::new(), values: HashMap::new() };
        known.take(graph);
        known
    }

    fn take(&mut self, graph: &GraphProto) {
        for info in graph.input.iter().chain(&graph.value_info).chain(&graph.output) {
            let tensor = info.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
            if let (Some(name), Some(shape)) = (&info.name, tensor.and_then(|tensor| tensor.shape.as_ref())) {
                let sizes = shape.dim.iter().map(|size| size.dim_value.filter(|&size| size >= 0).unwrap_or(-1));
                self.shapes.insert(name.clone(), sizes.collect());
            }
        }
        for tensor in &graph.initializer {
            self.take_constant(tensor.name.as_deref().unwrap_or_default(), tensor);
        }
        for node in &graph.node {
            if let (true, Some(output)) = (node.op() == "Constant", node.output(0)) {
                self.take_constant_node(output, node);
            }
            let keeps = matches!(
                node.op(),
                "QuantizeLinear" | "DynamicQuantizeLinear" | "DequantizeLinear" | "Cast" | "Identity"
            );
            if let (true, Some(input), Some(output)) = (keeps, node.input(0), node.output(0))
                && let Some(shape) = self.shapes.get(input).cloned()
            {
                self.shapes.entry(output.to_owned()).or_insert(shape);
            }
            node.subgraphs().for_each(|body| self.take(body));
        }
    }

    fn take_constant(&mut self, name: &str, tensor: &TensorProto) {
        self.shapes.insert(name.to_owned(), tensor.dims.clone());
        if tensor_values::count(&tensor.dims).is_some_and(|count| count <= SMALL)
            && let Some(values) = tensor_values::values(tensor)
        {
            self.values.insert(name.to_owned(), values);
        }
    }

    fn take_constant_node(&mut self, output: &str, node: &NodeProto) {
        let Some(attribute) = node.attribute.first() else { return };
        let (shape, values) = match attribute.name.as_deref() {
            Some("value") => {
                if let Some(tensor) = &attribute.t {
                    self.take_constant(output, tensor);
                }
                return;
            }
            Some("value_float") => (Vec::new(), attribute.f.map(f64::from).into_iter().collect()),
            Some("value_int") => (Vec::new(), attribute.i.map(|value| value as f64).into_iter().collect()),
            Some("value_floats") => {
                (vec![attribute.floats.len() as i64], attribute.floats.iter().map(|&value| f64::from(value)).collect())
            }
            Some("value_ints") => (
                vec![attribute.ints.len() as i64],
                attribute.ints.iter().map(|&value| value as f64).collect::<Vec<_>>(),
            ),
            _ => return,
        };
        self.shapes.insert(output.to_owned(), shape);
        self.values.insert(output.to_owned(), values);
    }

    /// The sizes of a tensor, as far as the model declares them.
    pub fn shape(&self, tensor: &str) -> Option<&[i64]> {
        self.shapes.get(tensor).map(Vec::as_slice)
    }

    pub fn rank(&self, tensor: &str) -> Option<usize> {
        self.shape(tensor).map(<[i64]>::len)
    }

    /// The values of a small constant.
    pub fn values(&self, tensor: &str) -> Option<&[f64]> {
        self.values.get(tensor).map(Vec::as_slice)
    }

    pub fn data_type(&self, tensor: &str) -> Option<DataType> {
        self.types.get(tensor)
    }

    /// Whether a tensor is one of floats of any width; one of unknown type is taken for such.
    pub fn is_float(&self, tensor: &str) -> bool {
        let data_type = self.data_type(tensor);
        data_type.is_none_or(|data_type| {
            [DataType::FLOAT, DataType::FLOAT16, DataType::DOUBLE, DataType::BFLOAT16].contains(&data_type)
        })
    }
}

/// The nodes of one spelling; their tensors are named after its result.
pub(super) struct Spelling<'a> {
    pub(super) graph: &'a mut GraphProto,
    prefix: String,
    count: usize,
}

impl<'a> Spelling<'a> {
    /// Of a node that makes a tensor of that name.
    pub fn new(graph: &'a mut GraphProto, output: &str) -> Self {
        Self { graph, prefix: output.to_owned(), count: 0 }
    }

    /// A tensor of its own.
    pub fn name(&mut self) -> String {
        self.count += 1;
        format!("{}/excite.{}", self.prefix, self.count)
    }

    /// A node; gives the tensor that it makes.
    pub fn with_attributes(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let output = self.name();
        self.last(op, inputs, &output, attributes);
        output
    }

    pub fn step(&mut self, op: &str, inputs: &[&str]) -> String {
        self.with_attributes(op, inputs, Vec::new())
    }

    /// A node that makes a tensor of the graph.
    pub fn last(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<AttributeProto>) {
        self.graph.node.push(NodeProto { attribute: attributes, ..node(op, inputs, output) });
    }

    pub fn number(&mut self, value: f64) -> String {
        let name = self.name();
        self.graph.initializer.push(tensor(Some(&name), Vec::new(), vec![value as f32]));
        name
    }

    pub fn floats(&mut self, dims: Vec<i64>, values: Vec<f32>) -> String {
        let name = self.name();
        self.graph.initializer.push(tensor(Some(&name), dims, values));
        name
    }

    /// A list of integers.
    pub fn integers(&mut self, values: &[i64]) -> String {
        self.integers_of(vec![values.len() as i64], values)
    }

    /// A single integer.
    pub fn integer(&mut self, value: i64) -> String {
        self.integers_of(Vec::new(), &[value])
    }

    fn integers_of(&mut self, dims: Vec<i64>, values: &[i64]) -> String {
        let name = self.name();
        self.graph.initializer.push(TensorProto {
            name: Some(name.clone()),
            dims,
            data_type: Some(DataType::INT64),
            int64_data: values.to_vec(),
            ..TensorProto::default()
        });
        name
    }

    pub fn with(&mut self, op: &str, x: &str, number: f64) -> String {
        let number = self.number(number);
        self.step(op, &[x, &number])
    }

    pub fn cast(&mut self, x: &str, to: DataType) -> String {
        self.with_attributes("Cast", &[x], vec![integer("to", i64::from(to.0))])
    }

    /// A part of a tensor along some axes.
    pub fn slice(&mut self, x: &str, axis: i64, from: i64, to: i64) -> String {
        let [from, to, axis] = [from, to, axis].map(|number| self.integers(&[number]));
        self.step("Slice", &[x, &from, &to, &axis])
    }
}

/// An attribute of one integer.
pub(super) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}
