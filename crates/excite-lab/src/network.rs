//! A network with its weights, forward and backward.

use excite::Function;
use rand::Rng;

use crate::activation::Activation;
use crate::architecture::{Architecture, Shape};
use crate::initialise::Init;
use crate::matrix::{Matrix, Sums};
use crate::operations::{Convolution, Dense, Gradients, Image, MaxPool, Parameters, standardise, standardise_backward};

/// How a network's weights start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Start {
    pub(crate) init: Init,
    /// The gain of the hidden layers; None for the function's own.
    pub(crate) gain: Option<f64>,
    /// The bias of every hidden unit.
    pub(crate) bias: f64,
}

/// A network with its weights.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    architecture: Architecture,
    /// Whether the pre-activations of each hidden unit are standardised over the samples of a pass.
    standardised: bool,
    /// How the sums of its dense layers are taken.
    sums: Sums,
    /// The parameters of each layer, first layer first; the last one is the output.
    pub(crate) parameters: Vec<Parameters>,
}

/// What a forward pass computed.
pub(crate) struct Pass {
    inputs: Matrix,
    pub(crate) hidden: Vec<Hidden>,
    /// A row for each sample.
    pub(crate) outputs: Matrix,
}

/// What a hidden layer computed: a row for each sample; for a convolution each position counts as a sample.
pub(crate) struct Hidden {
    /// The pre-activations.
    pub(crate) z: Matrix,
    /// The activations.
    pub(crate) a: Matrix,
    /// The activations after pooling, where there is any.
    pooled: Option<Matrix>,
    /// What the pre-activations of each unit were divided by, where they were standardised.
    deviations: Option<Vec<f32>>,
}

impl Pass {
    /// What a layer was given.
    fn input_of(&self, layer: usize) -> &Matrix {
        match layer.checked_sub(1) {
            None => &self.inputs,
            Some(before) => self.hidden[before].pooled.as_ref().unwrap_or(&self.hidden[before].a),
        }
    }
}

impl Network {
    /// A network as training starts from it: the same one for the same `random`.
    pub(crate) fn new(architecture: Architecture, start: Start, function: Function, random: &mut impl Rng) -> Self {
        let layers = architecture.layers();
        let init = start.init.resolved(function);
        let hidden_gain = start.gain.unwrap_or(function.gain());
        let last = layers.len() - 1;
        let mut parameters = vec![];
        for (index, Shape { units, fan_in, fan_out }) in layers.into_iter().enumerate() {
            let (gain, bias) = if index == last { (1.0, 0.0) } else { (hidden_gain, start.bias as f32) };
            let weights = Matrix::new(init.weights(gain, units, fan_in, fan_out, random), fan_in);
            parameters.push(Parameters { weights, biases: vec![bias; units] });
        }
        Self { architecture, standardised: false, sums: Sums::default(), parameters }
    }

    /// With the pre-activations of each hidden unit brought to mean 0 and standard deviation 1 over the samples of each pass, as batch
    /// normalisation does in training, without a scale and a shift to learn.
    pub(crate) fn standardised(self) -> Self {
        Self { standardised: true, ..self }
    }

    /// With the same bits on every machine, in a browser too, but slower. That holds for dense layers.
    pub(crate) fn in_order(self) -> Self {
        Self { sums: Sums::InOrder, ..self }
    }

    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The network halfway between this one and `other`.
    pub(crate) fn midpoint(&self, other: &Self) -> Self {
        let mut mean = self.clone();
        for (mean, other) in mean.values_mut().zip(other.values()) {
            mean.iter_mut().zip(other).for_each(|(mean, other)| *mean = (*mean + other) * 0.5);
        }
        mean
    }

    /// The weights and the biases of each layer in turn.
    pub(crate) fn values(&self) -> impl Iterator<Item = &[f32]> {
        self.parameters.iter().flat_map(Parameters::values)
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.parameters.iter_mut().flat_map(Parameters::values_mut)
    }

    /// The network's outputs for `inputs`, rows of samples as [`Architecture::arrange`] lays them out.
    pub(crate) fn forward(&self, inputs: Vec<f32>, activation: &Activation) -> Pass {
        self.forward_with(inputs, |z| activation.forward(z))
    }

    /// The same with anything in place of the activation function.
    pub(crate) fn forward_with(&self, inputs: Vec<f32>, activation: impl Fn(&Matrix) -> Matrix) -> Pass {
        let (output, before) = self.parameters.split_last().expect("a network has an output layer");
        let inputs = Matrix::new(inputs, self.architecture.inputs());
        let mut pass = Pass { inputs, hidden: vec![], outputs: Matrix::new(vec![], output.biases.len()) };
        for (index, parameters) in before.iter().enumerate() {
            let (x, image) = (pass.input_of(index), self.convolved(index));
            let z = match image {
                Some(image) => convolution(index, image).forward(x, parameters),
                None => self.dense(index).forward(x, parameters),
            };
            let (z, deviations) = if self.standardised {
                let (z, deviations) = standardise(z);
                (z, Some(deviations))
            } else {
                (z, None)
            };
            let a = activation(&z);
            let pooled = image.map(|image| pooling(image, parameters).forward(&a));
            pass.hidden.push(Hidden { z, a, pooled, deviations });
        }
        pass.outputs = self.dense(before.len()).forward(pass.input_of(before.len()), output);
        pass
    }

