//! A network as a graph of ONNX operators.

use excite::Function;
use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto};

use super::Constant;
use super::onnx::{float, integer, integers, node, tensor, text, value};
use crate::LabError;
use crate::network::Network;
use crate::operations::{Image, Parameters};

/// The graph of `network`, whose hidden layers have `function`, for samples of `shape`.
pub(super) fn of(network: &Network, function: Function, shape: &[usize]) -> Result<GraphProto, LabError> {
    let architecture = network.architecture();
    let mut graph = GraphProto {
        initializer: parameters(network).iter().map(tensor).collect(),
        input: vec![value("input", shape)],
        output: vec![value("output", &[architecture.outputs()])],
        ..GraphProto::default()
    };
    let convolutions = architecture.convolutions();
    let mut x = "input".to_owned();
    for (index, name) in layer_names(network).into_iter().enumerate() {
        if index == convolutions && (convolutions > 0 || shape.len() > 1) {
            graph.node.push(node("flatten", "Flatten", &[&x], "flat", vec![]));
            "flat".clone_into(&mut x);
        }
        let (weights, biases) = (format!("{name}.weight"), format!("{name}.bias"));
        let is_output = name == "output";
        let z = if is_output { name.clone() } else { format!("{name}.z") };
        if index < convolutions {
            let same = vec![integers("pads", &[1; 4])];
            graph.node.push(node(&name, "Conv", &[&x, &weights, &biases], &z, same));
        } else {
            let units_first = vec![integer("transB", 1)];
            graph.node.push(node(&name, "Gemm", &[&x, &weights, &biases], &z, units_first));
        }
        if is_output {
            break;
        }
        let a = format!("{name}.a");
        let (nodes, bounds) = activation(function, &z, &a)?;
        graph.node.extend(nodes);
        graph.initializer.extend(bounds.iter().map(tensor));
        if index < convolutions {
            let halved = ["kernel_shape", "strides"].map(|name| integers(name, &[2, 2]));
            x = format!("{name}.pooled");
            graph.node.push(node(&format!("{name}/pool"), "MaxPool", &[&a], &x, halved.into()));
        } else {
            x = a;
        }
    }
    Ok(graph)
}

/// The names of the layers in files: `conv_1`, `hidden_1`, `output`.
fn layer_names(network: &Network) -> Vec<String> {
    let hidden = network.architecture().hidden_layers().into_iter().map(|(name, _)| name.replace(' ', "_"));
    hidden.chain(["output".to_owned()]).collect()
}

/// The weights and biases, in the order of axes that ONNX and PyTorch have: images lie channels first.
pub(super) fn parameters(network: &Network) -> Vec<Constant> {
    let architecture = network.architecture();
    let convolutions = architecture.convolutions();
    let mut tensors = vec![];
    for (index, (name, layer)) in layer_names(network).iter().zip(&network.parameters).enumerate() {
        let Parameters { weights, biases } = layer;
        let (units, inputs, values) = (biases.len(), weights.columns, &weights.values);
        let flattened = architecture.image_after(convolutions).filter(|_| index == convolutions);
        let (shape, values) = if index < convolutions {
            (vec![units, inputs / 9, 3, 3], channels_first(values, Image { height: 3, width: 3, channels: inputs / 9 }))
        } else if let Some(image) = flattened {
            (vec![units, inputs], channels_first(values, image))
        } else {
            (vec![units, inputs], values.clone())
        };
        tensors.push(Constant { name: format!("{name}.weight"), shape, values });
        tensors.push(Constant { name: format!("{name}.bias"), shape: vec![units], values: biases.clone() });
    }
    tensors
}

/// Images one after the other with their channels last, as images with their channels first.
fn channels_first(values: &[f32], image: Image) -> Vec<f32> {
    let (channels, positions) = (image.channels, image.height * image.width);
    let one = |image: &[f32]| -> Vec<f32> {
        (0..channels * positions).map(|i| image[i % positions * channels + i / positions]).collect()
    };
    values.chunks(image.len()).flat_map(one).collect()
}

/// The nodes that compute the function from `z` to `a`, and the constants that they need.
pub(super) fn activation(f: Function, z: &str, a: &str) -> Result<(Vec<NodeProto>, Vec<Constant>), LabError> {
    let name = format!("{}/{}", z.trim_end_matches(".z"), f.name());
    let parameter = |index| f.parameter(index).unwrap_or(f64::NAN);
    let one =
        |operator: &str, attributes: Vec<AttributeProto>| (vec![node(&name, operator, &[z], a, attributes)], vec![]);
    let plain = |operator: &str| one(operator, vec![]);
    let alpha = |operator: &str| one(operator, vec![float("alpha", parameter(0))]);
    let clip = |low: f64, high: f64| {
        let ends = [("low", low), ("high", high)];
        let constants = ends.map(|(end, value)| Constant {
            name: format!("{name}.{end}"),
            shape: vec![],
            values: vec![value as f32],
        });
        let inputs = [z, &constants[0].name, &constants[1].name];
        (vec![node(&name, "Clip", &inputs, a, vec![])], constants.into())
    };
    let swish = |beta: f64| {
        // ONNX has no operator of that name before version 24.
        let (scaled, gate) = (format!("{a}.scaled"), format!("{a}.gate"));
        let (mut nodes, mut constants) = (vec![], vec![]);
        let argument = if beta == 1.0 {
            z
        } else {
            let factor = Constant { name: format!("{name}.beta"), shape: vec![], values: vec![beta as f32] };
            nodes.push(node(&format!("{name}/scale"), "Mul", &[z, &factor.name], &scaled, vec![]));
            constants.push(factor);
            &scaled
        };
        nodes.push(node(&format!("{name}/gate"), "Sigmoid", &[argument], &gate, vec![]));
        nodes.push(node(&name, "Mul", &[z, &gate], a, vec![]));
        (nodes, constants)
    };
    Ok(match f.name() {
        "sigmoid" => plain("Sigmoid"),
        "tanh" => plain("Tanh"),
        "relu" => plain("Relu"),
        "relu6" => clip(0.0, 6.0),
        "relu_n" => clip(0.0, parameter(0)),
        "hard_tanh" => clip(parameter(0), parameter(1)),
        "leaky_relu" | "prelu" => alpha("LeakyRelu"),
        "elu" => alpha("Elu"),
        "celu" => alpha("Celu"),
        "thresholded_relu" => alpha("ThresholdedRelu"),
        "selu" => plain("Selu"),
        "gelu" => plain("Gelu"),
        "gelu_tanh" => one("Gelu", vec![text("approximate", "tanh")]),
        "silu" => swish(1.0),
        "swish" => swish(parameter(0)),
        "mish" => plain("Mish"),
        "hard_swish" => plain("HardSwish"),
        "hard_sigmoid" => one("HardSigmoid", vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)]),
        "hard_shrink" => one("Shrink", vec![float("bias", 0.0), float("lambd", parameter(0))]),
        "soft_shrink" => {
            let ends = ["bias", "lambd"].map(|name| float(name, parameter(0)));
            one("Shrink", ends.into())
        }
        "softplus" => plain("Softplus"),
        "softsign" => plain("Softsign"),
        "exponential" => plain("Exp"),
        "sine" => plain("Sin"),
        "identity" => plain("Identity"),
        _ => {
            return Err(LabError::Plan(format!(
                "ONNX has no operator for {f}: leave it out, or do not save the networks"
            )));
        }
    })
}
