//! The formats that a converter to TensorFlow Lite chose: the scales of a `.tflite` file, read without running it.

mod flat;

use std::path::Path;

use serde::{Deserialize, Serialize};

use self::flat::Table;
use super::bounds::{bounds_of, note};
use crate::Error;

/// What a `.tflite` file says of its activations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConvertedModel {
    /// The version of this form.
    pub version: u32,
    /// The model's name.
    pub model: String,
    /// The state of its formats, in a sentence.
    pub headline: String,
    /// The activations, in the order of the file.
    pub layers: Vec<ConvertedLayer>,
}

/// An activation of such a file, with the codes of its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConvertedLayer {
    /// The tensor of its results.
    pub name: String,
    /// Its function.
    pub function: String,
    /// The operator that it is, or is part of.
    pub operator: String,
    /// The type of its codes; `"float32"` where it is not quantised.
    pub r#type: String,
    /// The step from one code to the next; None where it is not quantised.
    pub scale: Option<f32>,
    /// The code of 0.
    pub zero_point: Option<i64>,
    /// The least number that its codes hold.
    pub low: Option<f64>,
    /// The largest number that its codes hold.
    pub high: Option<f64>,
    /// The number of units whose weights have a scale of their own; 1 for one scale for all, None without weights in integers.
    pub weight_scales: Option<usize>,
    /// A remark on the range; empty where it fits.
    pub note: String,
}

impl ConvertedModel {
    /// The version of the form.
    pub const VERSION: u32 = 1;

    /// Whether a file is one of TensorFlow Lite, by its content.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.get(4..8) == Some(b"TFL3")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is no such file, or has no activations.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let fault = |fault: String| Error::Converted { path: path.to_owned(), fault };
        let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::parse(&bytes, &name).map_err(fault)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If they are no such file, or hold no activations.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, String> {
        if !Self::is_one(bytes) {
            return Err("it is no model of TensorFlow Lite".to_owned());
        }
        let cut = || "it is cut short or broken".to_owned();
        let root = Table::root(bytes).ok_or_else(cut)?;
        let codes: Vec<i32> = root.tables(1).iter().map(builtin_code).collect();
        let graphs = root.tables(2);
        if graphs.is_empty() {
            return Err(cut());
        }
        let layers: Vec<ConvertedLayer> = graphs.iter().flat_map(|graph| of_graph(graph, &codes)).collect();
        if layers.is_empty() {
            return Err("it has no activation functions".to_owned());
        }
        let headline = headline(&layers);
        Ok(Self { version: Self::VERSION, model: name.to_owned(), headline, layers })
    }
}

/// Of an operator code: files before 2020 have it in a byte.
fn builtin_code(code: &Table<'_>) -> i32 {
    i32::from(code.byte(0)).max(code.int(3))
}

fn of_graph(graph: &Table<'_>, codes: &[i32]) -> Vec<ConvertedLayer> {
    let tensors = graph.tables(0);
    let tensor = |index: Option<&i32>| tensors.get(usize::try_from(*index?).ok()?).copied();
    let one = |operator: &Table<'_>| {
        let code = codes.get(usize::try_from(operator.int(0)).ok()?)?;
        let (name, function) = function(*code, operator)?;
        let output = tensor(operator.ints(2).first())?;
        let weights = tensor(operator.ints(1).get(1)).filter(|_| has_weights(*code));
        Some(layer(name, function, &output, weights.as_ref()))
    };
    graph.tables(3).iter().filter_map(one).collect()
}

/// The operators with an activation of their own, by the place of its number among their options; and how each is called. Numbers are those of
/// the published schema, version 3.
const FUSED: [(i32, usize, &str); 11] = [
    (0, 0, "ADD"),
    (1, 5, "AVERAGE_POOL_2D"),
    (2, 1, "CONCATENATION"),
    (3, 3, "CONV_2D"),
    (4, 4, "DEPTHWISE_CONV_2D"),
    (9, 0, "FULLY_CONNECTED"),
    (17, 5, "MAX_POOL_2D"),
    (18, 0, "MUL"),
    (41, 0, "SUB"),
    (42, 0, "DIV"),
    (67, 3, "TRANSPOSE_CONV"),
];

/// The operators that are an activation.
const OWN: [(i32, &str, &str); 12] = [
    (14, "LOGISTIC", "sigmoid"),
    (19, "RELU", "relu"),
    (20, "RELU_N1_TO_1", "hard_tanh"),
    (21, "RELU6", "relu6"),
    (25, "SOFTMAX", "softmax"),
    (28, "TANH", "tanh"),
    (50, "LOG_SOFTMAX", "log_softmax"),
    (54, "PRELU", "prelu"),
    (98, "LEAKY_RELU", "leaky_relu"),
    (111, "ELU", "elu"),
    (117, "HARD_SWISH", "hard_swish"),
    (150, "GELU", "gelu"),
];

fn has_weights(code: i32) -> bool {
    matches!(code, 3 | 4 | 9 | 67)
}

