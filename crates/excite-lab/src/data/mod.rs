//! Data to train on: the embedded digits, and readers of CSV, NPY, NPZ, IDX and CIFAR-10 files.
//!
//! Every reader hands over plain numbers; what follows is the same for all: the kind of task is settled, samples are
//! held out, and inputs and numeric targets are standardised by the training split.

mod array;
mod cifar;
mod csv;
mod error;
mod files;
mod idx;
mod inputs;
mod moments;
#[cfg(not(target_arch = "wasm32"))]
mod npz;
mod numpy;
mod prepare;
mod split;
mod unpacking;

use std::path::Path;

use crate::record::comparison::{DataSummary, Task};

pub use error::{DataError, Field, Problem};
use inputs::Inputs;
use moments::Moments;

/// The digits as gzipped CSV; see `data/ATTRIBUTION.md` for whose they are.
const DIGITS: &[u8] = include_bytes!("../../data/digits.csv.gz");

/// Samples to train on and samples held out.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// `"digits"`, or the path it came from.
    pub name: String,
    /// The kind of task.
    pub task: Task,
    /// The shape of one sample: `[features]`, or `[channels, height, width]` for an image.
    pub shape: Vec<usize>,
    /// The names of the classes, by class number; empty for a regression.
    pub classes: Vec<String>,
    /// The samples to train on.
    pub train: Samples,
    /// The held-out samples.
    pub test: Samples,
}

/// Inputs and the targets to predict from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The inputs, sample after sample, each in row-major order of the data set's shape.
    pub inputs: Vec<f32>,
    /// The targets, one a sample.
    pub targets: Targets,
}

/// The targets to predict.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Class numbers, below the number of classes.
    Classes(Vec<u32>),
    /// Numbers, standardised by the mean and standard deviation of the training split's targets, so that errors are
    /// relative to the standard deviation of the target.
    Values(Vec<f32>),
}

/// How data is read, split and scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The CSV column to predict: its name, or its number counted from 1. None: the last one.
    pub target: Option<String>,
    /// What kind of task it is. None: classification if the targets are text, or whole numbers that are few (at most
    /// 20 different ones) or belong to images; regression otherwise.
    pub task: Option<Task>,
    /// Whether inputs are standardised to mean 0 and standard deviation 1 over the training split: each feature by
    /// itself, for images each channel. Constant ones become 0. False leaves the inputs as they were read.
    pub centre: bool,
    /// The share of the samples to hold out, from 0 to 1, where the files hold no test split of their own. At least
    /// one sample lands on each side, whatever the share.
    pub test_share: f64,
    /// The seed of the split: the same one gives the same split.
    pub seed: u64,
}

impl Default for Options {
    /// The last column, a task decided by the targets, standardised inputs, a fifth held out, seed 0.
    fn default() -> Self {
        Self { target: None, task: None, centre: true, test_share: 0.2, seed: 0 }
    }
}

impl Samples {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match &self.targets {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Dataset {
    /// The embedded data: 1,797 handwritten digits of 8×8 pixels, shape `[1, 8, 8]`, ten classes.
    ///
    /// `target` and `task` of the options do not matter here: the digits are classified.
    #[expect(clippy::missing_panics_doc, reason = "the embedded file is sound, as a test shows")]
    pub fn digits(options: &Options) -> Self {
        let options = Options { target: None, task: Some(Task::Classification), ..options.clone() };
        Self::read_digits(&options).expect("the embedded digits are sound")
    }

    fn read_digits(options: &Options) -> Result<Self, Problem> {
        let text = unpacking::unpack(DIGITS, unpacking::UNPACKED_LIMIT)?;
        let source = Source { shape: vec![1, 8, 8], ..csv::read(&text, options)? };
        prepare::dataset("digits".to_owned(), source, options)
    }

    /// Reads the data at `path` and makes it ready for training.
    ///
    /// What it is, is found by content, not by name; each file may be gzipped:
    ///
    /// - **CSV**: one sample a row, separated by commas, semicolons or tabs. The first row is a header if one of its
    ///   fields is no number though its column holds numbers below, unless the numbers beside that field are those of
    ///   a sample, that is, anything but whole numbers in rising order; or if it counts the columns, as pandas names them.
    ///   Features are numbers, labels numbers or text.
    /// - **NPZ**: inputs named `x`, `X`, `inputs`, `features` or `data` and targets named `y`, `labels`, `targets` or
    ///   `target`; or `arr_0` and `arr_1`; or `x_train`, `y_train`, `x_test` and `y_test`, as Keras has them; or `train_images`,
    ///   `train_labels`, `test_images` and `test_labels`. Without the test arrays samples are held out of the others. Labels may be text.
    /// - **NPY**: the inputs, with the targets in `y.npy` beside them; or the folder that holds `X.npy` and `y.npy`.
    /// - **IDX**: the folder of an MNIST-like set: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and, as the
    ///   test split, the two of `t10k`; or one of EMNIST's sets, `emnist-letters-train-images-idx3-ubyte` and so on.
    /// - **CIFAR-10**: the folder of its binary version: `data_batch_1.bin` to `data_batch_5.bin`, as far as they are
    ///   there, and, as the test split, `test_batch.bin`.
    ///
    /// Where a folder holds nothing of that, the one folder within it that does is read, as archives of Kaggle unpack.
    ///
    /// Arrays of three dimensions are grey images, of four dimensions images with the channels first or, if there are
    /// 1, 3 or 4 of them, last.
    ///
    /// # Errors
    /// Whatever keeps the data from being trained on, with the path and the place: see [`Problem`].
    pub fn open(path: &Path, options: &Options) -> Result<Self, DataError> {
        let source = files::read(path, options)?;
        prepare::dataset(path.display().to_string(), source, options).map_err(|problem| problem.at(path))
    }

