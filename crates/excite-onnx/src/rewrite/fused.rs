//! Takes apart operators that fuse an activation with its neighbours, so that the pre-activation is a tensor that can
//! be looked at.
//!
//! They are what ONNX Runtime writes into the models that it optimises, and what tools that quantise leave.

use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto};

use super::float;
use super::spelling::Spelling;
use crate::elementwise::is_activation;
use crate::graph::NodeExt;

/// Takes apart the fused operators of a graph and of all graphs in it.
pub(crate) fn take_apart(graph: &mut GraphProto) {
    for mut node in std::mem::take(&mut graph.node) {
        node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()).for_each(take_apart);
        let known = matches!(node.domain.as_deref(), None | Some("" | "ai.onnx" | "com.microsoft"));
        let first = graph.node.len();
        // Another spelling of the same node, for an engine, must not give the same names.
        let prefix = format!("{}/part", node.output(0).unwrap_or_default());
        let is_apart = known && Spelling::new(graph, &prefix).apart(&node).is_some();
        if !is_apart {
            graph.node.truncate(first);
            graph.node.push(node);
        }
    }
}

impl Spelling<'_> {
    /// Puts nodes in place of one; None, perhaps with some of them, if it is no fused operator.
    fn apart(&mut self, old: &NodeProto) -> Option<()> {
        let output = old.output(0)?;
        let first = self.graph.node.len();
        let inputs: Vec<&str> = old.input.iter().map(String::as_str).collect();
        let of_layer =
            |attribute: &&AttributeProto| !attribute.name.as_deref().is_some_and(|name| name.starts_with("activation"));
        let plain = old.attribute.iter().filter(of_layer).cloned().collect();
        let last = match old.op() {
            "FusedConv" => {
                let mut sum = self.with_attributes("Conv", &inputs[..inputs.len().min(3)], plain);
                if let Some(other) = old.input(3) {
                    sum = self.step("Add", &[&sum, other]);
                }
                let parameters = old.find_attribute("activation_params").map_or(&[][..], |found| &found.floats[..]);
                self.activation(old.text("activation")?, &sum, parameters)?
            }
            "FusedGemm" => {
                let sum = self.with_attributes("Gemm", &inputs, plain);
                let given =
                    ["activation_alpha", "activation_beta", "activation_gamma"].map(|name| old.find_attribute(name)?.f);
                let parameters: Vec<f32> = given.into_iter().flatten().collect();
                self.activation(old.text("activation")?, &sum, &parameters)?
            }
            "FusedMatMul" => {
                let (left, right) = (old.input(0)?, old.input(1)?);
                let is_plain = ["transBatchA", "transBatchB", "transA"].iter().all(|name| old.int(name, 0) == 0);
                let right = match old.int("transB", 0) {
                    0 => right.to_owned(),
                    _ if self.has_two_axes(right) => self.step("Transpose", &[right]),
                    _ => return None,
                };
                let product = self.step("MatMul", &[left, &right]);
                match old.float("alpha", 1.0) {
                    _ if !is_plain => return None,
                    1.0 => product,
                    alpha => self.times(&product, alpha as f32),
                }
            }
            // With the bias apart it is a GELU of one input, of the same domain.
            "BiasGelu" | "FastGelu" => {
                let sum = self.step("Add", &[old.input(0)?, old.input(1)?]);
                let gelu = self.step(if old.op() == "BiasGelu" { "Gelu" } else { "FastGelu" }, &[&sum]);
                self.graph.node.last_mut()?.domain.clone_from(&old.domain);
                gelu
            }
            "ScaledTanh" => {
                let argument = self.times(old.input(0)?, old.float("beta", 1.0) as f32);
                let tanh = self.step("Tanh", &[&argument]);
                self.times(&tanh, old.float("alpha", 1.0) as f32)
            }
            _ => self.quantised(old)?,
        };
        // The last part makes what the node made, and the activation has its name.
        let part = self.graph.node[first..].iter_mut().find(|node| node.output(0) == Some(last.as_str()))?;
        output.clone_into(&mut part.output[0]);
        let named = |node: &&mut NodeProto| is_activation(node.op()) || matches!(node.op(), "Clip" | "QuantizeLinear");
        let activations = self.graph.node[first..].iter_mut().filter(named);
        activations.for_each(|node| node.name.clone_from(&old.name));
        Some(())
    }

    /// An activation as the attribute of a fused node names it.
    fn activation(&mut self, op: &str, x: &str, parameters: &[f32]) -> Option<String> {
        let names: &[&str] = match op {
            "Relu" | "Sigmoid" | "Tanh" | "Softsign" | "Softplus" | "HardSwish" => &[],
            "LeakyRelu" | "Elu" | "ThresholdedRelu" => &["alpha"],
            "HardSigmoid" => &["alpha", "beta"],
            "Clip" => {
                let (low, high) = (*parameters.first()?, *parameters.get(1)?);
                let (low, high) = (self.number(low.into()), self.number(high.into()));
                return Some(self.step("Clip", &[x, &low, &high]));
            }
            _ => return None,
        };
        let attributes = names.iter().zip(parameters).map(|(name, &value)| float(name, value)).collect();
        Some(self.with_attributes(op, &[x], attributes))
    }

    fn times(&mut self, x: &str, factor: f32) -> String {
        if factor == 1.0 {
            return self.step("Identity", &[x]);
        }
        self.with("Mul", x, factor.into())
    }

    fn has_two_axes(&self, name: &str) -> bool {
        let found = self.graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name));
        found.is_some_and(|tensor| tensor.dims.len() == 2)
    }
}
