//! The vitals of a whole network.

use serde::{Deserialize, Serialize};

use crate::sketch::Moments;
use crate::{LayerVitals, VitalsError};

/// The vitals of a network: its activation layers in depth order, and the facts of the run that fed them.
///
/// ```
/// use excite_vitals::{LayerVitals, Vitals};
/// let relu = "relu".parse()?;
/// let mut vitals = Vitals::new("mlp", vec![LayerVitals::new("fc1", relu, 2), LayerVitals::new("fc2", relu, 1)]);
/// vitals.layer_mut("fc1").expect("it is there").update(&[-1.0, 2.0], &[0.0, 2.0])?;
/// vitals.layer_mut("fc2").expect("it is there").update(&[0.5], &[0.5])?;
/// vitals.runs += 1;
/// let elsewhere = vitals.clone();
/// vitals.merge(&elsewhere)?;
/// assert_eq!((vitals.runs, vitals.layers[0].samples()), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    pub(crate) version: u32,
    /// The name of the model.
    pub model: String,
    /// How often the network was run: batches, not samples.
    pub runs: u64,
    /// What went into the network, if that was watched.
    pub input: Option<InputVitals>,
    /// Whether the inputs were made up: then the figures say little of how the network does on real data.
    pub random_data: bool,
    /// Whether the inputs were noise, whoever made it: then the figures say little too.
    pub noise: bool,
    /// The activation layers, those nearest to the input first.
    pub layers: Vec<LayerVitals>,
}

impl Vitals {
    /// The version of the serialised form.
    pub const VERSION: u32 = 3;

    /// A network that has seen nothing, with its activation layers in depth order.
    pub fn new(model: &str, layers: Vec<LayerVitals>) -> Self {
        Self {
            version: Self::VERSION,
            model: model.to_owned(),
            runs: 0,
            input: None,
            random_data: false,
            noise: false,
            layers,
        }
    }

    /// The layer of that name; the first of them, if several have it.
    pub fn layer(&self, name: &str) -> Option<&LayerVitals> {
        self.layers.iter().find(|layer| layer.name() == name)
    }

    /// The layer of that name, to update.
    pub fn layer_mut(&mut self, name: &str) -> Option<&mut LayerVitals> {
        self.layers.iter_mut().find(|layer| layer.name() == name)
    }

    /// N: the largest number of independent samples that a layer has seen.
    pub fn samples(&self) -> u64 {
        self.layers.iter().map(LayerVitals::samples).max().unwrap_or(0)
    }

    /// Whether a layer has seen enough samples to call units dead.
    ///
    /// ```
    /// use excite_vitals::{LayerVitals, Vitals};
    /// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 1);
    /// layer.update(&[-1.0; 400], &[0.0; 400])?;
    /// assert!(Vitals::new("mlp", vec![layer]).is_seen_enough());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_seen_enough(&self) -> bool {
        self.layers.iter().any(LayerVitals::is_seen_enough)
    }

    /// Adds what `other` has seen of the same network: in another process, in another shard. Of the inputs, what only one of the two
    /// watched is kept. The data count as made up if those of either are.
    ///
    /// # Errors
    /// If `other` is of another model, or its layers or inputs differ; then nothing was added.
    pub fn merge(&mut self, other: &Self) -> Result<(), VitalsError> {
        let different = |difference: String| Err(VitalsError::DifferentNetworks { difference });
        if self.version != other.version {
            return different(format!("versions {} and {}", self.version, other.version));
        }
        if self.model != other.model {
            return different(format!("`{}` and `{}`", self.model, other.model));
        }
        if self.layers.len() != other.layers.len() {
            return different(format!("the numbers of layers are {} and {}", self.layers.len(), other.layers.len()));
        }
        let input = match (&self.input, &other.input) {
            (Some(this), Some(other)) => {
                let mut input = this.clone();
                input.merge(other)?;
                Some(input)
            }
            (this, other) => this.as_ref().or(other.as_ref()).cloned(),
        };
        let mut layers = self.layers.clone();
        for (layer, other) in layers.iter_mut().zip(&other.layers) {
            layer.merge(other)?;
        }
        // A part that saw nothing says nothing of the other's inputs.
        self.noise = match (self.runs, other.runs) {
            (0, _) => other.noise,
            (_, 0) => self.noise,
            _ => self.noise && other.noise,
        };
        self.runs += other.runs;
        self.random_data |= other.random_data;
        (self.input, self.layers) = (input, layers);
        Ok(())
    }
}