/// The operator's name and its function, if it has one.
fn function(code: i32, operator: &Table<'_>) -> Option<(&'static str, &'static str)> {
    if let Some((_, name, function)) = OWN.iter().find(|(own, ..)| *own == code) {
        return Some((name, function));
    }
    let (_, field, name) = FUSED.iter().find(|(own, ..)| *own == code)?;
    let function = match operator.table(4)?.byte(*field) {
        1 => "relu",
        2 => "hard_tanh",
        3 => "relu6",
        4 => "tanh",
        _ => return None,
    };
    Some((name, function))
}

/// The name of a type of numbers, and the lowest and the highest code where it holds codes.
fn number_type(code: i8) -> (&'static str, Option<(i64, i64)>) {
    match code {
        0 => ("float32", None),
        1 => ("float16", None),
        3 => ("uint8", Some((0, 255))),
        7 => ("int16", Some((-32768, 32767))),
        9 => ("int8", Some((-128, 127))),
        16 => ("uint16", Some((0, 65535))),
        17 => ("int4", Some((-8, 7))),
        _ => ("other", None),
    }
}

fn layer(operator: &str, function: &str, output: &Table<'_>, weights: Option<&Table<'_>>) -> ConvertedLayer {
    let (r#type, codes) = number_type(output.byte(1));
    let quantised = output.table(4).filter(|_| codes.is_some());
    let scale = quantised.as_ref().and_then(|of| of.floats(2).first().copied()).filter(|scale| *scale > 0.0);
    let zero_point = scale.map(|_| quantised.and_then(|of| of.longs(3).first().copied()).unwrap_or(0));
    let end = |code: i64| Some(f64::from(scale?) * (code - zero_point?) as f64);
    let (low, high) = (codes.and_then(|(least, _)| end(least)), codes.and_then(|(_, largest)| end(largest)));
    let weight_scales =
        weights.and_then(|weights| weights.table(4)).map(|of| of.floats(2).len()).filter(|&count| count > 0);
    ConvertedLayer {
        name: output.text(3).to_owned(),
        function: function.to_owned(),
        operator: operator.to_owned(),
        r#type: r#type.to_owned(),
        scale,
        zero_point,
        low,
        high,
        weight_scales,
        note: match (low, high, scale, bounds_of(function)) {
            (Some(low), Some(high), Some(scale), Some(bounds)) => note(bounds, low, high, scale.into()),
            _ => String::new(),
        },
    }
}

fn headline(layers: &[ConvertedLayer]) -> String {
    let quantised = layers.iter().filter(|layer| layer.scale.is_some()).count();
    let noted = layers.iter().filter(|layer| !layer.note.is_empty()).count();
    let all = excite_vitals::in_words::plural(layers.len(), "activation");
    match (quantised, noted) {
        (0, _) => format!("Not quantised: {all} in floats."),
        (_, 0) => format!("Looks sound: {quantised} of {all} quantised, and no range cuts its function."),
        _ => format!("Look at {noted} of {all}: the range does not fit the function."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network of two layers in int8: a convolution with a ReLU6 in it whose range is 0 to 4, and a LOGISTIC (tests/models/tflite.py).
    const SMALL: &[u8] = include_bytes!("../../../tests/models/small.tflite");

    #[test]
    fn scales_and_functions_are_read() {
        let read = ConvertedModel::parse(SMALL, "small.tflite").unwrap();
        let of = |layer: &ConvertedLayer| {
            (layer.name.clone(), layer.function.clone(), layer.operator.clone(), layer.r#type.clone())
        };
        let text = |texts: [&str; 4]| texts.map(str::to_owned).into();
        assert_eq!(of(&read.layers[0]), text(["relu6", "relu6", "CONV_2D", "int8"]));
        assert_eq!(of(&read.layers[1]), text(["probability", "sigmoid", "LOGISTIC", "int8"]));
        let [conv, logistic] = &read.layers[..] else { panic!("{:?}", read.layers) };
        assert_eq!((conv.scale, conv.zero_point, conv.weight_scales), (Some(4.0 / 255.0), Some(-128), Some(3)));
        assert!((conv.high.unwrap() - 4.0).abs() < 1e-6 && conv.note.starts_with("cut at 4.000"), "{conv:?}");
        assert_eq!((logistic.scale, logistic.low, logistic.note.as_str()), (Some(1.0 / 256.0), Some(0.0), ""));
        assert_eq!(read.headline, "Look at 1 of 2 activations: the range does not fit the function.");
    }

    #[test]
    fn broken_files_are_refused_and_none_panics() {
        assert!(ConvertedModel::parse(b"ONNX", "x").unwrap_err().contains("no model of TensorFlow Lite"));
        for end in 0..SMALL.len() {
            let _ = ConvertedModel::parse(&SMALL[..end], "x");
        }
        for at in 0..SMALL.len() {
            for bits in [0x00, 0x7f, 0x80, 0xff] {
                let mut bytes = SMALL.to_vec();
                bytes[at] = bits;
                let _ = ConvertedModel::parse(&bytes, "x");
            }
        }
    }
}
