//! A multi-layer perceptron trained with one activation after another, as a user of burn would write it.
//!
//! `cargo run --release -p excite-burn --example train [ACTIVATION...]`

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use excite_burn::{Activation, ActivationConfig, RowActivation, RowActivationConfig};

#[derive(Config, Debug)]
struct MlpConfig {
    hidden: usize,
    activation: ActivationConfig,
    output: RowActivationConfig,
}

#[derive(Module, Debug)]
struct Mlp {
    hidden: Param<Tensor<2>>,
    bias: Param<Tensor<2>>,
    activation: Activation,
    output: Param<Tensor<2>>,
    probabilities: RowActivation,
}

impl MlpConfig {
    fn init(&self, device: &Device) -> Mlp {
        // Weights in no order, the same in every run.
        let weights = |first: usize, rows: usize, columns: usize| {
            let weights: Vec<f32> =
                (first..first + rows * columns).map(|i| (i * 577 % 1003) as f32 / 501.5 - 1.0).collect();
            let weights = Tensor::<1>::from_floats(&weights[..], device).reshape([rows, columns]);
            Param::from_tensor(weights)
        };
        Mlp {
            hidden: weights(0, 2, self.hidden),
            bias: weights(300, 1, self.hidden),
            activation: self.activation.init(),
            output: weights(600, self.hidden, 2),
            probabilities: self.output.init(),
        }
    }
}

impl Mlp {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = self.activation.forward(x.matmul(self.hidden.val()) + self.bias.val());
        self.probabilities.forward(hidden.matmul(self.output.val()))
    }
}

/// 64 points in the square from −1 to 1, of the second class where both coordinates have one sign: no line divides them. And their
/// classes, as −1 in the column of the class.
fn quadrants(device: &Device) -> (Tensor<2>, Tensor<2>) {
    let points: Vec<[f32; 2]> = (0..64_u32).map(|i| [(i % 8) as f32 / 3.5 - 1.0, (i / 8) as f32 / 3.5 - 1.0]).collect();
    let classes: Vec<f32> =
        points.iter().flat_map(|[x, y]| if x * y > 0.0 { [0.0, -1.0] } else { [-1.0, 0.0] }).collect();
    let tensor = |elements: &[f32]| Tensor::<1>::from_floats(elements, device).reshape([64, 2]);
    (tensor(&points.concat()), tensor(&classes))
}

/// The loss before the training and after it.
fn train(activation: &str) -> Result<[f32; 2], excite::ParseFunctionError> {
    let device = Device::flex().autodiff();
    let config = MlpConfig::new(
        16,
        ActivationConfig::new(activation.parse()?),
        RowActivationConfig::new("log_softmax".parse()?),
    );
    let mut network = config.init(&device);
    let (points, classes) = quadrants(&device);
    let loss = |network: &Mlp| (network.forward(points.clone()) * classes.clone()).sum().div_scalar(64.0);
    let before = loss(&network).into_scalar::<f32>();
    for _ in 0..600 {
        let gradients = loss(&network).backward();
        let step = |parameter: Param<Tensor<2>>| {
            parameter.map(|weight| {
                let gradient = weight.grad(&gradients).unwrap();
                Tensor::from_inner(weight.inner() - gradient.mul_scalar(0.5)).require_grad()
            })
        };
        let Mlp { hidden, bias, activation, output, probabilities } = network;
        network = Mlp { hidden: step(hidden), bias: step(bias), activation, output: step(output), probabilities };
    }
    Ok([before, loss(&network).into_scalar::<f32>()])
}

/// Names in configurations of burn, of PyTorch and of excite.
const ACTIVATIONS: [&str; 6] = ["relu", "tanh", "gelu_pytorch_tanh", "nn.SiLU()", "mish", "leaky_relu(0.1)"];

fn main() -> Result<(), excite::ParseFunctionError> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let all = if given.is_empty() { ACTIVATIONS.map(String::from).to_vec() } else { given };
    for activation in all {
        let [before, after] = train(&activation)?;
        println!("{activation:20} loss {before:.3} before, {after:.4} after 600 steps");
    }
    Ok(())
}

#[test]
fn networks_learn_with_each_activation() -> Result<(), excite::ParseFunctionError> {
    for activation in ACTIVATIONS {
        let [before, after] = train(activation)?;
        assert!(after < 0.5 * before, "{activation}: the loss went from {before} to {after}");
    }
    Ok(())
}
