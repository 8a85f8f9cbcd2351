//! The weights of a model in symmetric integers, with a scale for each unit.

use std::collections::HashSet;

use rten_onnx::onnx::{DataType, GraphProto, NodeProto, TensorProto};

use super::{CONTRIBUTED, ModelFile, integer, raw};
use crate::graph::NodeExt;
use crate::tensor_values;

/// The weights of a layer in symmetric integers: a weight is scale · code, with a scale for each unit.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedWeights {
    /// The tensor of the weights.
    pub tensor: String,
    /// The layer's operator: `"Conv"`, `"Gemm"` or `"MatMul"`.
    pub op: String,
    /// The tensor that the layer reads.
    pub input: String,
    /// The bias of each unit; empty where there is none in the node.
    pub bias: Vec<f32>,
    /// The scale of each unit.
    pub scales: Vec<f32>,
    /// The sum of the positive codes of each unit.
    pub positive: Vec<i64>,
    /// The sum of the negative codes of each unit.
    pub negative: Vec<i64>,
    /// The mean square of the weights.
    pub signal: f64,
    /// The mean square of what rounding adds to them.
    pub noise: f64,
    axis: usize,
    codes: Vec<i8>,
}

impl QuantisedWeights {
    /// The least and the largest sum of products that a unit can come to, for input codes that lie `low` to `high` from their zero point: of
    /// the unit where it is largest in size. The bias is not in it.
    ///
    /// ```
    /// # use excite_onnx::ModelFile;
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/nmp.onnx");
    /// let weights = ModelFile::open(path)?.weights(8);
    /// let (least, largest) = weights[0].sums(0, 255);
    /// assert!(least < 0 && largest > 0);
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    pub fn sums(&self, low: i64, high: i64) -> (i64, i64) {
        let units = || self.positive.iter().zip(&self.negative);
        let least = units().map(|(positive, negative)| positive * low + negative * high).min();
        let largest = units().map(|(positive, negative)| positive * high + negative * low).max();
        (least.unwrap_or(0), largest.unwrap_or(0))
    }
}

impl ModelFile {
    /// The constant weights of the convolutions and matrix products in integers of `bits` bits, from 2 to 8.
    pub fn weights(&self, bits: u32) -> Vec<QuantisedWeights> {
        let graph = self.graph();
        let mut seen = HashSet::new();
        let of_node = |node: &NodeProto| {
            let name = node.input(1)?;
            let tensor = constant(graph, name)?;
            let axis = axis(node, &tensor.dims)?;
            seen.insert(name.to_owned()).then(|| quantised(graph, node, tensor, axis, bits))?
        };
        graph.node.iter().filter_map(of_node).collect()
    }

    /// Replaces weights by the numbers that their codes stand for, as floats.
    pub fn round_weights(&mut self, weights: &[QuantisedWeights]) {
        for weights in weights {
            let inner = self.inner(weights);
            let value =
                |(index, &code): (usize, &i8)| f32::from(code) * weights.scales[index / inner % weights.scales.len()];
            let bytes = weights.codes.iter().enumerate().map(value).flat_map(f32::to_le_bytes).collect();
            if let Some(tensor) = self.initializer(&weights.tensor) {
                *tensor = raw(&weights.tensor, tensor.dims.clone(), DataType::FLOAT, bytes);
            }
        }
    }

