//! ONNX models: read and looked through, but not run.

use excite_onnx::Model;
use excite_onnx::inputs::{InputOptions, random};
use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};

use crate::Target;

/// ONNX models: their activations, the constants of their layers, and random inputs for them.
pub const MODEL: Target = Target { name: "model", read, seeds };

fn read(bytes: &[u8]) -> bool {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return false };
    for site in model.sites() {
        assert!(!site.function.to_string().is_empty());
    }
    if let Ok(runs) = random(&model, 1, 0, &InputOptions::default()) {
        // A size of 0 is refused, for one.
        if let Err(error) = model.check(&runs[0]) {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
    true
}

/// A node: operator, inputs, output.
type Node<'a> = (&'a str, &'a [&'a str], &'a str);

/// `y = Relu(x)` of a shape, in which −1 is a batch of any size.
pub(crate) fn relu(data_type: DataType, shape: Option<&[i64]>) -> Vec<u8> {
    written(graph(data_type, shape, &[("Relu", &["x"], "y")]))
}

/// A graph from `x` to the last output, with the constants that the nodes of the seeds read.
fn graph(data_type: DataType, shape: Option<&[i64]>, nodes: &[Node]) -> GraphProto {
    let dim = |&size: &i64| match size {
        -1 => Dimension { dim_value: None, dim_param: Some("batch".into()) },
        size => Dimension { dim_value: Some(size), dim_param: None },
    };
    let shape = shape.map(|shape| TensorShapeProto { dim: shape.iter().map(dim).collect() });
    let tensor = TypeProtoTensor { elem_type: Some(data_type), shape };
    let info = |name: &str, tensor| ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: tensor, sequence: None }),
    };
    let text = |text: &str| Some(text.to_owned());
    let node = |&(op, inputs, output): &Node| NodeProto {
        op_type: text(op),
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    let read = |name: &str| nodes.iter().any(|(_, inputs, _)| inputs.contains(&name));
    let constant = |(name, dims): (&str, &[i64])| TensorProto {
        name: text(name),
        dims: dims.to_vec(),
        data_type: Some(DataType::FLOAT),
        float_data: vec![name.parse().unwrap_or(0.5); dims.iter().product::<i64>() as usize],
        ..TensorProto::default()
    };
    let numbers = ["0", "0.5", "1", "3", "6", "1.4142135", "0.7978846", "0.044715"].map(|name| (name, &[][..]));
    let weights: [(&str, &[i64]); 5] =
        [("w33", &[3, 3]), ("w3", &[3]), ("conv", &[2, 3, 1, 1]), ("gates", &[1, 8, 3]), ("recurrent", &[1, 8, 2])];
    let constants = numbers.into_iter().chain(weights).filter(|(name, _)| read(name)).map(constant);
    GraphProto {
        node: nodes.iter().map(node).collect(),
        initializer: constants.collect(),
        input: vec![info("x", Some(tensor))],
        output: vec![info(nodes.last().map_or("x", |node| node.2), None)],
        ..GraphProto::default()
    }
}

fn written(graph: GraphProto) -> Vec<u8> {
    let opset = OperatorSetIdProto { domain: None, version: Some(17) };
    let model =
        ModelProto { ir_version: Some(8), graph: Some(graph), opset_import: vec![opset], ..ModelProto::default() };
    model.write_buf().expect("the model can be written")
}

fn seeds() -> Vec<Vec<u8>> {
    let chains: [&[Node]; 9] = [
        &[("MatMul", &["x", "w33"], "m"), ("Add", &["m", "w3"], "z"), ("Relu", &["z"], "y")],
        &[("Gemm", &["x", "w33", "w3"], "z"), ("Selu", &["z"], "a"), ("Softmax", &["a"], "y")],
        &[("Clip", &["x", "0", "6"], "a"), ("PRelu", &["a", "w3"], "y")],
        &[("Sigmoid", &["x"], "s"), ("Mul", &["x", "s"], "y")],
        &[
            ("Add", &["x", "3"], "t"),
            ("Clip", &["t", "0", "6"], "c"),
            ("Mul", &["x", "c"], "m"),
            ("Div", &["m", "6"], "y"),
        ],
        &[
            ("Div", &["x", "1.4142135"], "d"),
            ("Erf", &["d"], "e"),
            ("Add", &["e", "1"], "f"),
            ("Mul", &["x", "f"], "g"),
            ("Mul", &["g", "0.5"], "y"),
        ],
        &[
            ("Pow", &["x", "3"], "p"),
            ("Mul", &["p", "0.044715"], "q"),
            ("Add", &["x", "q"], "r"),
            ("Mul", &["r", "0.7978846"], "s"),
            ("Tanh", &["s"], "t"),
            ("Add", &["t", "1"], "u"),
            ("Mul", &["x", "u"], "v"),
            ("Mul", &["v", "0.5"], "y"),
        ],
        &[("Softplus", &["x"], "s"), ("Tanh", &["s"], "t"), ("Mul", &["x", "t"], "y")],
        &[("Mish", &["x"], "a"), ("ThresholdedRelu", &["a"], "b"), ("Celu", &["b"], "c"), ("Shrink", &["c"], "y")],
    ];
    let chains = chains.map(|nodes| graph(DataType::FLOAT, Some(&[-1, 3]), nodes));
    let conv =
        graph(DataType::FLOAT, Some(&[1, 3, 2, 2]), &[("Conv", &["x", "conv"], "z"), ("LeakyRelu", &["z"], "y")]);
    let mut recurrent =
        graph(DataType::FLOAT, Some(&[4, -1, 3]), &[("LSTM", &["x", "gates", "recurrent"], "y"), ("Elu", &["y"], "z")]);
    let attribute = |name: &str, r#type| AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(r#type),
        ..AttributeProto::default()
    };
    recurrent.node[0].attribute = vec![AttributeProto { i: Some(2), ..attribute("hidden_size", AttributeType::INT) }];
    // If(x) { Relu(x) } else { Tanh(x) }
    let mut branches = graph(DataType::BOOL, Some(&[]), &[("Cast", &["x"], "f"), ("If", &["x"], "y")]);
    branches.node[0].attribute = vec![AttributeProto { i: Some(1), ..attribute("to", AttributeType::INT) }];
    let branch = |name: &str, nodes: &[Node]| {
        let body = GraphProto { input: vec![], ..graph(DataType::FLOAT, None, nodes) };
        AttributeProto { g: Some(body), ..attribute(name, AttributeType::GRAPH) }
    };
    branches.node[1].attribute =
        vec![branch("then_branch", &[("Relu", &["f"], "a")]), branch("else_branch", &[("Tanh", &["f"], "b")])];
    chains.into_iter().chain([conv, recurrent, branches]).map(written).collect()
}