/// The moments of a network's inputs, feature by feature (or channel by channel), or of all together where features make no sense.
///
/// ```
/// use excite_vitals::InputVitals;
/// let mut input = InputVitals::new(2);
/// input.update(&[0.0, 100.0, 2.0, 300.0], 1)?;
/// assert_eq!((input.features[1].mean, input.features[1].std()), (200.0, 100.0));
/// assert_eq!(input.not_standardised(), [0, 1]);
/// # Ok::<(), excite_vitals::VitalsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputVitals {
    /// The moments of each feature.
    pub features: Vec<Moments>,
}

impl InputVitals {
    /// |mean| over standard deviation from which on a feature is off-centre: half of a standard deviation, a choice of this library.
    pub const OFF_CENTRE: f64 = 0.5;
    /// The standard deviations of a feature that is scaled as networks expect: the bounds that TheDeepChecker uses.
    pub const SCALE: [f64; 2] = [0.5, 2.0];

    /// `features` features (or channels) that have seen nothing. One, for all values together.
    pub fn new(features: usize) -> Self {
        Self { features: vec![Moments::default(); features] }
    }

    /// Adds inputs, laid out [samples, features, positions].
    ///
    /// # Errors
    /// If the length is not a multiple of features × positions; then nothing was added.
    pub fn update(&mut self, values: &[f32], positions: usize) -> Result<(), VitalsError> {
        let sample = self.features.len() * positions;
        if sample == 0 || !values.len().is_multiple_of(sample) {
            let expected = format!("a multiple of {sample}, the values of one sample");
            return Err(VitalsError::Length { slice: "inputs", found: values.len(), expected });
        }
        let mut of_one = Vec::with_capacity(values.len() / self.features.len());
        for (index, feature) in self.features.iter_mut().enumerate() {
            of_one.clear();
            values
                .chunks(sample)
                .for_each(|s| of_one.extend_from_slice(&s[index * positions..(index + 1) * positions]));
            feature.update(&of_one);
        }
        Ok(())
    }

    /// Adds what `other` has seen.
    ///
    /// # Errors
    /// If it has another number of features; then nothing was added.
    pub fn merge(&mut self, other: &Self) -> Result<(), VitalsError> {
        if self.features.len() != other.features.len() {
            let difference = format!("inputs of {} and of {} features", self.features.len(), other.features.len());
            return Err(VitalsError::DifferentNetworks { difference });
        }
        self.features.iter_mut().zip(&other.features).for_each(|(this, other)| this.merge(other));
        Ok(())
    }

    /// The moments of all inputs together.
    pub fn all(&self) -> Moments {
        let mut all = Moments::default();
        self.features.iter().for_each(|feature| all.merge(feature));
        all
    }

    /// The features that are not standardised: |mean| over [`OFF_CENTRE`](Self::OFF_CENTRE) standard deviations, or a standard
    /// deviation outside of [`SCALE`](Self::SCALE). Features that never vary are not among them.
    pub fn not_standardised(&self) -> Vec<usize> {
        let off = |m: &Moments| {
            m.mean.abs() > Self::OFF_CENTRE * m.std() || !(Self::SCALE[0]..=Self::SCALE[1]).contains(&m.std())
        };
        (0..self.features.len())
            .filter(|&i| self.features[i].min < self.features[i].max && off(&self.features[i]))
            .collect()
    }
}
