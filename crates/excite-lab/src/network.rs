//! The networks: an MLP, and a small convolutional network for images.

use std::fmt;

use candle_core::backprop::GradStore;
use candle_core::{CustomOp1, CustomOp3, DType, Device, Module, Result, Tensor, Var};
use excite::Function;
use excite_candle::Activation;
use rand::Rng;

use crate::LabError;
use crate::data::Dataset;
use crate::initialise::Init;
use crate::operations::{Convolution, Dense, Image, MaxPool};

/// Which network is trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkSpec {
    /// A multi-layer perceptron.
    Mlp {
        /// The units of each hidden layer; none for a linear model.
        hidden: Vec<usize>,
    },
    /// Two 3×3 convolutions of 16 and 32 channels, each followed by the activation function and 2×2 max-pooling, then a
    /// hidden layer of 64 units.
    Conv,
}

impl Default for NetworkSpec {
    /// An MLP with hidden layers of 64 and 64 units.
    fn default() -> Self {
        Self::Mlp { hidden: vec![64, 64] }
    }
}

/// A network's layers, settled for one set of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Architecture {
    inputs: usize,
    /// The extent of the images that a convolutional network takes.
    image: Option<Image>,
    /// The channels of the convolutions, the first one first.
    convolutions: Vec<usize>,
    /// The units of the dense hidden layers.
    hidden: Vec<usize>,
    outputs: usize,
}

/// The shape of one layer's weights.
struct Weights {
    units: usize,
    fan_in: usize,
    fan_out: usize,
}

impl Architecture {
    pub(crate) fn of(spec: &NetworkSpec, data: &Dataset) -> std::result::Result<Self, LabError> {
        let image = match data.shape[..] {
            [channels, height, width] => Some(Image { height, width, channels }),
            _ => None,
        };
        let inputs = data.shape.iter().product();
        let outputs = data.classes.len().max(1);
        let mlp = |hidden| Self { inputs, image: None, convolutions: vec![], hidden, outputs };
        let conv = |image| Self { image: Some(image), convolutions: vec![16, 32], ..mlp(vec![64]) };
        match (spec, image) {
            (NetworkSpec::Mlp { hidden }, _) if hidden.contains(&0) => {
                Err(LabError::Plan("a hidden layer must have at least one unit".to_owned()))
            }
            (NetworkSpec::Mlp { hidden }, _) => Ok(mlp(hidden.clone())),
            (NetworkSpec::Conv, Some(image)) if image.height.min(image.width) >= 4 => Ok(conv(image)),
            (NetworkSpec::Conv, _) => Err(LabError::Plan(format!(
                "the convolutional network needs images of at least 4×4 pixels, and one sample of {} is {:?}: use an MLP",
                data.name, data.shape
            ))),
        }
    }

    /// The image after the first `count` convolutions and poolings.
    pub(crate) fn image_after(&self, count: usize) -> Option<Image> {
        let first = self.image?;
        let pooled =
            self.convolutions[..count].iter().fold(first, |image, &channels| Image { channels, ..image.pooled() });
        Some(pooled)
    }

    fn layers(&self) -> Vec<Weights> {
        let mut layers = vec![];
        let mut inputs = self.image.map_or(self.inputs, |image| image.channels);
        for &units in &self.convolutions {
            layers.push(Weights { units, fan_in: 9 * inputs, fan_out: 9 * units });
            inputs = units;
        }
        inputs = self.image_after(self.convolutions.len()).map_or(inputs, Image::len);
        for &units in self.hidden.iter().chain([&self.outputs]) {
            layers.push(Weights { units, fan_in: inputs, fan_out: units });
            inputs = units;
        }
        layers
    }

    /// The names and units of the hidden layers.
    pub(crate) fn hidden_layers(&self) -> Vec<(String, usize)> {
        let convolutions = self.convolutions.iter().enumerate().map(|(i, &units)| (format!("conv {}", i + 1), units));
        let dense = self.hidden.iter().enumerate().map(|(i, &units)| (format!("hidden {}", i + 1), units));
        convolutions.chain(dense).collect()
    }