    /// The gradients of the loss by the parameters of each layer, from its gradient by the outputs of a pass of this network.
    pub(crate) fn backward(&self, pass: &Pass, gradient: Vec<f32>, activation: &Activation) -> Vec<Parameters> {
        let mut by_outputs = Matrix::new(gradient, pass.outputs.columns);
        let mut gradients = vec![];
        for (index, parameters) in self.parameters.iter().enumerate().rev() {
            let x = pass.input_of(index);
            let Gradients { inputs, parameters } = match self.convolved(index) {
                Some(image) => convolution(index, image).backward(x, parameters, &by_outputs),
                None => self.dense(index).backward(x, parameters, &by_outputs),
            };
            gradients.push(parameters);
            let (Some(before), Some(by_inputs)) = (index.checked_sub(1), inputs) else { break };
            by_outputs = self.back_through(before, &pass.hidden[before], by_inputs, activation);
        }
        gradients.reverse();
        gradients
    }

    /// The gradient by a hidden layer's weighted sums, from that by what it hands on.
    fn back_through(&self, layer: usize, hidden: &Hidden, gradient: Matrix, activation: &Activation) -> Matrix {
        let by_activations = match self.convolved(layer) {
            Some(image) => pooling(image, &self.parameters[layer]).backward(&hidden.a, &gradient),
            None => gradient,
        };
        let by_z = activation.backward(&hidden.z, &hidden.a, &by_activations);
        match &hidden.deviations {
            Some(deviations) => standardise_backward(&hidden.z, deviations, &by_z),
            None => by_z,
        }
    }

    /// The images that a layer takes, if it is a convolution.
    fn convolved(&self, layer: usize) -> Option<Image> {
        let is_convolution = layer < self.architecture.convolutions();
        is_convolution.then(|| self.architecture.image_after(layer)).flatten()
    }

    fn dense(&self, layer: usize) -> Dense {
        Dense { input_gradient: layer > 0, sums: self.sums }
    }
}

fn convolution(layer: usize, image: Image) -> Convolution {
    Convolution { image, input_gradient: layer > 0 }
}

/// The pooling after a convolution of these images with these parameters.
fn pooling(image: Image, parameters: &Parameters) -> MaxPool {
    MaxPool(Image { channels: parameters.biases.len(), ..image })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::architecture::NetworkSpec;
    use crate::architecture::tests::images;
    use crate::data::Dataset;
    use crate::loss::batch_loss;

    /// The mean loss over all samples, and the pass with the gradient by its outputs.
    fn loss(network: &Network, data: &Dataset, f: Function) -> (f64, Pass, Vec<f32>) {
        let samples: Vec<usize> = (0..data.train.len()).collect();
        let inputs = network.architecture.arrange(&data.train.inputs);
        let pass = network.forward(inputs, &Activation::new(f));
        let loss = batch_loss(&pass.outputs.values, &data.train.targets, &samples);
        (loss.loss / samples.len() as f64, pass, loss.gradient)
    }

    /// Of the weights and the biases of each layer: the slope of the loss along their gradient, by that gradient and by a difference
    /// quotient.
    fn assert_gradients(spec: &NetworkSpec, data: &Dataset, name: &str, standardised: bool) {
        let f: Function = name.parse().unwrap();
        let architecture = Architecture::of(spec, data).unwrap();
        let start = Start { init: Init::Auto, gain: None, bias: 0.05 };
        let network = Network::new(architecture, start, f, &mut ChaCha8Rng::seed_from_u64(5));
        let network = if standardised { network.standardised() } else { network };
        let (_, pass, gradient) = loss(&network, data, f);
        let gradients = network.backward(&pass, gradient, &Activation::new(f));
        let gradients: Vec<&[f32]> = gradients.iter().flat_map(Parameters::values).collect();
        for (index, gradient) in gradients.into_iter().enumerate() {
            let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            // A bias before standardisation changes nothing.
            if standardised && index % 2 == 1 && index < 4 {
                assert!(norm < 1e-6, "{norm}");
                continue;
            }
            assert!(norm > 1e-4, "variable {index} of {name}: no gradient");
            let at = |step: f64| {
                let mut moved = network.clone();
                let values = moved.values_mut().nth(index).unwrap();
                values.iter_mut().zip(gradient).for_each(|(v, g)| *v += (step / norm * f64::from(*g)) as f32);
                loss(&moved, data, f).0
            };
            let quotient = (at(2e-3) - at(-2e-3)) / 4e-3;
            assert!((quotient / norm - 1.0).abs() < 0.01, "variable {index} of {name}: {quotient} for {norm}");
        }
    }

    #[test]
    fn the_whole_mlps_gradient_agrees_with_finite_differences() {
        for name in ["sigmoid", "tanh", "relu", "relu6"] {
            assert_gradients(&NetworkSpec::Mlp { hidden: vec![7, 5] }, &images(12, &[6]), name, false);
        }
    }

    #[test]
    fn the_gradient_through_standardised_layers_agrees_with_finite_differences() {
        for name in ["sigmoid", "tanh"] {
            assert_gradients(&NetworkSpec::Mlp { hidden: vec![7, 5] }, &images(12, &[6]), name, true);
        }
    }

    #[test]
    fn the_whole_convolutional_networks_gradient_agrees_with_finite_differences() {
        for (name, shape) in [("sigmoid", [1, 8, 8]), ("tanh", [2, 5, 7]), ("relu", [3, 4, 6])] {
            assert_gradients(&NetworkSpec::Conv, &images(6, &shape), name, false);
        }
    }
}
