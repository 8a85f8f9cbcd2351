//! Writes small models down, and runs them.

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};

use crate::{Array, InputSet, Model, SiteFunction, Values};

/// A graph under construction. Its nodes name their outputs after themselves.
#[derive(Default)]
pub struct Builder {
    pub graph: GraphProto,
    opset: Option<i64>,
}

pub enum Attribute<'a> {
    Float(&'a str, f32),
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
    Text(&'a str, &'a str),
    Graph(&'a str, GraphProto),
}

impl Attribute<'_> {
    fn proto(self) -> AttributeProto {
        let (name, attribute) = match self {
            Self::Float(name, f) => {
                (name, AttributeProto { f: Some(f), r#type: Some(AttributeType::FLOAT), ..Default::default() })
            }
            Self::Int(name, i) => {
                (name, AttributeProto { i: Some(i), r#type: Some(AttributeType::INT), ..Default::default() })
            }
            Self::Ints(name, ints) => {
                (name, AttributeProto { ints: ints.to_vec(), r#type: Some(AttributeType::INTS), ..Default::default() })
            }
            Self::Text(name, s) => {
                (name, AttributeProto { s: Some(s.into()), r#type: Some(AttributeType::STRING), ..Default::default() })
            }
            Self::Graph(name, g) => {
                (name, AttributeProto { g: Some(g), r#type: Some(AttributeType::GRAPH), ..Default::default() })
            }
        };
        AttributeProto { name: Some(name.to_owned()), ..attribute }
    }
}

pub fn value_info(name: &str, data_type: DataType, shape: Option<&[i64]>) -> ValueInfoProto {
    let dim = |&size: &i64| match size {
        -1 => Dimension { dim_value: None, dim_param: Some("batch".into()) },
        size => Dimension { dim_value: Some(size), dim_param: None },
    };
    let shape = shape.map(|shape| TensorShapeProto { dim: shape.iter().map(dim).collect() });
    let tensor = TypeProtoTensor { elem_type: Some(data_type), shape };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(tensor), sequence: None }),
    }
}

impl Builder {
    /// A graph with one input `x` of floats; −1 is a size that is open.
    pub fn new(shape: &[i64]) -> Self {
        let mut builder = Self::default();
        builder.graph.input.push(value_info("x", DataType::FLOAT, Some(shape)));
        builder
    }

    pub fn opset(mut self, opset: i64) -> Self {
        self.opset = Some(opset);
        self
    }

    pub fn constant(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        self.graph.initializer.push(TensorProto {
            name: Some(name.to_owned()),
            dims: dims.to_vec(),
            data_type: Some(DataType::FLOAT),
            float_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    pub fn number(self, name: &str, value: f32) -> Self {
        self.constant(name, &[], &[value])
    }

    pub fn integers(mut self, name: &str, values: &[i64]) -> Self {
        self.graph.initializer.push(TensorProto {
            name: Some(name.to_owned()),
            dims: vec![values.len() as i64],
            data_type: Some(DataType::INT64),
            int64_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    /// One byte without axes.
    pub fn byte(mut self, name: &str, value: i32) -> Self {
        self.graph.initializer.push(TensorProto {
            name: Some(name.to_owned()),
            data_type: Some(DataType::UINT8),
            int32_data: vec![value],
            ..TensorProto::default()
        });
        self
    }

    /// Integers of a type of up to 32 bits.
    pub fn small_integers(mut self, name: &str, data_type: DataType, dims: &[i64], values: &[i32]) -> Self {
        self.graph.initializer.push(TensorProto {
            name: Some(name.to_owned()),
            dims: dims.to_vec(),
            data_type: Some(data_type),
            int32_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    /// Weights that are the same in every run of the tests.
    pub fn weights(self, name: &str, dims: &[i64]) -> Self {
        let count = dims.iter().product::<i64>() as usize;
        let values: Vec<f32> = (0..count).map(|index| ((index * 37 + 11) % 29) as f32 / 29.0 - 0.5).collect();
        self.constant(name, dims, &values)
    }

    pub fn node(self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.with(op, inputs, &[output], vec![])
    }

    pub fn with(mut self, op: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<Attribute>) -> Self {
        self.graph.node.push(NodeProto {
            op_type: Some(op.to_owned()),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: outputs.iter().map(|&name| name.to_owned()).collect(),
            attribute: attributes.into_iter().map(Attribute::proto).collect(),
            ..NodeProto::default()
        });
        self
    }

    pub fn output(mut self, name: &str) -> Self {
        self.graph.output.push(ValueInfoProto { name: Some(name.to_owned()), r#type: None });
        self
    }

    /// The model; its last node gives the output if none was named.
    pub fn proto(mut self) -> ModelProto {
        if self.graph.output.is_empty() {
            let last = self.graph.node.last().unwrap().output[0].clone();
            self = self.output(&last);
        }
        let opset = OperatorSetIdProto { domain: None, version: Some(self.opset.unwrap_or(17)) };
        ModelProto { ir_version: Some(8), graph: Some(self.graph), opset_import: vec![opset], ..ModelProto::default() }
    }

    pub fn model(self) -> Model {
        Model::from_bytes(self.proto().write_buf().unwrap()).unwrap()
    }
}

/// An input of numbers from −8 to 8.
pub fn input(shape: &[usize]) -> InputSet {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|index| ((index * 53 + 7) % 97) as f32 / 6.0 - 8.0).collect();
    let array = Array { shape: shape.to_vec(), values: Values::F32(values) };
    InputSet { name: "test".into(), tensors: vec![("x".into(), array)] }
}

/// What an activation showed.
pub struct Seen {
    pub name: String,
    pub z: Vec<f32>,
    pub a: Vec<f32>,
    pub shape: Vec<usize>,
    pub unit_axis: usize,
}

/// Runs a model; every activation of one number must be shown as its function's value of its argument.
pub fn observe(model: &Model, run: &InputSet) -> Vec<Seen> {
    let mut all = Vec::new();
    model.plain_run(run).unwrap();
    model
        .observe(run, |seen| {
            if let SiteFunction::Each(function) = seen.site.function
                && seen.site.unit_functions.is_empty()
            {
                for (&z, &a) in seen.z.iter().zip(seen.a) {
                    let expected: f32 = function.value(z);
                    assert!(
                        (expected - a).abs() <= 2e-4 * expected.abs().max(1.0),
                        "{function} of {z} is shown as {a}"
                    );
                }
            }
            all.push(Seen {
                name: seen.site.name.clone(),
                z: seen.z.to_vec(),
                a: seen.a.to_vec(),
                shape: seen.shape.to_vec(),
                unit_axis: seen.unit_axis,
            });
        })
        .unwrap();
    all
}

/// The activations of a model of `x` of 2 × 3 numbers, as text; each must be shown when the model is run.
pub fn found(builder: Builder) -> Vec<String> {
    let model = builder.model();
    assert_eq!(observe(&model, &input(&[2, 3])).len(), model.sites().len());
    model.sites().iter().map(|site| format!("{} {} {:?}", site.pre_activation, site.function, site.role)).collect()
}

pub fn flat() -> Builder {
    Builder::new(&[2, 3])
}