    /// The inputs of `samples` as the network takes them: images with their channels last.
    pub(crate) fn arrange(&self, inputs: &[f32]) -> Vec<f32> {
        match self.image {
            Some(Image { height, width, channels }) if channels > 1 => {
                let positions = height * width;
                let pixels = move |image: &[f32]| -> Vec<f32> {
                    (0..positions * channels).map(|i| image[i % channels * positions + i / channels]).collect()
                };
                inputs.chunks(positions * channels).flat_map(pixels).collect()
            }
            _ => inputs.to_vec(),
        }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The number of convolutions.
    pub(crate) fn convolutions(&self) -> usize {
        self.convolutions.len()
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.image {
            None => write!(out, "MLP {}", self.inputs)?,
            Some(Image { height, width, channels }) => write!(out, "CNN {channels}×{height}×{width}")?,
        }
        self.convolutions.iter().try_for_each(|units| write!(out, "-conv{units}-pool"))?;
        self.hidden.iter().chain([&self.outputs]).try_for_each(|units| write!(out, "-{units}"))
    }
}

/// How a network's weights start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Start {
    pub(crate) init: Init,
    /// The gain of the hidden layers; None for the function's own.
    pub(crate) gain: Option<f64>,
    /// The bias of every hidden unit.
    pub(crate) bias: f64,
}

/// A kind of parameter of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Weights,
    Biases,
}

/// A network with its weights.
pub(crate) struct Network {
    architecture: Architecture,
    /// The weights, [units, inputs], and biases of each layer, first layer first; the last one is the output.
    parameters: Vec<(Var, Var)>,
}

/// What a forward pass computed.
pub(crate) struct Pass {
    /// The outputs, [samples, outputs].
    pub(crate) outputs: Tensor,
    /// The pre-activations and activations of each hidden layer, [samples, units]; for a convolution each position
    /// counts as a sample.
    pub(crate) hidden: Vec<(Tensor, Tensor)>,
    /// What each layer was given, first layer first.
    inputs: Vec<Tensor>,
}

impl Pass {
    /// Of another network than [`Network::forward`] goes through, which goes back by candle's means.
    pub(crate) fn without_inputs(outputs: Tensor, hidden: Vec<(Tensor, Tensor)>) -> Self {
        Self { outputs, hidden, inputs: vec![] }
    }
}

impl Network {
    /// A network as training starts from it: the same one for the same `random`.
    pub(crate) fn new(
        architecture: Architecture,
        start: Start,
        function: Function,
        random: &mut impl Rng,
    ) -> Result<Self> {
        let layers = architecture.layers();
        let init = start.init.resolved(function);
        let hidden_gain = start.gain.unwrap_or(function.info().gain);
        let last = layers.len() - 1;
        let mut parameters = vec![];
        for (index, Weights { units, fan_in, fan_out }) in layers.into_iter().enumerate() {
            let (gain, bias) = if index == last { (1.0, 0.0) } else { (hidden_gain, start.bias as f32) };
            let weights = init.weights(gain, units, fan_in, fan_out, random);
            let weights = Var::from_vec(weights, (units, fan_in), &Device::Cpu)?;
            parameters.push((weights, Var::from_tensor(&Tensor::full(bias, units, &Device::Cpu)?)?));
        }
        Ok(Self { architecture, parameters })
    }

    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The weights and biases of all layers, as training changes them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = Var> {
        self.parameters.iter().flat_map(|(weights, biases)| [weights.clone(), biases.clone()])
    }

    /// The weights and biases of each layer.
    pub(crate) fn parameters(&self) -> &[(Var, Var)] {
        &self.parameters
    }

