//! Trained networks as files that other programs read: ONNX, and safetensors.

mod graph;
mod onnx;

use std::collections::HashMap;
use std::path::Path;

use excite::Function;
use excite_vitals::judgement::TrainingRun;
use safetensors::{Dtype, tensor::TensorView};

use crate::LabError;
use crate::activation::Activation;
use crate::data::Dataset;
use crate::network::Network;

/// A network after training.
pub struct TrainedNetwork {
    network: Network,
    function: Function,
    /// The shape of one sample.
    shape: Vec<usize>,
}

/// A tensor that a file holds; one of no axes is a number.
struct Constant {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// What a trained network computes of a few samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// The name of each hidden layer, its pre-activations and its activations, unit by unit of each sample; for a convolution, of each
    /// position of each sample.
    pub hidden: Vec<(String, Vec<f32>, Vec<f32>)>,
    /// The outputs of each sample: of a classification the logits of the classes.
    pub outputs: Vec<f32>,
}

impl TrainedNetwork {
    pub(crate) fn new(network: Network, function: Function, data: &Dataset) -> Self {
        Self { network, function, shape: data.shape.clone() }
    }

    /// Runs it on samples, each in row-major order of the data's shape.
    ///
    /// # Errors
    /// If these are not whole samples.
    pub fn compute(&self, inputs: &[f32]) -> Result<Computed, LabError> {
        let architecture = self.network.architecture();
        if inputs.is_empty() || !inputs.len().is_multiple_of(architecture.inputs()) {
            let (found, one) = (inputs.len(), architecture.inputs());
            return Err(LabError::Plan(format!("{found} inputs are not whole samples of {one} each")));
        }
        let pass = self.network.forward(architecture.arrange(inputs), &Activation::new(self.function));
        let layers = architecture.hidden_layers().into_iter().zip(pass.hidden);
        let hidden = layers.map(|((name, _), hidden)| (name, hidden.z.values, hidden.a.values)).collect();
        Ok(Computed { hidden, outputs: pass.outputs.values })
    }

    /// The network as an ONNX model, whose input is `input`, \[batch, shape of a sample\], and whose output is `output`. Hidden
    /// layer 1 is the node `hidden_1`, with its activation function as the node `hidden_1/relu`.
    ///
    /// # Errors
    /// If ONNX has no operator for the function; [`exportable`] checks that before training.
    pub fn to_onnx(&self) -> Result<Vec<u8>, LabError> {
        graph::of(&self.network, self.function, &self.shape).map(onnx::encoded)
    }

    /// The weights and biases in the form of safetensors: of dense layers `hidden_1.weight`, \[units, inputs\], and `hidden_1.bias`, as
    /// PyTorch has them, of convolutions `conv_1.weight`, \[units, channels, 3, 3\]; the last layer is `output`.
    pub fn to_safetensors(&self) -> Vec<u8> {
        let tensors = graph::parameters(&self.network);
        let about = HashMap::from([("activation".to_owned(), self.function.to_string())]);
        let views: Vec<(&str, &[usize], Vec<u8>)> = tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), &tensor.shape[..], little_endian(&tensor.values)))
            .collect();
        written(&views, Some(about))
    }
}

/// Whether networks with this function can be written as ONNX.
///
/// # Errors
/// If ONNX has no operator for it, in a sentence.
pub fn exportable(function: Function) -> Result<(), LabError> {
    graph::activation(function, "z", "a").map(|_| ())
}

/// The folder for trained networks.
pub(crate) struct Folder<'a> {
    path: &'a Path,
}

impl<'a> Folder<'a> {
    /// Makes the folder, and writes the held-out inputs there as the networks see them: `held_out.safetensors`.
    pub(crate) fn new(path: &'a Path, data: &Dataset) -> Result<Self, LabError> {
        std::fs::create_dir_all(path).map_err(|source| LabError::Export { path: path.to_owned(), source })?;
        let shape: Vec<usize> = std::iter::once(data.test.len()).chain(data.shape.iter().copied()).collect();
        let bytes = written(&[("input", &shape, little_endian(&data.test.inputs))], None);
        let folder = Self { path };
        folder.write("held_out.safetensors", &bytes)?;
        Ok(folder)
    }

    /// A folder that was made before.
    pub(crate) fn at(path: &'a Path) -> Self {
        Self { path }
    }

    /// Writes `relu-seed1.onnx` and `relu-seed1.safetensors`.
    pub(crate) fn network(&self, network: &TrainedNetwork, seed: u64) -> Result<(), LabError> {
        let name = format!("{}-seed{seed}", file_name(network.function));
        self.write(&format!("{name}.onnx"), &network.to_onnx()?)?;
        self.write(&format!("{name}.safetensors"), &network.to_safetensors())
    }

    /// Writes into a saved network how it was trained, so that a check judges it by that too.
    pub(crate) fn training(&self, run: &TrainingRun, seed: u64) -> Result<(), LabError> {
        let name = format!("{}-seed{seed}.onnx", file_name(run.function));
        let path = self.path.join(&name);
        let fault = |source| LabError::Export { path: path.clone(), source };
        let network = std::fs::read(&path).map_err(fault)?;
        let run = serde_json::to_string(run).map_err(|error| fault(error.into()))?;
        self.write(&name, &[network, onnx::metadata(TrainingRun::METADATA, run)].concat())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LabError> {
        let path = self.path.join(name);
        excite_vitals::write_file(&path, bytes).map_err(|source| LabError::Export { path, source })
    }
}

/// The function in the name of a file: `leaky_relu-0.1`.
fn file_name(function: Function) -> String {
    function.to_string().replace('(', "-").replace(", ", "-").replace(')', "")
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn written(tensors: &[(&str, &[usize], Vec<u8>)], about: Option<HashMap<String, String>>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view =
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("four bytes for each element of the shape");
        (*name, view)
    });
    safetensors::serialize(views, about).expect("the tensors fit the header that is made of them")
}