    /// Replaces weights by their codes, and a DequantizeLinear that has the numbers.
    pub fn store_weights(&mut self, weights: &[QuantisedWeights]) {
        self.has_codes |= !weights.is_empty();
        let mut nodes = Vec::new();
        let contributed = self.opset < 13;
        for weights in weights {
            let [codes, scales, zero_points] =
                ["codes", "scales", "zero_points"].map(|what| format!("{}/{what}", weights.tensor));
            let units = weights.scales.len();
            let Some(tensor) = self.initializer(&weights.tensor) else { continue };
            let bytes = weights.codes.iter().map(|code| code.cast_unsigned()).collect();
            *tensor = raw(&codes, tensor.dims.clone(), DataType::INT8, bytes);
            let bytes = weights.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
            let graph = self.graph_mut();
            graph.initializer.push(raw(&scales, vec![units as i64], DataType::FLOAT, bytes));
            graph.initializer.push(raw(&zero_points, vec![units as i64], DataType::INT8, vec![0; units]));
            // It is no input any more that a caller could give.
            graph.input.retain(|input| input.name.as_ref() != Some(&weights.tensor));
            nodes.push(NodeProto {
                domain: contributed.then(|| CONTRIBUTED.to_owned()),
                name: Some(format!("{}/DequantizeLinear", weights.tensor)),
                input: vec![codes, scales, zero_points],
                output: vec![weights.tensor.clone()],
                op_type: Some("DequantizeLinear".to_owned()),
                attribute: vec![integer("axis", weights.axis as i64)],
            });
        }
        if contributed && !nodes.is_empty() {
            self.import_contributed();
        }
        self.graph_mut().node.splice(0..0, nodes);
        self.proto.ir_version = Some(self.proto.ir_version.unwrap_or(0).max(4));
    }

    /// How many weights of one unit lie side by side.
    fn inner(&self, weights: &QuantisedWeights) -> usize {
        let dims = constant(self.graph(), &weights.tensor).map_or(&[][..], |tensor| &tensor.dims);
        dims.iter().skip(weights.axis + 1).product::<i64>().max(1) as usize
    }

    fn initializer(&mut self, name: &str) -> Option<&mut TensorProto> {
        self.graph_mut().initializer.iter_mut().find(|tensor| tensor.name.as_deref() == Some(name))
    }
}

fn constant<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    let tensor = graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name))?;
    (tensor.data_type == Some(DataType::FLOAT)).then_some(tensor)
}

/// The axis of the units of a layer's weights.
fn axis(node: &NodeProto, dims: &[i64]) -> Option<usize> {
    if !matches!(node.domain.as_deref(), None | Some("" | "ai.onnx")) {
        return None;
    }
    match node.op() {
        "Conv" if dims.len() > 2 => Some(0),
        "Gemm" if dims.len() == 2 => Some(usize::from(node.int("transB", 0) == 0)),
        "MatMul" if dims.len() == 2 => Some(1),
        _ => None,
    }
}

fn quantised(
    graph: &GraphProto,
    node: &NodeProto,
    tensor: &TensorProto,
    axis: usize,
    bits: u32,
) -> Option<QuantisedWeights> {
    let values = tensor_values::values(tensor)?;
    let units = usize::try_from(*tensor.dims.get(axis)?).ok().filter(|&units| units > 0)?;
    let inner = tensor.dims[axis + 1..].iter().product::<i64>().max(1) as usize;
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let unit = |index: usize| index / inner % units;
    let mut largest = vec![0.0_f64; units];
    values.iter().enumerate().for_each(|(index, value)| largest[unit(index)] = largest[unit(index)].max(value.abs()));
    let most = f64::from((1_i32 << (bits - 1)) - 1);
    // A unit without weights has a scale all the same.
    let scale = |&largest: &f64| ((largest / most) as f32).max(f32::MIN_POSITIVE);
    let scales: Vec<f32> = largest.iter().map(scale).collect();
    let (mut positive, mut negative) = (vec![0; units], vec![0; units]);
    let (mut signal, mut noise) = (0.0, 0.0);
    let mut codes = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let scale = f64::from(scales[unit(index)]);
        let code = (value / scale).round_ties_even().clamp(-most, most);
        (if code > 0.0 { &mut positive } else { &mut negative })[unit(index)] += code as i64;
        signal += value * value;
        noise += (value - code * scale).powi(2);
        codes.push(code as i8);
    }
    let bias = node.input(2).and_then(|bias| constant(graph, bias)).and_then(tensor_values::values).unwrap_or_default();
    Some(QuantisedWeights {
        tensor: tensor.name.clone()?,
        op: node.op().to_owned(),
        input: node.input(0)?.to_owned(),
        bias: if bias.len() == units { bias.iter().map(|&bias| bias as f32).collect() } else { Vec::new() },
        scales,
        positive,
        negative,
        signal: signal / values.len() as f64,
        noise: noise / values.len() as f64,
        axis,
        codes,
    })
}