    /// Makes two arrays ready for training: inputs and targets, each as the content of an NPY file. `name` is what the data are called.
    ///
    /// # Errors
    /// Whatever keeps the data from being trained on.
    pub fn from_npy(name: &str, inputs: &[u8], targets: &[u8], options: &Options) -> Result<Self, DataError> {
        let read = || prepare::dataset(name.to_owned(), numpy::read_arrays(inputs, targets)?, options);
        read().map_err(|problem| problem.at(Path::new(name)))
    }

    /// The error of the best guess that does not look at the input, on the training samples: the most frequent class, or the mean, of which
    /// the targets are one standard deviation away.
    fn chance(&self) -> f64 {
        match &self.train.targets {
            Targets::Classes(classes) => {
                let mut counts = vec![0_usize; self.classes.len()];
                classes.iter().for_each(|&class| counts[class as usize] += 1);
                1.0 - counts.into_iter().max().unwrap_or(0) as f64 / classes.len().max(1) as f64
            }
            Targets::Values(_) => 1.0,
        }
    }

    /// With the inputs standardised, as [`Options::centre`] has it.
    pub(crate) fn standardised(mut self) -> Self {
        moments::standardise_inputs(&self.shape, &mut self.train, &mut self.test);
        self
    }

    /// With the first training samples only, at most `count`.
    pub(crate) fn with_first(mut self, count: usize) -> Self {
        let width: usize = self.shape.iter().product();
        self.train.inputs.truncate(count * width);
        match &mut self.train.targets {
            Targets::Classes(classes) => classes.truncate(count),
            Targets::Values(values) => values.truncate(count),
        }
        self
    }

    /// A hash of all that is in the data set, the same on every machine and for every name: equal data have equal
    /// fingerprints, and different data very likely different ones.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv::new();
        hash.number(u64::from(self.task == Task::Regression));
        hash.number(self.shape.len() as u64);
        self.shape.iter().for_each(|&extent| hash.number(extent as u64));
        hash.number(self.classes.len() as u64);
        self.classes.iter().for_each(|class| hash.text(class));
        for samples in [&self.train, &self.test] {
            hash.number(samples.len() as u64);
            samples.inputs.iter().for_each(|value| hash.bytes(&value.to_bits().to_le_bytes()));
            match &samples.targets {
                Targets::Classes(classes) => classes.iter().for_each(|class| hash.bytes(&class.to_le_bytes())),
                Targets::Values(values) => values.iter().for_each(|value| hash.bytes(&value.to_bits().to_le_bytes())),
            }
        }
        hash.0
    }

    /// The data in figures; the mean and standard deviation are those of all inputs of the training split.
    pub fn summary(&self) -> DataSummary {
        let moments = Moments::of(self.train.inputs.iter().map(|&value| f64::from(value)));
        DataSummary {
            name: self.name.clone(),
            task: self.task,
            shape: self.shape.clone(),
            classes: self.classes.clone(),
            train: self.train.len(),
            test: self.test.len(),
            input_mean: moments.mean,
            input_std: moments.std(),
            largest_input: self.train.inputs.iter().fold(0.0, |most: f32, value| most.max(value.abs())).into(),
            chance: self.chance(),
        }
    }
}

/// What a reader found: finite numbers, not yet split nor scaled.
struct Source {
    /// The shape of one sample.
    shape: Vec<usize>,
    train: Table,
    /// The test split, if the files hold one.
    test: Option<Table>,
}

/// Samples as they were read: `labels.len()` times the shape's product of inputs.
struct Table {
    inputs: Inputs,
    labels: Labels,
}

/// Targets as they were read.
enum Labels {
    Text(Vec<String>),
    Numbers(Vec<f64>),
}

impl Labels {
    fn len(&self) -> usize {
        match self {
            Self::Text(labels) => labels.len(),
            Self::Numbers(labels) => labels.len(),
        }
    }

    /// The numbers; none of text.
    fn numbers(&self) -> &[f64] {
        match self {
            Self::Text(_) => &[],
            Self::Numbers(labels) => labels,
        }
    }

    /// The labels as the names of classes.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Text(labels) => labels.clone(),
            Self::Numbers(labels) => labels.iter().map(f64::to_string).collect(),
        }
    }
}

/// The 64-bit FNV-1a hash.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Length first, so that no two lists of texts run into the same bytes.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }
}
