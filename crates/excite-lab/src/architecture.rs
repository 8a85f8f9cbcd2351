//! The layers of the networks: of an MLP, and of a small convolutional network for images.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::data::Dataset;
use crate::operations::Image;

/// Which network is trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
pub(crate) struct Shape {
    pub(crate) units: usize,
    pub(crate) fan_in: usize,
    pub(crate) fan_out: usize,
}

impl Architecture {
    pub(crate) fn of(spec: &NetworkSpec, data: &Dataset) -> Result<Self, LabError> {
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

    pub(crate) fn layers(&self) -> Vec<Shape> {
        let mut layers = vec![];
        let mut inputs = self.image.map_or(self.inputs, |image| image.channels);
        for &units in &self.convolutions {
            layers.push(Shape { units, fan_in: 9 * inputs, fan_out: 9 * units });
            inputs = units;
        }
        inputs = self.image_after(self.convolutions.len()).map_or(inputs, Image::len);
        for &units in self.hidden.iter().chain([&self.outputs]) {
            layers.push(Shape { units, fan_in: inputs, fan_out: units });
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

#[cfg(test)]
pub(crate) mod tests {
    use crate::record::comparison::Task;

    use super::*;
    use crate::data::{Samples, Targets};

    /// Images of three classes, with pixels from −1 to 1.
    pub(crate) fn images(samples: usize, shape: &[usize]) -> Dataset {
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
