//! A model as the embedded engine computes it rightly: operators that it lacks, or computes otherwise than ONNX says, are spelled with
//! others, and what cannot be is refused, by operator and node.

mod activations;
mod integers;
mod loops;
mod recurrent;
mod refuse;
mod resize;
mod rows;
mod selection;
mod tail;
mod windows;

use rten_onnx::onnx::{GraphProto, NodeProto};

pub(crate) use self::tail::{CutOff, cut};
use super::spelling::{Known, Spelling};
use crate::Error;
use crate::graph::NodeExt;

/// What becomes of a node.
enum Change {
    /// It stays as it is, or as it was changed.
    Keep,
    /// Other nodes were put in its place.
    Replaced,
}

type Rule = fn(&mut Spelling, &mut NodeProto, &Known) -> Result<Change, Error>;

/// The rules for an operator of the standard, or one of `com.microsoft`.
fn rules(op: &str) -> &'static [Rule] {
    match op {
        "Selu" | "Celu" | "Mish" | "ThresholdedRelu" | "Shrink" | "Softplus" | "Sign" => &[activations::spell],
        "Softmax" | "LogSoftmax" | "Hardmax" => &[rows::softmax],
        "GroupNormalization" => &[rows::group_normalization],
        "LRN" => &[rows::local_response_normalization],
        "MeanVarianceNormalization" => &[rows::mean_variance_normalization],
        "Conv" | "ConvTranspose" | "ConvInteger" => {
            &[windows::state_kernel, windows::same_lower, integers::convolution]
        }
        "MaxPool" | "AveragePool" | "LpPool" => &[windows::state_strides, windows::same_lower],
        "ArgMax" | "ArgMin" => &[selection::arg_extreme],
        "NonMaxSuppression" => &[selection::order_corners],
        "Resize" => &[resize::resize],
        "Scaler" => &[rows::scaler],
        "MatMul" => &[rows::matrix_by_vector],
        "MatMulInteger" => &[integers::product],
        "Scan" => &[loops::scan],
        "RNN" | "LSTM" | "GRU" => &[recurrent::spell],
        "Slice" => &[selection::start_inside],
        "QuantizeLinear" => &[integers::quantize],
        "DequantizeLinear" => &[integers::dequantize],
        "DynamicQuantizeLinear" => &[integers::quantize_dynamically],
        "Cast" => &[integers::cast_to_bool],
        "Dropout" => &[activations::dropout],
        "Pow" => &[activations::float_exponent],
        "SkipLayerNormalization" | "SkipSimplifiedLayerNormalization" => &[rows::state_epsilon],
        _ => &[],
    }
}

/// Changes a graph and all graphs in it for the embedded engine.
pub(crate) fn adapt(graph: &mut GraphProto, known: &Known) -> Result<(), Error> {
    graph.initializer.iter_mut().for_each(integers::widen);
    for mut node in std::mem::take(&mut graph.node) {
        for body in node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()) {
            adapt(body, known)?;
        }
        refuse::refuse(&node, known)?;
        let title = node.output.iter().find(|name| !name.is_empty()).map_or_else(|| node.title(), String::as_str);
        let mut spelling = Spelling::new(graph, title);
        let mut change = Change::Keep;
        for rule in rules(node.op()) {
            change = rule(&mut spelling, &mut node, known)?;
            if matches!(change, Change::Replaced) {
                break;
            }
        }
        if matches!(change, Change::Keep) {
            graph.node.push(node);
        }
    }
    Ok(())
}

/// The first input and the first output of a node.
fn ends(node: &NodeProto) -> Result<(&str, &str), Error> {
    let ends = node.input(0).zip(node.output(0));
    ends.ok_or_else(|| Error::broken(node.title(), format!("its {} has no input or no output", node.op())))
}

/// A refusal that names the operator and the node.
fn refused(node: &NodeProto, what: &str) -> Error {
    let fix = "it runs on ONNX Runtime (--engine onnxruntime, after pip install onnxruntime)";
    Error::unsupported(node.title(), format!("the embedded engine has no {} {what}; {fix}", node.op()))
}
