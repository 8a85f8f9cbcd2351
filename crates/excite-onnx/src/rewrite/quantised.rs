//! Operators of quantised tensors as the operators of floats that they stand for, between dequantising and quantising: the form that tools
//! call QDQ. So the pre-activation is a tensor, and quantising from the zero point up is the ReLU that it replaced.

use rten_onnx::onnx::{AttributeProto, DataType, NodeProto, TensorProto};

use super::spelling::Spelling;
use crate::graph::NodeExt;
use crate::tensor_values;

impl Spelling<'_> {
    /// The tensor that a quantised operator makes; None for other operators, and where weights or scales are no constants of known types.
    pub(super) fn quantised(&mut self, old: &NodeProto) -> Option<String> {
        let of_input = |from: usize| [from, from + 1, from + 2];
        let [scale, zero] = match old.op() {
            "QLinearConv" | "QLinearMatMul" | "QLinearAdd" | "QLinearMul" => [6, 7],
            "QGemm" => [7, 8],
            "QLinearConcat" => [0, 1],
            "QLinearSigmoid" | "QLinearLeakyRelu" => [3, 4],
            // Before version 13 a softmax took several axes for one.
            "QLinearSoftmax" if old.int("opset", 0) >= 13 => [3, 4],
            "QLinearGlobalAveragePool" | "QLinearAveragePool" if old.int("channels_last", 0) == 0 => [3, 4],
            _ => return None,
        };
        if old.input(scale).is_some() {
            self.scale(old, scale)?;
        }
        let float = old.op().trim_start_matches("QLinear");
        let made = match old.op() {
            "QLinearConv" | "QGemm" => {
                let is_conv = old.op() == "QLinearConv";
                let units = if is_conv || old.int("transB", 0) != 0 { 0 } else { -1 };
                let x_scale = self.scale(old, 1)?;
                let (x, (weights, scales)) = (self.dequantised(old, of_input(0))?, self.weights(old, 3, units)?);
                // The bias of a QGemm is one of α·A·B.
                let (op, place, of_products) =
                    if is_conv { ("Conv", 8, x_scale) } else { ("Gemm", 6, x_scale * old.float("alpha", 1.0)) };
                let bias = self.bias(old, place, of_products, &scales)?;
                let inputs = [Some(x.as_str()), Some(weights.as_str()), bias.as_deref()];
                let inputs: Vec<&str> = inputs.into_iter().flatten().collect();
                self.with_attributes(op, &inputs, old.attribute.clone())
            }
            "QLinearMatMul" => {
                let (a, (b, _)) = (self.dequantised(old, of_input(0))?, self.weights(old, 3, -1)?);
                self.step(float, &[&a, &b])
            }
            "QLinearAdd" | "QLinearMul" => {
                let (a, b) = (self.dequantised(old, of_input(0))?, self.dequantised(old, of_input(3))?);
                self.step(float, &[&a, &b])
            }
            "QLinearConcat" => {
                let parts = (2..old.input.len()).step_by(3).map(|from| self.dequantised(old, of_input(from)));
                let parts: Vec<String> = parts.collect::<Option<_>>()?;
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                self.with_attributes(float, &parts, old.attribute.clone())
            }
            _ => {
                let own =
                    |attribute: &&AttributeProto| !matches!(attribute.name.as_deref(), Some("opset" | "channels_last"));
                let attributes = old.attribute.iter().filter(own).cloned().collect();
                let x = self.dequantised(old, of_input(0))?;
                self.with_attributes(float, &[&x], attributes)
            }
        };
        Some(match (old.input(scale), old.input(zero)) {
            (Some(scale), Some(zero)) => self.step("QuantizeLinear", &[&made, scale, zero]),
            _ => made,
        })
    }

    /// The numbers that a tensor, its scale and its zero point stand for.
    fn dequantised(&mut self, old: &NodeProto, places: [usize; 3]) -> Option<String> {
        self.scale(old, places[1])?;
        let inputs: Vec<&str> = places.into_iter().filter_map(|place| old.input(place)).collect();
        (inputs.len() == 3).then(|| self.step("DequantizeLinear", &inputs))
    }

    /// A constant scale of floats, if it is one for all numbers.
    fn scale(&self, old: &NodeProto, place: usize) -> Option<f64> {
        let scale = self.constant(old.input(place)?)?;
        let value = tensor_values::values(scale).filter(|values| values.len() == 1)?[0];
        (scale.data_type == Some(DataType::FLOAT)).then_some(value)
    }

    /// Constant weights as floats, and their scales: one, or one for each unit along an axis.
    fn weights(&mut self, old: &NodeProto, place: usize, units: i64) -> Option<(String, Vec<f64>)> {
        let weights = self.constant(old.input(place)?)?;
        let scales = self.constant(old.input(place + 1)?).filter(|scale| scale.data_type == Some(DataType::FLOAT))?;
        let scales = tensor_values::values(scales)?;
        let zeros = match old.input(place + 2) {
            Some(zeros) => tensor_values::values(self.constant(zeros)?)?,
            None => vec![0.0],
        };
        let dims = weights.dims.clone();
        let axis = usize::try_from(if units < 0 { units + dims.len() as i64 } else { units }).ok()?;
        let (count, inner) = (*dims.get(axis)? as usize, dims[axis + 1..].iter().product::<i64>() as usize);
        let fits = |numbers: &[f64]| numbers.len() == 1 || numbers.len() == count;
        if !fits(&scales) || !fits(&zeros) {
            return None;
        }
        let of_unit = |numbers: &[f64], index: usize| numbers[(index / inner.max(1)) % count % numbers.len()];
        let values = tensor_values::values(weights)?.into_iter().enumerate();
        let values =
            values.map(|(index, value)| ((value - of_unit(&zeros, index)) * of_unit(&scales, index)) as f32).collect();
        Some((self.floats(dims, values), scales))
    }

    /// The bias as floats: integers in steps of the scale of the products. None within if there is none.
    #[expect(clippy::option_option, reason = "the outer None refuses the node, the inner one is a node without a bias")]
    fn bias(&mut self, old: &NodeProto, place: usize, scale: f64, scales: &[f64]) -> Option<Option<String>> {
        let Some(name) = old.input(place) else { return Some(None) };
        let bias = self.constant(name)?;
        let dims = bias.dims.clone();
        let values = tensor_values::values(bias)?.into_iter().enumerate();
        let values = values.map(|(index, value)| (value * scale * scales[index % scales.len()]) as f32).collect();
        Some(Some(self.floats(dims, values)))
    }

    fn constant(&self, name: &str) -> Option<&TensorProto> {
        self.graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name))
    }
}
