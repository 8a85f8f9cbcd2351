//! A multi-layer perceptron trained with one activation after another, as a user of candle would write it.
//!
//! `cargo run --release -p excite-candle --example train [ACTIVATION...]`

use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{AdamW, Linear, Optimizer, VarBuilder, VarMap};
use excite_candle::{Activation, RowActivation};

struct Mlp {
    hidden: Linear,
    activation: Activation,
    output: Linear,
    probabilities: RowActivation,
}

impl Mlp {
    #[expect(clippy::needless_pass_by_value, reason = "candle's own layers take it so")]
    fn new(activation: &str, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            hidden: candle_nn::linear(2, 16, vb.pp("hidden"))?,
            activation: activation.parse()?,
            output: candle_nn::linear(16, 2, vb.pp("output"))?,
            probabilities: "log_softmax".parse()?,
        })
    }
}

impl Module for Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = self.activation.forward(&self.hidden.forward(x)?)?;
        self.probabilities.forward(&self.output.forward(&hidden)?)
    }
}

/// 64 points in the square from −1 to 1, of class 1 where both coordinates have one sign: no line divides them.
fn quadrants() -> Result<(Tensor, Tensor)> {
    let points: Vec<[f32; 2]> = (0..64_u32).map(|i| [(i % 8) as f32 / 3.5 - 1.0, (i / 8) as f32 / 3.5 - 1.0]).collect();
    let classes: Vec<u32> = points.iter().map(|[x, y]| u32::from(x * y > 0.0)).collect();
    Ok((Tensor::new(points.concat(), &Device::Cpu)?.reshape((64, 2))?, Tensor::new(classes, &Device::Cpu)?))
}

/// The loss before the training and after it.
fn train(activation: &str) -> Result<[f32; 2]> {
    let variables = VarMap::new();
    let network = Mlp::new(activation, VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
    let mut optimizer = AdamW::new_lr(variables.all_vars(), 0.02)?;
    let (points, classes) = quadrants()?;
    let loss = || candle_nn::loss::nll(&network.forward(&points)?, &classes);
    let before = loss()?.to_scalar()?;
    for _ in 0..200 {
        optimizer.backward_step(&loss()?)?;
    }
    Ok([before, loss()?.to_scalar()?])
}

/// Names in configurations of candle, of PyTorch and of excite.
const ACTIVATIONS: [&str; 6] = ["relu", "tanh", "gelu_pytorch_tanh", "nn.SiLU()", "mish", "leaky_relu(0.1)"];

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let all = if given.is_empty() { ACTIVATIONS.map(String::from).to_vec() } else { given };
    for activation in all {
        let [before, after] = train(&activation)?;
        println!("{activation:20} loss {before:.3} before, {after:.4} after 200 steps");
    }
    Ok(())
}

#[test]
fn networks_learn_with_each_activation() -> Result<()> {
    for activation in ACTIVATIONS {
        let [before, after] = train(activation)?;
        assert!(after < 0.3 * before, "{activation}: the loss went from {before} to {after}");
    }
    Ok(())
}
