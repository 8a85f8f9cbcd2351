//! Activations that the engine lacks, spelled with operators that it has.

use rten_onnx::onnx::{GraphProto, NodeProto};

use super::{float, integers, node, tensor};
use crate::Error;
use crate::graph::NodeExt;
use crate::recognise::SELU;

/// Spells the missing operators of a graph and of all graphs in it.
pub(crate) fn spell(graph: &mut GraphProto) -> Result<(), Error> {
    let nodes = std::mem::take(&mut graph.node);
    for mut node in nodes {
        for attribute in &mut node.attribute {
            if let Some(body) = &mut attribute.g {
                spell(body)?;
            }
        }
        match node.op() {
            "Selu" | "Celu" | "Mish" | "ThresholdedRelu" | "Shrink" => spell_one(graph, &node)?,
            "Hardmax" | "RNN" | "Scan" => {
                let what = format!("the engine has no {}; export the model without it", node.op());
                return Err(Error::unsupported(node.title(), what));
            }
            "Conv" | "ConvTranspose" => {
                state_kernel(graph, &mut node);
                graph.node.push(node);
            }
            _ => graph.node.push(node),
        }
    }
    Ok(())
}

/// The engine tells the number of axes of a convolution from its kernel's shape, which ONNX lets a model leave out.
fn state_kernel(graph: &GraphProto, node: &mut NodeProto) {
    let weights = graph.initializer.iter().find(|tensor| tensor.name.as_deref() == node.input(1));
    if let Some(kernel) = weights.and_then(|weights| weights.dims.get(2..))
        && node.find_attribute("kernel_shape").is_none()
    {
        node.attribute.push(integers("kernel_shape", kernel.to_vec()));
    }
}

fn spell_one(graph: &mut GraphProto, old: &NodeProto) -> Result<(), Error> {
    let (Some(x), Some(output)) = (old.input(0), old.output(0)) else {
        return Err(Error::broken(old.title(), format!("its {} has no input or no output", old.op())));
    };
    let mut spelling = Spelling { graph, output, count: 0 };
    match old.op() {
        "Selu" => {
            let elu = spelling.elu(x, old.float("alpha", SELU.0));
            spelling.last_with("Mul", &elu, old.float("gamma", SELU.1));
        }
        // α·(e^(x/α) − 1) for x < 0: an ELU of x/α, times α.
        "Celu" => {
            let alpha = old.float("alpha", 1.0);
            let inner = spelling.with("Div", x, alpha);
            let elu = spelling.elu(&inner, 1.0);
            spelling.last_with("Mul", &elu, alpha);
        }
        "Mish" => {
            let softplus = spelling.step("Softplus", &[x]);
            let tanh = spelling.step("Tanh", &[&softplus]);
            spelling.last("Mul", &[x, &tanh]);
        }
        "ThresholdedRelu" => {
            let above = spelling.with("Greater", x, old.float("alpha", 1.0));
            let zero = spelling.number(0.0);
            spelling.last("Where", &[&above, x, &zero]);
        }
        _ => {
            let (bias, lambda) = (old.float("bias", 0.0), old.float("lambd", 0.5));
            let (above, below) = (spelling.with("Greater", x, lambda), spelling.with("Less", x, -lambda));
            let (less, more) = (spelling.with("Sub", x, bias), spelling.with("Add", x, bias));
            let zero = spelling.number(0.0);
            let low = spelling.step("Where", &[&below, &more, &zero]);
            spelling.last("Where", &[&above, &less, &low]);
        }
    }
    Ok(())
}

/// The nodes of one spelling; their tensors are named after its result.
struct Spelling<'a> {
    graph: &'a mut GraphProto,
    output: &'a str,
    count: usize,
}

impl Spelling<'_> {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("{}/excite.{}", self.output, self.count)
    }

    fn step(&mut self, op: &str, inputs: &[&str]) -> String {
        let output = self.name();
        self.graph.node.push(node(op, inputs, &output));
        output
    }

    fn last(&mut self, op: &str, inputs: &[&str]) {
        self.graph.node.push(node(op, inputs, self.output));
    }

    fn number(&mut self, value: f64) -> String {
        let name = self.name();
        self.graph.initializer.push(tensor(Some(&name), Vec::new(), vec![value as f32]));
        name
    }

    fn with(&mut self, op: &str, x: &str, number: f64) -> String {
        let number = self.number(number);
        self.step(op, &[x, &number])
    }

    fn last_with(&mut self, op: &str, x: &str, number: f64) {
        let number = self.number(number);
        self.last(op, &[x, &number]);
    }

    fn elu(&mut self, x: &str, alpha: f64) -> String {
        let output = self.step("Elu", &[x]);
        if let Some(elu) = self.graph.node.last_mut() {
            elu.attribute.push(float("alpha", alpha as f32));
        }
        output
    }
}