    /// A network whose parameters are made from this one's and another's of the same shape by `each`, which is also given the layer,
    /// counted from 0, and the kind of parameter.
    pub(crate) fn combined(
        &self,
        other: &Self,
        each: impl Fn(usize, Parameter, &Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Self> {
        // Copied, because training writes into variables.
        let made = |layer, kind, a: &Var, b: &Var| Var::from_tensor(&each(layer, kind, a, b)?.copy()?);
        let mut parameters = vec![];
        for (layer, (own, others)) in self.parameters.iter().zip(&other.parameters).enumerate() {
            let weights = made(layer, Parameter::Weights, &own.0, &others.0)?;
            parameters.push((weights, made(layer, Parameter::Biases, &own.1, &others.1)?));
        }
        Ok(Self { architecture: self.architecture.clone(), parameters })
    }

    /// The network as it is now.
    pub(crate) fn copy(&self) -> Result<Self> {
        self.combined(self, |_, _, own, _| Ok(own.clone()))
    }

    /// The network's outputs for `inputs`, rows of samples as [`Architecture::arrange`] lays them out.
    pub(crate) fn forward(&self, inputs: Vec<f32>, activation: &Activation) -> Result<Pass> {
        self.forward_with(inputs, |z| activation.forward(z))
    }

    /// The same with anything in place of the activation function.
    pub(crate) fn forward_with(
        &self,
        inputs: Vec<f32>,
        activation: impl Fn(&Tensor) -> Result<Tensor>,
    ) -> Result<Pass> {
        let samples = inputs.len() / self.architecture.inputs;
        let mut x = Tensor::from_vec(inputs, (samples, self.architecture.inputs), &Device::Cpu)?;
        debug_assert_eq!(x.dtype(), DType::F32);
        let (mut hidden, mut layer_inputs) = (vec![], vec![]);
        let (output, before) = self.parameters.split_last().expect("a network has an output layer");
        for (index, (weights, biases)) in before.iter().enumerate() {
            let z = match self.convolved(index) {
                Some(image) => x.apply_op3_no_bwd(weights, biases, &convolution(index, image))?,
                None => x.apply_op3_no_bwd(weights, biases, &dense(index))?,
            };
            let a = activation(&z)?;
            layer_inputs.push(x);
            x = match self.convolved(index) {
                Some(image) => a.apply_op1_no_bwd(&pooling(image, weights))?,
                None => a.clone(),
            };
            hidden.push((z, a));
        }
        let outputs = x.apply_op3_no_bwd(&output.0, &output.1, &dense(before.len()))?;
        layer_inputs.push(x);
        Ok(Pass { outputs, hidden, inputs: layer_inputs })
    }

    /// The gradients of the loss by the weights and biases of each layer, from its gradient by the outputs of a pass of this network.
    ///
    /// Layer by layer, for it is a chain: candle's general way adds every gradient to zeros first, on threads that keep spinning
    /// afterwards, which takes a third of the time of a convolutional network.
    pub(crate) fn backward(&self, pass: &Pass, gradient: Vec<f32>, activation: &Activation) -> Result<GradStore> {
        let mut by_outputs = Tensor::from_vec(gradient, pass.outputs.shape(), &Device::Cpu)?;
        let mut gradients = GradStore::default();
        for (index, (weights, biases)) in self.parameters.iter().enumerate().rev() {
            let (x, z) = (&pass.inputs[index], pass.hidden.get(index).map_or(&pass.outputs, |(z, _)| z));
            let (by_inputs, by_weights, by_biases) = match self.convolved(index) {
                Some(image) => convolution(index, image).bwd(x, weights, biases, z, &by_outputs)?,
                None => dense(index).bwd(x, weights, biases, z, &by_outputs)?,
            };
            for (variable, gradient) in [(weights, by_weights), (biases, by_biases)] {
                gradients.insert(variable, gradient.expect("weights and biases have gradients"));
            }
            let (Some(before), Some(by_inputs)) = (index.checked_sub(1), by_inputs) else { break };
            let (z, a) = &pass.hidden[before];
            let by_activations = match self.convolved(before) {
                Some(image) => pooling(image, &self.parameters[before].0).bwd(a, x, &by_inputs)?,
                None => Some(by_inputs),
            };
            by_outputs = activation.backward(z, a, &by_activations.expect("pooling passes a gradient on"))?;
        }
        Ok(gradients)
    }

    /// The images that a layer takes, if it is a convolution.
    fn convolved(&self, layer: usize) -> Option<Image> {
        let is_convolution = layer < self.architecture.convolutions.len();
        is_convolution.then(|| self.architecture.image_after(layer)).flatten()
    }
}

fn convolution(layer: usize, image: Image) -> Convolution {
    Convolution { image, input_gradient: layer > 0 }
}

fn dense(layer: usize) -> Dense {
    Dense { input_gradient: layer > 0 }
}

/// The pooling after a convolution of these images with these weights.
fn pooling(image: Image, weights: &Tensor) -> MaxPool {
    MaxPool(Image { channels: weights.dims()[0], ..image })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::loss::batch_loss;
    use crate::operations::with_values;
    use excite_vitals::comparison::Task;

    use crate::data::{Samples, Targets};

    fn images(samples: usize, shape: &[usize]) -> Dataset {
        let count = samples * shape.iter().product::<usize>();
        let inputs = (0..count).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
        let targets = Targets::Classes((0..samples as u32).map(|i| i % 3).collect());
        let samples = Samples { inputs, targets };
        Dataset {
            name: "images".to_owned(),
            task: Task::Classification,
            shape: shape.to_vec(),
            classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
            train: samples.clone(),
            test: samples,
        }
    }

    /// The mean loss over all samples, and the pass with the gradient by its outputs.
    fn loss(network: &Network, data: &Dataset, f: Function) -> (f64, Pass, Vec<f32>) {
        let samples: Vec<usize> = (0..data.train.len()).collect();
        let inputs = network.architecture.arrange(&data.train.inputs);
        let pass = network.forward(inputs, &Activation::new(f)).unwrap();
        let loss = with_values(&pass.outputs, |outputs| batch_loss(outputs, &data.train.targets, &samples)).unwrap();
        (loss.loss / samples.len() as f64, pass, loss.gradient)
    }

    /// Of every variable: the slope of the loss along its own gradient, by that gradient and by a difference quotient.
    fn assert_gradients(spec: &NetworkSpec, data: &Dataset, name: &str) {
        let f: Function = name.parse().unwrap();
        let architecture = Architecture::of(spec, data).unwrap();
        let start = Start { init: Init::Auto, gain: None, bias: 0.05 };
        let network = Network::new(architecture, start, f, &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
        let (_, pass, gradient) = loss(&network, data, f);
        let gradients = network.backward(&pass, gradient, &Activation::new(f)).unwrap();
        for (layer, (weights, biases)) in network.parameters().iter().enumerate() {
            for variable in [weights, biases] {
                let gradient = gradients.get(variable).unwrap();
                let norm = f64::from(gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()).sqrt();
                assert!(norm > 1e-4, "layer {layer} of {name}: no gradient");
                let direction = (gradient / norm).unwrap();
                let before = variable.as_tensor().copy().unwrap();
                let step = 2e-3;
                let at = |step: f64| {
                    variable.set(&(&before + (&direction * step).unwrap()).unwrap()).unwrap();
                    loss(&network, data, f).0
                };
                let quotient = (at(step) - at(-step)) / (2.0 * step);
                variable.set(&before).unwrap();
                assert!((quotient / norm - 1.0).abs() < 0.01, "layer {layer} of {name}: {quotient} for {norm}");
            }
        }
    }

    #[test]
    fn the_whole_mlps_gradient_agrees_with_finite_differences() {
        for name in ["sigmoid", "tanh", "relu", "relu6"] {
            assert_gradients(&NetworkSpec::Mlp { hidden: vec![7, 5] }, &images(12, &[6]), name);
        }
    }

    #[test]
    fn the_whole_convolutional_networks_gradient_agrees_with_finite_differences() {
        for (name, shape) in [("sigmoid", [1, 8, 8]), ("tanh", [2, 5, 7]), ("relu", [3, 4, 6])] {
            assert_gradients(&NetworkSpec::Conv, &images(6, &shape), name);
        }
    }

    #[test]
    fn a_convolution_is_the_sum_over_each_neighbourhood() {
        let image = Image { height: 3, width: 2, channels: 2 };
        // Pixel (y, x) holds 10·(2y + x) + channel.
        let pixels: Vec<f32> = (0..12).map(|i| (i / 2 * 10 + i % 2) as f32).collect();
        let x = Tensor::from_vec(pixels, (1, 12), &Device::Cpu).unwrap();
        // A unit for each of the kernel's weights: what it puts out is that value of the patch.
        let w = Tensor::eye(18, DType::F32, &Device::Cpu).unwrap();
        let b = Tensor::zeros(18, DType::F32, &Device::Cpu).unwrap();
        let convolution = Convolution { image, input_gradient: false };
        let patches = x.apply_op3(&w, &b, convolution).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!((patches.len(), patches[0].len()), (6, 18));
        // Around (0, 0), row by row: nothing above, nothing to the left.
        let expected = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 10, 11, 0, 0, 20, 21, 30, 31].map(|x| x as f32);
        assert_eq!(patches[0], expected);
        let pooled = x.apply_op1(MaxPool(image)).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(pooled, [[30.0, 31.0]]);
    }

    #[test]
    fn pooling_takes_the_first_of_the_largest_and_nan_before_all() {
        let image = Image { height: 3, width: 5, channels: 1 };
        let pixels = vec![1.0, 1.0, f32::NAN, 2.0, 9.0, 1.0, 0.0, f32::NAN, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0];
        let x = Var::from_vec(pixels, (1, 15), &Device::Cpu).unwrap();
        let pooled = x.apply_op1(MaxPool(image)).unwrap();
        let values = pooled.to_vec2::<f32>().unwrap();
        assert!(values[0][0] == 1.0 && values[0][1].is_nan(), "{values:?}");
        let gradient = MaxPool(image).bwd(&x, &pooled, &Tensor::new(&[[3.0_f32, 4.0]], &Device::Cpu).unwrap()).unwrap();
        let gradient = gradient.unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(gradient[0], [3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn images_are_laid_out_with_their_channels_last() {
        let data = images(1, &[2, 4, 4]);
        let architecture = Architecture::of(&NetworkSpec::Conv, &data).unwrap();
        let inputs: Vec<f32> = (0..32_u8).map(f32::from).collect();
        assert_eq!(architecture.arrange(&inputs)[..4], [0.0, 16.0, 1.0, 17.0]);
        assert_eq!(architecture.to_string(), "CNN 2×4×4-conv16-pool-conv32-pool-64-3");
        let mlp = Architecture::of(&NetworkSpec::default(), &data).unwrap();
        assert_eq!(mlp.arrange(&inputs), inputs);
        assert_eq!(mlp.to_string(), "MLP 32-64-64-3");
    }
}
